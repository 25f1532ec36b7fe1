//! A post as readers see it.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use gatepost_domain::access::Action;
use gatepost_domain::picture::ImageHash;
use gatepost_domain::post::{Post, StageName, Status, Visibility};
use serde::Serialize;

use super::{Sighted, known_as, sight};
use crate::articles::Article;
use crate::error::Error;
use crate::page::Page;
use crate::pages::millis;
use crate::paths::{self, Segment};
use crate::state::App;

/// `GET /{post}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
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
    let article = app.look.articles.of(&post).await;
    let view = PostView {
        canonical: format!("{base}{}", paths::post(&post.slug)),
        social: Social::of(&post, base),
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
    pub(crate) may_edit: bool,
    pub(crate) may_delete: bool,
    /// Pictures without words, for who may write them.
    pub(crate) wordless: Vec<ImageHash>,
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
            owner: known_as(&post.owner),
            last_editor: known_as(&post.last_editor),
            at: millis(post.published_at.unwrap_or(post.updated_at)),
            edited_at: millis(post.updated_at),
        }
    }
}

/// The picture for those who share the address.
#[derive(Serialize)]
pub(crate) struct Social {
    url: String,
    width: u32,
    height: u32,
    alt: String,
}

impl Social {
    fn of(post: &Post, base: &str) -> Option<Self> {
        let picture = post.picture()?;
        let variant = picture.at_most(1280)?;
        Some(Self {
            url: format!("{base}/images/{}", picture.file(variant)),
            width: variant.width,
            height: variant.height,
            alt: picture.spoken().to_owned(),
        })
    }
}
