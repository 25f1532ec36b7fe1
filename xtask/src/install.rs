//! Programs that tests and benches need and cargo does not bring. One that is missing is installed with apt where we
//! may, and is otherwise an error that names the command to type; nothing is ever left out because of it.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use anyhow::{Result, bail};

use crate::command::{output, run};

/// A program and the Debian package that brings it.
#[derive(Clone, Copy)]
pub(crate) struct Program {
    name: &'static str,
    package: &'static str,
}

pub(crate) const CHROMIUM: Program = Program {
    name: "chromium",
    package: "chromium",
};
pub(crate) const CHROMEDRIVER: Program = Program {
    name: "chromedriver",
    package: "chromium-driver",
};
pub(crate) const REDIS: Program = Program {
    name: "redis-server",
    package: "redis-server",
};
pub(crate) const POSTGRES: Program = Program {
    name: "postgres",
    package: "postgresql",
};
pub(crate) const INITDB: Program = Program {
    name: "initdb",
    package: "postgresql",
};
pub(crate) const CREATEDB: Program = Program {
    name: "createdb",
    package: "postgresql",
};
pub(crate) const WRK: Program = Program {
    name: "wrk",
    package: "wrk",
};
pub(crate) const TASKSET: Program = Program {
    name: "taskset",
    package: "util-linux",
};

/// Where the program is, after installing it if need be.
pub(crate) fn find(program: Program) -> Result<PathBuf> {
    ensure(&[program])?;
    match locate(program.name) {
        Some(path) => Ok(path),
        None => bail!(
            "package {} is installed, but brought no program {}",
            program.package,
            program.name
        ),
    }
}

/// Makes sure that all of these programs are there.
pub(crate) fn ensure(programs: &[Program]) -> Result<()> {
    let mut packages: Vec<&str> = programs
        .iter()
        .filter(|program| locate(program.name).is_none())
        .map(|program| program.package)
        .collect();
    packages.dedup();
    if packages.is_empty() {
        return Ok(());
    }
    let install = format!(
        "apt-get install --yes --no-install-recommends {}",
        packages.join(" ")
    );
    if locate("apt-get").is_none() {
        bail!(
            "{} missing, and there is no apt-get here to install it with",
            packages.join(", ")
        );
    }
    if !is_root() {
        bail!(
            "{} missing; install with: sudo {install}",
            packages.join(", ")
        );
    }
    println!("installing: {install}");
    apt_update()?;
    run(apt()
        .args(["install", "--yes", "--no-install-recommends"])
        .args(&packages))
}

/// Whether we may install, and have to give up our rights before starting PostgreSQL.
pub(crate) fn is_root() -> bool {
    output(Command::new("id").arg("-u")).is_ok_and(|id| id.trim() == "0")
}

fn apt() -> Command {
    let mut apt = Command::new("apt-get");
    apt.arg("--quiet").env("DEBIAN_FRONTEND", "noninteractive");
    apt
}

/// The package lists are fetched once per run, however many programs are missing.
fn apt_update() -> Result<()> {
    static UPDATED: OnceLock<()> = OnceLock::new();
    if UPDATED.get().is_none() {
        run(apt().arg("update"))?;
        UPDATED.get_or_init(|| ());
    }
    Ok(())
}

/// Looks in PATH and where Debian keeps PostgreSQL's programs, which are in nobody's PATH; the newest version first.
fn locate(name: &str) -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut versions: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")
        .map(|entries| entries.flatten().map(|entry| entry.path()).collect())
        .unwrap_or_default();
    versions.sort_by_key(|version| {
        let number = version
            .file_name()
            .and_then(|name| name.to_str())
            .and_then(|name| name.parse::<u32>().ok());
        std::cmp::Reverse(number)
    });
    let postgres = versions.into_iter().map(|version| version.join("bin"));
    let sbin = ["/usr/sbin", "/sbin"].map(PathBuf::from);
    std::env::split_paths(&path)
        .chain(postgres)
        .chain(sbin)
        .map(|dir| dir.join(name))
        .find(|file| is_program(file))
}

fn is_program(file: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(file)
        .is_ok_and(|meta| meta.is_file() && meta.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_in_the_path_is_found_and_an_invented_one_is_not() {
        assert!(locate("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(locate("gatepost-no-such-program"), None);
    }
}
