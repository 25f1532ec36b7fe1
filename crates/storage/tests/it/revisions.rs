//! Revisions: every save is kept, with its writer and what the writer had started from.

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::note::Note;
use gatepost_domain::role::Role;
use gatepost_domain::text::Text;
use gatepost_storage::posts::Edit;
use gatepost_storage::revisions::Saves;

use crate::support::{again, create, edit, fresh, person, update};

#[tokio::test]
async fn every_save_is_kept_whole() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let bob = person(&db, "bob", Role::Editor).await;
    let first = create(&db, &edit(&alice, "Ours")).await;
    let changed = Edit {
        text: Text::parse("bob’s words").unwrap(),
        note: Note::parse("typos").unwrap(),
        ..again(&bob, &first)
    };
    let second = update(&db, &first, &changed).await;

    let one = db
        .revisions()
        .find(first.id, RevisionNo(1))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (one.base, one.person.id, &one.text),
        (None, alice.id, &first.text)
    );
    assert_eq!((one.saved_at, one.note.as_str()), (first.created_at, ""));
    let two = db
        .revisions()
        .find(first.id, RevisionNo(2))
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (two.base, two.person.id, &two.text),
        (Some(RevisionNo(1)), bob.id, &second.text)
    );
    assert_eq!(
        (two.title, two.saved_at, two.note.as_str()),
        (second.title, second.updated_at, "typos")
    );

    assert_eq!(
        db.revisions().find(first.id, RevisionNo(3)).await.unwrap(),
        None
    );
    assert_eq!(
        db.revisions()
            .find(PostId(99), RevisionNo(1))
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn a_stale_save_leaves_no_revision() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let first = create(&db, &edit(&alice, "Ours")).await;
    update(&db, &first, &again(&alice, &first)).await;
    db.posts()
        .update(first.id, first.revision, &again(&alice, &first))
        .await
        .unwrap();
    assert!(
        db.revisions()
            .find(first.id, RevisionNo(2))
            .await
            .unwrap()
            .is_some(),
        "control"
    );
    assert_eq!(
        db.revisions().find(first.id, RevisionNo(3)).await.unwrap(),
        None
    );
}

#[tokio::test]
async fn saves_are_listed_a_page_at_a_time_in_both_directions() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let mut post = create(&db, &edit(&alice, "Ours")).await;
    for _ in 0..6 {
        post = update(&db, &post, &again(&alice, &post)).await;
    }
    let list = async |saves| {
        let log = db.revisions().list(post.id, saves, 3).await.unwrap();
        let numbers: Vec<i64> = log.entries.iter().map(|entry| entry.number.0).collect();
        (log.has_newer, numbers, log.has_older)
    };
    assert_eq!(list(Saves::Newest).await, (false, vec![7, 6, 5], true));
    assert_eq!(
        list(Saves::Before(RevisionNo(5))).await,
        (true, vec![4, 3, 2], true)
    );
    assert_eq!(
        list(Saves::Before(RevisionNo(2))).await,
        (true, vec![1], false)
    );
    assert_eq!(
        list(Saves::After(RevisionNo(1))).await,
        (true, vec![4, 3, 2], true)
    );
    assert_eq!(
        list(Saves::After(RevisionNo(4))).await,
        (false, vec![7, 6, 5], true)
    );
    assert_eq!(
        list(Saves::After(RevisionNo(9))).await,
        (false, vec![], true)
    );
}

#[tokio::test]
async fn texts_that_are_too_long_for_a_quick_look_are_not_read() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &edit(&alice, "Ours")).await;
    let long = Edit {
        text: Text::parse("x".repeat(500)).unwrap(),
        ..again(&alice, &post)
    };
    let post = update(&db, &post, &long).await;
    let read = async |longest| {
        let all = (RevisionNo(1), RevisionNo(9));
        let texts = db.revisions().texts(post.id, all, longest).await.unwrap();
        texts.iter().map(|(number, _)| number.0).collect::<Vec<_>>()
    };
    assert_eq!(read(499).await, [1]);
    assert_eq!(read(500).await, [1, 2]);
}
