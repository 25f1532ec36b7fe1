//! Names for the sessions of requests that brought none: unique, not secret, and free of a system call per request.

use std::sync::{
    OnceLock,
    atomic::{AtomicU64, Ordering},
};

use tower_sessions_core::session::Id;

use crate::Randomness;

/// Counts requests behind a random prefix, so that the handles of two servers differ.
#[derive(Default)]
pub(crate) struct Handles {
    prefix: OnceLock<[u8; 8]>,
    next: AtomicU64,
}

impl Handles {
    pub(super) fn next(&self, randomness: Randomness) -> Id {
        let prefix = self.prefix.get_or_init(|| {
            let mut prefix = [0; 8];
            randomness(&mut prefix);
            prefix
        });
        let count = self.next.fetch_add(1, Ordering::Relaxed);
        let id = (u128::from(u64::from_le_bytes(*prefix)) << 64) | u128::from(count);
        Id(i128::from_le_bytes(id.to_le_bytes()))
    }
}

impl Clone for Handles {
    fn clone(&self) -> Self {
        Self::default()
    }
}
