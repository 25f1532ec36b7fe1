//! The editor: the one page on which posts are written, whatever the answer to the last attempt was.
//!
//! Invariant: it shows every field as it was typed.

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gatepost_domain::form_key::FormKey;
use gatepost_domain::post::{Post, Visibility};
use http::StatusCode;
use serde::Serialize;

use super::kept::Kept;
use super::merging::Conflict;
use super::parking;
use super::show::Facts;
use super::typed::Typed;
use crate::error::Error;
use crate::figure::Figure;
use crate::form::Fault;
use crate::markdown;
use crate::page::Page;
use crate::pages::login::LoginFields;
use crate::state::App;

/// Where a new post is sent.
pub(super) const NEW: &str = "/new";

/// What else the page shows besides the form.
#[derive(Default)]
pub(super) struct Desk {
    /// Where the form is sent.
    pub(super) action: String,
    pub(super) post: Option<Facts>,
    pub(super) may_publish: bool,
    pub(super) preview: Option<Preview>,
    pub(super) conflict: Option<Conflict>,
    pub(super) login: Option<LoginFields>,
    /// It was parked, and is given back.
    pub(super) restored: bool,
}

/// The unsaved form as readers would see it.
#[derive(Serialize)]
pub(crate) struct Preview {
    html: String,
    lead: Option<Figure>,
}

impl Preview {
    pub(super) async fn of(typed: &Typed) -> Self {
        let pictures = typed.staying();
        let first = pictures
            .first()
            .filter(|picture| !markdown::shows(&typed.text, picture));
        let lead = first.and_then(Figure::of);
        Self {
            html: markdown::render_page(&typed.text, &pictures, lead.is_some()).await,
            lead,
        }
    }
}

impl Desk {
    /// For a post that there is not yet.
    pub(super) fn empty(may_publish: bool) -> Self {
        Self {
            action: NEW.to_owned(),
            may_publish,
            ..Self::default()
        }
    }

    pub(super) fn of(post: &Post, may_publish: bool) -> Self {
        let facts = Facts::of(post);
        Self {
            action: format!("{}/edit", facts.href),
            post: Some(facts),
            may_publish,
            ..Self::default()
        }
    }

    /// Answers with the form; its faults decide the status where nothing else does.
    pub(super) async fn draw(
        self,
        page: &Page,
        status: StatusCode,
        typed: &Typed,
    ) -> Result<Response, Error> {
        let app = page.app();
        let status = if status == StatusCode::OK {
            typed.faults.status()
        } else {
            status
        };
        // From here on the form has a name, whatever becomes of it.
        let key = typed.form.clone().unwrap_or_else(|| new_key(app));
        let refused = status.is_client_error() || status.is_server_error();
        let parked =
            page.answers_a_form() && refused && parking::keep(app, &self.action, &key, typed).await;
        let view = self.view(app, typed, key, parked);
        let form = page.answer(status, "pages/posts/form.html", view).await?;
        Ok(typed.faults.told_with(form))
    }

    fn view(self, app: &App, typed: &Typed, form: FormKey, parked: bool) -> FormView {
        FormView {
            action: self.action,
            post: self.post,
            may_publish: self.may_publish,
            preview: self.preview,
            conflict: self.conflict,
            login: self.login,
            restored: self.restored,
            kept: parked,
            zone: app.site.zone.name().to_owned(),
            pictures: typed.pictures.iter().filter_map(PictureView::of).collect(),
            pictures_open: !typed.pictures.is_empty()
                || typed.faults.in_field("image")
                || typed.faults.in_field("alt"),
            pictures_lost: !typed.files.is_empty(),
            open: Open::of(typed),
            errors: typed.faults.list().to_vec(),
            fields: Fields {
                title: typed.title.clone(),
                text: typed.text.clone(),
                slug: typed.slug.clone().unwrap_or_default(),
                tags: typed.tags.clone().unwrap_or_default(),
                excerpt: typed.excerpt.clone().unwrap_or_default(),
                note: typed.note.clone(),
                unlisted: typed.visibility.as_deref() == Some(Visibility::Unlisted.as_str()),
                publish_at: typed.publish_at.clone(),
                form,
                revision: typed.revision.map(|revision| revision.0),
                mine: typed.mine.clone(),
                base: typed.base.map(|revision| revision.0),
                intent: typed.intent.as_str(),
                alts: typed.alts.clone(),
                decorative: typed.decorative.clone(),
            },
        }
    }
}

#[derive(Serialize)]
pub(crate) struct FormView {
    action: String,
    post: Option<Facts>,
    fields: Fields,
    /// Where the minutes of the form are.
    zone: String,
    pictures: Vec<PictureView>,
    pictures_open: bool,
    /// Files came with a form that nobody was logged in for.
    pictures_lost: bool,
    open: Open,
    errors: Vec<Fault>,
    preview: Option<Preview>,
    conflict: Option<Conflict>,
    login: Option<LoginFields>,
    restored: bool,
    /// It also waits for its author elsewhere.
    kept: bool,
    may_publish: bool,
}

/// Folded parts of the form that need attention.
#[derive(Serialize)]
struct Open {
    about: bool,
    address: bool,
    schedule: bool,
}

impl Open {
    fn of(typed: &Typed) -> Self {
        let wrong = |fields: &[&str]| fields.iter().any(|field| typed.faults.in_field(field));
        Self {
            about: wrong(&["tags", "excerpt", "note"]),
            address: wrong(&["slug", "visibility"]),
            schedule: wrong(&["publish_at"]),
        }
    }
}

fn new_key(app: &App) -> FormKey {
    let key = BASE64_URL_SAFE_NO_PAD.encode(app.world.bytes::<16>());
    key.parse().expect("16 bytes are 22 characters")
}

/// What stands in the fields.
#[derive(Serialize)]
struct Fields {
    title: String,
    text: String,
    slug: String,
    tags: String,
    excerpt: String,
    note: String,
    unlisted: bool,
    publish_at: String,
    form: FormKey,
    revision: Option<i64>,
    mine: Option<String>,
    base: Option<i64>,
    intent: &'static str,
    alts: Vec<String>,
    decorative: Vec<usize>,
}

/// A picture that the site has, beside the text.
#[derive(Serialize)]
pub(super) struct PictureView {
    hash: String,
    picture: Figure,
    name: Option<String>,
    notice: Option<String>,
    alt: String,
    was: String,
    decorative: bool,
    removed: bool,
    /// The line that shows it in the text.
    markdown: String,
}

impl PictureView {
    pub(super) fn of(kept: &Kept) -> Option<Self> {
        let picture = Figure::of(&kept.picture())?;
        // Brackets would end the words early.
        let words = picture.alt.replace(['[', ']', '\\'], "");
        Some(Self {
            hash: kept.hash.to_string(),
            markdown: format!("![{words}]({})", picture.src),
            name: kept.name.clone(),
            notice: kept.notice.clone(),
            alt: kept.alt.clone(),
            was: kept.was.clone(),
            decorative: kept.decorative,
            removed: kept.removed,
            picture,
        })
    }
}
