//! The newest posts as feeds carry them: whole, under absolute addresses, with ids that outlive every address.
//!
//! Invariant: only what everybody finds in a list is in a feed; a post keeps its id whatever its slug or its site's address
//! becomes.

mod html;
mod json;

use std::sync::Arc;

use gatepost_domain::post::Post;
use gatepost_domain::tag::Tag;
use minijinja::context;
use serde::Serialize;

use crate::edition::{ATOM, JSON_FEED};
use crate::error::Error;
use crate::figure::Figure;
use crate::page::Page;
use crate::pages::millis;
use crate::paths;
use crate::state::App;
use crate::world::ticks;
use crate::xml;

pub(crate) use html::for_elsewhere;

/// How many posts a feed holds.
pub(crate) const ENTRIES: u32 = 20;

/// A feed before it is written in one of its formats.
#[derive(Serialize)]
pub(crate) struct Feed {
    id: String,
    title: String,
    description: String,
    language: String,
    /// The page for people.
    home: String,
    /// The feed itself.
    address: String,
    updated: i64,
    entries: Vec<Entry>,
}

/// A post in a feed.
#[derive(Serialize)]
struct Entry {
    id: String,
    url: String,
    title: String,
    summary: String,
    html: Arc<str>,
    picture: Option<String>,
    author: Author,
    tags: Vec<Label>,
    published: i64,
    updated: i64,
}

#[derive(Serialize)]
struct Label {
    key: String,
    name: String,
}

#[derive(Serialize)]
struct Author {
    name: String,
    url: String,
}

/// Of what a feed is: its title, and the paths of its page and of itself.
pub(crate) struct Subject {
    pub(crate) title: String,
    pub(crate) home: String,
    pub(crate) address: String,
}

impl Feed {
    pub(crate) async fn of(app: &App, subject: Subject, posts: &[Post]) -> Result<Self, Error> {
        let base = app.config.base_url.as_str();
        let mut entries = Vec::with_capacity(posts.len());
        for post in posts.iter().filter(|post| post.is_listed()) {
            entries.push(Entry::of(app, post).await?);
        }
        Ok(Self {
            id: app.site.names.tag(subject.address.trim_start_matches('/')),
            title: subject.title,
            description: app.site.description.clone(),
            language: app.site.language.clone(),
            home: format!("{base}{}", subject.home),
            address: format!("{base}{}", subject.address),
            updated: entries.iter().map(|entry| entry.updated).max().unwrap_or(0),
            entries,
        })
    }

    /// RFC 4287.
    pub(crate) fn atom(&self, app: &App, page: &Page) -> Result<axum::response::Response, Error> {
        let view = context! { feed => minijinja::Value::from(minijinja::value::Serde(self)) };
        let text = app.look.templates.render("feeds/atom.xml", view);
        let text = xml::legal(text.map_err(Error::unexpected)?);
        Ok(page.public(ATOM, text))
    }

    /// JSON Feed 1.1.
    pub(crate) fn json(&self, page: &Page) -> Result<axum::response::Response, Error> {
        let text = serde_json::to_string(&json::Document::of(self)).map_err(Error::unexpected)?;
        Ok(page.public(JSON_FEED, text))
    }
}

impl Entry {
    async fn of(app: &App, post: &Post) -> Result<Self, Error> {
        let base = app.config.base_url.as_str();
        let url = format!("{base}{}", paths::post(&post.slug));
        let articles = &app.look.articles;
        let article = articles.of(&app.db, post, ticks).await?;
        let picture = post.picture().and_then(Figure::of);
        let published = millis(post.published_at.unwrap_or(post.created_at));
        Ok(Self {
            id: app.site.names.tag(&format!("post/{}", post.id)),
            html: articles.elsewhere(post, &article, &url).await,
            url,
            title: post.title.to_string(),
            summary: article.summary.clone(),
            picture: picture.map(|picture| format!("{base}{}", picture.src)),
            author: Author {
                name: post.owner.display_name.to_string(),
                url: format!("{base}{}", paths::author(&post.owner.username)),
            },
            tags: post.tags.iter().map(Label::of).collect(),
            published,
            // What was written before it was published is not older than that to a reader.
            updated: millis(post.updated_at).max(published),
        })
    }
}

impl Label {
    fn of(tag: &Tag) -> Self {
        Self {
            key: tag.key().as_str().to_owned(),
            name: tag.name().to_owned(),
        }
    }
}
