//! Every refusal in the site's dress, or as a document for a client that asks for JSON.

use http::header;

use crate::support::{Answer, Site};

/// A page of the site that says what happened, names the request, and shows no cause.
#[track_caller]
fn drawn(answer: Answer, status: u16) {
    let answer = answer
        .expect(status)
        .expect_text("<h1>")
        .expect_text("</html>");
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        "text/html; charset=utf-8"
    );
    let id = answer.header("x-request-id").to_owned();
    assert!(!id.is_empty());
    answer
        .expect_text(&id)
        .expect_no_text("Error")
        .expect_no_text("sqlx")
        .expect_no_text("panicked");
}

#[tokio::test]
async fn a_refusal_is_a_page_of_the_site() {
    let site = Site::new().await;
    let mut browser = site.browser();
    drawn(browser.get("/nothing-here").await, 404);
    drawn(browser.get("/static/nothing-here.css").await, 404);
    drawn(browser.get("/%ff").await, 404);
    drawn(browser.post("/healthz", &[]).await, 405);
}

#[tokio::test]
async fn a_wrong_method_is_told_the_right_ones() {
    let site = Site::new().await;
    let answer = site.browser().post("/healthz", &[]).await.expect(405);
    assert_eq!(answer.header(header::ALLOW), "GET,HEAD");
}

#[tokio::test]
async fn a_client_that_asks_for_json_gets_a_problem_document() {
    let site = Site::new().await;
    let answer = site
        .browser()
        .get_with("/nothing-here", &[("accept", "application/json")])
        .await
        .expect(404);
    assert_eq!(
        answer.header(header::CONTENT_TYPE),
        "application/problem+json"
    );
    let problem = answer.json();
    assert_eq!(problem["status"], 404);
    assert_eq!(problem["request_id"], answer.header("x-request-id"));
    assert!(problem["title"].is_string() && problem["detail"].is_string());
    assert!(answer.header(header::VARY).contains("accept"));
}

#[tokio::test]
async fn head_answers_what_get_would_without_the_body() {
    let site = Site::new().await;
    let mut browser = site.browser();
    for path in ["/healthz", "/favicon.ico", "/nothing-here"] {
        let (get, head) = (browser.get(path).await, browser.head(path).await);
        assert_eq!(head.status, get.status, "{path}");
        assert_eq!(head.body, b"", "{path}");
        assert_eq!(
            head.header(header::CONTENT_LENGTH),
            get.body.len().to_string(),
            "{path}"
        );
        assert_eq!(
            head.header(header::CONTENT_TYPE),
            get.header(header::CONTENT_TYPE),
            "{path}"
        );
    }
}

#[tokio::test]
async fn an_asset_is_immutable_under_its_hash_and_asked_about_under_another() {
    let site = Site::new().await;
    let mut browser = site.browser();
    let page = browser
        .get("/nothing-here")
        .await
        .text()
        .replace("&#x2f;", "/");
    let from = page.find("/static/app-").expect("a style sheet");
    let address = page[from..].split('"').next().unwrap().to_owned();

    let fresh = browser.get(&address).await.expect(200);
    assert!(fresh.header(header::CACHE_CONTROL).contains("immutable"));
    assert_eq!(
        fresh.header(header::CONTENT_TYPE),
        "text/css; charset=utf-8"
    );
    let etag = fresh.header(header::ETAG).to_owned();

    let packed = browser
        .get_with(&address, &[("accept-encoding", "br, gzip")])
        .await
        .expect(200);
    assert_eq!(packed.header(header::CONTENT_ENCODING), "gzip");
    assert!(packed.body.len() < fresh.body.len());
    let plain = browser
        .get_with(&address, &[("accept-encoding", "gzip;q=0")])
        .await
        .expect(200);
    assert_eq!(plain.body, fresh.body);

    let same = browser
        .get_with(&address, &[("if-none-match", &etag)])
        .await
        .expect(304);
    assert_eq!(same.body, b"");
    let old = browser
        .get("/static/app-000000000000.css")
        .await
        .expect(200);
    assert_eq!(
        (old.header(header::CACHE_CONTROL), &old.body),
        ("no-cache", &fresh.body)
    );
}

#[tokio::test]
async fn a_garbage_cookie_is_an_anonymous_visit() {
    let site = Site::new().await;
    let long = format!("gatepost-dev={}", "a".repeat(60_000));
    let cookies = [
        "gatepost-dev=",
        "gatepost-dev=\"",
        "gatepost-dev=%00",
        "gatepost-dev=../../etc",
        ";;;=;",
        &long,
    ];
    for cookie in cookies {
        site.browser()
            .get_with("/healthz", &[("cookie", cookie)])
            .await
            .expect(200);
        drawn(
            site.browser()
                .get_with("/nothing-here", &[("cookie", cookie)])
                .await,
            404,
        );
    }
}
