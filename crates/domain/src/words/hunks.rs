//! The changes between two texts, by lines first and then by words.
//!
//! Invariant: between two hunks the texts run token by token beside each other, whatever the clock says.

use std::ops::Range;
use std::time::Instant;

use similar::{Algorithm, DiffOp, capture_diff_slices_deadline};

use super::{Words, is_word};

/// A stretch of the older text, and what stands there in the newer one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Hunk {
    pub(crate) old: Range<usize>,
    pub(crate) new: Range<usize>,
}

/// What changed from one text to another, in order: by lines first, then by words inside the lines that changed. Between
/// two hunks the texts run token by token beside each other. After the deadline the hunks grow coarser, and stay true.
pub(crate) fn hunks(old: &Words<'_>, new: &Words<'_>, deadline: Instant) -> Vec<Hunk> {
    let mut hunks = Vec::new();
    let by_lines =
        capture_diff_slices_deadline(Algorithm::Histogram, &old.lines, &new.lines, Some(deadline));
    for op in by_lines {
        if let DiffOp::Equal { .. } = op {
            // Equal lines have equal words, unless their spelling is cut differently.
            for (old_line, new_line) in op.old_range().zip(op.new_range()) {
                let before = old.of_lines(old_line..old_line + 1);
                let after = new.of_lines(new_line..new_line + 1);
                if old.keys[before.clone()] != new.keys[after.clone()] {
                    hunks.push(Hunk {
                        old: before,
                        new: after,
                    });
                }
            }
        } else {
            let before = old.of_lines(op.old_range());
            let after = new.of_lines(op.new_range());
            hunks.extend(by_words(old, before, new, after, deadline));
        }
    }
    for index in 0..hunks.len() {
        settle(old, new, &mut hunks, index);
    }
    hunks.dedup_by(|next, last| {
        let touch = last.old.end == next.old.start && last.new.end == next.new.start;
        if touch {
            last.old.end = next.old.end;
            last.new.end = next.new.end;
        }
        touch
    });
    hunks
}

/// What was only added, or only taken out, may often stand at several places with the same outcome. It goes to the last
/// that begins a line, else to the last that begins with a word: so that two people who did the same are seen to have.
fn settle(old: &Words<'_>, new: &Words<'_>, hunks: &mut [Hunk], index: usize) {
    let added = hunks[index].old.is_empty();
    if !added && !hunks[index].new.is_empty() {
        return;
    }
    let (text, pick): (_, fn(&Hunk) -> Range<usize>) = if added {
        (new, |hunk| hunk.new.clone())
    } else {
        (old, |hunk| hunk.old.clone())
    };
    let here = pick(&hunks[index]);
    let floor = index
        .checked_sub(1)
        .map_or(0, |before| pick(&hunks[before]).end);
    let ceiling = hunks
        .get(index + 1)
        .map_or(text.keys.len(), |after| pick(after).start);
    let length = here.len();
    let mut first = here.start;
    while first > floor && text.keys[first - 1] == text.keys[first + length - 1] {
        first -= 1;
    }
    let mut last = here.start;
    while last + length < ceiling && text.keys[last] == text.keys[last + length] {
        last += 1;
    }
    let best = (first..=last)
        .max_by_key(|&at| match () {
            () if text.starts_a_line(at) => 2,
            () if is_word(text.tokens[at]) => 1,
            () => 0,
        })
        .unwrap_or(here.start);
    let hunk = &mut hunks[index];
    let moved = |range: Range<usize>| {
        let start = range.start + best - here.start;
        start..start + range.len()
    };
    hunk.old = moved(hunk.old.clone());
    hunk.new = moved(hunk.new.clone());
}

fn by_words(
    old: &Words<'_>,
    before: Range<usize>,
    new: &Words<'_>,
    after: Range<usize>,
    deadline: Instant,
) -> Vec<Hunk> {
    let mut hunks: Vec<Hunk> = Vec::new();
    let ops = capture_diff_slices_deadline(
        Algorithm::Myers,
        &old.keys[before.clone()],
        &new.keys[after.clone()],
        Some(deadline),
    );
    for op in ops {
        if let DiffOp::Equal { .. } = op {
            continue;
        }
        let (was, is) = (op.old_range(), op.new_range());
        let mut hunk = Hunk {
            old: before.start + was.start..before.start + was.end,
            new: after.start + is.start..after.start + is.end,
        };
        // A few small words that happen to stand in both, amid many that don't, are no common text.
        while let Some(last) = hunks.last() {
            let between = last.old.end..hunk.old.start;
            if old.tokens[between.clone()]
                .iter()
                .any(|it| it.ends_with('\n'))
            {
                break;
            }
            let common = old.weight(between) * 2;
            let weight = |hunk: &Hunk| {
                old.weight(hunk.old.clone())
                    .max(new.weight(hunk.new.clone()))
            };
            if common > weight(last) || common > weight(&hunk) {
                break;
            }
            hunk.old.start = last.old.start;
            hunk.new.start = last.new.start;
            hunks.pop();
        }
        hunks.push(hunk);
    }
    hunks
        .into_iter()
        .flat_map(|hunk| unfold(old, new, hunk))
        .collect()
}

/// The end of a line that became another end, together with whole lines that came or went, is two changes.
fn unfold(old: &Words<'_>, new: &Words<'_>, hunk: Hunk) -> Vec<Hunk> {
    let ends = |tokens: &[&str]| tokens.iter().any(|token| token.ends_with('\n'));
    let (was, is) = (&old.tokens[hunk.old.clone()], &new.tokens[hunk.new.clone()]);
    if was.is_empty() || is.is_empty() || ends(was) == ends(is) {
        return vec![hunk];
    }
    let long = if ends(was) { was } else { is };
    let end_of_line = |token: &&str| token.ends_with('\n');
    let cut = if !old.starts_a_line(hunk.old.start) {
        long.iter().position(end_of_line)
    } else if !old.starts_a_line(hunk.old.end) {
        long.iter().rposition(end_of_line).map(|last| last + 1)
    } else {
        None
    };
    let Some(cut) = cut.filter(|&cut| cut > 0 && cut < long.len()) else {
        return vec![hunk];
    };
    // How that line ended on one side, and the last of the new lines on the other, may be the same words.
    let (text, after) = if ends(was) {
        (old, hunk.old.clone())
    } else {
        (new, hunk.new.clone())
    };
    let back = (1..cut)
        .take_while(|&back| {
            let mine = &text.keys[after.start + cut - back..after.start + cut];
            text.keys.get(after.end..after.end + back) == Some(mine)
        })
        .last();
    let cut = if old.starts_a_line(hunk.old.start) {
        cut
    } else {
        cut - back.unwrap_or(0)
    };
    let Hunk { old: was, new: is } = hunk;
    let at_the_start = !old.starts_a_line(was.start);
    // The other side's words belong to the part that is no whole line.
    let (was_cut, is_cut) = match (ends(&old.tokens[was.clone()]), at_the_start) {
        (true, true) => (was.start + cut, is.end),
        (true, false) => (was.start + cut, is.start),
        (false, true) => (was.end, is.start + cut),
        (false, false) => (was.start, is.start + cut),
    };
    vec![
        Hunk {
            old: was.start..was_cut,
            new: is.start..is_cut,
        },
        Hunk {
            old: was_cut..was.end,
            new: is_cut..is.end,
        },
    ]
}
