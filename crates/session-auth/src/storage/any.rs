//! What a layer can keep sessions in: a storage on the server, or the cookie itself.
//!
//! Invariant: a request sees one [`SessionStorage`] either way. Where that has to know more of the request than keys, it is
//! made for the request and knows no session but the one that came with it.

use std::{fmt, sync::Arc};

use http::HeaderMap;

#[cfg(feature = "testing")]
use super::{CookieStorage, Stranger};
use super::{Lends, Lent};
use crate::{
    Promises, SessionStorage,
    cookie::{Found, Presented},
    layer::Shared,
};

/// Where a [`SessionLayer`](crate::SessionLayer) keeps sessions: made by `into` from every [`SessionStorage`] and from the
/// cookie storages.
///
/// ```
/// # #[cfg(feature = "memory")] {
/// use session_auth::{AnyStorage, MemoryStorage, Promise};
///
/// let storage = AnyStorage::from(MemoryStorage::new());
/// assert!(storage.promises().keeps(Promise::NoRevival));
/// assert!(!storage.promises().keeps(Promise::SurvivesRestart));
/// # }
/// ```
#[derive(Clone)]
pub struct AnyStorage(Kept);

#[derive(Clone)]
enum Kept {
    Server(Arc<dyn SessionStorage>),
    /// One that is made anew for every request.
    PerRequest(Arc<dyn Lends>, Option<Watch>),
}

/// Stands between a request and its session, for the contract suite.
pub(crate) type Watch =
    Arc<dyn Fn(Arc<dyn SessionStorage>) -> Arc<dyn SessionStorage> + Send + Sync>;

/// How a request met its session.
pub(crate) struct Met {
    pub(crate) storage: Arc<dyn SessionStorage>,
    /// The same storage, where it was made for this request.
    pub(crate) lent: Option<Arc<dyn Lent>>,
    pub(crate) presented: Presented,
}

impl AnyStorage {
    /// What is kept of the contract here, and what is not.
    ///
    /// ```
    /// # #[cfg(feature = "memory")] {
    /// use session_auth::{AnyStorage, MemoryStorage, Promise};
    ///
    /// let storage = AnyStorage::from(MemoryStorage::new());
    /// assert!(storage.promises().keeps(Promise::ByUser));
    /// # }
    /// ```
    #[must_use]
    pub fn promises(&self) -> Promises {
        match &self.0 {
            Kept::Server(storage) => storage.promises(),
            Kept::PerRequest(lends, _) => lends.promises(),
        }
    }

    /// The storage on the server that knows of every session, if there is one.
    pub(crate) fn on_server(&self) -> Option<&Arc<dyn SessionStorage>> {
        match &self.0 {
            Kept::Server(storage) => Some(storage),
            Kept::PerRequest(lends, _) => lends.on_server(),
        }
    }

    /// The name of the cookie, where others that read it know it by one.
    pub(crate) fn cookie_name(&self) -> Option<String> {
        match &self.0 {
            Kept::Server(_) => None,
            Kept::PerRequest(lends, _) => lends.cookie_name(),
        }
    }

    pub(crate) fn meet(&self, headers: &HeaderMap, shared: &Shared) -> Met {
        let (lends, watch) = match &self.0 {
            Kept::Server(storage) => {
                return Met {
                    storage: Arc::clone(storage),
                    lent: None,
                    presented: Presented::id(headers, shared.cookie.name()),
                };
            }
            Kept::PerRequest(lends, watch) => (lends, watch),
        };
        let found = Found::find(headers, shared.cookie.name());
        let (lent, presented) = lends.meet(&found, shared);
        let storage: Arc<dyn SessionStorage> = Arc::clone(&lent) as _;
        Met {
            storage: watch
                .as_ref()
                .map_or(Arc::clone(&storage), |watch| watch(storage)),
            lent: Some(lent),
            presented,
        }
    }
}

#[cfg(feature = "testing")]
impl AnyStorage {
    pub(crate) fn in_cookie(&self) -> Option<&Arc<CookieStorage>> {
        match &self.0 {
            Kept::Server(_) => None,
            Kept::PerRequest(lends, _) => lends.in_cookie(),
        }
    }

    /// A storage of no request, where each has its own.
    pub(crate) fn unmet(&self) -> Option<Arc<dyn SessionStorage>> {
        match &self.0 {
            Kept::Server(_) => None,
            Kept::PerRequest(lends, _) => Some(lends.unmet()),
        }
    }

    /// Another program that keeps its sessions in the same place.
    pub(crate) fn stranger(&self) -> Option<Arc<dyn Stranger>> {
        match &self.0 {
            Kept::Server(_) => None,
            Kept::PerRequest(lends, _) => lends.stranger(),
        }
    }

    /// The same, with something between each request and its storage.
    pub(crate) fn watched(&self, watch: Watch) -> Self {
        match &self.0 {
            Kept::Server(storage) => Self(Kept::Server(watch(Arc::clone(storage)))),
            Kept::PerRequest(lends, _) => Self(Kept::PerRequest(Arc::clone(lends), Some(watch))),
        }
    }
}

impl<S: SessionStorage> From<S> for AnyStorage {
    fn from(storage: S) -> Self {
        Self(Kept::Server(Arc::new(storage)))
    }
}

impl AnyStorage {
    pub(crate) fn lending(lends: impl Lends + 'static) -> Self {
        Self(Kept::PerRequest(Arc::new(lends), None))
    }
}

/// Shows what is promised and nothing of what is kept.
impl fmt::Debug for AnyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyStorage").field(&self.promises()).finish()
    }
}
