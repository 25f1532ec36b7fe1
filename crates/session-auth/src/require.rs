//! Pages for those who are logged in: a handler or router that asks for a user never runs without one.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{FromRequestParts, MatchedPath, OptionalFromRequestParts};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{HeaderMap, HeaderValue, Method, Request, StatusCode, header};
use tower_layer::Layer;
use tower_service::Service;

use crate::auth::{Auth, AuthError};
use crate::directory::Directory;

/// The user of this request. A handler that takes it runs only for somebody who is logged in.
///
/// Others get a [`Refusal`]: a GET is sent to the login page and comes back afterwards, a client that asks for JSON gets
/// a problem document. A handler that serves visitors too takes `Option<RequireLogin<D>>`.
///
/// ```
/// # use session_auth::{Directory, Identity, RequireLogin, Stamp};
/// # #[derive(Clone)] struct Accounts;
/// # #[derive(Clone)] struct User { name: String }
/// # impl Directory for Accounts {
/// #     type User = User;
/// #     type Error = std::convert::Infallible;
/// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
/// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.name.clone(), stamp: Stamp::of(&[]) } }
/// # }
/// async fn new_post(RequireLogin(user): RequireLogin<Accounts>) -> String {
///     format!("Write something, {}!", user.name)
/// }
///
/// async fn index(user: Option<RequireLogin<Accounts>>) -> String {
///     user.map_or("Hello!".into(), |RequireLogin(user)| format!("Hello {}!", user.name))
/// }
/// # let _: axum::Router = axum::Router::new()
/// #     .route("/new", axum::routing::get(new_post)).route("/", axum::routing::get(index));
/// ```
pub struct RequireLogin<D: Directory>(
    /// Who is logged in.
    pub D::User,
);

impl<D: Directory> RequireLogin<D> {
    /// A layer that lets only some of those pass who are logged in; the others get a 403.
    ///
    /// ```
    /// # use session_auth::{Directory, Identity, RequireLogin, Stamp};
    /// # #[derive(Clone)] struct Accounts;
    /// # #[derive(Clone)] struct User { name: String, admin: bool }
    /// # impl Directory for Accounts {
    /// #     type User = User;
    /// #     type Error = std::convert::Infallible;
    /// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
    /// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.name.clone(), stamp: Stamp::of(&[]) } }
    /// # }
    /// use axum::{Router, routing::get};
    ///
    /// let admin: Router = Router::new()
    ///     .route("/admin", get(|| async { "the engine room" }))
    ///     .route_layer(RequireLogin::<Accounts>::allow(|user, _parts| user.admin));
    /// ```
    pub fn allow(
        may: impl Fn(&D::User, &Parts) -> bool + Send + Sync + 'static,
    ) -> RequireLoginLayer<D> {
        RequireLoginLayer { may: Arc::new(may) }
    }
}

impl<D: Directory> Clone for RequireLogin<D> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<D: Directory<User: fmt::Debug>> fmt::Debug for RequireLogin<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("RequireLogin").field(&self.0).finish()
    }
}

impl<D: Directory, S: Sync> FromRequestParts<S> for RequireLogin<D> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Self, Refusal> {
        user::<D>(parts).await.map(Self)
    }
}

impl<D: Directory, S: Sync> OptionalFromRequestParts<S> for RequireLogin<D> {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _state: &S) -> Result<Option<Self>, Refusal> {
        let user = async { Auth::<D>::of(parts)?.user().await };
        let user = user
            .await
            .map_err(|error| Refusal::new(Reason::Failed(error), parts))?;
        Ok(user.map(Self))
    }
}

async fn user<D: Directory>(parts: &Parts) -> Result<D::User, Refusal> {
    let failed = |error| Refusal::new(Reason::Failed(error), parts);
    let auth = Auth::<D>::of(parts).map_err(failed)?;
    match auth.user().await.map_err(failed)? {
        Some(user) => Ok(user),
        None => {
            // Only an address that a GET would find again is worth coming back to.
            let come_back = matches!(parts.method, Method::GET | Method::HEAD);
            let login_page = auth.login_page(come_back);
            Err(Refusal::new(Reason::LoginRequired { login_page }, parts))
        }
    }
}

/// Guards whole routers: what is inside runs only for those who are logged in.
///
/// It stands inside of `AuthLayer`, so it is added before it.
pub struct RequireLoginLayer<D: Directory> {
    may: Arc<Predicate<D>>,
}

type Predicate<D> = dyn Fn(&<D as Directory>::User, &Parts) -> bool + Send + Sync;

impl<D: Directory> RequireLoginLayer<D> {
    /// Everybody who is logged in may pass; see [`RequireLogin::allow`] for less.
    #[must_use]
    pub fn new() -> Self {
        RequireLogin::<D>::allow(|_, _| true)
    }

    /// Leaves these routes open to visitors, by the paths under which the router has them. What follows is
    /// [`RequireLoginExcept::guard`].
    #[must_use]
    pub fn except<const N: usize>(self, paths: [&'static str; N]) -> RequireLoginExcept<D> {
        RequireLoginExcept {
            layer: self,
            open: paths.into(),
        }
    }
}

impl<D: Directory> Default for RequireLoginLayer<D> {
    fn default() -> Self {
        Self::new()
    }
}

impl<D: Directory> Clone for RequireLoginLayer<D> {
    fn clone(&self) -> Self {
        Self {
            may: Arc::clone(&self.may),
        }
    }
}

impl<D: Directory> fmt::Debug for RequireLoginLayer<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RequireLoginLayer")
    }
}

impl<D: Directory, S> Layer<S> for RequireLoginLayer<D> {
    type Service = RequireLoginService<D, S>;

    fn layer(&self, inner: S) -> Self::Service {
        RequireLoginService {
            may: Arc::clone(&self.may),
            open: Arc::default(),
            inner,
        }
    }
}

/// A guard with exceptions. It needs the whole router, to tell whether the exceptions exist.
pub struct RequireLoginExcept<D: Directory> {
    layer: RequireLoginLayer<D>,
    open: Arc<[&'static str]>,
}

impl<D: Directory> RequireLoginExcept<D> {
    /// Guards all routes and the fallback of `router`, except those that were named.
    ///
    /// # Panics
    ///
    /// When the router has no route with one of the excepted paths: a typing error there would go unnoticed.
    ///
    /// ```
    /// # use session_auth::{Directory, Identity, RequireLoginLayer, Stamp};
    /// # #[derive(Clone)] struct Accounts;
    /// # impl Directory for Accounts {
    /// #     type User = String;
    /// #     type Error = std::convert::Infallible;
    /// #     async fn find(&self, id: &str) -> Result<Option<String>, Self::Error> { Ok(None) }
    /// #     fn identity(&self, user: &String) -> Identity { Identity { id: user.clone(), stamp: Stamp::of(&[]) } }
    /// # }
    /// use axum::{Router, routing::get};
    ///
    /// let intranet: Router = RequireLoginLayer::<Accounts>::new().except(["/login"]).guard(
    ///     Router::new().route("/login", get(|| async { "name?" })).route("/", get(|| async { "secrets" })),
    /// );
    /// ```
    pub fn guard<S: Clone + Send + Sync + 'static>(self, router: Router<S>) -> Router<S> {
        // axum does not tell which routes a router has, but prints them.
        let routes = format!("{router:?}");
        for path in &*self.open {
            assert!(
                routes.contains(&format!("{path:?}")),
                "the router has no route {path:?} to leave open"
            );
        }
        router.layer(GuardLayer(self))
    }
}

impl<D: Directory> Clone for RequireLoginExcept<D> {
    fn clone(&self) -> Self {
        Self {
            layer: self.layer.clone(),
            open: Arc::clone(&self.open),
        }
    }
}

impl<D: Directory> fmt::Debug for RequireLoginExcept<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLoginExcept")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

#[derive(Clone)]
struct GuardLayer<D: Directory>(RequireLoginExcept<D>);

impl<D: Directory, S> Layer<S> for GuardLayer<D> {
    type Service = RequireLoginService<D, S>;

    fn layer(&self, inner: S) -> Self::Service {
        let RequireLoginExcept { layer, open } = &self.0;
        RequireLoginService {
            may: Arc::clone(&layer.may),
            open: Arc::clone(open),
            inner,
        }
    }
}

/// What [`RequireLoginLayer`] makes of a service.
pub struct RequireLoginService<D: Directory, S> {
    may: Arc<Predicate<D>>,
    open: Arc<[&'static str]>,
    inner: S,
}

impl<D: Directory, S: Clone> Clone for RequireLoginService<D, S> {
    fn clone(&self) -> Self {
        Self {
            may: Arc::clone(&self.may),
            open: Arc::clone(&self.open),
            inner: self.inner.clone(),
        }
    }
}

impl<D: Directory, S> fmt::Debug for RequireLoginService<D, S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RequireLoginService")
            .field("open", &self.open)
            .finish_non_exhaustive()
    }
}

impl<D, S, B> Service<Request<B>> for RequireLoginService<D, S>
where
    D: Directory,
    S: Service<Request<B>, Response = Response, Error = Infallible, Future: Send>
        + Clone
        + Send
        + 'static,
    B: Send + 'static,
{
    type Response = Response;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        self.inner.poll_ready(cx)
    }

    fn call(&mut self, request: Request<B>) -> Self::Future {
        // The service that was polled ready is the one to call.
        let clone = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, clone);
        let matched = request.extensions().get::<MatchedPath>();
        if matched.is_some_and(|path| self.open.contains(&path.as_str())) {
            return Box::pin(inner.call(request));
        }
        let may = Arc::clone(&self.may);
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            match user::<D>(&parts).await {
                Err(refusal) => Ok(refusal.into_response()),
                Ok(user) if !may(&user, &parts) => {
                    Ok(Refusal::new(Reason::NotAllowed, &parts).into_response())
                }
                Ok(_) => inner.call(Request::from_parts(parts, body)).await,
            }
        })
    }
}

/// The answer to a request that may not pass. It is in the extensions of its response, so that a layer around the
/// application can draw the page in its own dress.
#[derive(Clone, Debug)]
pub struct Refusal {
    reason: Reason,
    json: bool,
}

/// Why a request may not pass.
#[derive(Clone, Debug)]
pub enum Reason {
    /// Nobody is logged in: 303 to the login page, or 401 for a client that asks for JSON.
    LoginRequired {
        /// The login page, with `next` when the request can be made again by following a link.
        login_page: String,
    },
    /// Somebody is, who may not: 403.
    NotAllowed,
    /// It cannot be told who is; the status is the error's.
    Failed(AuthError),
}

impl Refusal {
    pub(crate) fn new(reason: Reason, parts: &Parts) -> Self {
        Self {
            reason,
            json: asks_for_json(&parts.headers),
        }
    }

    /// Why.
    #[must_use]
    pub fn reason(&self) -> &Reason {
        &self.reason
    }

    /// Whether the client asked for JSON and got a problem document.
    #[must_use]
    pub fn is_json(&self) -> bool {
        self.json
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let mut response = match &self.reason {
            Reason::LoginRequired { login_page } if !self.json => {
                // 303 and not 307: whatever the method was, the login page is to be got, and the body is not to be sent there.
                (
                    StatusCode::SEE_OTHER,
                    [(header::LOCATION, login_page.as_str())],
                )
                    .into_response()
            }
            Reason::LoginRequired { .. } => problem(StatusCode::UNAUTHORIZED, "Log in first."),
            Reason::NotAllowed if self.json => {
                problem(StatusCode::FORBIDDEN, "Your account may not do this.")
            }
            Reason::NotAllowed => {
                (StatusCode::FORBIDDEN, "Your account may not do this.\n").into_response()
            }
            Reason::Failed(error) => error.clone().into_response(),
        };
        let headers = response.headers_mut();
        if matches!(self.reason, Reason::LoginRequired { .. }) && self.json {
            let scheme = HeaderValue::from_static("Cookie realm=\"login\"");
            headers.insert(header::WWW_AUTHENTICATE, scheme);
        }
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        headers.append(header::VARY, HeaderValue::from_static("Accept"));
        response.extensions_mut().insert(self);
        response
    }
}

/// A problem document (RFC 9457) without a type of its own: the status says it all.
fn problem(status: StatusCode, detail: &str) -> Response {
    let document = serde_json::json!({
        "title": status.canonical_reason(),
        "status": status.as_u16(),
        "detail": detail,
    });
    (
        status,
        [(header::CONTENT_TYPE, "application/problem+json")],
        document.to_string(),
    )
        .into_response()
}

/// Whether JSON is named in `Accept` and not behind HTML. `*/*` names nothing: browsers' scripts send it for anything.
fn asks_for_json(headers: &HeaderMap) -> bool {
    let (mut json, mut html) = (0.0_f32, 0.0_f32);
    let lists = headers
        .get_all(header::ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok());
    for range in lists.flat_map(|list| list.split(',')) {
        let mut parts = range.split(';').map(str::trim);
        let media = parts.next().unwrap_or_default().to_ascii_lowercase();
        let weight = parts
            .find_map(|parameter| {
                parameter
                    .strip_prefix("q=")
                    .or(parameter.strip_prefix("Q="))
            })
            .map_or(1.0, |weight| weight.trim().parse().unwrap_or(0.0));
        match media.as_str() {
            "text/html" | "application/xhtml+xml" => html = html.max(weight),
            "application/json" => json = json.max(weight),
            _ if media.starts_with("application/") && media.ends_with("+json") => {
                json = json.max(weight)
            }
            _ => {}
        }
    }
    json > html
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_asked_for_by_name_only() {
        for (accept, json) in [
            ("application/json", true),
            ("APPLICATION/JSON", true),
            ("application/problem+json", true),
            ("application/json, text/plain, */*", true),
            ("application/json;q=0.9, text/html;q=0.5", true),
            ("text/html, application/json", false),
            (
                "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
                false,
            ),
            ("application/json;q=0", false),
            ("application/json;q=rubbish", false),
            ("*/*", false),
            ("", false),
        ] {
            let headers = HeaderMap::from_iter([(header::ACCEPT, accept.parse().unwrap())]);
            assert_eq!(asks_for_json(&headers), json, "{accept}");
        }
        assert!(!asks_for_json(&HeaderMap::new()));
    }
}
