//! The session that handlers see: tower-sessions' own, and an `update` that no concurrent request can undo.

use std::{fmt, ops::Deref};

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::{Serialize, de::DeserializeOwned};
use tower_sessions_core::session::Error;

use crate::{SessionError, request::RequestSession};

/// The session of a request.
///
/// It is tower-sessions' [`Session`](tower_sessions_core::Session) with [`update`](Self::update) added. However often it
/// is asked for in one request, and also as the bare tower-sessions one, it is the same session. What a handler writes
/// is stored when it has answered, with a redirect or a refusal too, but not with a 5xx or after a panic.
///
/// A stream, a socket or a task that goes on after the answer may keep its session. `load` then reads it anew, `save` and
/// `update` write at once, `delete` ends it at once; what is inserted and not saved is lost. Nothing of this can begin a
/// session or give it a new id, since no cookie can follow: that is an error, and so is every change of a session that
/// lies in the cookie.
///
/// Its methods and [`SessionError`](crate::SessionError) go together:
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # use axum::{Router, body::Body, http::Request, routing::get};
/// # use session_auth::{MemoryStorage, SessionLayer};
/// # use tower::ServiceExt;
/// use session_auth::{Session, SessionError};
///
/// async fn visits(session: Session) -> Result<String, SessionError> {
///     let before: Option<u32> = session.get("visits").await?;
///     let visits = before.unwrap_or(0) + 1; // `update` would count right, too, where two come at once
///     session.insert("visits", visits).await?;
///     Ok(visits.to_string())
/// }
/// # let site = Router::new().route("/", get(visits)).layer(SessionLayer::new(MemoryStorage::new()));
/// # let first = site.clone().oneshot(Request::get("/").body(Body::empty()).unwrap()).await.unwrap();
/// # let cookie = first.headers()["set-cookie"].to_str().unwrap().split(';').next().unwrap().to_owned();
/// # let second = site.oneshot(Request::get("/").header("cookie", cookie).body(Body::empty()).unwrap()).await.unwrap();
/// # assert_eq!(axum::body::to_bytes(second.into_body(), 100).await.unwrap(), "2");
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
///
/// `delete` ends the session; what is written after it is lost. `flush` ends it, and what is written after it begins a
/// new one. `clear` takes the login along with the values.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use axum::{Router, body::Body, http::StatusCode, routing::post};
/// use http::Request;
/// use session_auth::{MemoryStorage, Session, SessionLayer};
/// use tower::ServiceExt;
///
/// async fn choose(session: Session, bare: tower_sessions_core::Session) -> StatusCode {
///     session.insert("theme", "dark").await.unwrap();
///     assert_eq!(bare.get::<String>("theme").await.unwrap().as_deref(), Some("dark"));
///     StatusCode::NO_CONTENT
/// }
/// async fn fail(session: Session) -> StatusCode {
///     session.insert("theme", "dark").await.unwrap();
///     StatusCode::INTERNAL_SERVER_ERROR
/// }
/// let site = Router::new()
///     .route("/theme", post(choose))
///     .route("/broken", post(fail))
///     .layer(SessionLayer::new(MemoryStorage::new()));
///
/// let post = |path| site.clone().oneshot(Request::post(path).body(Body::empty()).unwrap());
/// assert!(post("/theme").await.unwrap().headers().contains_key("set-cookie"));
/// assert!(!post("/broken").await.unwrap().headers().contains_key("set-cookie"));
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct Session {
    request: RequestSession,
}

impl Session {
    /// Replaces the value under `key` by what `f` makes of it, at once and whatever other requests do: the storage
    /// takes the new value only if the old one is still there, else `f` is asked again with the one that is. So `f` may
    /// run more than once, and should do nothing but compute.
    ///
    /// What this request has inserted or removed under the key stands in for what is stored. A 5xx does not undo it. On a session that does not exist yet, or that this request has cleared or given to another
    /// person, it is a plain insert, stored with the answer.
    ///
    /// ```
    /// # use session_auth::{Session, SessionError};
    /// async fn like(session: Session) -> Result<String, SessionError> {
    ///     let likes = session.update("likes", |likes: Option<u64>| likes.unwrap_or(0) + 1).await?;
    ///     Ok(format!("{likes} likes"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SessionError::Gone`] when the session was ended meanwhile, [`SessionError::Value`] when the stored value is no
    /// `T` or the new one is no JSON, [`SessionError::Unavailable`] when the storage fails.
    pub async fn update<T, F>(&self, key: &str, mut f: F) -> Result<T, SessionError>
    where
        T: Serialize + DeserializeOwned,
        F: FnMut(Option<T>) -> T,
    {
        let mut result = None;
        let replace = |old: Option<serde_json::Value>| {
            let old = old.map(serde_json::from_value).transpose()?;
            let new = f(old);
            let value = serde_json::to_value(&new)?;
            result = Some(new);
            Ok(Some(value))
        };
        self.request.update_value(key, replace).await?;
        Ok(result.expect("an update that succeeded has asked for the value"))
    }
}

impl Session {
    /// Every value, as this request sees them.
    ///
    /// ```
    /// # use session_auth::{Session, SessionError};
    /// async fn show(session: Session) -> Result<String, SessionError> {
    ///     let keys: Vec<_> = session.values().await?.into_iter().map(|(key, _)| key).collect();
    ///     Ok(keys.join("\n"))
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// [`SessionError::Unavailable`] when the storage fails.
    pub async fn values(&self) -> Result<serde_json::Map<String, serde_json::Value>, SessionError> {
        self.request.values().await
    }
}

impl Session {
    /// Gives the session a new id with the answer; what is in it stays. Logging in does that by itself.
    ///
    /// ```
    /// # use session_auth::{Session, SessionError};
    /// async fn chosen(session: Session) -> Result<(), SessionError> {
    ///     session.insert("role", "editor").await?;
    ///     Ok(session.cycle_id().await?) // whoever knew the old id knows nothing
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the session cannot be read, and when the answer is on its way: then no cookie can follow, and the session is as
    /// it was.
    pub async fn cycle_id(&self) -> Result<(), Error> {
        // tower-sessions would forget the old id before it hears that there is no new one.
        self.request.still_has_an_answer()?;
        self.request.tower().cycle_id().await
    }

    /// Ends the session: with the answer, or at once when that is on its way.
    ///
    /// ```
    /// # use session_auth::{Session, SessionError};
    /// async fn forget_me(session: Session) -> Result<(), SessionError> {
    ///     Ok(session.delete().await?)
    /// }
    /// ```
    ///
    /// # Errors
    ///
    /// When the storage fails, and for a session in the cookie whose answer is on its way.
    pub async fn delete(&self) -> Result<(), Error> {
        let tower = self.request.tower();
        if tower.id().is_none() && tower.is_modified() {
            // After `cycle_id` tower-sessions knows no id, and would say that it has deleted what it has not.
            tower.save().await?;
        }
        tower.delete().await
    }
}

impl Deref for Session {
    type Target = tower_sessions_core::Session;

    fn deref(&self) -> &Self::Target {
        self.request.tower()
    }
}

impl<S: Sync> FromRequestParts<S> for Session {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Self::Rejection> {
        let request = RequestSession::from_request_parts(parts, state).await?;
        Ok(Self { request })
    }
}

/// Shows nothing of what is in it.
impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").finish_non_exhaustive()
    }
}
