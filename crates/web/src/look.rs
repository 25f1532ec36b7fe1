//! What pages are made of: the assets they link, the templates, the posts already rendered, texts already compressed, and
//! since when pages are what they are.
//!
//! Invariant: only what can be made again from the binary and the database is in here.

use std::path::Path;
use std::sync::Arc;

use crate::articles::Articles;
use crate::assets::Assets;
use crate::changes::Changes;
use crate::edition::Packed;
use crate::site::Site;
use crate::templates::Templates;

pub(crate) struct Look {
    pub(crate) assets: Arc<Assets>,
    pub(crate) templates: Templates,
    pub(crate) articles: Articles,
    pub(crate) changes: Changes,
    pub(crate) packed: Packed,
}

/// What is kept at most of compressed texts.
const PACKED: usize = 8 * 1024 * 1024;

impl Look {
    /// From the binary, or with `dev` from the directories `templates` and `static`.
    pub(crate) fn load(dev: bool) -> Result<Self, minijinja::Error> {
        let assets = Arc::new(if dev {
            Assets::on_disk(Path::new("static"))
        } else {
            Assets::embedded()
        });
        Ok(Self {
            templates: Templates::load(dev, Arc::clone(&assets))?,
            assets,
            articles: Articles::default(),
            changes: Changes::default(),
            packed: Packed::holding(PACKED),
        })
    }

    /// What every page may say about the site.
    pub(crate) fn of_site(mut self, site: &Site) -> Self {
        self.templates = self.templates.of_site(site);
        self
    }
}
