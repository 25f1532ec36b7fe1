//! From the handler's response to the answer: what has to be stored first, and which headers say what became of it.
//!
//! Invariant: nothing is stored for a 5xx, and an answer whose session could not be read or stored is a 503.

use std::{
    error::Error,
    panic::{AssertUnwindSafe, catch_unwind},
    pin::Pin,
    sync::{Arc, atomic::Ordering},
    task::{Context, Poll, Waker},
};

use axum::response::{IntoResponse, Response};
use http::header;
use tracing::Instrument;

use super::{Inner, RequestSession, commit::Cookie};
use crate::{
    SessionError, StorageError,
    caching::{forbid_shared_caches, vary_by_cookie},
    cookie::Presented,
};

/// The answer of the request, at once when nothing has to be stored.
pub(crate) enum Answer {
    Ready(Response),
    Later(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl RequestSession {
    /// Settles the session for this answer.
    pub(crate) fn answer(self, response: Response) -> Answer {
        if let Some(error) = self.inner.load_failure() {
            let error = SessionError::Unavailable(error.clone());
            self.inner.settle_on(self.inner.key);
            return Answer::Ready(refusal(error));
        }
        let has_failed = response.status().is_server_error();
        if self.has_work(has_failed) {
            self.settle(response, has_failed)
        } else {
            self.inner.settle_on(self.inner.key);
            Answer::Ready(self.inner.finish(response, Cookie::Keep))
        }
    }

    /// Whether something has to be stored for this answer. If not, nothing more is noted for it from the same moment on:
    /// a task of the handler's that still saves would be told that it has, and nobody would look at what it noted.
    fn has_work(&self, has_failed: bool) -> bool {
        let is_stale = self.inner.is_stale();
        let mut intent = self.inner.intent();
        if has_failed {
            let undo = intent.take().undo;
            intent.left = None;
            let has_work = !undo.is_empty();
            intent.undo = undo;
            return has_work || is_stale;
        }
        let has_work = is_stale || !intent.is_empty() || self.tower.is_modified();
        intent.is_answered |= !has_work;
        has_work
    }

    /// The work is begun at once, and what has to wait for the storage goes on in a task of its own: a client that hangs
    /// up does not cut it in half. A storage in memory has no need of the task.
    fn settle(self, response: Response, has_failed: bool) -> Answer {
        let inner = Arc::clone(&self.inner);
        let mut work = Box::pin(self.work(has_failed).in_current_span());
        // Nobody is to be woken: the task asks again.
        let mut context = Context::from_waker(Waker::noop());
        let begun = catch_unwind(AssertUnwindSafe(|| work.as_mut().poll(&mut context)));
        match begun {
            Ok(Poll::Ready(settled)) => Answer::Ready(inner.answer_with(response, settled)),
            Err(_panic) => Answer::Ready(inner.answer_with(response, inner.panicked())),
            Ok(Poll::Pending) => {
                let task = tokio::spawn(work);
                Answer::Later(Box::pin(async move {
                    let settled = task.await.unwrap_or_else(|_panic| inner.panicked());
                    inner.answer_with(response, settled)
                }))
            }
        }
    }

    async fn work(self, has_failed: bool) -> Result<Cookie, SessionError> {
        let settled = if has_failed {
            self.undo().await;
            self.inner.touch().await;
            Ok(Cookie::Keep)
        } else {
            let undo = std::mem::take(&mut self.inner.intent().undo);
            let committed = self.clone().commit().await;
            if committed.is_err() {
                self.inner.intent().undo = undo;
                self.inner.intent().left = None;
                self.undo().await;
            }
            committed
        };
        let key = match &settled {
            Ok(Cookie::Set(issued, _)) => Some(issued.key),
            Ok(Cookie::Keep | Cookie::Remove) | Err(_) => self.inner.key,
        };
        self.inner.settle_on(key);
        settled
    }

    /// Nothing is stored for a request that never got an answer, and what it did at once is undone.
    pub(crate) fn abandon(self) {
        self.inner.settle_on(self.inner.key);
        let has_work = !self.inner.intent().undo.is_empty();
        if has_work && let Ok(runtime) = tokio::runtime::Handle::try_current() {
            runtime.spawn(async move { self.undo().await }.in_current_span());
        }
    }

    async fn undo(&self) {
        let undo = std::mem::take(&mut self.inner.intent().undo);
        for undo in undo {
            undo(self.clone()).await;
        }
    }
}

fn refusal(error: SessionError) -> Response {
    let mut response = error.into_response();
    vary_by_cookie(response.headers_mut());
    response
}

impl Inner {
    fn is_stale(&self) -> bool {
        self.is_stale.load(Ordering::Relaxed)
    }

    /// A use that cannot be noted fails nobody's request.
    pub(super) async fn touch(&self) {
        let Some(key) = self.key.filter(|_| self.is_stale()) else {
            return;
        };
        if let Err(error) = self.storage.touch(&key, self.shared.now()).await {
            tracing::warn!(
                error = &error as &dyn Error,
                "the use of a session could not be noted"
            );
        }
    }

    /// The storage panicked; what it made of the session is anybody's guess.
    fn panicked(&self) -> Result<Cookie, SessionError> {
        self.settle_on(self.key);
        let error = StorageError::new("the storage of a session panicked");
        Err(SessionError::Unavailable(error))
    }

    fn answer_with(&self, response: Response, settled: Result<Cookie, SessionError>) -> Response {
        match settled {
            Ok(cookie) => self.finish(response, cookie),
            Err(error) => {
                tracing::error!(
                    error = &error as &dyn Error,
                    "a session could not be stored"
                );
                refusal(error)
            }
        }
    }

    fn finish(&self, mut response: Response, cookie: Cookie) -> Response {
        if !self.is_used.load(Ordering::Relaxed) {
            return response;
        }
        let reissued = self.lent.as_ref().and_then(|lent| lent.reissued());
        let headers = response.headers_mut();
        vary_by_cookie(headers);
        if self.known().is_some() || matches!(cookie, Cookie::Set(..)) {
            forbid_shared_caches(headers);
        }
        let settings = &self.shared.cookie;
        let header = match (cookie, reissued, self.presented) {
            (_, Some((value, lifetime)), _) => settings.set(&value, &lifetime, self.shared.now()),
            (Cookie::Set(issued, lifetime), ..) => {
                settings.set(issued.id.as_str(), &lifetime, self.shared.now())
            }
            (Cookie::Remove, ..) => settings.removal(),
            (Cookie::Keep, _, Presented::Undecodable) => {
                self.warn_of_undecodable();
                settings.removal()
            }
            (Cookie::Keep, ..) => return response,
        };
        headers.append(header::SET_COOKIE, header);
        response
    }

    fn warn_of_undecodable(&self) {
        if self.shared.undecodable.is_due(self.shared.now()) {
            tracing::warn!("a session cookie that no server of this site issued was removed");
        }
    }
}

#[cfg(all(test, feature = "memory"))]
mod tests {
    use std::pin::pin;

    use axum::{Router, body::Body, http::Request, routing::get};
    use tower::ServiceExt;

    use super::*;
    use crate::{MemoryStorage, Session, SessionLayer};

    async fn write(session: Session) -> Result<(), SessionError> {
        Ok(session.insert("a", 1).await?)
    }

    /// What a handler's own task does when the answer has found no work and is not on its way yet.
    async fn save_late(request: RequestSession, session: Session) -> Result<(), SessionError> {
        session.get_value("a").await?;
        assert!(!request.has_work(false));
        session.insert("a", 2).await?;
        let mut save = pin!(session.save());
        {
            let mut context = Context::from_waker(Waker::noop());
            assert!(save.as_mut().poll(&mut context).is_pending());
        }
        request.inner.settle_on(request.inner.key);
        Ok(save.await?)
    }

    async fn read(session: Session) -> Result<String, SessionError> {
        Ok(format!("{:?}", session.get_value("a").await?))
    }

    #[tokio::test]
    async fn a_save_that_comes_while_the_answer_is_made_is_stored_and_not_only_noted() {
        let site = Router::new()
            .route("/write", get(write))
            .route("/late", get(save_late))
            .route("/read", get(read))
            .layer(SessionLayer::new(MemoryStorage::new()));
        let visit = |path, cookie: &str| {
            let request = Request::get(path).header("cookie", cookie);
            site.clone().oneshot(request.body(Body::empty()).unwrap())
        };
        let written = visit("/write", "").await.unwrap();
        let cookie = written.headers()["set-cookie"].to_str().unwrap();
        let (cookie, _) = cookie.split_once(';').unwrap();
        assert_eq!(visit("/late", cookie).await.unwrap().status(), 200);
        let read = visit("/read", cookie).await.unwrap().into_body();
        let read = axum::body::to_bytes(read, 100).await.unwrap();
        assert_eq!(read, "Some(Number(2))");
    }
}
