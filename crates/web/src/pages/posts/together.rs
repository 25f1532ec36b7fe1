//! What a form says and what others saved since it was drawn, as one edit, or with the places where a person must decide.
//!
//! Invariant: a field that only one of the two changed is as that one has it; nothing becomes public that its writer did
//! not send to be public.

use gatepost_domain::merge::{Field, Merge, merge, one_of, set};
use gatepost_domain::note::Note;
use gatepost_domain::picture::{ImageHash, PlacedPicture};
use gatepost_domain::post::{Post, Stage, StageName};
use gatepost_domain::tag::{Tag, Tags};
use gatepost_domain::text::Text;
use gatepost_storage::posts::{Edit, WantedSlug};
use gatepost_storage::revisions::Revision;
use serde::Serialize;

use super::comparison::{readers, state};
use super::typed::Typed;

pub(super) enum Together {
    Whole(Box<Edit>),
    Overlapping(Box<Overlap>),
}

/// Both in one form, for a person to finish.
pub(super) struct Overlap {
    edit: Edit,
    text: String,
    pub(super) overlaps: usize,
    pub(super) fields: Vec<FieldClash>,
}

/// A field that both changed; it holds mine.
#[derive(Clone, Serialize)]
pub(crate) struct FieldClash {
    label: &'static str,
    mine: String,
    theirs: String,
}

impl Overlap {
    /// There was no time to merge them: mine stands in the form.
    pub(super) fn of_busy(mine: &Edit, theirs: &Post) -> Self {
        let text = mine.text.as_str().to_owned();
        let overlaps = usize::from(mine.text != theirs.text);
        Self {
            edit: mine.clone(),
            text,
            overlaps,
            fields: Vec::new(),
        }
    }

    /// Puts what was merged into the form.
    pub(super) fn fill(self, typed: &mut Typed) {
        let edit = self.edit;
        typed.text = self.text;
        typed.title = edit.title.to_string();
        typed.tags = Some(edit.tags.to_string());
        typed.excerpt = Some(edit.excerpt.map(|it| it.to_string()).unwrap_or_default());
        typed.visibility = Some(edit.visibility.as_str().to_owned());
        typed.slug = Some(match edit.slug {
            WantedSlug::Typed(slug) => slug.to_string(),
            WantedSlug::FromTitle => String::new(),
        });
    }
}

/// Field by field. `known` are the pictures that the form spoke of; whatever else the post has was added since.
pub(super) fn together(
    base: Option<&Revision>,
    mine: &Edit,
    theirs: &Post,
    known: &[ImageHash],
) -> Together {
    let mut clashes = Clashes::default();
    let title = clashes.one(
        "Title",
        base.map(|it| &it.title),
        &mine.title,
        &theirs.title,
        ToString::to_string,
    );
    let excerpt = clashes.one(
        "Summary",
        base.map(|it| &it.excerpt),
        &mine.excerpt,
        &theirs.excerpt,
        |it| it.as_ref().map(ToString::to_string).unwrap_or_default(),
    );
    let visibility = clashes.one(
        "Readers",
        base.and_then(|it| it.visibility.as_ref()),
        &mine.visibility,
        &theirs.visibility,
        |it| readers(*it).to_owned(),
    );
    let old_slug = base.and_then(|it| it.slug.as_ref());
    let slug = match &mine.slug {
        WantedSlug::FromTitle if old_slug == Some(&theirs.slug) => WantedSlug::FromTitle,
        WantedSlug::FromTitle => WantedSlug::Typed(theirs.slug.clone()),
        WantedSlug::Typed(slug) => {
            WantedSlug::Typed(
                clashes.one("Address", old_slug, slug, &theirs.slug, |slug| {
                    format!("/{slug}")
                }),
            )
        }
    };
    let stage = clashes.stage(base.and_then(|it| it.stage), mine.stage, theirs.stage());
    let tags = clashes.tags(base.map(|it| &it.tags), &mine.tags, &theirs.tags);
    let added = theirs
        .pictures
        .iter()
        .filter(|picture| !known.contains(&picture.hash))
        .map(|picture| PlacedPicture {
            hash: picture.hash,
            alt: picture.alt.clone(),
            decorative: picture.decorative,
        });
    let who = theirs.last_editor.display_name.as_str();
    let note = if mine.note.is_empty() {
        Note::parse(&format!("merged with what {who} saved")).unwrap_or_default()
    } else {
        mine.note.clone()
    };
    let edit = Edit {
        title,
        excerpt,
        visibility,
        slug,
        stage,
        tags,
        pictures: mine.pictures.iter().cloned().chain(added).collect(),
        note,
        ..mine.clone()
    };
    let old = base.map_or("", |base| base.text.as_str());
    let (text, overlaps) = match merge(old, mine.text.as_str(), theirs.text.as_str()) {
        Merge::Merged(text) => (text, 0),
        Merge::Conflict(conflict) => (conflict.to_finish(who), conflict.overlaps()),
    };
    match Text::parse(text.as_str()) {
        Ok(text) if overlaps == 0 && clashes.0.is_empty() => {
            Together::Whole(Box::new(Edit { text, ..edit }))
        }
        _ => Together::Overlapping(Box::new(Overlap {
            edit,
            text,
            overlaps,
            fields: clashes.0,
        })),
    }
}

#[derive(Default)]
struct Clashes(Vec<FieldClash>);

impl Clashes {
    fn one<T: PartialEq + Clone>(
        &mut self,
        label: &'static str,
        base: Option<&T>,
        mine: &T,
        theirs: &T,
        shown: impl Fn(&T) -> String,
    ) -> T {
        let field = match base {
            Some(base) => one_of(base, mine.clone(), theirs.clone()),
            // Nobody knows what it was.
            None if mine == theirs => Field::Settled(mine.clone()),
            None => Field::Both {
                mine: mine.clone(),
                theirs: theirs.clone(),
            },
        };
        match field {
            Field::Settled(value) => value,
            Field::Both { mine, theirs } => {
                self.0.push(FieldClash {
                    label,
                    mine: shown(&mine),
                    theirs: shown(&theirs),
                });
                mine
            }
        }
    }

    fn tags(&mut self, base: Option<&Tags>, mine: &Tags, theirs: &Tags) -> Tags {
        let list = |tags: &Tags| tags.iter().cloned().collect::<Vec<Tag>>();
        let base = base.map(list).unwrap_or_default();
        let all = set(&base, &list(mine), &list(theirs), |tag| tag.key().clone());
        let names: Vec<&str> = all.iter().map(Tag::name).collect();
        Tags::parse(&names.join(",")).unwrap_or_else(|_| {
            // Together they are too many.
            self.0.push(FieldClash {
                label: "Tags",
                mine: mine.to_string(),
                theirs: theirs.to_string(),
            });
            mine.clone()
        })
    }

    fn stage(&mut self, base: Option<StageName>, mine: Stage, theirs: Stage) -> Stage {
        let (my_name, their_name) = (mine.name(), theirs.name());
        if my_name == their_name || base == Some(their_name) {
            return mine;
        }
        // A draft is not slipped into what readers see, or will.
        let hidden = matches!(theirs, Stage::Draft | Stage::Review);
        if hidden && base == Some(my_name) {
            return theirs;
        }
        self.0.push(FieldClash {
            label: "State",
            mine: state(my_name).to_owned(),
            theirs: state(their_name).to_owned(),
        });
        mine
    }
}
