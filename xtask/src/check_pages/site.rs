//! The sites under judgement: processes of their own on free ports of loopback, with data of their own, gone with the value.
//! One is the demo; the others are in the states that a demo is never in.

use std::io::{BufRead, BufReader, Lines, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};

use anyhow::{Context, Result, bail};
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::command::{cargo, line, program, run};
use crate::workspace;

/// What `gatepost demo` gives everybody, and so do we.
const PASSWORD: &str = "correct horse";

pub(super) struct Sites {
    demo: Blog,
    /// Somebody has an account and nobody has written.
    empty: Blog,
    /// A name is enough to log in.
    names: Blog,
    /// Nobody has an account.
    unset: Blog,
    /// Its database is locked, and at last damaged, by the visits.
    failing: Blog,
}

impl Sites {
    pub(super) fn start() -> Result<Self> {
        run(cargo().args(["build", "--locked", "-p", "gatepost"]))?;
        let filled = tempfile::tempdir()?;
        run(gatepost("demo", filled.path()).stdout(Stdio::null()))?;
        add_account(filled.path(), "dave", "contributor")?;
        let empty = tempfile::tempdir()?;
        add_account(empty.path(), "alice", "owner")?;
        let failing = tempfile::tempdir()?;
        add_account(failing.path(), "alice", "owner")?;
        Ok(Self {
            demo: Blog::serve(filled, &[])?,
            empty: Blog::serve(empty, &["--dev"])?,
            names: Blog::serve(tempfile::tempdir()?, &["--dev", "--login", "name-only"])?,
            unset: Blog::serve_without_accounts()?,
            failing: Blog::serve(failing, &["--dev"])?,
        })
    }

    /// The demo: scheme, host and port, without a slash at the end.
    pub(super) fn url(&self) -> &str {
        &self.demo.url
    }

    /// Where each of them is, for the visits.
    pub(super) fn addresses(&self) -> Value {
        json!({
            "demo": self.demo.url,
            "empty": self.empty.url,
            "names": self.names.url,
            "unset": self.unset.url,
            "failing": self.failing.url,
            "database": self.failing.data.path().join("gatepost.sqlite"),
            "setup": self.unset.set_up,
        })
    }
}

struct Blog {
    url: String,
    /// The link that makes the first account.
    set_up: Option<String>,
    process: Child,
    data: TempDir,
}

impl Blog {
    fn serve(data: TempDir, options: &[&str]) -> Result<Self> {
        let (blog, lines) = Self::begin(data, options)?;
        drain(lines);
        Ok(blog)
    }

    /// A blog without accounts says on a second line how to make the first one.
    fn serve_without_accounts() -> Result<Self> {
        let (mut blog, mut lines) = Self::begin(tempfile::tempdir()?, &[])?;
        let second = lines.next().transpose()?.unwrap_or_default();
        let (_, link) = second.split_once(": ").context("no link to set it up")?;
        blog.set_up = Some(link.trim().to_owned());
        drain(lines);
        Ok(blog)
    }

    /// It says where it is once it listens there.
    fn begin(data: TempDir, options: &[&str]) -> Result<(Self, Said)> {
        let address = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let url = format!("http://{address}");
        let mut process = gatepost("serve", data.path())
            .args(["--listen", &address.to_string(), "--base-url", &url])
            .args(options)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("the blog could not be started")?;
        let output = process.stdout.take().context("no standard output")?;
        let blog = Self {
            url,
            set_up: None,
            process,
            data,
        };
        let mut lines = BufReader::new(output).lines();
        let first = lines.next().transpose()?.unwrap_or_default();
        if !first.contains(&blog.url) {
            bail!("the blog does not serve {}: “{first}”", blog.url);
        }
        Ok((blog, lines))
    }
}

/// What a blog prints.
type Said = Lines<BufReader<ChildStdout>>;

/// Somebody has to go on reading, or the blog would wait for it.
fn drain(lines: Said) {
    std::thread::spawn(move || lines.for_each(drop));
}

impl Drop for Blog {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn gatepost(command: &str, data: &Path) -> Command {
    let mut gatepost = program(workspace::target().join("debug/gatepost"));
    gatepost.arg(command).arg("--data").arg(data);
    gatepost
}

fn add_account(data: &Path, name: &str, role: &str) -> Result<()> {
    let mut add = gatepost("user", data);
    add.args(["add", name, "--role", role, "--password-stdin"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    let mut adding = add.spawn()?;
    let mut input = adding.stdin.take().context("no standard input")?;
    writeln!(input, "{PASSWORD}")?;
    drop(input);
    if !adding.wait()?.success() {
        bail!("`{}` failed", line(&add));
    }
    Ok(())
}
