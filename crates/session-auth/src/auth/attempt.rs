//! Logging in with a password: an unknown name and a wrong password cost the same and get the same answer, and a guesser
//! is stopped before anything is computed.

use std::error::Error;
use std::future::Future;
use std::time::Duration;

use super::{Auth, AuthError};
use crate::directory::Directory;
use crate::password::{PasswordError, PasswordHash};

mod answer;

/// How [`Auth::attempt`] ended.
///
/// It has a [`status`](Self::status) to answer with and, in the parts of a response, brings the `Retry-After` of an attempt
/// that came too soon: `(attempt.status(), &attempt, page)`. As a text it is a sentence for the person who tried:
///
/// ```
/// use session_auth::Attempt;
/// use std::time::Duration;
///
/// assert_eq!(Attempt::<()>::Refused.to_string(), "Name or password is wrong.");
/// let throttled = Attempt::<()>::Throttled { retry_after: Duration::from_secs(30) };
/// assert_eq!(throttled.to_string(), "Too many attempts. Try again in 30 seconds.");
/// let user = "alice";
/// assert_eq!(Attempt::LoggedIn { user, rehash: None }.to_string(), "You are logged in.");
/// ```
#[derive(Debug)]
#[must_use = "an attempt that is not looked at may have failed"]
pub enum Attempt<U> {
    /// The password was right, and the session is this user's from now on.
    LoggedIn {
        /// Who it is.
        user: U,
        /// The same password hashed at today's cost, when the stored hash was made at another one: store it. If the
        /// user's stamp is made from the hash, follow with [`Auth::renew`] and the user as stored then.
        rehash: Option<PasswordHash>,
    },
    /// Unknown name or wrong password; which of them, nobody learns.
    Refused,
    /// Too many failures on this account from this address. Nothing was checked: a 429 with `Retry-After`.
    Throttled {
        /// How long to wait, in whole seconds.
        retry_after: Duration,
    },
    /// Too many logins at once. Nothing was checked: a 503 with a short `Retry-After`.
    Busy,
}

impl<D: Directory> Auth<D> {
    /// Logs in with a name and a password.
    ///
    /// `find` gives the stored hash and the user behind the name, or `None` when there is nobody, or nobody who may log
    /// in. In this order: the throttle is asked; `find` is asked; the password is verified, for nobody against a hash that
    /// nothing matches; the session becomes the user's as with [`Auth::login`]. A success clears the failures.
    ///
    /// # Errors
    ///
    /// [`AuthError::Directory`] when `find` fails, [`AuthError::StoredHash`] when its hash is unusable,
    /// [`AuthError::Session`] when the session cannot be read.
    ///
    /// ```
    /// # use session_auth::{Attempt, Auth, AuthError, Directory, Identity, Stamp, password::PasswordHash};
    /// # #[derive(Clone)] struct Accounts;
    /// # #[derive(Clone)] struct User { id: i64 }
    /// # #[derive(Debug, thiserror::Error)] #[error("the database is away")] struct DbError;
    /// # impl Directory for Accounts {
    /// #     type User = User;
    /// #     type Error = DbError;
    /// #     async fn find(&self, id: &str) -> Result<Option<User>, DbError> { Ok(None) }
    /// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.id.to_string(), stamp: Stamp::of(&[]) } }
    /// # }
    /// # impl Accounts {
    /// #     async fn by_name(&self, name: &str) -> Result<Option<(PasswordHash, User)>, DbError> { Ok(None) }
    /// #     async fn set_hash(&self, user: &User, hash: &PasswordHash) {}
    /// # }
    /// async fn login(
    ///     accounts: Accounts,
    ///     auth: Auth<Accounts>,
    ///     name: &str,
    ///     password: &str,
    /// ) -> Result<String, AuthError> {
    ///     let attempt = auth.attempt(name, password, |name| accounts.by_name(name)).await?;
    ///     let sentence = attempt.to_string();
    ///     if let Attempt::LoggedIn { user, rehash: Some(hash) } = attempt {
    ///         accounts.set_hash(&user, &hash).await;
    ///     }
    ///     Ok(sentence)
    /// }
    /// ```
    pub async fn attempt<'a, F, Fut, E>(
        &self,
        name: &'a str,
        password: &str,
        find: F,
    ) -> Result<Attempt<D::User>, AuthError>
    where
        F: FnOnce(&'a str) -> Fut,
        Fut: Future<Output = Result<Option<(PasswordHash, D::User)>, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let attempt = self.check(name, password, find, |_| true).await?;
        if let Attempt::LoggedIn { user, .. } = &attempt {
            self.login(user).await?;
        }
        Ok(attempt)
    }

    /// Asks who is logged in for the password once more, as [`RequireRecentLogin`](crate::RequireRecentLogin) wants it.
    ///
    /// It is [`Auth::attempt`] for the same person: the session gets a new id, counts as recent, and stays remembered if
    /// it was. The name and password of somebody else are [`Attempt::Refused`], after the same work, and the session
    /// stays as it is.
    ///
    /// # Errors
    ///
    /// [`AuthError::NotLoggedIn`] for a visitor, and those of [`Auth::attempt`].
    ///
    /// ```
    /// # use session_auth::{Attempt, Auth, AuthError, Directory, Identity, RequireLogin, Stamp, password::PasswordHash};
    /// # #[derive(Clone)] struct Accounts;
    /// # #[derive(Clone)] struct User { name: String }
    /// # impl Directory for Accounts {
    /// #     type User = User;
    /// #     type Error = std::convert::Infallible;
    /// #     async fn find(&self, id: &str) -> Result<Option<User>, Self::Error> { Ok(None) }
    /// #     fn identity(&self, user: &User) -> Identity { Identity { id: user.name.clone(), stamp: Stamp::of(&[]) } }
    /// # }
    /// # impl Accounts {
    /// #     async fn by_name(&self, name: &str) -> Result<Option<(PasswordHash, User)>, std::convert::Infallible> { Ok(None) }
    /// # }
    /// async fn confirm(
    ///     accounts: Accounts,
    ///     RequireLogin(user): RequireLogin<Accounts>,
    ///     auth: Auth<Accounts>,
    ///     password: &str,
    /// ) -> Result<bool, AuthError> {
    ///     let attempt = auth.confirm(&user.name, password, |name| accounts.by_name(name)).await?;
    ///     Ok(matches!(attempt, Attempt::LoggedIn { .. }))
    /// }
    /// ```
    pub async fn confirm<'a, F, Fut, E>(
        &self,
        name: &'a str,
        password: &str,
        find: F,
    ) -> Result<Attempt<D::User>, AuthError>
    where
        F: FnOnce(&'a str) -> Fut,
        Fut: Future<Output = Result<Option<(PasswordHash, D::User)>, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let current = self.user().await?.ok_or(AuthError::NotLoggedIn)?;
        let id = |user: &D::User| self.directory().identity(user).id;
        let is_same = |user: &D::User| id(user) == id(&current);
        let attempt = self.check(name, password, find, is_same).await?;
        if let Attempt::LoggedIn { user, .. } = &attempt {
            self.confirmed(user).await?;
        }
        Ok(attempt)
    }

    /// Checks a password, and changes nothing in the session. Who is not accepted is nobody.
    async fn check<'a, F, Fut, E>(
        &self,
        name: &'a str,
        password: &str,
        find: F,
        accepts: impl FnOnce(&D::User) -> bool,
    ) -> Result<Attempt<D::User>, AuthError>
    where
        F: FnOnce(&'a str) -> Fut,
        Fut: Future<Output = Result<Option<(PasswordHash, D::User)>, E>>,
        E: Into<Box<dyn Error + Send + Sync>>,
    {
        let settings = self.settings();
        let (throttle, hasher) = (&settings.throttle, &settings.passwords);
        let address = self.client_address();
        if let Err(refused) = throttle.admit(name, address, self.session.now()) {
            return Ok(Attempt::Throttled {
                retry_after: refused.retry_after(),
            });
        }
        // Nothing was tried while nobody could be found, so an outage costs no attempts.
        let account = find(name).await.map_err(|error| {
            throttle.give_back(name, address);
            AuthError::directory(error)
        })?;
        let account = account.filter(|(_, user)| accepts(user));
        let checked = match account {
            None => hasher.verify_nobody(password).await.map(|()| None),
            Some((hash, user)) => hasher
                .verify(password, &hash)
                .await
                .map(|right| right.then_some((hash, user))),
        };
        let (hash, user) = match checked {
            Ok(Some(account)) => account,
            Ok(None) => return Ok(Attempt::Refused),
            Err(PasswordError::Busy) => {
                throttle.give_back(name, address);
                return Ok(Attempt::Busy);
            }
            Err(error) => return Err(AuthError::StoredHash(error)),
        };
        throttle.forgive(name, address);
        // Not worth failing a login for: when the queue is full, the next login brings the new hash.
        let rehash = if hasher.needs_rehash(&hash) {
            hasher.hash(password).await.ok()
        } else {
            None
        };
        Ok(Attempt::LoggedIn { user, rehash })
    }
}
