//! Fields that two people changed, and not alike, in words; and those of them that a form still has when it is drawn again.

use gatepost_domain::merge::{self, Field, Sent, one_of, set};
use gatepost_domain::picture::{Alt, ImageHash, PlacedPicture};
use gatepost_domain::post::{Stage, Visibility};
use gatepost_domain::tag::{Tag, Tags};
use gatepost_storage::revisions::Revision;
use serde::Serialize;

use super::intent::Intent;
use super::kept::Kept;
use super::together::{Shown, said};
use super::typed::Typed;
use crate::pages::millis;
use crate::zone::Zone;

/// A field that both changed; it holds mine.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct FieldClash {
    label: String,
    mine: String,
    theirs: String,
    /// It is about this picture; its label waits until the form knows where that one stands.
    #[serde(skip)]
    picture: Option<ImageHash>,
}

impl FieldClash {
    /// Pictures are called by their place in the form.
    pub(super) fn in_place(mut self, pictures: &[Kept]) -> Self {
        let place = |hash| pictures.iter().position(|kept| kept.hash == hash);
        if let Some(place) = self.picture.and_then(place) {
            self.label = format!("Picture {}", place + 1);
        }
        self
    }
}

#[derive(Default)]
pub(super) struct Clashes(Vec<FieldClash>);

impl Clashes {
    pub(super) fn into_list(self) -> Vec<FieldClash> {
        self.0
    }

    fn add(&mut self, label: &str, mine: String, theirs: String) {
        self.0.push(FieldClash {
            label: label.to_owned(),
            mine,
            theirs,
            picture: None,
        });
    }

    pub(super) fn one<T: PartialEq + Clone>(
        &mut self,
        label: &str,
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
                self.add(label, shown(&mine), shown(&theirs));
                mine
            }
        }
    }

    pub(super) fn tags(&mut self, base: Option<&Tags>, mine: &Tags, theirs: &Tags) -> Tags {
        let list = |tags: &Tags| tags.iter().cloned().collect::<Vec<Tag>>();
        let base = base.map(list).unwrap_or_default();
        let all = set(&base, &list(mine), &list(theirs), |tag| tag.key().clone());
        let names: Vec<&str> = all.iter().map(Tag::name).collect();
        Tags::parse(&names.join(",")).unwrap_or_else(|_| {
            // Together they are too many.
            self.add("Tags", mine.to_string(), theirs.to_string());
            mine.clone()
        })
    }

    pub(super) fn stage(
        &mut self,
        base: Option<Stage>,
        mine: Sent,
        theirs: Sent,
        zone: &Zone,
    ) -> Stage {
        match merge::stage(base, mine, theirs) {
            Field::Settled(stage) => stage,
            Field::Both { mine, theirs } => {
                self.add("State", state(mine, zone), state(theirs, zone));
                mine
            }
        }
    }

    pub(super) fn pictures(
        &mut self,
        base: &[PlacedPicture],
        mine: &[PlacedPicture],
        theirs: &[PlacedPicture],
    ) -> Vec<PlacedPicture> {
        let (merged, clashes) = merge::pictures(base, mine, theirs);
        let told = clashes.into_iter().map(|clash| FieldClash {
            label: "A picture".to_owned(),
            mine: picture(clash.mine.as_ref()),
            theirs: picture(clash.theirs.as_ref()),
            picture: Some(clash.hash),
        });
        self.0.extend(told);
        merged
    }

    /// Those of a form that holds both versions already, as it is now.
    pub(super) fn left(
        typed: &Typed,
        base: Option<&Revision>,
        theirs: &Revision,
        zone: &Zone,
    ) -> Vec<FieldClash> {
        let mut left = Self::default();
        let mut text =
            |label, base: Option<String>, mine: Option<&String>, theirs: Option<String>| {
                if let (Some(mine), Some(theirs)) = (mine, theirs) {
                    left.one(label, base.as_ref(), mine, &theirs, String::clone);
                }
            };
        text(
            "Title",
            base.map(|it| it.title.to_string()),
            Some(&typed.title),
            Some(theirs.title.to_string()),
        );
        text(
            "Summary",
            base.map(|it| said(it.excerpt.as_ref())),
            typed.excerpt.as_ref(),
            Some(said(theirs.excerpt.as_ref())),
        );
        let shown = |it: &Revision| it.visibility.map(|it| readers(it).to_owned());
        let mine = typed.visibility.as_ref().and_then(|it| it.parse().ok());
        let mine = mine.map(|it| readers(it).to_owned());
        text(
            "Readers",
            base.and_then(shown),
            mine.as_ref(),
            shown(theirs),
        );
        let shown = |it: &Revision| it.slug.as_ref().map(|slug| format!("/{slug}"));
        let mine = typed.slug.as_ref().filter(|slug| !slug.is_empty());
        let mine = mine.map(|slug| format!("/{slug}"));
        text(
            "Address",
            base.and_then(shown),
            mine.as_ref(),
            shown(theirs),
        );
        if let (Some(mine), Some(stage)) = (meant(typed, zone), theirs.whole_stage()) {
            let theirs = Sent {
                stage,
                with_changes: is_new(theirs, base),
            };
            left.stage(base.and_then(Revision::whole_stage), mine, theirs, zone);
        }
        if let Ok(mine) = Tags::parse(typed.tags.as_deref().unwrap_or_default()) {
            left.tags(base.map(|it| &it.tags), &mine, &theirs.tags);
        }
        let old = base.and_then(|it| it.pictures.as_ref());
        if let (Some(old), Some(theirs)) = (old, &theirs.pictures) {
            let staying = typed.pictures.iter().filter(|kept| !kept.removed);
            let mine: Vec<_> = staying
                .map(|kept| PlacedPicture {
                    hash: kept.hash,
                    alt: Alt::parse(&kept.alt).unwrap_or_default(),
                    decorative: kept.decorative,
                })
                .collect();
            left.pictures(old, &mine, theirs);
        }
        let placed = left.0.into_iter();
        placed
            .map(|clash| clash.in_place(&typed.pictures))
            .collect()
    }
}

/// How far mine was to go when it met the other; both had something to say, or they had not met.
fn meant(typed: &Typed, zone: &Zone) -> Option<Sent> {
    let stage = match typed.meant? {
        Intent::Publish => Stage::Published,
        Intent::Draft => Stage::Draft,
        Intent::Review => Stage::Review,
        Intent::Schedule => Stage::Scheduled(zone.moment(&typed.publish_at).ok()?),
        Intent::Preview => return None,
    };
    Some(Sent {
        stage,
        with_changes: true,
    })
}

fn is_new(version: &Revision, base: Option<&Revision>) -> bool {
    let shown = Shown {
        title: &version.title,
        text: &version.text,
        excerpt: version.excerpt.as_ref(),
        tags: &version.tags,
        visibility: version.visibility.unwrap_or_default(),
    };
    shown.is_new(base) || base.is_some_and(|base| base.pictures != version.pictures)
}

pub(super) fn readers(visibility: Visibility) -> &'static str {
    match visibility {
        Visibility::Public => "Listed",
        Visibility::Unlisted => "Unlisted",
    }
}

pub(super) fn state(stage: Stage, zone: &Zone) -> String {
    match stage {
        Stage::Draft => "Draft".to_owned(),
        Stage::Review => "In review".to_owned(),
        Stage::Scheduled(at) => {
            let (date, time) = (zone.date(millis(at)), zone.time(millis(at)));
            let (date, time) = (date.unwrap_or_default(), time.unwrap_or_default());
            format!("Scheduled for {date}, {time}")
        }
        Stage::Published => "Published".to_owned(),
    }
}

/// A picture by what it says to who can't see it.
pub(super) fn picture(placed: Option<&PlacedPicture>) -> String {
    match placed {
        None => "taken out".to_owned(),
        Some(it) if it.decorative => "only decoration".to_owned(),
        Some(it) if it.alt.is_empty() => "no words yet".to_owned(),
        Some(it) => it.alt.to_string(),
    }
}
