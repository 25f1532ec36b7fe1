//! What the template of the editor is told: the form as it was typed, and what stands around it.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::post::Visibility;
use serde::Serialize;

use super::super::intent::{Intent, Take};
use super::super::kept::{Kept, Shown};
use super::super::merging::Conflict;
use super::super::parking::Parked;
use super::super::show::Facts;
use super::super::typed::Typed;
use super::{Desk, Preview};
use crate::figure::Figure;
use crate::form::Fault;
use crate::pages::login::LoginFields;
use crate::pages::millis;
use crate::state::App;

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

impl FormView {
    pub(super) fn of(
        desk: Desk,
        app: &App,
        typed: &Typed,
        form: FormKey,
        kept: Option<Parked>,
    ) -> Self {
        Self {
            action: desk.action,
            post: desk.post,
            may_publish: desk.may_publish,
            preview: desk.preview,
            conflict: desk.conflict,
            login: desk.login,
            restored: desk.restored,
            retry: false,
            left_out: typed.left_out.clone(),
            kept,
            zone: app.site.zone.name().to_owned(),
            pictures: PictureView::all(typed),
            pictures_open: !typed.pictures.is_empty()
                || typed.faults.in_field("image")
                || typed.faults.in_field("alt"),
            pictures_lost: !typed.files.is_empty(),
            open: Open::of(typed, desk.has_a_minute),
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
pub(in crate::pages::posts) struct PictureView {
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
    pub(in crate::pages::posts) fn of(kept: &Kept) -> Option<Self> {
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
