//! A conflict as one text for a person to finish, and what tells that it is not finished.
//!
//! Invariant: every mark that is written is found again.

use super::{Conflict, Stretch};

const OPEN: &str = "[[[ ";
const CLOSE: &str = " ]]]";
const WROTE: &str = "wrote";
const DELETED: &str = "deleted this";
const LAST: &str = "Keep one or join them, and delete these three lines";

impl Conflict {
    /// How often the changes overlap.
    pub fn overlaps(&self) -> usize {
        let both = |it: &&Stretch| matches!(it, Stretch::Both { .. });
        self.stretches.iter().filter(both).count()
    }

    /// One text to finish by hand: where the changes overlap, both stand under a line that says whose they are.
    pub fn to_finish(&self, their_name: &str) -> String {
        let mut text = String::new();
        for stretch in &self.stretches {
            match stretch {
                Stretch::Same(same) => text.push_str(same),
                Stretch::Both { mine, theirs } => {
                    mark(&mut text, "You", mine);
                    mark(&mut text, their_name, theirs);
                    text.push_str(OPEN);
                    text.push_str(LAST);
                    text.push_str(CLOSE);
                    text.push('\n');
                }
            }
        }
        text
    }
}

fn mark(text: &mut String, who: &str, wrote: &str) {
    let did = if wrote.trim().is_empty() {
        DELETED
    } else {
        WROTE
    };
    text.extend([OPEN, who, " ", did, CLOSE, "\n", wrote]);
}

/// The lines (from 1) that are left of a [`Conflict::to_finish`], three for each place where changes overlap.
pub fn marks(text: &str) -> impl Iterator<Item = usize> {
    let left = |line: &str| {
        let said = line.strip_prefix(OPEN).map(str::trim_end);
        let said = said.and_then(|said| said.strip_suffix(CLOSE));
        said.is_some_and(|said| [WROTE, DELETED, LAST].iter().any(|end| said.ends_with(end)))
    };
    text.lines()
        .enumerate()
        .filter(move |(_, line)| left(line))
        .map(|(index, _)| index + 1)
}
