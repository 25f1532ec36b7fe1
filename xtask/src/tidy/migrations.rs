//! Migrations of both engines carry the same numbers and nouns, so that a database can be described by one number.

use std::collections::BTreeSet;

use super::{Finding, tree::Tree};

/// PostgreSQL's folder comes later than SQLite's; from then on they go in step.
pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    let sqlite = names(tree, "migrations/sqlite/");
    let postgres = names(tree, "migrations/postgres/");
    let mut findings = Vec::new();
    for (folder, names) in [
        ("migrations/sqlite", &sqlite),
        ("migrations/postgres", &postgres),
    ] {
        findings.extend(
            names
                .iter()
                .filter(|name| !is_well_named(name))
                .map(|name| {
                    Finding::new(
                        format!("{folder}/{name}"),
                        "a migration is called NNNN_noun.sql",
                    )
                }),
        );
        let mut numbers = BTreeSet::new();
        findings.extend(
            names
                .iter()
                .filter(|name| !numbers.insert(number(name)))
                .map(|name| {
                    Finding::new(
                        format!("{folder}/{name}"),
                        "another migration has this number",
                    )
                }),
        );
    }
    if !postgres.is_empty() {
        findings.extend(sqlite.symmetric_difference(&postgres).map(|name| {
            Finding::new(
                format!("migrations/*/{name}"),
                "there for one engine and not for the other",
            )
        }));
    }
    findings
}

fn names<'a>(tree: &'a Tree, folder: &str) -> BTreeSet<&'a str> {
    tree.files()
        .filter_map(|file| file.path.strip_prefix(folder))
        .filter(|name| name.ends_with(".sql"))
        .collect()
}

fn number(name: &str) -> &str {
    name.split_once('_').map_or(name, |(number, _)| number)
}

fn is_well_named(name: &str) -> bool {
    let Some((number, noun)) = name.trim_end_matches(".sql").split_once('_') else {
        return false;
    };
    number.len() == 4
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && !noun.is_empty()
        && noun
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte == b'_')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(paths: &[&str]) -> Vec<String> {
        let files: Vec<_> = paths.iter().map(|path| (*path, "")).collect();
        check(&Tree::of(&files))
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn one_engine_alone_and_two_in_step_pass() {
        assert_eq!(places(&["migrations/sqlite/0001_users.sql"]), [""; 0]);
        assert_eq!(
            places(&[
                "migrations/sqlite/0001_users.sql",
                "migrations/postgres/0001_users.sql"
            ]),
            [""; 0]
        );
    }

    #[test]
    fn a_migration_that_one_engine_lacks_is_found() {
        let paths = [
            "migrations/sqlite/0001_users.sql",
            "migrations/sqlite/0002_posts.sql",
            "migrations/postgres/0001_users.sql",
        ];
        assert_eq!(places(&paths), ["migrations/*/0002_posts.sql"]);
    }

    #[test]
    fn a_number_used_twice_and_a_name_without_number_are_found() {
        let paths = [
            "migrations/sqlite/0001_users.sql",
            "migrations/sqlite/0001_posts.sql",
            "migrations/sqlite/tags.sql",
        ];
        assert_eq!(
            places(&paths),
            [
                "migrations/sqlite/tags.sql",
                "migrations/sqlite/0001_users.sql"
            ]
        );
    }
}
