//! How many clients, and how long each may keep us waiting.
//!
//! Invariant: no limit is infinite.

use std::time::Duration;

use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// The limits of one server.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Connections open at once.
    pub connections: usize,
    /// From the first byte awaited to the last header read; also how long an idle connection is kept.
    pub header: Duration,
    /// Between two pieces of a request's body.
    pub body_pause: Duration,
    /// For a whole request body.
    pub body: Duration,
    /// Bytes of a refused body that are read and thrown away, so that the refusal arrives.
    pub drained: usize,
    /// For a client to take the next piece of an answer.
    pub write_pause: Duration,
    /// For everything under way after the order to stop.
    pub drain: Duration,
    /// For the rest of a request's body after the order to stop: what has come by then is answered, saved or kept, in
    /// what is left of `drain`.
    pub last_words: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connections: 4096,
            header: Duration::from_secs(20),
            body_pause: Duration::from_secs(20),
            body: Duration::from_secs(300),
            drained: 64 * 1024 * 1024,
            write_pause: Duration::from_secs(30),
            drain: Duration::from_secs(8),
            last_words: Duration::from_secs(6),
        }
    }
}

/// Files that the process needs beside its connections: database, pictures, log.
const OTHER_FILES: u64 = 128;

impl Limits {
    /// As many connections as this process may have files, after asking the system for as many as it allows.
    pub(crate) fn of_this_process() -> Self {
        let mut limits = Self::default();
        let files = getrlimit(Resource::Nofile);
        let wanted = limits.connections as u64 + OTHER_FILES;
        let allowed = files.maximum.unwrap_or(u64::MAX).min(wanted);
        if files.current.is_some_and(|current| current < allowed) {
            let raised = Rlimit {
                current: Some(allowed),
                maximum: files.maximum,
            };
            if let Err(error) = setrlimit(Resource::Nofile, raised) {
                tracing::warn!(%error, "the number of open files could not be raised");
            }
        }
        let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
        let room = files.saturating_sub(OTHER_FILES).max(16);
        limits.connections = limits
            .connections
            .min(usize::try_from(room).unwrap_or(usize::MAX));
        limits
    }
}
