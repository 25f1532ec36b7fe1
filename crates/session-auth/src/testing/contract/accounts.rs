//! The people of the sites that the suite logs in to: everybody is who they say they are, unless their account is gone.

use std::{
    collections::HashSet,
    convert::Infallible,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU8, Ordering},
    },
};

use axum::body::Body;
use http::{Request, StatusCode};

use super::{Checked, Tried, Wrong, ensure_eq};
use crate::{Directory, Identity, Stamp, testing::Browser};

#[derive(Clone, Default)]
pub(super) struct Accounts(Arc<State>);

#[derive(Default)]
struct State {
    /// A new one is a new password of everybody's.
    epoch: AtomicU8,
    gone: Mutex<HashSet<String>>,
}

impl Accounts {
    pub(super) fn change_passwords(&self) {
        self.0.epoch.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn disable(&self, name: &str) {
        self.gone().insert(name.to_owned());
    }

    pub(super) fn enable(&self, name: &str) {
        self.gone().remove(name);
    }

    fn gone(&self) -> MutexGuard<'_, HashSet<String>> {
        self.0.gone.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Directory for Accounts {
    type User = String;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<String>, Infallible> {
        Ok((!self.gone().contains(id)).then(|| id.to_owned()))
    }

    fn identity(&self, user: &String) -> Identity {
        Identity {
            id: user.clone(),
            stamp: Stamp::of(&[&[self.0.epoch.load(Ordering::Relaxed)]]),
        }
    }
}

/// What a page says that answers with a 200.
pub(super) async fn text(browser: &Browser, path: &str) -> Tried<String> {
    let answer = browser.get(path).await;
    ensure_eq(answer.status(), StatusCode::OK, path)?;
    body(answer).await
}

pub(super) async fn body(answer: axum::response::Response) -> Tried<String> {
    let body = axum::body::to_bytes(answer.into_body(), 100_000).await;
    let body = body.map_err(|error| error.to_string())?;
    Ok(String::from_utf8_lossy(&body).into_owned())
}

/// Who the site takes this browser for, as its `/me` says.
pub(super) async fn is(browser: &Browser, who: &str, when: &str) -> Checked {
    ensure_eq(text(browser, "/me").await?.as_str(), who, when)
}

pub(super) fn request(method: &str, path: &str) -> Tried<Request<Body>> {
    let request = Request::builder().method(method).uri(path);
    let request = request.body(Body::empty());
    request.map_err(|error| Wrong::from(error.to_string()))
}
