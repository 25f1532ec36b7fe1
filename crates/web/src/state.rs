//! What every handler can reach.
//!
//! Invariant: built once before the first request and never changed after; what changes lives in the database.

use std::sync::Arc;

use axum::extract::FromRef;
use gatepost_storage::{Db, ImageStore};
use session_auth::AnyStorage;
use session_auth::password::PasswordHasher;

use crate::config::Config;
use crate::form::Rooms;
use crate::look::Look;
use crate::parking::Parking;
use crate::site::Site;
use crate::world::World;

/// The blog, opened.
pub struct App {
    pub(crate) config: Config,
    pub(crate) world: World,
    pub(crate) db: Db,
    pub(crate) sessions: AnyStorage,
    pub(crate) images: ImageStore,
    pub(crate) site: Site,
    pub(crate) look: Look,
    pub(crate) parking: Parking,
    pub(crate) rooms: Rooms,
    /// One for the whole process, so that logins, set-up and new passwords obey one limit.
    pub(crate) passwords: PasswordHasher,
}

impl App {
    /// The database, for whoever prepares a site (tests, the demo).
    pub fn db(&self) -> &Db {
        &self.db
    }
}

impl FromRef<Arc<App>> for Rooms {
    fn from_ref(app: &Arc<App>) -> Self {
        app.rooms.clone()
    }
}
