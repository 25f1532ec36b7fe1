//! What a fuzz target is run with: every input that is saved for it, then, for as long as it is given, random bytes and
//! saved inputs that random bytes have edited.
//!
//! A target is a plain function of bytes that panics when something is wrong. Its test lies in a module named `fuzz`,
//! which is how `cargo xtask fuzz` and the gate find it; without their time limit it runs a few inputs only.

use std::{fs, path::Path};

/// So many random inputs are tried where nobody gave a time.
const INPUTS: usize = 200;

/// The longest random input; saved ones may be longer.
const LONGEST: usize = 512;

/// Runs a target over the inputs in `fuzz/corpus/NAME` and over those made from them.
pub(crate) fn fuzz(name: &str, target: fn(&[u8])) {
    let saved = saved(name);
    for (file, input) in &saved {
        // Shown when the target panics.
        eprintln!("fuzz/corpus/{name}/{file}");
        target(input);
    }
    bolero::check!()
        .with_iterations(INPUTS)
        .with_max_len(LONGEST)
        .for_each(|random: &[u8]| {
            target(random);
            target(&edited(&saved, random));
        });
}

fn saved(name: &str) -> Vec<(String, Vec<u8>)> {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let files = fs::read_dir(corpus.join(name)).expect("a target has a folder of saved inputs");
    let mut saved: Vec<_> = files
        .map(|file| {
            let path = file.expect("a readable folder").path();
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            (name.into_owned(), fs::read(&path).expect("a readable file"))
        })
        .collect();
    assert!(!saved.is_empty(), "no input is saved for {name}");
    saved.sort();
    saved
}

/// A saved input with up to eight edits, all of it chosen by the random bytes: which by themselves would hardly ever get
/// past the first character of a format.
fn edited(saved: &[(String, Vec<u8>)], random: &[u8]) -> Vec<u8> {
    let [which, count, edits @ ..] = random else {
        return Vec::new();
    };
    let pick = |by: u8| saved[usize::from(by) % saved.len()].1.as_slice();
    let mut input = pick(*which).to_vec();
    for edit in edits.chunks_exact(4).take(1 + usize::from(count % 8)) {
        let [kind, high, low, by] = *edit else { break };
        let at = usize::from(u16::from_be_bytes([high, low])) % (input.len() + 1);
        let end = input.len().min(at + usize::from(by % 16));
        match kind % 8 {
            0..=2 => drop(input.splice(at..input.len().min(at + 1), [by])),
            3 => input.insert(at, by),
            4 => drop(input.drain(at..end)),
            5 => input.extend_from_within(at..end),
            6 => {
                let other = pick(by);
                input.truncate(at);
                input.extend(&other[at.min(other.len())..]);
            }
            _ => input.truncate(at),
        }
    }
    input
}
