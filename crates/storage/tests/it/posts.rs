//! Posts: addresses, saves, the trash and lists.

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::pagination::Direction;
use gatepost_domain::post::{PostAddress, Stage, Status, Summary, Visibility};
use gatepost_domain::role::Role;
use gatepost_domain::text::Text;
use gatepost_storage::Db;
use gatepost_storage::posts::{Created, Edit, Found, Updated, WantedSlug};

use time::OffsetDateTime;

use crate::support::{again, create, draft, edit, fresh, person, slug, stop_the_clock, update};

async fn at(db: &Db, address: &str) -> Found {
    db.posts().find(&address.parse().unwrap()).await.unwrap()
}

#[tokio::test]
async fn a_saved_post_is_read_back_whole() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    assert!(!db.posts().any().await.unwrap());
    let post = create(
        &db,
        &Edit {
            visibility: Visibility::Unlisted,
            ..edit(&alice, "A walk at dusk")
        },
    )
    .await;
    assert!(db.posts().any().await.unwrap());

    assert_eq!(post.slug, slug("a-walk-at-dusk"));
    assert_eq!(post.title.as_str(), "A walk at dusk");
    assert_eq!(post.text.as_str(), "The text of A walk at dusk.");
    assert_eq!(
        (post.status, post.visibility),
        (Status::Published, Visibility::Unlisted)
    );
    assert_eq!(
        (post.owner.id, post.last_editor.id, post.revision),
        (alice.id, alice.id, RevisionNo(1))
    );
    assert_eq!(post.published_at, Some(post.created_at));
    assert_eq!(db.posts().get(post.id).await.unwrap(), Some(post.clone()));
    assert_eq!(at(&db, "a-walk-at-dusk").await, Found::Post(Box::new(post)));
    assert_eq!(at(&db, "a-walk-at-dawn").await, Found::Missing);
    assert_eq!(db.posts().get(PostId(99)).await.unwrap(), None);
}

#[tokio::test]
async fn a_draft_was_never_public() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &draft(&alice, "Notes")).await;
    assert_eq!(
        (post.status, post.published_at, post.was_public()),
        (Status::Draft, None, false)
    );
}

#[tokio::test]
async fn the_last_editor_is_recorded_and_the_owner_stays() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let bob = person(&db, "bob", Role::Editor).await;
    let post = create(&db, &edit(&alice, "Ours")).await;
    let edited = update(&db, &post, &again(&bob, &post)).await;
    assert_eq!((edited.owner.id, edited.last_editor.id), (alice.id, bob.id));
    assert_eq!(edited.last_editor.display_name, bob.display_name);
    assert!(edited.updated_at > post.updated_at);
    assert_eq!(edited.created_at, post.created_at);
}

#[tokio::test]
async fn a_published_post_moves_its_readers_from_its_number_and_its_old_slugs() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &edit(&alice, "First name")).await;
    let second = update(&db, &post, &edit(&alice, "Second name")).await;
    let third = update(&db, &second, &edit(&alice, "Third name")).await;
    assert_eq!(third.slug, slug("third-name"));
    for address in [&post.id.to_string(), "first-name", "second-name"] {
        assert_eq!(
            at(&db, address).await,
            Found::Moved(slug("third-name")),
            "{address}"
        );
    }
    assert_eq!(at(&db, "third-name").await, Found::Post(Box::new(third)));
}

#[tokio::test]
async fn a_draft_found_by_its_number_is_the_draft_and_tells_no_stranger_its_slug() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &draft(&alice, "Secret plan")).await;
    assert_eq!(
        at(&db, &post.id.to_string()).await,
        Found::Post(Box::new(post))
    );
}

#[tokio::test]
async fn an_old_slug_of_a_public_post_is_never_given_away_but_its_owner_may_have_it_back() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &edit(&alice, "First")).await;
    let moved = update(&db, &post, &edit(&alice, "Second")).await;

    let other = create(&db, &edit(&alice, "First")).await;
    assert_eq!(other.slug, slug("first-2"));
    let typed = Edit {
        slug: WantedSlug::Typed(slug("first")),
        ..edit(&alice, "Mine")
    };
    assert_eq!(db.posts().create(&typed).await.unwrap(), Created::SlugTaken);

    let back = update(
        &db,
        &moved,
        &Edit {
            slug: WantedSlug::Typed(slug("first")),
            ..edit(&alice, "Second")
        },
    )
    .await;
    assert_eq!(back.slug, slug("first"));
    assert_eq!(at(&db, "second").await, Found::Moved(slug("first")));
}

#[tokio::test]
async fn a_slug_that_was_never_public_is_free_again() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &draft(&alice, "Working title")).await;
    // Published in the same save that renames it: nobody ever read it under the first name.
    update(&db, &post, &edit(&alice, "Real title")).await;
    assert_eq!(at(&db, "working-title").await, Found::Missing);
    assert_eq!(
        create(&db, &edit(&alice, "Working title")).await.slug,
        slug("working-title")
    );
}

#[tokio::test]
async fn a_taken_slug_gets_a_number_when_it_came_from_the_title_and_a_refusal_when_it_was_typed() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    for wanted in ["hello", "hello-2", "hello-3"] {
        assert_eq!(create(&db, &edit(&alice, "Hello")).await.slug, slug(wanted));
    }
    let typed = Edit {
        slug: WantedSlug::Typed(slug("hello-2")),
        ..edit(&alice, "Hello")
    };
    assert_eq!(db.posts().create(&typed).await.unwrap(), Created::SlugTaken);

    let post = create(&db, &edit(&alice, "Else")).await;
    let taken = Edit {
        text: Text::parse("lost?").unwrap(),
        ..typed
    };
    assert_eq!(
        db.posts()
            .update(post.id, post.revision, &taken)
            .await
            .unwrap(),
        Updated::SlugTaken
    );
    assert_eq!(
        db.posts().get(post.id).await.unwrap(),
        Some(post),
        "a refused save changes nothing"
    );
}

#[tokio::test]
async fn saving_again_under_the_same_title_keeps_a_numbered_slug() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(&db, &edit(&alice, "Hello")).await;
    let second = create(&db, &edit(&alice, "Hello")).await;
    assert_eq!(
        update(&db, &second, &edit(&alice, "Hello")).await.slug,
        slug("hello-2")
    );
}

#[tokio::test]
async fn a_save_on_an_older_revision_is_stale_and_changes_nothing() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let bob = person(&db, "bob", Role::Editor).await;
    let post = create(&db, &edit(&alice, "Ours")).await;
    let saved = update(
        &db,
        &post,
        &Edit {
            text: Text::parse("bob’s").unwrap(),
            ..again(&bob, &post)
        },
    )
    .await;
    assert_eq!(saved.revision, RevisionNo(2));

    let late = Edit {
        text: Text::parse("alice’s").unwrap(),
        ..again(&alice, &post)
    };
    assert_eq!(
        db.posts()
            .update(post.id, post.revision, &late)
            .await
            .unwrap(),
        Updated::Stale(Box::new(saved.clone()))
    );
    assert_eq!(
        db.posts()
            .update(post.id, RevisionNo(7), &late)
            .await
            .unwrap(),
        Updated::Stale(Box::new(saved.clone())),
        "a revision that is yet to come"
    );
    assert_eq!(db.posts().get(post.id).await.unwrap(), Some(saved));
    assert_eq!(
        db.posts()
            .update(PostId(99), RevisionNo(1), &late)
            .await
            .unwrap(),
        Updated::Missing
    );
}

#[tokio::test]
async fn a_post_keeps_the_date_it_was_first_published() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &draft(&alice, "Slow")).await;
    let out = update(
        &db,
        &post,
        &Edit {
            stage: Stage::Published,
            ..again(&alice, &post)
        },
    )
    .await;
    assert!(out.published_at.unwrap() > post.created_at);
    let back = update(
        &db,
        &out,
        &Edit {
            stage: Stage::Draft,
            ..again(&alice, &out)
        },
    )
    .await;
    assert_eq!(
        (back.status, back.published_at),
        (Status::Draft, out.published_at)
    );
    let again = update(
        &db,
        &back,
        &Edit {
            stage: Stage::Published,
            ..again(&alice, &back)
        },
    )
    .await;
    assert_eq!(
        (again.status, again.published_at),
        (Status::Published, out.published_at)
    );
}

#[tokio::test]
async fn a_post_in_the_trash_is_gone_everywhere_and_comes_back_as_it_was() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let first = create(&db, &edit(&alice, "Old name")).await;
    let post = update(&db, &first, &edit(&alice, "New name")).await;
    assert!(db.posts().trash(post.id).await.unwrap());
    assert!(
        !db.posts().trash(post.id).await.unwrap(),
        "it is in there already"
    );

    for address in ["old-name", "new-name", &post.id.to_string()] {
        let Found::Gone(gone) = at(&db, address).await else {
            panic!("{address}")
        };
        assert_eq!(
            (gone.id, gone.status, gone.was_public()),
            (post.id, Status::Trashed, true)
        );
    }
    assert_eq!(
        db.posts()
            .update(post.id, post.revision, &again(&alice, &post))
            .await
            .unwrap(),
        Updated::Missing
    );
    assert_eq!(
        titles(&db.posts().index(None, 20).await.unwrap().items),
        Vec::<String>::new()
    );
    assert_eq!(
        titles(&db.posts().trash_of(alice.id, None, 20).await.unwrap().items),
        ["New name"]
    );
    assert_eq!(
        create(&db, &edit(&alice, "New name")).await.slug,
        slug("new-name-2"),
        "its address waits for it"
    );

    assert!(db.posts().restore(post.id).await.unwrap());
    assert!(
        !db.posts().restore(post.id).await.unwrap(),
        "it is out already"
    );
    assert_eq!(db.posts().get(post.id).await.unwrap(), Some(post));
    assert!(!db.posts().trash(PostId(99)).await.unwrap());
}

#[tokio::test]
async fn a_trashed_draft_comes_back_as_a_draft() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &draft(&alice, "Notes")).await;
    db.posts().trash(post.id).await.unwrap();
    let Found::Gone(gone) = at(&db, "notes").await else {
        panic!()
    };
    assert!(!gone.was_public());
    db.posts().restore(post.id).await.unwrap();
    assert_eq!(db.posts().get(post.id).await.unwrap(), Some(post));
}

fn titles(posts: &[Summary]) -> Vec<String> {
    posts.iter().map(|post| post.title.to_string()).collect()
}

#[tokio::test]
async fn the_front_page_lists_public_posts_only() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let public = create(&db, &edit(&alice, "Public")).await;
    create(&db, &draft(&alice, "Draft")).await;
    create(
        &db,
        &Edit {
            visibility: Visibility::Unlisted,
            ..edit(&alice, "Unlisted")
        },
    )
    .await;
    let trashed = create(&db, &edit(&alice, "Trashed")).await;
    db.posts().trash(trashed.id).await.unwrap();

    let page = db.posts().index(None, 20).await.unwrap();
    assert_eq!(titles(&page.items), ["Public"]);
    assert_eq!((page.newer, page.older), (None, None));
    let summary = &page.items[0];
    assert_eq!(
        (summary.id, &summary.slug, &summary.owner),
        (public.id, &public.slug, &public.owner)
    );
    assert_eq!(summary.opening, "The text of Public.");
    assert_eq!(
        (summary.published_at, &summary.picture),
        (public.published_at, &None)
    );
    assert_eq!(
        titles(&db.posts().drafts(alice.id, None, 20).await.unwrap().items),
        ["Draft"]
    );
}

#[tokio::test]
async fn the_front_page_carries_only_the_beginning_of_a_long_text() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(
        &db,
        &Edit {
            text: Text::parse("ü".repeat(10_000)).unwrap(),
            ..edit(&alice, "Long")
        },
    )
    .await;
    let opening = &db.posts().index(None, 20).await.unwrap().items[0].opening;
    assert_eq!(opening, &"ü".repeat(1_500));
}

#[tokio::test]
async fn drafts_and_trash_show_only_their_owner_s_posts() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let bob = person(&db, "bob", Role::Author).await;
    create(&db, &draft(&alice, "One")).await;
    let two = create(&db, &draft(&alice, "Two")).await;
    let three = create(&db, &draft(&alice, "Three")).await;
    update(
        &db,
        &two,
        &Edit {
            stage: Stage::Draft,
            ..again(&alice, &two)
        },
    )
    .await;
    assert_eq!(
        titles(&db.posts().drafts(alice.id, None, 20).await.unwrap().items),
        ["Two", "Three", "One"]
    );
    assert_eq!(
        titles(&db.posts().drafts(alice.id, None, 2).await.unwrap().items),
        ["Two", "Three"]
    );
    db.posts().trash(three.id).await.unwrap();
    assert_eq!(
        titles(&db.posts().drafts(alice.id, None, 20).await.unwrap().items),
        ["Two", "One"]
    );
    assert_eq!(
        titles(&db.posts().trash_of(alice.id, None, 20).await.unwrap().items),
        ["Three"]
    );
    assert!(
        db.posts()
            .drafts(bob.id, None, 20)
            .await
            .unwrap()
            .items
            .is_empty()
    );
    assert!(
        db.posts()
            .trash_of(bob.id, None, 20)
            .await
            .unwrap()
            .items
            .is_empty()
    );
}

/// Walks the whole list one way and back and compares both walks with what was written.
async fn walk_both_ways(db: &Db, written: &[String], limit: u32) {
    let newest_first: Vec<String> = written.iter().rev().cloned().collect();
    let mut pages = vec![db.posts().index(None, limit).await.unwrap()];
    while let Some(older) = pages.last().unwrap().older {
        pages.push(
            db.posts()
                .index(Some(Direction::Before(older)), limit)
                .await
                .unwrap(),
        );
    }
    let seen: Vec<String> = pages.iter().flat_map(|page| titles(&page.items)).collect();
    assert_eq!(seen, newest_first);
    assert_eq!(pages.len(), written.len().div_ceil(limit as usize));

    let mut page = pages.pop().unwrap();
    while let Some(newer) = page.newer {
        page = db
            .posts()
            .index(Some(Direction::After(newer)), limit)
            .await
            .unwrap();
        let expected = pages.pop().unwrap();
        assert_eq!(titles(&page.items), titles(&expected.items));
        assert_eq!(page.older, expected.older);
    }
    assert!(pages.is_empty());
}

#[tokio::test]
async fn pages_lead_to_the_oldest_post_and_back_without_missing_or_repeating_one() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let mut written = Vec::new();
    for number in 1..=9 {
        written.push(format!("Post {number}"));
        create(&db, &edit(&alice, written.last().unwrap())).await;
    }
    for limit in [1, 2, 3, 4, 9, 20] {
        walk_both_ways(&db, &written, limit).await;
    }
}

#[tokio::test]
async fn posts_of_the_same_moment_have_an_order_too() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    stop_the_clock();
    let mut written = Vec::new();
    for number in 1..=7 {
        written.push(format!("Post {number}"));
        create(&db, &edit(&alice, written.last().unwrap())).await;
    }
    walk_both_ways(&db, &written, 3).await;
}

#[tokio::test]
async fn a_post_published_meanwhile_moves_nothing_on_the_next_page() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    for number in 1..=4 {
        create(&db, &edit(&alice, &format!("Post {number}"))).await;
    }
    let first = db.posts().index(None, 2).await.unwrap();
    create(&db, &edit(&alice, "Breaking")).await;
    let second = db
        .posts()
        .index(first.older.map(Direction::Before), 2)
        .await
        .unwrap();
    assert_eq!(titles(&second.items), ["Post 2", "Post 1"]);
    let newer = db
        .posts()
        .index(
            Some(Direction::After(
                first.newer.unwrap_or(second.newer.unwrap()),
            )),
            2,
        )
        .await
        .unwrap();
    assert_eq!(titles(&newer.items), ["Post 4", "Post 3"]);
    assert!(newer.newer.is_some(), "the new one is on a page before");
}

#[tokio::test]
async fn a_slug_in_another_script_is_found() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &edit(&alice, "Über den Wolken ﷺ 日本")).await;
    let found = db
        .posts()
        .find(&PostAddress::Slug(post.slug.clone()))
        .await
        .unwrap();
    assert_eq!(found, Found::Post(Box::new(post)));
}

#[tokio::test]
async fn what_happened_at_another_time_is_written_with_another_clock() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(&db, &edit(&alice, "Today")).await;
    let past = db.with_clock(|| OffsetDateTime::UNIX_EPOCH);
    let old = create(&past, &edit(&alice, "Long ago")).await;
    assert_eq!(old.published_at, Some(OffsetDateTime::UNIX_EPOCH));
    let page = db.posts().index(None, 20).await.unwrap();
    assert_eq!(titles(&page.items), ["Today", "Long ago"]);
}

fn key(seed: u8) -> Option<gatepost_domain::form_key::FormKey> {
    Some(format!("{seed:0>22}").parse().unwrap())
}

#[tokio::test]
async fn a_form_that_saved_before_and_was_changed_is_told_what_it_comes_from() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let post = create(&db, &edit(&alice, "Ours")).await;
    let sent = Edit {
        form: key(1),
        ..again(&alice, &post)
    };
    let save = async |base, edit: &Edit| {
        let saved = db.posts().update(post.id, RevisionNo(base), edit).await;
        match saved.unwrap() {
            Updated::Saved(post) => Ok(post.revision.0),
            Updated::Before(revision) => Err(revision.0),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(save(1, &sent).await, Ok(2));
    assert_eq!(save(1, &sent).await, Ok(2), "the same once more");
    let changed = Edit {
        text: Text::parse("changed").unwrap(),
        ..sent.clone()
    };
    assert_eq!(save(1, &changed).await, Err(2));
    assert_eq!(save(2, &changed).await, Ok(3));
}

#[tokio::test]
async fn a_new_post_opened_twice_from_one_form_is_one_post() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let bob = person(&db, "bob", Role::Author).await;
    let tab = |editor, seed, title| Edit {
        form: key(seed),
        opened_from: key(1),
        ..edit(editor, title)
    };
    let post = create(&db, &tab(&alice, 2, "One")).await;
    assert_eq!(create(&db, &tab(&alice, 3, "One")).await.id, post.id);
    let other = db.posts().create(&tab(&alice, 3, "Two")).await.unwrap();
    assert_eq!(other, Created::Elsewhere(Box::new(post.clone())));
    // Its own name says more than the one it was opened from.
    let again = db.posts().create(&tab(&alice, 2, "Two")).await.unwrap();
    assert_eq!(
        again,
        Created::Before(Box::new(post.clone()), RevisionNo(1))
    );
    assert_ne!(create(&db, &tab(&bob, 3, "One")).await.id, post.id);
    db.posts().trash(post.id).await.unwrap();
    assert_ne!(create(&db, &tab(&alice, 3, "Two")).await.id, post.id);
}
