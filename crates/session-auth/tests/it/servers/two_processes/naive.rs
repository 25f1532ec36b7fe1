//! The control of these races: a file for each session, which two processes share as session storages usually share what
//! they have. Each writes a session back as it found it, whether it is still there or not.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::{fs, io::ErrorKind};

use session_auth::{
    Applied, Change, Outcome, Promise, Promises, SessionKey, SessionStorage, StorageError,
    StoredSession,
};
use time::OffsetDateTime;

type Result<T> = std::result::Result<T, StorageError>;

pub(super) struct NaiveFiles {
    directory: PathBuf,
    /// What the requests of this process carry around between their load and their save.
    loaded: Mutex<HashMap<SessionKey, StoredSession>>,
}

impl NaiveFiles {
    pub(super) fn new(directory: &str) -> Self {
        Self {
            directory: directory.into(),
            loaded: Mutex::default(),
        }
    }

    fn path(&self, key: &SessionKey) -> PathBuf {
        let name = key.as_bytes().iter().map(|byte| format!("{byte:02x}"));
        self.directory.join(name.collect::<String>())
    }

    /// Replaced in one step, so that the other process never reads half a session.
    fn write(&self, key: &SessionKey, session: &StoredSession) -> Result<()> {
        let path = self.path(key);
        let new = path.with_extension(std::process::id().to_string());
        let json = serde_json::to_vec(session).map_err(StorageError::new)?;
        fs::write(&new, json).map_err(StorageError::new)?;
        fs::rename(new, path).map_err(StorageError::new)
    }
}

#[async_trait::async_trait]
impl SessionStorage for NaiveFiles {
    fn promises(&self) -> Promises {
        Promises::all_but(&[
            (Promise::ConcurrentWrites, "the last record wins"),
            (Promise::NoRevival, "a save is an upsert"),
            (Promise::AtomicRotation, "rotations copy what was loaded"),
            (Promise::ByUser, "nobody knows whose sessions there are"),
            (Promise::Cleanup, "nothing is ever removed"),
            (Promise::DeadLogins, "nothing is ever removed"),
        ])
    }

    async fn create(&self, key: &SessionKey, session: &StoredSession) -> Result<bool> {
        self.write(key, session).map(|()| true)
    }

    async fn load(&self, key: &SessionKey) -> Result<Option<Arc<StoredSession>>> {
        let json = match fs::read(self.path(key)) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read.map_err(StorageError::new)?,
        };
        let session: StoredSession = serde_json::from_slice(&json).map_err(StorageError::new)?;
        let mut loaded = self.loaded.lock().unwrap();
        loaded.insert(*key, session.clone());
        Ok(Some(Arc::new(session)))
    }

    async fn commit(&self, key: &SessionKey, change: &Change) -> Result<Outcome> {
        let loaded = self.loaded.lock().unwrap().get(key).cloned();
        let Some(loaded) = loaded else {
            return Ok(Outcome::Gone);
        };
        match change.apply(&loaded) {
            Applied::Stored(next) => {
                let _ = fs::remove_file(self.path(key));
                self.write(change.new_key.as_ref().unwrap_or(key), &next)?;
                Ok(Outcome::Done)
            }
            Applied::Gone => Ok(Outcome::Gone),
            Applied::Changed => Ok(Outcome::Changed(Arc::new(loaded))),
        }
    }

    async fn touch(&self, _key: &SessionKey, _at: OffsetDateTime) -> Result<()> {
        Ok(())
    }

    async fn delete(&self, key: &SessionKey) -> Result<()> {
        let _ = fs::remove_file(self.path(key));
        Ok(())
    }

    async fn list_by_user(&self, _user: &str) -> Result<Vec<(SessionKey, Arc<StoredSession>)>> {
        Ok(Vec::new())
    }

    async fn delete_by_user(&self, _user: &str, _except: Option<&SessionKey>) -> Result<u64> {
        Ok(0)
    }

    async fn delete_expired(&self, _before: OffsetDateTime, _limit: usize) -> Result<u64> {
        Ok(0)
    }
}
