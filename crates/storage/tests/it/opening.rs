//! Opening SQLite: what is refused and how, what is migrated, and what is copied aside before.

use std::path::Path;

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::picture::ImageHash;
use gatepost_domain::post::Stage;
use gatepost_domain::role::Role;
use gatepost_storage::{Db, Error, OpenError};
use sqlx::migrate::Migrator;
use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection as _, SqliteConnection, query, query_scalar};

use crate::support::{clock, create, edit, fresh, person};

async fn raw(path: &Path) -> SqliteConnection {
    let options = SqliteConnectOptions::new()
        .filename(path)
        .create_if_missing(true)
        .busy_timeout(std::time::Duration::ZERO);
    SqliteConnection::connect_with(&options).await.unwrap()
}

async fn refused(path: &Path) -> OpenError {
    match Db::open(path, clock).await {
        Ok(_) => panic!("{} was opened", path.display()),
        Err(error) => error,
    }
}

#[tokio::test]
async fn a_database_is_opened_again_with_everything_in_it() {
    let fresh = fresh().await;
    let alice = person(&fresh, "alice", Role::Owner).await;
    fresh.close().await;
    let again = Db::open(&fresh.path(), clock).await.unwrap();
    assert_eq!(again.users().list().await.unwrap(), [alice]);
    assert!(again.ping().await.is_ok());
    let snapshots = files(fresh.directory.path(), ".before-");
    assert!(
        snapshots.is_empty(),
        "nothing changed, nothing was copied: {snapshots:?}"
    );
}

#[tokio::test]
async fn the_writer_and_the_readers_are_tuned_as_a_server_needs_it() {
    let fresh = fresh().await;
    let (read, write) = fresh.sqlite_pools().unwrap();
    assert_eq!(write.options().get_max_connections(), 1, "one writer");
    assert!(
        !read.options().get_test_before_acquire() && !write.options().get_test_before_acquire()
    );
    for (pragma, reader, writer) in [
        ("pragma journal_mode", "wal", "wal"),
        ("pragma synchronous", "2", "2"),
        ("pragma foreign_keys", "1", "1"),
        ("pragma query_only", "1", "0"),
        ("pragma busy_timeout", "5000", "5000"),
    ] {
        for (pool, wanted) in [(&read, reader), (&write, writer)] {
            let row = query(pragma).fetch_one(pool).await.unwrap();
            let value = sqlx::Row::try_get::<String, _>(&row, 0)
                .or_else(|_| sqlx::Row::try_get::<i64, _>(&row, 0).map(|number| number.to_string()))
                .unwrap();
            assert_eq!(value, wanted, "{pragma}");
        }
    }
}

#[tokio::test]
async fn a_reader_can_t_write_and_the_error_says_that_nothing_can() {
    let fresh = fresh().await;
    let (read, _) = fresh.sqlite_pools().unwrap();
    let error = Error::from(query("delete from users").execute(&read).await.unwrap_err());
    assert!(error.is_read_only() && !error.is_busy(), "{error:?}");
}

#[tokio::test]
async fn a_locked_database_is_busy_and_not_read_only() {
    let fresh = fresh().await;
    let (_, write) = fresh.sqlite_pools().unwrap();
    let held = write.begin_with("begin immediate").await.unwrap();
    let error = query("begin immediate")
        .execute(&mut raw(&fresh.path()).await)
        .await
        .unwrap_err();
    let error = Error::from(error);
    assert!(error.is_busy() && !error.is_read_only(), "{error:?}");
    held.rollback().await.unwrap();
    assert!(
        query("begin immediate")
            .execute(&mut raw(&fresh.path()).await)
            .await
            .is_ok(),
        "control"
    );
}

#[tokio::test]
async fn reading_goes_on_while_somebody_writes() {
    let fresh = fresh().await;
    let alice = person(&fresh, "alice", Role::Owner).await;
    let (_, write) = fresh.sqlite_pools().unwrap();
    let held = write.begin_with("begin immediate").await.unwrap();
    assert_eq!(fresh.users().find(alice.id).await.unwrap(), Some(alice));
    held.rollback().await.unwrap();
}

#[tokio::test]
async fn a_file_that_is_no_database_is_called_damaged_and_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gatepost.db");
    let garbage = "this is no database ".repeat(1_000);
    std::fs::write(&path, &garbage).unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::Corrupt { .. }), "{error:?}");
    assert!(error.to_string().contains("gatepost.db"));
    assert_eq!(std::fs::read_to_string(&path).unwrap(), garbage);
}

#[tokio::test]
async fn a_directory_that_can_t_be_written_is_named() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("file");
    std::fs::write(&file, "").unwrap();
    for path in [
        file.join("gatepost.db"),
        directory.path().join("missing/gatepost.db"),
    ] {
        let error = refused(&path).await;
        assert!(matches!(error, OpenError::Unwritable { .. }), "{error:?}");
    }
    std::fs::create_dir(directory.path().join("gatepost.db")).unwrap();
    let error = refused(&directory.path().join("gatepost.db")).await;
    assert!(matches!(error, OpenError::CantOpen { .. }), "{error:?}");
}

#[tokio::test]
async fn a_database_of_a_newer_program_is_refused_with_a_sentence() {
    let fresh = fresh().await;
    let (_, write) = fresh.sqlite_pools().unwrap();
    query(
        "insert into _sqlx_migrations values (9999, 'future', current_timestamp, true, x'00', 0)",
    )
    .execute(&write)
    .await
    .unwrap();
    fresh.close().await;
    let error = refused(&fresh.path()).await;
    let newest = *migrations().last().unwrap();
    assert!(
        matches!(error, OpenError::Newer { found: 9999, known, .. } if known == newest),
        "{error:?}"
    );
    assert!(error.to_string().contains("newer gatepost"), "{error}");
}

#[tokio::test]
async fn a_migration_that_was_altered_afterwards_is_refused() {
    let fresh = fresh().await;
    let (_, write) = fresh.sqlite_pools().unwrap();
    query("update _sqlx_migrations set checksum = x'00' where version = 2")
        .execute(&write)
        .await
        .unwrap();
    fresh.close().await;
    let error = refused(&fresh.path()).await;
    assert!(
        matches!(error, OpenError::Altered { number: 2, .. }),
        "{error:?}"
    );
}

/// The numbers of the migrations there are.
fn migrations() -> Vec<i64> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let names = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name());
    let mut numbers: Vec<i64> = names
        .map(|name| name.to_str().unwrap()[..4].parse().unwrap())
        .collect();
    numbers.sort_unstable();
    numbers
}

/// The database as a program left it that knew only the migrations up to `last`.
async fn older(path: &Path, last: i64) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
    let all = Migrator::new(folder).await.unwrap();
    let some = all
        .iter()
        .filter(|migration| migration.version <= last)
        .cloned()
        .collect();
    let mut connection = raw(path).await;
    Migrator::with_migrations(some)
        .run(&mut connection)
        .await
        .unwrap();
    query("insert into users (username, username_key, display_name, role, created_at) values ('old', 'old', 'Old', 'owner', 0)")
        .execute(&mut connection)
        .await
        .unwrap();
    connection.close().await.unwrap();
}

fn files(directory: &Path, part: &str) -> Vec<String> {
    let names = std::fs::read_dir(directory)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap());
    names.filter(|name| name.contains(part)).collect()
}

#[tokio::test]
async fn an_older_database_is_copied_aside_and_brought_up_to_date() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gatepost.db");
    older(&path, 2).await;

    let db = Db::open(&path, clock).await.unwrap();
    let old = db.users().list().await.unwrap().remove(0);
    create(&db, &edit(&old, "After the change")).await;

    assert_eq!(
        files(directory.path(), ".before-"),
        ["gatepost.db.before-0003"]
    );
    let mut snapshot = raw(&directory.path().join("gatepost.db.before-0003")).await;
    let names: Vec<String> = query_scalar("select username from users")
        .fetch_all(&mut snapshot)
        .await
        .unwrap();
    assert_eq!(names, ["old"], "what was there is in the copy");
    let tables: i64 = query_scalar("select count(*) from sqlite_master where name = 'images'")
        .fetch_one(&mut snapshot)
        .await
        .unwrap();
    assert_eq!(tables, 0, "and the copy is older than the change");
}

#[tokio::test]
async fn of_the_newest_save_of_an_older_database_pictures_and_moment_are_known() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gatepost.db");
    older(&path, 12).await;
    let mut before = raw(&path).await;
    for sql in [
        "insert into posts (id, title, text, status, visibility, owner, last_editor, revision, publish_at, created_at, updated_at)
         values (1, 'Old', 'x', 'draft', 'public', 1, 1, 2, 86400000, 0, 0)",
        "insert into slugs (slug, post, is_current, created_at) values ('old', 1, 1, 0)",
        "insert into revisions (post, number, person, saved_at, title, text, stage)
         values (1, 1, 1, 0, 'Old', 'x', 'scheduled'), (1, 2, 1, 0, 'Old', 'x', 'scheduled')",
        "insert into images (id, hash, created_at) values (1, zeroblob(32), 0), (2, randomblob(32), 0)",
        "insert into post_images (post, position, image, alt, decorative)
         values (1, 1, 1, 'A \"lake\"', 0), (1, 0, 2, '', 1)",
    ] {
        query(sql).execute(&mut before).await.unwrap();
    }
    before.close().await.unwrap();

    let db = Db::open(&path, clock).await.unwrap();
    let revision = async |number| {
        let found = db.revisions().find(PostId(1), RevisionNo(number)).await;
        found.unwrap().expect("it is there")
    };
    let (old, newest) = (revision(1).await, revision(2).await);
    assert_eq!((old.whole_stage(), old.pictures), (None, None));
    let at = time::OffsetDateTime::UNIX_EPOCH + time::Duration::DAY;
    assert_eq!(newest.whole_stage(), Some(Stage::Scheduled(at)));
    let pictures = newest.pictures.expect("they stand with the post");
    let said: Vec<_> = pictures
        .iter()
        .map(|it| (it.alt.as_str(), it.decorative))
        .collect();
    assert_eq!(said, [("", true), ("A \"lake\"", false)]);
    assert_eq!(pictures[1].hash, ImageHash::new([0; 32]));
}

#[tokio::test]
async fn an_older_database_that_can_t_be_copied_aside_is_not_changed() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gatepost.db");
    older(&path, 2).await;
    let in_the_way = directory.path().join("gatepost.db.before-0003");
    std::fs::create_dir_all(in_the_way.join("full")).unwrap();
    let error = refused(&path).await;
    assert!(matches!(error, OpenError::Snapshot { .. }), "{error:?}");
    let newest: i64 = query_scalar("select max(version) from _sqlx_migrations")
        .fetch_one(&mut raw(&path).await)
        .await
        .unwrap();
    assert_eq!(newest, 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn four_processes_that_start_at_once_make_the_tables_once() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("gatepost.db");
    let starts: [_; 4] = std::array::from_fn(|_| {
        let path = path.clone();
        tokio::spawn(async move {
            let db = Db::open(&path, clock).await?;
            db.close().await;
            Ok::<_, OpenError>(())
        })
    });
    for start in starts {
        start.await.unwrap().unwrap();
    }
    let count: i64 = query_scalar("select count(*) from _sqlx_migrations")
        .fetch_one(&mut raw(&path).await)
        .await
        .unwrap();
    assert_eq!(usize::try_from(count).unwrap(), migrations().len());
}
