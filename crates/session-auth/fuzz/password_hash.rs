//! The stored form of a password: a hash that can be judged, or an error; and it is never shown.

use argon2::{Argon2, Params, password_hash::PasswordVerifier};

use super::PasswordHash;
use crate::{inputs::fuzz, password::PasswordHasher};

/// Saved as `correct_horse`; another program made it.
const CORRECT_HORSE: &str =
    "$argon2id$v=19$m=8,t=1,p=1$c2FsdHNhbHRzYWx0c2FsdA$t5QLzMlfSPLMezb1X/hRw1bKTTpryM1JhqBpLyqseOw";

#[test]
fn any_stored_password_is_a_hash_or_an_error() {
    fuzz("password_hash", password_hash);
}

fn password_hash(input: &[u8]) {
    let Ok(stored) = str::from_utf8(input) else {
        return;
    };
    let Ok(hash) = PasswordHash::parse(stored) else {
        return;
    };
    assert_eq!(hash.as_str(), stored);
    assert_eq!(format!("{hash:?}"), "PasswordHash(hidden)");
    let parsed = hash.parsed().expect("it was read before");
    let params = Params::try_from(&parsed);
    let hasher = PasswordHasher::new().cost(8, 1, 1);
    if !hasher.needs_rehash(&hash) {
        let params = params.as_ref().expect("it is today's cost");
        assert_eq!(
            (params.m_cost(), params.t_cost(), params.p_cost()),
            (8, 1, 1)
        );
        assert!(stored.starts_with("$argon2id$"));
    }
    // What it costs to verify is in the hash, so only cheap ones are verified here.
    if params.is_ok_and(|params| params.m_cost() <= 64 && params.t_cost() <= 2) {
        let is_known = stored == CORRECT_HORSE;
        let is_right = Argon2::default().verify_password(b"correct horse", &parsed);
        assert!(is_right.is_ok() || !is_known, "the saved one is right");
    }
}
