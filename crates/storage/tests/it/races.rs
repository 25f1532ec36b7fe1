//! Two writers at the same moment; a barrier lets them go, and the database decides.

use std::sync::Arc;

use gatepost_domain::role::Role;
use gatepost_domain::text::Text;
use gatepost_storage::Db;
use gatepost_storage::posts::{Created, Edit, Updated};
use gatepost_storage::setup::SetUp;
use gatepost_storage::users::Change;
use tokio::sync::Barrier;

use crate::support::{again, clock, create, edit, fresh, new_user, person};

/// Two processes on one file: each has a writer of its own.
async fn both(fresh: &crate::support::Fresh) -> [Db; 2] {
    [
        fresh.db.clone(),
        Db::open(&fresh.path(), clock).await.unwrap(),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_saves_on_one_revision_one_is_saved_and_one_is_stale() {
    let fresh = fresh().await;
    let alice = person(&fresh, "alice", Role::Author).await;
    for round in 0..10 {
        let post = create(&fresh, &edit(&alice, &format!("Round {round}"))).await;
        let barrier = Arc::new(Barrier::new(2));
        let saves = both(&fresh).await.map(|db| {
            let (barrier, post, alice) = (barrier.clone(), post.clone(), alice.clone());
            tokio::spawn(async move {
                let edit = Edit {
                    text: Text::parse("mine").unwrap(),
                    ..again(&alice, &post)
                };
                barrier.wait().await;
                db.posts()
                    .update(post.id, post.revision, &edit)
                    .await
                    .unwrap()
            })
        });
        let mut outcomes = Vec::new();
        for save in saves {
            outcomes.push(save.await.unwrap());
        }
        outcomes.sort_by_key(|outcome| matches!(outcome, Updated::Stale(_)));
        let [Updated::Saved(saved), Updated::Stale(current)] = &outcomes[..] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(
            saved, current,
            "the one that came late is shown what the other one saved"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_tabs_that_go_on_with_one_form_one_makes_the_post() {
    let fresh = fresh().await;
    let alice = person(&fresh, "alice", Role::Author).await;
    let key = |seed: u8| Some(format!("{seed:0>22}").parse().unwrap());
    for round in 0..10 {
        let barrier = Arc::new(Barrier::new(2));
        let dbs = both(&fresh).await;
        let saves: Vec<_> = (1..)
            .zip(dbs)
            .map(|(tab, db)| {
                let barrier = barrier.clone();
                let edit = Edit {
                    form: key(round * 10 + tab),
                    opened_from: key(round * 10),
                    ..edit(&alice, &format!("Round {round}, tab {tab}"))
                };
                tokio::spawn(async move {
                    barrier.wait().await;
                    db.posts().create(&edit).await.unwrap()
                })
            })
            .collect();
        let mut outcomes = Vec::new();
        for save in saves {
            outcomes.push(save.await.unwrap());
        }
        outcomes.sort_by_key(|outcome| matches!(outcome, Created::Elsewhere(_)));
        let [Created::Post(made), Created::Elsewhere(known)] = &outcomes[..] else {
            panic!("{outcomes:?}")
        };
        assert_eq!(made, known);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_posts_of_one_title_at_once_have_two_addresses() {
    let fresh = fresh().await;
    let alice = person(&fresh, "alice", Role::Author).await;
    let barrier = Arc::new(Barrier::new(2));
    let posts = both(&fresh).await.map(|db| {
        let (barrier, alice) = (barrier.clone(), alice.clone());
        tokio::spawn(async move {
            barrier.wait().await;
            create(&db, &edit(&alice, "Same")).await.slug.to_string()
        })
    });
    let mut slugs = Vec::new();
    for post in posts {
        slugs.push(post.await.unwrap());
    }
    slugs.sort();
    assert_eq!(slugs, ["same", "same-2"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_owners_who_demote_each_other_at_once_leave_one() {
    let fresh = fresh().await;
    let (alice, bob) = (
        person(&fresh, "alice", Role::Owner).await,
        person(&fresh, "bob", Role::Owner).await,
    );
    let barrier = Arc::new(Barrier::new(2));
    let [one, other] = both(&fresh).await;
    let changes = [(one, alice), (other, bob)].map(|(db, user)| {
        let barrier = barrier.clone();
        tokio::spawn(async move {
            barrier.wait().await;
            db.users().set_role(user.id, Role::Editor).await.unwrap()
        })
    });
    let mut outcomes = Vec::new();
    for change in changes {
        outcomes.push(change.await.unwrap());
    }
    outcomes.sort_by_key(|change| *change == Change::LastOwner);
    assert_eq!(outcomes, [Change::Done, Change::LastOwner]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_set_up_token_used_twice_at_once_makes_one_account() {
    let fresh = fresh().await;
    fresh.setup().issue("token").await.unwrap();
    let barrier = Arc::new(Barrier::new(2));
    let [one, other] = both(&fresh).await;
    let attempts = [(one, "alice"), (other, "mallory")].map(|(db, name)| {
        let barrier = barrier.clone();
        tokio::spawn(async move {
            barrier.wait().await;
            db.setup()
                .finish("token", &new_user(name, Role::Owner))
                .await
                .unwrap()
        })
    });
    let mut done = 0;
    for attempt in attempts {
        done += usize::from(matches!(attempt.await.unwrap(), SetUp::Done(_)));
    }
    assert_eq!((done, fresh.users().list().await.unwrap().len()), (1, 1));
}
