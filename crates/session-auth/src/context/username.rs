//! The name of who is logged in, for every template that asks.

use std::fmt;
use std::marker::PhantomData;

use async_trait::async_trait;
use http::request::Parts;
use minijinja::{Value, context};

use super::{BoxError, ContextProcessor};
use crate::auth::Auth;
use crate::directory::Directory;

/// `username` in every template: the name of who is logged in, or `none` for a visitor.
///
/// A page whose templates do not say `username` loads no session.
///
/// ```
/// # use session_auth::{ContextProcessors, Directory, UsernameContext};
/// // {% if username %}[{{ username }}]{% else %}[Anonymous]{% endif %}
/// fn processors<D: Directory<User = String>>() -> ContextProcessors {
///     ContextProcessors::new().with(UsernameContext::<D>::new(String::clone))
/// }
/// ```
pub struct UsernameContext<D: Directory> {
    name: fn(&D::User) -> String,
    directory: PhantomData<fn() -> D>,
}

impl<D: Directory> UsernameContext<D> {
    /// `name` is what to show for a user.
    ///
    /// ```
    /// # use session_auth::{Directory, UsernameContext};
    /// fn shouted<D: Directory<User = String>>() -> UsernameContext<D> {
    ///     UsernameContext::new(|name: &String| name.to_uppercase())
    /// }
    /// ```
    #[must_use]
    pub fn new(name: fn(&D::User) -> String) -> Self {
        Self {
            name,
            directory: PhantomData,
        }
    }
}

#[async_trait]
impl<D: Directory> ContextProcessor for UsernameContext<D> {
    fn keys(&self) -> &'static [&'static str] {
        &["username"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        let user = Auth::<D>::of(parts)?.user().await?;
        Ok(context! { username => user.as_ref().map(self.name) })
    }
}

impl<D: Directory> fmt::Debug for UsernameContext<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsernameContext")
    }
}
