//! Every refusal in the site's dress, or as a document for a client that asks for JSON.

use http::header;

use crate::support::{Answer, Multipart, Site};

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
    assert!(
        answer
            .headers
            .get_all(header::VARY)
            .iter()
            .any(|name| name == "accept")
    );
}

#[tokio::test]
async fn a_guard_refuses_in_the_words_of_the_site() {
    let site = Site::new().await;
    for path in ["/new", "/some-post/edit"] {
        let json = [("accept", "application/json")];
        let answer = site.browser().get_with(path, &json).await.expect(401);
        assert_eq!(
            answer.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        assert_eq!(
            answer.header(header::WWW_AUTHENTICATE),
            "Cookie realm=\"login\""
        );
        let problem = answer.json();
        assert_eq!(problem["type"], "about:blank");
        assert_eq!(problem["request_id"], answer.header("x-request-id"));
        assert_eq!(problem["detail"], "This needs a login.");
    }
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
    assert_ne!(packed.header(header::ETAG), etag);
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

#[tokio::test]
async fn a_page_that_does_not_exist_for_this_reader_is_not_found() {
    let site = Site::new().await;
    let mut browser = site.browser();
    for path in [
        "/no-such-post",
        "/999999",
        "/no-such-post/image",
        "/images/none",
        "/%00",
    ] {
        drawn(browser.get(path).await, 404);
    }
}

#[tokio::test]
async fn every_page_refuses_the_methods_it_does_not_have() {
    let site = Site::new().await;
    let mut browser = site.logged_in("alice").await;
    drawn(browser.post("/", &[]).await, 405);
    for method in [http::Method::PUT, http::Method::DELETE, http::Method::PATCH] {
        for path in ["/", "/login", "/new", "/some-post", "/some-post/edit"] {
            let request = crate::support::request(method.clone(), path);
            drawn(browser.send(request, axum::body::Body::empty()).await, 405);
        }
    }
}

#[tokio::test]
async fn a_client_that_asks_for_json_gets_the_faults_of_a_form_alone() {
    let site = Site::new().await;
    let mut browser = site.logged_in("alice").await;
    let json = [("accept", "application/json")];
    let untitled = [("title", ""), ("text", "Words.")];
    let wrong = [("login", "alice"), ("password", "mellon")];
    let mut stranger = site.browser();
    for (answer, status, says) in [
        (
            browser.post_with("/new", &untitled, &json).await,
            422,
            "A post needs a title.",
        ),
        (
            stranger.post_with("/login", &wrong, &json).await,
            401,
            "Name or password is wrong.",
        ),
        (
            stranger.post_with("/new", &untitled, &json).await,
            401,
            "This needs a login.",
        ),
    ] {
        let answer = answer.expect(status);
        assert_eq!(
            answer.header(header::CONTENT_TYPE),
            "application/problem+json"
        );
        assert_eq!(answer.json()["detail"], says);
    }
}

#[tokio::test]
async fn a_form_in_a_language_the_page_does_not_read_is_415() {
    let site = Site::new().await;
    let mut browser = site.logged_in("alice").await;
    for path in ["/login", "/new"] {
        drawn(
            browser
                .post_raw(path, "application/json", "{\"title\":\"a\"}")
                .await,
            415,
        );
        drawn(browser.post_raw(path, "text/plain", "title=a").await, 415);
    }
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_413() {
    let site = Site::new().await;
    let body = format!("login=alice&password={}", "x".repeat(300_000));
    let answer = site
        .browser()
        .post_raw("/login", "application/x-www-form-urlencoded", body)
        .await;
    drawn(answer, 413);
}

#[tokio::test]
async fn garbage_in_a_form_is_a_refusal_and_never_a_fault_of_the_site() {
    let site = Site::new().await;
    let mut browser = site.logged_in("alice").await;
    let multipart = "multipart/form-data; boundary=x";
    let bodies: [(&str, &str, &[u8]); 7] = [
        (
            "/login",
            "application/x-www-form-urlencoded",
            b"\xff\xfe&&==&login=%zz",
        ),
        ("/login", "application/x-www-form-urlencoded", b""),
        ("/new", multipart, b""),
        ("/new", multipart, b"--x"),
        ("/new", multipart, b"--x\r\n\r\n"),
        (
            "/new",
            multipart,
            b"--x\r\nContent-Disposition: nonsense\r\n\r\na\r\n--x--\r\n",
        ),
        ("/new", "multipart/form-data", b"no boundary"),
    ];
    for (path, kind, body) in bodies {
        let answer = browser.post_raw(path, kind, body.to_vec()).await;
        let shown = String::from_utf8_lossy(body);
        assert!(
            answer.status.is_client_error(),
            "{path} {kind} {shown}: {answer:?}"
        );
        answer.expect_text("</html>");
    }
}

#[tokio::test]
async fn a_garbage_cookie_sees_what_a_visitor_sees() {
    let site = Site::new().await;
    for cookie in [
        "gatepost-dev=",
        "gatepost-dev=\"\"",
        "gatepost-dev=%00%ff",
        "gatepost-dev=AAAA",
        "gatepost-dev",
    ] {
        let mut browser = site.browser();
        browser
            .get_with("/", &[("cookie", cookie)])
            .await
            .expect(200)
            .expect_text("Log in");
        let sent_away = browser
            .get_with("/new", &[("cookie", cookie)])
            .await
            .expect(303);
        assert!(sent_away.location().starts_with("/login"), "{sent_away:?}");
    }
}

#[tokio::test]
async fn a_database_that_takes_no_writes_still_lets_people_read() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let (_, writer) = site.db().sqlite_pools().unwrap();
    sqlx::query("pragma query_only = on")
        .execute(&writer)
        .await
        .unwrap();

    site.browser().get("/").await.expect(200);
    alice.get("/").await.expect(200).expect_text("alice");
    let login = [("login", "bob"), ("password", Site::PASSWORD)];
    let refused = site.browser().post("/login", &login).await;
    assert!(!refused.header(header::RETRY_AFTER).is_empty());
    drawn(refused, 503);
    let refused = alice.post("/logout", &[]).await;
    assert!(
        !refused.header(header::RETRY_AFTER).is_empty(),
        "a logout that is not stored is not acknowledged"
    );
    drawn(refused, 503);

    sqlx::query("pragma query_only = off")
        .execute(&writer)
        .await
        .unwrap();
    alice.get("/").await.expect(200).expect_text("alice");
    site.browser()
        .post("/login", &login)
        .await
        .expect_redirect("/");
}

#[tokio::test]
async fn a_picture_that_cannot_be_taken_leaves_the_text_in_the_form() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let huge = vec![0; 21 * 1024 * 1024];
    let mut cut_short = b"\x89PNG\r\n\x1a\n".to_vec();
    cut_short.extend_from_slice(b"\0\0\0\rIHDR");
    let pictures: [(&str, &[u8], &[u16]); 4] = [
        ("notes.txt", b"no picture at all", &[415]),
        ("photo.jpg", b"GIF? no, neither", &[415]),
        ("cut.png", &cut_short, &[422]),
        ("huge.jpg", &huge, &[413]),
    ];
    for (name, bytes, expected) in pictures {
        let form = Multipart::new()
            .text("title", "Kept title")
            .text("text", "Kept text of mine.");
        let form = form
            .file("image", name, "image/jpeg", bytes)
            .text("alt", "Kept words.");
        let answer = alice.post_multipart("/new", form).await;
        assert!(
            expected.contains(&answer.status.as_u16()),
            "{name}: {answer:?}"
        );
        answer
            .expect_text("Kept title")
            .expect_text("Kept text of mine.")
            .expect_text("Kept words.");
    }
    site.browser()
        .get("/")
        .await
        .expect(200)
        .expect_no_text("Kept title");
}

#[tokio::test]
async fn a_busy_database_is_503_with_everything_that_was_typed() {
    let site = Site::new().await;
    let mut alice = site.logged_in("alice").await;
    let file = format!("sqlite:{}", site.database().display());
    let other = sqlx::SqlitePool::connect(&file).await.unwrap();
    let mut lock = other.acquire().await.unwrap();
    sqlx::query("begin immediate")
        .execute(&mut *lock)
        .await
        .unwrap();

    let form = || {
        Multipart::new()
            .text("title", "Kept title")
            .text("text", "Kept text.")
    };
    let busy = alice.post_multipart("/new", form()).await.expect(503);
    assert!(!busy.header(header::RETRY_AFTER).is_empty(), "{busy:?}");
    busy.expect_text("Kept title")
        .expect_text("Kept text.")
        .expect_no_text("locked");
    let mut small = std::io::Cursor::new(Vec::new());
    image::RgbImage::new(8, 8)
        .write_to(&mut small, image::ImageFormat::Png)
        .unwrap();
    let pictured = form().file("image", "small.png", "image/png", small.get_ref());
    let busy = alice.post_multipart("/new", pictured).await.expect(503);
    assert!(!busy.header(header::RETRY_AFTER).is_empty(), "{busy:?}");
    busy.expect_text("Kept text.")
        .expect_text("small.png could not be stored");
    site.browser().get("/").await.expect(200);

    sqlx::query("rollback").execute(&mut *lock).await.unwrap();
    alice
        .post_multipart("/new", form())
        .await
        .expect_redirect("/kept-title");
}

#[tokio::test]
async fn a_form_that_brings_its_login_survives_a_busy_database() {
    let site = Site::with(&[("login", "name-only"), ("base-url", "http://localhost")]).await;
    let file = format!("sqlite:{}", site.database().display());
    let other = sqlx::SqlitePool::connect(&file).await.unwrap();
    let mut lock = other.acquire().await.unwrap();
    sqlx::query("begin immediate")
        .execute(&mut *lock)
        .await
        .unwrap();
    let form = Multipart::new()
        .text("title", "Kept title")
        .text("text", "Kept text.")
        .text("login", "newcomer");
    let busy = site
        .browser()
        .at("localhost")
        .post_multipart("/new", form)
        .await;
    let busy = busy.expect(503);
    assert!(!busy.header(header::RETRY_AFTER).is_empty(), "{busy:?}");
    busy.expect_text("Kept title")
        .expect_text("Kept text.")
        .expect_text("value=\"newcomer\"");
}

#[tokio::test]
async fn a_form_whose_login_cannot_be_stored_comes_back_and_is_saved_once() {
    let site = Site::new().await;
    let (_, writer) = site.db().sqlite_pools().unwrap();
    let form = || {
        Multipart::new()
            .text("title", "Kept title")
            .text("text", "Kept text.")
            .text("tags", "kept, tags")
            .text("form", "AAECAwQFBgcICQoLDA0ODw")
            .text("login", "carol")
            .text("password", Site::PASSWORD)
    };
    sqlx::query("alter table session_auth_sessions rename to away")
        .execute(&writer)
        .await
        .unwrap();
    let lost = site
        .browser()
        .post_multipart("/new", form())
        .await
        .expect(503);
    assert!(!lost.header(header::RETRY_AFTER).is_empty(), "{lost:?}");
    lost.expect_text("\nKept text.</textarea>")
        .expect_text("value=\"kept, tags\"")
        .expect_text("AAECAwQFBgcICQoLDA0ODw")
        .expect_text("value=\"carol\"")
        .expect_no_text(Site::PASSWORD);
    sqlx::query("alter table away rename to session_auth_sessions")
        .execute(&writer)
        .await
        .unwrap();
    site.browser()
        .post_multipart("/new", form())
        .await
        .expect_redirect("/kept-title");
    let all = site.db().posts().index(None, 50).await.unwrap();
    assert_eq!(all.items.len(), 1);
}

#[tokio::test]
async fn a_form_comes_back_when_not_even_its_sender_can_be_looked_up() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let form = || {
        Multipart::new()
            .text("title", "Kept title")
            .text("text", "Kept text.")
            .text("note", "Kept note.")
            .text("revision", "1")
    };
    carol
        .post_multipart("/new", form())
        .await
        .expect_redirect("/kept-title");
    site.db().close().await;
    for path in ["/new", "/kept-title/edit"] {
        let lost = carol.post_multipart(path, form()).await.expect(503);
        assert!(!lost.header(header::RETRY_AFTER).is_empty(), "{lost:?}");
        lost.expect_text("\nKept text.</textarea>")
            .expect_text("Kept note.")
            .expect_text(&format!("action=\"{path}\""));
    }
}
