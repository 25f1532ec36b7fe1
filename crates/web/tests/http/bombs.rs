//! Files made to hurt whoever opens them: each is refused quickly, in little memory, and the text comes back.

mod corpus;

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::{Multipart, Program, Site, add_user};

/// What a refusal may cost the server's processors. Counted by the system, so that a busy machine changes nothing.
const COST: u64 = 200;
/// What it may add to the server's memory.
const GROWTH: u64 = 64 * 1024;

/// The server, seen from outside.
struct Watched {
    program: Program,
    address: String,
    cookie: String,
}

impl Watched {
    fn start(data: &std::path::Path) -> Self {
        add_user(data, "carol", "author", Site::PASSWORD);
        let mut program = Program::serve(data, &[]);
        let address = program.address();
        let login = format!("login=carol&password={}", Site::PASSWORD.replace(' ', "+"));
        let mut watched = Self {
            program,
            address,
            cookie: String::new(),
        };
        let answer = watched.post(
            "/login",
            "application/x-www-form-urlencoded",
            login.as_bytes(),
        );
        let cookie = answer
            .split("set-cookie: ")
            .nth(1)
            .and_then(|rest| rest.split(';').next());
        watched.cookie = cookie
            .unwrap_or_else(|| panic!("no cookie in {answer}"))
            .to_owned();
        watched
    }

    fn post(&self, path: &str, kind: &str, body: &[u8]) -> String {
        let mut stream = TcpStream::connect(&self.address).expect("it listens");
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\ncookie: {}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
            self.address,
            self.cookie,
            body.len(),
        );
        stream.write_all(head.as_bytes()).expect("it reads");
        stream.write_all(body).expect("it reads all");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("it answers");
        String::from_utf8_lossy(&answer).into_owned()
    }

    /// Sends a form with this file: status and page.
    fn send(&self, name: &str, bytes: &[u8]) -> (u16, String) {
        let form = Multipart::new()
            .text("title", "Kept")
            .text("text", "Some words.")
            .text("action", "draft")
            .file("image", name, "image/jpeg", bytes);
        let answer = self.post("/new", &Multipart::content_type(), &form.into_body());
        let status = answer
            .split(' ')
            .nth(1)
            .and_then(|status| status.parse().ok());
        (status.unwrap_or(0), answer)
    }

    /// Milliseconds of processor time until now.
    fn cost(&self) -> u64 {
        let stat = self.proc("stat");
        // The name of the program may hold anything, and ends with the last bracket.
        let rest = stat.rsplit(')').next().unwrap_or_default();
        let ticks: u64 = rest
            .split_whitespace()
            .skip(11)
            .take(2)
            .filter_map(|ticks| ticks.parse::<u64>().ok())
            .sum();
        ticks * 10
    }

    /// Kilobytes: what it holds now, or the most it held since [`Self::forget_peak`].
    fn memory(&self, which: &str) -> u64 {
        let status = self.proc("status");
        let line = status
            .lines()
            .find(|line| line.starts_with(which))
            .expect("a line of memory");
        line.split_whitespace()
            .nth(1)
            .and_then(|size| size.parse().ok())
            .expect("a size")
    }

    fn forget_peak(&self) {
        let path = format!("/proc/{}/clear_refs", self.program.id());
        std::fs::write(path, "5").expect("it is ours");
    }

    fn proc(&self, file: &str) -> String {
        let path = format!("/proc/{}/{file}", self.program.id());
        std::fs::read_to_string(path).expect("it runs")
    }
}

#[test]
fn every_bomb_is_refused_quickly_in_little_memory_and_the_text_comes_back() {
    let data = tempfile::tempdir().unwrap();
    let server = Watched::start(data.path());
    let (status, _) = server.send("warm.png", &corpus::honest());
    assert_eq!(status, 303, "control: a picture is taken");
    let before = server.memory("VmRSS");
    let corpus = corpus::bombs();
    assert!(corpus.len() >= 30, "{}", corpus.len());
    let mut worst = (0, 0);
    for bomb in &corpus {
        server.forget_peak();
        let began = server.cost();
        let (status, page) = server.send("bomb.jpg", &bomb.bytes);
        let (cost, peak) = (
            server.cost() - began,
            server.memory("VmHWM").saturating_sub(before),
        );
        worst = (worst.0.max(cost), worst.1.max(peak));
        println!(
            "{status} {cost:>4} ms {peak:>6} kB {:>8} bytes  {}",
            bomb.bytes.len(),
            bomb.name
        );
        assert_eq!(status, bomb.status, "{}: {page}", bomb.name);
        for kept in [
            "\nKept</textarea>",
            "\nSome words.</textarea>",
            "bomb.jpg: ",
            "href=\"#image\"",
        ] {
            assert!(
                page.contains(kept),
                "{}: {kept:?} is not in {page}",
                bomb.name
            );
        }
        // What else a busy machine charges a process for, it does not charge twice.
        let again = || {
            let began = server.cost();
            server.send("bomb.jpg", &bomb.bytes);
            server.cost() - began
        };
        let cost = if cost > COST {
            again().min(again())
        } else {
            cost
        };
        assert!(cost <= COST, "{}: {cost} ms", bomb.name);
        assert!(peak <= GROWTH, "{}: {peak} kB", bomb.name);
    }
    println!(
        "{} bombs, at most {} ms and {} kB",
        corpus.len(),
        worst.0,
        worst.1
    );
}

#[test]
fn what_only_looks_dangerous_is_taken_as_quickly() {
    let data = tempfile::tempdir().unwrap();
    let server = Watched::start(data.path());
    for (name, bytes) in corpus::harmless() {
        let began = server.cost();
        let (status, page) = server.send("odd.png", &bytes);
        assert_eq!(status, 303, "{name}: {page}");
        let cost = server.cost() - began;
        assert!(cost <= COST, "{name}: {cost} ms");
    }
}
