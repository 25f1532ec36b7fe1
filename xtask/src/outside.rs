//! The library as somebody meets it who has read its README and nothing else: a new project outside of this workspace,
//! made by the README's own commands and code blocks, built, and logged in to over HTTP.
//!
//! The liberties taken: `gatepost-session-auth` is the working copy, everything else has the versions that this workspace
//! was tested with, the port is a free one, and code of which the README shows only the definition may be unused. The
//! program is run as the first steps leave it, and again with the sessions in SQLite; the other sections are compiled,
//! and their tests run.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{cargo, run as run_command};
use crate::http::{Answer, get, post};
use crate::workspace;

mod readme;

use readme::{Readme, Section};

const LIBRARY: &str = "gatepost-session-auth";
const FIRST_STEPS: &str = "From an empty project";
const IN_MEMORY: &str = "SessionLayer::new(MemoryStorage::new()).plain_http()";
const IN_SQLITE: &str = "sessions().await?.plain_http()";
const ADDRESS: &str = "127.0.0.1:8080";
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) fn run() -> Result<()> {
    let library = workspace::root().join("crates/session-auth");
    let readme = Readme::parse(&fs::read_to_string(library.join("README.md"))?);
    let directory = tempfile::tempdir()?;
    let project = Project::make(directory.path(), &library)?;

    let first_steps = readme.section(FIRST_STEPS)?;
    project.follow(first_steps)?;
    project.cargo(&["build", "--quiet"])?;
    log_in_and_out(&project)?;
    let cookie = log_in(&project)?;
    ensure!(
        !is_logged_in(&project, &cookie)?,
        "sessions in memory end with the program"
    );

    // The rest of the page belongs to the same program, tests included. Not all of it is called from there.
    let main = fs::read_to_string(project.main())?;
    fs::write(
        project.main(),
        format!("#![allow(dead_code, unused_imports)]\n{main}"),
    )?;
    for section in readme.sections_after(FIRST_STEPS) {
        project.follow(section)?;
    }
    project.cargo(&["test", "--quiet"])?;

    project.replace(IN_MEMORY, IN_SQLITE)?;
    project.cargo(&["build", "--quiet"])?;
    log_in_and_out(&project)?;
    let cookie = log_in(&project)?;
    ensure!(
        is_logged_in(&project, &cookie)?,
        "sessions in SQLite survive a restart"
    );
    Ok(())
}

struct Project {
    directory: PathBuf,
    library: PathBuf,
    address: SocketAddr,
}

impl Project {
    /// An empty project, with the versions that this workspace was tested with.
    fn make(parent: &Path, library: &Path) -> Result<Self> {
        let project = Self {
            directory: parent.join("hello"),
            library: library.to_owned(),
            address: TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?,
        };
        run_command(
            cargo()
                .args(["new", "--quiet", "--vcs", "none"])
                .arg(&project.directory),
        )?;
        let lock = workspace::root().join("Cargo.lock");
        fs::copy(lock, project.directory.join("Cargo.lock"))?;
        fs::write(project.main(), "")?;
        Ok(project)
    }

    fn main(&self) -> PathBuf {
        self.directory.join("src/main.rs")
    }

    /// Does what a section says: adds what it adds, and writes its code below the code that is there.
    fn follow(&self, section: &Section) -> Result<()> {
        for command in &section.commands {
            let mut words = command.split(' ');
            match (words.next(), words.next()) {
                (Some("cargo"), Some("add")) => self.add(words)?,
                (Some("cargo"), Some("new")) => {}
                _ => bail!("the README says `{command}`, and nobody here knows how to do that"),
            }
        }
        let code = section.code.replace(ADDRESS, &self.address.to_string());
        let main = fs::read_to_string(self.main())? + &code;
        Ok(fs::write(self.main(), main)?)
    }

    /// As the README says in words what goes in the place of what.
    fn replace(&self, old: &str, new: &str) -> Result<()> {
        let main = fs::read_to_string(self.main())?;
        ensure!(
            main.matches(old).count() == 1,
            "the README has `{old}` once"
        );
        Ok(fs::write(self.main(), main.replace(old, new))?)
    }

    fn add<'a>(&self, words: impl Iterator<Item = &'a str>) -> Result<()> {
        let mut arguments = vec!["add", "--quiet"];
        let library = self.library.to_string_lossy();
        for word in words {
            match word {
                LIBRARY => arguments.extend(["--path", &library]),
                word => arguments.push(word),
            }
        }
        self.cargo(&arguments)
    }

    fn cargo(&self, arguments: &[&str]) -> Result<()> {
        run_command(
            cargo()
                .current_dir(&self.directory)
                .args(arguments)
                .env("CARGO_TARGET_DIR", self.target())
                .env("CARGO_PROFILE_DEV_DEBUG", "0"),
        )
    }

    /// Kept from run to run, so that only what changed is compiled.
    fn target(&self) -> PathBuf {
        workspace::target().join("outside")
    }

    fn start(&self) -> Result<Running> {
        let program = self.target().join("debug/hello");
        let process = Command::new(program)
            .current_dir(&self.directory)
            .stdin(Stdio::null())
            .spawn();
        let mut running = Running(process.context("the program of the README")?);
        let started = Instant::now();
        while TcpStream::connect(self.address).is_err() {
            if let Some(status) = running.0.try_wait()? {
                bail!("the program of the README ended: {status}");
            }
            ensure!(
                started.elapsed() < PATIENCE,
                "nothing listens on {}",
                self.address
            );
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(running)
    }
}

/// A program that ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

const LOGIN: &str = "/login?next=/new";
const RIGHT: &str = "login=alice&password=correct+horse";

fn page(site: SocketAddr, cookie: &str) -> Result<Answer> {
    get(site, "/new", &[("Cookie", cookie)])
}

fn submit(site: SocketAddr, path: &str, cookie: &str, form: &str) -> Result<Answer> {
    let kind = ("Content-Type", "application/x-www-form-urlencoded");
    post(site, path, &[kind, ("Cookie", cookie)], form.as_bytes())
}

fn cookie_of(answer: &Answer) -> Result<&str> {
    let cookie = answer.header("set-cookie");
    let cookie = cookie.context("a login sets a cookie")?;
    Ok(cookie.split(';').next().unwrap_or_default())
}

/// What the README says that happens: a visitor is sent to the login page, a wrong password is refused, the right one
/// leads back, and a logout counts for every copy of the cookie.
fn log_in_and_out(project: &Project) -> Result<()> {
    let _running = project.start()?;
    let site = project.address;
    let away = page(site, "")?;
    expect(&away, 303, "a visitor is sent to the login page")?;
    ensure!(away.header("location") == Some(LOGIN), "with the way back");

    let wrong = submit(site, LOGIN, "", "login=alice&password=wrong+horse")?;
    expect(&wrong, 422, "a wrong password is refused")?;
    ensure!(wrong.header("set-cookie").is_none(), "and opens no session");

    let right = submit(site, LOGIN, "", RIGHT)?;
    expect(&right, 303, "the right password is taken")?;
    ensure!(right.header("location") == Some("/new"), "and leads back");
    let cookie = cookie_of(&right)?;

    let inside = page(site, cookie)?;
    expect(&inside, 200, "who is logged in gets the page")?;
    let said = String::from_utf8_lossy(&inside.body);
    ensure!(said.contains("alice"), "the page knows who it is: {said}");
    expect(
        &submit(site, "/logout", cookie, "")?,
        303,
        "a logout is acknowledged",
    )?;
    expect(&page(site, cookie)?, 303, "the old cookie is worth nothing")
}

/// The cookie of a login that is to be remembered, made with a program that has ended since.
fn log_in(project: &Project) -> Result<String> {
    let _running = project.start()?;
    let right = submit(project.address, LOGIN, "", &format!("{RIGHT}&remember=on"))?;
    let cookie = right.header("set-cookie").unwrap_or_default();
    ensure!(cookie.contains("Max-Age="), "it is remembered: {cookie}");
    Ok(cookie_of(&right)?.to_owned())
}

/// Asked of the program when it is started again.
fn is_logged_in(project: &Project, cookie: &str) -> Result<bool> {
    let _running = project.start()?;
    Ok(page(project.address, cookie)?.status == 200)
}

fn expect(answer: &Answer, status: u16, what: &str) -> Result<()> {
    ensure!(
        answer.status == status,
        "{what}: {} instead of {status}",
        answer.status
    );
    Ok(())
}
