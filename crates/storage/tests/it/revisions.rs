//! Revisions: every save is kept, with its writer and what the writer had started from.

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::note::Note;
use gatepost_domain::role::Role;
use gatepost_domain::text::Text;
use gatepost_storage::posts::Edit;

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
