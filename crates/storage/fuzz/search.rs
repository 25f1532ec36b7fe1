//! What somebody looks for: whatever was typed, the index answers, and what it finds has the words.

use std::sync::LazyLock;

use gatepost_domain::search::Query;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::Db;
use crate::inputs::fuzz;

/// Its thread outlives every input, as the pool of the database does.
static SITE: LazyLock<(Runtime, Db, TempDir)> = LazyLock::new(|| {
    let runtime = Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .expect("a runtime");
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("search.db");
    let db = runtime
        .block_on(Db::open(&path, || time::OffsetDateTime::UNIX_EPOCH))
        .expect("a database");
    (runtime, db, directory)
});

#[test]
fn any_query_is_answered() {
    fuzz("search", query);
}

fn query(input: &[u8]) {
    let typed = String::from_utf8_lossy(input);
    let query = Query::parse(&typed);
    assert!(query.terms().len() <= Query::MAX_TERMS);
    for mark in query.marks(&typed) {
        assert!(!typed[mark].is_empty());
    }
    let (runtime, db, _) = &*SITE;
    let found = runtime
        .block_on(db.search().find(&query, 0, 20))
        .expect("an answer");
    assert_eq!(found.found, 0, "nothing was written here");
}
