//! Why a blog does not start.
//!
//! Invariant: each is one sentence with the cause and a command that helps.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use gatepost_storage::OpenError;
use session_auth::StorageError;

use crate::config::ConfigError;

/// Why the blog did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// A setting is wrong.
    #[error(transparent)]
    Config(#[from] ConfigError),
    /// The data directory cannot be made or written.
    #[error("The data directory {} cannot be used ({source}); choose another with `gatepost --data DIR`.", path.display())]
    DataDirectory {
        /// The directory.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Another program listens there.
    #[error("{address} is already in use; choose another port with `gatepost serve --listen {}`.", next_port(*address))]
    PortInUse {
        /// The address.
        address: SocketAddr,
    },
    /// The address cannot be listened on for another reason.
    #[error(
        "{address} cannot be listened on ({source}); choose another address with `gatepost serve --listen 127.0.0.1:8080`."
    )]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
    /// The database cannot be opened.
    #[error("{source}{}; {}.", cause_of(source), remedy(source))]
    Database {
        /// What storage says.
        source: OpenError,
    },
    /// The directory of the pictures cannot be used.
    #[error("The directory of pictures {} cannot be used ({source}); choose another with `gatepost --images DIR`.", path.display())]
    Images {
        /// The directory.
        path: PathBuf,
        /// What storage says.
        source: gatepost_storage::Error,
    },
    /// The new database does not answer.
    #[error("The database does not answer ({0}); look at it with `gatepost migrate`.")]
    Storage(#[from] gatepost_storage::Error),
    /// The tables of the sessions cannot be made.
    #[error("The tables of the sessions cannot be made ({0}); look at it with `gatepost migrate`.")]
    Sessions(#[from] StorageError),
    /// `--dev` without the sources.
    #[error(
        "`--dev` reads ./templates and ./static, which are not here; `cd` into the source directory or leave it out."
    )]
    NoSources,
    /// A template of this binary is broken.
    #[error("A template cannot be used ({0}); `cargo test -p gatepost` shows where.")]
    Templates(#[from] minijinja::Error),
}

impl StartError {
    /// Whether the command line or the settings are to blame, and not the machine.
    pub(crate) fn is_misuse(&self) -> bool {
        matches!(self, Self::Config(_) | Self::NoSources)
    }
}

fn next_port(address: SocketAddr) -> SocketAddr {
    SocketAddr::new(address.ip(), address.port().checked_add(1).unwrap_or(8080))
}

fn cause_of(error: &OpenError) -> String {
    let mut text = String::new();
    let mut cause = std::error::Error::source(error);
    while let Some(next) = cause {
        text = format!(" ({next})");
        cause = next.source();
    }
    text
}

fn remedy(error: &OpenError) -> String {
    match error {
        OpenError::Unwritable { path, .. } | OpenError::CantOpen { path, .. } => {
            format!(
                "look at it with `ls -ld {}`, or choose another with `gatepost --data DIR`",
                parent(path).display()
            )
        }
        OpenError::Corrupt { path, .. } => {
            format!(
                "put a backup in its place, or begin anew with `mv {0} {0}.damaged`",
                path.display()
            )
        }
        OpenError::Newer { path, .. } => {
            format!(
                "install that version, or go back to the copy it made (`ls {}`)",
                parent(path).display()
            )
        }
        OpenError::Busy { path, .. } => format!("see who holds it with `fuser {}`", path.display()),
        OpenError::Snapshot { path, .. } => {
            format!("make room with `df -h {}`", parent(path).display())
        }
        OpenError::Altered { path, .. } | OpenError::Migration { path, .. } => {
            format!(
                "go back to the copy made before (`ls {}`)",
                parent(path).display()
            )
        }
        _ => "build it with the bundled SQLite (`cargo install gatepost`)".to_owned(),
    }
}

fn parent(path: &Path) -> &Path {
    path.parent()
        .filter(|parent| !parent.as_os_str().is_empty())
        .unwrap_or(Path::new("."))
}
