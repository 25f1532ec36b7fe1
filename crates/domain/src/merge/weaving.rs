//! The text that two changed ones and their base become, piece by piece.
//!
//! Invariant: the pieces run through the whole base; what nobody changed is in one of them.

use std::ops::Range;
use std::time::Instant;

use super::Stretch;
use crate::words::Words;

pub(super) struct Weaving<'a> {
    pub(super) base: Words<'a>,
    pub(super) mine: Words<'a>,
    pub(super) theirs: Words<'a>,
    pub(super) deadline: Instant,
}

impl Weaving<'_> {
    pub(super) fn pieces(&self) -> Vec<Stretch> {
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
}
