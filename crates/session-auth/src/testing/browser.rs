//! A browser for tests: it keeps cookies and nothing else.

use std::{
    collections::BTreeMap,
    convert::Infallible,
    fmt,
    sync::{Arc, Mutex},
};

use axum::{
    Router,
    body::Body,
    response::{IntoResponse, Response},
};
use http::{HeaderMap, HeaderValue, Request, header};
use tower_service::Service;

use crate::{Directory, Identity};

/// Beside a request: who it logs in. No request from outside has it.
#[derive(Clone)]
pub(crate) struct LogIn(pub(crate) Identity);

/// Sends requests to a router and keeps the cookies it sets. A clone shares the cookies.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// use axum::{Router, routing::get};
/// use session_auth::{MemoryStorage, Session, SessionLayer, testing::Browser};
///
/// async fn visits(session: Session) -> String {
///     let visits = session.update("visits", |visits: Option<u64>| visits.unwrap_or(0) + 1).await;
///     visits.unwrap().to_string()
/// }
/// let site = Router::new().route("/", get(visits)).layer(SessionLayer::new(MemoryStorage::new()));
///
/// let browser = Browser::new(site.clone());
/// browser.get("/").await;
/// let body = axum::body::to_bytes(browser.get("/").await.into_body(), 100).await.unwrap();
/// assert_eq!(body, "2");
///
/// // Another browser is another visitor.
/// let body = axum::body::to_bytes(Browser::new(site).get("/").await.into_body(), 100).await.unwrap();
/// assert_eq!(body, "1");
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
#[derive(Clone)]
pub struct Browser {
    router: Router,
    cookies: Arc<Mutex<BTreeMap<String, String>>>,
}

/// Shows no cookie, so that a failing test logs nobody in either.
impl fmt::Debug for Browser {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Browser").finish_non_exhaustive()
    }
}

impl Browser {
    /// A browser that has not been anywhere.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use axum::{Router, routing::get};
    /// use session_auth::testing::Browser;
    ///
    /// let browser = Browser::new(Router::new().route("/", get(|| async { "hello" })));
    /// assert_eq!(browser.get("/").await.status(), 200);
    /// assert_eq!(browser.get("/nowhere").await.status(), 404);
    /// # }
    /// ```
    #[must_use]
    pub fn new(router: Router) -> Self {
        Self {
            router,
            cookies: Arc::default(),
        }
    }

    /// A browser with a copy of this one's cookies, as they are now.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use axum::{Router, routing::get};
    /// use session_auth::testing::Browser;
    ///
    /// let browser = Browser::new(Router::new().route("/", get(|| async { [("set-cookie", "id=1")] })));
    /// let before = browser.copy();
    /// browser.get("/").await;
    /// let thief = browser.copy(); // who has what the browser had
    /// assert_eq!((before.cookies().as_str(), thief.cookies().as_str()), ("", "id=1"));
    /// # }
    /// ```
    #[must_use]
    pub fn copy(&self) -> Self {
        let cookies = self.jar().clone();
        Self {
            router: self.router.clone(),
            cookies: Arc::new(Mutex::new(cookies)),
        }
    }

    /// What this browser would send as its `Cookie` header.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use axum::{Router, routing::get};
    /// # use session_auth::testing::Browser;
    /// let browser = Browser::new(Router::new().route("/", get(|| async { [("set-cookie", "id=1; Path=/")] })));
    /// assert_eq!(browser.cookies(), "");
    /// browser.get("/").await;
    /// assert_eq!(browser.cookies(), "id=1");
    /// # }
    /// ```
    #[must_use]
    pub fn cookies(&self) -> String {
        let jar = self.jar();
        let pairs: Vec<_> = jar
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        pairs.join("; ")
    }

    /// Sends a request with the cookies, and keeps those of the answer.
    ///
    /// # Panics
    ///
    /// When a cookie is no header value.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use axum::{Router, body::Body, http::Request, routing::delete};
    /// use session_auth::testing::Browser;
    ///
    /// let browser = Browser::new(Router::new().route("/post", delete(|| async {})));
    /// let request = Request::delete("/post").header("accept", "application/json").body(Body::empty()).unwrap();
    /// assert_eq!(browser.send(request).await.status(), 200);
    /// # }
    /// ```
    pub async fn send(&self, mut request: Request<Body>) -> Response {
        let cookies = self.cookies();
        if !cookies.is_empty() {
            let value = HeaderValue::from_str(&cookies).expect("cookies came from headers");
            request.headers_mut().insert(header::COOKIE, value);
        }
        let response = self.router.clone().call(request).await;
        let response = response
            .unwrap_or_else(|infallible: Infallible| match infallible {})
            .into_response();
        self.keep(response.headers());
        response
    }

    /// Logs in without a form: sends `HEAD /` as whoever this is, so that the site's own session layer begins a session
    /// in its own storage. What is logged in is what `Auth::login` would have made.
    ///
    /// ```
    /// # #[cfg(feature = "memory")]
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use axum::{Router, routing::get};
    /// # use session_auth::{AuthLayer, Directory, Identity, MemoryStorage, RequireLogin, SessionLayer, Stamp};
    /// use session_auth::testing::Browser;
    /// # #[derive(Clone)] struct Pupils;
    /// # #[derive(Clone)] struct Pupil(&'static str);
    /// # impl Directory for Pupils {
    /// #     type User = Pupil;
    /// #     type Error = std::convert::Infallible;
    /// #     async fn find(&self, id: &str) -> Result<Option<Pupil>, Self::Error> { Ok((id == "ada").then_some(Pupil("ada"))) }
    /// #     fn identity(&self, pupil: &Pupil) -> Identity { Identity { id: pupil.0.to_owned(), stamp: Stamp::of(&[]) } }
    /// # }
    /// # async fn desk(RequireLogin(Pupil(name)): RequireLogin<Pupils>) -> String { name.to_owned() }
    /// # let site = Router::new().route("/desk", get(desk))
    /// #     .layer(AuthLayer::new(Pupils)).layer(SessionLayer::new(MemoryStorage::new()));
    ///
    /// let browser = Browser::new(site);
    /// assert_eq!(browser.get("/desk").await.status(), 303, "a visitor is sent to the login page");
    ///
    /// browser.log_in(&Pupils, &Pupil("ada")).await;
    /// assert_eq!(browser.get("/desk").await.status(), 200);
    ///
    /// // It is a login like any other: one whom the directory does not know is a visitor.
    /// browser.log_in(&Pupils, &Pupil("bob")).await;
    /// assert_eq!(browser.get("/desk").await.status(), 303);
    /// # }
    /// # #[cfg(not(feature = "memory"))] fn main() {}
    /// ```
    ///
    /// # Panics
    ///
    /// When the answer sets no cookie: `/` is outside of the session layer, or answered with a 5xx.
    pub async fn log_in<D: Directory>(&self, directory: &D, user: &D::User) {
        let mut request = Request::head("/").body(Body::empty()).expect("a path");
        let who = LogIn(directory.identity(user));
        request.extensions_mut().insert(who);
        let response = self.send(request).await;
        assert!(
            response.headers().contains_key(header::SET_COOKIE),
            "no session began at `/`: {}",
            response.status()
        );
    }

    /// `GET path`.
    ///
    /// # Panics
    ///
    /// When the path is no path.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use axum::{Router, routing::get};
    /// # use session_auth::testing::Browser;
    /// let browser = Browser::new(Router::new().route("/", get(|| async { "hello" })));
    /// assert_eq!(browser.get("/?page=2").await.status(), 200);
    /// # }
    /// ```
    pub async fn get(&self, path: &str) -> Response {
        let request = Request::get(path).body(Body::empty());
        self.send(request.expect("a path")).await
    }

    /// `POST path` with the fields of a form.
    ///
    /// # Panics
    ///
    /// When the path is no path.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// # use axum::{Router, routing::post};
    /// # use session_auth::testing::Browser;
    /// let browser = Browser::new(Router::new().route("/login", post(|form: String| async { form })));
    /// let answer = browser.post("/login", &[("login", "alice"), ("password", "a & b")]).await;
    /// let form = axum::body::to_bytes(answer.into_body(), 100).await.unwrap();
    /// assert_eq!(form, "login=alice&password=a%20%26%20b");
    /// # }
    /// ```
    pub async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Response {
        let encode = |text: &str| {
            percent_encoding::utf8_percent_encode(text, percent_encoding::NON_ALPHANUMERIC)
                .to_string()
        };
        let pairs: Vec<_> = fields
            .iter()
            .map(|(name, value)| format!("{}={}", encode(name), encode(value)))
            .collect();
        let request = Request::post(path)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(Body::from(pairs.join("&")));
        self.send(request.expect("a path")).await
    }

    fn keep(&self, headers: &HeaderMap) {
        for header in headers.get_all(header::SET_COOKIE) {
            let text = header.to_str().unwrap_or_default();
            let (pair, attributes) = text.split_once(';').unwrap_or((text, ""));
            let Some((name, value)) = pair.split_once('=') else {
                continue;
            };
            let is_removal = attributes
                .split(';')
                .any(|attribute| attribute.trim() == "Max-Age=0");
            if is_removal {
                self.jar().remove(name);
            } else {
                self.jar().insert(name.to_owned(), value.to_owned());
            }
        }
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, String>> {
        self.cookies
            .lock()
            .expect("nothing panics while it holds this lock")
    }
}
