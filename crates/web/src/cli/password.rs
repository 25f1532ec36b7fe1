//! Passwords on the command line: read from standard input, or made up.
//!
//! Invariant: a password is never an argument, where `ps` and the shell's history would keep it.

use std::io::Read as _;

use super::Failure;
use crate::world::World;

/// Reads one password; the line break at its end belongs to the terminal.
pub(super) fn from_stdin() -> Result<String, Failure> {
    let mut text = String::new();
    let limit = session_auth::password::MAX_LEN as u64 + 2;
    std::io::stdin()
        .lock()
        .take(limit)
        .read_to_string(&mut text)?;
    let password = text.strip_suffix('\n').unwrap_or(&text);
    let password = password.strip_suffix('\r').unwrap_or(password);
    Ok(password.to_owned())
}

/// Without look-alikes, so that it survives being read aloud.
const LETTERS: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// Twenty letters of five bits each, in groups of five.
pub(super) fn made_up(world: &World) -> String {
    let letters = world
        .bytes::<20>()
        .map(|byte| char::from(LETTERS[usize::from(byte % 32)]));
    letters
        .chunks(5)
        .map(String::from_iter)
        .collect::<Vec<_>>()
        .join("-")
}
