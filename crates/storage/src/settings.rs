//! What the owner says about the site; a setting nobody made is absent, and the reader of it knows what that means.

use sqlx::{query, query_scalar};

use crate::db::Db;
use crate::error::Error;

/// The repository of settings.
pub struct Settings<'a>(pub(crate) &'a Db);

/// The things an owner can say.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Setting {
    SiteName,
    Description,
    Language,
    TimeZone,
    Footer,
    /// Under which names the posts are known to feed readers, for ever.
    Names,
}

impl Setting {
    fn name(self) -> &'static str {
        match self {
            Self::SiteName => "site-name",
            Self::Description => "description",
            Self::Language => "language",
            Self::TimeZone => "time-zone",
            Self::Footer => "footer",
            Self::Names => "names",
        }
    }
}

const GET: &str = "select value from settings where name = $1";
const SET: &str = "
    insert into settings (name, value) values ($1, $2)
    on conflict (name) do update set value = excluded.value";
const UNSET: &str = "delete from settings where name = $1";

impl Settings<'_> {
    pub async fn get(&self, setting: Setting) -> Result<Option<String>, Error> {
        Ok(on!(Pool, &self.0.read, |pool| {
            query_scalar(GET)
                .bind(setting.name())
                .fetch_optional(pool)
                .await
        })?)
    }

    pub async fn set(&self, setting: Setting, value: &str) -> Result<(), Error> {
        on!(Pool, &self.0.write, |pool| {
            query(SET)
                .bind(setting.name())
                .bind(value)
                .execute(pool)
                .await
                .map(drop)
        })?;
        Ok(())
    }

    pub async fn unset(&self, setting: Setting) -> Result<(), Error> {
        on!(Pool, &self.0.write, |pool| query(UNSET)
            .bind(setting.name())
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}
