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
pub(crate) const VALGRIND: Program = Program {
    name: "valgrind",
    package: "valgrind",
};
pub(crate) const NPM: Program = Program {
    name: "npm",
    package: "npm",
};
pub(crate) const JAVA: Program = Program {
    name: "java",
    package: "default-jre-headless",
};
pub(crate) const EXIFTOOL: Program = Program {
    name: "exiftool",
    package: "libimage-exiftool-perl",
};
pub(crate) const PYTHON: Program = Program {
    name: "python3",
    package: "python3",
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
    let arguments = remedy(&packages, locate("apt-get").is_some(), is_root())?;
    println!("installing: apt-get {}", arguments.join(" "));
    apt_update()?;
    run(apt().args(arguments))
}

/// How apt-get brings the packages, if we may; else what to do instead.
fn remedy<'a>(packages: &[&'a str], has_apt: bool, is_root: bool) -> Result<Vec<&'a str>> {
    let arguments = [&["install", "--yes", "--no-install-recommends"], packages].concat();
    match (has_apt, is_root) {
        (true, true) => Ok(arguments),
        (true, false) => bail!(
            "missing programs; install them with: sudo apt-get {}",
            arguments.join(" ")
        ),
        (false, _) => bail!(
            "missing programs, and no apt-get to install them with: {}",
            packages.join(", ")
        ),
    }
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
    fn what_is_missing_is_installed_by_root_and_named_to_everybody_else() {
        let packages = ["chromium", "chromium-driver"];
        let install = remedy(&packages, true, true).expect("root may install");
        assert_eq!(
            install.join(" "),
            "install --yes --no-install-recommends chromium chromium-driver"
        );
        let refusals = [(true, false), (false, true), (false, false)].map(|(apt, root)| {
            remedy(&packages, apt, root)
                .expect_err("not here")
                .to_string()
        });
        assert!(refusals[0].ends_with(
            "sudo apt-get install --yes --no-install-recommends chromium chromium-driver"
        ));
        assert!(
            refusals[1..]
                .iter()
                .all(|refusal| refusal.ends_with("chromium, chromium-driver"))
        );
    }

    #[test]
    fn a_program_in_the_path_is_found_and_an_invented_one_is_not() {
        assert!(locate("sh").is_some_and(|path| path.is_absolute()));
        assert_eq!(locate("gatepost-no-such-program"), None);
    }
}
