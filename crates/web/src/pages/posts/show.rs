//! A post as readers see it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use gatepost_domain::access::Action;
use gatepost_domain::pagination::{Cursor, Direction, Page};
use gatepost_domain::picture::ImageHash;
use gatepost_domain::post::{Post, StageName, Status, Summary, Visibility};
use gatepost_domain::tag::Tag;
use serde::Serialize;

use super::head::{Social, posting};
use super::{Sighted, known_as, sight};
use crate::articles::Article;
use crate::error::Error;
use crate::page;
use crate::pages::list::Line;
use crate::pages::millis;
use crate::paths::{self, Segment};
use crate::state::App;
use crate::world::ticks;

/// `GET /{post}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: page::Page,
    Segment(segment): Segment,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let post = match sight(&app, &viewer, &segment).await? {
        Sighted::Here(post) => post,
        Sighted::Moved(slug) => {
            return Ok(paths::moved(&paths::post(&slug)));
        }
    };
    let base = app.config.base_url.as_str();
    let article = app.look.articles.of(&app.db, &post, ticks).await?;
    let canonical = format!("{base}{}", paths::post(&post.slug));
    let social = Social::of(&post, base);
    let (older, newer) = beside(&app, &post).await?;
    let view = PostView {
        posting: posting(&app, &post, &article, &canonical, social.as_ref()),
        canonical,
        social,
        older,
        newer,
        may_edit: viewer.may(Action::Edit, &post),
        may_delete: viewer.may(Action::Delete, &post),
        wordless: match viewer.may(Action::Edit, &post) {
            true => post.wordless().map(|picture| picture.hash).collect(),
            false => Vec::new(),
        },
        post: Facts::of(&post),
        article: &article,
    };
    page.render("pages/posts/show.html", view).await
}

#[derive(Serialize)]
pub(crate) struct PostView<'a> {
    pub(crate) post: Facts,
    pub(crate) article: &'a Article,
    pub(crate) canonical: String,
    pub(crate) social: Option<Social>,
    /// For machines; it stands in a `<script>` as it is.
    pub(crate) posting: String,
    pub(crate) older: Option<Line>,
    pub(crate) newer: Option<Line>,
    pub(crate) may_edit: bool,
    pub(crate) may_delete: bool,
    /// Pictures without words, for who may write them.
    pub(crate) wordless: Vec<ImageHash>,
}

/// The posts before and after one that everybody finds in the list of all.
async fn beside(app: &App, post: &Post) -> Result<(Option<Line>, Option<Line>), Error> {
    let Some(at) = post.published_at.filter(|_| post.is_listed()) else {
        return Ok((None, None));
    };
    let here = Cursor {
        at: millis(at),
        id: post.id.0,
    };
    let posts = app.db.posts();
    let older = posts.index(Some(Direction::Before(here)), 1).await?;
    let newer = posts.index(Some(Direction::After(here)), 1).await?;
    let line = |page: Page<Summary>| page.items.first().map(Line::of);
    Ok((line(older), line(newer)))
}

/// What a page says about a post.
#[derive(Serialize)]
pub(crate) struct Facts {
    pub(crate) href: String,
    pub(crate) title: String,
    pub(crate) draft: bool,
    pub(crate) stage: StageName,
    /// When a scheduled draft becomes public.
    pub(crate) publish_at: Option<i64>,
    pub(crate) unlisted: bool,
    /// The name that readers see.
    pub(crate) author: String,
    pub(crate) author_href: String,
    pub(crate) tags: Vec<TagLink>,
    /// Names with which people log in.
    pub(crate) owner: String,
    pub(crate) last_editor: String,
    pub(crate) at: i64,
    pub(crate) edited_at: i64,
}

impl Facts {
    pub(crate) fn of(post: &Post) -> Self {
        Self {
            href: paths::post(&post.slug),
            title: post.title.to_string(),
            draft: post.status == Status::Draft,
            stage: post.stage().name(),
            publish_at: post.publish_at.map(millis),
            unlisted: post.visibility == Visibility::Unlisted,
            author: post.owner.display_name.to_string(),
            author_href: paths::author(&post.owner.username),
            tags: post.tags.iter().map(TagLink::of).collect(),
            owner: known_as(&post.owner),
            last_editor: known_as(&post.last_editor),
            at: millis(post.published_at.unwrap_or(post.updated_at)),
            edited_at: millis(post.updated_at),
        }
    }
}

/// A tag beside a post.
#[derive(Serialize)]
pub(crate) struct TagLink {
    name: String,
    href: String,
}

impl TagLink {
    fn of(tag: &Tag) -> Self {
        Self {
            name: tag.name().to_owned(),
            href: paths::tag(tag.key()),
        }
    }
}
