//! Somebody's logins, seen and ended from the command line, also while the server runs.
//!
//! Invariant: a session is named by its public id, with which nobody can log in.

use std::sync::Arc;

use gatepost_domain::user::User;
use gatepost_storage::Db;
use serde_json::{Value, json};
use session_auth::{SessionKey, SessionStorage, StoredSession};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::auth;
use crate::cli::Failure;
use crate::cli::print;
use crate::config::Config;
use crate::start::StartError;
use crate::world::World;

type Sessions = Vec<(SessionKey, Arc<StoredSession>)>;

pub(super) async fn list(
    config: &Config,
    db: &Db,
    world: &World,
    user: &User,
    as_json: bool,
) -> Result<(), Failure> {
    let mut sessions: Sessions = stored(config, db)?
        .list_by_user(&user.id.to_string())
        .await
        .map_err(failed)?;
    let account = db
        .users()
        .account_of(user.id)
        .await
        .map_err(StartError::from)?;
    let stamp = account.map(|account| auth::stamp(db, &account));
    sessions.retain(|(_, session)| {
        let login = session.login.as_ref().map(|login| login.stamp);
        login == stamp && !session.is_over(world.now())
    });
    if as_json {
        print::line(format_args!(
            "{:#}",
            sessions.iter().map(entry).collect::<Value>()
        ));
        return Ok(());
    }
    for (key, session) in &sessions {
        let address = session
            .client
            .address
            .map_or_else(|| "unknown address".to_owned(), |ip| ip.to_string());
        let browser = session
            .client
            .browser
            .as_deref()
            .unwrap_or("unknown browser");
        print::line(format_args!(
            "{}  last seen {}  {address}  {browser}",
            key.public_id(),
            text(session.last_seen)
        ));
    }
    Ok(())
}

pub(super) async fn end(
    config: &Config,
    db: &Db,
    user: &User,
    as_json: bool,
) -> Result<(), Failure> {
    let ended = stored(config, db)?
        .delete_by_user(&user.id.to_string(), None)
        .await
        .map_err(failed)?;
    auth::noticed_by_server().await;
    let name = user.username.as_str();
    match as_json {
        true => print::line(format_args!(
            "{}",
            json!({ "username": name, "ended": ended })
        )),
        false => print::line(format_args!(
            "{name} is logged out; {ended} sessions ended."
        )),
    }
    Ok(())
}

fn stored(config: &Config, db: &Db) -> Result<impl SessionStorage + use<>, Failure> {
    auth::stored_sessions(config, db).ok_or_else(|| {
        let why = "sessions are kept in the memory of the server (`sessions = \"memory:\"`); restart it with `gatepost serve` to end them all.";
        Failure::Failed(why.to_owned())
    })
}

fn entry((key, session): &(SessionKey, Arc<StoredSession>)) -> Value {
    json!({
        "id": key.public_id().to_string(),
        "created_at": text(session.created_at),
        "last_seen": text(session.last_seen),
        "remember": session.login.as_ref().is_some_and(|login| login.remember),
        "address": session.client.address,
        "browser": session.client.browser,
    })
}

fn text(at: OffsetDateTime) -> String {
    let seconds = at.replace_nanosecond(0).unwrap_or(at);
    seconds.format(&Rfc3339).unwrap_or_default()
}

fn failed(error: session_auth::StorageError) -> Failure {
    Failure::Failed(format!(
        "the sessions cannot be read ({error}); try `gatepost migrate`."
    ))
}
