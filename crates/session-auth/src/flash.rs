//! Flash messages: said once, on the next page that shows them. Of parallel pages one shows a message, and none loses it.

use std::sync::Arc;
use std::sync::{Mutex, MutexGuard};

use axum::extract::FromRequestParts;
use http::request::Parts;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::SessionError;
use crate::request::{RequestSession, Stored};

/// Where the messages are in the session.
const KEY: &str = "session_auth.flash";

/// How many wait at most; the oldest go first. Somebody who never looks at a page must not fill the storage.
const MOST: usize = 16;

/// Messages for the next page, such as "Your post is published" after the redirect that follows a form.
///
/// A message lives in the session. A handler that redirects pushes; a page that renders claims, and a claim takes the
/// messages out of the storage at once, so that a parallel page does not show them again. When the answer becomes a 5xx
/// after all, what was claimed is put back, and what was pushed is taken back.
///
/// Push after logging in or out: what is in a session that ends, ends with it.
///
/// Where the browser keeps the session, in a cookie storage, pages that were asked for at the same time came with the same
/// messages, and each of them shows them. The next one does not.
///
/// ```
/// use axum::response::Redirect;
/// use session_auth::{Flash, FlashLevel, SessionError};
///
/// async fn publish(flash: Flash) -> Result<Redirect, SessionError> {
///     // …
///     flash.push(FlashLevel::Success, "Your post is published.").await?;
///     Ok(Redirect::to("/"))
/// }
///
/// async fn index(flash: Flash) -> Result<String, SessionError> {
///     let messages = flash.claim().await?;
///     Ok(messages.iter().map(|message| format!("{}\n", message.text)).collect())
/// }
/// ```
#[derive(Clone)]
pub struct Flash {
    session: RequestSession,
}

/// How a message is meant.
///
/// ```
/// use session_auth::FlashLevel;
///
/// // What a template gets, and may use as a class.
/// assert_eq!(serde_json::to_string(&FlashLevel::Success).unwrap(), "\"success\"");
/// assert!(serde_json::from_str::<FlashLevel>("\"shout\"").is_err());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FlashLevel {
    /// Something was done.
    Success,
    /// Something is worth knowing.
    Info,
    /// Something could not be done.
    Error,
}

/// One message.
///
/// ```
/// use session_auth::{FlashLevel, FlashMessage};
///
/// let message = FlashMessage { level: FlashLevel::Error, text: "<b> is not saved".into() };
/// // The text is plain: whoever shows it escapes it.
/// assert_eq!(serde_json::to_string(&message).unwrap(), r#"{"level":"error","text":"<b> is not saved"}"#);
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FlashMessage {
    /// How it is meant; a style sheet may use it.
    pub level: FlashLevel,
    /// What it says: plain text, to be escaped like any other.
    pub text: String,
}

impl Flash {
    /// From the parts of a request that came through the session layer.
    ///
    /// # Errors
    ///
    /// [`SessionError::MissingLayer`].
    ///
    /// ```
    /// use session_auth::{Flash, SessionError};
    ///
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// // No layer, no session, no messages.
    /// assert!(matches!(Flash::of(&parts), Err(SessionError::MissingLayer)));
    /// ```
    pub fn of(parts: &Parts) -> Result<Self, SessionError> {
        let session = parts.extensions.get::<RequestSession>().cloned();
        Ok(Self {
            session: session.ok_or(SessionError::MissingLayer)?,
        })
    }

    #[cfg(feature = "testing")]
    pub(crate) const fn over(session: RequestSession) -> Self {
        Self { session }
    }

    /// Leaves a message for the next page of this visitor. A visitor without a session gets one.
    ///
    /// # Errors
    ///
    /// When the session cannot be read or written, or has just ended.
    ///
    /// ```
    /// # use axum::response::Redirect;
    /// # use session_auth::{Flash, FlashLevel, SessionError};
    /// async fn delete(flash: Flash) -> Result<Redirect, SessionError> {
    ///     flash.push(FlashLevel::Info, "The post is in the trash.").await?;
    ///     Ok(Redirect::to("/posts"))
    /// }
    /// ```
    pub async fn push(
        &self,
        level: FlashLevel,
        text: impl Into<String>,
    ) -> Result<(), SessionError> {
        let message = FlashMessage {
            level,
            text: text.into(),
        };
        let stored = self
            .change(|messages| messages.push(message.clone()))
            .await?;
        if stored == Stored::WithTheAnswer {
            return Ok(()); // or not at all
        }
        self.session.on_failure(Box::new(move |session| {
            Box::pin(async move {
                let flash = Self { session };
                let undone = flash.change(|messages| {
                    if let Some(last) = messages.iter().rposition(|other| *other == message) {
                        messages.remove(last);
                    }
                });
                report(undone.await);
            })
        }));
        Ok(())
    }

    /// Takes the messages that wait. Nobody else gets them, unless this request fails.
    ///
    /// A visitor without a session has none, and asking costs nothing then.
    ///
    /// # Errors
    ///
    /// When the session cannot be read or written. One that has just ended has no messages.
    ///
    /// ```
    /// # use session_auth::{Flash, SessionError};
    /// async fn posts(flash: Flash) -> Result<String, SessionError> {
    ///     let mut page = String::new();
    ///     for message in flash.claim().await? {
    ///         page += &format!("{:?}: {}\n", message.level, message.text);
    ///     }
    ///     Ok(page + "…the posts…") // the next page does not say it again
    /// }
    /// ```
    pub async fn claim(&self) -> Result<Vec<FlashMessage>, SessionError> {
        // From before they are taken: whoever hangs up while the storage is asked has not seen them.
        let claim = Arc::new(Mutex::new(Claim::default()));
        let undone = Arc::clone(&claim);
        self.session.on_failure(Box::new(move |session| {
            Box::pin(async move { Self { session }.put_back(take(&undone)).await })
        }));
        let stored = self
            .change(|messages| held(&claim).messages = std::mem::take(messages))
            .await;
        if matches!(stored, Ok(Stored::AtOnce)) {
            let mut claim = held(&claim);
            claim.is_stored = true;
            return Ok(claim.messages.clone());
        }
        let claimed = take(&claim).messages;
        match stored {
            Ok(_with_the_answer) => Ok(claimed),
            Err(SessionError::Gone) => Ok(Vec::new()),
            Err(error) => Err(error),
        }
    }

    /// Messages that nobody has seen wait again. Where it is not known whether they were taken, they may still be there.
    async fn put_back(&self, claim: Claim) {
        let Claim {
            messages,
            is_stored,
        } = claim;
        if messages.is_empty() {
            return;
        }
        let put_back = self.change(|waiting| {
            if is_stored || !waiting.starts_with(&messages) {
                waiting.splice(..0, messages.iter().cloned());
            }
        });
        report(put_back.await);
    }

    /// Changes the list in one step that nothing can come between; `change` may run more than once.
    async fn change(
        &self,
        mut change: impl FnMut(&mut Vec<FlashMessage>),
    ) -> Result<Stored, SessionError> {
        let changed = self.session.update_value(KEY, |value| {
            let mut messages = read(value);
            change(&mut messages);
            messages.drain(..messages.len().saturating_sub(MOST));
            if messages.is_empty() {
                return Ok(None);
            }
            Ok(Some(serde_json::to_value(messages)?))
        });
        changed.await
    }
}

/// What a request has taken, or is about to take.
#[derive(Default)]
struct Claim {
    messages: Vec<FlashMessage>,
    /// The storage has said that they are taken.
    is_stored: bool,
}

fn held(claim: &Mutex<Claim>) -> MutexGuard<'_, Claim> {
    claim
        .lock()
        .expect("nothing panics while it holds this lock")
}

fn take(claim: &Mutex<Claim>) -> Claim {
    std::mem::take(&mut held(claim))
}

/// The messages in a value. One that this version cannot read is dropped: a message is never worth an error page.
fn read(value: Option<Value>) -> Vec<FlashMessage> {
    let Some(Value::Array(values)) = value else {
        return Vec::new();
    };
    values
        .into_iter()
        .filter_map(|value| serde_json::from_value(value).ok())
        .collect()
}

fn report(undone: Result<Stored, SessionError>) {
    if let Err(error) = undone
        && !matches!(error, SessionError::Gone)
    {
        let error = &error as &dyn std::error::Error;
        tracing::warn!(error, "the flash messages of a failed request are lost");
    }
}

impl<S: Sync> FromRequestParts<S> for Flash {
    type Rejection = SessionError;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, SessionError> {
        Self::of(parts)
    }
}

impl std::fmt::Debug for Flash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Flash")
    }
}
