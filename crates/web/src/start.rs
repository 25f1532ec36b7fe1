//! From settings to an open blog, and every sentence that says why it did not open.
//!
//! Invariant: a failed start names its cause and a command that helps, and leaves nothing half-made.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gatepost_storage::{Db, ImageStore, OpenError};
use session_auth::StorageError;
use session_auth::password::PasswordHasher;

use crate::assets::Assets;
use crate::auth;
use crate::config::{Config, ConfigError, LoginMode};
use crate::site::Site;
use crate::state::App;
use crate::templates::Templates;
use crate::world::World;

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

/// Makes the data directory, readable by its owner alone.
fn data_directory(config: &Config) -> Result<(), StartError> {
    use std::os::unix::fs::DirBuilderExt as _;
    let failed = |source| StartError::DataDirectory {
        path: config.data.clone(),
        source,
    };
    if config.data.is_dir() {
        return Ok(());
    }
    std::fs::DirBuilder::new()
        .recursive(true)
        .mode(0o700)
        .create(&config.data)
        .map_err(failed)
}

/// A blog that is ready to serve, and what to tell whoever started it.
pub struct Opened {
    /// The blog.
    pub app: Arc<App>,
    /// Whether this start made the database.
    pub first: bool,
    /// The address that makes the first account, while there is none.
    pub set_up: Option<String>,
}

/// Opens (at first makes) the data directory, the database and the pictures.
pub async fn open(config: Config, world: World) -> Result<Opened, StartError> {
    let (templates, assets) = look(config.dev)?;
    let first = !config.database.exists();
    let db = open_database(&config, world).await?;
    let images = ImageStore::local(&config.images).map_err(|source| StartError::Images {
        path: config.images.clone(),
        source,
    })?;
    let set_up = set_up_link(&db, &config, &world).await?;
    let site = Site::load(&db).await?;
    let passwords = PasswordHasher::new().randomness(world.randomness);
    let app = App {
        config,
        world,
        db,
        images,
        site,
        assets,
        templates,
        passwords,
    };
    Ok(Opened {
        app: Arc::new(app),
        first,
        set_up,
    })
}

/// Opens (at first makes) the data directory and the database, for commands that serve nothing.
pub(crate) async fn open_database(config: &Config, world: World) -> Result<Db, StartError> {
    data_directory(config)?;
    let db = Db::open(&config.database, world.clock)
        .await
        .map_err(|source| StartError::Database { source })?;
    auth::migrate(&db).await?;
    Ok(db)
}

fn look(dev: bool) -> Result<(Templates, Arc<Assets>), StartError> {
    if dev && !(Path::new("templates").is_dir() && Path::new("static").is_dir()) {
        return Err(StartError::NoSources);
    }
    let assets = Arc::new(if dev {
        Assets::on_disk(Path::new("static"))
    } else {
        Assets::embedded()
    });
    Ok((Templates::load(dev, Arc::clone(&assets))?, assets))
}

/// A new token at every start until somebody has an account: the one printed last is the one that counts.
async fn set_up_link(
    db: &Db,
    config: &Config,
    world: &World,
) -> Result<Option<String>, StartError> {
    let token = BASE64_URL_SAFE_NO_PAD.encode(world.bytes::<24>());
    let needed = config.login == LoginMode::Password && db.setup().issue(&token).await?;
    Ok(needed.then(|| format!("{}/setup?token={token}", config.base_url)))
}

impl Opened {
    /// Says in a line where the site is, and in a second how to make the first account.
    pub(crate) fn announce(&self) {
        let config = &self.app.config;
        let data = config.data.display();
        match self.first {
            true => println!(
                "Gatepost serves a new blog at {} and keeps it in {data}.",
                config.base_url
            ),
            false => println!("Gatepost serves {} from {data}.", config.base_url),
        }
        if let Some(link) = &self.set_up {
            println!("Make the first account, which owns it: {link}");
        }
    }
}
