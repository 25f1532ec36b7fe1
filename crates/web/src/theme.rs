//! Light or dark: by the system, or by a reader's choice, which a cookie of its own keeps.
//!
//! Invariant: the cookie holds one of two words and says nothing about a person, so a page for its bearer is as public as
//! one for somebody without.

use http::{HeaderMap, header};
use serde::Serialize;

/// What the cookie is called.
const COOKIE: &str = "theme";

/// A reader's choice.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Theme {
    /// As the system has it.
    #[default]
    Auto,
    Light,
    Dark,
}

impl Theme {
    pub(crate) const ALL: [Self; 3] = [Self::Auto, Self::Light, Self::Dark];

    pub(crate) fn word(self) -> &'static str {
        match self {
            Self::Auto => "auto",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    pub(crate) fn named(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|theme| theme.word() == word)
    }

    /// What makes a browser carry the choice for a year, or forget it.
    pub(crate) fn cookie(self, secure: bool) -> String {
        let (word, seconds) = match self {
            Self::Auto => ("", 0),
            chosen => (chosen.word(), 365 * 24 * 60 * 60),
        };
        let secure = if secure { "; Secure" } else { "" };
        format!("{COOKIE}={word}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}")
    }

    /// The choice that a request carries.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        cookies(headers)
            .find(|(name, _)| *name == COOKIE)
            .and_then(|(_, word)| Self::named(word))
            .unwrap_or_default()
    }
}

/// Whether a request carries no cookie that could name a person: the page it gets is the same for everybody with its theme.
pub(crate) fn is_nameless(headers: &HeaderMap) -> bool {
    cookies(headers).all(|(name, _)| name == COOKIE)
}

fn cookies(headers: &HeaderMap) -> impl Iterator<Item = (&str, &str)> {
    headers
        .get_all(header::COOKIE)
        .into_iter()
        // What is no text names somebody for all we know.
        .map(|value| value.to_str().unwrap_or("?"))
        .flat_map(|value| value.split(';'))
        .map(str::trim)
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(cookies: &[&str]) -> HeaderMap {
        let mut headers = HeaderMap::new();
        for cookie in cookies {
            headers.append(header::COOKIE, cookie.parse().unwrap());
        }
        headers
    }

    #[test]
    fn a_choice_is_read_among_other_cookies_and_a_wrong_word_is_none() {
        for (cookies, theme, nameless) in [
            (&[][..], Theme::Auto, true),
            (&["theme=dark"], Theme::Dark, true),
            (&["theme=light;"], Theme::Light, true),
            (&["theme=purple"], Theme::Auto, true),
            (&["a=b; theme=dark"], Theme::Dark, false),
            (&["theme=dark", "__Host-session=x"], Theme::Dark, false),
            (&["xtheme=dark"], Theme::Auto, false),
        ] {
            let headers = request(cookies);
            assert_eq!(Theme::of(&headers), theme, "{cookies:?}");
            assert_eq!(is_nameless(&headers), nameless, "{cookies:?}");
        }
    }

    #[test]
    fn a_cookie_that_is_no_text_may_name_somebody() {
        let mut headers = HeaderMap::new();
        headers.insert(
            header::COOKIE,
            http::HeaderValue::from_bytes(b"\xff=1").unwrap(),
        );
        assert!(!is_nameless(&headers));
    }
}
