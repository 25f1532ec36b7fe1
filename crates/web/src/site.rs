//! What the owner says about the site, as every page shows it, and under which names its posts are known.
//!
//! Invariant: there is always a name, a language and a time zone; what the owner left out has a sensible value.

use gatepost_storage::settings::Setting;
use gatepost_storage::{Db, Error};
use serde::Serialize;
use time::Date;

use crate::config::BaseUrl;
use crate::zone::Zone;

/// Name, description, language and time zone of the site.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Site {
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) language: String,
    #[serde(skip)]
    pub(crate) names: Names,
    #[serde(skip)]
    pub(crate) zone: Zone,
}

impl Site {
    pub(crate) async fn load(db: &Db, base: &BaseUrl, today: Date) -> Result<Self, Error> {
        let settings = db.settings();
        let or = |value: Option<String>, default: &str| value.unwrap_or_else(|| default.to_owned());
        let named = settings.get(Setting::TimeZone).await?;
        let zone = named.as_deref().map_or(Some(Zone::utc()), Zone::named);
        Ok(Self {
            zone: zone.unwrap_or_else(|| {
                tracing::warn!(?named, "there is no such time zone; times are shown in UTC");
                Zone::utc()
            }),
            name: or(settings.get(Setting::SiteName).await?, "Gatepost"),
            description: or(settings.get(Setting::Description).await?, ""),
            language: or(settings.get(Setting::Language).await?, "en"),
            names: Names::load(db, base, today).await?,
        })
    }
}

/// The authority of `tag:` URIs (RFC 4151): a host, and a day on which it was this site's. Kept from the first start under
/// an address that others can reach, so that a feed reader knows every post again after any move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Names(String);

impl Names {
    async fn load(db: &Db, base: &BaseUrl, today: Date) -> Result<Self, Error> {
        if let Some(kept) = db.settings().get(Setting::Names).await? {
            return Ok(Self(kept));
        }
        if base.is_loopback() {
            return Ok(Self::on(base.host(), "2000"));
        }
        let names = Self::on(base.host(), &today.to_string());
        db.settings().set(Setting::Names, &names.0).await?;
        Ok(names)
    }

    pub(crate) fn on(host: &str, day: &str) -> Self {
        Self(format!("{host},{day}"))
    }

    /// A name that is this site's for ever. `specific` is made of characters that an address may hold.
    pub(crate) fn tag(&self, specific: &str) -> String {
        format!("tag:{}:{specific}", self.0)
    }
}
