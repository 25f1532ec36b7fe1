//! Who the users are: the one trait that an application implements. What it answers now is what counts; a session only
//! remembers whom to ask for.

use std::future::Future;

use crate::Stamp;

/// Finds users. Clones are cheap (a pool, an `Arc`); one is made per request.
///
/// ```
/// use session_auth::{Directory, Identity, Stamp};
/// # #[derive(Clone)] struct Pool;
/// # #[derive(Debug, thiserror::Error)] #[error("the database is away")] struct DbError;
/// # #[derive(Clone)] struct User { id: i64, password_hash: String, epoch: i64 }
/// # impl Pool { async fn enabled_user(&self, id: i64) -> Result<Option<User>, DbError> { Ok(None) } }
///
/// #[derive(Clone)]
/// struct Accounts(Pool);
///
/// impl Directory for Accounts {
///     type User = User;
///     type Error = DbError;
///
///     async fn find(&self, id: &str) -> Result<Option<User>, DbError> {
///         let Ok(id) = id.parse() else { return Ok(None) };
///         self.0.enabled_user(id).await
///     }
///
///     fn identity(&self, user: &User) -> Identity {
///         Identity {
///             id: user.id.to_string(),
///             stamp: Stamp::of(&[user.password_hash.as_bytes(), &user.epoch.to_be_bytes()]),
///         }
///     }
/// }
/// ```
pub trait Directory: Clone + Send + Sync + 'static {
    /// A user, as handlers get it.
    type User: Clone + Send + Sync + 'static;

    /// Why nobody can be found at the moment.
    type Error: std::error::Error + Send + Sync + 'static;

    /// The user with this id; `None` for one who was deleted or disabled, which ends their logins at their next request.
    ///
    /// # Errors
    ///
    /// Whatever keeps the answer from being known. The request is refused then, never served as a visitor's.
    fn find(
        &self,
        id: &str,
    ) -> impl Future<Output = Result<Option<Self::User>, Self::Error>> + Send;

    /// The id and the stamp of a user.
    fn identity(&self, user: &Self::User) -> Identity;
}

/// What a login keeps of a user.
///
/// ```
/// use session_auth::{Identity, Stamp};
///
/// let identity = |password_hash: &str, epoch: i64| Identity {
///     id: "42".to_owned(), // the number of the row, which nobody else ever gets; a name could be given away
///     stamp: Stamp::of(&[password_hash.as_bytes(), &epoch.to_be_bytes()]),
/// };
/// assert_ne!(identity("$argon2id$old", 1), identity("$argon2id$new", 1), "a new password ends the logins");
/// assert_ne!(identity("$argon2id$old", 1), identity("$argon2id$old", 2), "and so does the counter");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Identity {
    /// What [`Directory::find`] finds the user by. It must never be given to somebody else.
    pub id: String,
    /// Changes when the user's sessions must end.
    pub stamp: Stamp,
}
