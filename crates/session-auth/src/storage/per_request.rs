//! Storages that are made for one request, because they have to know more of it than keys: the whole session that its
//! cookie brought, or the id in clear.
//!
//! Invariant: such a storage outlives its request no more than the session of the request does, and knows no cookie but
//! that one.

use std::{collections::HashMap, sync::Arc};

#[cfg(feature = "testing")]
use async_trait::async_trait;
use serde_json::Value;

use crate::{
    Lifetime, Promises, SessionStorage, StorageError,
    cookie::{Found, Presented, SessionId},
    layer::Shared,
};

/// Makes a storage for each request, out of its cookie.
pub(crate) trait Lends: Send + Sync {
    fn promises(&self) -> Promises;

    /// The name of the cookie, where others that read it know it by one.
    fn cookie_name(&self) -> Option<String>;

    /// The storage on the server that knows of every session, if there is one.
    fn on_server(&self) -> Option<&Arc<dyn SessionStorage>>;

    fn meet(&self, found: &Found<'_>, shared: &Shared) -> (Arc<dyn Lent>, Presented);

    /// The cookies, where these are what keeps the sessions.
    #[cfg(feature = "testing")]
    fn in_cookie(&self) -> Option<&Arc<super::CookieStorage>> {
        None
    }

    /// Of no request.
    #[cfg(feature = "testing")]
    fn unmet(&self) -> Arc<dyn SessionStorage>;

    /// What another program does with what lies there.
    #[cfg(feature = "testing")]
    fn stranger(&self) -> Option<Arc<dyn Stranger>>;
}

/// The storage of one request.
pub(crate) trait Lent: SessionStorage {
    /// The value of the cookie to send, when what was stored asks for it.
    fn reissued(&self) -> Option<(String, Lifetime)>;

    /// Whether the cookie of the answer is what keeps the session, so that nothing changes it afterwards.
    fn is_in_cookie(&self) -> bool {
        false
    }

    /// Whether a session in the cookie can be ended where a server knows of it.
    fn is_known_to_server(&self) -> bool {
        true
    }

    /// Whether the session is used, but its cookie is on its way out.
    fn is_outdated(&self) -> bool {
        false
    }

    /// Whether it is kept when the session was last used.
    fn notes_uses(&self) -> bool {
        true
    }

    /// Whether a session with these values would fit, as far as the handler has got.
    fn fits(&self, _values: &HashMap<String, Value>, _except: &str) -> Result<(), StorageError> {
        Ok(())
    }

    /// An id that a session of this request is about to get.
    fn issue(&self, _id: &SessionId) {}
}

/// Another program that keeps its sessions in the same place, as the contract suite plays it.
#[cfg(feature = "testing")]
#[async_trait]
pub(crate) trait Stranger: Send + Sync {
    /// Makes a session in which `a` is 1, and gives the value of its cookie.
    async fn open(&self) -> Result<String, StorageError>;

    /// The session behind a cookie, as it lies there.
    async fn read(&self, id: &str) -> Result<String, StorageError>;

    /// Saves what was read.
    async fn save(&self, id: &str, text: &str) -> Result<(), StorageError>;
}
