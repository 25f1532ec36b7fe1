//! What somebody gets who adds the library and asks for no feature: no database driver, no TLS, no template engine and no
//! native code.

use anyhow::Result;

use super::Finding;
use crate::command::{cargo, output};

const LIBRARY: &str = "gatepost-session-auth";

/// Names of packages, each also as the beginning of longer ones: `sqlx` stands for `sqlx-core`, too.
const HEAVY: &[&str] = &[
    "sqlx",
    "libsqlite3-sys",
    "redis",
    "rustls",
    "native-tls",
    "openssl",
    "aws-lc",
    "ring",
    "minijinja",
    "argon2",
    "cc",
];

/// The packages beneath the library as it comes, a line each: the name and the version.
pub(super) fn tree() -> Result<String> {
    output(
        cargo()
            .args(["tree", "--locked", "-p", LIBRARY, "--prefix", "none"])
            .args(["--edges", "normal,build"]),
    )
}

pub(super) fn check(tree: &str) -> Vec<Finding> {
    let names = tree.lines().filter_map(|line| line.split(' ').next());
    let mut heavy: Vec<&str> = names.filter(|name| is_heavy(name)).collect();
    heavy.sort_unstable();
    heavy.dedup();
    let finding = |name| {
        Finding::new(
            LIBRARY,
            format!("its default features bring {name}: put it behind a feature"),
        )
    };
    heavy.into_iter().map(finding).collect()
}

fn is_heavy(name: &str) -> bool {
    HEAVY.iter().any(|heavy| {
        let rest = name.strip_prefix(heavy);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('-'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_driver_among_the_default_dependencies_is_found_and_a_longer_word_is_none() {
        let tree = "gatepost-session-auth v0.1.0\nsqlx-core v0.9.0\nringbuf v1.0.0\nsqlx-core v0.9.0 (*)\nrustls v0.23.0\n";
        let found: Vec<String> = check(tree)
            .into_iter()
            .map(|finding| finding.what)
            .collect();
        assert_eq!(found.len(), 2, "{found:?}");
        assert!(found[0].contains("rustls") && found[1].contains("sqlx-core"));
        assert!(check("axum v0.8.9\nsha2 v0.11.1\n").is_empty());
    }
}
