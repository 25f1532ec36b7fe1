//! The real binary, started and stopped.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Output, Stdio};

/// A running `gatepost serve`; killed when dropped.
pub(crate) struct Program {
    child: Child,
    output: BufReader<ChildStdout>,
}

/// The command, with nothing inherited that could set it up.
pub(crate) fn gatepost(data: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_gatepost"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("GATEPOST_") {
            command.env_remove(name);
        }
    }
    command.env_remove("RUST_LOG").arg("--data").arg(data);
    command
}

impl Program {
    /// Runs a command to its end.
    pub(crate) fn run(data: &Path, arguments: &[&str]) -> Output {
        gatepost(data)
            .args(arguments)
            .output()
            .expect("the binary runs")
    }

    /// Starts a server on a free port.
    pub(crate) fn serve(data: &Path, arguments: &[&str]) -> Self {
        let mut command = gatepost(data);
        command
            .args(["serve", "--listen", "127.0.0.1:0"])
            .args(arguments);
        Self::spawn(command)
    }

    /// Starts a server that logs as `RUST_LOG` says.
    pub(crate) fn serve_logging(data: &Path, level: Option<&str>) -> Self {
        let mut command = gatepost(data);
        command.args(["serve", "--listen", "127.0.0.1:0"]);
        if let Some(level) = level {
            command.env("RUST_LOG", level);
        }
        Self::spawn(command)
    }

    fn spawn(mut command: Command) -> Self {
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary runs");
        let output = BufReader::new(child.stdout.take().expect("piped"));
        Self { child, output }
    }

    /// Where it listens, from the line of fact that it prints first.
    pub(crate) fn address(&mut self) -> String {
        let fact = self.line();
        let address = fact
            .split("http://")
            .nth(1)
            .and_then(|rest| rest.split(' ').next());
        address
            .unwrap_or_else(|| panic!("no address in {fact:?}"))
            .to_owned()
    }

    /// Its number, for looking at it from outside.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends one request as it stands and reads until the server hangs up.
    pub(crate) fn ask(address: &str, request: &str) -> String {
        let mut stream = TcpStream::connect(address).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream
            .read_to_string(&mut answer)
            .expect("it answers in UTF-8");
        answer
    }

    /// Everything it wrote on standard error, after its end.
    pub(crate) fn log(&mut self) -> String {
        let mut log = String::new();
        self.child
            .stderr
            .take()
            .expect("piped")
            .read_to_string(&mut log)
            .expect("UTF-8");
        log
    }

    /// The next line it prints; empty at its end.
    pub(crate) fn line(&mut self) -> String {
        let mut line = String::new();
        self.output.read_line(&mut line).expect("UTF-8");
        line.trim_end().to_owned()
    }

    /// Asks it to end, as an init system does.
    pub(crate) fn terminate(&self) {
        let pid = rustix::process::Pid::from_child(&self.child);
        rustix::process::kill_process(pid, rustix::process::Signal::TERM).expect("it is there");
    }

    /// Waits for the end: the exit code, and what it printed until then.
    pub(crate) fn end(&mut self) -> (Option<i32>, String) {
        let mut rest = String::new();
        self.output.read_to_string(&mut rest).expect("UTF-8");
        (self.child.wait().expect("it ends").code(), rest)
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("UTF-8")
}

/// One sentence with a command in it, and the exit code.
#[track_caller]
pub(crate) fn refused(output: &Output, code: i32, words: &[&str]) {
    let said = said(output);
    assert_eq!(output.status.code(), Some(code), "{said}");
    assert_eq!(said.trim_end().lines().count(), 1, "{said}");
    for word in words.iter().chain(&["`"]) {
        assert!(said.contains(word), "{word:?} is not in {said}");
    }
}

/// Makes an account with a password, as a script would.
pub(crate) fn add_user(data: &Path, name: &str, role: &str, password: &str) -> Output {
    let mut command = gatepost(data);
    command.args([
        "user",
        "add",
        name,
        "--role",
        role,
        "--password-stdin",
        "--json",
    ]);
    let mut child = command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    writeln!(child.stdin.take().unwrap(), "{password}").unwrap();
    child.wait_with_output().unwrap()
}
