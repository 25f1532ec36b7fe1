//! A session storage of one's own, in less than a hundred lines: all sessions in one JSON file, which is replaced with
//! every change.
//!
//! `cargo run --example own_storage`, then open <http://127.0.0.1:8080/>, and go on counting after a restart.
//!
//! It passes the whole contract suite (`tests/it/own_storage.rs`). What makes it sound is that one lock is held from
//! reading the file to replacing it, so a change is applied to what is stored now. One process may use the file.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::{fs, io::ErrorKind};

use axum::http::StatusCode;
use axum::routing::{get, post};
use axum::{Router, serve};
use session_auth::{
    Applied, Change, Outcome, Promise, Promises, Session, SessionError, SessionKey, SessionLayer,
    SessionStorage, StorageError, StoredSession,
};
use time::OffsetDateTime;

type Sessions = BTreeMap<SessionKey, StoredSession>;
type Result<T> = std::result::Result<T, StorageError>;

pub struct FileStorage(pub Mutex<PathBuf>);

impl FileStorage {
    /// Runs `act` on what is stored now, and stores what it made of it. (Against a power cut, `sync_all` the new file.)
    fn with<T>(&self, act: impl FnOnce(&mut Sessions) -> Result<T>) -> Result<T> {
        let path = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let before = match fs::read(&*path) {
            Err(error) if error.kind() == ErrorKind::NotFound => b"{}".to_vec(),
            read => read.map_err(StorageError::new)?,
        };
        let mut sessions = serde_json::from_slice(&before).map_err(StorageError::new)?;
        let result = act(&mut sessions)?;
        let after = serde_json::to_vec(&sessions).map_err(StorageError::new)?;
        if after != before {
            let new = path.with_extension("new");
            fs::write(&new, after).map_err(StorageError::new)?;
            fs::rename(&new, &*path).map_err(StorageError::new)?;
        }
        Ok(result)
    }
}

fn is_of(session: &StoredSession, user: &str) -> bool {
    let login = session.login.as_ref();
    login.is_some_and(|login| login.user == user)
}

#[async_trait::async_trait]
impl SessionStorage for FileStorage {
    fn promises(&self) -> Promises {
        // Then their sessions stay, as nobody's, until they are over.
        Promises::all_but(&[(Promise::DeadLogins, "nobody is named to the cleanup")])
    }

    async fn create(&self, key: &SessionKey, session: &StoredSession) -> Result<bool> {
        self.with(|all| Ok(!all.contains_key(key) && all.insert(*key, session.clone()).is_none()))
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>> {
        self.with(|all| Ok(all.get(key).cloned().map(Arc::new)))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome> {
        self.with(|all| {
            let Some(stored) = all.get(key) else {
                return Ok(Outcome::Gone);
            };
            Ok(match change.apply(stored) {
                Applied::Gone => Outcome::Gone,
                Applied::Changed => Outcome::Changed(Arc::new(stored.clone())),
                Applied::Stored(next) => {
                    all.remove(key);
                    all.insert(change.new_key.unwrap_or(*key), Arc::unwrap_or_clone(next));
                    Outcome::Done
                }
            })
        })
    }

    async fn touch(&self, key: &SessionKey, at: OffsetDateTime) -> Result<()> {
        self.with(|all| {
            if let Some(session) = all.get_mut(key) {
                session.last_seen = session.last_seen.max(at);
            }
            Ok(())
        })
    }

    async fn delete(&self, key: &SessionKey) -> Result<()> {
        self.with(|all| Ok(all.remove(key))).map(drop)
    }

    async fn list_by_user(&self, user: &str) -> Result<Vec<(SessionKey, Arc<StoredSession>)>> {
        let all = self.with(|all| Ok(all.clone()))?;
        let theirs = all.into_iter().filter(|(_, session)| is_of(session, user));
        let mut theirs: Vec<_> = theirs
            .map(|(key, session)| (key, Arc::new(session)))
            .collect();
        theirs.sort_by_key(|(_, session)| std::cmp::Reverse(session.last_seen));
        Ok(theirs)
    }

    async fn delete_by_user(&self, user: &str, except: Option<&SessionKey>) -> Result<u64> {
        let ends = |key: &SessionKey, session: &mut _| is_of(session, user) && Some(key) != except;
        self.with(|all| Ok(all.extract_if(.., ends).count() as u64))
    }

    async fn delete_expired(&self, before: OffsetDateTime, limit: usize) -> Result<u64> {
        let is_over = |_: &_, session: &mut StoredSession| session.is_over(before);
        self.with(|all| Ok(all.extract_if(.., is_over).take(limit).count() as u64))
    }
}

async fn visit(session: Session) -> std::result::Result<String, SessionError> {
    let one_more = |visits: Option<u64>| visits.unwrap_or(0) + 1;
    let visits = session.update("visits", one_more).await?;
    Ok(format!("visit {visits}\n"))
}

async fn forget(session: Session) -> StatusCode {
    match session.flush().await {
        Ok(()) => StatusCode::NO_CONTENT,
        Err(_) => StatusCode::SERVICE_UNAVAILABLE,
    }
}

/// A site that counts visits, over the storage above.
pub fn app(storage: FileStorage) -> Router {
    Router::new()
        .route("/", get(visit))
        .route("/forget", post(forget))
        // Without https, on this machine only: the default cookie needs https.
        .layer(SessionLayer::new(storage).plain_http())
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let storage = FileStorage(Mutex::new("sessions.json".into()));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    serve(listener, app(storage)).await
}
