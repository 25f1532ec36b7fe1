//! The real binary: what it makes, what it prints, and how it refuses.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt as _;
use std::time::{Duration, Instant};

use crate::support::{Multipart, Program, add_user, gatepost, refused, said};

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

const ORIGIN: &str = "host: blog.test\r\nsec-fetch-site: same-origin\r\nconnection: close\r\n";

/// Logs in as carol; the cookie.
fn log_in(address: &str) -> String {
    let fields = "login=carol&password=correct+horse";
    let answer = Program::ask(
        address,
        &format!(
            "POST /login HTTP/1.1\r\n{ORIGIN}content-type: application/x-www-form-urlencoded\r\n\
             content-length: {}\r\n\r\n{fields}",
            fields.len()
        ),
    );
    let cookie = answer.split("set-cookie: ").nth(1).expect("a cookie");
    cookie.split(';').next().expect("its pair").to_owned()
}

/// A form with a picture, of which half has been sent; the server reads it, and knows how long it is.
fn half_sent(address: &str, cookie: &str, title: &str) -> (TcpStream, Vec<u8>) {
    let picture = image::RgbImage::from_fn(64, 48, |x, y| image::Rgb([x as u8, y as u8, 99]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .unwrap();
    let form = Multipart::new()
        .text("title", title)
        .text("text", "Typed for an hour.")
        .file("image", "hello.png", "image/png", file.get_ref());
    let body = form.into_body();
    let mut stream = TcpStream::connect(address).unwrap();
    let head = format!(
        "POST /new HTTP/1.1\r\n{ORIGIN}cookie: {cookie}\r\ncontent-type: {}\r\n\
         content-length: {}\r\nexpect: 100-continue\r\n\r\n",
        Multipart::content_type(),
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    // Somebody reads the body as soon as this is said.
    let mut answer = BufReader::new(stream.try_clone().unwrap());
    let mut line = String::new();
    answer.read_line(&mut line).unwrap();
    assert!(line.starts_with("HTTP/1.1 100 "), "{line}");
    line.clear();
    answer.read_line(&mut line).unwrap();
    let half = body.len() - file.get_ref().len() / 2;
    stream.write_all(&body[..half]).unwrap();
    (stream, body[half..].to_vec())
}

#[test]
fn a_form_on_its_way_at_the_order_to_stop_is_saved_or_waits_for_its_author() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path();
    assert!(
        add_user(data, "carol", "author", "correct horse")
            .status
            .success()
    );
    let mut server = Program::serve(data, &[]);
    let address = server.address();
    let cookie = log_in(&address);
    let (mut arrives, rest) = half_sent(&address, &cookie, "Just in time");
    let (mut never, _) = half_sent(&address, &cookie, "Half of it");
    let told = Instant::now();
    server.terminate();
    while TcpStream::connect(&address).is_ok() {}

    arrives.write_all(&rest).unwrap();
    let mut answer = String::new();
    arrives.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 303 "), "{answer}");
    // A byte now and then is no end; only the server's patience is.
    let mut trickle = never.try_clone().unwrap();
    std::thread::spawn(move || {
        while trickle.write_all(&[0]).is_ok() {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let mut page = Vec::new();
    let _ = never.read_to_end(&mut page); // A reset is an end as well.
    assert_eq!(server.end().0, Some(0), "it ends well");
    assert!(told.elapsed() < Duration::from_secs(10), "and in time");

    let mut server = Program::serve(data, &[]);
    let address = server.address();
    let ask = |path: &str| {
        let cookie = log_in(&address);
        Program::ask(
            &address,
            &format!("GET {path} HTTP/1.1\r\n{ORIGIN}cookie: {cookie}\r\n\r\n"),
        )
    };
    assert!(ask("/just-in-time").contains("Typed for an hour."));
    let front = ask("/");
    assert!(
        front.contains("“Half of it” was not saved") && !front.contains("Just in time” was not"),
        "{front}"
    );
    let place = front.split("href=\"/parked/").nth(1).expect("its place");
    let form = ask(&format!("/parked/{}", place.split('"').next().unwrap()));
    assert!(
        form.contains("Typed for an hour.") && form.contains("to be chosen again: hello.png"),
        "{form}"
    );
}
