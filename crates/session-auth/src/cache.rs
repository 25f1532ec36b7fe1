//! Values of a table, kept in memory by the one process that writes it.
//!
//! Invariant: what is kept was read when no write of its key was under way, and none has begun since. So a value that was
//! replaced or deleted is not given out once the write is over; before that, whoever asks reads the table. What another
//! process writes is noticed by whoever calls [`Cache::seen`], and nothing is given out later than [`TRUST`] after that.

use std::{
    collections::HashMap,
    hash::Hash,
    time::{Duration, Instant},
};

use crate::locks::{Mutex, MutexGuard};

/// How long the answer that nobody else has written is believed.
pub(crate) const TRUST: Duration = Duration::from_millis(200);

pub(crate) struct Cache<K, V> {
    state: Mutex<State<K, V>>,
    /// The size of all values together is never larger than this.
    limit: usize,
}

struct State<K, V> {
    /// What was asked for lately, and what was asked for before that: when the first is full, the second goes.
    young: HashMap<K, Kept<V>>,
    old: HashMap<K, Kept<V>>,
    young_size: usize,
    /// Reads of the table whose result may be kept; a write of the key takes the permission away.
    fills: HashMap<K, u64>,
    last_fill: u64,
    /// How many writes of a key are under way.
    writes: HashMap<K, usize>,
    /// How many writes are under way that may concern any key.
    sweeps: usize,
    /// The version of the table that is kept, and when it was asked for.
    seen: Option<(Version, Instant)>,
}

struct Kept<V> {
    value: V,
    size: usize,
}

/// Differs from an earlier one when somebody else has written in between, or when that cannot be told.
pub(crate) type Version = (i64, i64);

impl<K: Copy + Eq + Hash, V: Clone> Cache<K, V> {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            state: Mutex::new(State {
                young: HashMap::new(),
                old: HashMap::new(),
                young_size: 0,
                fills: HashMap::new(),
                last_fill: 0,
                writes: HashMap::new(),
                sweeps: 0,
                seen: None,
            }),
        }
    }

    fn state(&self) -> MutexGuard<'_, State<K, V>> {
        self.state
            .lock()
            .expect("nothing panics while it holds this lock")
    }

    /// Whether somebody has asked lately if another process wrote.
    pub(crate) fn is_trusted(&self, now: Instant) -> bool {
        self.state().is_trusted(now)
    }

    /// The version that was asked for at this time, at the latest. When it is a new one, everything goes.
    pub(crate) fn seen(&self, version: Version, asked: Instant) {
        let mut state = self.state();
        if !matches!(state.seen, Some((known, _)) if known == version) {
            state.forget_all();
        }
        state.seen = Some((version, asked));
    }

    /// What is kept under this key. Nothing when too much time has passed since [`Cache::seen`].
    pub(crate) fn get(&self, key: &K, now: Instant) -> Option<V> {
        let mut state = self.state();
        if !state.is_trusted(now) {
            return None;
        }
        if let Some(kept) = state.young.get(key) {
            return Some(kept.value.clone());
        }
        let kept = state.old.remove(key)?;
        let value = kept.value.clone();
        state.insert(*key, kept, self.limit);
        Some(value)
    }

    /// To be called before the table is read, to keep what is read.
    pub(crate) fn fill(&self, key: K) -> Fill<'_, K, V> {
        let mut state = self.state();
        let is_written = state.sweeps > 0 || state.writes.contains_key(&key);
        let ticket = (!is_written).then(|| {
            state.last_fill += 1;
            let this = state.last_fill;
            // Of two that read at once either may keep its result: no write has begun since the first.
            *state.fills.entry(key).or_insert(this)
        });
        Fill {
            cache: self,
            key,
            ticket,
        }
    }

    /// To be called before these keys are written, and dropped when that is over, however it ended.
    pub(crate) fn write(&self, keys: Vec<K>) -> Write<'_, K, V> {
        let mut state = self.state();
        for key in &keys {
            state.forget(key);
            *state.writes.entry(*key).or_default() += 1;
        }
        Write {
            cache: self,
            what: Written::Keys(keys),
        }
    }

    /// The same before a write that may concern any key.
    pub(crate) fn sweep(&self) -> Write<'_, K, V> {
        let mut state = self.state();
        state.forget_all();
        state.sweeps += 1;
        Write {
            cache: self,
            what: Written::Anything,
        }
    }

    /// Changes what is kept under this key, for a change that is noted elsewhere and that readers of the table see.
    pub(crate) fn adjust(&self, key: &K, adjust: impl Fn(&mut V)) {
        let state = &mut *self.state();
        state.fills.remove(key);
        let kept = [state.young.get_mut(key), state.old.get_mut(key)];
        for kept in kept.into_iter().flatten() {
            adjust(&mut kept.value);
        }
    }
}

impl<K: Copy + Eq + Hash, V> State<K, V> {
    fn is_trusted(&self, now: Instant) -> bool {
        self.seen
            .is_some_and(|(_, asked)| now.saturating_duration_since(asked) < TRUST)
    }

    fn forget(&mut self, key: &K) {
        self.fills.remove(key);
        self.old.remove(key);
        if let Some(kept) = self.young.remove(key) {
            self.young_size -= kept.size;
        }
    }

    fn forget_all(&mut self) {
        self.fills.clear();
        self.old.clear();
        self.young.clear();
        self.young_size = 0;
    }

    /// Half of the limit is for the young ones, the other half for those that were young before.
    fn insert(&mut self, key: K, kept: Kept<V>, limit: usize) {
        if kept.size > limit / 4 {
            return;
        }
        if self.young_size + kept.size > limit / 2 {
            self.old = std::mem::take(&mut self.young);
            self.young_size = 0;
        }
        self.young_size += kept.size;
        if let Some(replaced) = self.young.insert(key, kept) {
            self.young_size -= replaced.size;
        }
    }
}

/// A read of the table that is under way.
pub(crate) struct Fill<'a, K: Copy + Eq + Hash, V: Clone> {
    cache: &'a Cache<K, V>,
    key: K,
    ticket: Option<u64>,
}

impl<K: Copy + Eq + Hash, V: Clone> Fill<'_, K, V> {
    /// Keeps what was read, unless somebody has begun to write it since.
    pub(crate) fn keep(self, value: V, size: usize) {
        let mut state = self.cache.state();
        if self.ticket.is_some() && state.fills.get(&self.key) == self.ticket.as_ref() {
            state.insert(self.key, Kept { value, size }, self.cache.limit);
        }
    }
}

impl<K: Copy + Eq + Hash, V: Clone> Drop for Fill<'_, K, V> {
    fn drop(&mut self) {
        let mut state = self.cache.state();
        if self.ticket.is_some() && state.fills.get(&self.key) == self.ticket.as_ref() {
            state.fills.remove(&self.key);
        }
    }
}

/// A write of the table that is under way.
pub(crate) struct Write<'a, K: Copy + Eq + Hash, V: Clone> {
    cache: &'a Cache<K, V>,
    what: Written<K>,
}

enum Written<K> {
    Keys(Vec<K>),
    Anything,
}

impl<K: Copy + Eq + Hash, V: Clone> Drop for Write<'_, K, V> {
    fn drop(&mut self) {
        let mut state = self.cache.state();
        match &self.what {
            Written::Anything => state.sweeps -= 1,
            Written::Keys(keys) => {
                for key in keys {
                    if let Some(count) = state.writes.get_mut(key) {
                        *count -= 1;
                        if *count == 0 {
                            state.writes.remove(key);
                        }
                    }
                }
            }
        }
    }
}
