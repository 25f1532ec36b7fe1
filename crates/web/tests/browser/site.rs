//! A blog that is running for one journey: its own process, port and data directory, which end with the value.

use std::error::Error;
use std::io::Write;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep};

/// The password of all three accounts.
pub(crate) const PASSWORD: &str = "correct horse";

const PATIENCE: Duration = Duration::from_secs(20);

pub(crate) struct Site {
    address: SocketAddr,
    server: Child,
    data: TempDir,
}

impl Site {
    /// A blog with `alice` (owner), `bob` (editor) and `carol` (author), and no post.
    pub(crate) async fn start() -> Result<Self, Box<dyn Error>> {
        let data = tempfile::tempdir()?;
        for (name, role) in [("alice", "owner"), ("bob", "editor"), ("carol", "author")] {
            add_account(data.path(), name, role)?;
        }
        let address = free_address()?;
        let log = std::fs::File::create(data.path().join("journey.log"))?;
        let server = gatepost(data.path(), "serve")
            .args(["--listen", &address.to_string()])
            .stdout(log.try_clone()?)
            .stderr(log)
            .spawn()?;
        let mut site = Self {
            address,
            server,
            data,
        };
        site.answers().await?;
        Ok(site)
    }

    /// One more account, of this role.
    pub(crate) fn add(&self, name: &str, role: &str) -> Result<(), Box<dyn Error>> {
        add_account(self.data.path(), name, role)
    }

    /// Does something to the database behind the blog's back.
    pub(crate) async fn meddle(&self, sql: &'static str) -> Result<(), Box<dyn Error>> {
        let file = format!(
            "sqlite:{}",
            self.data.path().join("gatepost.sqlite").display()
        );
        let pool = sqlx::SqlitePool::connect(&file).await?;
        sqlx::query(sql).execute(&pool).await?;
        pool.close().await;
        Ok(())
    }

    /// The whole address of a path.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// Ends every login of a person, as whoever runs the site does.
    pub(crate) fn log_out(&self, name: &str) -> Result<(), Box<dyn Error>> {
        let ended = gatepost(self.data.path(), "user")
            .args(["logout", name])
            .output()?;
        match ended.status.success() {
            true => Ok(()),
            false => Err(format!("{name}: {}", String::from_utf8_lossy(&ended.stderr)).into()),
        }
    }

    async fn answers(&mut self) -> Result<(), Box<dyn Error>> {
        let started = Instant::now();
        while TcpStream::connect(self.address).await.is_err() {
            let ended = self.server.try_wait()?;
            if ended.is_some() || started.elapsed() > PATIENCE {
                let log = std::fs::read_to_string(self.data.path().join("journey.log"))?;
                return Err(format!("the blog does not answer ({ended:?}): {log}").into());
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        // The data directory is thrown away next, so there is nothing that a graceful end would save.
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

fn add_account(data: &Path, name: &str, role: &str) -> Result<(), Box<dyn Error>> {
    let mut add = gatepost(data, "user")
        .args(["add", name, "--role", role, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()?;
    let mut input = add.stdin.take().ok_or("no standard input")?;
    writeln!(input, "{PASSWORD}")?;
    drop(input);
    let ended = add.wait_with_output()?;
    if !ended.status.success() {
        return Err(format!("account {name}: {}", String::from_utf8_lossy(&ended.stderr)).into());
    }
    Ok(())
}

/// The program, deaf to whatever settings the tester's environment may hold.
fn gatepost(data: &Path, command: &str) -> Command {
    let mut gatepost = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GATEPOST_") {
            gatepost.env_remove(name);
        }
    }
    gatepost
        .arg(command)
        .arg("--data")
        .arg(data)
        .current_dir(data);
    gatepost
}

fn free_address() -> std::io::Result<SocketAddr> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()
}
