//! `LocalPath`: whatever a stranger puts into `next`, the way leads back to this site.

use proptest::prelude::*;
use session_auth::LocalPath;

/// Django's list of addresses that `url_has_allowed_host_and_scheme` must refuse.
const DJANGO_REFUSES: &[&str] = &[
    "http://example.com",
    "http:///example.com",
    "https://example.com",
    "ftp://example.com",
    r"\\example.com",
    r"\\\example.com",
    r"/\\/example.com",
    r"\\//example.com",
    r"/\/example.com",
    r"\/example.com",
    r"/\example.com",
    r"http:/\//example.com",
    r"http:\/example.com",
    r"http:/\example.com",
    "javascript:alert(\"XSS\")",
    "\njavascript:alert(x)",
    "java\nscript:alert(x)",
    "\x08//example.com",
    r"http://otherserver\@example.com",
    r"http:\\testserver\@example.com",
    r"http://testserver\me:pass@example.com",
    r"http://testserver\@example.com",
    r"http:\\testserver\confirm\me@example.com",
    "http:999999999",
    "ftp:9999999999",
    "\n",
    "http://[2001:cdba:0000:0000:0000:0000:3257:9652/",
    "http://2001:cdba:0000:0000:0000:0000:3257:9652]/",
];

/// What Django allows with a host in its list, and a path of this site never is; and what only shows when decoded.
const REFUSED_TOO: &[&str] = &[
    "",
    " ",
    "new",
    "?next=/",
    "#top",
    "//",
    "//testserver/",
    "///example.com",
    "https://testserver/",
    "view/?param=//example.com",
    "https:example.com",
    "/%2fexample.com",
    "/%2Fexample.com",
    "/%5cexample.com",
    "/%252fexample.com",
    "/%25252fexample.com",
    "/.//example.com",
    "/a/..//example.com",
    "/\t/example.com",
    "/\r\n/example.com",
    "/%09/example.com",
    "/new\r\nSet-Cookie: a=b",
    "/new%0d%0aSet-Cookie:%20a=b",
    "/new?a=\r\nb",
    "/%00",
    "/\u{85}",
    "/\u{2028}/example.com",
    "/\u{feff}/example.com",
    "\u{feff}//example.com",
    " //example.com",
    " /new",
    // As a browser resolves them, the pages that a login never leads to.
    "/./login",
    "/./logout",
    "/a/../logout",
    "/%2e/logout",
    "/a/%2E%2e/login?next=/new",
    "/%252e/logout",
    "/..",
    "/a/.",
];

#[test]
fn addresses_of_other_places_are_refused() {
    for address in DJANGO_REFUSES.iter().chain(REFUSED_TOO) {
        assert_eq!(LocalPath::parse(address), None, "{address:?}");
        assert_eq!(
            LocalPath::login_target(Some(address)),
            LocalPath::root(),
            "{address:?}"
        );
    }
    assert_eq!(LocalPath::parse(&format!("/{}", "a".repeat(10_000))), None);
    assert_eq!(
        LocalPath::parse(&format!("/{}", "ü".repeat(999))),
        None,
        "its length counts encoded"
    );
}

#[test]
fn paths_of_this_site_are_kept_with_their_queries() {
    for (address, kept) in [
        ("/", "/"),
        ("/new", "/new"),
        (
            "/view/?param=http://example.com",
            "/view/?param=http://example.com",
        ),
        (
            "/view/?param=https://example.com",
            "/view/?param=https://example.com",
        ),
        (
            "/view?param=ftp://example.com",
            "/view?param=ftp://example.com",
        ),
        ("/view?param=//example.com", "/view?param=//example.com"),
        (
            "/view?param=%2F%2Fexample.com",
            "/view?param=%2F%2Fexample.com",
        ),
        ("/search?q=two%0Alines%5C", "/search?q=two%0Alines%5C"),
        ("/url%20with%20spaces/", "/url%20with%20spaces/"),
        ("/path/http:2222222222", "/path/http:2222222222"),
        ("/confirm/me@example.com", "/confirm/me@example.com"),
        ("/my-post/edit#text", "/my-post/edit"),
        ("/größe?wie=groß", "/gr%C3%B6%C3%9Fe?wie=gro%C3%9F"),
        ("/100%/done%zz", "/100%/done%zz"),
        (
            "/.well-known/a..b/...?up=../..",
            "/.well-known/a..b/...?up=../..",
        ),
        ("/with space?\"<>", "/with%20space?%22%3C%3E"),
    ] {
        assert_eq!(LocalPath::parse(address).expect(address).as_str(), kept);
    }
}

#[test]
fn a_login_never_leads_to_the_pages_for_logging_in_and_out() {
    for circle in [
        "/login",
        "/login/",
        "/LOGIN",
        "/login?next=/new",
        "/%6cogin",
        "/logout",
        "/logout?x",
        "/logout#x",
    ] {
        assert!(
            LocalPath::parse(circle).is_some(),
            "{circle}: the control, a path it is"
        );
        assert_eq!(
            LocalPath::login_target(Some(circle)).as_str(),
            "/",
            "{circle}"
        );
    }
    for other in ["/logins", "/a/login", "/login-help", "/?next=/login"] {
        assert_eq!(LocalPath::login_target(Some(other)).as_str(), other);
    }
    assert_eq!(LocalPath::login_target(None).as_str(), "/");
}

#[test]
fn next_travels_in_a_query_and_comes_back_as_it_was() {
    for address in ["/", "/a?b=c&d=e+f", "/a%20b?c=%26&next=/x", "/?a=b%2Bc"] {
        let path = LocalPath::parse(address).unwrap();
        let page = path.behind("/login");
        let query = page.strip_prefix("/login?").unwrap();
        let fields: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        assert_eq!(fields, [("next".into(), address.into())]);
        assert!(
            path.behind("/login?lang=de")
                .starts_with("/login?lang=de&next=")
        );
    }
}

#[test]
fn a_local_path_in_json_is_checked_like_any_other() {
    assert_eq!(
        serde_json::from_str::<LocalPath>("\"/new\"")
            .unwrap()
            .path(),
        "/new"
    );
    assert!(serde_json::from_str::<LocalPath>("\"//example.com\"").is_err());
}

/// Text that is likely to come near a rule.
fn near_addresses() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        Just("/".to_owned()),
        Just("\\".to_owned()),
        Just("..".to_owned()),
        Just("%2f".to_owned()),
        Just("%5C".to_owned()),
        Just("%25".to_owned()),
        Just("?".to_owned()),
        Just("#".to_owned()),
        Just(":".to_owned()),
        Just("@".to_owned()),
        Just("\t".to_owned()),
        Just("example.com".to_owned()),
        any::<char>().prop_map(|c| c.to_string()),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn whatever_is_accepted_is_one_ascii_path_of_this_site(address in near_addresses(), slash in any::<bool>()) {
        let address = if slash { format!("/{address}") } else { address };
        if let Some(path) = LocalPath::parse(&address) {
            let kept = path.as_str();
            prop_assert!(kept.starts_with('/') && !kept.starts_with("//") && !kept.starts_with("/\\"));
            prop_assert!(kept.bytes().all(|byte| byte.is_ascii_graphic()), "{kept:?} stands in a header as it is");
            prop_assert_eq!(LocalPath::parse(kept), Some(path.clone()), "parsing twice changes nothing");
            let uri: http::Uri = kept.parse().expect("a URI");
            prop_assert!(uri.authority().is_none() && uri.scheme().is_none());
        }
    }
}
