//! A feed as JSON Feed 1.1 spells it.

use serde::{Serialize, Serializer};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::{Author, Entry, Feed};

#[derive(Serialize)]
pub(super) struct Document<'a> {
    version: &'static str,
    title: &'a str,
    home_page_url: &'a str,
    feed_url: &'a str,
    #[serde(skip_serializing_if = "str::is_empty")]
    description: &'a str,
    language: &'a str,
    items: Vec<Item<'a>>,
}

#[derive(Serialize)]
struct Item<'a> {
    id: &'a str,
    url: &'a str,
    title: &'a str,
    content_html: &'a str,
    summary: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    image: Option<&'a str>,
    date_published: Moment,
    date_modified: Moment,
    authors: [&'a Author; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tags: Vec<&'a str>,
}

/// Unix milliseconds, as RFC 3339 writes them.
struct Moment(i64);

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let moment = OffsetDateTime::from_unix_timestamp_nanos(i128::from(self.0) * 1_000_000);
        let text = moment.map_err(serde::ser::Error::custom)?.format(&Rfc3339);
        serializer.serialize_str(&text.map_err(serde::ser::Error::custom)?)
    }
}

impl<'a> Document<'a> {
    pub(super) fn of(feed: &'a Feed) -> Self {
        Self {
            version: "https://jsonfeed.org/version/1.1",
            title: &feed.title,
            home_page_url: &feed.home,
            feed_url: &feed.address,
            description: &feed.description,
            language: &feed.language,
            items: feed.entries.iter().map(Item::of).collect(),
        }
    }
}

impl<'a> Item<'a> {
    fn of(entry: &'a Entry) -> Self {
        Self {
            id: &entry.id,
            url: &entry.url,
            title: &entry.title,
            content_html: &entry.html,
            summary: &entry.summary,
            image: entry.picture.as_deref(),
            date_published: Moment(entry.published),
            date_modified: Moment(entry.updated),
            authors: [&entry.author],
            tags: entry.tags.iter().map(|tag| tag.name.as_str()).collect(),
        }
    }
}
