//! P3: a trivial handler behind the layers and `RequireLogin` against itself without any of them, in one process
//! (`benches/guard`); and, because the layers are around most of a site anyway, against itself behind the layers alone.

use std::path::Path;

use anyhow::{Context, Result, ensure};

use super::Programs;
use super::comparison::{Comparison, Effort};
use super::pages::{expect, request};
use super::server::Server;
use crate::command::program;
use crate::http::get;

/// A login adds at most 12 % to the time of a handler that does nothing.
const TARGET: f64 = 0.88;

pub(super) fn measure(
    programs: &Programs,
    scratch: &Path,
    effort: Effort,
) -> Result<Vec<Comparison>> {
    let database = scratch.join("sessions.db");
    let memory = guarded(
        programs,
        [
            "P3: logged in, sessions in memory : no layers",
            "of which RequireLogin, in memory : layers alone",
        ],
        None,
        effort,
    )?;
    let sqlite = guarded(
        programs,
        [
            "P3: logged in, sessions in SQLite : no layers",
            "of which RequireLogin, in SQLite : layers alone",
        ],
        Some(&database),
        effort,
    )?;
    Ok([memory, sqlite].into_iter().flatten().collect())
}

/// All requests carry the cookie of a login; only one handler asks for it.
fn guarded(
    programs: &Programs,
    [all, guard]: [&'static str; 2],
    database: Option<&Path>,
    effort: Effort,
) -> Result<[Comparison; 2]> {
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
    let side = |path| (&server, request(&server, path, &headers));
    let [guarded, open, bare] = ["/guarded", "/open", "/bare"].map(side);
    let answer = get(server.address, "/bare", &headers)?;
    expect(&answer, 200)?;
    ensure!(answer.header("vary").is_none(), "/bare is behind a layer");
    Ok([
        Comparison::run(all, TARGET, &guarded, &bare, effort)?,
        Comparison::run(guard, TARGET, &guarded, &open, effort)?,
    ])
}
