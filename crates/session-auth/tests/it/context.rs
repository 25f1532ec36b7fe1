//! Context processors: every template may name what they give, and only those that do pay for it.

use std::sync::atomic::{AtomicUsize, Ordering};

use async_trait::async_trait;
use axum::Router;
use axum::extract::{Extension, Path};
use axum::http::request::Parts;
use axum::http::{StatusCode, header};
use axum::routing::get;
use minijinja::{Environment, UndefinedBehavior, Value, context};
use session_auth::{
    BoxError, ContextProcessor, ContextProcessors, FlashContext, MemoryStorage, SessionLayer,
    UsernameContext,
};

use crate::site::{Accounts, Site, layers};

const TEMPLATES: &[(&str, &str)] = &[
    (
        "base.html",
        "{% if username %}[{{ username }}]{% else %}[Anonymous]{% endif %}{% block main %}{% endblock %}",
    ),
    (
        "page.html",
        "{% extends 'base.html' %}{% block main %} {{ text }}{% endblock %}",
    ),
    ("grandchild.html", "{% extends 'page.html' %}"),
    ("includes.html", "{{ text }} {% include 'base.html' %}"),
    (
        "one_of.html",
        "{{ text }} {% include ['missing.html', 'base.html'] ignore missing %}",
    ),
    (
        "imports.html",
        "{{ text }} {% from 'macros.html' import badge %}{{ badge() }}",
    ),
    (
        "macros.html",
        "{% macro badge() %}{{ username or 'Anonymous' }}{% endmacro %}",
    ),
    ("dynamic.html", "{{ text }} {% include part %}"),
    ("plain.html", "{{ text }} {{ post.username }}"),
    (
        "circle.html",
        "{{ text }}{% if false %}{% include 'circle.html' %}{% endif %}",
    ),
];

fn environment() -> Environment<'static> {
    let mut env = Environment::new();
    env.set_undefined_behavior(UndefinedBehavior::Strict);
    for (name, source) in TEMPLATES {
        env.add_template(name, source).unwrap();
    }
    env
}

fn username() -> ContextProcessors {
    ContextProcessors::new().with(UsernameContext::<Accounts>::new(|user| user.name.clone()))
}

async fn render(
    Path(template): Path<String>,
    Extension(processors): Extension<ContextProcessors>,
    parts: Parts,
) -> Result<String, (StatusCode, String)> {
    let env = environment();
    let failed = |error: &dyn std::error::Error| (StatusCode::BAD_GATEWAY, error.to_string());
    let needed = processors.needed(&env, &template);
    let processed = needed
        .values(&parts)
        .await
        .map_err(|error| failed(&error))?;
    let values = context! { text => "hello", post => context! { username => "the author" }, part => "base.html", ..processed };
    env.get_template(&template)
        .unwrap()
        .render(values)
        .map_err(|error| failed(&error))
}

fn site(layer: SessionLayer, processors: ContextProcessors) -> Site {
    let routes = Router::new()
        .route("/page/{template}", get(render))
        .layer(Extension(processors));
    Site::with(layer, |auth| auth, routes)
}

#[tokio::test]
async fn the_username_is_in_every_template_that_names_it_however_far_away() {
    for (storage, layer) in layers().await {
        let site = site(layer, username());
        let (mut alice, mut visitor) = (site.logged_in("alice").await, site.browser());
        for (template, named, anonymous) in [
            ("base.html", "[alice]", "[Anonymous]"),
            ("page.html", "[alice] hello", "[Anonymous] hello"),
            ("grandchild.html", "[alice] hello", "[Anonymous] hello"),
            ("includes.html", "hello [alice]", "hello [Anonymous]"),
            ("one_of.html", "hello [alice]", "hello [Anonymous]"),
            ("dynamic.html", "hello [alice]", "hello [Anonymous]"),
        ] {
            let path = format!("/page/{template}");
            assert_eq!(alice.get(&path).await.text, named, "{storage}: {template}");
            assert_eq!(
                visitor.get(&path).await.text,
                anonymous,
                "{storage}: {template}"
            );
        }
    }
}

#[test]
fn a_template_needs_a_processor_when_anything_that_it_leads_to_names_a_key() {
    let env = environment();
    let processors = username();
    for (template, needs) in [
        ("base.html", true),
        ("page.html", true),
        ("grandchild.html", true),
        ("includes.html", true),
        ("one_of.html", true),
        ("imports.html", true),
        ("dynamic.html", true),
        ("plain.html", false),
        ("circle.html", false),
        ("no such template", true),
    ] {
        assert_eq!(
            !processors.needed(&env, template).is_empty(),
            needs,
            "{template}"
        );
    }
    let undeclared = env
        .get_template("grandchild.html")
        .unwrap()
        .undeclared_variables(false);
    assert!(
        !undeclared.contains("username"),
        "the control: the engine's own answer stops at extends"
    );
}

#[tokio::test]
async fn a_page_that_names_no_user_depends_on_no_session() {
    for (storage, layer) in layers().await {
        let site = site(layer, username());
        let mut alice = site.logged_in("alice").await;
        let asked = site.accounts.asked();
        let plain = alice.get("/page/plain.html").await;
        assert_eq!(plain.text, "hello the author", "{storage}");
        assert_eq!(site.accounts.asked(), asked, "{storage}");
        assert!(
            !plain.headers.contains_key(header::VARY),
            "{storage}: it is the same for everybody"
        );

        let named = alice.get("/page/page.html").await;
        assert_eq!(site.accounts.asked(), asked + 1, "{storage}: the control");
        assert!(named.headers.contains_key(header::VARY), "{storage}");
    }
}

#[tokio::test]
async fn a_user_who_cannot_be_looked_up_is_not_shown_as_a_visitor() {
    for (storage, layer) in layers().await {
        let site = site(layer, username());
        let mut alice = site.logged_in("alice").await;
        site.accounts.go_away(true);
        let page = alice.get("/page/page.html").await;
        assert!(
            page.status.is_server_error() && !page.text.contains("Anonymous"),
            "{storage}: {}",
            page.text
        );
    }
}

/// Counts its runs, gives less than it promises and more.
struct Careless(&'static AtomicUsize);

#[async_trait]
impl ContextProcessor for Careless {
    fn keys(&self) -> &'static [&'static str] {
        &["site", "motto"]
    }

    async fn values(&self, _parts: &Parts) -> Result<Value, BoxError> {
        self.0.fetch_add(1, Ordering::Relaxed);
        Ok(context! { site => "Gatepost", text => "not its business" })
    }
}

#[tokio::test]
async fn a_processor_defines_all_of_its_keys_and_no_others() {
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    let processors = ContextProcessors::new().with(Careless(&RUNS));
    let mut env = environment();
    env.add_template(
        "motto.html",
        "{{ site }}{% if motto %}: {{ motto }}{% endif %} {{ text }}",
    )
    .unwrap();
    let (parts, ()) = axum::http::Request::new(()).into_parts();

    let values = processors
        .needed(&env, "motto.html")
        .values(&parts)
        .await
        .unwrap();
    assert_eq!(
        values.get_attr("motto").unwrap(),
        Value::from(()),
        "left out, so none"
    );
    let page = env.get_template("motto.html").unwrap();
    assert_eq!(
        page.render(context! { text => "hello", ..values }).unwrap(),
        "Gatepost hello"
    );

    let values = processors
        .needed(&env, "plain.html")
        .values(&parts)
        .await
        .unwrap();
    assert!(values.get_attr("site").unwrap().is_undefined());
    assert_eq!(
        RUNS.load(Ordering::Relaxed),
        1,
        "a template that names no key runs nothing"
    );
}

#[test]
fn what_was_worked_out_is_kept_until_it_is_forgotten() {
    let processors = username();
    let mut env = environment();
    processors.prepare(&env);
    assert!(processors.needed(&env, "plain.html").is_empty());
    env.add_template("plain.html", "{{ username }}").unwrap();
    assert!(
        processors.needed(&env, "plain.html").is_empty(),
        "the control: it was not read again"
    );
    processors.forget();
    assert!(!processors.needed(&env, "plain.html").is_empty());
}

#[test]
#[should_panic(expected = "two context processors give `username`")]
fn two_processors_cannot_give_the_same_key() {
    let _ = username().with(UsernameContext::<Accounts>::new(|_| String::new()));
}

#[tokio::test]
async fn a_page_that_names_flash_claims_the_messages() {
    use axum::routing::post;
    use session_auth::{Flash, FlashLevel, SessionError};

    async fn push(flash: Flash) -> Result<(), SessionError> {
        flash.push(FlashLevel::Error, "it <b>failed</b>").await
    }
    async fn page(parts: Parts) -> String {
        let mut env = environment();
        let source =
            "{% for message in flash %}{{ message.level }}: {{ message.text }}{% endfor %}.";
        env.add_template("flash.html", source).unwrap();
        let needed = ContextProcessors::new()
            .with(FlashContext)
            .needed(&env, "flash.html");
        let values = needed.values(&parts).await.unwrap();
        env.get_template("flash.html")
            .unwrap()
            .render(values)
            .unwrap()
    }
    let routes = Router::new()
        .route("/push", post(push))
        .route("/page", get(page));
    let site = Site::with(SessionLayer::new(MemoryStorage::new()), |auth| auth, routes);
    let mut browser = site.browser();
    assert_eq!(browser.get("/page").await.text, ".");
    browser.post("/push").await;
    assert_eq!(
        browser.get("/page").await.text,
        "error: it &lt;b&gt;failed&lt;&#x2f;b&gt;."
    );
    assert_eq!(browser.get("/page").await.text, ".");
}
