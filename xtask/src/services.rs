//! `cargo xtask services`: a throwaway PostgreSQL and Redis on free ports of this computer, in private directories.
//! What was started is written down, and only that is ever stopped.

use std::fs;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command as Process, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use serde::{Deserialize, Serialize};
use tempfile::TempDir;

use crate::command::output;
use crate::workspace;

mod postgres;
mod redis;

#[derive(clap::Subcommand)]
pub(crate) enum Command {
    /// Start both and print their addresses.
    Start,
    /// Stop what `start` started and remove its directories.
    Stop,
    /// Say what runs, and where.
    Status,
}

/// A server that was started: enough to reach it, to recognise it and to end it.
#[derive(Debug, Serialize, Deserialize)]
struct Server {
    name: String,
    url: String,
    pid: u32,
    directory: PathBuf,
}

type Start = fn() -> Result<Server>;

const ALL: [Start; 2] = [postgres::start, redis::start];

/// How long a server may take to answer or to end.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(command: &Command) -> Result<()> {
    let note = Note::of_the_workspace();
    match command {
        Command::Start => start(&note, &ALL).map(|servers| report(&servers)),
        Command::Stop => stop(&note),
        Command::Status => note.read().map(|servers| report(&servers)),
    }
}

/// Services started beside whatever else may be running: what the gate tests against, and what the bench measures.
pub(crate) struct Throwaway {
    servers: Vec<Server>,
    note: Note,
    _folder: TempDir,
}

impl Throwaway {
    pub(crate) fn start() -> Result<Self> {
        Self::of(&ALL)
    }

    /// Redis alone.
    pub(crate) fn redis() -> Result<Self> {
        Self::of(&[redis::start])
    }

    fn of(services: &[Start]) -> Result<Self> {
        let folder = tempfile::tempdir()?;
        let note = Note(folder.path().join("services.json"));
        let servers = start(&note, services)?;
        report(&servers);
        Ok(Self {
            servers,
            note,
            _folder: folder,
        })
    }

    /// Where tests find them: `GATEPOST_TEST_POSTGRES` and `GATEPOST_TEST_REDIS`.
    pub(crate) fn environment(&self) -> impl Iterator<Item = (String, &str)> {
        let variable = |server: &Server| format!("GATEPOST_TEST_{}", server.name.to_uppercase());
        let servers = self.servers.iter();
        servers.map(move |server| (variable(server), server.url.as_str()))
    }

    /// Stops them and looks whether they are gone.
    pub(crate) fn stop(self) -> Result<()> {
        stop(&self.note)?;
        match self.servers.iter().find(|server| server.is_alive()) {
            Some(server) => bail!("{} still runs after it was stopped", server.name),
            None => Ok(()),
        }
    }
}

fn start(note: &Note, services: &[Start]) -> Result<Vec<Server>> {
    let mut servers = note.read()?;
    if servers.iter().any(Server::is_alive) {
        println!("already running");
        return Ok(servers);
    }
    servers.clear();
    for start in services {
        match start() {
            Ok(server) => {
                servers.push(server);
                note.write(&servers)?;
            }
            Err(error) => {
                stop(note)?;
                return Err(error);
            }
        }
    }
    Ok(servers)
}

fn stop(note: &Note) -> Result<()> {
    for server in note.read()? {
        server.stop()?;
        println!("stopped {}", server.name);
    }
    note.remove()
}

fn report(servers: &[Server]) {
    if servers.is_empty() {
        println!("nothing runs; start with: cargo xtask services start");
    }
    for server in servers {
        let state = if server.is_alive() {
            "runs"
        } else {
            "has ended"
        };
        println!(
            "{:<10} {}  ({state}, pid {}, {})",
            server.name,
            server.url,
            server.pid,
            server.directory.display()
        );
    }
}

/// The file that remembers what was started.
struct Note(PathBuf);

impl Note {
    fn of_the_workspace() -> Self {
        Self(workspace::target().join("services.json"))
    }

    fn read(&self) -> Result<Vec<Server>> {
        match fs::read(&self.0) {
            Ok(json) => serde_json::from_slice(&json).with_context(|| self.0.display().to_string()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(Vec::new()),
            Err(error) => Err(error).with_context(|| self.0.display().to_string()),
        }
    }

    fn write(&self, servers: &[Server]) -> Result<()> {
        fs::write(&self.0, serde_json::to_vec_pretty(servers)?)
            .with_context(|| self.0.display().to_string())
    }

    fn remove(&self) -> Result<()> {
        match fs::remove_file(&self.0) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

impl Server {
    /// A process with this id that works in our directory; an id alone may belong to somebody else by now.
    fn is_alive(&self) -> bool {
        let process = PathBuf::from(format!("/proc/{}", self.pid));
        let ours =
            fs::read_link(process.join("cwd")).is_ok_and(|cwd| cwd.starts_with(&self.directory));
        let ended = fs::read_to_string(process.join("stat")).is_ok_and(|stat| {
            stat.rsplit_once(") ")
                .is_some_and(|(_, state)| state.starts_with('Z'))
        });
        ours && !ended
    }

    /// Asks it to end, waits until it has, and removes its directory.
    fn stop(&self) -> Result<()> {
        if self.is_alive() {
            output(Process::new("kill").args(["-INT", &self.pid.to_string()]))?;
            wait_until(&format!("{} to end", self.name), || !self.is_alive())?;
        }
        match fs::remove_dir_all(&self.directory) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(error.into()),
            _ => Ok(()),
        }
    }
}

/// Starts a server that outlives us: in a process group of its own, so that a Ctrl-C meant for us does not reach it,
/// and with a log file for all it says. `directory` becomes its working directory.
fn launch(command: &mut Process, directory: &Path) -> Result<u32> {
    use std::os::unix::process::CommandExt;
    let log = fs::File::create(directory.join("log"))?;
    let child = command
        .current_dir(directory)
        .stdin(Stdio::null())
        .stdout(log.try_clone()?)
        .stderr(log)
        .process_group(0)
        .spawn()
        .with_context(|| crate::command::line(command))?;
    Ok(child.id())
}

/// A directory that only we can look into. It lies where temporary files do: its path has to be short enough for a
/// Unix socket, and reachable for the account that PostgreSQL runs under. It is kept from the moment a server lives in it.
fn private_directory(name: &str) -> Result<TempDir> {
    Ok(tempfile::Builder::new()
        .prefix(&format!("gatepost-{name}-"))
        .tempdir()?)
}

fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

fn wait_until(what: &str, is_so: impl Fn() -> bool) -> Result<()> {
    let started = Instant::now();
    while !is_so() {
        if started.elapsed() > PATIENCE {
            bail!("waited {} s for {what}", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    Ok(())
}
