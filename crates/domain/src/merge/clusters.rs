//! Which changes of two people belong together: those that overlap, and the same change made twice.
//!
//! Invariant: the clusters are in the order of the text, and every change of either side is in one of them.

use std::ops::Range;

use super::weaving::Weaving;
use crate::words::{Hunk, Words, hunks, is_word};

/// Changes that overlap, or a single one that is apart from all others.
pub(super) struct Cluster {
    pub(super) base: Range<usize>,
    pub(super) mine: Vec<Hunk>,
    pub(super) theirs: Vec<Hunk>,
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
    pub(super) fn length(&self, hunks: &[Hunk]) -> usize {
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
    pub(super) fn clusters(&self) -> Vec<Cluster> {
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
