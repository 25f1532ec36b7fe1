//! What the owner says about the site, as every page shows it.
//!
//! Invariant: there is always a name and a language; what the owner left out has a sensible value.

use gatepost_storage::settings::Setting;
use gatepost_storage::{Db, Error};
use serde::Serialize;

/// Name, description and language of the site.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) language: String,
}

impl Site {
    pub(crate) async fn load(db: &Db) -> Result<Self, Error> {
        let settings = db.settings();
        let or = |value: Option<String>, default: &str| value.unwrap_or_else(|| default.to_owned());
        Ok(Self {
            name: or(settings.get(Setting::SiteName).await?, "Gatepost"),
            description: or(settings.get(Setting::Description).await?, ""),
            language: or(settings.get(Setting::Language).await?, "en"),
        })
    }
}
