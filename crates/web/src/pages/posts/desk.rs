//! The editor: the one page on which posts are written, whatever the answer to the last attempt was.
//!
//! Invariant: it shows every field as it was typed.

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gatepost_domain::form_key::FormKey;
use gatepost_domain::post::{Post, Visibility};
use http::StatusCode;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::intent::{Intent, Take};
use super::kept::{Kept, Shown};
use super::merging::Conflict;
use super::parking::{self, Parked};
use super::show::Facts;
use super::typed::Typed;
use crate::error::Error;
use crate::figure::Figure;
use crate::form::Fault;
use crate::markdown;
use crate::page::Page;
use crate::pages::login::LoginFields;
use crate::pages::millis;
use crate::state::App;
use crate::world::ticks;

const FORM: &str = "pages/posts/form.html";

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
    /// It holds a minute that is not set yet.
    pub(super) has_a_minute: bool,
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
            html: markdown::render_page(&typed.text, &pictures, lead.is_some(), ticks).await,
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

    /// From here on, whatever fails is answered with this form.
    pub(super) fn hold(self, page: &Page, typed: &Typed) {
        let app = page.app();
        let key = typed.form.clone().unwrap_or_else(|| new_key(app));
        let view = self.view(app, typed, key, None);
        page.hold(FORM, "text", Value::from(Serde(view)));
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
        let parked = match page.answers_a_form() && refused {
            true => parking::keep(app, &self.action, &key, typed).await,
            false => None,
        };
        let view = Value::from(Serde(self.view(app, typed, key, parked)));
        // With what is wrong with it, should the page not be drawn.
        page.hold(FORM, "text", view.clone());
        let form = page.answer(status, FORM, view).await?;
        Ok(typed.faults.told_with(form))
    }

    fn view(self, app: &App, typed: &Typed, form: FormKey, kept: Option<Parked>) -> FormView {
        FormView {
            action: self.action,
            post: self.post,
            may_publish: self.may_publish,
            preview: self.preview,
            conflict: self.conflict,
            login: self.login,
            restored: self.restored,
            retry: false,
            left_out: typed.left_out.clone(),
            kept,
            zone: app.site.zone.name().to_owned(),
            pictures: PictureView::all(typed),
            pictures_open: !typed.pictures.is_empty()
                || typed.faults.in_field("image")
                || typed.faults.in_field("alt"),
            pictures_lost: !typed.files.is_empty(),
            open: Open::of(typed, self.has_a_minute),
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
                turn: typed.turn,
                post: typed.post.map(|post| post.0),
                parked: typed.parked.as_ref().map(|opened| opened.key.clone()),
                parked_at: typed.parked.as_ref().map(|opened| millis(opened.at)),
                revision: typed.revision.map(|revision| revision.0),
                mine: typed.mine.clone(),
                base: typed.base.map(|revision| revision.0),
                meant: typed.meant.map(Intent::as_str),
                intent: typed.intent.as_str(),
                take: typed.take.map(Take::as_str),
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
    /// It could not be answered; one button sends it again.
    retry: bool,
    /// It also waits for its author elsewhere.
    kept: Option<Parked>,
    /// Pictures that did not wait with it.
    left_out: Vec<String>,
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
    fn of(typed: &Typed, has_a_minute: bool) -> Self {
        let wrong = |fields: &[&str]| fields.iter().any(|field| typed.faults.in_field(field));
        Self {
            about: wrong(&["tags", "excerpt", "note"]),
            address: wrong(&["slug", "visibility"]),
            schedule: has_a_minute || wrong(&["publish_at"]),
        }
    }
}

pub(super) fn new_key(app: &App) -> FormKey {
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
    turn: i64,
    post: Option<i64>,
    parked: Option<FormKey>,
    parked_at: Option<i64>,
    revision: Option<i64>,
    mine: Option<String>,
    base: Option<i64>,
    meant: Option<&'static str>,
    intent: &'static str,
    take: Option<&'static str>,
    alts: Vec<String>,
    decorative: Vec<usize>,
}

/// A picture that the site has, beside the text.
#[derive(Serialize)]
pub(super) struct PictureView {
    hash: String,
    /// Unknown where the database could not be asked.
    picture: Option<Figure>,
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
        let shown = Figure::of(&kept.picture())?;
        let picture = Figure::still(&kept.picture())?;
        // Brackets would end the words early.
        let words = picture.alt.replace(['[', ']', '\\'], "");
        Some(Self {
            hash: kept.hash.to_string(),
            markdown: format!("![{words}]({})", shown.src),
            name: kept.name.clone(),
            notice: kept.notice.clone(),
            alt: kept.alt.clone(),
            was: kept.was.clone(),
            decorative: kept.decorative,
            removed: kept.removed,
            picture: Some(picture),
        })
    }

    /// Of a picture about which nothing is known but what the form says.
    fn unseen(shown: &Shown, typed: &Typed) -> Self {
        let hash = shown.hash.to_string();
        Self {
            picture: None,
            name: shown.name.clone(),
            notice: None,
            alt: shown.alt.clone().unwrap_or_default(),
            was: shown.was.clone().unwrap_or_default(),
            decorative: shown.decorative,
            removed: typed.removed.contains(&hash),
            markdown: String::new(),
            hash,
        }
    }

    fn all(typed: &Typed) -> Vec<Self> {
        let known = typed.pictures.iter().filter_map(Self::of);
        let unseen = typed.shown.iter().map(|shown| Self::unseen(shown, typed));
        known.chain(unseen).collect()
    }
}
