//! One version of a post beside another: what was added, what was taken out, in its text and in everything else it says.

use std::borrow::Cow;
use std::sync::Arc;

use gatepost_domain::changes::{Passage, Piece, changes, fold};
use gatepost_domain::ids::{PostId, RevisionNo, UserId};
use gatepost_domain::note::Note;
use gatepost_domain::picture::PlacedPicture;
use gatepost_domain::post::Post;
use gatepost_storage::posts::{Edit, WantedSlug};
use gatepost_storage::revisions::Revision;
use serde::Serialize;

use super::clashes::{picture, readers, state};
use super::known_as;
use super::show::Facts;
use crate::error::Error;
use crate::pages::millis;
use crate::paths;
use crate::state::App;
use crate::zone::Zone;

#[derive(Serialize)]
pub(crate) struct Comparison {
    post: Facts,
    /// What a restoring knows the post by, whatever has its address by then.
    id: PostId,
    history: String,
    /// What stands there now; a restoring says that it has seen this.
    current: RevisionNo,
    /// Nothing more to be said about it here than its number.
    is_current: bool,
    number: RevisionNo,
    against: Option<RevisionNo>,
    older: Option<String>,
    newer: Option<String>,
    who: String,
    at: i64,
    note: String,
    facts: Vec<Fact>,
    passages: Vec<Passage>,
    same_text: bool,
    /// Somebody saved before this version could be brought back.
    late: Option<String>,
    /// Of old saves nobody knows their pictures; those of now stay.
    with_pictures: bool,
    /// There is nothing in it, and readers see the post or will.
    hollow: bool,
}

/// Something beside the text that changed.
#[derive(Serialize)]
struct Fact {
    label: Cow<'static, str>,
    pieces: Vec<Piece>,
}

impl Comparison {
    /// Without another version, this one as it is.
    pub(super) async fn of(
        app: &Arc<App>,
        post: &Post,
        revision: Revision,
        other: Option<Revision>,
    ) -> Result<Self, Error> {
        let site = Arc::clone(app);
        let history = paths::history(&post.slug);
        let (number, current) = (revision.number, post.revision);
        let beside = |to: i64, there: bool| there.then(|| format!("{history}/{to}"));
        let mut view = Self {
            current,
            is_current: number == current,
            number,
            against: other.as_ref().map(|other| other.number),
            older: beside(number.0 - 1, number.0 > 1),
            newer: beside(number.0 + 1, number < current),
            who: known_as(&revision.person),
            at: millis(revision.saved_at),
            note: revision.note.to_string(),
            facts: Vec::new(),
            passages: Vec::new(),
            same_text: false,
            late: None,
            with_pictures: revision.pictures.is_some(),
            hollow: false,
            post: Facts::of(post),
            id: post.id,
            history,
        };
        // Long texts that have little in common take a second.
        let compared = tokio::task::spawn_blocking(move || match other {
            Some(other) => {
                let pieces = changes(other.text.as_str(), revision.text.as_str());
                let same = pieces.iter().all(|piece| matches!(piece, Piece::Same(_)));
                let facts = facts(&other, &revision, &site.site.zone);
                (facts, fold(pieces), same)
            }
            None => {
                let whole = Passage {
                    pieces: vec![Piece::Same(revision.text.as_str().to_owned())],
                    folded: None,
                };
                (Vec::new(), vec![whole], false)
            }
        });
        (view.facts, view.passages, view.same_text) = compared.await.map_err(Error::unexpected)?;
        Ok(view)
    }

    pub(super) fn hollow(mut self) -> Self {
        self.hollow = true;
        self
    }

    pub(super) fn too_late(mut self) -> Self {
        self.late = Some(self.post.last_editor.clone());
        self
    }
}

fn facts(old: &Revision, new: &Revision, zone: &Zone) -> Vec<Fact> {
    let text = |value: Option<&dyn ToString>| value.map(ToString::to_string).unwrap_or_default();
    let excerpt = |revision: &Revision| text(revision.excerpt.as_ref().map(|it| it as _));
    let by_words = [
        ("Title", old.title.to_string(), new.title.to_string()),
        ("Tags", old.tags.to_string(), new.tags.to_string()),
        ("Summary", excerpt(old), excerpt(new)),
    ];
    let by_words = by_words.into_iter().map(|(label, old, new)| Fact {
        label: label.into(),
        pieces: one_line(changes(&old, &new)),
    });
    // Saves by an older version of the program don't know these.
    let address = |revision: &Revision| Some(paths::post(revision.slug.as_ref()?));
    let whole = [
        ("Address", address(old), address(new)),
        (
            "Readers",
            old.visibility.map(readers).map(str::to_owned),
            new.visibility.map(readers).map(str::to_owned),
        ),
        (
            "State",
            old.whole_stage().map(|it| state(it, zone)),
            new.whole_stage().map(|it| state(it, zone)),
        ),
    ];
    let whole = whole.into_iter().filter_map(|(label, old, new)| {
        let (old, new) = (old?, new?);
        let changed = old != new;
        changed.then(|| Fact {
            label: label.into(),
            pieces: vec![Piece::Removed(old), Piece::Added(new)],
        })
    });
    let says_something = |fact: &Fact| {
        fact.pieces
            .iter()
            .any(|piece| !matches!(piece, Piece::Same(_)))
    };
    let beside = match (&old.pictures, &new.pictures) {
        (Some(old), Some(new)) => pictures(old, new),
        _ => Vec::new(),
    };
    let facts = by_words.filter(says_something).chain(whole);
    facts.chain(beside).collect()
}

/// What stands on one line has no end of a line.
fn one_line(mut pieces: Vec<Piece>) -> Vec<Piece> {
    if let Some(Piece::Same(last)) = pieces.last_mut() {
        last.truncate(last.trim_end().len());
    }
    pieces
}

/// What became of the pictures, each by its place in the older version, or in the newer where it was not there before.
fn pictures(old: &[PlacedPicture], new: &[PlacedPicture]) -> Vec<Fact> {
    let find = |list: &[PlacedPicture], hash| list.iter().position(|it| it.hash == hash);
    let fact = |place: usize, pieces| Fact {
        label: format!("Picture {}", place + 1).into(),
        pieces,
    };
    let gone = |it: &PlacedPicture| Piece::Removed(picture(Some(it)));
    let come = |it: &PlacedPicture| Piece::Added(picture(Some(it)));
    let mut facts = Vec::new();
    for (place, before) in old.iter().enumerate() {
        match find(new, before.hash).map(|place| &new[place]) {
            None => facts.push(fact(place, vec![gone(before)])),
            Some(after) if before == after => {}
            Some(after) if before.decorative || after.decorative => {
                facts.push(fact(place, vec![gone(before), come(after)]));
            }
            Some(after) => {
                let words = changes(before.alt.as_str(), after.alt.as_str());
                facts.push(fact(place, one_line(words)));
            }
        }
    }
    let added = new.iter().enumerate();
    let added = added.filter(|(_, after)| find(old, after.hash).is_none());
    facts.extend(added.map(|(place, after)| fact(place, vec![come(after)])));
    let both = |list: &[PlacedPicture], other: &[PlacedPicture]| -> Vec<PlacedPicture> {
        let kept = list.iter().filter(|it| find(other, it.hash).is_some());
        kept.cloned().collect()
    };
    let (before, after) = (both(old, new), both(new, old));
    if before
        .iter()
        .map(|it| it.hash)
        .ne(after.iter().map(|it| it.hash))
    {
        let said = |list: &[PlacedPicture]| {
            let each: Vec<_> = list.iter().map(|it| picture(Some(it))).collect();
            each.join(", ")
        };
        facts.push(Fact {
            label: "Order of the pictures".into(),
            pieces: vec![Piece::Removed(said(&before)), Piece::Added(said(&after))],
        });
    }
    facts
}

/// What a writer had written, again, with its pictures; address, readers and how far it is stay what they are now.
pub(super) fn brought_back(revision: &Revision, post: &Post, editor: UserId) -> Edit {
    let note = format!("restored revision {}", revision.number);
    let now = || post.pictures.iter().map(PlacedPicture::from).collect();
    Edit {
        title: revision.title.clone(),
        text: revision.text.clone(),
        tags: revision.tags.clone(),
        excerpt: revision.excerpt.clone(),
        slug: WantedSlug::Typed(post.slug.clone()),
        visibility: post.visibility,
        stage: post.stage(),
        pictures: revision.pictures.clone().unwrap_or_else(now),
        editor,
        note: Note::parse(&note).unwrap_or_default(),
        form: None,
        opened_from: None,
    }
}
