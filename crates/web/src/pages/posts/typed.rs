//! What a writer handed in, before anybody judged it; it can always be shown again exactly as it was typed.

use gatepost_domain::ids::{RevisionNo, UserId};
use gatepost_domain::picture::{Alt, ImageHash, Picture};
use gatepost_domain::post::Post;
use gatepost_domain::slug::Slug;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_storage::posts::{Edit, PlacedPicture, WantedSlug};
use http::StatusCode;

use super::kept::{Kept, Shown};
use crate::form::{Faults, File, Form};

/// Which button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Publish,
    Draft,
    Preview,
}

impl Intent {
    fn of(word: &str) -> Option<Self> {
        match word {
            "" | "publish" => Some(Self::Publish),
            "draft" => Some(Self::Draft),
            "preview" => Some(Self::Preview),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Draft => "draft",
            Self::Preview => "preview",
        }
    }
}

#[derive(Debug)]
pub(super) struct Typed {
    pub(super) title: String,
    pub(super) text: String,
    /// `None`: the form had no such field, and the address stays what it is.
    pub(super) slug: Option<String>,
    pub(super) revision: Option<RevisionNo>,
    pub(super) intent: Intent,
    pub(super) files: Vec<File>,
    /// Words for the files, in their order.
    pub(super) alts: Vec<String>,
    /// Numbers of the files that are only decoration, from 1.
    pub(super) decorative: Vec<usize>,
    pub(super) shown: Vec<Shown>,
    pub(super) removed: Vec<String>,
    pub(super) pictures: Vec<Kept>,
    pub(super) faults: Faults,
}

impl Typed {
    /// A form that nobody has filled in yet.
    pub(super) fn nothing() -> Self {
        Self::read(&mut Form::default())
    }

    /// A form as it is when somebody begins to edit.
    pub(super) fn from_post(post: &Post) -> Self {
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
            revision: Some(post.revision),
            pictures: post.pictures.iter().map(Kept::of).collect(),
            ..Self::nothing()
        }
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
        let files = form.files("image");
        let intent = Intent::of(form.text("action"));
        if intent.is_none() {
            faults.invalid(
                "text",
                "This site can publish, save a draft or show a preview, and nothing else yet.",
            );
        }
        let decorative: Vec<&str> = form.all("picture_decorative").collect();
        let mut alts = form.all("picture_alt");
        let shown: Vec<_> = form
            .all("picture")
            .map(|hash| {
                let alt = alts.next().map(str::to_owned);
                let hash = hash.parse().ok()?;
                let decorative = decorative.iter().any(|other| other.parse() == Ok(hash));
                Some(Shown {
                    hash,
                    alt,
                    decorative,
                })
            })
            .collect();
        let shown = shown.into_iter().flatten().collect();
        Self {
            shown,
            // It is one line, in a field that wraps.
            title: form
                .text("title")
                .split(['\r', '\n'])
                .map(str::trim)
                .collect::<Vec<_>>()
                .join(" ")
                .trim()
                .to_owned(),
            text: form.text("text").replace("\r\n", "\n"),
            slug: form.has("slug").then(|| form.text("slug").to_owned()),
            revision: form.text("revision").parse().ok(),
            intent: intent.unwrap_or(Intent::Preview),
            alts: form.all("alt").map(str::to_owned).collect(),
            decorative: form
                .all("decorative")
                .filter_map(|number| number.parse().ok())
                .collect(),
            removed: form.all("remove_image").map(str::to_owned).collect(),
            pictures: Vec::new(),
            faults,
            files,
        }
    }

    /// Marks what is to be taken out: a picture by its hash or its number from 1, or with any other word the first.
    pub(super) fn mark_removed(&mut self) {
        for wish in &self.removed {
            let index = match (wish.parse::<ImageHash>(), wish.parse::<usize>()) {
                (Ok(hash), _) => self.pictures.iter().position(|kept| kept.hash == hash),
                (_, Ok(number)) => number.checked_sub(1),
                _ => Some(0).filter(|_| !matches!(wish.as_str(), "" | "off" | "false" | "no")),
            };
            if let Some(kept) = index.and_then(|index| self.pictures.get_mut(index)) {
                kept.removed = true;
            }
        }
    }

    /// The text outlives the post that it was for, or that is somebody else's.
    pub(super) fn becomes_a_new_post(&mut self, status: StatusCode, why: &str) {
        let sentence = format!("{why} Saved from here, your text becomes a new post.");
        self.faults.add(status, "text", sentence);
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

    /// Judges everything. `None`: the faults say what is wrong.
    pub(super) fn check(&mut self, editor: UserId, post: Option<&Post>) -> Option<Edit> {
        let faults = &mut self.faults;
        let title = Title::parse(&self.title)
            .map_err(|error| faults.invalid("title", error.to_string()))
            .ok();
        let text = Text::parse(self.text.as_str())
            .map_err(|error| faults.invalid("text", error.to_string()))
            .ok();
        let slug = match (self.slug.as_deref().map(str::trim), post) {
            (None, Some(post)) => Some(WantedSlug::Typed(post.slug.clone())),
            (None | Some(""), _) => Some(WantedSlug::FromTitle),
            (Some(typed), _) => match Slug::typed(typed) {
                Ok(slug) => Some(WantedSlug::Typed(slug)),
                Err(error) => {
                    faults.invalid("slug", error.to_string());
                    None
                }
            },
        };
        let mut pictures = Vec::new();
        for kept in self.pictures.iter().filter(|kept| !kept.removed) {
            match Alt::parse(&kept.alt) {
                Ok(alt) => pictures.push(PlacedPicture {
                    hash: kept.hash,
                    alt,
                    decorative: kept.decorative,
                }),
                Err(error) => faults.invalid(format!("alt-{}", kept.hash), error.to_string()),
            }
        }
        if post.is_some() && self.revision.is_none() {
            faults.invalid(
                "text",
                "The form did not say which version it changes. Compare, then save again.",
            );
        }
        if !faults.is_empty() {
            return None;
        }
        Some(Edit {
            title: title?,
            text: text?,
            slug: slug?,
            visibility: post.map(|post| post.visibility).unwrap_or_default(),
            published: self.intent == Intent::Publish,
            pictures,
            editor,
            note: String::new(),
        })
    }
}
