//! Pages from templates: the name in every header and messages that are shown once, without a handler that mentions them.
//!
//! `cargo run --example minijinja_site --features minijinja,password`, then open <http://127.0.0.1:8080/> and log in as
//! `alice` with `correct horse`.

use std::collections::HashMap;
use std::convert::Infallible;
use std::net::SocketAddr;
use std::sync::Arc;

use axum::extract::{Form, FromRef, FromRequestParts, Query, State};
use axum::http::{StatusCode, request::Parts};
use axum::response::{Html, IntoResponse, Redirect, Response};
use axum::routing::{get, post};
use axum::{Router, serve};
use minijinja::{Environment, UndefinedBehavior, Value, context, value::Serde};
use serde::Deserialize;
use session_auth::password::{PasswordHash, PasswordHasher};
use session_auth::{
    Attempt, Auth, AuthError, AuthLayer, BoxError, ContextProcessors, Directory, Flash,
    FlashContext, FlashLevel, Identity, MemoryStorage, RequireLogin, RequireRecentLogin,
    SessionLayer, Stamp, UsernameContext,
};

/// The head of every page. It says `username` and `flash`; no handler does.
const BASE: &str = r#"<!doctype html><meta charset=utf-8><title>{{ title }}</title>
<header>{% if username %}[{{ username }}]
<form method=post action=/logout><button>Log out</button></form>
{% else %}[Anonymous] <a href="/login">Log in</a>{% endif %}</header>
{% for message in flash %}<p role=status>{{ message.text }}</p>{% endfor %}
<h1>{{ title }}</h1>{% block main %}{% endblock %}"#;

const INDEX: &str = r#"{% extends "base.html" %}{% block main %}
<form method=post action=/notes><input name=note><button>Keep</button></form>
<a href="/sessions">Where am I logged in?</a> <a href="/keys">My keys</a>{% endblock %}"#;

const LOGIN: &str = r#"{% extends "base.html" %}{% block main %}<p>{{ problem }}</p>
<form method=post action="{{ action }}"><input name=login autocomplete=username>
<input name=password type=password autocomplete=current-password><button>{{ title }}</button></form>{% endblock %}"#;

const SESSIONS: &str = r#"{% extends "base.html" %}{% block main %}<ul>{% for session in sessions %}
<li>{{ session.browser or "unknown browser" }} at {{ session.address or "an unknown address" }}
{% if session.is_current %}(this one){% endif %}
<form method=post action="/sessions/revoke"><button name=id value="{{ session.public_id }}">End</button></form>
{% endfor %}</ul>{% endblock %}"#;

const KEYS: &str = r#"{% extends "base.html" %}{% block main %}<p>Only you see these, and only now.{% endblock %}"#;

/// Says nothing of a user, extends nothing: rendering it loads no session.
const ABOUT: &str = "<!doctype html><title>{{ title }}</title><h1>{{ title }}</h1>";

/// Who may log in. A real site asks its database.
#[derive(Clone)]
struct Accounts(Arc<HashMap<&'static str, Account>>);

#[derive(Clone)]
struct Account {
    name: &'static str,
    password: PasswordHash,
}

impl Directory for Accounts {
    type User = Account;
    type Error = Infallible;

    async fn find(&self, id: &str) -> Result<Option<Account>, Infallible> {
        Ok(self.0.get(id).cloned())
    }

    fn identity(&self, account: &Account) -> Identity {
        Identity {
            id: account.name.to_owned(),
            stamp: Stamp::of(&[account.password.as_str().as_bytes()]),
        }
    }
}

#[derive(Clone)]
struct Site {
    accounts: Accounts,
    templates: Arc<Environment<'static>>,
    processors: Arc<ContextProcessors>,
}

impl FromRef<Site> for Accounts {
    fn from_ref(site: &Site) -> Self {
        site.accounts.clone()
    }
}

/// Renders a template with what its handler gives and what the context processors add.
struct Page {
    site: Site,
    parts: Parts,
}

impl FromRequestParts<Site> for Page {
    type Rejection = Infallible;

    async fn from_request_parts(parts: &mut Parts, site: &Site) -> Result<Self, Infallible> {
        Ok(Self {
            site: site.clone(),
            parts: parts.clone(),
        })
    }
}

impl Page {
    async fn render(&self, template: &str, view: Value) -> Result<Html<String>, Failure> {
        let Site {
            templates,
            processors,
            ..
        } = &self.site;
        let added = processors.needed(templates, template);
        let added = added.values(&self.parts).await?;
        let template = templates.get_template(template)?;
        Ok(Html(template.render(context! { ..view, ..added })?))
    }
}

/// Whatever keeps a page from being shown.
struct Failure(BoxError);

impl<E: Into<BoxError>> From<E> for Failure {
    fn from(error: E) -> Self {
        Self(error.into())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        // The library knows the status of its own errors: 401, or 503 with `Retry-After`.
        match self.0.downcast::<AuthError>() {
            Ok(error) => error.into_response(),
            Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
        }
    }
}

async fn index(page: Page) -> Result<Html<String>, Failure> {
    page.render("index.html", context! { title => "Notes" })
        .await
}

async fn about(page: Page) -> Result<Html<String>, Failure> {
    page.render("about.html", context! { title => "About" })
        .await
}

#[derive(Deserialize)]
struct Note {
    note: String,
}

async fn keep_note(
    RequireLogin(_): RequireLogin<Accounts>,
    flash: Flash,
    Form(Note { note }): Form<Note>,
) -> Result<Redirect, Failure> {
    let message = format!("Kept: {note}");
    flash.push(FlashLevel::Success, message).await?;
    Ok(Redirect::to("/"))
}

async fn keys(
    RequireRecentLogin(_): RequireRecentLogin<Accounts>,
    page: Page,
) -> Result<Html<String>, Failure> {
    page.render("keys.html", context! { title => "Keys" }).await
}

async fn sessions(
    RequireLogin(_): RequireLogin<Accounts>,
    auth: Auth<Accounts>,
    page: Page,
) -> Result<Html<String>, Failure> {
    let sessions = auth.sessions().await?;
    let view = context! { title => "Sessions", sessions => Value::from(Serde(sessions)) };
    page.render("sessions.html", view).await
}

#[derive(Deserialize)]
struct Revoked {
    id: String,
}

async fn revoke(
    RequireLogin(_): RequireLogin<Accounts>,
    auth: Auth<Accounts>,
    flash: Flash,
    Form(Revoked { id }): Form<Revoked>,
) -> Result<Redirect, Failure> {
    if !auth.revoke(&id).await? {
        flash
            .push(FlashLevel::Info, "That session is gone.")
            .await?;
    }
    Ok(Redirect::to("/sessions"))
}

#[derive(Deserialize)]
struct Onward {
    next: Option<String>,
}

async fn login_form(
    auth: Auth<Accounts>,
    Query(Onward { next }): Query<Onward>,
    page: Page,
) -> Result<Response, Failure> {
    let next = next.as_deref();
    if let Some(onward) = auth.skip_login(next).await? {
        return Ok(onward.into_response());
    }
    let title = if auth.is_confirmation().await? {
        "Confirm that it is you"
    } else {
        "Log in"
    };
    let action = auth.target(next).behind("/login");
    let view = context! { title, action, problem => "" };
    Ok(page.render("login.html", view).await?.into_response())
}

#[derive(Deserialize)]
struct Credentials {
    login: String,
    password: String,
}

async fn login(
    auth: Auth<Accounts>,
    State(accounts): State<Accounts>,
    Query(Onward { next }): Query<Onward>,
    page: Page,
    Form(typed): Form<Credentials>,
) -> Result<Response, Failure> {
    let next = next.as_deref();
    let attempt = auth
        .attempt(&typed.login, &typed.password, |name| async move {
            let account = accounts.find(name).await?;
            Ok::<_, Infallible>(account.map(|account| (account.password.clone(), account)))
        })
        .await?;
    // A re-hash is for those who keep hashes; here they are made anew at every start (`examples/minimal.rs` keeps it).
    if matches!(attempt, Attempt::LoggedIn { .. }) {
        return Ok(auth.target(next).redirect().into_response());
    }
    let view = context! {
        title => "Log in",
        action => auth.target(next).behind("/login"),
        problem => attempt.to_string(),
    };
    let again = page.render("login.html", view).await?;
    Ok((attempt.status(), &attempt, again).into_response())
}

async fn logout(auth: Auth<Accounts>) -> Result<Redirect, AuthError> {
    auth.logout().await?;
    Ok(Redirect::to("/"))
}

fn templates() -> Result<Environment<'static>, minijinja::Error> {
    let mut templates = Environment::new();
    templates.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in [
        ("base.html", BASE),
        ("index.html", INDEX),
        ("login.html", LOGIN),
        ("sessions.html", SESSIONS),
        ("keys.html", KEYS),
        ("about.html", ABOUT),
    ] {
        templates.add_template(name, source)?;
    }
    Ok(templates)
}

/// The site, with one account, over the sessions that it is given.
pub async fn app(sessions: SessionLayer) -> Router {
    let hasher = PasswordHasher::new();
    let password = hasher.hash("correct horse").await;
    let alice = Account {
        name: "alice",
        password: password.expect("a password of a fitting length"),
    };
    let templates = templates().expect("the templates above");
    let processors = ContextProcessors::new()
        .with(UsernameContext::<Accounts>::new(|account| {
            account.name.to_owned()
        }))
        .with(FlashContext);
    // Which template needs whom is worked out now, not at the first visit.
    processors.prepare(&templates);
    let site = Site {
        accounts: Accounts(Arc::new(HashMap::from([(alice.name, alice)]))),
        templates: Arc::new(templates),
        processors: Arc::new(processors),
    };

    Router::new()
        .route("/", get(index))
        .route("/about", get(about))
        .route("/notes", post(keep_note))
        .route("/keys", get(keys))
        .route("/sessions", get(self::sessions))
        .route("/sessions/revoke", post(revoke))
        .route("/login", get(login_form).post(login))
        .route("/logout", post(logout))
        .with_state(site.clone())
        .layer(AuthLayer::new(site.accounts).passwords(hasher))
        .layer(sessions)
}

#[tokio::main]
async fn main() -> std::io::Result<()> {
    // Without https, on this machine only: the default cookie needs https.
    let sessions = SessionLayer::new(MemoryStorage::new()).plain_http();
    let site = app(sessions)
        .await
        .into_make_service_with_connect_info::<SocketAddr>();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8080").await?;
    println!("http://{}/", listener.local_addr()?);
    serve(listener, site).await
}
