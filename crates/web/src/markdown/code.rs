//! Code with its words marked, as class names that the style sheet has two palettes for.
//!
//! Invariant: the marked pieces put together are the source to the byte, and the work is at most a fixed number of looks
//! at each byte: what would need more than a few steps ahead stays unmarked. A clock stops what takes long all the same.

mod languages;
mod lexer;
mod lines;
mod markup;
mod quirks;
mod sheets;
mod shells;
mod words;

use std::fmt::{self, Write};
use std::time::Duration;

use languages::Way;
use lexer::Lexer;

use crate::world::Ticks;

/// More than this is shown plain.
const LONGEST: usize = 100_000;

/// A block that takes longer is shown plain. On a machine with nothing else to do [`LONGEST`] takes 2 ms, and the most
/// hostile of it known 30 ms.
const PATIENCE: Duration = Duration::from_millis(50);

/// What a piece of code is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Plain,
    Keyword,
    Text,
    Comment,
    /// A number, or a word that stands for one value.
    Number,
    Function,
    /// A type, a tag, a heading.
    Type,
    /// A key, an attribute, a variable with its sign.
    Name,
    Added,
    Removed,
}

/// The classes, as the sanitiser lets them through.
pub(super) const CLASSES: [&str; 9] = ["k", "s", "c", "n", "f", "t", "v", "add", "sub"];

impl Kind {
    fn class(self) -> Option<&'static str> {
        match self {
            Self::Plain => None,
            Self::Keyword => Some("k"),
            Self::Text => Some("s"),
            Self::Comment => Some("c"),
            Self::Number => Some("n"),
            Self::Function => Some("f"),
            Self::Type => Some("t"),
            Self::Name => Some("v"),
            Self::Added => Some("add"),
            Self::Removed => Some("sub"),
        }
    }
}

/// Writes code as HTML; in a language that nobody here knows, or beyond [`LONGEST`] or [`PATIENCE`], as it is. Says whether
/// it was for [`PATIENCE`]: another time, the same code may have its colours.
pub(super) fn write(
    html: &mut dyn Write,
    language: &str,
    source: &str,
    ticks: Ticks,
) -> Result<bool, fmt::Error> {
    let (pieces, late) = pieces(language, source, ticks);
    for (kind, piece) in pieces {
        match kind.class() {
            None => comrak::html::escape(html, piece)?,
            Some(class) => {
                write!(html, "<span class=\"{class}\">")?;
                comrak::html::escape(html, piece)?;
                html.write_str("</span>")?;
            }
        }
    }
    Ok(late)
}

fn pieces<'a>(language: &str, source: &'a str, ticks: Ticks) -> (Vec<(Kind, &'a str)>, bool) {
    let known = languages::way(language).filter(|_| source.len() <= LONGEST);
    let Some(way) = known else {
        return (vec![(Kind::Plain, source)], false);
    };
    let mut lexer = Lexer::new(source, ticks, PATIENCE);
    run(&mut lexer, way);
    let late = lexer.is_late();
    (lexer.finish(), late)
}

/// Marks all that the lexer has before it.
fn run(lexer: &mut Lexer<'_>, way: Way) {
    match way {
        Way::Words(language) => words::mark(lexer, language),
        Way::Markup => markup::mark(lexer),
        Way::Styles => sheets::styles(lexer),
        Way::Yaml => sheets::yaml(lexer),
        Way::Toml => sheets::toml(lexer),
        Way::Diff => lines::diff(lexer),
        Way::Markdown => lines::markdown(lexer),
        Way::Terminal => lines::terminal(lexer),
    }
}

#[cfg(test)]
mod tests;
