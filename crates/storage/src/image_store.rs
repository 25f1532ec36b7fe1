//! The bytes of pictures in an object store; a file is there whole and durable, or not at all, and never changes.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use gatepost_domain::picture::ImageFile;
use object_store::local::LocalFileSystem;
use object_store::{ObjectStore, ObjectStoreExt as _, PutMode};

use crate::error::Error;

/// Where pictures are kept. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ImageStore(Arc<dyn ObjectStore>);

impl ImageStore {
    /// Keeps pictures under a directory, which is made when there is none.
    pub fn local(directory: &Path) -> Result<Self, Error> {
        std::fs::create_dir_all(directory).map_err(Error::ImageDirectory)?;
        // With fsync on, `put` returns after the file and its directory have reached the disk.
        let files = LocalFileSystem::new_with_prefix(directory)?.with_fsync(true);
        Ok(Self(Arc::new(files)))
    }

    /// Returns when the bytes are durable. A file that is there already stays: its name says what it holds.
    pub async fn put(&self, file: &ImageFile, bytes: Bytes) -> Result<(), Error> {
        match self
            .0
            .put_opts(&place(file), bytes.into(), PutMode::Create.into())
            .await
        {
            Ok(_) | Err(object_store::Error::AlreadyExists { .. }) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// `None`: there is no such file.
    pub async fn get(&self, file: &ImageFile) -> Result<Option<Bytes>, Error> {
        match self.0.get(&place(file)).await {
            Ok(found) => Ok(Some(found.bytes().await?)),
            Err(object_store::Error::NotFound { .. }) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// 256 directories, so that none grows too long to look at.
fn place(file: &ImageFile) -> object_store::path::Path {
    let name = file.to_string();
    object_store::path::Path::from_iter([&name[..2], name.as_str()])
}
