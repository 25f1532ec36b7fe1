//! The sessions of a person, for that person to see and to end: named by a public id, with which nobody can log in.
//!
//! Invariant: whoever asks sees and ends their own only; the id of another's session is an id of none.

use std::cmp::Reverse;
use std::net::IpAddr;

use serde::Serialize;
use time::OffsetDateTime;

use super::{Auth, AuthError};
use crate::directory::{Directory, Identity};
use crate::{SessionKey, StoredSession};

/// One of a person's sessions, in the list that [`Auth::sessions`] gives. With serde, times are unix milliseconds.
///
/// ```
/// use session_auth::OpenSession;
///
/// fn line(session: &OpenSession) -> String {
///     let browser = session.browser.as_deref().unwrap_or("an unknown browser");
///     let place = session.address.map_or_else(String::new, |address| format!(" at {address}"));
///     let end = if session.is_current { " (this one)".to_owned() } else { format!(" · end: {}", session.public_id) };
///     format!("{browser}{place}, since {}{end}", session.created_at.date())
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct OpenSession {
    /// What [`Auth::revoke`] knows it by. It is not the session's id, and changes along with it at every login.
    pub public_id: String,
    /// When it began.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub created_at: OffsetDateTime,
    /// When it was last used, give or take a minute.
    #[serde(with = "time::serde::timestamp::milliseconds")]
    pub last_seen: OffsetDateTime,
    /// Where the person logged in from, when that is known.
    pub address: Option<IpAddr>,
    /// A short name such as "Firefox on Linux": the browser's word, no proof.
    pub browser: Option<String>,
    /// Whether it is the session of this very request.
    pub is_current: bool,
}

impl OpenSession {
    fn new(key: &SessionKey, stored: &StoredSession) -> Self {
        Self {
            public_id: key.public_id().to_string(),
            created_at: stored.created_at,
            last_seen: stored.last_seen,
            address: stored.client.address,
            browser: stored.client.browser.clone(),
            is_current: false,
        }
    }
}

impl<D: Directory> Auth<D> {
    /// The sessions in which this person is logged in at the moment, the last used first, as the storage has them: what
    /// this request itself does to its session shows in the next one.
    ///
    /// A storage that does not keep [`Promise::ByUser`](crate::Promise::ByUser), such as a cookie without a ledger, lists
    /// none.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] for a visitor, [`AuthError::Session`] when the storage cannot list, and those of
    /// [`Auth::user`].
    ///
    /// ```
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn my_sessions<D: Directory>(auth: Auth<D>) -> Result<String, AuthError> {
    ///     let lines = auth.sessions().await?.into_iter().map(|session| {
    ///         let here = if session.is_current { " (this one)" } else { "" };
    ///         let browser = session.browser.unwrap_or_else(|| "unknown browser".into());
    ///         format!("{browser}, last used {}{here}\n", session.last_seen.date())
    ///     });
    ///     Ok(lines.collect())
    /// }
    /// ```
    pub async fn sessions(&self) -> Result<Vec<OpenSession>, AuthError> {
        let user = self.user().await?.ok_or(AuthError::NotLoggedIn)?;
        let Identity { id, stamp } = self.directory().identity(&user);
        let (now, current) = (self.session.now(), self.session.key());
        let mut listed = self.session.sessions_of(&id).await?;
        // A storage may still have what is over, by the clock or by a changed stamp, until the cleanup comes.
        listed.retain(|(_, stored)| {
            let login = stored.login.as_ref();
            !stored.is_over(now) && login.is_some_and(|login| login.stamp.admits(&stamp))
        });
        let mut open: Vec<_> = listed
            .iter()
            .map(|(key, stored)| match current {
                // A storage may hear later of the use that this request is.
                Some(current) if current == *key => OpenSession {
                    last_seen: stored.last_seen.max(now),
                    is_current: true,
                    ..OpenSession::new(key, stored)
                },
                _ => OpenSession::new(key, stored),
            })
            .collect();
        open.sort_by_key(|session| Reverse(session.last_seen));
        Ok(open)
    }

    /// Ends the session of this person that has this public id, at once; the one of this request as
    /// [`Auth::logout`] does, with the response. `false` when they have none with it: it has ended meanwhile, has a new
    /// id since the list was made, or is somebody else's.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] for a visitor, [`AuthError::Session`] when the storage cannot do it, and those of
    /// [`Auth::user`].
    ///
    /// ```
    /// # use axum::{extract::Path, http::StatusCode};
    /// # use session_auth::{Auth, AuthError, Directory};
    /// async fn end_session<D: Directory>(
    ///     auth: Auth<D>,
    ///     Path(public_id): Path<String>,
    /// ) -> Result<StatusCode, AuthError> {
    ///     let ended = auth.revoke(&public_id).await?;
    ///     Ok(if ended { StatusCode::NO_CONTENT } else { StatusCode::NOT_FOUND })
    /// }
    /// ```
    pub async fn revoke(&self, public_id: &str) -> Result<bool, AuthError> {
        let user = self.user().await?.ok_or(AuthError::NotLoggedIn)?;
        let Identity { id, .. } = self.directory().identity(&user);
        let listed = self.session.sessions_of(&id).await?;
        let named = |(key, _): &&(SessionKey, _)| key.public_id().to_string() == public_id;
        let Some((key, _)) = listed.iter().find(named) else {
            return Ok(false);
        };
        if self.session.key() == Some(*key) {
            self.logout().await?;
            return Ok(true);
        }
        Ok(self.session.end(key).await?)
    }
}
