//! Keeps caches from giving one person's answer to another.

use http::{HeaderMap, HeaderValue, header};

/// Adds `Vary: Cookie` unless the answer says so already.
pub(crate) fn vary_by_cookie(headers: &mut HeaderMap) {
    let said = headers
        .get_all(header::VARY)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .any(|name| matches!(name.trim(), "*") || name.trim().eq_ignore_ascii_case("cookie"));
    if !said {
        headers.append(header::VARY, HeaderValue::from_static("Cookie"));
    }
}

/// Makes the answer private. What a handler said beyond that is kept, except what would let a shared cache store it.
pub(crate) fn forbid_shared_caches(headers: &mut HeaderMap) {
    // Without a word about freshness, a browser may guess one and show a logged-in page after the logout.
    let silent = HeaderValue::from_static("private, no-cache");
    if !headers.contains_key(header::CACHE_CONTROL) {
        headers.insert(header::CACHE_CONTROL, silent);
        return;
    }
    let said: Vec<&str> = headers
        .get_all(header::CACHE_CONTROL)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(str::trim)
        .collect();
    let is = |directive: &str, name: &str| directive.eq_ignore_ascii_case(name);
    if said
        .iter()
        .any(|directive| is(directive, "private") || is(directive, "no-store"))
    {
        return;
    }
    let kept = said.iter().filter(|directive| {
        let name = directive.split('=').next().unwrap_or_default().trim();
        !name.is_empty() && !is(name, "public") && !is(name, "s-maxage") && !is(name, "private")
    });
    let value = kept.fold("private".to_owned(), |value, directive| {
        format!("{value}, {directive}")
    });
    if let Ok(value) = HeaderValue::from_str(&value) {
        headers.insert(header::CACHE_CONTROL, value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_varies_by_cookie_once() {
        for (before, after) in [
            (&[][..], "Cookie"),
            (&["accept-encoding"][..], "accept-encoding|Cookie"),
            (&["Accept, Cookie"][..], "Accept, Cookie"),
            (&["*"][..], "*"),
        ] {
            let mut headers = HeaderMap::new();
            for value in before {
                headers.append(header::VARY, HeaderValue::from_static(value));
            }
            vary_by_cookie(&mut headers);
            vary_by_cookie(&mut headers);
            let all: Vec<_> = headers.get_all(header::VARY).iter().collect();
            let all: Vec<_> = all.iter().map(|value| value.to_str().unwrap()).collect();
            assert_eq!(all.join("|"), after);
        }
    }

    #[test]
    fn a_personal_answer_is_never_left_to_shared_caches() {
        for (before, after) in [
            (None, "private, no-cache"),
            (Some("no-store"), "no-store"),
            (Some("private, max-age=60"), "private, max-age=60"),
            (
                Some("public, max-age=60, s-maxage=600"),
                "private, max-age=60",
            ),
            (Some("no-cache"), "private, no-cache"),
            (
                Some("private=\"set-cookie\", max-age=5"),
                "private, max-age=5",
            ),
        ] {
            let mut headers = HeaderMap::new();
            if let Some(before) = before {
                headers.insert(header::CACHE_CONTROL, HeaderValue::from_static(before));
            }
            forbid_shared_caches(&mut headers);
            assert_eq!(headers[header::CACHE_CONTROL], after);
        }
    }
}
