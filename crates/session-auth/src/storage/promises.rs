//! What a storage keeps of the contract, as a value: its documentation is written from it and the contract suite checks
//! it both ways.

use std::fmt;

/// One promise that storages may differ in.
///
/// ```
/// use session_auth::Promise;
///
/// // In the order of the documentation, each once.
/// assert_eq!(Promise::ALL[0], Promise::ConcurrentWrites);
/// assert_ne!(Promise::NoRevival, Promise::AtomicRotation);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Promise {
    /// Concurrent requests that write different keys of one session lose nothing, and `Session::update` counts exactly.
    ConcurrentWrites,
    /// A session that was ended stays ended, whatever was in flight.
    NoRevival,
    /// The old id is dead in the step that makes the new one live; of two rotations of one session one happens.
    AtomicRotation,
    /// The sessions of a user can be listed and ended.
    ByUser,
    /// The storage keeps a hash of each id, so a copy of it logs nobody in.
    Hashed,
    /// Sessions are still there when the process starts again.
    SurvivesRestart,
    /// A session may be larger than a cookie.
    AnySize,
    /// Nobody but the server reads what is in a session, or writes one that is believed.
    Sealed,
    /// Idle and absolute timeouts, and what `set_expiry` says, are kept with the session.
    Lifetimes,
    /// The stamp and the time of a login are kept with it.
    LoginDetails,
    /// Sessions that are over by the layer's clock are removed.
    Cleanup,
    /// Sessions whose login counts no more are removed, because the user is gone or has another stamp.
    DeadLogins,
}

impl Promise {
    /// Every promise, in the order of the documentation.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use session_auth::{MemoryStorage, Promise, SessionStorage};
    ///
    /// let promises = MemoryStorage::new().promises();
    /// let not_kept: Vec<_> = Promise::ALL.into_iter().filter(|promise| !promises.keeps(*promise)).collect();
    /// assert_eq!(not_kept, [Promise::SurvivesRestart]);
    /// # }
    /// ```
    pub const ALL: [Self; 12] = [
        Self::ConcurrentWrites,
        Self::NoRevival,
        Self::AtomicRotation,
        Self::ByUser,
        Self::Hashed,
        Self::SurvivesRestart,
        Self::AnySize,
        Self::Sealed,
        Self::Lifetimes,
        Self::LoginDetails,
        Self::Cleanup,
        Self::DeadLogins,
    ];

    const fn sentence(self) -> &'static str {
        match self {
            Self::ConcurrentWrites => {
                "concurrent writes to different keys of one session all survive"
            }
            Self::NoRevival => "an ended session stays ended, whatever was in flight",
            Self::AtomicRotation => "the old id dies in the step that makes the new one live",
            Self::ByUser => "the sessions of a user can be listed and ended",
            Self::Hashed => "a copy of the storage logs nobody in",
            Self::SurvivesRestart => "sessions survive a restart",
            Self::AnySize => "a session may be larger than a cookie",
            Self::Sealed => "nobody but the server reads a session, or writes one that is believed",
            Self::Lifetimes => "idle and absolute timeouts are kept with the session",
            Self::LoginDetails => "the stamp and the time of a login are kept with it",
            Self::Cleanup => "what is over by the clock of the layer is removed",
            Self::DeadLogins => "sessions of logins that count no more are removed",
        }
    }
}

/// The promises of a storage, with a reason for each that it does not keep.
///
/// ```
/// use session_auth::{Promise, Promises};
///
/// const PROMISES: Promises =
///     Promises::all_but(&[(Promise::SurvivesRestart, "it lives in this process' memory")]);
/// assert!(PROMISES.keeps(Promise::NoRevival));
/// assert!(!PROMISES.keeps(Promise::SurvivesRestart));
/// assert!(PROMISES.to_string().contains("not: sessions survive a restart (it lives in this process' memory)"));
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Promises {
    deviations: Deviations,
    /// Those of another storage that this one stands on.
    beneath: Deviations,
}

type Deviations = &'static [(Promise, &'static str)];

impl Promises {
    /// Every promise is kept.
    ///
    /// ```
    /// use session_auth::{Promise, Promises};
    ///
    /// assert!(Promise::ALL.into_iter().all(|promise| Promises::ALL.keeps(promise)));
    /// ```
    pub const ALL: Self = Self::all_but(&[]);

    /// Every promise but these, each with the reason.
    ///
    /// ```
    /// use session_auth::{Promise, Promises};
    ///
    /// const PROMISES: Promises = Promises::all_but(&[(Promise::ByUser, "there is no index of users")]);
    /// assert!(!PROMISES.keeps(Promise::ByUser));
    /// assert!(PROMISES.keeps(Promise::Hashed));
    /// ```
    #[must_use]
    pub const fn all_but(deviations: &'static [(Promise, &'static str)]) -> Self {
        Self {
            deviations,
            beneath: &[],
        }
    }

    /// What is kept by a storage that keeps these and stands on one that keeps those.
    #[cfg_attr(
        not(any(
            feature = "simple-cookie",
            feature = "encrypted-cookie",
            feature = "nacl-cookie"
        )),
        allow(dead_code, reason = "only cookies stand on another storage")
    )]
    pub(crate) const fn on(self, beneath: Self) -> Self {
        Self {
            deviations: self.deviations,
            beneath: beneath.deviations,
        }
    }

    /// Whether this promise is kept.
    ///
    /// ```
    /// use session_auth::{AnyStorage, Promise};
    ///
    /// /// A site that cannot do without "log out everywhere" asks at its start.
    /// fn checked(storage: AnyStorage) -> AnyStorage {
    ///     assert!(storage.promises().keeps(Promise::ByUser), "this storage cannot end the sessions of a user");
    ///     storage
    /// }
    /// ```
    #[must_use]
    pub fn keeps(&self, promise: Promise) -> bool {
        self.deviation(promise).is_none()
    }

    fn deviation(&self, promise: Promise) -> Option<&'static str> {
        let mut all = self.deviations.iter().chain(self.beneath);
        let found = all.find(|(other, _)| *other == promise);
        found.map(|(_, reason)| *reason)
    }
}

/// A Markdown list, for the documentation of a storage.
impl fmt::Display for Promises {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for promise in Promise::ALL {
            match self.deviation(promise) {
                None => writeln!(f, "- {}", promise.sentence())?,
                Some(reason) => writeln!(f, "- not: {} ({reason})", promise.sentence())?,
            }
        }
        Ok(())
    }
}

#[cfg(all(
    test,
    feature = "encrypted-cookie",
    feature = "memory",
    feature = "redis",
    feature = "simple-cookie",
    feature = "sqlite",
    feature = "tower"
))]
mod tests {
    use super::*;
    use crate::{
        EncryptedCookieStorage, MemoryStorage, RedisStorage, SessionStorage, SimpleCookieStorage,
        SqlStorage, TowerStorage,
    };

    /// The table of the crate's page.
    fn table(storages: &[(&str, Promises)]) -> String {
        let mut table = String::from("| |");
        table.extend(storages.iter().map(|(name, _)| format!(" {name} |")));
        table += "\n|---|";
        table.extend(storages.iter().map(|_| ":-:|"));
        for promise in Promise::ALL {
            table += &format!("\n| {} |", promise.sentence());
            let cell = |keeps| if keeps { " ✓ |" } else { " – |" };
            table.extend(storages.iter().map(|(_, kept)| cell(kept.keeps(promise))));
        }
        table + "\n"
    }

    #[tokio::test]
    async fn the_table_of_the_crates_page_says_what_the_storages_promise() {
        let sealed = EncryptedCookieStorage::new(&[7; 32]).unwrap();
        let redis = redis::Client::open("redis://127.0.0.1/").unwrap();
        let pool = sqlx::SqlitePool::connect_lazy("sqlite::memory:").unwrap();
        let store = tower_sessions_memory_store::MemoryStore::default();
        let storages = [
            ("`MemoryStorage`", MemoryStorage::new().promises()),
            ("`SqlStorage`", SqlStorage::sqlite(pool.clone()).promises()),
            ("`RedisStorage`", RedisStorage::new(redis).promises()),
            (
                "`EncryptedCookieStorage`, `NaClCookieStorage`",
                sealed.promises(),
            ),
            (
                "the same, `revocable`",
                sealed.revocable(SqlStorage::sqlite(pool)).promises(),
            ),
            (
                "`SimpleCookieStorage`",
                SimpleCookieStorage::new().promises(),
            ),
            ("`TowerStorage`", TowerStorage::new(store).promises()),
        ];
        assert_eq!(include_str!("table.md"), table(&storages));
    }
}
