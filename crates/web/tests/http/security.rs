//! What every answer carries, and which forms are accepted from where.

use http::header;

use crate::support::Site;

const ALWAYS: [(&str, &str); 6] = [
    ("x-frame-options", "DENY"),
    ("x-content-type-options", "nosniff"),
    ("referrer-policy", "same-origin"),
    ("cross-origin-opener-policy", "same-origin"),
    ("cross-origin-resource-policy", "same-origin"),
    ("permissions-policy", "camera=()"),
];

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let site = Site::new().await;
    let mut browser = site.browser();
    for path in [
        "/healthz",
        "/nothing-here",
        "/favicon.ico",
        "/static/none-0.css",
        "/robots.txt",
    ] {
        let answer = browser.get(path).await;
        for (name, value) in ALWAYS {
            assert!(
                answer.header(name).contains(value),
                "{name} of {path}: {answer:?}"
            );
        }
        let policy = answer.header(header::CONTENT_SECURITY_POLICY);
        assert!(
            policy.starts_with("default-src 'none';"),
            "{path}: {policy}"
        );
        assert!(
            !policy.contains("unsafe") && !policy.contains('*'),
            "{path}: {policy}"
        );
        assert!(!answer.header("x-request-id").is_empty(), "{path}");
        assert_eq!(
            answer.header(header::STRICT_TRANSPORT_SECURITY),
            "",
            "not over plain http"
        );
    }
}

#[tokio::test]
async fn over_tls_the_browser_is_told_to_stay_there() {
    let site = Site::with(&[("base-url", "https://blog.test")]).await;
    let answer = site.browser().get("/healthz").await.expect(200);
    assert!(
        answer
            .header(header::STRICT_TRANSPORT_SECURITY)
            .starts_with("max-age=")
    );
}

#[tokio::test]
async fn forms_of_other_sites_are_refused_and_our_own_accepted() {
    let site = Site::with(&[("base-url", "https://blog.example.org")]).await;
    // The host in these requests is blog.test, as behind a proxy that rewrites it.
    let accepted: [&[(&str, &str)]; 5] = [
        &[("sec-fetch-site", "same-origin")],
        &[("sec-fetch-site", "none")],
        &[("origin", "http://blog.test")],
        &[
            ("origin", "https://blog.example.org"),
            ("sec-fetch-site", "same-site"),
        ],
        &[], // No browser: it cannot have been tricked into sending somebody's cookie.
    ];
    let refused: [&[(&str, &str)]; 7] = [
        &[
            ("sec-fetch-site", "cross-site"),
            ("origin", "https://evil.example"),
        ],
        &[
            ("sec-fetch-site", "same-site"),
            ("origin", "https://other.example.org"),
        ],
        &[("sec-fetch-site", "cross-site")],
        &[("origin", "null")],
        &[("origin", "https://evil.example")],
        &[("origin", "https://blog.example.org.evil.example")],
        &[("origin", "http://blog.test:8080")],
    ];
    let nothing = [("sec-fetch-site", ""), ("origin", "")];
    for headers in accepted {
        let answer = site
            .browser()
            .post_with("/healthz", &[], &[&nothing[..], headers].concat())
            .await;
        assert_eq!(
            answer.status, 405,
            "it got past the guard, to a page that takes no form: {headers:?}"
        );
    }
    for headers in refused {
        let answer = site
            .browser()
            .post_with("/healthz", &[], &[&nothing[..], headers].concat())
            .await;
        assert_eq!(answer.status, 403, "{headers:?}");
        answer
            .expect_text("from another site")
            .expect_text("<h1>")
            .expect_no_text("Log in as someone");
    }
}

#[tokio::test]
async fn reading_is_never_refused_for_where_it_comes_from() {
    let site = Site::new().await;
    let from_elsewhere = [
        ("sec-fetch-site", "cross-site"),
        ("origin", "https://evil.example"),
    ];
    site.browser()
        .get_with("/healthz", &from_elsewhere)
        .await
        .expect(200);
}

#[tokio::test]
async fn the_cookie_of_a_login_is_bound_to_the_site_as_tightly_as_its_scheme_allows() {
    let login = [("login", "alice"), ("password", Site::PASSWORD)];
    for (base, name, secure) in [
        ("https://blog.test", "__Host-session=", true),
        ("http://blog.test", "gatepost-dev=", false),
    ] {
        let site = Site::with(&[("base-url", base)]).await;
        let answer = site.browser().post("/login", &login).await.expect(303);
        let cookie = answer.header(header::SET_COOKIE);
        assert!(cookie.starts_with(name), "{cookie}");
        for attribute in ["; HttpOnly", "; SameSite=Lax", "; Path=/"] {
            assert!(cookie.contains(attribute), "{attribute} in {cookie}");
        }
        assert_eq!(cookie.contains("; Secure"), secure, "{cookie}");
        assert!(!cookie.contains("Domain"), "{cookie}");
    }
}
