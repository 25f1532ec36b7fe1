//! The `Cookie` header of a request: whatever it holds, an id is taken from it only if it stands there under our name.

use http::{HeaderMap, HeaderValue, header};

use super::{ID_LENGTH, Presented, unquoted};
use crate::inputs::fuzz;

const NAME: &str = "__Host-session";

#[test]
fn any_cookie_header_is_read() {
    fuzz("cookie_header", cookie_header);
}

/// Each line of the input is a header line.
fn cookie_header(input: &[u8]) {
    let mut headers = HeaderMap::new();
    let lines = input.split(|byte| *byte == b'\n');
    for line in lines.filter_map(|line| HeaderValue::from_bytes(line).ok()) {
        headers.append(header::COOKIE, line);
    }
    let values: Vec<&[u8]> = headers
        .get_all(header::COOKIE)
        .iter()
        .flat_map(|line| line.as_bytes().split(|byte| *byte == b';'))
        .filter_map(|pair| {
            let at = pair.iter().position(|byte| *byte == b'=')?;
            let (name, value) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
            (name == NAME.as_bytes()).then(|| unquoted(value))
        })
        .collect();
    let is_one = values
        .first()
        .is_some_and(|first| values.iter().all(|value| value == first));
    let is_id = |value: &[u8]| {
        let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        value.len() == ID_LENGTH && value.iter().all(is_digit)
    };
    match Presented::id(&headers, NAME) {
        Presented::Id(id) => {
            assert!(is_one && is_id(values[0]));
            assert_eq!(id.as_str().as_bytes(), values[0]);
            let next = id.successor(|bytes| bytes.fill(7));
            assert_eq!(id.key().lineage(), next.key().lineage());
        }
        Presented::Undecodable => assert!(is_one && !is_id(values[0])),
        Presented::Nothing => assert!(values.is_empty(), "a value was overlooked"),
        Presented::Ambiguous => assert!(!is_one),
        Presented::Carried(_) => panic!("an id is no session"),
    }
}
