//! Brings the tables of an SQLite file up to date; what was there is copied aside before anything of it changes.

use std::path::{Path, PathBuf};

use sqlx::migrate::{Migrate as _, MigrateError, Migration, MigrationType, Migrator};
use sqlx::{SqlSafeStr as _, SqlitePool};

use crate::error::OpenError;
use crate::sqlite::beside;

/// In order. A test compares this list with the folder.
const MIGRATIONS: [(i64, &str, &str); 16] = [
    (
        1,
        "people",
        include_str!("../migrations/sqlite/0001_people.sql"),
    ),
    (
        2,
        "posts",
        include_str!("../migrations/sqlite/0002_posts.sql"),
    ),
    (
        3,
        "images",
        include_str!("../migrations/sqlite/0003_images.sql"),
    ),
    (
        4,
        "settings",
        include_str!("../migrations/sqlite/0004_settings.sql"),
    ),
    (
        5,
        "writing",
        include_str!("../migrations/sqlite/0005_writing.sql"),
    ),
    (
        6,
        "search",
        include_str!("../migrations/sqlite/0006_search.sql"),
    ),
    (
        7,
        "parked",
        include_str!("../migrations/sqlite/0007_parked.sql"),
    ),
    (
        8,
        "lists",
        include_str!("../migrations/sqlite/0008_lists.sql"),
    ),
    (
        9,
        "headings",
        include_str!("../migrations/sqlite/0009_headings.sql"),
    ),
    (
        10,
        "held",
        include_str!("../migrations/sqlite/0010_held.sql"),
    ),
    (
        11,
        "trash",
        include_str!("../migrations/sqlite/0011_trash.sql"),
    ),
    (
        12,
        "turns",
        include_str!("../migrations/sqlite/0012_turns.sql"),
    ),
    (
        13,
        "folded",
        include_str!("../migrations/sqlite/0013_folded.sql"),
    ),
    (
        14,
        "stills",
        include_str!("../migrations/sqlite/0014_stills.sql"),
    ),
    (
        15,
        "revisions",
        include_str!("../migrations/sqlite/0015_revisions.sql"),
    ),
    (
        16,
        "weights",
        include_str!("../migrations/sqlite/0016_weights.sql"),
    ),
];

fn migrator() -> Migrator {
    let migrations = MIGRATIONS.map(|(number, noun, sql)| {
        Migration::new(
            number,
            noun.into(),
            MigrationType::Simple,
            sql.into_sql_str(),
            false,
        )
    });
    Migrator::with_migrations(migrations.into())
}

/// Runs what is missing. The caller holds the file lock.
pub(crate) async fn run(writer: &SqlitePool, path: &Path) -> Result<(), OpenError> {
    let migrator = migrator();
    let known = migrator
        .iter()
        .map(|migration| migration.version)
        .max()
        .unwrap_or(0);
    if let Some(found) = newest_applied(writer, path, &migrator).await? {
        if found > known {
            return Err(OpenError::Newer {
                path: path.to_owned(),
                found,
                known,
            });
        }
        if found < known {
            snapshot(writer, path, found).await?;
        }
    }
    migrator.run(writer).await.map_err(|error| match error {
        MigrateError::VersionMismatch(number) => OpenError::Altered {
            path: path.to_owned(),
            number,
        },
        source => OpenError::Migration {
            path: path.to_owned(),
            source,
        },
    })
}

/// The number of the last migration the file has had; `None` for a new file.
async fn newest_applied(
    writer: &SqlitePool,
    path: &Path,
    migrator: &Migrator,
) -> Result<Option<i64>, OpenError> {
    let failed = |source| match source {
        MigrateError::Execute(source) => OpenError::of_file(path, source),
        source => OpenError::Migration {
            path: path.to_owned(),
            source,
        },
    };
    let mut connection = writer
        .acquire()
        .await
        .map_err(|source| OpenError::of_file(path, source))?;
    connection
        .ensure_migrations_table(&migrator.table_name)
        .await
        .map_err(failed)?;
    let applied = connection
        .list_applied_migrations(&migrator.table_name)
        .await
        .map_err(failed)?;
    Ok(applied.iter().map(|migration| migration.version).max())
}

/// `gatepost.db.before-0005`: the whole database as the program that knew four migrations left it.
async fn snapshot(writer: &SqlitePool, path: &Path, last: i64) -> Result<(), OpenError> {
    let snapshot = beside(path, &format!(".before-{:04}", last + 1));
    match copy(writer, &snapshot).await {
        Ok(()) => {
            tracing::info!(snapshot = %snapshot.display(), "copied the database before changing its tables");
            Ok(())
        }
        Err(source) => Err(OpenError::Snapshot {
            path: path.to_owned(),
            snapshot,
            source,
        }),
    }
}

async fn copy(
    writer: &SqlitePool,
    snapshot: &Path,
) -> Result<(), Box<dyn std::error::Error + Send + Sync>> {
    let unfinished = beside(snapshot, ".unfinished");
    let name = unfinished.to_str().ok_or("the path is not Unicode")?;
    match std::fs::remove_file(&unfinished) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    sqlx::query("vacuum into $1")
        .bind(name)
        .execute(writer)
        .await?;
    let snapshot = snapshot.to_owned();
    tokio::task::spawn_blocking(move || publish(&unfinished, &snapshot)).await??;
    Ok(())
}

/// Gives a finished copy its name, durably: `vacuum into` itself does not wait for the disk.
fn publish(unfinished: &Path, snapshot: &PathBuf) -> std::io::Result<()> {
    std::fs::File::open(unfinished)?.sync_all()?;
    std::fs::rename(unfinished, snapshot)?;
    match snapshot
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty())
    {
        Some(directory) if cfg!(unix) => std::fs::File::open(directory)?.sync_all(),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_of_the_folder_is_embedded_under_its_number() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations/sqlite");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        files.sort();
        let embedded = MIGRATIONS.map(|(number, noun, _)| format!("{number:04}_{noun}.sql"));
        assert_eq!(files, embedded);
    }
}
