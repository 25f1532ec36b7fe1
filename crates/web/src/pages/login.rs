//! Logging in, with a password or (in a classroom) by name alone; who fails keeps the form, and learns nothing from it.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::response::{IntoResponse, Response};
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::role::Role;
use gatepost_domain::username::Username;
use gatepost_storage::users::NewUser;
use http::{HeaderValue, StatusCode, header};
use serde::{Deserialize, Serialize};
use session_auth::{Attempt, Auth};

use crate::auth::{self, Accounts};
use crate::config::LoginMode;
use crate::demo;
use crate::error::Error;
use crate::form::{Fault, Faults, Form};
use crate::page::Page;
use crate::state::App;

#[derive(Deserialize)]
pub(crate) struct Onward {
    next: Option<String>,
}

/// `GET /login`
pub(crate) async fn new(
    State(app): State<Arc<App>>,
    page: Page,
    Query(onward): Query<Onward>,
) -> Result<Response, Error> {
    let next = onward.next.as_deref();
    if let Some(redirect) = page.auth()?.skip_login(next).await? {
        return Ok(redirect.into_response());
    }
    let fields = LoginFields::empty(app.config.login);
    let view = LoginView::of(&app, fields, next.unwrap_or_default(), &Faults::default());
    page.render("pages/login/form.html", view).await
}

/// `POST /login`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    page: Page,
    form: Form,
) -> Result<Response, Error> {
    let next = form.text("next");
    let credentials = Credentials::of(&form);
    let refused = match credentials.try_out(&app, &page).await? {
        Ok(()) => return Ok(page.auth()?.target(Some(next)).redirect().into_response()),
        Err(refused) => refused,
    };
    let fields = LoginFields::filled(app.config.login, &credentials);
    let view = LoginView::of(&app, fields, next, &refused.faults);
    let response = page
        .answer(refused.faults.status(), "pages/login/form.html", view)
        .await?;
    Ok(refused.hint(response))
}

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
        match app.config.login {
            LoginMode::Password => self.with_password(app, &auth).await,
            LoginMode::NameOnly => self.by_name_alone(app, &auth).await,
        }
    }

    async fn with_password(
        &self,
        app: &App,
        auth: &Auth<Accounts>,
    ) -> Result<Result<(), Refused>, Error> {
        let attempt = auth
            .attempt(self.name, self.password, |name| {
                auth::account(&app.db, name)
            })
            .await?;
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
        auth: &Auth<Accounts>,
    ) -> Result<Result<(), Refused>, Error> {
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
                auth.login(&account).await?;
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

/// The fields of a login, as they were typed.
#[derive(Clone, Serialize)]
pub(crate) struct LoginFields {
    name: String,
    /// Whether the mode asks for one.
    password: bool,
    remember: bool,
}

impl LoginFields {
    pub(crate) fn empty(mode: LoginMode) -> Self {
        Self {
            name: String::new(),
            password: mode == LoginMode::Password,
            remember: false,
        }
    }

    pub(crate) fn filled(mode: LoginMode, typed: &Credentials<'_>) -> Self {
        Self {
            name: typed.name.to_owned(),
            remember: typed.remember,
            ..Self::empty(mode)
        }
    }
}

#[derive(Serialize)]
pub(crate) struct LoginView {
    login: LoginFields,
    next: String,
    errors: Vec<Fault>,
    demo: Option<DemoView>,
}

#[derive(Serialize)]
struct DemoView {
    password: &'static str,
    accounts: Vec<DemoAccount>,
}

#[derive(Serialize)]
struct DemoAccount {
    name: &'static str,
    role: &'static str,
}

impl LoginView {
    pub(crate) fn of(app: &App, login: LoginFields, next: &str, faults: &Faults) -> Self {
        let accounts = demo::ACCOUNTS.map(|(name, role)| DemoAccount {
            name,
            role: role.as_str(),
        });
        let demo = DemoView {
            password: demo::PASSWORD,
            accounts: accounts.into(),
        };
        Self {
            login,
            next: next.to_owned(),
            errors: faults.list().to_vec(),
            demo: app.config.dev.then_some(demo),
        }
    }
}
