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
use session_auth::SessionLayer;
use time::OffsetDateTime;

#[path = "../../examples/from_aiohttp.rs"]
#[allow(
    dead_code,
    unreachable_pub,
    reason = "here it is a module, and its main is not called"
)]
mod example;

const PACKAGES: [&str; 5] = [
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

/// aiohttp-session on a port of its own, until this is dropped.
struct Peer {
    process: Child,
    address: SocketAddr,
}

impl Peer {
    fn start(storage: &str, max_age: Option<Duration>) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/live/peer.py");
        let mut command = Command::new(python());
        command
            .arg(script)
            .args(["--storage", storage, "--key-hex", KEY])
            .args(redis_option(storage));
        if let Some(max_age) = max_age {
            command.args(["--max-age", &max_age.as_secs().to_string()]);
        }
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut port = String::new();
        let mut stdout = BufReader::new(process.stdout.take().unwrap());
        stdout.read_line(&mut port).unwrap();
        let port = port.trim().parse().expect("the server says its port");
        Self {
            process,
            address: SocketAddr::from(([127, 0, 0, 1], port)),
        }
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// The example, with these options, whose clock may be another.
fn start(
    storage: &str,
    max_age: Option<Duration>,
    clock: impl FnOnce(SessionLayer) -> SessionLayer,
) -> SocketAddr {
    let mut arguments = vec!["--storage", storage, "--key-hex", KEY];
    let seconds = max_age.unwrap_or_default().as_secs().to_string();
    if max_age.is_some() {
        arguments.extend(["--max-age", &seconds]);
    }
    let redis = redis_option(storage);
    arguments.extend(redis.iter().map(String::as_str));
    let options = example::Options::read(arguments.into_iter().map(str::to_owned)).unwrap();
    let site = example::site(clock(example::sessions(&options).unwrap()));
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

/// A browser to which both servers are one host: cookies do not know of ports.
#[derive(Default)]
struct Browser {
    cookie: Option<String>,
}

impl Browser {
    fn ask(&mut self, server: SocketAddr, request: &str, form: &[(&str, &str)]) -> String {
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
        assert!(head.starts_with("HTTP/1.1 20"), "{request}: {answer}");
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
        body.to_owned()
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
    let peer = Peer::start(storage, None);
    let python = peer.address;
    let rust = start(storage, None, |sessions| sessions);
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
    let max_age = Some(HOUR / 2);
    let peer = Peer::start(storage, max_age);
    let python = peer.address;
    let now = start(storage, max_age, |sessions| sessions);
    let past = start(storage, max_age, |sessions| sessions.clock(an_hour_ago));
    let future = start(storage, max_age, |sessions| sessions.clock(in_an_hour));

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

#[test]
#[ignore = "needs PyPI; run by cargo xtask test"]
fn simple_cookies_go_back_and_forth() {
    goes_back_and_forth("simple");
    expires_on_both_sides("simple");
}

#[test]
#[ignore = "needs PyPI; run by cargo xtask test"]
fn encrypted_cookies_go_back_and_forth() {
    goes_back_and_forth("encrypted");
    expires_on_both_sides("encrypted");
}

#[test]
#[ignore = "needs PyPI; run by cargo xtask test"]
fn nacl_cookies_go_back_and_forth() {
    goes_back_and_forth("nacl");
    expires_on_both_sides("nacl");
}

#[test]
#[ignore = "needs PyPI and a Redis; run by cargo xtask test"]
fn sessions_in_redis_go_back_and_forth() {
    goes_back_and_forth("redis");
    expires_on_both_sides("redis");
}

/// What expires by itself: each save begins `max_age` anew, and an end leaves nothing that anybody could come back to.
#[test]
#[ignore = "needs PyPI and a Redis; run by cargo xtask test"]
fn redis_itself_ends_what_either_side_wrote() {
    let peer = Peer::start("redis", Some(HOUR));
    let python = peer.address;
    let rust = start("redis", Some(HOUR), |sessions| sessions);
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
