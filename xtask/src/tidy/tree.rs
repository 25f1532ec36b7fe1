//! The files of a checkout: those that git tracks or would, never what was built or written by a running blog.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result};

use crate::command::output;

pub(super) struct Tree {
    files: Vec<File>,
}

/// A file's path below the root, with forward slashes, and its text; None when it is not text.
pub(super) struct File {
    pub(super) path: String,
    pub(super) text: Option<String>,
}

impl Tree {
    /// Asks git for the list; a copy of the sources without git's directory is walked instead.
    pub(super) fn read(root: &Path) -> Result<Self> {
        let listed = output(Command::new("git").current_dir(root).args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ]));
        let mut paths = match listed {
            Ok(list) => list
                .split('\0')
                .filter(|path| !path.is_empty())
                .map(String::from)
                .collect(),
            Err(_) => {
                let mut paths = Vec::new();
                walk(root, "", &mut paths)?;
                paths
            }
        };
        paths.sort();
        // A file that git tracks and somebody has just deleted is not there to be judged; a symlink is judged where
        // it leads.
        paths.retain(|path| {
            std::fs::symlink_metadata(root.join(path)).is_ok_and(|meta| meta.is_file())
        });
        let files = paths.into_iter().map(|path| {
            let bytes = std::fs::read(root.join(&path)).with_context(|| path.clone())?;
            Ok(File {
                path,
                text: String::from_utf8(bytes).ok(),
            })
        });
        Ok(Self {
            files: files.collect::<Result<_>>()?,
        })
    }

    pub(super) fn files(&self) -> impl Iterator<Item = &File> {
        self.files.iter()
    }

    pub(super) fn contains(&self, path: &str) -> bool {
        self.files.iter().any(|file| file.path == path)
    }

    /// A tree that exists only in a test.
    #[cfg(test)]
    pub(super) fn of(files: &[(&str, &str)]) -> Self {
        let files = files.iter().map(|(path, text)| File {
            path: (*path).into(),
            text: Some((*text).into()),
        });
        Self {
            files: files.collect(),
        }
    }
}

fn walk(root: &Path, below: &str, paths: &mut Vec<String>) -> Result<()> {
    for entry in std::fs::read_dir(root.join(below))? {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() {
            name.clone()
        } else {
            format!("{below}/{name}")
        };
        if entry.file_type()?.is_dir() {
            if name != "target" && name != ".git" && !name.starts_with("gatepost-data") {
                walk(root, &path, paths)?;
            }
        } else {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_copy_without_git_is_walked_and_what_was_built_is_left_out() -> Result<()> {
        let copy = tempfile::tempdir()?;
        for path in [
            "Cargo.lock",
            "src/lib.rs",
            "target/debug/build.rs",
            "gatepost-data/gatepost.toml",
        ] {
            let path = copy.path().join(path);
            std::fs::create_dir_all(path.parent().expect("below the root"))?;
            std::fs::write(path, "text")?;
        }
        let tree = Tree::read(copy.path())?;
        let paths: Vec<&str> = tree.files().map(|file| file.path.as_str()).collect();
        assert_eq!(paths, ["Cargo.lock", "src/lib.rs"]);
        Ok(())
    }
}
