//! Accounts from the command line, also beside a running server.

use std::path::Path;
use std::process::Output;

use serde_json::Value;

use crate::support::{Program, add_user, refused};

#[test]
fn accounts_are_made_listed_and_changed_from_the_command_line() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let made = add_user(data, "alice", "owner", "correct horse");
    let made: serde_json::Value = serde_json::from_slice(&made.stdout).expect("JSON");
    assert_eq!(
        (&made["username"], &made["role"]),
        (&"alice".into(), &"owner".into())
    );
    assert!(
        made.get("password").is_none(),
        "a password that was given is not repeated"
    );

    let made_up = Program::run(data, &["user", "add", "bob", "--role", "editor", "--json"]);
    let made_up: serde_json::Value = serde_json::from_slice(&made_up.stdout).expect("JSON");
    assert!(
        made_up["password"]
            .as_str()
            .is_some_and(|password| password.len() >= 20),
        "{made_up}"
    );

    assert!(
        Program::run(data, &["user", "role", "bob", "author"])
            .status
            .success()
    );
    assert!(
        Program::run(data, &["user", "disable", "BOB"])
            .status
            .success()
    );
    let list = Program::run(data, &["user", "list", "--json"]);
    let list: serde_json::Value = serde_json::from_slice(&list.stdout).expect("JSON");
    assert_eq!(
        (&list[1]["role"], &list[1]["disabled"]),
        (&"author".into(), &true.into()),
        "{list}"
    );
}

#[test]
fn account_commands_refuse_with_a_sentence() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    let elsewhere = data.join("mistyped");
    refused(
        &Program::run(&elsewhere, &["user", "list"]),
        1,
        &["no blog", "--data DIR"],
    );
    assert!(!elsewhere.exists());
    assert!(
        add_user(data, "alice", "owner", "correct horse")
            .status
            .success()
    );
    refused(
        &add_user(data, "Alice", "author", "correct horse"),
        1,
        &["has an account already"],
    );
    refused(
        &Program::run(data, &["user", "disable", "alice"]),
        1,
        &["last owner"],
    );
    refused(
        &Program::run(data, &["user", "role", "alice", "author"]),
        1,
        &["last owner"],
    );
    refused(
        &Program::run(data, &["user", "role", "nobody", "author"]),
        1,
        &["nobody is called nobody"],
    );
    assert_eq!(
        add_user(data, "dave", "author", "short").status.code(),
        Some(2)
    );
    assert_eq!(
        add_user(data, "d/ve", "author", "correct horse")
            .status
            .code(),
        Some(2)
    );
    assert_eq!(
        add_user(data, "dave", "king", "correct horse")
            .status
            .code(),
        Some(2)
    );
}

fn json(output: &Output) -> Value {
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("no JSON: {said}"))
}

fn user(data: &Path, command: &[&str]) -> Value {
    json(&Program::run(
        data,
        &[&["user"], command, &["--json"]].concat(),
    ))
}

/// Logs alice in and keeps her cookie.
fn log_in(address: &str) -> String {
    let body = "login=alice&password=correct+horse";
    let head = format!(
        "POST /login HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: {}\r\n\r\n{body}",
        body.len()
    );
    let answer = Program::ask(address, &head);
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "));
    let cookie = cookie.unwrap_or_else(|| panic!("no cookie in {answer}"));
    cookie.split(';').next().unwrap().to_owned()
}

fn is_logged_in(address: &str, cookie: &str) -> bool {
    let head = format!(
        "GET / HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n"
    );
    Program::ask(address, &head).contains("Log out")
}

#[test]
fn a_running_server_obeys_the_command_line_at_once() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    assert!(
        add_user(data, "alice", "owner", "correct horse")
            .status
            .success()
    );
    assert!(
        add_user(data, "bob", "owner", "correct horse")
            .status
            .success()
    );
    let mut server = Program::serve(data, &[]);
    let address = server.address();

    let cookie = log_in(&address);
    assert!(is_logged_in(&address, &cookie));
    let sessions = user(data, &["sessions", "alice"]);
    assert_eq!(
        (sessions.as_array().unwrap().len(), &sessions[0]["address"]),
        (1, &"127.0.0.1".into())
    );
    assert_eq!(user(data, &["logout", "alice"])["ended"], 1);
    assert!(!is_logged_in(&address, &cookie));
    assert_eq!(user(data, &["sessions", "alice"]), Value::Array(Vec::new()));

    let cookie = log_in(&address);
    assert!(is_logged_in(&address, &cookie));
    assert_eq!(user(data, &["disable", "alice"])["disabled"], true);
    assert!(!is_logged_in(&address, &cookie));
    assert_eq!(user(data, &["enable", "alice"])["disabled"], false);
    assert!(
        !is_logged_in(&address, &cookie),
        "what was ended stays ended"
    );
    assert_eq!(user(data, &["sessions", "alice"]), Value::Array(Vec::new()));
}

#[test]
fn sessions_in_the_memory_of_a_server_cannot_be_seen_from_outside() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    assert!(
        add_user(data, "alice", "owner", "correct horse")
            .status
            .success()
    );
    let mut server = Program::serve(data, &["--sessions", "memory:"]);
    let address = server.address();
    let cookie = log_in(&address);
    assert!(is_logged_in(&address, &cookie));
    let command = ["user", "sessions", "alice", "--sessions", "memory:"];
    refused(
        &Program::run(data, &command),
        1,
        &["in the memory of the server", "gatepost serve"],
    );
}
