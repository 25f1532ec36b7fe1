//! The bytes of pictures in an object store; a file is there whole and durable, or not at all, and never changes.
//!
//! Invariant: within this process, nobody forgets a picture while somebody keeps one.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use gatepost_domain::picture::ImageFile;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};

use tokio::sync::{RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::error::Error;

/// Where pictures are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ImageStore {
    files: Arc<dyn ObjectStore>,
    turn: Arc<RwLock<()>>,
}

impl ImageStore {
    /// Keeps pictures under a directory, which is made when there is none.
    pub fn local(directory: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(directory).map_err(Error::ImageDirectory)?;
        // With fsync on, `put` returns after the file and its directory have reached the disk.
        let files = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self {
            files: Arc::new(files),
            turn: Arc::default(),
        })
    }

    /// Returns when the bytes are durable. A file that is there already stays: its name says what it holds.
    pub async fn put(&self, file: &ImageFile, bytes: Bytes) -> Result<(), Error> {
        match self
            .files
            .put_opts(&place(file), bytes.into(), PutMode::Create.into())
            .await
        {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// `None`: there is no such file.
    pub async fn get(&self, file: &ImageFile) -> Result<Option<Bytes>, Error> {
        match self.files.get(&place(file)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }

    /// Whether there is such a file.
    pub async fn has(&self, file: &ImageFile) -> Result<bool, Error> {
        match self.files.head(&place(file)).await {
            Ok(_) => Ok(true),
            Err(object_store::Error::NotFound { .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// It is well when there is no such file.
    pub(crate) async fn delete(&self, file: &ImageFile) -> Result<(), Error> {
        match self.files.delete(&place(file)).await {
            Ok(()) | Err(object_store::Error::NotFound { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    pub(crate) async fn keeping(&self) -> RwLockReadGuard<'_, ()> {
        self.turn.read().await
    }

    pub(crate) async fn forgetting(&self) -> RwLockWriteGuard<'_, ()> {
        self.turn.write().await
    }
}

/// 256 directories, so that none grows too long to look at.
fn place(file: &ImageFile) -> object_store::path::Path {
    let name = file.to_string();
    object_store::path::Path::from_iter([&name[..2], name.as_str()])
}
