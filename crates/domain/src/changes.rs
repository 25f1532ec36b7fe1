//! What became of a text between two versions, word by word; put together again, the pieces are both versions.

use std::time::{Duration, Instant};

use serde::Serialize;

use crate::words::{Vocabulary, Words, ended, hunks, is_word};

/// A piece of a text that was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase", tag = "kind", content = "text")]
pub enum Piece {
    Same(String),
    Removed(String),
    Added(String),
}

/// How much changed, in words.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Size {
    pub added: usize,
    pub removed: usize,
}

/// How long two texts are compared at most; what is told after it is coarser.
const PATIENCE: Duration = Duration::from_secs(1);

/// The differences of two texts, in order; a removed piece stands before what was put in its place.
pub fn changes(old: &str, new: &str) -> Vec<Piece> {
    let (old, _) = ended(old);
    let (new, _) = ended(new);
    let mut vocabulary = Vocabulary::default();
    let before = Words::of(&old, &mut vocabulary);
    let after = Words::of(&new, &mut vocabulary);
    let mut pieces = Vec::new();
    let mut push = |piece: fn(String) -> Piece, text: String| {
        if !text.is_empty() {
            pieces.push(piece(text));
        }
    };
    let mut at = 0;
    for hunk in hunks(&before, &after, Instant::now() + PATIENCE) {
        push(Piece::Same, after.text(at..hunk.new.start));
        push(Piece::Removed, before.text(hunk.old));
        at = hunk.new.end;
        push(Piece::Added, after.text(hunk.new));
    }
    push(Piece::Same, after.text(at..after.tokens.len()));
    pieces
}

/// How much changed from one text to the other.
pub fn size(old: &str, new: &str) -> Size {
    let (old, _) = ended(old);
    let (new, _) = ended(new);
    let mut vocabulary = Vocabulary::default();
    let before = Words::of(&old, &mut vocabulary);
    let after = Words::of(&new, &mut vocabulary);
    let words = |tokens: &[&str]| tokens.iter().filter(|token| is_word(token)).count();
    hunks(&before, &after, Instant::now() + PATIENCE)
        .into_iter()
        .fold(Size::default(), |size, hunk| Size {
            added: size.added + words(&after.tokens[hunk.new]),
            removed: size.removed + words(&before.tokens[hunk.old]),
        })
}

/// A part of a comparison as it is shown: what nobody touched for long is folded away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Passage {
    pub pieces: Vec<Piece>,
    /// So many lines, all unchanged, that nobody needs to see.
    pub folded: Option<usize>,
}

/// Less than this is not worth a fold.
const WORTH_FOLDING: usize = 240;

/// Folds long unchanged stretches; beside each change the line it is in and a neighbour stay.
pub fn fold(pieces: Vec<Piece>) -> Vec<Passage> {
    let last = pieces.len().saturating_sub(1);
    let mut passages: Vec<Passage> = Vec::new();
    let mut shown = Vec::new();
    for (index, piece) in pieces.into_iter().enumerate() {
        let Piece::Same(text) = &piece else {
            shown.push(piece);
            continue;
        };
        let from = if index == 0 { 0 } else { after_lines(text, 2) };
        let to = if index == last {
            text.len()
        } else {
            before_lines(text, 1)
        };
        if from >= to || to - from < WORTH_FOLDING {
            shown.push(piece);
            continue;
        }
        let middle = &text[from..to];
        push_same(&mut shown, &text[..from]);
        if !shown.is_empty() {
            passages.push(Passage {
                pieces: std::mem::take(&mut shown),
                folded: None,
            });
        }
        passages.push(Passage {
            folded: Some(
                middle
                    .lines()
                    .filter(|line| !line.trim().is_empty())
                    .count(),
            ),
            pieces: vec![Piece::Same(middle.to_owned())],
        });
        push_same(&mut shown, &text[to..]);
    }
    if !shown.is_empty() {
        passages.push(Passage {
            pieces: shown,
            folded: None,
        });
    }
    passages
}

fn push_same(pieces: &mut Vec<Piece>, text: &str) {
    if !text.trim().is_empty() {
        pieces.push(Piece::Same(text.to_owned()));
    }
}

/// Where so many lines with something in them end; the first may have begun before this text.
fn after_lines(text: &str, count: usize) -> usize {
    let mut left = count;
    for (at, _) in text.match_indices('\n') {
        let line = text[..at].rsplit('\n').next().unwrap_or_default();
        if left == count || !line.trim().is_empty() {
            left -= 1;
        }
        if left == 0 {
            return at + 1;
        }
    }
    text.len()
}

/// Where the line begins that ends beyond this text, and so many with something in them before it.
fn before_lines(text: &str, count: usize) -> usize {
    let mut start = text.rfind('\n').map_or(0, |at| at + 1);
    for _ in 0..count {
        let before = text[..start].trim_end();
        if before.is_empty() {
            break;
        }
        start = before.rfind('\n').map_or(0, |at| at + 1);
    }
    start
}

#[cfg(test)]
mod tests;
