//! A site to measure: an account and some posts, made the way a person makes them, by the command line and the forms.

use std::io::Write;
use std::net::SocketAddr;
use std::path::Path;
use std::process::Stdio;

use anyhow::{Context, Result, bail};

use super::Programs;
use crate::command::program;
use crate::http::{Answer, post};

const PASSWORD: &str = "correct horse";
const BOUNDARY: &str = "gatepost-bench";

/// More than a page of the index, so that it has a next page as on a real site.
const POSTS: usize = 30;

const TEXT: &str = "The harbour lies open to the north, and whoever comes in at night looks for two lights.\n\n\
    ## What to look for\n\nThe upper light is *white* and stands still; the lower one is **red** and turns:\n\n\
    - both in line: the channel is free of rocks;\n- the red one to the left: too far east;\n\
    - none at all: wait for the morning.\n\n> A light that is out is worth a note in the book.\n\n\
    The pilot's house has [tables of the tides](https://example.org/tides). Come in with the last of the flood, when \
    the stream along the mole has died down, and keep to the side of the old quay.\n";

/// Creates the owner of an empty data directory.
pub(super) fn create(programs: &Programs, data: &Path) -> Result<()> {
    let mut add = program(&programs.gatepost)
        .args([
            "user",
            "add",
            "alice",
            "--role",
            "owner",
            "--password-stdin",
            "--data",
        ])
        .arg(data)
        .stdin(Stdio::piped())
        .spawn()?;
    add.stdin
        .take()
        .context("no standard input")?
        .write_all(format!("{PASSWORD}\n").as_bytes())?;
    if !add.wait()?.success() {
        bail!("gatepost user add failed");
    }
    Ok(())
}

/// Logs in and writes the posts. Returns the `Cookie` header of the login and the path of the last post.
pub(super) fn fill(server: SocketAddr) -> Result<(String, String)> {
    let cookie = log_in(server)?;
    let mut path = String::new();
    for number in 1..=POSTS {
        path = publish(server, &cookie, &format!("Two lights, night {number}"))?;
    }
    Ok((cookie, path))
}

fn log_in(server: SocketAddr) -> Result<String> {
    let form = format!("login=alice&password={}", PASSWORD.replace(' ', "+"));
    let content = [("Content-Type", "application/x-www-form-urlencoded")];
    let answer = post(server, "/login", &content, form.as_bytes())?;
    let cookie = answer
        .header("set-cookie")
        .and_then(|cookie| cookie.split(';').next())
        .map(String::from);
    match (answer.status, cookie) {
        (303, Some(cookie)) => Ok(cookie),
        _ => bail!("the login was refused: {}", answer.status),
    }
}

fn publish(server: SocketAddr, cookie: &str, title: &str) -> Result<String> {
    let mut form = String::new();
    for (name, value) in [("title", title), ("text", TEXT), ("action", "publish")] {
        form += &format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
        );
    }
    form += &format!("--{BOUNDARY}--\r\n");
    let content = format!("multipart/form-data; boundary={BOUNDARY}");
    let answer: Answer = post(
        server,
        "/new",
        &[("Cookie", cookie), ("Content-Type", &content)],
        form.as_bytes(),
    )?;
    match (answer.status, answer.header("location")) {
        (303, Some(path)) => Ok(path.to_owned()),
        _ => bail!("the post was not taken: {}", answer.status),
    }
}
