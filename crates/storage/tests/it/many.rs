//! Lists of a site that has grown: what is counted stays true, and what is read at once is what is read one by one.

use gatepost_domain::post::{Stage, Visibility};
use gatepost_domain::role::Role;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_storage::Db;
use gatepost_storage::posts::{Before, Edit, Within};

use crate::support::{again, create, draft, edit, fresh, person, update};

fn tagged(edit: Edit, tags: &str) -> Edit {
    Edit {
        tags: Tags::parse(tags).unwrap(),
        ..edit
    }
}

/// Every tag with the number of its public posts, as the page of tags shows it.
async fn counts(db: &Db) -> Vec<String> {
    let page = db.posts().tags("", 100).await.unwrap();
    let shown = |it: &gatepost_storage::posts::TagCount| format!("{} {}", it.tag, it.posts);
    page.tags.iter().map(shown).collect()
}

#[tokio::test]
async fn a_tag_counts_public_posts_through_all_that_can_happen_to_them() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let one = create(&db, &tagged(edit(&alice, "One"), "bread, rye")).await;
    let two = create(&db, &tagged(draft(&alice, "Two"), "bread")).await;
    assert_eq!(
        counts(&db).await,
        ["bread 1", "rye 1"],
        "a draft does not count"
    );
    let public = tagged(again(&alice, &two), "bread, wheat");
    let two = update(&db, &two, &public).await;
    assert_eq!(counts(&db).await, ["bread 2", "rye 1", "wheat 1"]);
    db.posts().trash(two.id).await.unwrap();
    assert_eq!(counts(&db).await, ["bread 1", "rye 1"], "in the trash");
    db.posts().restore(two.id).await.unwrap();
    assert_eq!(
        counts(&db).await,
        ["bread 2", "rye 1", "wheat 1"],
        "restored"
    );
    let unlisted = Edit {
        visibility: Visibility::Unlisted,
        ..tagged(again(&alice, &one), "bread, rye")
    };
    let one = update(&db, &one, &unlisted).await;
    assert_eq!(counts(&db).await, ["bread 1", "wheat 1"], "unlisted");
    let hidden = Edit {
        stage: Stage::Draft,
        ..tagged(again(&alice, &two), "bread, wheat")
    };
    let two = update(&db, &two, &hidden).await;
    assert_eq!(counts(&db).await, Vec::<String>::new(), "a draft again");
    update(&db, &one, &tagged(again(&alice, &one), "rye")).await;
    assert_eq!(
        counts(&db).await,
        ["rye 1"],
        "listed again, with another tag"
    );
    let two = update(&db, &two, &tagged(again(&alice, &two), "rye")).await;
    assert_eq!(counts(&db).await, ["rye 2"]);
    db.posts().trash(two.id).await.unwrap();
    assert!(db.posts().purge(two.id).await.unwrap());
    assert_eq!(counts(&db).await, ["rye 1"], "purged");
    let (read, _) = db.sqlite_pools().unwrap();
    let wrong: i64 = sqlx::query_scalar(
        "select count(*) from tags where posts <> (select count(*) from post_tags pt where pt.tag = tags.id and pt.public_at is not null)",
    )
    .fetch_one(&read)
    .await
    .unwrap();
    assert_eq!(wrong, 0);
}

#[tokio::test]
async fn pages_of_tags_lead_both_ways_and_letters_lead_into_them() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let tags = "apple, apricot, bread, banana, Éclair, zest, Ähre, パン, 2026";
    create(&db, &tagged(edit(&alice, "One"), tags)).await;
    create(&db, &tagged(edit(&alice, "Two"), "zest, bread")).await;
    create(&db, &tagged(edit(&alice, "Three"), "zest")).await;
    create(&db, &tagged(draft(&alice, "Four"), "unseen, zest")).await;
    let posts = db.posts();
    let keys: Vec<String> = posts
        .tag_keys(100)
        .await
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        keys,
        [
            "2026", "apple", "apricot", "banana", "bread", "zest", "ähre", "éclair", "パン"
        ]
    );
    let letters = posts.tag_letters(60).await.unwrap();
    let letters: Vec<&str> = letters.iter().map(|it| it.as_str()).collect();
    assert_eq!(
        letters,
        ["2026", "apple", "banana", "zest", "ähre", "éclair", "パン"]
    );
    assert_eq!(posts.tag_letters(3).await.unwrap().len(), 3);
    let most = posts.most_used_tags(2).await.unwrap();
    let most: Vec<(&str, i64)> = most.iter().map(|it| (it.tag.name(), it.posts)).collect();
    assert_eq!(most, [("zest", 3), ("bread", 2)]);

    let (mut from, mut forth) = (String::new(), Vec::new());
    let last = loop {
        let page = posts.tags(&from, 4).await.unwrap();
        forth.extend(page.tags.iter().map(|it| it.tag.key().to_string()));
        match page.next {
            Some(next) => from = next.to_string(),
            None => break page,
        }
    };
    assert_eq!(forth, keys);
    let Some(Before::Key(before)) = last.before else {
        panic!("{last:?}")
    };
    assert_eq!(before.as_str(), "bread");
    let middle = posts.tags(before.as_str(), 4).await.unwrap();
    assert_eq!(middle.before, Some(Before::Start));
    assert_eq!(posts.tags("", 4).await.unwrap().before, None);
    assert_eq!(
        posts.tags("apple", 4).await.unwrap().before,
        Some(Before::Start),
        "fewer than a page"
    );
    let beyond = posts.tags("\u{10ffff}", 4).await.unwrap();
    assert!(beyond.tags.is_empty() && beyond.next.is_none() && beyond.before.is_some());
}

#[tokio::test]
async fn the_newest_posts_read_at_once_are_those_read_one_by_one() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let bob = person(&db, "bob", Role::Author).await;
    for number in 0..6 {
        let by = if number % 2 == 0 { &alice } else { &bob };
        let whole = Edit {
            text: Text::parse(format!("Text {number}")).unwrap(),
            ..tagged(
                edit(by, &format!("Post {number}")),
                if number < 4 { "bread" } else { "" },
            )
        };
        create(&db, &whole).await;
    }
    create(&db, &tagged(draft(&alice, "Draft"), "bread")).await;
    let bread = Tags::parse("bread").unwrap();
    let bread = bread.iter().next().unwrap().key();
    for (within, titles) in [
        (Within::Site, ["Post 5", "Post 4", "Post 3"].as_slice()),
        (Within::Author(alice.id), &["Post 4", "Post 2", "Post 0"]),
        (Within::Tag(bread), &["Post 3", "Post 2", "Post 1"]),
    ] {
        let newest = db.posts().newest(within, 3).await.unwrap();
        let found: Vec<&str> = newest.iter().map(|it| it.title.as_str()).collect();
        assert_eq!(found, titles, "{within:?}");
        for post in newest {
            assert_eq!(db.posts().get(post.id).await.unwrap(), Some(post));
        }
    }
}

#[tokio::test]
async fn a_sitemap_has_a_part_for_every_fifty_thousand_numbers_that_hold_a_post() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let first = create(&db, &edit(&alice, "First")).await;
    let number_as = async |number: i64| {
        let (_, write) = db.sqlite_pools().unwrap();
        sqlx::query("update sqlite_sequence set seq = $1 where name = 'posts'")
            .bind(number - 1)
            .execute(&write)
            .await
            .unwrap();
    };
    assert_eq!(first.id.0, 1);
    number_as(50_000).await;
    let last_of_first = create(&db, &edit(&alice, "Last of the first")).await;
    assert_eq!(last_of_first.id.0, 50_000, "control");
    let second = create(&db, &edit(&alice, "First of the second")).await;
    number_as(160_000).await;
    let fourth = create(&db, &edit(&alice, "In the fourth")).await;
    number_as(250_001).await;
    create(&db, &draft(&alice, "A draft in the sixth")).await;
    let parts = db.posts().sitemap().await.unwrap();
    let parts: Vec<_> = parts.iter().map(|it| (it.number, it.updated_at)).collect();
    assert_eq!(
        parts,
        [
            (0, last_of_first.updated_at),
            (1, second.updated_at),
            (3, fourth.updated_at)
        ]
    );
    let part = async |number| -> Vec<String> {
        let places = db.posts().sitemap_part(number).await.unwrap();
        places.iter().map(|(slug, _)| slug.to_string()).collect()
    };
    assert_eq!(part(0).await, ["first", "last-of-the-first"]);
    assert_eq!(part(1).await, ["first-of-the-second"]);
    assert_eq!(part(2).await, Vec::<String>::new());
    assert_eq!(part(5).await, Vec::<String>::new(), "drafts");
    let authors = db.posts().authors().await.unwrap();
    assert_eq!(authors, std::slice::from_ref(&alice.username));
}
