//! Rules about single files: every module says what it is for, a file is named after a noun, and nothing in the
//! repository knows the machine it was written on.

use super::{
    Finding,
    tree::{File, Tree},
};

/// Names that say nothing about what is inside, so that everything ends up there.
const EMPTY_NAMES: &[&str] = &[
    "util", "utils", "helper", "helpers", "common", "manager", "misc",
];

/// Hosts of package registries. Written in two halves: this file is judged as well.
const REGISTRIES: &[&str] = &[
    concat!("crates", ".io"),
    concat!("npmjs", ".org"),
    concat!("npmjs", ".com"),
    concat!("pypi", ".org"),
];

/// Directories that exist on one machine only, in two halves for the same reason.
const MACHINE_PATHS: &[&str] = &[
    concat!("/ro", "ot/"),
    concat!("/ho", "me/"),
    concat!("/Us", "ers/"),
    concat!("/wo", "rk/"),
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .flat_map(|file| {
            opening(file)
                .into_iter()
                .chain(name(file))
                .chain(re_exports(file))
                .chain(places(file))
        })
        .collect()
}

fn opening(file: &File) -> Option<Finding> {
    let text = file
        .text
        .as_deref()
        .filter(|_| file.path.ends_with(".rs"))?;
    let first = text.lines().next().unwrap_or_default();
    let says_something = first
        .strip_prefix("//!")
        .is_some_and(|rest| !rest.trim().is_empty());
    (!says_something).then(|| {
        Finding::new(
            &file.path,
            "open with `//!` and a sentence: what it is for, what always holds",
        )
    })
}

/// The names are checked on what people write: sources, styles, scripts and templates.
fn name(file: &File) -> Option<Finding> {
    let (folders, last) = file.path.rsplit_once('/').unwrap_or(("", &file.path));
    let (stem, extension) = last.rsplit_once('.')?;
    let ours = ["rs", "css", "js", "html", "sql"].contains(&extension);
    let empty = |name: &str| EMPTY_NAMES.contains(&name);
    (ours && (empty(stem) || folders.split('/').any(empty))).then(|| {
        Finding::new(
            &file.path,
            "named after nothing: put it beside the type it serves",
        )
    })
}

/// A name has one path, and a reader finds it by searching for the name.
fn re_exports(file: &File) -> Vec<Finding> {
    let lines = file
        .text
        .as_deref()
        .filter(|_| file.path.ends_with(".rs"))
        .unwrap_or_default()
        .lines();
    let glob = |line: &str| {
        let line = line.trim();
        line.starts_with("pub") && line.contains("use ") && line.ends_with("::*;")
    };
    lines
        .zip(1..)
        .filter(|(line, _)| glob(line))
        .map(|(_, number)| {
            Finding::new(
                format!("{}:{number}", file.path),
                "re-exports everything: name what it is",
            )
        })
        .collect()
}

fn places(file: &File) -> Vec<Finding> {
    // Cargo writes its registry into every entry of the lock file.
    let Some(text) = file
        .text
        .as_deref()
        .filter(|_| !file.path.ends_with("Cargo.lock"))
    else {
        return Vec::new();
    };
    let mut findings = Vec::new();
    for (number, line) in text.lines().enumerate() {
        let place = || format!("{}:{}", file.path, number + 1);
        if let Some(host) = REGISTRIES.iter().find(|host| line.contains(**host)) {
            findings.push(Finding::new(place(), format!("names the registry {host}")));
        }
        if let Some(path) = MACHINE_PATHS.iter().find(|path| starts_a_path(line, path)) {
            findings.push(Finding::new(
                place(),
                format!("names a directory of one machine, {path}…"),
            ));
        }
    }
    findings
}

/// The start of a path counts; the middle of another path, or of an address, does not.
fn starts_a_path(line: &str, path: &str) -> bool {
    line.match_indices(path).any(|(at, _)| {
        let before = line[..at].chars().next_back();
        before.is_none_or(|before| !(before.is_alphanumeric() || "/._-~}".contains(before)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(path: &str, text: &str) -> Vec<String> {
        check(&Tree::of(&[(path, text)]))
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn a_module_that_says_what_it_is_for_passes() {
        assert_eq!(
            found(
                "src/slug.rs",
                "//! Slugs: never digits only.\n\nstruct Slug;\n"
            ),
            [""; 0]
        );
    }

    #[test]
    fn a_module_without_a_sentence_at_its_top_is_found() {
        for text in [
            "",
            "struct Slug;\n",
            "//!\n",
            "// Slugs.\n",
            "\n//! Slugs, a line too late.\n",
        ] {
            assert_eq!(found("src/slug.rs", text), ["src/slug.rs"], "{text:?}");
        }
        assert_eq!(
            found("static/app.css", "body {}"),
            [""; 0],
            "the rule is for modules"
        );
    }

    #[test]
    fn a_file_or_folder_named_after_nothing_is_found() {
        for path in [
            "src/utils.rs",
            "src/common/slug.rs",
            "static/misc.css",
            "templates/helpers.html",
        ] {
            assert_eq!(found(path, "//! Words."), [path]);
        }
        assert_eq!(found("src/manager_of_none.rs", "//! Words."), [""; 0]);
    }

    #[test]
    fn a_re_export_names_what_it_exports() {
        let module = |line: &str| found("src/post.rs", &format!("//! Posts.\n{line}\n"));
        assert_eq!(module("pub(crate) use slug::*;"), ["src/post.rs:2"]);
        assert_eq!(module("pub use slug::Slug;"), [""; 0]);
        assert_eq!(
            module("use super::*;"),
            [""; 0],
            "a test sees all of what it tests"
        );
    }

    #[test]
    fn a_registry_is_named_nowhere_but_in_the_lock_file() {
        let text = format!("see {}", REGISTRIES[0]);
        assert_eq!(found("README.md", &text), ["README.md:1"]);
        assert_eq!(found("Cargo.lock", &text), [""; 0]);
        assert_eq!(found("benches/peers/Cargo.lock", &text), [""; 0]);
    }

    #[test]
    fn a_directory_of_one_machine_is_found_and_an_address_that_looks_like_one_is_not() {
        for path in MACHINE_PATHS {
            assert_eq!(
                found("notes.md", &format!("\nlies in `{path}x`")),
                ["notes.md:2"]
            );
            assert_eq!(
                found("notes.md", &format!("https://example.org{path}x")),
                [""; 0]
            );
        }
    }
}
