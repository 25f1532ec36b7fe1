//! Two people's changes of one text, brought together; nothing that either of them wrote is left out without being shown.
//!
//! The rules, each with its case in the table of tests:
//! * What one side left alone, the other may change. What both changed alike is changed once.
//! * Two changes are apart when an unchanged word, an unchanged line or the end of a paragraph stands between them; for
//!   whole lines that were added or taken out, the end of a line is enough. Changes that are not apart overlap, and so
//!   do two additions at one place.
//! * Line endings, spaces at the end of a line, a missing last line end, and composed or decomposed spellings are no
//!   changes beside others; alone they are kept.
//! * Where changes overlap, whole lines of both sides are shown, each with everything around that did not overlap.

use std::time::{Duration, Instant};

use crate::words::{Vocabulary, Words, ended, plain};

mod clusters;
mod fields;
mod finish;
mod lines;
mod pictures;
mod stages;
mod weaving;

pub use fields::{Field, one_of, set};
pub use finish::marks;
use lines::by_lines;
pub use pictures::{PictureClash, pictures};
pub use stages::{Sent, stage};
use weaving::Weaving;

/// What became of two changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// They did not overlap.
    Merged(String),
    Conflict(Conflict),
}

/// Two changes that overlap somewhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// In order, whole lines; one of them at least is [`Stretch::Both`].
    pub stretches: Vec<Stretch>,
}

/// A part of a text that is being merged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stretch {
    /// Settled.
    Same(String),
    /// For a person to decide.
    Both { mine: String, theirs: String },
}

/// How long two texts are compared at most. Texts that people edit take milliseconds.
const PATIENCE: Duration = Duration::from_secs(2);

/// Brings together what became of `base` in two hands. Where texts of a megabyte have nothing in common it stops looking
/// after two seconds; then more overlaps than must.
pub fn merge(base: &str, mine: &str, theirs: &str) -> Merge {
    merge_until(base, mine, theirs, Instant::now() + PATIENCE)
}

fn merge_until(base: &str, mine: &str, theirs: &str, deadline: Instant) -> Merge {
    let (base, mine, theirs) = (plain(base), plain(mine), plain(theirs));
    if mine == theirs || theirs == base {
        return Merge::Merged(mine.into_owned());
    }
    if mine == base {
        return Merge::Merged(theirs.into_owned());
    }
    let (base, base_ended) = ended(&base);
    let (mine, mine_ended) = ended(&mine);
    let (theirs, theirs_ended) = ended(&theirs);
    let mut vocabulary = Vocabulary::default();
    let weaving = Weaving {
        base: Words::of(&base, &mut vocabulary),
        mine: Words::of(&mine, &mut vocabulary),
        theirs: Words::of(&theirs, &mut vocabulary),
        deadline,
    };
    let mut stretches = by_lines(weaving.pieces());
    let is_ended = if theirs_ended == base_ended {
        mine_ended
    } else {
        theirs_ended
    };
    if let ([Stretch::Same(text)], false) = (stretches.as_mut_slice(), is_ended) {
        text.pop();
    }
    match stretches.as_mut_slice() {
        [] => Merge::Merged(String::new()),
        [Stretch::Same(text)] => Merge::Merged(std::mem::take(text)),
        _ => Merge::Conflict(Conflict { stretches }),
    }
}

#[cfg(test)]
mod tests;
