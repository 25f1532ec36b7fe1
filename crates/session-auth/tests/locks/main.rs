//! The cache of sessions under every kind of schedule: shuttle picks who goes on at each lock, thousands of times.
//!
//! What is tested is the source of the crate, with shuttle's locks in the place of the standard library's. The table is a
//! map behind a lock of its own; what it holds only grows, so a value that is too old is seen at once.

use std::{
    collections::HashMap,
    panic::catch_unwind,
    time::{Duration, Instant},
};

use shuttle::{
    sync::{
        Arc, Mutex,
        atomic::{AtomicI64, Ordering},
    },
    thread,
};

#[path = "../../src/cache.rs"]
mod cache;

/// What the cache's source finds under this name here.
mod locks {
    pub(crate) use shuttle::sync::{Mutex, MutexGuard};
}

use cache::{Cache, TRUST, Version};

const SCHEDULES: usize = 1000;
const KEYS: [u8; 2] = [1, 2];

/// The ways to read and to write through a cache, right or wrong.
trait Way: Send + Sync + 'static {
    fn new() -> Self;
    fn read(&self, key: u8, table: &Table) -> i64;
    fn write(&self, key: u8, write: impl FnOnce());
    fn sweep(&self, write: impl FnOnce());
    fn seen(&self, version: Version);
}

#[derive(Default)]
struct Table {
    rows: Mutex<HashMap<u8, i64>>,
}

impl Table {
    fn read(&self, key: u8) -> i64 {
        self.rows.lock().unwrap().get(&key).copied().unwrap_or(0)
    }

    /// Puts the next value under the key and returns it.
    fn increase(&self, key: u8) -> i64 {
        let mut rows = self.rows.lock().unwrap();
        let value = rows.entry(key).or_default();
        *value += 1;
        *value
    }
}

/// As the storage uses it.
struct Ours(Cache<u8, i64>, Instant);

impl Way for Ours {
    fn new() -> Self {
        let (cache, now) = (Cache::new(4000), Instant::now());
        cache.seen((0, 0), now);
        Self(cache, now)
    }

    fn read(&self, key: u8, table: &Table) -> i64 {
        if let Some(value) = self.0.get(&key, self.1) {
            return value;
        }
        let fill = self.0.fill(key);
        let value = table.read(key);
        fill.keep(value, 1);
        value
    }

    fn write(&self, key: u8, write: impl FnOnce()) {
        let _write = self.0.write(vec![key]);
        write();
    }

    fn sweep(&self, write: impl FnOnce()) {
        let _write = self.0.sweep();
        write();
    }

    fn seen(&self, version: Version) {
        self.0.seen(version, self.1);
    }
}

/// As one would write it first: what was read is kept, what was written is dropped.
#[derive(Default)]
struct Naive(Mutex<HashMap<u8, i64>>);

impl Way for Naive {
    fn new() -> Self {
        Self::default()
    }

    fn read(&self, key: u8, table: &Table) -> i64 {
        if let Some(value) = self.0.lock().unwrap().get(&key) {
            return *value;
        }
        let value = table.read(key);
        self.0.lock().unwrap().insert(key, value);
        value
    }

    fn write(&self, key: u8, write: impl FnOnce()) {
        write();
        self.0.lock().unwrap().remove(&key);
    }

    fn sweep(&self, write: impl FnOnce()) {
        write();
        self.0.lock().unwrap().clear();
    }

    fn seen(&self, _version: Version) {
        self.0.lock().unwrap().clear();
    }
}

/// Writes once, and returns what is acknowledged then.
type Writer<W> = fn(&W, &Table) -> i64;

/// Somebody writes a key while others read it: whoever asks after the write was acknowledged gets nothing older.
fn readers_beside<W: Way>(writers: Vec<Writer<W>>) {
    let (way, table) = (Arc::new(W::new()), Arc::new(Table::default()));
    let acknowledged = Arc::new(AtomicI64::new(0));
    let mut threads = Vec::new();
    for write in writers {
        let (way, table) = (Arc::clone(&way), Arc::clone(&table));
        let acknowledged = Arc::clone(&acknowledged);
        threads.push(thread::spawn(move || {
            for _ in 0..2 {
                let written = write(&way, &table);
                acknowledged.fetch_max(written, Ordering::SeqCst);
            }
        }));
    }
    for _ in 0..2 {
        let (way, table) = (Arc::clone(&way), Arc::clone(&table));
        let acknowledged = Arc::clone(&acknowledged);
        threads.push(thread::spawn(move || {
            for _ in 0..3 {
                let at_least = acknowledged.load(Ordering::SeqCst);
                let read = way.read(KEYS[0], &table);
                assert!(read >= at_least, "{read} was read after {at_least}");
            }
        }));
    }
    for thread in threads {
        thread.join().unwrap();
    }
    let last = acknowledged.load(Ordering::SeqCst);
    for _ in 0..2 {
        assert_eq!(way.read(KEYS[0], &table), last, "when all is quiet");
    }
}

fn write<W: Way>(way: &W, table: &Table) -> i64 {
    let mut written = 0;
    way.write(KEYS[0], || written = table.increase(KEYS[0]));
    written
}

fn sweep<W: Way>(way: &W, table: &Table) -> i64 {
    let mut written = 0;
    way.sweep(|| written = table.increase(KEYS[0]));
    written
}

/// Another process writes, and this one asks for the version of the table: the write is acknowledged when that is seen.
fn write_elsewhere<W: Way>(way: &W, table: &Table) -> i64 {
    let written = table.increase(KEYS[0]);
    way.seen((written, 0));
    written
}

/// A write of another key, during which this one is kept as it was.
fn write_beside<W: Way>(way: &W, table: &Table) -> i64 {
    way.write(KEYS[1], || {
        table.increase(KEYS[1]);
    });
    0
}

fn in_many_schedules(run: impl Fn() + Send + Sync + Clone + 'static) {
    shuttle::check_random(run.clone(), SCHEDULES);
    shuttle::check_pct(run, SCHEDULES, 3);
}

/// The control: each of these has to be seen to fail, or the schedules prove nothing.
fn the_naive_cache_fails(writers: fn() -> Vec<Writer<Naive>>) {
    let schedules = move || shuttle::check_random(move || readers_beside(writers()), SCHEDULES);
    assert!(catch_unwind(schedules).is_err(), "no schedule broke it");
}

#[test]
fn nothing_older_than_an_acknowledged_write_is_read() {
    in_many_schedules(|| readers_beside::<Ours>(vec![write]));
    the_naive_cache_fails(|| vec![write]);
}

#[test]
fn nothing_older_is_read_while_two_write() {
    in_many_schedules(|| readers_beside::<Ours>(vec![write, write]));
    in_many_schedules(|| readers_beside::<Ours>(vec![write, write_beside]));
    the_naive_cache_fails(|| vec![write, write]);
}

#[test]
fn nothing_older_is_read_after_a_write_that_may_concern_any_key() {
    in_many_schedules(|| readers_beside::<Ours>(vec![sweep, write]));
    the_naive_cache_fails(|| vec![sweep]);
}

/// One process writes at a time, as SQLite has it, so only one of these.
#[test]
fn nothing_older_is_read_once_the_write_of_another_process_was_noticed() {
    in_many_schedules(|| readers_beside::<Ours>(vec![write_elsewhere]));
    the_naive_cache_fails(|| vec![write_elsewhere]);
}

/// An adjustment is noted elsewhere first, and readers of the table see the note; so neither may lose it.
#[test]
fn an_adjustment_is_not_lost_to_a_read_that_began_before_it() {
    in_many_schedules(|| {
        let (way, table) = (Arc::new(Ours::new()), Arc::new(Table::default()));
        let reader = {
            let (way, table) = (Arc::clone(&way), Arc::clone(&table));
            thread::spawn(move || way.read(KEYS[0], &table))
        };
        table.increase(KEYS[0]);
        way.0.adjust(&KEYS[0], |value| *value = (*value).max(1));
        reader.join().unwrap();
        assert_eq!(way.read(KEYS[0], &table), 1);
    });
}

fn once(run: fn()) {
    shuttle::check_random(run, 1);
}

#[test]
fn what_is_kept_is_given_out_without_asking_the_table() {
    once(|| {
        let (way, table) = (Ours::new(), Table::default());
        assert_eq!(way.read(KEYS[0], &table), 0);
        // Somebody writes past the cache: that it does not show proves that the table is not asked.
        table.increase(KEYS[0]);
        assert_eq!(way.read(KEYS[0], &table), 0);
        write_beside(&way, &table);
        assert_eq!(way.read(KEYS[0], &table), 0);
    });
}

#[test]
fn nothing_is_given_out_when_nobody_has_looked_for_other_processes_lately() {
    once(|| {
        let cache = Cache::<u8, i64>::new(4000);
        let start = Instant::now();
        cache.fill(1).keep(7, 1);
        assert!(!cache.is_trusted(start));
        assert_eq!(cache.get(&1, start), None, "nobody has looked at all");
        cache.seen((1, 1), start);
        cache.fill(1).keep(7, 1);
        let almost = start + TRUST - Duration::from_millis(1);
        assert_eq!(
            (cache.get(&1, almost), cache.is_trusted(almost)),
            (Some(7), true)
        );
        assert_eq!(
            (
                cache.get(&1, start + TRUST),
                cache.is_trusted(start + TRUST)
            ),
            (None, false)
        );
        // The same version again: what was kept is good again. Another one, or another connection: it is not.
        cache.seen((1, 1), start + TRUST);
        assert_eq!(cache.get(&1, start + TRUST), Some(7));
        for version in [(2, 1), (2, 2)] {
            cache.fill(1).keep(7, 1);
            cache.seen(version, start + TRUST);
            assert_eq!(cache.get(&1, start + TRUST), None, "{version:?}");
        }
    });
}

#[test]
fn a_read_that_was_given_up_keeps_nothing_and_bars_nothing() {
    once(|| {
        let (way, table) = (Ours::new(), Table::default());
        drop(way.0.fill(KEYS[0]));
        assert_eq!(way.0.get(&KEYS[0], way.1), None);
        way.read(KEYS[0], &table);
        assert_eq!(way.0.get(&KEYS[0], way.1), Some(0));
    });
}

#[test]
fn what_is_in_use_stays_and_the_rest_goes_when_the_limit_is_reached() {
    once(|| {
        let (limit, size) = (4000, 100);
        let cache = Cache::<i64, i64>::new(limit);
        let now = Instant::now();
        cache.seen((0, 0), now);
        for number in 0..1000 {
            cache.fill(number).keep(number, size);
            assert_eq!(cache.get(&0, now), Some(0), "asked for all the time");
        }
        assert_eq!(cache.get(&999, now), Some(999), "the newest");
        assert_eq!(cache.get(&500, now), None, "long unused");
        let kept = (0..1000).filter(|key| cache.get(key, now).is_some());
        let kept = kept.count() * size;
        assert!((limit / 2..=limit).contains(&kept), "{kept} are kept");
        cache.fill(-1).keep(-1, limit);
        assert_eq!(cache.get(&-1, now), None, "too large for itself alone");
    });
}
