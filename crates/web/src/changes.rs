//! Since when an address says what it says, for clients that ask by date alone.
//!
//! Invariant: a client that is told "nothing changed" holds the present text. A page is made of a post, its neighbours, the
//! site's name, a template; no one row's time is true of it, so this process remembers what it last saw at an address, and
//! believes only what it saw.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use time::OffsetDateTime;

use crate::edition::{Modified, Tag};

/// Addresses remembered at most; some megabytes.
const MOST: usize = 40_000;

#[derive(Default)]
pub(crate) struct Changes(Mutex<Seen>);

#[derive(Default)]
struct Seen {
    addresses: HashMap<[u8; 16], (Tag, u64)>,
    /// What nobody looked at yet has been what it is at least since then.
    floor: Option<u64>,
}

impl Changes {
    /// Notes what stands at an address now, and answers since when.
    pub(crate) fn seen(&self, address: &[&str], tag: &Tag, now: OffsetDateTime) -> Modified {
        let now = u64::try_from(now.unix_timestamp()).unwrap_or(0);
        let key = key(address);
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let floor = *seen.floor.get_or_insert(now);
        let since = match seen.addresses.get(&key) {
            Some((known, since)) if known == tag => *since,
            // The next second, where this one has shown another text already.
            Some((_, since)) => now.max(since + 1),
            None => floor,
        };
        if seen.addresses.len() >= MOST {
            seen.addresses.clear();
            seen.floor = Some(now + 1);
        }
        seen.addresses.insert(key, (tag.clone(), since));
        Modified::new(since, now)
    }
}

fn key(address: &[&str]) -> [u8; 16] {
    let mut hasher = blake3::Hasher::new();
    for part in address {
        hasher.update(&(part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, header};

    use super::*;
    use crate::edition::is_known;

    fn at(second: i64) -> OffsetDateTime {
        OffsetDateTime::from_unix_timestamp(second).unwrap()
    }

    /// Whether a client that was given `held` would be told that nothing changed.
    fn told(held: &Modified, now: &Modified) -> bool {
        let asked = HeaderMap::from_iter([(header::IF_MODIFIED_SINCE, held.value())]);
        is_known(&asked, &Tag::named("-"), Some(now))
    }

    #[test]
    fn what_stays_the_same_is_known_and_what_changed_is_not() {
        let (changes, old, new) = (Changes::default(), Tag::named("old"), Tag::named("new"));
        let first = changes.seen(&["/"], &old, at(10));
        assert!(told(&first, &changes.seen(&["/"], &old, at(20))));
        let second = changes.seen(&["/"], &new, at(30));
        assert!(!told(&first, &second));
        assert!(told(&second, &changes.seen(&["/"], &new, at(30))));
        let back = changes.seen(&["/"], &old, at(40));
        assert!(!told(&first, &back), "it was away in between");
        assert!(told(&first, &changes.seen(&["/other"], &old, at(50))));
    }

    #[test]
    fn a_change_within_the_second_is_a_change() {
        let changes = Changes::default();
        let first = changes.seen(&["/"], &Tag::named("1"), at(10));
        let second = changes.seen(&["/"], &Tag::named("2"), at(10));
        let third = changes.seen(&["/"], &Tag::named("3"), at(10));
        assert!(!told(&first, &second) && !told(&second, &third));
        assert!(!told(
            &second,
            &changes.seen(&["/"], &Tag::named("3"), at(12))
        ));
    }

    #[test]
    fn what_was_forgotten_is_not_believed() {
        let changes = Changes::default();
        let tag = Tag::named("x");
        let held = changes.seen(&["/"], &tag, at(10));
        for number in 0..MOST {
            changes.seen(&[&number.to_string()], &tag, at(10));
        }
        assert!(!told(
            &held,
            &changes.seen(&["/"], &Tag::named("y"), at(10))
        ));
        let again = changes.seen(&["/"], &Tag::named("y"), at(20));
        assert!(told(
            &again,
            &changes.seen(&["/"], &Tag::named("y"), at(20))
        ));
    }
}
