//! What the server writes down, and what it keeps to itself.

use serde_json::Value;

use crate::support::Program;

/// Asks with a secret in every place where a client may put one.
fn ask(address: &str, path: &str) -> String {
    let head = format!(
        "GET {path}?token=hunter2 HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         cookie: choice=hunter2\r\nauthorization: Basic hunter2\r\nuser-agent: hunter2\r\n\r\n"
    );
    Program::ask(address, &head)
}

/// Every line that a server wrote while it answered two requests.
fn log_of(level: Option<&str>) -> Vec<Value> {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Program::serve_logging(directory.path(), level);
    let address = server.address();
    assert!(ask(&address, "/healthz").starts_with("HTTP/1.1 200 "));
    assert!(ask(&address, "/nothing-here").starts_with("HTTP/1.1 404 "));
    server.terminate();
    let log = server.log();
    log.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|_| panic!("no JSON: {line}")))
        .collect()
}

#[test]
fn requests_are_logged_for_who_asks_without_anything_a_client_could_hide_there() {
    let lines = log_of(Some("gatepost::access=debug"));
    let seen: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["path"].as_str().unwrap(),
                line["status"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(seen, [("/healthz", 200), ("/nothing-here", 404)]);
    assert!(
        lines
            .iter()
            .all(|line| line["request"].is_string() && line["client"] == "127.0.0.1")
    );
    assert!(
        !lines
            .iter()
            .any(|line| line.to_string().contains("hunter2")),
        "{lines:?}"
    );
}

#[test]
fn everything_is_logged_without_a_secret_even_at_the_lowest_level() {
    let lines = log_of(Some(
        "gatepost=trace,session_auth=trace,gatepost_storage=trace",
    ));
    assert!(lines.len() >= 2);
    assert!(
        !lines
            .iter()
            .any(|line| line.to_string().contains("hunter2")),
        "{lines:?}"
    );
}

#[test]
fn a_quiet_day_is_not_logged() {
    assert_eq!(log_of(None), Vec::<Value>::new());
}
