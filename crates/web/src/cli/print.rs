//! Standard output.
//!
//! Invariant: a reader that went away (`| head`) is no fault, so nothing here panics as `println!` does.

use std::fmt::Display;
use std::io::Write as _;

/// One line, or several.
pub(super) fn line(text: impl Display) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}
