//! Forms that wait: for their author alone, one of a kind, so many and so long.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::UserId;
use gatepost_domain::role::Role;
use gatepost_storage::Db;
use gatepost_storage::parked::{Kept, NewForm, Opened, Reason};
use time::{Duration, OffsetDateTime};

use crate::support::{create, edit, fresh, person};

fn key(seed: u8) -> FormKey {
    format!("{seed:0>22}").parse().unwrap()
}

async fn park(db: &Db, person: UserId, seed: u8, title: &str, reason: Reason) -> Kept {
    park_state(db, person, (seed, None), title, (0, reason)).await
}

async fn park_at(db: &Db, person: UserId, seed: u8, title: &str, state: (i64, Reason)) -> Kept {
    park_state(db, person, (seed, None), title, state).await
}

async fn park_state(
    db: &Db,
    person: UserId,
    (seed, opened): (u8, Option<&Opened>),
    title: &str,
    (turn, reason): (i64, Reason),
) -> Kept {
    let fields = [
        ("title".to_owned(), title.to_owned()),
        ("text".to_owned(), "Some words.".to_owned()),
    ];
    let (key, address) = (key(seed), "/new");
    db.parked()
        .park(&NewForm {
            person,
            key: &key,
            address,
            title,
            fields: &fields,
            turn,
            reason,
            opened_from: opened,
        })
        .await
        .unwrap()
}

async fn titles(db: &Db, person: UserId) -> Vec<String> {
    let waiting = db.parked().waiting(person).await.unwrap();
    waiting.into_iter().map(|form| form.title).collect()
}

#[tokio::test]
async fn a_form_is_given_back_to_its_author_and_to_nobody_else() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await.id;
    let bob = person(&db, "bob", Role::Owner).await.id;
    assert_eq!(
        park(&db, alice, 1, "Hers", Reason::Refused).await,
        Kept::Yes
    );
    let form = db
        .parked()
        .find(alice, &key(1))
        .await
        .unwrap()
        .expect("hers");
    assert_eq!(
        (form.address.as_str(), form.fields[0].1.as_str()),
        ("/new", "Hers")
    );
    assert_eq!(db.parked().find(bob, &key(1)).await.unwrap(), None);
    assert!(!db.parked().discard(bob, &key(1)).await.unwrap());
    assert!(titles(&db, bob).await.is_empty());
    // The same key in other hands is another form.
    assert_eq!(park(&db, bob, 1, "His", Reason::Refused).await, Kept::Yes);
    assert_eq!(titles(&db, alice).await, ["Hers"]);
    assert!(db.parked().discard(alice, &key(1)).await.unwrap());
    assert!(
        !db.parked().discard(alice, &key(1)).await.unwrap(),
        "only once"
    );
    assert_eq!(titles(&db, bob).await, ["His"]);
    assert_eq!(db.parked().people().await.unwrap(), [bob]);
}

#[tokio::test]
async fn a_form_that_is_parked_again_replaces_itself_and_stays_one_that_was_refused() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await.id;
    park(&db, alice, 1, "First", Reason::Refused).await;
    park(&db, alice, 2, "Other tab", Reason::Typing).await;
    park(&db, alice, 1, "Second", Reason::Typing).await;
    let waiting = db.parked().waiting(alice).await.unwrap();
    let seen: Vec<_> = waiting
        .iter()
        .map(|form| (form.title.as_str(), form.refused))
        .collect();
    assert_eq!(seen, [("Second", true), ("Other tab", false)]);
}

#[tokio::test]
async fn what_was_promised_gives_way_to_nothing_and_what_is_being_typed_gives_way_the_oldest_first()
{
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await.id;
    for seed in 1..=5 {
        assert_eq!(
            park(&db, alice, seed, &seed.to_string(), Reason::Typing).await,
            Kept::Yes
        );
    }
    assert_eq!(
        park(&db, alice, 6, "unproven", Reason::Unproven).await,
        Kept::Full,
        "takes nobody's place"
    );
    assert_eq!(park(&db, alice, 6, "6", Reason::Refused).await, Kept::Yes);
    assert_eq!(titles(&db, alice).await, ["6", "5", "4", "3", "2"]);
    for seed in 7..=10 {
        assert_eq!(
            park(&db, alice, seed, &seed.to_string(), Reason::Refused).await,
            Kept::Yes
        );
    }
    for reason in [Reason::Typing, Reason::Refused, Reason::Unproven] {
        assert_eq!(park(&db, alice, 11, "too many", reason).await, Kept::Full);
    }
    assert_eq!(
        park(&db, alice, 10, "10 again", Reason::Unproven).await,
        Kept::Yes,
        "its own place is its own"
    );
    assert_eq!(titles(&db, alice).await, ["10 again", "9", "8", "7", "6"]);
}

#[tokio::test]
async fn a_form_waits_a_week() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await.id;
    park(&db, alice, 1, "Old", Reason::Refused).await;
    let on = |days: i64| -> fn() -> OffsetDateTime {
        match days {
            6 => || OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::days(6),
            _ => || OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap() + Duration::days(8),
        }
    };
    let (before, after) = (db.with_clock(on(6)), db.with_clock(on(8)));
    assert_eq!(
        (
            titles(&before, alice).await.len(),
            before.parked().expire().await.unwrap()
        ),
        (1, 0)
    );
    assert!(titles(&after, alice).await.is_empty());
    assert_eq!(after.parked().find(alice, &key(1)).await.unwrap(), None);
    assert_eq!(after.parked().expire().await.unwrap(), 1);
    assert!(db.parked().people().await.unwrap().is_empty());
}

#[tokio::test]
async fn what_the_page_sent_late_does_not_bring_a_saved_form_back() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let saved = gatepost_storage::posts::Edit {
        form: Some(key(1)),
        ..edit(&alice, "Saved")
    };
    create(&db, &saved).await;
    park_at(&db, alice.id, 1, "Before", (6, Reason::Typing)).await;
    db.parked().saved(alice.id, &key(1), 7).await.unwrap();
    for reason in [Reason::Typing, Reason::Unproven] {
        for turn in [6, 7] {
            assert_eq!(
                park_at(&db, alice.id, 1, "Late", (turn, reason)).await,
                Kept::Late
            );
        }
    }
    assert!(titles(&db, alice.id).await.is_empty());
    assert_eq!(
        park_at(&db, alice.id, 2, "Another", (1, Reason::Typing)).await,
        Kept::Yes,
        "control"
    );
    assert_eq!(
        park_at(&db, alice.id, 1, "Changed since", (8, Reason::Typing)).await,
        Kept::Yes,
        "typed after going back"
    );
    db.parked().saved(alice.id, &key(1), 7).await.unwrap();
    assert_eq!(
        titles(&db, alice.id).await,
        ["Changed since", "Another"],
        "the same save, told once more"
    );
}

#[tokio::test]
async fn what_arrives_late_replaces_no_newer_state_of_its_form() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await.id;
    let steps = [
        (5, "Refused", Reason::Refused, Kept::Yes),
        (4, "Typed before", Reason::Typing, Kept::Late),
        (4, "Typed before", Reason::Unproven, Kept::Late),
        (6, "Typed after", Reason::Typing, Kept::Yes),
        (6, "Sent again", Reason::Refused, Kept::Yes),
        (0, "Without a script", Reason::Refused, Kept::Yes),
    ];
    for (turn, title, reason, kept) in steps {
        assert_eq!(
            park_at(&db, alice, 1, title, (turn, reason)).await,
            kept,
            "{title}"
        );
    }
    assert_eq!(titles(&db, alice).await, ["Without a script"]);
}

#[tokio::test]
async fn a_form_kept_under_a_new_name_takes_the_place_of_the_one_it_was_opened_from() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await.id;
    let bob = person(&db, "bob", Role::Author).await.id;
    park(&db, alice, 1, "Refused", Reason::Refused).await;
    park(&db, bob, 1, "Bob’s", Reason::Refused).await;
    for seed in 5..=8 {
        park(&db, alice, seed, "Other", Reason::Refused).await;
    }
    let opened = async || {
        let form = db.parked().find(alice, &key(1)).await.unwrap();
        form.expect("kept").opened
    };
    let first = opened().await;
    let tab = async |seed, opened: &Opened, title: &str, reason| {
        park_state(&db, alice, (seed, Some(opened)), title, (0, reason)).await
    };
    // Five wait: there is room for it because it takes a place over.
    let typed_on = tab(2, &first, "Typed on", Reason::Typing).await;
    assert_eq!(typed_on, Kept::Yes);
    let waiting = db.parked().waiting(alice).await.unwrap();
    assert_eq!(waiting.len(), 5);
    assert_eq!(waiting[0].key, key(2));
    assert!(waiting[0].refused, "it was sent once, under its old name");
    assert_eq!(titles(&db, bob).await, ["Bob’s"], "which is another’s");
    for place in [1, 2] {
        let form = db.parked().find(alice, &key(place)).await.unwrap();
        assert_eq!(form.expect("kept").fields[0].1, "Typed on");
    }
    // Another tab that goes on with the same form takes nobody's place.
    let other = tab(3, &first, "Other tab", Reason::Refused).await;
    assert_eq!(other, Kept::Full);
    assert_eq!(db.parked().waiting(alice).await.unwrap(), waiting);

    // Nor does one that was opened from an older state than the one that waits.
    db.parked().discard(alice, &key(2)).await.unwrap();
    park(&db, alice, 1, "Typed where it began", Reason::Typing).await;
    db.parked().discard(alice, &key(8)).await.unwrap();
    assert_eq!(tab(4, &first, "Late", Reason::Typing).await, Kept::Yes);
    assert!(
        titles(&db, alice)
            .await
            .contains(&"Typed where it began".to_owned())
    );
    db.parked().saved_elsewhere(alice, &first).await.unwrap();
    assert!(
        titles(&db, alice)
            .await
            .contains(&"Typed where it began".to_owned())
    );
    let now = opened().await;
    db.parked().saved_elsewhere(alice, &now).await.unwrap();
    assert_eq!(titles(&db, alice).await[0], "Late");
}
