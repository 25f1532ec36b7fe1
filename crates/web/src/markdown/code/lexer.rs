//! A place in a source and the pieces marked so far.
//!
//! Invariant: the place only moves forward and always stands between two characters; what is before it is marked. Once the
//! time is over the place is the end of the source, and nothing of it is marked.

use std::time::Duration;

use super::Kind;
use crate::world::Ticks;

/// How far a look ahead goes, in bytes, before it gives up.
pub(super) const AHEAD: usize = 160;

/// The clock is asked whenever so much was marked, in bytes: the most hostile known so much takes 1 ms.
const UNWATCHED: usize = 4_096;

pub(super) struct Lexer<'a> {
    source: &'a str,
    at: usize,
    /// Where code ends that is embedded in something else.
    end: usize,
    pieces: Vec<(Kind, usize)>,
    ticks: Ticks,
    until: Duration,
    /// Where the clock is asked next.
    asks: usize,
    /// There was no time for all of it.
    late: bool,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(source: &'a str, ticks: Ticks, patience: Duration) -> Self {
        Self {
            source,
            at: 0,
            end: source.len(),
            pieces: Vec::new(),
            ticks,
            until: ticks() + patience,
            asks: UNWATCHED,
            late: false,
        }
    }

    pub(super) fn rest(&self) -> &'a str {
        &self.source[self.at..self.end]
    }

    pub(super) fn is_done(&self) -> bool {
        self.at >= self.end
    }

    pub(super) fn starts(&self, with: &str) -> bool {
        self.rest().starts_with(with)
    }

    /// What follows, as far as a look ahead goes.
    pub(super) fn ahead(&self) -> &'a str {
        let rest = self.rest();
        &rest[..rest.floor_char_boundary(AHEAD)]
    }

    /// What stands before this place on the same line, as far as a look goes.
    pub(super) fn before(&self) -> &'a str {
        let from = self
            .source
            .ceil_char_boundary(self.at.saturating_sub(AHEAD));
        let near = &self.source[from..self.at];
        near.rsplit('\n').next().unwrap_or("")
    }

    /// Whether nothing but spaces stands before this place on its line.
    pub(super) fn opens_line(&self) -> bool {
        self.before().chars().all(|it| it == ' ' || it == '\t')
    }

    /// The last character that is no space, marked as whatever.
    pub(super) fn last(&self) -> Option<char> {
        self.before().trim_end().chars().next_back()
    }

    /// Marks so many bytes, which end between two characters.
    pub(super) fn take(&mut self, length: usize, kind: Kind) {
        let mut end = (self.at + length).min(self.end);
        if end == self.at {
            return;
        }
        if end >= self.asks {
            self.asks = end + UNWATCHED;
            self.late = self.late || (self.ticks)() > self.until;
        }
        if self.late {
            end = self.end;
        }
        self.at = end;
        match self.pieces.last_mut() {
            Some((last, until)) if *last == kind => *until = end,
            _ => self.pieces.push((kind, end)),
        }
    }

    /// Marks one character.
    pub(super) fn step(&mut self, kind: Kind) {
        let length = self.rest().chars().next().map_or(0, char::len_utf8);
        self.take(length, kind);
    }

    /// Marks while the characters are such.
    pub(super) fn take_while(&mut self, kind: Kind, such: impl Fn(char) -> bool) {
        let rest = self.rest();
        self.take(rest.find(|it| !such(it)).unwrap_or(rest.len()), kind);
    }

    /// Marks up to the end of the line, which stays.
    pub(super) fn take_line(&mut self, kind: Kind) {
        self.take_while(kind, |it| it != '\n');
    }

    /// Marks through the next `close`, or everything when there is none.
    pub(super) fn take_through(&mut self, close: &str, kind: Kind) {
        let rest = self.rest();
        let length = rest.find(close).map_or(rest.len(), |at| at + close.len());
        self.take(length, kind);
    }

    pub(super) fn skip_spaces(&mut self) {
        self.take_while(Kind::Plain, char::is_whitespace);
    }

    /// A quoted text from its opening quote, which is so long, to its end; one that may not go over lines ends with its line.
    pub(super) fn quoted(&mut self, open: usize, close: &str, escapes: bool, lines: bool) {
        let rest = self.rest();
        let bytes = rest.as_bytes();
        let mut at = open;
        while at < bytes.len() {
            match bytes[at] {
                b'\\' if escapes => {
                    let next = rest[at + 1..].chars().next();
                    at += 1 + next.map_or(0, char::len_utf8);
                }
                b'\n' if !lines => break,
                _ if bytes[at..].starts_with(close.as_bytes()) => {
                    at += close.len();
                    break;
                }
                _ => at += 1,
            }
        }
        self.take(at.min(bytes.len()), Kind::Text);
    }

    /// Runs something over the next so many bytes as if nothing came after them.
    pub(super) fn within(&mut self, length: usize, run: impl FnOnce(&mut Self)) {
        let whole = self.end;
        self.end = (self.at + length).min(whole);
        run(self);
        // Whatever was left over.
        self.take(self.end - self.at, Kind::Plain);
        self.end = whole;
    }

    pub(super) fn is_late(&self) -> bool {
        self.late
    }

    pub(super) fn finish(mut self) -> Vec<(Kind, &'a str)> {
        if self.late {
            return vec![(Kind::Plain, self.source)];
        }
        self.take(self.end - self.at, Kind::Plain);
        let mut from = 0;
        let mut cut = |(kind, until)| {
            let piece = &self.source[from..until];
            from = until;
            (kind, piece)
        };
        self.pieces.iter().copied().map(&mut cut).collect()
    }
}
