//! What every handler can reach.
//!
//! Invariant: built once before the first request and never changed after; what changes lives in the database.

use std::sync::Arc;

use crate::assets::Assets;
use crate::config::Config;
use crate::templates::Templates;
use crate::world::World;

/// The blog, opened.
pub struct App {
    pub(crate) config: Config,
    pub(crate) world: World,
    pub(crate) assets: Arc<Assets>,
    pub(crate) templates: Templates,
}
