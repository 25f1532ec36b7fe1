//! What somebody looks for: whatever was typed and whatever was written, the index finds what has the words, and nothing
//! else.

use std::sync::LazyLock;

use gatepost_domain::search::Query;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};

use crate::Db;
use crate::engine::Tx;
use crate::inputs::fuzz;
use crate::search::changed;

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
        .block_on(async {
            let db = Db::open(&path, || time::OffsetDateTime::UNIX_EPOCH).await?;
            let (_, write) = db.sqlite_pools().expect("SQLite");
            sqlx::raw_sql(POSTS).execute(&write).await.expect("posts");
            Ok::<_, crate::OpenError>(db)
        })
        .expect("a database");
    (runtime, db, directory)
});

/// Titles and names are found as well, so they are a word that nobody types.
const POSTS: &str = "
    insert into users (id, username, username_key, display_name, role, created_at) values (1, 'zqxw7', 'zqxw7', 'Zqxw7', 'owner', 1);
    insert into posts (id, title, text, status, visibility, owner, last_editor, revision, published_at, created_at, updated_at)
    values (1, 'Zqxw7', '', 'published', 'public', 1, 1, 1, 1, 1, 1), (2, 'Zqxw7', '', 'published', 'public', 1, 1, 1, 1, 1, 1);
    insert into slugs (slug, post, is_current, created_at) values ('one', 1, 1, 1), ('two', 2, 1, 1)";

/// What another post says: some of the saved inputs have its words.
const FIXED: &str = "Flat calm at sea; \u{201c}東京\u{201d} and мир, e\u{301}clairs, ガラス.";

#[test]
fn any_query_finds_what_has_its_words() {
    fuzz("search", search);
}

fn search(input: &[u8]) {
    let typed = String::from_utf8_lossy(input);
    let typed: String = typed.chars().take(Query::MAX_CHARS).collect();
    let query = Query::parse(&typed);
    assert!(query.terms().len() <= Query::MAX_TERMS);
    for mark in query.marks(&typed) {
        assert!(!typed[mark].is_empty());
    }
    let (runtime, db, _) = &*SITE;
    let (posts, results) = runtime.block_on(async {
        let posts = [(1, typed.as_str()), (2, FIXED)];
        let mut tx = db.begin().await.expect("a transaction");
        for (post, text) in posts {
            let Tx::Sqlite(sqlite) = &mut tx else {
                unreachable!()
            };
            let statement = sqlx::query("update posts set text = $2 where id = $1");
            let statement = statement.bind(post).bind(text);
            statement.execute(&mut **sqlite).await.expect("a text");
            changed(&mut tx, post).await.expect("a note");
        }
        tx.commit().await.expect("a commit");
        (
            posts,
            db.search().find(&query, 0, 20).await.expect("an answer"),
        )
    });
    let mut found: Vec<i64> = results.hits.iter().map(|it| it.post.id.0).collect();
    found.sort_unstable();
    let mut having = Vec::new();
    for (post, text) in posts {
        if !query.is_empty() && query.terms_in(text) == query.terms().len() {
            having.push(post);
        }
    }
    assert_eq!(found, having, "{typed:?}");
    assert!(
        query.is_empty() || having.contains(&1),
        "{typed:?} is found as it was typed"
    );
}
