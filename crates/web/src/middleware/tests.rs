//! The layers around handlers that behave as no page of the site does.

use std::io;
use std::sync::Arc;

use axum::Router;
use axum::body::Body;
use axum::routing::{get, post};
use bytes::Bytes;
use futures_util::stream;
use http::{Request, StatusCode, header};
use http_body_util::BodyExt as _;
use tokio::sync::{Notify, mpsc};
use tower::{Layer as _, ServiceExt as _};

use super::shed::Shed;
use crate::config::Config;
use crate::error::Error;
use crate::error_page::ErrorPages;
use crate::start;
use crate::state::App;
use crate::world::World;

async fn app() -> (Arc<App>, tempfile::TempDir) {
    let directory = tempfile::tempdir().unwrap();
    let config = Config::with([("data", directory.path().to_str().unwrap())]).unwrap();
    (
        start::open(config, World::REAL).await.unwrap().app,
        directory,
    )
}

fn asked(path: &str) -> Request<Body> {
    Request::get(path).body(Body::empty()).unwrap()
}

async fn text(response: http::Response<Body>) -> String {
    let body = response.into_body().collect().await.unwrap().to_bytes();
    String::from_utf8(body.to_vec()).unwrap()
}

async fn panics() -> &'static str {
    panic!("the secret of the panic")
}

async fn breaks() -> Result<&'static str, Error> {
    Err(Error::unexpected(io::Error::other(
        "the secret of the disk",
    )))
}

#[tokio::test]
async fn a_panic_is_a_page_and_shows_nothing() {
    let (app, _directory) = app().await;
    let around = |router| super::around(Arc::clone(&app), router);
    let site = around(
        Router::new()
            .route("/panic", get(panics))
            .route("/fault", get(breaks)),
    );
    for path in ["/panic", "/fault"] {
        let Ok(response) = site.clone().oneshot(asked(path)).await;
        assert_eq!(response.status(), StatusCode::INTERNAL_SERVER_ERROR);
        assert!(
            response
                .headers()
                .contains_key(header::CONTENT_SECURITY_POLICY)
        );
        let id = response.headers()["x-request-id"]
            .to_str()
            .unwrap()
            .to_owned();
        let page = text(response).await;
        assert!(
            page.contains("<h1>Something broke on our side</h1>") && page.contains(&id),
            "{page}"
        );
        assert!(!page.contains("secret"), "{page}");
    }
    let Ok(after) = site.oneshot(asked("/nothing")).await;
    assert_eq!(
        after.status(),
        StatusCode::NOT_FOUND,
        "and the site goes on"
    );
}

#[tokio::test]
async fn a_request_beyond_the_limit_is_told_to_come_back_and_those_inside_are_not_disturbed() {
    let (app, _directory) = app().await;
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let release = Arc::new(Notify::new());
    let gate = Arc::clone(&release);
    let held = get(async move || {
        arrived.send(()).unwrap();
        gate.notified().await;
        "finished"
    });
    let router = Router::new().route("/", held);
    let site = ErrorPages::new(app).layer(Shed::new(1, 1).layer(router));

    let inside = tokio::spawn(site.clone().oneshot(asked("/")));
    arrivals.recv().await.unwrap();
    let Ok(refused) = site.clone().oneshot(asked("/")).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    assert!(text(refused).await.contains("<h1>Busy at the moment</h1>"));

    release.notify_one();
    let Ok(inside) = inside.await.unwrap();
    assert_eq!(text(inside).await, "finished");
    release.notify_one();
    let Ok(next) = site.oneshot(asked("/")).await;
    assert_eq!(next.status(), StatusCode::OK, "the place is free again");
}

#[tokio::test]
async fn those_who_send_slowly_do_not_keep_others_from_reading() {
    let (app, _directory) = app().await;
    let (arrived, mut arrivals) = mpsc::unbounded_channel();
    let held = post(async move |body: String| {
        drop(body);
        arrived.send(()).unwrap();
    });
    let router = Router::new()
        .route("/form", held)
        .route("/", get(async || "read"));
    let site = ErrorPages::new(app).layer(Shed::new(1, 1).layer(router));
    let form = |body: Body| Request::post("/form").body(body).unwrap();

    let (sender, pieces) = mpsc::channel::<Result<Bytes, io::Error>>(1);
    let slow = stream::unfold(pieces, async |mut pieces| {
        Some((pieces.recv().await?, pieces))
    });
    let sending = tokio::spawn(site.clone().oneshot(form(Body::from_stream(slow))));
    // The second piece finds room only when the first has been taken, by a handler that is inside.
    sender.send(Ok(Bytes::from_static(b"a"))).await.unwrap();
    sender.send(Ok(Bytes::from_static(b"b"))).await.unwrap();

    let Ok(reading) = site.clone().oneshot(asked("/")).await;
    assert_eq!(text(reading).await, "read");
    let Ok(refused) = site.clone().oneshot(form(Body::from("a"))).await;
    assert_eq!(refused.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert!(refused.headers().contains_key(header::RETRY_AFTER));
    let told = text(refused).await;
    assert!(told.contains("Your browser still has it"), "{told}");
    drop(sender);
    arrivals.recv().await.unwrap();
    assert_eq!(sending.await.unwrap().unwrap().status(), StatusCode::OK);
    let Ok(next) = site.oneshot(form(Body::from("a"))).await;
    assert_eq!(next.status(), StatusCode::OK);
}
