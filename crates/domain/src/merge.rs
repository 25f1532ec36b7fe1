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

use std::ops::Range;
use std::time::{Duration, Instant};

use crate::words::{Hunk, Vocabulary, Words, ended, hunks, is_word, plain};

mod fields;

pub use fields::{Field, one_of, set};

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

struct Weaving<'a> {
    base: Words<'a>,
    mine: Words<'a>,
    theirs: Words<'a>,
    deadline: Instant,
}

/// Changes that overlap, or a single one that is apart from all others.
struct Cluster {
    base: Range<usize>,
    mine: Vec<Hunk>,
    theirs: Vec<Hunk>,
}

impl Cluster {
    fn of(hunk: &Hunk, whose: Whose) -> Self {
        let when = |is: bool| {
            if is { vec![hunk.clone()] } else { Vec::new() }
        };
        Self {
            base: hunk.old.clone(),
            mine: when(whose != Whose::Theirs),
            theirs: when(whose != Whose::Mine),
        }
    }

    fn join(&mut self, other: Self) {
        self.base.start = self.base.start.min(other.base.start);
        self.base.end = self.base.end.max(other.base.end);
        self.mine.extend(other.mine);
        self.theirs.extend(other.theirs);
    }

    /// How many tokens one side has here.
    fn length(&self, hunks: &[Hunk]) -> usize {
        let gone: usize = hunks.iter().map(|hunk| hunk.old.len()).sum();
        let come: usize = hunks.iter().map(|hunk| hunk.new.len()).sum();
        self.base.len() - gone + come
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    Mine,
    Theirs,
    /// Changed alike.
    Shared,
}

impl Weaving<'_> {
    fn pieces(&self) -> Vec<Stretch> {
        let mut pieces = Vec::new();
        let (mut at, mut mine, mut theirs) = (0, 0, 0);
        for cluster in self.clusters() {
            pieces.push(Stretch::Same(self.unchanged(
                at..cluster.base.start,
                mine,
                theirs,
            )));
            mine += cluster.base.start - at;
            theirs += cluster.base.start - at;
            let my_end = mine + cluster.length(&cluster.mine);
            let their_end = theirs + cluster.length(&cluster.theirs);
            let my_text = || self.mine.text(mine..my_end);
            let their_text = || self.theirs.text(theirs..their_end);
            let alike = self.mine.keys[mine..my_end] == self.theirs.keys[theirs..their_end];
            pieces.push(if cluster.mine.is_empty() || alike {
                Stretch::Same(their_text())
            } else if cluster.theirs.is_empty() {
                Stretch::Same(my_text())
            } else {
                Stretch::Both {
                    mine: my_text(),
                    theirs: their_text(),
                }
            });
            (at, mine, theirs) = (cluster.base.end, my_end, their_end);
        }
        let rest = self.unchanged(at..self.base.tokens.len(), mine, theirs);
        pieces.push(Stretch::Same(rest));
        pieces
    }

    /// What nobody changed; a spelling that one of them did change is theirs.
    fn unchanged(&self, base: Range<usize>, mine: usize, theirs: usize) -> String {
        let mine = &self.mine.tokens[mine..];
        let theirs = &self.theirs.tokens[theirs..];
        base.zip(mine.iter().zip(theirs))
            .map(|(at, (mine, theirs))| {
                if *theirs == self.base.tokens[at] {
                    *mine
                } else {
                    *theirs
                }
            })
            .collect()
    }

    fn clusters(&self) -> Vec<Cluster> {
        let mut mine = hunks(&self.base, &self.mine, self.deadline);
        let mut theirs = hunks(&self.base, &self.theirs, self.deadline);
        share(&self.mine, &mut mine, &self.theirs, &theirs);
        share(&self.theirs, &mut theirs, &self.mine, &mine);
        let mut clusters: Vec<Cluster> = Vec::new();
        // The last change of each side, and the cluster it is in.
        let mut last: [Option<(&Hunk, usize)>; 2] = [None, None];
        for (hunk, whose) in self.in_order(&mine, &theirs) {
            let mut place = clusters.len();
            clusters.push(Cluster::of(hunk, whose));
            if whose == Whose::Shared {
                continue;
            }
            let other = usize::from(whose == Whose::Mine);
            if let Some((before, home)) = last[other]
                && !self.apart((before, whose != Whose::Mine), (hunk, whose == Whose::Mine))
            {
                let joined: Vec<Cluster> = clusters.drain(home + 1..).collect();
                joined
                    .into_iter()
                    .for_each(|cluster| clusters[home].join(cluster));
                place = home;
                // What came between is in there too.
                last.iter_mut()
                    .flatten()
                    .for_each(|(_, at)| *at = (*at).min(home));
            }
            last[1 - other] = Some((hunk, place));
        }
        clusters
    }

    /// The changes of both in the order of the text; what is the same in both comes once.
    fn in_order<'h>(&self, mine: &'h [Hunk], theirs: &'h [Hunk]) -> Vec<(&'h Hunk, Whose)> {
        let place = |hunk: &Hunk| (hunk.old.start, hunk.old.end);
        let (mut mine, mut theirs) = (mine.iter().peekable(), theirs.iter().peekable());
        let mut all = Vec::new();
        loop {
            let next = match (mine.peek(), theirs.peek()) {
                (None, None) => return all,
                (Some(my), Some(their)) if self.alike(my, their) => {
                    // Both hunks are needed for their lengths, which are equal.
                    theirs.next();
                    mine.next().map(|hunk| (hunk, Whose::Shared))
                }
                (Some(my), Some(their)) if place(my) <= place(their) => {
                    mine.next().map(|hunk| (hunk, Whose::Mine))
                }
                (Some(_), None) => mine.next().map(|hunk| (hunk, Whose::Mine)),
                _ => theirs.next().map(|hunk| (hunk, Whose::Theirs)),
            };
            all.extend(next);
        }
    }

    fn alike(&self, mine: &Hunk, theirs: &Hunk) -> bool {
        mine.old == theirs.old
            && self.mine.keys[mine.new.clone()] == self.theirs.keys[theirs.new.clone()]
    }

    /// Whether two changes of different people are apart, the first in the text first. With each, whether it is mine.
    fn apart(&self, first: (&Hunk, bool), second: (&Hunk, bool)) -> bool {
        let ((before, before_is_mine), (after, after_is_mine)) = (first, second);
        if after.old.start < before.old.end {
            return false;
        }
        if before.old.is_empty() && after.old.is_empty() && before.old == after.old {
            return false;
        }
        let between = &self.base.tokens[before.old.end..after.old.start];
        if between.iter().any(|token| is_word(token)) {
            return true;
        }
        let side = |is_mine: bool| if is_mine { &self.mine } else { &self.theirs };
        let (left, right) = (side(before_is_mine), side(after_is_mine));
        // Where they touch, neither may have joined or cut the line in which they meet.
        let whole = |side: &Words<'_>, new: usize, old: usize| {
            side.starts_a_line(new) == self.base.starts_a_line(old)
        };
        if between.is_empty()
            && !(whole(left, before.new.end, before.old.end)
                && whole(right, after.new.start, after.old.start))
        {
            return false;
        }
        let edge = |hunk: &Hunk, side: &Words<'_>| {
            if hunk.new.is_empty() {
                self.base.text(hunk.old.clone())
            } else {
                side.text(hunk.new.clone())
            }
        };
        let (left_edge, right_edge) = (edge(before, left), edge(after, right));
        let left_space = &left_edge[left_edge.trim_end().len()..];
        let right_space = &right_edge[..right_edge.len() - right_edge.trim_start().len()];
        let line_ends = [left_space, &between.concat(), right_space]
            .concat()
            .matches('\n')
            .count();
        let one = self.is_of_lines(before) != self.is_of_lines(after);
        line_ends >= if one { 1 } else { 2 }
    }

    /// Whole lines were added or taken out, and nothing else.
    fn is_of_lines(&self, hunk: &Hunk) -> bool {
        (hunk.old.is_empty() || hunk.new.is_empty())
            && self.base.starts_a_line(hunk.old.start)
            && self.base.starts_a_line(hunk.old.end)
    }
}

/// Where a change begins or ends with the very words that the other side only added there, those words are a change of
/// their own: they were added by both.
fn share(side: &Words<'_>, hunks: &mut Vec<Hunk>, other: &Words<'_>, additions: &[Hunk]) {
    let additions: Vec<&Hunk> = additions.iter().filter(|it| it.old.is_empty()).collect();
    let at = |place: usize| {
        let found = additions.binary_search_by_key(&place, |it| it.old.start);
        found
            .ok()
            .map(|index| &other.keys[additions[index].new.clone()])
    };
    *hunks = std::mem::take(hunks)
        .into_iter()
        .flat_map(|hunk| {
            let Hunk { old, new } = hunk.clone();
            let keys = &side.keys[new.clone()];
            if old.is_empty() {
                return vec![hunk];
            }
            if let Some(added) = at(old.start)
                && keys.starts_with(added)
            {
                let cut = new.start + added.len();
                return vec![
                    Hunk {
                        old: old.start..old.start,
                        new: new.start..cut,
                    },
                    Hunk {
                        old,
                        new: cut..new.end,
                    },
                ];
            }
            if let Some(added) = at(old.end)
                && keys.ends_with(added)
            {
                let cut = new.end - added.len();
                return vec![
                    Hunk {
                        old: old.clone(),
                        new: new.start..cut,
                    },
                    Hunk {
                        old: old.end..old.end,
                        new: cut..new.end,
                    },
                ];
            }
            vec![hunk]
        })
        .collect();
}

/// Widens what overlaps to whole lines, so that a person can read it.
fn by_lines(pieces: Vec<Stretch>) -> Vec<Stretch> {
    let mut lines = Lines::default();
    for piece in pieces {
        match piece {
            Stretch::Same(text) => text.split_inclusive('\n').for_each(|line| {
                lines.mine.push_str(line);
                lines.theirs.push_str(line);
                lines.close();
            }),
            Stretch::Both { mine, theirs } => {
                lines.mine.push_str(&mine);
                lines.theirs.push_str(&theirs);
                lines.differ = true;
                lines.close();
            }
        }
    }
    lines.end();
    lines.done
}

#[derive(Default)]
struct Lines {
    done: Vec<Stretch>,
    mine: String,
    theirs: String,
    differ: bool,
}

impl Lines {
    fn end(&mut self) {
        for side in [&mut self.mine, &mut self.theirs] {
            if !side.is_empty() && !side.ends_with('\n') {
                side.push('\n');
            }
        }
        self.close();
    }

    /// Where a line ends on both sides, what was gathered is whole.
    fn close(&mut self) {
        let whole = |text: &str| text.is_empty() || text.ends_with('\n');
        if !whole(&self.mine) || !whole(&self.theirs) {
            return;
        }
        let (mine, theirs) = (
            std::mem::take(&mut self.mine),
            std::mem::take(&mut self.theirs),
        );
        match (std::mem::take(&mut self.differ), self.done.last_mut()) {
            (false, Some(Stretch::Same(last))) => last.push_str(&mine),
            (false, _) if mine.is_empty() => {}
            (false, _) => self.done.push(Stretch::Same(mine)),
            (
                true,
                Some(Stretch::Both {
                    mine: my_last,
                    theirs: their_last,
                }),
            ) => {
                my_last.push_str(&mine);
                their_last.push_str(&theirs);
            }
            (true, _) => self.done.push(Stretch::Both { mine, theirs }),
        }
    }
}

#[cfg(test)]
mod tests;
