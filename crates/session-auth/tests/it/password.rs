//! Password hashing: exact, bounded, and silent about what it hashes.

use session_auth::password::{MAX_LEN, PasswordError, PasswordHash, PasswordHasher};

/// Cheap, for tests in which the cost is not the point.
fn quick() -> PasswordHasher {
    PasswordHasher::new().cost(8, 1, 1)
}

#[tokio::test]
async fn a_new_hash_is_argon2id_with_19_mib_and_two_passes() {
    let hasher = PasswordHasher::new();
    let hash = hasher.hash("correct horse").await.unwrap();
    assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
    assert!(!hasher.needs_rehash(&hash));
    assert!(hasher.verify("correct horse", &hash).await.unwrap());
    assert!(!hasher.verify("correct horsf", &hash).await.unwrap());
}

#[tokio::test]
async fn two_hashes_of_one_password_differ() {
    let hasher = quick();
    assert_ne!(
        hasher.hash("correct horse").await.unwrap(),
        hasher.hash("correct horse").await.unwrap()
    );
}

#[tokio::test]
async fn every_byte_of_a_password_counts() {
    let hasher = quick();
    let long = "x".repeat(MAX_LEN);
    let hash = hasher.hash(&long).await.unwrap();
    assert!(hasher.verify(&long, &hash).await.unwrap());
    assert!(!hasher.verify(&long[..MAX_LEN - 1], &hash).await.unwrap());
    assert!(
        !hasher
            .verify(&format!("{}y", &long[..MAX_LEN - 1]), &hash)
            .await
            .unwrap()
    );
    assert!(!hasher.verify(&format!("{long}x"), &hash).await.unwrap());

    let spaced = hasher.hash(" pass word\0 ").await.unwrap();
    assert!(hasher.verify(" pass word\0 ", &spaced).await.unwrap());
    for other in [
        "pass word\0",
        " pass word\0",
        " pass word\0  ",
        " pass word",
    ] {
        assert!(!hasher.verify(other, &spaced).await.unwrap(), "{other:?}");
    }
}

#[tokio::test]
async fn a_new_password_has_8_to_1024_bytes() {
    let hasher = quick();
    for (password, allowed) in [
        ("1234567".to_owned(), false),
        ("12345678".to_owned(), true),
        ("üüüü".to_owned(), true),
        ("x".repeat(1024), true),
        ("x".repeat(1025), false),
        (String::new(), false),
    ] {
        assert_eq!(
            hasher.hash(&password).await.is_ok(),
            allowed,
            "{} bytes",
            password.len()
        );
    }
    assert_eq!(hasher.hash("1234567").await, Err(PasswordError::Length));
}

#[tokio::test]
async fn an_impossible_password_and_an_unknown_name_cost_one_computation_each() {
    let hasher = quick();
    let hash = hasher.hash("correct horse").await.unwrap();
    let before = hasher.computed();
    for impossible in ["", "short", &"x".repeat(2000)] {
        assert!(!hasher.verify(impossible, &hash).await.unwrap());
        hasher.verify_nobody(impossible).await.unwrap();
    }
    hasher.verify_nobody("correct horse").await.unwrap();
    assert_eq!(hasher.computed() - before, 7);
}

#[tokio::test]
async fn an_impossible_password_is_wrong_even_if_somebody_stored_its_hash() {
    use argon2::{Argon2, PasswordHasher as _};

    let hasher = quick();
    for (stored, typed) in [("", ""), ("", "short"), ("short", "short")] {
        let hash = Argon2::default()
            .hash_password_with_salt(stored.as_bytes(), b"saltsaltsalt")
            .unwrap();
        let hash = PasswordHash::parse(&hash.to_string()).unwrap();
        assert!(!hasher.verify(typed, &hash).await.unwrap(), "{typed:?}");
    }
    let hash = Argon2::default()
        .hash_password_with_salt(b"correct horse", b"saltsaltsalt")
        .unwrap();
    let hash = PasswordHash::parse(&hash.to_string()).unwrap();
    assert!(
        hasher.verify("correct horse", &hash).await.unwrap(),
        "the control"
    );
}

#[tokio::test]
async fn a_hash_made_at_another_cost_is_verified_and_should_be_replaced() {
    let (old, new) = (quick(), PasswordHasher::new().cost(16, 2, 1));
    let hash = old.hash("correct horse").await.unwrap();
    assert!(new.verify("correct horse", &hash).await.unwrap());
    assert!(new.needs_rehash(&hash));
    assert!(!old.needs_rehash(&hash));

    let argon2i = PasswordHash::parse(&hash.as_str().replace("argon2id", "argon2i")).unwrap();
    assert!(old.needs_rehash(&argon2i));
    assert!(!old.verify("correct horse", &argon2i).await.unwrap());
}

#[tokio::test]
async fn when_permits_and_queue_are_taken_the_next_is_told_so_at_once() {
    // One that takes long enough to still run when the others come; nothing below depends on how long exactly.
    let hasher = PasswordHasher::new().cost(64 * 1024, 4, 1).permits(1, 1);
    let slow = || {
        let hasher = hasher.clone();
        tokio::spawn(async move { hasher.hash("correct horse").await })
    };
    let (running, waiting) = (slow(), slow());
    while hasher.computed() == 0 {
        tokio::task::yield_now().await;
    }
    assert_eq!(hasher.hash("correct horse").await, Err(PasswordError::Busy));
    assert!(running.await.unwrap().is_ok() && waiting.await.unwrap().is_ok());
    assert!(
        hasher.hash("correct horse").await.is_ok(),
        "the permits came back"
    );
}

#[tokio::test]
async fn a_caller_who_goes_away_does_not_free_the_permit_of_the_computation() {
    let hasher = PasswordHasher::new().cost(64 * 1024, 4, 1).permits(1, 0);
    tokio::select! {
        biased;
        _ = hasher.hash("correct horse") => panic!("the control: the caller leaves before the end"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(hasher.hash("correct horse").await, Err(PasswordError::Busy));
}

#[test]
fn what_is_no_argon2_hash_is_refused() {
    for stored in [
        "",
        "plaintext",
        "$2b$12$abcdefghijklmnopqrstuv",
        "$argon2id$v=19$m=19456,t=2,p=1",
        "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0",
        "$scrypt$ln=16,r=8,p=1$c2FsdHNhbHRzYWx0$YmFzZTY0YmFzZTY0",
    ] {
        assert_eq!(
            PasswordHash::parse(stored),
            Err(PasswordError::Malformed),
            "{stored}"
        );
    }
}

#[tokio::test]
async fn neither_password_nor_hash_shows_in_debug_or_errors() {
    let hash = quick().hash("correct horse").await.unwrap();
    let shown = format!(
        "{hash:?} {:?} {} {}",
        quick(),
        PasswordError::Length,
        PasswordError::Malformed
    );
    assert!(
        !shown.contains("correct") && !shown.contains("argon2id"),
        "{shown}"
    );
}
