//! Overlaps widened to whole lines.
//!
//! Invariant: where a stretch ends, a line ends on both sides.

use super::Stretch;

/// Widens what overlaps to whole lines, so that a person can read it.
pub(super) fn by_lines(pieces: Vec<Stretch>) -> Vec<Stretch> {
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
