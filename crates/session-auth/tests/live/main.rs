//! The example `from_aiohttp` beside aiohttp-session itself: one browser goes back and forth between both servers, and
//! what one of them wrote the other reads.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpStream},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::OnceLock,
    time::Duration,
};

use serde_json::{Map, Value, json};
use time::OffsetDateTime;

#[path = "../../examples/from_aiohttp.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

const PACKAGES: [&str; 6] = [
    "aiohttp-security==0.5.0",
    "aiohttp-session==2.12.1",
    "aiohttp==3.14.5",
    "cryptography==50.0.2",
    "PyNaCl==1.6.2",
    "redis==8.1.0",
];
const KEY: &str = "3031323334353637383961626364656630313233343536373839616263646566";
const HOUR: Duration = Duration::from_secs(60 * 60);

/// A Python with the packages, made once for all tests and gone with them.
fn python() -> &'static Path {
    static PYTHON: OnceLock<(tempfile::TempDir, PathBuf)> = OnceLock::new();
    let (_, python) = PYTHON.get_or_init(|| {
        let directory = tempfile::tempdir().unwrap();
        let run = |command: &mut Command| {
            let output = command
                .output()
                .expect("there is a Python on this computer");
            let said = String::from_utf8_lossy(&output.stderr);
            assert!(output.status.success(), "{command:?}: {said}");
        };
        run(Command::new("python3")
            .args(["-m", "venv"])
            .arg(directory.path()));
        let python = directory.path().join("bin/python");
        let pip = [
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
        ];
        run(Command::new(&python).args(pip).args(PACKAGES));
        (directory, python)
    });
    python
}

/// The gate starts a Redis; the others need none.
fn redis_option(storage: &str) -> Vec<String> {
    match storage {
        "redis" => vec!["--redis".to_owned(), redis_address()],
        _ => Vec::new(),
    }
}

fn redis_address() -> String {
    let address = std::env::var("GATEPOST_TEST_REDIS");
    address.expect("GATEPOST_TEST_REDIS has to name a Redis; `cargo xtask test` starts one")
}

/// How both sides are set.
#[derive(Clone, Copy)]
struct Setting<'a> {
    storage: &'a str,
    max_age: Option<Duration>,
    login_key: &'a str,
}

impl<'a> Setting<'a> {
    fn new(storage: &'a str, max_age: Option<Duration>) -> Self {
        Self {
            storage,
            max_age,
            login_key: "username",
        }
    }

    /// The options of both programs, which have the same names.
    fn arguments(&self) -> Vec<String> {
        let mut arguments: Vec<String> = ["--storage", self.storage, "--key-hex", KEY]
            .map(str::to_owned)
            .into();
        arguments.extend(redis_option(self.storage));
        if let Some(max_age) = self.max_age {
            arguments.extend(["--max-age".to_owned(), max_age.as_secs().to_string()]);
        }
        arguments.extend(["--login-key".to_owned(), self.login_key.to_owned()]);
        arguments
    }

    /// aiohttp-session, on a port of its own.
    fn python(&self) -> Server {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/peer.py");
        let (process, port) = Server::start(
            Command::new(python())
                .arg(script)
                .args(self.arguments())
                .stdin(Stdio::piped()),
        );
        let port = port.parse().expect("the server says its port");
        Server {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }

    /// The example as cargo builds it, with the options that it documents.
    fn rust(&self) -> Server {
        let (process, said) = Server::start(
            Command::new(example_program())
                .args(self.arguments())
                .args(["--listen", "127.0.0.1:0"]),
        );
        let address = said.strip_prefix("listening on http://");
        let address = address.and_then(|address| address.parse().ok());
        Server {
            process,
            address: address.unwrap_or_else(|| panic!("no address: {said}")),
        }
    }

    /// The site of the example in this process, where it can have another clock.
    fn rust_at(&self, clock: fn() -> OffsetDateTime) -> SocketAddr {
        let options = example::Options::read(self.arguments()).unwrap();
        let site = example::site(example::sessions(&options).unwrap().clock(clock));
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        listener.set_nonblocking(true).unwrap();
        let address = listener.local_addr().unwrap();
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).unwrap();
                axum::serve(listener, site).await
            })
        });
        address
    }
}

/// The example, built by the cargo that built this test: whichever targets it was asked for, nothing stale is run.
fn example_program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let mut build = Command::new(env!("CARGO"));
        build
            .args([
                "build",
                "--quiet",
                "--message-format=json",
                "--manifest-path",
            ])
            .arg(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"))
            .args(["--all-features", "--example", "from_aiohttp"]);
        // What cargo says of this package to its tests, a nested cargo would take for its own.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CARGO_PKG_")) {
            build.env_remove(name);
        }
        let built = build
            .env_remove("CARGO_MANIFEST_DIR")
            .env_remove("CARGO_MANIFEST_PATH")
            .output()
            .unwrap();
        let complaint = String::from_utf8_lossy(&built.stderr);
        assert!(built.status.success(), "{complaint}");
        let said = String::from_utf8(built.stdout).unwrap();
        let mut programs = said.lines().filter_map(|line| {
            let message: Value = serde_json::from_str(line).ok()?;
            let is_it = message["target"]["name"] == "from_aiohttp";
            message["executable"]
                .as_str()
                .filter(|_| is_it)
                .map(PathBuf::from)
        });
        programs
            .next_back()
            .expect("cargo says where the example is")
    })
}

/// A program that serves until this is dropped.
struct Server {
    process: Child,
    address: SocketAddr,
}

impl Server {
    /// The program, and the line with which it says where it listens.
    fn start(command: &mut Command) -> (Child, String) {
        let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut said).unwrap();
        (process, said.trim().to_owned())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser to which both servers are one host: cookies do not know of ports.
#[derive(Default)]
struct Browser {
    cookie: Option<String>,
}

impl Browser {
    fn ask(&mut self, server: SocketAddr, request: &str, form: &[(&str, &str)]) -> String {
        let (status, body) = self.send(server, request, form);
        assert!((200..300).contains(&status), "{request}: {status} {body}");
        body
    }

    fn send(&mut self, server: SocketAddr, request: &str, form: &[(&str, &str)]) -> (u16, String) {
        let form = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(form)
            .finish();
        let cookie = self.cookie.as_deref().unwrap_or_default();
        let cookie = (!cookie.is_empty()).then(|| format!("cookie: {cookie}\r\n"));
        let request = format!(
            "{request} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{}\
             content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{form}",
            cookie.unwrap_or_default(),
            form.len()
        );
        let mut stream = TcpStream::connect(server).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (head, body) = answer.split_once("\r\n\r\n").unwrap();
        let status = head.split(' ').nth(1).unwrap().parse().unwrap();
        for line in head.lines() {
            let Some((name, value)) = line.split_once(": ") else {
                continue;
            };
            if !name.eq_ignore_ascii_case("set-cookie") {
                continue;
            }
            let (pair, attributes) = value.split_once("; ").unwrap();
            assert!(pair.starts_with("AIOHTTP_SESSION="), "{value}");
            let stays = !attributes.contains("Max-Age=0");
            self.cookie = stays.then(|| pair.to_owned());
        }
        (status, body.to_owned())
    }

    /// Who the server says is logged in.
    fn me(&mut self, server: SocketAddr) -> Option<String> {
        match self.send(server, "GET /me", &[]) {
            (200, name) => Some(name),
            (303, _) => None,
            (status, body) => panic!("{status} {body}"),
        }
    }

    fn session(&mut self, server: SocketAddr) -> Value {
        serde_json::from_str(&self.ask(server, "GET /", &[])).unwrap()
    }

    fn set(&mut self, server: SocketAddr, key: &str, value: &Value) {
        let value = value.to_string();
        self.ask(server, "POST /set", &[("key", key), ("value", &value)]);
    }
}

/// What the vectors hold, without those that end a session.
fn payloads() -> Vec<Map<String, Value>> {
    let vectors = include_str!("../vectors/aiohttp-session.json");
    let vectors: Value = serde_json::from_str(vectors).unwrap();
    let sessions = vectors["simple"].as_array().unwrap().iter();
    let sessions = sessions.map(|vector| vector["session"].as_object().unwrap().clone());
    sessions.filter(|session| !session.is_empty()).collect()
}

fn goes_back_and_forth(storage: &str) {
    let setting = Setting::new(storage, None);
    let servers = (setting.python(), setting.rust());
    let (python, rust) = (servers.0.address, servers.1.address);
    let mut moves = 0;
    for payload in payloads() {
        for (here, there) in [(python, rust), (rust, python)] {
            let mut browser = Browser::default();
            assert_eq!(browser.session(here), json!({}));
            for (key, value) in &payload {
                browser.set(here, key, value);
            }
            let mut expected = Value::Object(payload.clone());
            assert_eq!(browser.session(there), expected, "written at {here}");

            let (key, _) = payload.iter().next().unwrap();
            browser.set(there, key, &json!([payload[key], "é\u{1}\";, \\"]));
            browser.set(there, "added", &json!(null));
            expected[key] = json!([payload[key], "é\u{1}\";, \\"]);
            expected["added"] = json!(null);
            assert_eq!(browser.session(here), expected, "modified at {there}");

            browser.ask(here, "POST /remove", &[("key", key)]);
            expected.as_object_mut().unwrap().remove(key);
            assert_eq!(browser.session(there), expected, "removed at {here}");

            browser.ask(there, "POST /invalidate", &[]);
            assert_eq!(browser.session(here), json!({}), "ended at {there}");
            assert_eq!(browser.session(there), json!({}), "ended at {there}");
            // And what comes after it is a new session on both sides.
            browser.set(here, "again", &json!(1));
            assert_eq!(browser.session(there), json!({"again": 1}));
            moves += 1;
        }
    }
    assert!(moves >= 12, "{moves}");
}

fn an_hour_ago() -> OffsetDateTime {
    real_time() - HOUR
}

fn in_an_hour() -> OffsetDateTime {
    real_time() + HOUR
}

#[expect(
    clippy::disallowed_methods,
    reason = "the Python server's clock is the real one"
)]
fn real_time() -> OffsetDateTime {
    OffsetDateTime::now_utc()
}

/// Python's clock is the real one, so it is the other server that lives in another time.
fn expires_on_both_sides(storage: &str) {
    let setting = Setting::new(storage, Some(HOUR / 2));
    let servers = (setting.python(), setting.rust());
    let (python, now) = (servers.0.address, servers.1.address);
    let (past, future) = (setting.rust_at(an_hour_ago), setting.rust_at(in_an_hour));

    let mut browser = Browser::default();
    browser.set(python, "username", &json!("alice"));
    assert_eq!(browser.session(now), json!({"username": "alice"}));
    let mut later = Browser {
        cookie: browser.cookie.clone(),
    };
    assert_eq!(later.session(future), json!({}), "written by Python");

    let mut browser = Browser::default();
    browser.set(now, "username", &json!("alice"));
    assert_eq!(browser.session(python), json!({"username": "alice"}));
    let mut browser = Browser::default();
    browser.set(past, "username", &json!("alice"));
    assert_eq!(browser.session(past), json!({"username": "alice"}));
    assert_eq!(browser.session(python), json!({}), "written an hour ago");
}

/// A login made at one server is one at the other, behind the guard of each, and so is its end: with the key of the
/// tutorial, and with that of aiohttp-security, which is asked itself.
fn nobody_is_logged_out_on_the_way(storage: &str) {
    for login_key in ["username", "AIOHTTP_SECURITY"] {
        let setting = Setting {
            login_key,
            ..Setting::new(storage, None)
        };
        let servers = (setting.python(), setting.rust());
        let (python, rust) = (servers.0.address, servers.1.address);
        for (here, there) in [(python, rust), (rust, python)] {
            let mut browser = Browser::default();
            assert_eq!((browser.me(here), browser.me(there)), (None, None));
            browser.set(here, "theme", &json!("dark"));
            let (status, _) = browser.send(here, "POST /login", &[("name", "Ålice")]);
            assert_eq!(status, 303);
            let alice = Some("Ålice".to_owned());
            assert_eq!(browser.me(here), alice, "{login_key}");
            assert_eq!(browser.me(there), alice, "{login_key}, logged in at {here}");
            let session = browser.session(there);
            assert_eq!(session[login_key], "Ålice");
            assert_eq!(session["theme"], "dark");

            // Somebody else's login counts at once, too.
            let (status, _) = browser.send(there, "POST /login", &[("name", "bob")]);
            assert_eq!(status, 303);
            assert_eq!(browser.me(here), Some("bob".to_owned()));

            let (status, _) = browser.send(there, "POST /logout", &[]);
            assert_eq!(status, 303);
            assert_eq!(browser.me(there), None);
            assert_eq!(browser.me(here), None, "{login_key}, logged out at {there}");
        }
    }
}

#[test]
fn the_example_says_what_is_wrong_with_its_options() {
    for (arguments, complaint) in [
        (&["--storage", "paper"][..], "there is no storage paper"),
        (&["--storage"], "--storage needs a value"),
        (&["--colour", "red"], "--colour is no option"),
        (&["--storage", "nacl", "--key-hex", "0g"], "hex"),
        (&["--storage", "nacl", "--key-hex", "3031"], "32"),
    ] {
        let mut command = Command::new(example_program());
        let ended = command.args(arguments).output().unwrap();
        assert!(!ended.status.success(), "{arguments:?}");
        let said = String::from_utf8_lossy(&ended.stderr);
        assert!(said.contains(complaint), "{arguments:?}: {said}");
    }
}

#[test]
#[ignore = "needs PyPI; run by cargo xtask test"]
fn simple_cookies_go_back_and_forth() {
    goes_back_and_forth("simple");
    expires_on_both_sides("simple");
    nobody_is_logged_out_on_the_way("simple");
}

#[test]
#[ignore = "needs PyPI; run by cargo xtask test"]
fn encrypted_cookies_go_back_and_forth() {
    goes_back_and_forth("encrypted");
    expires_on_both_sides("encrypted");
    nobody_is_logged_out_on_the_way("encrypted");
}

#[test]
#[ignore = "needs PyPI; run by cargo xtask test"]
fn nacl_cookies_go_back_and_forth() {
    goes_back_and_forth("nacl");
    expires_on_both_sides("nacl");
    nobody_is_logged_out_on_the_way("nacl");
}

#[test]
#[ignore = "needs PyPI and a Redis; run by cargo xtask test"]
fn sessions_in_redis_go_back_and_forth() {
    goes_back_and_forth("redis");
    expires_on_both_sides("redis");
    nobody_is_logged_out_on_the_way("redis");
}

/// What expires by itself: each save begins `max_age` anew, and an end leaves nothing that anybody could come back to.
#[test]
#[ignore = "needs PyPI and a Redis; run by cargo xtask test"]
fn redis_itself_ends_what_either_side_wrote() {
    let setting = Setting::new("redis", Some(HOUR));
    let servers = (setting.python(), setting.rust());
    let (python, rust) = (servers.0.address, servers.1.address);
    let mut redis = redis::Client::open(redis_address())
        .and_then(|client| client.get_connection())
        .unwrap();
    for (here, there) in [(python, rust), (rust, python)] {
        let mut browser = Browser::default();
        browser.set(here, "username", &json!("alice"));
        let cookie = browser.cookie.clone().unwrap();
        let key = cookie.replacen('=', "_", 1);
        let mut ask = |command: &[&str]| -> Option<i64> {
            let command = redis::cmd(command[0]).arg(&command[1..]).to_owned();
            command.query(&mut redis).unwrap()
        };
        let left = ask(&["TTL", &key]).unwrap();
        assert!((3500..=3600).contains(&left), "written at {here}: {left}");
        // As if the hour were almost over.
        assert_eq!(ask(&["EXPIRE", &key, "60"]), Some(1));
        browser.set(there, "seen", &json!(true));
        assert_eq!(browser.cookie.as_ref(), Some(&cookie), "the id stays");
        let left = ask(&["TTL", &key]).unwrap();
        assert!((3500..=3600).contains(&left), "written at {there}: {left}");
        // And when Redis has let go of it, it is nobody's on both sides.
        assert_eq!(ask(&["DEL", &key]), Some(1));
        for server in [here, there] {
            let mut copy = Browser {
                cookie: Some(cookie.clone()),
            };
            assert_eq!(copy.session(server), json!({}));
        }
    }
}
