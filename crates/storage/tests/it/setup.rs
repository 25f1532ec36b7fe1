//! The set-up token: one, once, and only while nobody has an account.

use gatepost_domain::role::Role;
use gatepost_storage::setup::SetUp;

use crate::support::{fresh, new_user, person};

#[tokio::test]
async fn the_printed_token_makes_the_first_account_once() {
    let db = fresh().await;
    assert!(db.setup().issue("the token").await.unwrap());
    assert!(db.setup().is_valid("the token").await.unwrap());
    assert!(!db.setup().is_valid("another").await.unwrap());
    let owner = new_user("alice", Role::Owner);
    assert_eq!(
        db.setup().finish("another", &owner).await.unwrap(),
        SetUp::Refused
    );
    let SetUp::Done(alice) = db.setup().finish("the token", &owner).await.unwrap() else {
        panic!()
    };
    assert_eq!(db.users().list().await.unwrap(), [alice]);
    assert!(!db.setup().is_valid("the token").await.unwrap());
    assert_eq!(
        db.setup()
            .finish("the token", &new_user("eve", Role::Owner))
            .await
            .unwrap(),
        SetUp::Refused
    );
}

#[tokio::test]
async fn only_the_last_printed_token_counts() {
    let db = fresh().await;
    db.setup().issue("first").await.unwrap();
    db.setup().issue("second").await.unwrap();
    assert!(!db.setup().is_valid("first").await.unwrap());
    assert!(db.setup().is_valid("second").await.unwrap());
    db.setup().withdraw().await.unwrap();
    assert!(!db.setup().is_valid("second").await.unwrap());
}

#[tokio::test]
async fn a_site_with_people_has_no_use_for_a_token() {
    let db = fresh().await;
    db.setup().issue("early").await.unwrap();
    person(&db, "alice", Role::Owner).await;
    assert!(!db.setup().issue("late").await.unwrap());
    for token in ["early", "late"] {
        assert!(!db.setup().is_valid(token).await.unwrap());
        assert_eq!(
            db.setup()
                .finish(token, &new_user("eve", Role::Owner))
                .await
                .unwrap(),
            SetUp::Refused
        );
    }
}
