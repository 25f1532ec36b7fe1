//! The real binary: what it makes, what it prints, and how it refuses.

use std::os::unix::fs::PermissionsExt as _;

use crate::support::{Program, add_user, gatepost, refused, said};

#[test]
fn the_first_start_makes_everything_and_says_how_to_go_on() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("new/blog");
    let mut server = Program::serve(&data, &[]);
    let (fact, link) = (server.line(), server.line());
    assert!(fact.contains("new blog at http://127.0.0.1:"), "{fact}");
    assert!(link.contains("/setup?token="), "{link}");
    assert_eq!(
        std::fs::metadata(&data).unwrap().permissions().mode() & 0o777,
        0o700
    );
    server.terminate();
    assert_eq!(
        server.end(),
        (Some(0), String::new()),
        "it ends well and has no more to say"
    );
}

#[test]
fn a_later_start_says_one_line() {
    let directory = tempfile::tempdir().unwrap();
    assert!(
        add_user(directory.path(), "alice", "owner", "correct horse")
            .status
            .success()
    );
    let mut server = Program::serve(directory.path(), &[]);
    let fact = server.line();
    assert!(
        fact.starts_with("Gatepost serves http://127.0.0.1:"),
        "{fact}"
    );
    server.terminate();
    assert_eq!(server.end(), (Some(0), String::new()));
}

#[test]
fn behind_a_proxy_the_line_says_both_addresses() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Program::serve(
        directory.path(),
        &["--base-url", "https://blog.example.org"],
    );
    let (fact, link) = (server.line(), server.line());
    assert!(
        fact.contains("https://blog.example.org (listening on 127.0.0.1:"),
        "{fact}"
    );
    assert!(
        link.contains("https://blog.example.org/setup?token="),
        "{link}"
    );
}

#[test]
fn without_a_command_it_serves() {
    let directory = tempfile::tempdir().unwrap();
    let output = Program::run(directory.path(), &["--listen", "203.0.113.1:8080"]);
    refused(&output, 1, &["203.0.113.1:8080", "--listen"]);
}

#[test]
fn a_taken_port_is_named_and_nothing_is_made() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    refused(
        &Program::run(&data, &["serve", "--listen", &address]),
        1,
        &[&address, "in use", "--listen"],
    );
    assert!(!data.exists());
}

#[test]
fn a_directory_that_cannot_be_made_is_named() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let data = file.path().join("data");
    refused(
        &Program::run(&data, &["serve", "--listen", "127.0.0.1:0"]),
        1,
        &["data directory", "--data DIR"],
    );
}

#[test]
fn a_file_that_is_no_database_is_left_as_it_is() {
    let directory = tempfile::tempdir().unwrap();
    let database = directory.path().join("gatepost.sqlite");
    let text = "Dear diary, this is not a database. ".repeat(100);
    std::fs::write(&database, &text).unwrap();
    refused(
        &Program::run(directory.path(), &["migrate"]),
        1,
        &["gatepost.sqlite", "mv "],
    );
    assert_eq!(std::fs::read_to_string(&database).unwrap(), text);
}

#[tokio::test]
async fn a_database_of_a_newer_version_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let known = Program::run(directory.path(), &["migrate"]);
    assert!(known.status.success(), "{}", said(&known));
    let file = format!(
        "sqlite:{}",
        directory.path().join("gatepost.sqlite").display()
    );
    let newer =
        "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 values (9999, 'from the future', true, x'00', 0)";
    let pool = sqlx::SqlitePool::connect(&file).await.unwrap();
    sqlx::query(newer).execute(&pool).await.unwrap();
    pool.close().await;
    let output = Program::run(directory.path(), &["serve", "--listen", "127.0.0.1:0"]);
    refused(&output, 1, &["newer", "9999"]);
}

#[test]
fn development_without_the_sources_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let mut command = gatepost(&directory.path().join("data"));
    let output = command
        .args(["serve", "--dev", "--listen", "127.0.0.1:0"])
        .current_dir(directory.path())
        .output();
    refused(&output.unwrap(), 2, &["./templates", "cd"]);
}

#[test]
fn health_is_asked_of_the_server_that_runs() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = Program::serve(directory.path(), &[]);
    let address = &server.address();
    let healthy = Program::run(directory.path(), &["healthcheck", "--listen", address]);
    assert_eq!(healthy.status.code(), Some(0), "{}", said(&healthy));
    server.terminate();
    assert_eq!(server.end().0, Some(0));
    refused(
        &Program::run(directory.path(), &["healthcheck", "--listen", address]),
        1,
        &["gatepost serve"],
    );
}
