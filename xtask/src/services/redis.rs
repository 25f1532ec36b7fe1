//! Redis: in memory only, on this computer only.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;

use anyhow::Result;

use super::{Server, free_port, launch, private_directory, wait_until};
use crate::install::{REDIS, find};

pub(super) fn start() -> Result<Server> {
    let program = find(REDIS)?;
    let directory = private_directory("redis")?;
    let port = free_port()?;
    let mut redis = Command::new(program);
    redis.args([
        "--bind",
        "127.0.0.1",
        "--port",
        &port.to_string(),
        "--save",
        "",
        "--appendonly",
        "no",
    ]);
    let pid = launch(redis.arg("--dir").arg(directory.path()), directory.path())?;
    let url = format!("redis://127.0.0.1:{port}/");
    let server = Server {
        name: "redis".into(),
        url,
        pid,
        directory: directory.keep(),
    };
    match wait_until("Redis to answer a ping", || {
        ping(port).is_ok_and(|answer| answer.starts_with("+PONG"))
    }) {
        Ok(()) => Ok(server),
        Err(error) => {
            server.stop()?;
            Err(error)
        }
    }
}

fn ping(port: u16) -> std::io::Result<String> {
    let mut connection = TcpStream::connect(("127.0.0.1", port))?;
    connection.set_read_timeout(Some(super::PATIENCE))?;
    connection.write_all(b"PING\r\n")?;
    let mut answer = [0; 7];
    connection.read_exact(&mut answer)?;
    Ok(String::from_utf8_lossy(&answer).into_owned())
}
