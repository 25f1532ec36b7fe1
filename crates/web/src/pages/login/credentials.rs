//! Trying out what somebody typed: a password that fits, or (in a classroom) a name alone.

use std::time::Duration;

use axum::response::Response;
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::role::Role;
use gatepost_domain::username::Username;
use gatepost_storage::users::{Account, NewUser};
use http::{HeaderValue, StatusCode, header};
use session_auth::{Attempt, Auth};

use crate::auth::{self, Accounts};
use crate::config::{LoginMode, is_loopback};
use crate::error::{Chain, Error};
use crate::form::{Faults, Form};
use crate::page::Page;
use crate::state::App;

/// After which a database that was busy usually no longer is.
const SOON: Duration = Duration::from_secs(2);

/// What somebody typed to log in; the password shows itself nowhere.
pub(crate) struct Credentials<'a> {
    pub(crate) name: &'a str,
    password: &'a str,
    pub(crate) remember: bool,
}

/// Why somebody is not logged in now.
pub(crate) struct Refused {
    pub(crate) faults: Faults,
    retry_after: Option<Duration>,
}

impl Refused {
    fn because(status: StatusCode, message: String, retry_after: Option<Duration>) -> Self {
        let mut faults = Faults::default();
        faults.add(status, "login", message);
        Self {
            faults,
            retry_after,
        }
    }

    /// Tells the client when it is worth trying again.
    pub(crate) fn hint(&self, mut response: Response) -> Response {
        if let Some(wait) = self.retry_after {
            let seconds = HeaderValue::from(wait.as_secs().max(1));
            response.headers_mut().insert(header::RETRY_AFTER, seconds);
        }
        response
    }
}

impl<'a> Credentials<'a> {
    /// The fields of a login, which nothing but a login may keep.
    pub(crate) const FIELDS: [&'static str; 4] = ["login", "password", "remember", "next"];

    pub(crate) fn of(form: &'a Form) -> Self {
        Self {
            name: form.text("login"),
            password: form.text("password"),
            remember: !matches!(form.text("remember"), "" | "0" | "off" | "false"),
        }
    }

    /// Logs in, or says in the words of the form why not.
    pub(crate) async fn try_out(
        &self,
        app: &App,
        page: &Page,
    ) -> Result<Result<(), Refused>, Error> {
        let auth = page.auth()?.remember(self.remember);
        if self.name.trim().is_empty() {
            let message = "Type the name you log in with.".to_owned();
            return Ok(Err(Refused::because(
                StatusCode::UNPROCESSABLE_ENTITY,
                message,
                None,
            )));
        }
        let tried = match app.config.login {
            LoginMode::Password => self.with_password(app, &auth).await,
            LoginMode::NameOnly => self.by_name_alone(app, page, &auth).await,
        };
        match tried {
            // It will pass, and the form that came with the name must not be lost over it.
            Err(Error::Unavailable(cause)) => {
                tracing::error!(cause = %Chain(&*cause), "a login could not be tried");
                let message = "Nobody can log in at the moment. Keep this page and try again.";
                Ok(Err(Refused::because(
                    StatusCode::SERVICE_UNAVAILABLE,
                    message.to_owned(),
                    Some(SOON),
                )))
            }
            tried => tried,
        }
    }

    fn names(&self, person: &Account) -> bool {
        let typed = Username::parse(self.name);
        typed.is_ok_and(|name| name.key() == person.user.username.key())
    }

    async fn with_password(
        &self,
        app: &App,
        auth: &Auth<Accounts>,
    ) -> Result<Result<(), Refused>, Error> {
        let find = |name| auth::account(&app.db, name);
        // The same person once more keeps what they chose the first time.
        let attempt = match auth.user().await? {
            Some(person) if self.names(&person) => {
                auth.confirm(self.name, self.password, find).await?
            }
            _ => auth.attempt(self.name, self.password, find).await?,
        };
        let message = attempt.to_string();
        match attempt {
            Attempt::LoggedIn { user, rehash } => {
                if let Some(hash) = rehash {
                    auth::keep_rehash(&app.db, &user, &hash).await?;
                }
                Ok(Ok(()))
            }
            Attempt::Refused => Ok(Err(Refused::because(
                StatusCode::UNAUTHORIZED,
                message,
                None,
            ))),
            Attempt::Throttled { retry_after } => Ok(Err(Refused::because(
                StatusCode::TOO_MANY_REQUESTS,
                message,
                Some(retry_after),
            ))),
            Attempt::Busy => {
                let soon = Some(Duration::from_secs(2));
                Ok(Err(Refused::because(
                    StatusCode::SERVICE_UNAVAILABLE,
                    message,
                    soon,
                )))
            }
        }
    }

    /// The tutorial's login: a known name is enough, and a new one becomes an author.
    async fn by_name_alone(
        &self,
        app: &App,
        page: &Page,
        auth: &Auth<Accounts>,
    ) -> Result<Result<(), Refused>, Error> {
        // A page from elsewhere can point its own name at this computer (DNS rebinding), and its form then passes for ours.
        if !is_loopback(page.host()) {
            let message = format!("Open {} to log in by name alone.", app.config.base_url);
            return Ok(Err(Refused::because(StatusCode::FORBIDDEN, message, None)));
        }
        let refused = |message: String| {
            Ok(Err(Refused::because(
                StatusCode::UNPROCESSABLE_ENTITY,
                message,
                None,
            )))
        };
        let username = match Username::parse(self.name) {
            Ok(username) => username,
            Err(error) => return refused(error.to_string()),
        };
        let users = app.db.users();
        if users.account(&username).await?.is_none() {
            // Whoever comes second finds the account that the first one made.
            users.create(&newcomer(&username)).await?;
        }
        match users.account(&username).await? {
            Some(account) if !account.user.disabled => {
                let is_same = auth
                    .user()
                    .await?
                    .is_some_and(|it| it.user.id == account.user.id);
                match is_same {
                    true => auth.confirmed(&account).await?,
                    false => auth.login(&account).await?,
                }
                Ok(Ok(()))
            }
            _ => refused("This account is disabled.".to_owned()),
        }
    }
}

/// An author who needs no password.
fn newcomer(username: &Username) -> NewUser {
    NewUser {
        username: username.clone(),
        display_name: DisplayName::from(username),
        role: Role::Author,
        password_hash: None,
    }
}
