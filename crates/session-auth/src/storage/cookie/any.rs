//! What a layer can keep sessions in: a storage on the server, or the cookie itself.
//!
//! Invariant: a request sees one [`SessionStorage`] either way. Where the cookie is what keeps the session, that storage
//! is made for the request and knows no session but the one that came with it.

use std::{fmt, sync::Arc};

use http::HeaderMap;

use super::{Carried, CookieStorage};
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
    Cookie(Arc<CookieStorage>, Option<Watch>),
}

/// Stands between a request and its session, for the contract suite.
pub(crate) type Watch =
    Arc<dyn Fn(Arc<dyn SessionStorage>) -> Arc<dyn SessionStorage> + Send + Sync>;

/// How a request met its session.
pub(crate) struct Met {
    pub(crate) storage: Arc<dyn SessionStorage>,
    pub(crate) carried: Option<Arc<Carried>>,
    pub(crate) presented: Presented,
}

impl AnyStorage {
    /// What is kept of the contract here, and what is not.
    #[must_use]
    pub fn promises(&self) -> Promises {
        match &self.0 {
            Kept::Server(storage) => storage.promises(),
            Kept::Cookie(cookies, _) => cookies.promises(),
        }
    }

    /// The storage on the server that knows of every session, if there is one.
    pub(crate) fn on_server(&self) -> Option<&Arc<dyn SessionStorage>> {
        match &self.0 {
            Kept::Server(storage) => Some(storage),
            Kept::Cookie(cookies, _) => cookies.ledger(),
        }
    }

    /// The name of the cookie, where others that read it know it by one.
    pub(crate) fn cookie_name(&self) -> Option<String> {
        match &self.0 {
            Kept::Server(_) => None,
            Kept::Cookie(cookies, _) => cookies.name().map(str::to_owned),
        }
    }

    pub(crate) fn meet(&self, headers: &HeaderMap, shared: &Shared) -> Met {
        let (cookies, watch) = match &self.0 {
            Kept::Server(storage) => {
                return Met {
                    storage: Arc::clone(storage),
                    carried: None,
                    presented: Presented::id(headers, shared.cookie.name()),
                };
            }
            Kept::Cookie(cookies, watch) => (cookies, watch),
        };
        let found = Found::find(headers, shared.cookie.name());
        let (carried, presented) = Carried::meet(Arc::clone(cookies), &found, shared);
        let carried = Arc::new(carried);
        let storage: Arc<dyn SessionStorage> = Arc::clone(&carried) as _;
        Met {
            storage: watch
                .as_ref()
                .map_or(Arc::clone(&storage), |watch| watch(storage)),
            carried: Some(carried),
            presented,
        }
    }
}

#[cfg(feature = "testing")]
impl AnyStorage {
    pub(crate) fn in_cookie(&self) -> Option<&Arc<CookieStorage>> {
        match &self.0 {
            Kept::Server(_) => None,
            Kept::Cookie(cookies, _) => Some(cookies),
        }
    }

    pub(crate) fn watched(cookies: Arc<CookieStorage>, watch: Watch) -> Self {
        Self(Kept::Cookie(cookies, Some(watch)))
    }
}

impl<S: SessionStorage> From<S> for AnyStorage {
    fn from(storage: S) -> Self {
        Self(Kept::Server(Arc::new(storage)))
    }
}

impl AnyStorage {
    pub(super) fn cookies(cookies: CookieStorage) -> Self {
        Self(Kept::Cookie(Arc::new(cookies), None))
    }
}

/// Shows what is promised and nothing of what is kept.
impl fmt::Debug for AnyStorage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AnyStorage").field(&self.promises()).finish()
    }
}
