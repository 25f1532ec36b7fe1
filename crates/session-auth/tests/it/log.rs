//! What was logged, for tests of what is and of what is not.

use std::io::Write;
use std::sync::{Arc, Mutex};

/// What was logged, at every level.
#[derive(Clone, Default)]
pub(crate) struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }

    /// How many warnings and errors were written.
    pub(crate) fn warnings(&self) -> usize {
        let text = self.text();
        let is_grave = |line: &&str| line.contains(" WARN ") || line.contains("ERROR ");
        text.lines().filter(is_grave).count()
    }

    /// None of these was written, nor enough of it to be of use to anybody.
    pub(crate) fn hides(&self, secrets: &[&str]) {
        let text = self.text();
        for secret in secrets {
            let part = secret.get(..secret.len().min(16)).unwrap_or(secret);
            assert!(!text.contains(part), "{part:?} is in the log: {text}");
        }
    }

    /// Everything that this thread logs, as long as the guard lives.
    pub(crate) fn here(&self) -> tracing::subscriber::DefaultGuard {
        let log = self.clone();
        let subscriber = tracing_subscriber::fmt()
            .with_max_level(tracing::Level::TRACE)
            .with_ansi(false)
            .with_writer(move || log.clone())
            .finish();
        tracing::subscriber::set_default(subscriber)
    }
}

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}
