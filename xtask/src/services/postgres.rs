//! PostgreSQL: a cluster that lives in one directory, trusts this computer and keeps nothing through a crash. It refuses
//! to run as root, so there it runs under the `postgres` account that its package brings.

use std::fs;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use super::{Server, free_port, launch, private_directory, wait_until};
use crate::command::output;
use crate::install::{CREATEDB, INITDB, POSTGRES, ensure, find, is_root};

pub(super) fn start() -> Result<Server> {
    ensure(&[INITDB, POSTGRES, CREATEDB])?;
    let account = if is_root() {
        Some(Account::named("postgres")?)
    } else {
        None
    };
    let directory = private_directory("postgres")?;
    if let Some(account) = &account {
        std::os::unix::fs::chown(directory.path(), Some(account.user), Some(account.group))?;
    }
    let run_as = |program: &Path| {
        let mut command = Command::new(program);
        command.current_dir(directory.path());
        if let Some(account) = &account {
            command.uid(account.user).gid(account.group);
        }
        command
    };

    let cluster = directory.path().join("cluster");
    let mut initdb = run_as(&find(INITDB)?);
    initdb.args([
        "--auth=trust",
        "--username=gatepost",
        "--encoding=UTF8",
        "--locale=C",
        "--no-sync",
        "--pgdata",
    ]);
    output(initdb.arg(&cluster))?;

    let port = free_port()?.to_string();
    let mut postgres = run_as(&find(POSTGRES)?);
    postgres
        .arg("-D")
        .arg(&cluster)
        .arg("-k")
        .arg(directory.path())
        .args(["-p", &port]);
    for setting in [
        "listen_addresses=127.0.0.1",
        "fsync=off",
        "synchronous_commit=off",
        "full_page_writes=off",
    ] {
        postgres.args(["-c", setting]);
    }
    let pid = launch(&mut postgres, directory.path())?;
    let url = format!("postgres://gatepost@127.0.0.1:{port}/gatepost");
    let server = Server {
        name: "postgres".into(),
        url,
        pid,
        directory: directory.keep(),
    };

    let createdb = find(CREATEDB)?;
    let created = wait_until("PostgreSQL to create a database", || {
        let mut createdb = Command::new(&createdb);
        output(createdb.args(["-h", "127.0.0.1", "-p", &port, "-U", "gatepost", "gatepost"]))
            .is_ok()
    });
    or_stop(created, server)
}

/// The server, or why it does not answer: the end of its log, which is gone once it is stopped.
fn or_stop(answers: Result<()>, server: Server) -> Result<Server> {
    match answers {
        Ok(()) => Ok(server),
        Err(error) => {
            let log = fs::read_to_string(server.directory.join("log")).unwrap_or_default();
            server.stop()?;
            Err(error).with_context(|| log.trim_end().to_owned())
        }
    }
}

struct Account {
    user: u32,
    group: u32,
}

impl Account {
    fn named(name: &str) -> Result<Self> {
        let id = |kind: &str| -> Result<u32> {
            Ok(output(Command::new("id").args([kind, name]))?
                .trim()
                .parse()?)
        };
        Ok(Self {
            user: id("-u")?,
            group: id("-g")?,
        })
    }
}
