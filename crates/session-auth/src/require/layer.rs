//! `RequireLogin` for whole routers; an exception that the router does not have stops the program at its start.

use std::convert::Infallible;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use axum::Router;
use axum::extract::{MatchedPath, NestedPath};
use axum::response::{IntoResponse, Response};
use http::request::Parts;
use http::{Extensions, Request};
use tower_layer::Layer;
use tower_service::Service;

use super::{Reason, Refusal, RequireLogin, user};
use crate::directory::Directory;

/// Guards whole routers: what is inside runs only for those who are logged in.
///
/// It stands inside of `AuthLayer`, so it is added before it.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// # use axum::{Router, body::Body, http::Request, routing::get};
/// # use session_auth::{AuthLayer, Directory, Identity, MemoryStorage, RequireLoginLayer, SessionLayer, Stamp};
/// # use tower::ServiceExt;
/// # #[derive(Clone)] struct Accounts;
/// # impl Directory for Accounts {
/// #     type User = String;
/// #     type Error = std::convert::Infallible;
/// #     async fn find(&self, id: &str) -> Result<Option<String>, Self::Error> { Ok(None) }
/// #     fn identity(&self, user: &String) -> Identity { Identity { id: user.clone(), stamp: Stamp::of(&[]) } }
/// # }
/// let site = Router::new()
///     .route("/inside", get(|| async { "secrets" }))
///     .route_layer(RequireLoginLayer::<Accounts>::new())
///     .route("/outside", get(|| async { "welcome" })) // added after the guard: open
///     .layer(AuthLayer::new(Accounts))
///     .layer(SessionLayer::new(MemoryStorage::new()));
///
/// let status = async |path: &str| {
///     site.clone().oneshot(Request::get(path).body(Body::empty()).unwrap()).await.unwrap().status()
/// };
/// assert_eq!(status("/inside").await, 303);
/// assert_eq!(status("/outside").await, 200);
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
pub struct RequireLoginLayer<D: Directory> {
    pub(super) may: Arc<Predicate<D>>,
}

type Predicate<D> = dyn Fn(&<D as Directory>::User, &Parts) -> bool + Send + Sync;

impl<D: Directory> RequireLoginLayer<D> {
    /// Everybody who is logged in may pass; see [`RequireLogin::allow`] for less.
    ///
    /// ```
    /// # use axum::Router;
    /// # use session_auth::{Directory, RequireLoginLayer};
    /// fn members<D: Directory>(pages: Router) -> Router {
    ///     pages.route_layer(RequireLoginLayer::<D>::new())
    /// }
    /// ```
    #[must_use]
    pub fn new() -> Self {
        RequireLogin::<D>::allow(|_, _| true)
    }

    /// Leaves these routes open to visitors, by the paths under which the router has them, wherever it is nested itself.
    /// What follows is [`RequireLoginExcept::guard`].
    ///
    /// ```
    /// # use axum::Router;
    /// # use session_auth::{Directory, RequireLoginLayer};
    /// fn intranet<D: Directory>(pages: Router) -> Router {
    ///     RequireLoginLayer::<D>::new().except(["/login", "/assets/{*path}"]).guard(pages)
    /// }
    /// ```
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
///
/// ```
/// # use axum::{Router, routing::get};
/// # use session_auth::{Directory, RequireLoginExcept, RequireLoginLayer};
/// fn guard<D: Directory>() -> RequireLoginExcept<D> {
///     RequireLoginLayer::new().except(["/login"])
/// }
///
/// fn site<D: Directory>() -> Router {
///     guard::<D>().guard(Router::new().route("/login", get(|| async { "name?" }))) // a route "/log-in" would stop it here
/// }
/// ```
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
        if own_path(request.extensions()).is_some_and(|path| self.open.contains(&path)) {
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

/// The path of the matched route as the guarded router has it: axum puts before it what that router is nested under. A
/// router that is nested inside of the guarded one has not been entered yet.
fn own_path(extensions: &Extensions) -> Option<&str> {
    let matched = extensions.get::<MatchedPath>()?.as_str();
    let Some(nested) = extensions.get::<NestedPath>() else {
        return Some(matched);
    };
    match matched.strip_prefix(nested.as_str().trim_end_matches('/'))? {
        "" => Some("/"),
        own => own.starts_with('/').then_some(own),
    }
}
