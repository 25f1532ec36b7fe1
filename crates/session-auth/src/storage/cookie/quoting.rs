//! How Python's `http.cookies` writes a value that a cookie cannot hold as it is.
//!
//! Invariant: the quoted form of an ASCII text is ASCII, holds no separator of a cookie header, and unquotes to the text.

/// These stand in a cookie without quotes.
fn is_legal(char: char) -> bool {
    char.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~:".contains(char)
}

/// These stand as they are between quotes.
fn is_plain(char: char) -> bool {
    is_legal(char) || " ()/<=>?@[]{}".contains(char)
}

/// The value as it stands in the header.
pub(super) fn quote(value: &str) -> String {
    if !value.is_empty() && value.chars().all(is_legal) {
        return value.to_owned();
    }
    let mut quoted = String::with_capacity(value.len() + value.len() / 2 + 2);
    quoted.push('"');
    for char in value.chars() {
        match char {
            '"' | '\\' => quoted.extend(['\\', char]),
            char if is_plain(char) => quoted.push(char),
            char => match u8::try_from(char) {
                Ok(byte) => quoted.push_str(&format!("\\{byte:03o}")),
                Err(_) => quoted.push(char),
            },
        }
    }
    quoted.push('"');
    quoted
}

/// The value that stands in the header; `None` when it is no UTF-8.
pub(super) fn unquote(value: &[u8]) -> Option<String> {
    let value = str::from_utf8(value).ok()?;
    let inner = value
        .strip_prefix('"')
        .and_then(|rest| rest.strip_suffix('"'));
    let Some(inner) = inner else {
        return Some(value.to_owned());
    };
    let mut unquoted = String::with_capacity(inner.len());
    let mut rest = inner;
    while let Some((plain, escaped)) = rest.split_once('\\') {
        unquoted.push_str(plain);
        rest = match octal(escaped) {
            Some(char) => {
                unquoted.push(char);
                &escaped[3..]
            }
            None => {
                let mut chars = escaped.chars();
                unquoted.push(chars.next().unwrap_or('\\'));
                chars.as_str()
            }
        };
    }
    unquoted.push_str(rest);
    Some(unquoted)
}

/// The code point of three octal digits at the beginning.
fn octal(text: &str) -> Option<char> {
    let digits = text.get(..3)?;
    let is_octal = |digit: u8| (b'0'..=b'7').contains(&digit);
    let in_range = digits.as_bytes()[0] <= b'3' && digits.bytes().all(is_octal);
    let byte = in_range.then(|| u8::from_str_radix(digits, 8).ok())??;
    Some(char::from(byte))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn values_are_quoted_as_python_quotes_them() {
        for (value, quoted) in [
            ("abc-1", "abc-1"),
            ("", "\"\""),
            ("{}", "\"{}\""),
            ("a=", "\"a=\""),
            ("a\"b\\c;d,e%f=g", "\"a\\\"b\\\\c\\073d\\054e%f=g\""),
            ("é\u{7f}\n", "\"\\351\\177\\012\""),
        ] {
            assert_eq!(quote(value), quoted);
            assert_eq!(unquote(quoted.as_bytes()).as_deref(), Some(value));
        }
        assert_eq!(unquote(b"\"\\9\\4a\\\"").as_deref(), Some("94a\\"));
        assert_eq!(unquote(b"\xff"), None);
    }

    proptest! {
        #[test]
        fn what_is_quoted_comes_back(value in "\\PC*|[\\x00-\\xff]*") {
            let quoted = quote(&value);
            prop_assert!(!quoted.contains([';', ',']));
            prop_assert!(quoted.is_ascii() || !value.is_ascii());
            prop_assert_eq!(unquote(quoted.as_bytes()), Some(value));
        }

        #[test]
        fn any_bytes_are_unquoted(value in prop::collection::vec(any::<u8>(), 0..64)) {
            let quoted = [b"\"", &value[..], b"\""].concat();
            unquote(&value);
            unquote(&quoted);
        }
    }
}
