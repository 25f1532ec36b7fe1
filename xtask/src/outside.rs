//! The library as somebody meets it who has read its README and nothing else: a new project outside of this workspace,
//! made by the README's own commands and code blocks, built, and logged in to over HTTP.
//!
//! The only liberty taken is that `gatepost-session-auth` is the working copy, and that the port is a free one.

use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail, ensure};

use crate::command::{cargo, run as run_command};
use crate::http::{Answer, get, post};
use crate::workspace;

const LIBRARY: &str = "gatepost-session-auth";
const FIRST_STEPS: &str = "From an empty project";
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

    // The rest of the page belongs to the same program, tests included. Not all of it is called from there.
    let main = fs::read_to_string(project.main())?;
    fs::write(project.main(), format!("#![allow(dead_code)]\n{main}"))?;
    for section in readme.sections_after(FIRST_STEPS) {
        project.follow(section)?;
    }
    project.cargo(&["test", "--quiet"])
}

struct Readme {
    sections: Vec<Section>,
}

struct Section {
    heading: String,
    commands: Vec<String>,
    code: String,
}

impl Readme {
    fn parse(text: &str) -> Self {
        let mut sections = Vec::new();
        let mut section = Section::new("");
        let mut block = None;
        for line in text.lines() {
            match (block, line.strip_prefix("```")) {
                (None, Some(language)) => block = Some(language.to_owned()),
                (Some(_), Some(_)) => block = None,
                (Some(language), None) => {
                    match language.as_str() {
                        "sh" => section.commands.push(line.to_owned()),
                        "rust" => section.code += &format!("{line}\n"),
                        _ => {}
                    }
                    block = Some(language);
                }
                (None, None) => {
                    if let Some(heading) = line.strip_prefix('#') {
                        let heading = heading.trim_start_matches('#').trim();
                        sections.push(std::mem::replace(&mut section, Section::new(heading)));
                    }
                    block = None;
                }
            }
        }
        sections.push(section);
        Self { sections }
    }

    fn place(&self, heading: &str) -> Option<usize> {
        let is_it = |section: &Section| section.heading.starts_with(heading);
        self.sections.iter().position(is_it)
    }

    fn section(&self, heading: &str) -> Result<&Section> {
        let place = self.place(heading);
        let section = place.and_then(|place| self.sections.get(place));
        section.with_context(|| format!("the README has no section \"{heading}…\""))
    }

    fn sections_after(&self, heading: &str) -> impl Iterator<Item = &Section> {
        let next = self.place(heading).map_or(self.sections.len(), |at| at + 1);
        self.sections.iter().skip(next)
    }
}

impl Section {
    fn new(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            commands: Vec::new(),
            code: String::new(),
        }
    }
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
        let process = Command::new(program).stdin(Stdio::null()).spawn();
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

/// What the README says that happens: a visitor is sent to the login page, a wrong password is refused, the right one
/// leads back, and a logout counts for every copy of the cookie.
fn log_in_and_out(project: &Project) -> Result<()> {
    let running = project.start()?;
    let site = project.address;
    let page = |cookie: &str| get(site, "/new", &[("Cookie", cookie)]);
    let submit = |path: &str, cookie: &str, form: &str| {
        let kind = ("Content-Type", "application/x-www-form-urlencoded");
        post(site, path, &[kind, ("Cookie", cookie)], form.as_bytes())
    };
    let login = "/login?next=/new";
    let away = page("")?;
    expect(&away, 303, "a visitor is sent to the login page")?;
    ensure!(away.header("location") == Some(login), "with the way back");

    let wrong = submit(login, "", "login=alice&password=wrong+horse")?;
    expect(&wrong, 422, "a wrong password is refused")?;
    ensure!(wrong.header("set-cookie").is_none(), "and opens no session");

    let right = submit(login, "", "login=alice&password=correct+horse")?;
    expect(&right, 303, "the right password is taken")?;
    ensure!(right.header("location") == Some("/new"), "and leads back");
    let cookie = right
        .header("set-cookie")
        .context("a login sets a cookie")?;
    let cookie = cookie.split(';').next().unwrap_or_default();

    let inside = page(cookie)?;
    expect(&inside, 200, "who is logged in gets the page")?;
    let said = String::from_utf8_lossy(&inside.body);
    ensure!(said.contains("alice"), "the page knows who it is: {said}");
    expect(
        &submit("/logout", cookie, "")?,
        303,
        "a logout is acknowledged",
    )?;
    expect(&page(cookie)?, 303, "the old cookie is worth nothing")?;
    drop(running);
    Ok(())
}

fn expect(answer: &Answer, status: u16, what: &str) -> Result<()> {
    ensure!(
        answer.status == status,
        "{what}: {} instead of {status}",
        answer.status
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_and_code_are_found_under_their_headings() -> Result<()> {
        let readme = Readme::parse(
            "# name\n## From an empty project, quickly\n```sh\ncargo add axum\n```\ntext\n```rust\n# fn main() {}\n```\n\
             ### Later\n```toml\nno = 1\n```\n```rust\nstruct Later;\n```\n",
        );
        let first = readme.section(FIRST_STEPS)?;
        assert_eq!(first.commands, ["cargo add axum"]);
        assert_eq!(
            first.code, "# fn main() {}\n",
            "a `#` inside of a block is no heading"
        );
        let later: Vec<&str> = readme
            .sections_after(FIRST_STEPS)
            .map(|section| section.code.as_str())
            .collect();
        assert_eq!(later, ["struct Later;\n"]);
        assert!(readme.section("Nowhere").is_err());
        Ok(())
    }
}
