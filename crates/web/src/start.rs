//! From settings to an open blog.
//!
//! Invariant: a failed start says why (`StartError`) and leaves nothing half-made.

mod error;

use std::path::Path;
use std::sync::Arc;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gatepost_storage::{Db, ImageStore};
use session_auth::password::PasswordHasher;

use crate::auth;
use crate::config::{Config, LoginMode};
use crate::form::Rooms;
use crate::look::Look;
use crate::parking::Parking;
use crate::site::Site;
use crate::state::App;
use crate::world::World;

pub use error::StartError;

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
    let look = look(config.dev)?;
    let first = !config.database.exists();
    let db = open_database(&config, world).await?;
    let images = ImageStore::local(&config.images).map_err(|source| StartError::Images {
        path: config.images.clone(),
        source,
    })?;
    let set_up = set_up_link(&db, &config, &world).await?;
    let site = Site::load(&db, &config.base_url, world.now().date()).await?;
    let parking = Parking::load(&db).await?;
    let passwords = PasswordHasher::new().randomness(world.randomness);
    let sessions = auth::storage(&config, &db);
    let app = App {
        rooms: Rooms::default(),
        config,
        world,
        db,
        sessions,
        images,
        look: look.of_site(&site),
        site,
        parking,
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

fn look(dev: bool) -> Result<Look, StartError> {
    if dev && !(Path::new("templates").is_dir() && Path::new("static").is_dir()) {
        return Err(StartError::NoSources);
    }
    Ok(Look::load(dev)?)
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
    /// A line that says where the site is, and a second one that says how to make the first account.
    pub(crate) fn announcement(&self) -> String {
        let config = &self.app.config;
        let (site, data) = (config.whereabouts(), config.data.display());
        let mut text = match self.first {
            true => format!("Gatepost serves a new blog at {site} and keeps it in {data}."),
            false => format!("Gatepost serves {site} from {data}."),
        };
        if let Some(link) = &self.set_up {
            text.push_str(&format!("\nMake the first account, which owns it: {link}"));
        }
        text
    }
}
