//! What was made once and may be asked for again, kept in memory up to a weight.
//!
//! Invariant: a key names what never changes, so nothing here is ever out of date; whatever is thrown away can be made again.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

/// Values that are thrown away together when they weigh too much: what is read fills it again.
pub(crate) struct Shelf<K, V: ?Sized> {
    kept: Mutex<(HashMap<K, Arc<V>>, usize)>,
    most: usize,
}

/// What an entry takes beside its value.
const BESIDE: usize = 256;

impl<K: Eq + Hash, V: ?Sized> Shelf<K, V> {
    /// Of at most so many bytes.
    pub(crate) fn holding(most: usize) -> Self {
        Self {
            kept: Mutex::default(),
            most,
        }
    }

    pub(crate) fn get(&self, key: &K) -> Option<Arc<V>> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.0.get(key).cloned()
    }

    pub(crate) fn put(&self, key: K, value: Arc<V>, weight: usize) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, weighs) = &mut *kept;
        let weight = weight + BESIDE;
        if weight > self.most {
            return;
        }
        if *weighs + weight > self.most {
            values.clear();
            *weighs = 0;
        }
        *weighs += weight;
        values.insert(key, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_gives_back_what_was_put_and_nothing_else() {
        let shelf = Shelf::<_, str>::holding(10_000);
        shelf.put((1, 1), "one".into(), 3);
        shelf.put((1, 2), "two".into(), 3);
        assert_eq!(shelf.get(&(1, 1)).as_deref(), Some("one"));
        assert_eq!(shelf.get(&(1, 2)).as_deref(), Some("two"));
        assert_eq!(shelf.get(&(2, 1)), None);
    }

    #[test]
    fn a_full_shelf_is_emptied_and_never_grows_beyond_its_limit() {
        let shelf = Shelf::<_, str>::holding(32 * 1024 * 1024);
        for id in 0..40 {
            shelf.put(id, "x".into(), 1024 * 1024);
        }
        let held = (0..40).filter(|id| shelf.get(id).is_some()).count();
        assert!((1..=32).contains(&held), "{held}");
        assert!(shelf.get(&39).is_some(), "the last one put is there");
        shelf.put(40, "too heavy".into(), 64 * 1024 * 1024);
        assert!(shelf.get(&40).is_none() && shelf.get(&39).is_some());
    }
}
