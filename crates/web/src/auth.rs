//! The one joint between session-auth and storage: whose sessions they are, and where they are kept.
//!
//! Invariant: nothing else in this crate implements `Directory` or chooses a session storage.

use gatepost_domain::ids::UserId;
use gatepost_domain::username::Username;
use gatepost_storage::Db;
use gatepost_storage::users::Account;
use http::StatusCode;
use session_auth::password::{MAX_LEN, MIN_LEN, PasswordError, PasswordHash};
use session_auth::{
    AnyStorage, AuthLayer, Directory, Identity, MemoryStorage, RequireLogin, RequireRecentLogin,
    SessionLayer, SessionStorage, SingleProcessStorage, SqlStorage, Stamp, StorageError,
};

use crate::arrival::Arrival;
use crate::config::{Config, Sessions};
use crate::error::Error;
use crate::state::App;

/// Sessions in the database of the blog, which its readers and its one writer share.
fn in_database(db: &Db) -> SqlStorage {
    let (read, write) = db.sqlite_pools().expect("this version opens SQLite only");
    SqlStorage::sqlite_split(read, write)
}

/// Makes the tables that sessions need.
pub(crate) async fn migrate(db: &Db) -> Result<(), StorageError> {
    in_database(db).migrate().await
}

/// The session storage as a command sees it; `None` for one that lives in the server's memory.
pub(crate) fn stored_sessions(config: &Config, db: &Db) -> Option<impl SessionStorage + use<>> {
    (config.sessions == Sessions::Database).then(|| in_database(db))
}

/// The session storage of the one process that serves; made once, because every writer of sessions in it must be the same.
pub(crate) fn storage(config: &Config, db: &Db) -> AnyStorage {
    match config.sessions {
        Sessions::Database => in_database(db).single_process().into(),
        Sessions::Memory => MemoryStorage::new().into(),
    }
}

/// Waits until a server that runs beside this process has noticed what this process wrote. Whoever ends or changes logins
/// from outside of it says so only then.
pub(crate) async fn noticed_by_server() {
    tokio::time::sleep(SingleProcessStorage::NOTICED_WITHIN).await;
}

/// The layer that gives every request its session.
pub(crate) fn sessions(app: &App) -> SessionLayer {
    let config = &app.config;
    let layer = SessionLayer::new(app.sessions.clone())
        .idle_timeout(config.session_idle)
        .absolute_timeout(config.session_absolute)
        .remember(config.remember, config.session_absolute)
        .client_address(Arrival::client_of)
        .clock(app.world.clock)
        .randomness(app.world.randomness);
    match config.base_url.is_https() {
        true => layer,
        false => layer.plain_http(),
    }
}

/// The accounts of this site, as session-auth asks for them.
#[derive(Clone)]
pub(crate) struct Accounts(pub(crate) Db);

/// A handler with this argument runs for who is logged in, and sends everybody else to the login page.
pub(crate) type Login = RequireLogin<Accounts>;

/// The same, for who has proven it within the last minutes; everybody else confirms it first and comes back.
pub(crate) type RecentLogin = RequireRecentLogin<Accounts>;

impl Directory for Accounts {
    type User = Account;
    type Error = gatepost_storage::Error;

    async fn find(&self, id: &str) -> Result<Option<Account>, Self::Error> {
        let Ok(id) = id.parse::<UserId>() else {
            return Ok(None);
        };
        let account = self.0.users().account_of(id).await?;
        Ok(account.filter(|account| !account.user.disabled))
    }

    /// The epoch alone is the stamp: it grows with every new password and every disabling, and stays when the same
    /// password is hashed at another cost, which must end nobody's session.
    fn identity(&self, account: &Account) -> Identity {
        Identity {
            id: account.user.id.to_string(),
            stamp: Stamp::of(&[&account.epoch.to_be_bytes()]),
        }
    }
}

/// The stored hash and the account behind a name that somebody typed; `None` for nobody, or nobody who may log in.
pub(crate) async fn account(
    db: &Db,
    name: &str,
) -> Result<Option<(PasswordHash, Account)>, LookUp> {
    let Ok(username) = Username::parse(name) else {
        return Ok(None);
    };
    let account = db.users().account(&username).await?;
    let Some(account) = account.filter(|account| !account.user.disabled) else {
        return Ok(None);
    };
    let Some(hash) = &account.password_hash else {
        return Ok(None);
    };
    Ok(Some((PasswordHash::parse(hash.as_str())?, account)))
}

/// Why an account could not be looked up.
#[derive(Debug, thiserror::Error)]
pub(crate) enum LookUp {
    #[error(transparent)]
    Storage(#[from] gatepost_storage::Error),
    #[error("the stored password hash is none")]
    Hash(#[from] PasswordError),
}

/// Why a text did not become a password, for the form that it was typed into.
pub(crate) fn no_password(error: &PasswordError) -> (StatusCode, String) {
    match error {
        PasswordError::Length => (
            StatusCode::UNPROCESSABLE_ENTITY,
            format!("Choose a password of {MIN_LEN} to {MAX_LEN} characters."),
        ),
        _ => (
            StatusCode::SERVICE_UNAVAILABLE,
            "Too many people log in at the moment. Try again in a few seconds.".to_owned(),
        ),
    }
}

/// Stores the same password hashed at today's cost.
pub(crate) async fn keep_rehash(
    db: &Db,
    account: &Account,
    hash: &PasswordHash,
) -> Result<(), Error> {
    let Some(old) = &account.password_hash else {
        return Ok(());
    };
    let new = gatepost_storage::users::PasswordHash::new(hash.as_str());
    db.users().rehash(account.user.id, old, &new).await?;
    Ok(())
}

/// The stamp that a login of this person carries now; a session with another one has ended.
pub(crate) fn stamp(db: &Db, account: &Account) -> Stamp {
    Accounts(db.clone()).identity(account).stamp
}

/// The layer that knows who is logged in.
pub(crate) fn people(app: &App) -> AuthLayer<Accounts> {
    AuthLayer::new(Accounts(app.db.clone())).passwords(app.passwords.clone())
}
