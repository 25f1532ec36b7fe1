//! What a writer handed in, before anybody judged it; it can always be shown again exactly as it was typed.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::picture::{ImageHash, Picture};
use gatepost_domain::post::{Post, Stage};
use gatepost_domain::slug::Slug;
use gatepost_storage::parked::Opened;
use http::StatusCode;
use time::OffsetDateTime;

use super::desk::new_key;
use super::intent::{Intent, Take};
use super::kept::{Kept, Said, Shown};
use super::parking::Author;
use crate::form::{Faults, File, Form};
use crate::pages::login::Credentials;
use crate::pages::millis;
use crate::state::App;
use crate::zone::Zone;

/// The fields that a sentence can stand at.
const FIELDS: [&str; 7] = [
    "title",
    "text",
    "slug",
    "tags",
    "excerpt",
    "note",
    "publish_at",
];

/// What a parked form says of a picture that did not fit.
pub(super) const LEFT_OUT: &str = "picture_left_out";

#[derive(Debug)]
pub(super) struct Typed {
    pub(super) title: String,
    pub(super) text: String,
    /// `None`: the form had no such field, and the address stays what it is.
    pub(super) slug: Option<String>,
    /// As with the slug, what the form had no field for stays what it is.
    pub(super) tags: Option<String>,
    pub(super) excerpt: Option<String>,
    pub(super) visibility: Option<String>,
    pub(super) note: String,
    /// A minute in the site's time zone.
    pub(super) publish_at: String,
    /// What makes this form, sent twice, one post.
    pub(super) form: Option<FormKey>,
    /// Which state of the form this is, as its page counts; 0 where nobody counts.
    pub(super) turn: i64,
    /// The post that it was drawn for: its address may be another post's by now.
    pub(super) post: Option<PostId>,
    /// The parked form that it was opened from, under a name of its own.
    pub(super) parked: Option<Opened>,
    pub(super) revision: Option<RevisionNo>,
    /// Of a form that holds two versions: mine, as it was before it was merged.
    pub(super) mine: Option<String>,
    /// What both versions come from.
    pub(super) base: Option<RevisionNo>,
    /// The button that mine was sent with.
    pub(super) meant: Option<Intent>,
    pub(super) take: Option<Take>,
    pub(super) intent: Intent,
    /// Nobody knows what was asked for, so nothing is done but to show the form.
    pub(super) is_unclear: bool,
    pub(super) files: Vec<File>,
    /// Words for the files, in their order.
    pub(super) alts: Vec<String>,
    /// Numbers of the files that are only decoration, from 1.
    pub(super) decorative: Vec<usize>,
    pub(super) shown: Vec<Shown>,
    pub(super) removed: Vec<String>,
    /// What was gathered from the form, file by file and field by field.
    pub(super) said: Vec<Said>,
    /// The pictures that the form started from.
    pub(super) start: Vec<Picture>,
    pub(super) pictures: Vec<Kept>,
    pub(super) faults: Faults,
    /// Every field as it came, for keeping the form; never a password.
    pub(super) sent: Vec<(String, String)>,
    /// Names of pictures that did not wait with the form.
    pub(super) left_out: Vec<String>,
    /// Names of pictures that came with this very form and could not be taken just now.
    pub(super) missed: Vec<String>,
    /// For whom the form may be kept.
    pub(super) author: Option<Author>,
}

impl Typed {
    /// A form that nobody has filled in yet.
    pub(super) fn nothing() -> Self {
        Self::read(&mut Form::default())
    }

    /// A form as it is when somebody begins to edit.
    pub(super) fn from_post(post: &Post, zone: &Zone) -> Self {
        // An address that nobody has seen, and that the title made, follows the title.
        let follows = !post.was_public() && post.slug == Slug::from_title(post.title.as_str());
        Self {
            title: post.title.to_string(),
            text: post.text.as_str().to_owned(),
            slug: Some(if follows {
                String::new()
            } else {
                post.slug.to_string()
            }),
            tags: Some(post.tags.to_string()),
            excerpt: Some(
                post.excerpt
                    .as_ref()
                    .map(ToString::to_string)
                    .unwrap_or_default(),
            ),
            visibility: Some(post.visibility.as_str().to_owned()),
            publish_at: minute_of(post, zone),
            post: Some(post.id),
            revision: Some(post.revision),
            pictures: post.pictures.iter().map(Kept::of).collect(),
            ..Self::nothing()
        }
    }

    /// A form that was sent. It has a name from now on, so that it is saved once, however often it is sent again.
    pub(super) fn sent(app: &App, form: &mut Form) -> Self {
        let mut typed = Self::read(form);
        typed.form.get_or_insert_with(|| new_key(app));
        typed
    }

    pub(super) fn read(form: &mut Form) -> Self {
        let mut faults = Faults::default();
        if form.broken {
            faults.add(
                StatusCode::BAD_REQUEST,
                "text",
                "The form did not arrive whole; check the end of your text.",
            );
        }
        for (name, flaw) in &form.flawed {
            let field = FIELDS.iter().find(|field| *field == name);
            faults.invalid(*field.unwrap_or(&"text"), flaw.sentence(name));
        }
        let files = form.files("image");
        let action = form.text("action");
        // Of a form that ended early nobody knows which button it was.
        let is_missing = action.is_empty() && form.broken;
        let intent = Intent::of(action).filter(|_| !is_missing);
        if intent.is_none() && !is_missing {
            faults.invalid(
                "text",
                "A form can be published, scheduled, handed in for review, saved as a draft or previewed.",
            );
        }
        let decorative: Vec<&str> = form.all("picture_decorative").collect();
        let mut alts = form.all("picture_alt");
        let mut names = form.all("picture_name");
        let mut were = form.all("picture_alt_was");
        let shown: Vec<_> = form
            .all("picture")
            .map(|hash| {
                let alt = alts.next().map(str::to_owned);
                let name = names.next().filter(|name| !name.is_empty());
                let was = were.next().map(str::to_owned);
                let hash = hash.parse().ok()?;
                let decorative = decorative.iter().any(|other| other.parse() == Ok(hash));
                Some(Shown {
                    hash,
                    name: name.map(str::to_owned),
                    alt,
                    was,
                    decorative,
                })
            })
            .collect();
        let shown = shown.into_iter().flatten().collect();
        Self {
            shown,
            title: one_line(form.text("title")),
            text: form.text("text").replace("\r\n", "\n"),
            slug: form.has("slug").then(|| form.text("slug").to_owned()),
            tags: form.has("tags").then(|| form.text("tags").to_owned()),
            excerpt: form.has("excerpt").then(|| form.text("excerpt").to_owned()),
            visibility: form
                .has("visibility")
                .then(|| form.text("visibility").to_owned()),
            note: form.text("note").to_owned(),
            publish_at: form.text("publish_at").trim().to_owned(),
            form: form.text("form").parse().ok(),
            turn: form.text("turn").parse().unwrap_or(0).max(0),
            post: form.text("post").parse().ok(),
            parked: opened(form),
            revision: form.text("revision").parse().ok(),
            mine: form
                .has("mine")
                .then(|| form.text("mine").replace("\r\n", "\n")),
            base: form.text("base").parse().ok(),
            meant: Intent::of(form.text("meant")).filter(|_| form.has("meant")),
            take: Take::of(form.text("take")),
            intent: intent.unwrap_or(Intent::Preview),
            is_unclear: intent.is_none(),
            alts: form.all("alt").map(str::to_owned).collect(),
            decorative: form
                .all("decorative")
                .filter_map(|number| number.parse().ok())
                .collect(),
            removed: form.all("remove_image").map(str::to_owned).collect(),
            said: Vec::new(),
            start: Vec::new(),
            pictures: Vec::new(),
            faults,
            files,
            sent: form
                .texts()
                .iter()
                .filter(|(name, _)| !Credentials::FIELDS.contains(&name.as_str()))
                .cloned()
                .collect(),
            left_out: form.all(LEFT_OUT).map(str::to_owned).collect(),
            missed: Vec::new(),
            author: None,
        }
    }

    /// Whether it was sent to be saved.
    pub(super) fn is_to_be_saved(&self) -> bool {
        self.intent != Intent::Preview && self.take.is_none()
    }

    /// Marks what is to be taken out: a picture by its hash or its number from 1, or with any other word the first. Numbers
    /// count what the form started from, so from then on the picture itself is meant.
    pub(super) fn mark_removed(&mut self) {
        for wish in &mut self.removed {
            let index = match (wish.parse::<ImageHash>(), wish.parse::<usize>()) {
                (Ok(hash), _) => self.pictures.iter().position(|kept| kept.hash == hash),
                (_, Ok(number)) => number.checked_sub(1),
                _ => Some(0).filter(|_| !matches!(wish.as_str(), "" | "off" | "false" | "no")),
            };
            if let Some(kept) = index.and_then(|index| self.pictures.get_mut(index)) {
                kept.removed = true;
                *wish = kept.hash.to_string();
            }
        }
    }

    /// The text outlives the post that it was for, or that is somebody else's.
    pub(super) fn becomes_a_new_post(&mut self, status: StatusCode, why: &str) {
        let sentence = format!("{why} Saved from here, your text becomes a new post.");
        self.faults.add(status, "text", sentence);
        self.post = None;
        self.revision = None;
    }

    /// The pictures that stay, as a page shows them.
    pub(super) fn staying(&self) -> Vec<Picture> {
        self.pictures
            .iter()
            .filter(|kept| !kept.removed)
            .map(Kept::picture)
            .collect()
    }

    /// With what the post says where the form had no field.
    pub(super) fn filled_from(&mut self, post: &Post, zone: &Zone) {
        let known = Self::from_post(post, zone);
        self.tags = self.tags.take().or(known.tags);
        self.excerpt = self.excerpt.take().or(known.excerpt);
        self.visibility = self.visibility.take().or(known.visibility);
    }
}

/// It is one line, in a field that wraps. One of spaces alone stays as it is: it comes back, and not as an empty one.
fn one_line(title: &str) -> String {
    let lines: Vec<&str> = title.split(['\r', '\n']).map(str::trim).collect();
    match lines.join(" ").trim() {
        "" => title.replace(['\r', '\n'], " "),
        line => line.to_owned(),
    }
}

/// What does not say how old it is takes no form's place.
fn opened(form: &Form) -> Option<Opened> {
    let at: i64 = form.text("parked_at").parse().unwrap_or(0);
    let at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000);
    Some(Opened {
        key: form.text("parked").parse().ok()?,
        at: at.unwrap_or(OffsetDateTime::UNIX_EPOCH),
    })
}

/// The minute for which a post is scheduled, as the form shows it.
pub(super) fn minute_of(post: &Post, zone: &Zone) -> String {
    minute(post.stage(), zone)
}

pub(super) fn minute(stage: Stage, zone: &Zone) -> String {
    let at = match stage {
        Stage::Scheduled(at) => zone.minute(millis(at)),
        _ => None,
    };
    at.unwrap_or_default()
}
