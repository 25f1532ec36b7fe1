//! P3: a trivial handler behind `RequireLogin` against itself without it, in one process (`benches/guard`).

use std::path::Path;

use anyhow::{Context, Result};

use super::Programs;
use super::comparison::{Comparison, Effort};
use super::pages::{expect, request};
use super::server::Server;
use crate::command::program;
use crate::http::get;

pub(super) fn measure(
    programs: &Programs,
    scratch: &Path,
    effort: Effort,
) -> Result<Vec<Comparison>> {
    let database = scratch.join("sessions.db");
    Ok(vec![
        guarded(
            programs,
            "P3: behind RequireLogin, sessions in memory",
            None,
            effort,
        )?,
        guarded(
            programs,
            "P3: behind RequireLogin, in SQLite",
            Some(&database),
            effort,
        )?,
    ])
}

/// Both requests carry the cookie of a login; only one handler asks for it.
fn guarded(
    programs: &Programs,
    name: &'static str,
    database: Option<&Path>,
    effort: Effort,
) -> Result<Comparison> {
    let mut command = program(&programs.guard);
    if let Some(file) = database {
        command.arg("--database").arg(file);
    }
    let server = Server::start(&command)?;
    let login = get(server.address, "/enter", &[])?;
    let cookie = login
        .header("set-cookie")
        .and_then(|cookie| cookie.split(';').next())
        .context("no login")?;
    expect(&get(server.address, "/guarded", &[])?, 303)?;
    let headers = [("Cookie", cookie)];
    let [a, b] = ["/guarded", "/open"].map(|path| (&server, request(&server, path, &headers)));
    Comparison::run(name, 0.88, &a, &b, effort)
}
