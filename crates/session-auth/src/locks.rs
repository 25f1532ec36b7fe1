//! The locks of the cache, so that its tests can put in ones whose every order they choose (`tests/locks`).
//!
//! Invariant: nothing panics while it holds one, so none is ever poisoned.

pub(crate) use std::sync::{Mutex, MutexGuard};
