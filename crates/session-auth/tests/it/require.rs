//! `RequireLogin`: who may pass, and what everybody else is told.

use axum::Router;
use axum::http::{Method, StatusCode, header};
use axum::routing::{any, get};
use session_auth::{MemoryStorage, Reason, Refusal, RequireLogin, RequireLoginLayer, SessionLayer};

use crate::site::{Accounts, Site, layers};

fn sessions() -> SessionLayer {
    SessionLayer::new(MemoryStorage::new())
}

fn refusal(answer: &crate::site::Answer) -> &Refusal {
    answer
        .extensions
        .get()
        .expect("a refusal in the response's extensions")
}

#[tokio::test]
async fn a_visitor_who_follows_a_link_is_sent_to_the_login_page_and_comes_back() {
    for (storage, layer) in layers().await {
        let site = Site::new(layer);
        let mut browser = site.browser();
        for method in [Method::GET, Method::HEAD] {
            let answer = browser
                .send(method, "/private?a=b%20c&d=%C3%BC", &[], "")
                .await;
            assert_eq!(answer.status, StatusCode::SEE_OTHER, "{storage}");
            assert_eq!(
                answer.location(),
                Some("/login?next=/private%3Fa%3Db%2520c%26d%3D%25C3%25BC"),
                "{storage}"
            );
            assert!(
                !answer.sets_cookie(),
                "{storage}: the way back travels in the address, not in a session"
            );
        }
        browser.post("/login?as=alice").await;
        let form = browser
            .get("/login?next=/private%3Fa%3Db%2520c%26d%3D%25C3%25BC")
            .await;
        assert_eq!(form.status, StatusCode::SEE_OTHER, "{storage}");
        assert_eq!(
            form.location(),
            Some("/private?a=b%20c&d=%C3%BC"),
            "{storage}"
        );
        assert_eq!(
            browser.get(form.location().unwrap()).await.text,
            "the secrets of alice"
        );
    }
}

#[tokio::test]
async fn a_visitor_who_submits_a_form_is_sent_to_the_login_page_without_a_way_back() {
    let site = Site::new(sessions());
    let answer = site.browser().submit("/private", &[("a", "b")]).await;
    assert_eq!(
        answer.status,
        StatusCode::SEE_OTHER,
        "never a 307, which would send the form there"
    );
    assert_eq!(answer.location(), Some("/login"));
    assert!(
        matches!(refusal(&answer).reason(), Reason::LoginRequired { login_page } if login_page == "/login")
    );
}

#[tokio::test]
async fn a_client_that_asks_for_json_gets_a_problem_document() {
    let site = Site::new(sessions());
    for method in [Method::GET, Method::POST] {
        let json = (header::ACCEPT, "application/json");
        let answer = site.browser().send(method, "/private", &[json], "").await;
        assert_eq!(answer.status, StatusCode::UNAUTHORIZED);
        assert_eq!(
            answer.header(header::CONTENT_TYPE),
            Some("application/problem+json")
        );
        assert!(answer.headers.contains_key(header::WWW_AUTHENTICATE));
        assert_eq!(answer.location(), None);
        let problem: serde_json::Value = serde_json::from_str(&answer.text).unwrap();
        assert_eq!(
            (&problem["status"], &problem["title"]),
            (&401.into(), &"Unauthorized".into())
        );
        assert!(refusal(&answer).is_json());
    }
    let browser = (
        header::ACCEPT,
        "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8",
    );
    let answer = site
        .browser()
        .send(Method::GET, "/private", &[browser], "")
        .await;
    assert_eq!(answer.status, StatusCode::SEE_OTHER);
}

#[tokio::test]
async fn no_refusal_may_be_kept_by_a_cache() {
    let site = Site::new(sessions());
    let answer = site.browser().get("/private").await;
    assert_eq!(answer.header(header::CACHE_CONTROL), Some("no-store"));
}

#[tokio::test]
async fn who_is_logged_in_may_still_not_be_allowed() {
    let admin = Router::new()
        .route("/admin", any(|| async { "the engine room" }))
        .route_layer(RequireLogin::<Accounts>::allow(|user, parts| {
            user.is_admin || parts.method == Method::OPTIONS
        }));
    for (storage, layer) in layers().await {
        let site = Site::with(layer, |auth| auth, admin.clone());
        assert_eq!(
            site.logged_in("alice").await.get("/admin").await.text,
            "the engine room",
            "{storage}"
        );

        let mut bob = site.logged_in("bob").await;
        let refused = bob.get("/admin").await;
        assert_eq!(refused.status, StatusCode::FORBIDDEN, "{storage}");
        assert!(
            matches!(refusal(&refused).reason(), Reason::NotAllowed),
            "{storage}"
        );
        let json = (header::ACCEPT, "application/json");
        let refused = bob.send(Method::POST, "/admin", &[json], "").await;
        assert_eq!(
            (refused.status, refused.text.contains("\"status\":403")),
            (StatusCode::FORBIDDEN, true),
            "{storage}"
        );
        assert_eq!(
            bob.send(Method::OPTIONS, "/admin", &[], "").await.status,
            StatusCode::OK,
            "{storage}"
        );

        let visitor = site.browser().get("/admin").await;
        assert_eq!(
            visitor.location(),
            Some("/login?next=/admin"),
            "{storage}: a visitor may log in first"
        );
    }
}

#[tokio::test]
async fn the_way_back_is_the_whole_address_also_from_a_nested_router() {
    async fn secret(_user: RequireLogin<Accounts>) {}
    let nested = Router::new().nest("/area", Router::new().route("/secret", get(secret)));
    let site = Site::with(sessions(), |auth| auth, nested);
    let answer = site.browser().get("/area/secret?a=1").await;
    assert_eq!(answer.location(), Some("/login?next=/area/secret%3Fa%3D1"));
}

#[tokio::test]
async fn an_address_that_a_browser_could_take_for_another_host_is_not_come_back_to() {
    async fn secret(_user: RequireLogin<Accounts>) {}
    let site = Site::with(sessions(), |auth| auth, Router::new().fallback(secret));
    for path in ["//evil.example", "/%5Cevil.example", "/%2Fevil.example"] {
        assert_eq!(
            site.browser().get(path).await.location(),
            Some("/login"),
            "{path}"
        );
    }
    assert_eq!(
        site.browser().get("/other").await.location(),
        Some("/login?next=/other"),
        "the control"
    );
}

#[tokio::test]
async fn the_login_page_sends_on_who_is_logged_in_and_never_in_a_circle() {
    let site = Site::new(sessions());
    assert_eq!(
        site.browser().get("/login?next=/private").await.text,
        "name?"
    );
    let mut alice = site.logged_in("alice").await;
    for (page, target) in [
        ("/login?next=/private", "/private"),
        ("/login", "/"),
        ("/login?next=", "/"),
        ("/login?next=//evil.example", "/"),
        ("/login?next=/login%3Fnext%3D/private", "/"),
        ("/login?next=/logout", "/"),
    ] {
        let answer = alice.get(page).await;
        assert_eq!(
            (answer.status, answer.location()),
            (StatusCode::SEE_OTHER, Some(target)),
            "{page}"
        );
    }
}

#[tokio::test]
async fn other_pages_for_logging_in_and_out_are_never_come_back_to_either() {
    let pages = Router::new().route("/bye", get(|| async {}));
    let site = Site::with(
        sessions(),
        |auth| auth.login_path("/who?lang=de").logout_path("/bye"),
        pages,
    );
    assert_eq!(
        site.browser().get("/private").await.location(),
        Some("/who?lang=de&next=/private")
    );
    let mut alice = site.logged_in("alice").await;
    for (page, target) in [
        ("/login?next=/who", "/"),
        ("/login?next=/bye", "/"),
        ("/login?next=/login", "/login"),
    ] {
        assert_eq!(alice.get(page).await.location(), Some(target), "{page}");
    }
}

#[test]
#[should_panic(expected = "is not a path of this site")]
fn a_login_page_on_another_site_is_refused_at_start() {
    let _ = session_auth::AuthLayer::new(Accounts::new()).login_path("//evil.example/login");
}

#[tokio::test]
async fn a_guard_lets_nobody_in_but_for_the_routes_it_excepts() {
    let routes = Router::new()
        .route("/docs/{page}", get(|| async { "docs" }))
        .route("/papers/{page}", get(|| async { "papers" }))
        .fallback(|| async { "nothing here" });
    let guarded = RequireLoginLayer::<Accounts>::new()
        .except(["/docs/{page}"])
        .guard(routes);
    let site = Site::with(sessions(), |auth| auth, guarded);
    let mut visitor = site.browser();
    assert_eq!(visitor.get("/docs/1").await.text, "docs");
    for closed in ["/papers/1", "/docs", "/docs/1/2", "/elsewhere"] {
        assert_eq!(
            visitor.get(closed).await.status,
            StatusCode::SEE_OTHER,
            "{closed}"
        );
    }
    let mut alice = site.logged_in("alice").await;
    assert_eq!(alice.get("/papers/1").await.text, "papers");
    assert_eq!(alice.get("/elsewhere").await.text, "nothing here");
}

#[tokio::test]
async fn a_guard_knows_the_routes_of_nested_routers_by_their_whole_paths() {
    let nested = Router::new().nest(
        "/area",
        Router::new().route("/open", get(|| async { "open" })),
    );
    let guarded = RequireLoginLayer::<Accounts>::new()
        .except(["/area/open"])
        .guard(nested);
    let site = Site::with(sessions(), |auth| auth, guarded);
    assert_eq!(site.browser().get("/area/open").await.text, "open");
}

/// A site may be put under a prefix as a whole, in every way that axum has for it.
#[tokio::test]
async fn a_guarded_router_keeps_its_exceptions_wherever_it_is_nested() {
    let guarded = || {
        let inside = Router::new()
            .route("/login", get(|| async { "inside" }))
            .route("/open", get(|| async { "open" }));
        let routes = Router::new()
            .route("/", get(|| async { "index" }))
            .route("/login", get(|| async { "name?" }))
            .route("/secret", get(|| async { "secret" }))
            .nest("/area", inside);
        RequireLoginLayer::<Accounts>::new()
            .except(["/", "/login", "/area/open"])
            .guard(routes)
    };
    let prefixed = |prefix: &str| Router::new().nest(prefix, guarded());
    for (prefix, routes) in [
        ("/app", prefixed("/app")),
        ("/app", prefixed("/app/")),
        ("/of/anna", prefixed("/of/{tenant}")),
        ("/a/b", Router::new().nest("/a", prefixed("/b"))),
        ("/app", Router::new().nest_service("/app", guarded())),
        (
            "/a/b",
            Router::new().nest("/a", Router::new().nest_service("/b", guarded())),
        ),
        // One that has the name of an exception is not the exception.
        ("/login", prefixed("/login")),
    ] {
        let router = routes
            .layer(session_auth::AuthLayer::new(Accounts::new()))
            .layer(sessions());
        let site = Site {
            router,
            ..Site::new(sessions())
        };
        let mut visitor = site.browser();
        for (path, text) in [("/login", "name?"), ("/area/open", "open")] {
            let answer = visitor.get(&format!("{prefix}{path}")).await;
            assert_eq!(
                (answer.status, answer.text.as_str()),
                (StatusCode::OK, text)
            );
        }
        for closed in ["/secret", "/area/login", "/elsewhere/login"] {
            let status = visitor.get(&format!("{prefix}{closed}")).await.status;
            assert_ne!(status, StatusCode::OK, "{prefix}{closed}");
        }
        assert_eq!(
            visitor.get(&format!("{prefix}/secret")).await.status,
            StatusCode::SEE_OTHER,
            "{prefix}"
        );
    }
    let site = Site {
        router: prefixed("/app")
            .layer(session_auth::AuthLayer::new(Accounts::new()))
            .layer(sessions()),
        ..Site::new(sessions())
    };
    assert_eq!(site.browser().get("/app").await.text, "index");
}

#[test]
#[should_panic(expected = "the router has no route \"/dosc\"")]
fn an_exception_that_the_router_does_not_have_is_refused_at_start() {
    let routes: Router = Router::new().route("/docs", get(|| async { "docs" }));
    let _ = RequireLoginLayer::<Accounts>::new()
        .except(["/dosc"])
        .guard(routes);
}

#[tokio::test]
async fn a_guard_without_its_layers_lets_nobody_in() {
    let routes = Router::new().route("/secret", get(|| async { "secret" }));
    let router = RequireLoginLayer::<Accounts>::new()
        .except([])
        .guard(routes);
    let site = Site {
        router,
        ..Site::new(sessions())
    };
    let answer = site.browser().get("/secret").await;
    assert_eq!(answer.status, StatusCode::INTERNAL_SERVER_ERROR);
    assert!(
        answer.text.contains("AuthLayer") && matches!(refusal(&answer).reason(), Reason::Failed(_))
    );
}
