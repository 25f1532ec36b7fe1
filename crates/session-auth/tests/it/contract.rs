//! The contract suite over the storages of this crate, and over the control that must break it.

use session_auth::{
    MemoryStorage,
    testing::{NaiveStorage, contract},
};

#[tokio::test]
async fn memory_keeps_the_contract() {
    contract(async |_| MemoryStorage::new()).await;
}

/// The suite itself asserts that every promise the naive storage does not make is seen to break.
#[tokio::test]
async fn the_naive_storage_breaks_the_promises_it_does_not_make() {
    contract(async |_| NaiveStorage::new()).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    contract(async |name| super::sqlite::open(&directory.path().join(name)).await).await;
}

#[cfg(feature = "sqlite")]
#[tokio::test]
async fn sqlite_kept_in_memory_keeps_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    contract(async |name| super::single_process::open(&directory.path().join(name)).await).await;
}

#[cfg(all(feature = "encrypted-cookie", feature = "sqlite"))]
#[tokio::test]
async fn cookies_that_sqlite_revokes_keep_the_contract() {
    let directory = tempfile::tempdir().unwrap();
    contract(async |name| {
        let ledger = super::sqlite::open(&directory.path().join(name)).await;
        super::revocable::encrypted(ledger)
    })
    .await;
}
