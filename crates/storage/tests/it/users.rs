//! People: unique names, passwords, roles, and the owner who is always left.

use gatepost_domain::display_name::DisplayName;
use gatepost_domain::ids::UserId;
use gatepost_domain::role::Role;
use gatepost_storage::users::{Change, NewUser, PasswordHash};

use crate::support::{fresh, new_user, person, username};

#[tokio::test]
async fn a_person_is_found_by_number_and_by_name_in_any_case() {
    let db = fresh().await;
    assert!(!db.users().any().await.unwrap());
    let alice = person(&db, "Alice", Role::Author).await;
    assert!(db.users().any().await.unwrap());
    assert_eq!(
        db.users().find(alice.id).await.unwrap(),
        Some(alice.clone())
    );
    assert_eq!(
        db.users().by_username(&username("aLiCe")).await.unwrap(),
        Some(alice.clone())
    );
    assert_eq!(
        alice.username.as_str(),
        "Alice",
        "the spelling they chose is kept"
    );
    assert_eq!(db.users().find(UserId(alice.id.0 + 1)).await.unwrap(), None);
    assert_eq!(
        db.users().by_username(&username("bob")).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn two_spellings_of_one_name_are_one_account() {
    let db = fresh().await;
    let first = person(&db, "Straße", Role::Author).await;
    for spelling in ["Straße", "STRASSE", "strasse"] {
        assert_eq!(
            db.users()
                .create(&new_user(spelling, Role::Owner))
                .await
                .unwrap(),
            None,
            "{spelling}"
        );
    }
    assert_eq!(db.users().list().await.unwrap(), [first]);
}

#[tokio::test]
async fn people_are_listed_by_name() {
    let db = fresh().await;
    for name in ["carol", "Alice", "bob"] {
        person(&db, name, Role::Author).await;
    }
    let names: Vec<String> = db
        .users()
        .list()
        .await
        .unwrap()
        .into_iter()
        .map(|user| user.username.to_string())
        .collect();
    assert_eq!(names, ["Alice", "bob", "carol"]);
}

#[tokio::test]
async fn an_account_carries_what_logging_in_needs_and_never_prints_it() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Owner).await;
    let account = db
        .users()
        .account(&username("ALICE"))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(account.user, alice);
    assert_eq!(
        account.password_hash,
        Some(PasswordHash::new("hash of alice"))
    );
    assert!(!format!("{account:?}").contains("hash of alice"));
    assert_eq!(
        db.users()
            .account(&username("nobody"))
            .await
            .unwrap()
            .map(|account| account.epoch),
        None
    );

    let nameless = NewUser {
        password_hash: None,
        ..new_user("bob", Role::Author)
    };
    db.users().create(&nameless).await.unwrap();
    assert_eq!(
        db.users()
            .account(&username("bob"))
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        None
    );
}

#[tokio::test]
async fn a_new_password_ends_every_session_and_a_new_hash_of_the_old_one_ends_none() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Owner).await;
    let before = db.users().account_of(alice.id).await.unwrap().unwrap();
    let old = before.password_hash.unwrap();

    let rehashed = PasswordHash::new("stronger");
    assert_eq!(
        db.users().rehash(alice.id, &old, &rehashed).await.unwrap(),
        Change::Done
    );
    let after = db.users().account_of(alice.id).await.unwrap().unwrap();
    assert_eq!(
        (after.password_hash, after.epoch),
        (Some(rehashed), before.epoch)
    );

    let new = PasswordHash::new("new");
    assert_eq!(
        db.users().set_password(alice.id, &new).await.unwrap(),
        Change::Done
    );
    let after = db.users().account_of(alice.id).await.unwrap().unwrap();
    assert_eq!(
        (after.password_hash.clone(), after.epoch),
        (Some(new.clone()), before.epoch + 1)
    );

    assert_eq!(
        db.users().rehash(alice.id, &old, &old).await.unwrap(),
        Change::Missing,
        "the password changed meanwhile"
    );
    assert_eq!(
        db.users()
            .account_of(alice.id)
            .await
            .unwrap()
            .unwrap()
            .password_hash,
        Some(new)
    );
    assert_eq!(
        db.users().set_password(UserId(99), &old).await.unwrap(),
        Change::Missing
    );
}

#[tokio::test]
async fn a_disabled_account_comes_back_without_its_old_sessions() {
    let db = fresh().await;
    let bob = person(&db, "bob", Role::Author).await;
    let epoch = db.users().account_of(bob.id).await.unwrap().unwrap().epoch;
    for disabled in [true, true, false] {
        assert_eq!(
            db.users().set_disabled(bob.id, disabled).await.unwrap(),
            Change::Done
        );
        let account = db.users().account_of(bob.id).await.unwrap().unwrap();
        assert_eq!(
            (account.user.disabled, account.epoch),
            (disabled, epoch + 1)
        );
    }
    assert_eq!(
        db.users().set_disabled(UserId(99), true).await.unwrap(),
        Change::Missing
    );
}

#[tokio::test]
async fn the_site_is_never_left_without_an_owner_who_can_log_in() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Owner).await;
    let bob = person(&db, "bob", Role::Editor).await;
    assert_eq!(
        db.users().set_role(alice.id, Role::Editor).await.unwrap(),
        Change::LastOwner
    );
    assert_eq!(
        db.users().set_disabled(alice.id, true).await.unwrap(),
        Change::LastOwner
    );
    assert_eq!(
        db.users().find(alice.id).await.unwrap(),
        Some(alice.clone()),
        "nothing was changed"
    );

    assert_eq!(
        db.users().set_role(bob.id, Role::Owner).await.unwrap(),
        Change::Done
    );
    assert_eq!(
        db.users().set_disabled(bob.id, true).await.unwrap(),
        Change::Done
    );
    assert_eq!(
        db.users().set_role(alice.id, Role::Editor).await.unwrap(),
        Change::LastOwner,
        "bob can't log in"
    );
    assert_eq!(
        db.users().set_role(bob.id, Role::Editor).await.unwrap(),
        Change::Done,
        "bob was no use as an owner"
    );

    assert_eq!(
        db.users().set_role(bob.id, Role::Owner).await.unwrap(),
        Change::Done
    );
    assert_eq!(
        db.users().set_disabled(bob.id, false).await.unwrap(),
        Change::Done
    );
    assert_eq!(
        db.users()
            .set_role(alice.id, Role::Contributor)
            .await
            .unwrap(),
        Change::Done
    );
    assert_eq!(
        db.users().find(alice.id).await.unwrap().unwrap().role,
        Role::Contributor
    );
    assert_eq!(
        db.users().set_role(UserId(99), Role::Author).await.unwrap(),
        Change::Missing
    );
}

#[tokio::test]
async fn a_person_can_sign_with_another_name() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Owner).await;
    let name = DisplayName::parse("Alice Liddell").unwrap();
    assert_eq!(
        db.users().set_display_name(alice.id, &name).await.unwrap(),
        Change::Done
    );
    assert_eq!(
        db.users()
            .find(alice.id)
            .await
            .unwrap()
            .unwrap()
            .display_name,
        name
    );
    assert_eq!(
        db.users()
            .set_display_name(UserId(99), &name)
            .await
            .unwrap(),
        Change::Missing
    );
}
