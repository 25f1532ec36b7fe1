//! Searching: what is found, in which order, and what never is.

use gatepost_domain::display_name::DisplayName;
use gatepost_domain::post::{Stage, Visibility};
use gatepost_domain::role::Role;
use gatepost_domain::search::Query;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::user::User;
use gatepost_storage::Db;
use gatepost_storage::posts::Edit;
use gatepost_storage::search::RANKED;

use crate::scale::many;
use crate::support::{again, create, draft, edit, fresh, person, update};

fn post(by: &User, title: &str, tags: &str, text: &str) -> Edit {
    Edit {
        tags: Tags::parse(tags).unwrap(),
        text: Text::parse(text.to_owned()).unwrap(),
        ..edit(by, title)
    }
}

/// The titles of what is found, best first.
async fn found(db: &Db, typed: &str) -> Vec<String> {
    let results = db.search().find(&Query::parse(typed), 0, 20).await.unwrap();
    assert_eq!(results.found as usize, results.hits.len(), "{typed:?}");
    results
        .hits
        .iter()
        .map(|hit| hit.post.title.to_string())
        .collect()
}

#[tokio::test]
async fn a_post_is_found_by_its_title_its_text_its_tags_and_its_author() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(
        &db,
        &post(
            &alice,
            "Storm at sea",
            "weather, North Sea",
            "Waves of *nine* metres.",
        ),
    )
    .await;
    create(&db, &post(&alice, "Bread", "kitchen", "Flour and water.")).await;
    for typed in [
        "storm ",
        "NINE",
        "weather",
        "north",
        "nine storm weather alice ",
        "\"nine metres\"",
        "\"north sea\"",
    ] {
        assert_eq!(found(&db, typed).await, ["Storm at sea"], "{typed}");
    }
    assert_eq!(
        found(&db, "alice author").await.len(),
        2,
        "username and display name"
    );
    for typed in ["storm bread", "\"metres nine\"", "ninety", "orm", ""] {
        assert_eq!(found(&db, typed).await, Vec::<String>::new(), "{typed}");
    }
}

#[tokio::test]
async fn a_title_counts_more_than_a_tag_and_a_tag_more_than_the_text() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(
        &db,
        &post(&alice, "In the text", "other", "About a harbour."),
    )
    .await;
    create(&db, &post(&alice, "A harbour", "other", "Nothing more.")).await;
    create(&db, &post(&alice, "In a tag", "harbour", "Nothing more.")).await;
    assert_eq!(
        found(&db, "harbour").await,
        ["A harbour", "In a tag", "In the text"]
    );
}

#[tokio::test]
async fn beginnings_accents_and_cases_are_no_hindrance() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(
        &db,
        &post(&alice, "Éclairs", "", "À la carte; Straße; Übung."),
    )
    .await;
    for typed in [
        "ecl",
        "ÉCLAIRS ",
        "e\u{301}clairs ",
        "ubung",
        "straße",
        "\"a la carte\"",
        "“a la ca",
    ] {
        assert_eq!(found(&db, typed).await, ["Éclairs"], "{typed}");
    }
    assert_eq!(
        found(&db, "ecl ").await,
        Vec::<String>::new(),
        "a space ends the word"
    );
}

#[tokio::test]
async fn a_post_in_any_script_is_found_as_it_was_typed() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    for (title, others) in [
        ("русский", &["РУССКИЙ", "русск"][..]),
        ("ёлка", &["елка", "Ёлка"]),
        ("Ελλάδα", &["ελλαδα", "ΕΛΛΆΔΑ"]),
        ("Λόγος", &["ΛΟΓΟΣ", "λογος"]),
        ("Việt Nam", &["viet", "Vie\u{323}\u{302}t"]),
        (
            "한국어를",
            &["한국어", "국어", "\u{1112}\u{1161}\u{11ab}국"],
        ),
        ("ガラス", &["カ\u{3099}ラス", "ｶﾞﾗｽ"]),
        ("हिन्दी", &["हिन्"]),
        ("தமிழ்", &["தமிழ்"]),
        ("שָׁלוֹם", &["שלום"]),
        ("مُحَمَّد", &["محمد"]),
        ("私は東京に住む", &["東京", "\"東京\"", "京に住む"]),
        ("ฉันอยู่กรุงเทพ", &["กรุงเทพ", "อยู่"]),
    ] {
        create(&db, &post(&alice, title, "", "")).await;
        for typed in others.iter().chain([&title]) {
            assert_eq!(found(&db, typed).await, [title], "{typed}");
        }
    }
    for typed in ["カラス", "京東", "русскии ", "हन्दी", "国"] {
        assert_eq!(found(&db, typed).await, Vec::<String>::new(), "{typed}");
    }
}

#[tokio::test]
async fn a_long_text_comes_with_the_part_that_was_found() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let hay = "Nothing of it here. ".repeat(2_000);
    let text = format!("Beginning. {hay}\n\nA needle.\n\n{hay}");
    create(&db, &post(&alice, "Long", "", &text)).await;
    let of = async |typed| {
        let query = Query::parse(typed);
        let results = db.search().find(&query, 0, 1).await.unwrap();
        results.hits[0].text.clone()
    };
    assert!(of("needle").await.starts_with("A needle.\n\nNothing"));
    assert!(of("long").await.starts_with("Beginning. "));
    assert!(of("long").await.len() <= 12_000);
}

#[tokio::test]
async fn only_what_everybody_may_read_is_found() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let unlisted = Edit {
        visibility: Visibility::Unlisted,
        ..edit(&alice, "Secret one")
    };
    create(&db, &unlisted).await;
    let two = create(&db, &draft(&alice, "Secret two")).await;
    assert_eq!(found(&db, "secret").await, Vec::<String>::new());
    let published = Edit {
        stage: Stage::Published,
        ..again(&alice, &two)
    };
    let two = update(&db, &two, &published).await;
    assert_eq!(found(&db, "secret").await, ["Secret two"]);
    assert!(db.posts().trash(two.id).await.unwrap());
    assert_eq!(
        found(&db, "secret").await,
        Vec::<String>::new(),
        "in the trash"
    );
    assert!(db.posts().restore(two.id).await.unwrap());
    assert_eq!(found(&db, "secret").await, ["Secret two"], "restored");
    let hidden = Edit {
        stage: Stage::Draft,
        ..again(&alice, &two)
    };
    update(&db, &two, &hidden).await;
    assert_eq!(
        found(&db, "secret").await,
        Vec::<String>::new(),
        "a draft again"
    );
}

#[tokio::test]
async fn a_change_is_found_at_once_and_what_it_replaced_no_more() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let old = create(&db, &post(&alice, "Harbour", "boats", "Quiet.")).await;
    update(&db, &old, &post(&alice, "Harbour", "ships", "Loud.")).await;
    assert_eq!(found(&db, "ships loud").await, ["Harbour"]);
    assert_eq!(found(&db, "boats").await, Vec::<String>::new());
    assert_eq!(found(&db, "quiet").await, Vec::<String>::new());
    let name = DisplayName::parse("Penelope").unwrap();
    db.users().set_display_name(alice.id, &name).await.unwrap();
    assert_eq!(found(&db, "penelope harbour").await, ["Harbour"]);
}

#[tokio::test]
async fn any_text_is_a_query_and_none_is_a_command() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    create(&db, &post(&alice, "Near or not", "", "Text: (one) AND two")).await;
    for typed in [
        "*",
        "\"",
        "\"\"",
        "(",
        ")",
        "a(",
        "AND",
        "OR OR",
        "NOT",
        "NEAR(",
        "near/2",
        "title:",
        "title : near",
        "^near",
        "-near",
        "near*",
        "near +",
        "{title} : near",
        "near\0",
        "'; drop table posts; --",
        "%",
        "_",
        "\\",
        "🦀",
        "\u{202e}",
        "a\"b\"c",
        "col:\"x",
    ] {
        db.search().find(&Query::parse(typed), 0, 20).await.unwrap();
    }
    assert_eq!(
        found(&db, "one AND two").await,
        ["Near or not"],
        "`and` is a word"
    );
    assert_eq!(
        found(&db, "title:near").await,
        Vec::<String>::new(),
        "no column is chosen"
    );
}

#[tokio::test]
async fn pages_follow_each_other_without_a_gap() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    for number in 1..=7 {
        create(
            &db,
            &post(&alice, &format!("Number {number}"), "", "All the same."),
        )
        .await;
    }
    let page = async |skip| -> Vec<String> {
        let results = db
            .search()
            .find(&Query::parse("same "), skip, 3)
            .await
            .unwrap();
        assert_eq!(results.found, 7);
        results
            .hits
            .iter()
            .map(|hit| hit.post.title.to_string())
            .collect()
    };
    assert_eq!(
        page(0).await,
        ["Number 7", "Number 6", "Number 5"],
        "the newest of what fits as well"
    );
    assert_eq!(page(3).await, ["Number 4", "Number 3", "Number 2"]);
    assert_eq!(page(6).await, ["Number 1"]);
    assert_eq!(page(9).await, Vec::<String>::new());
    assert_eq!(page(u32::MAX).await, Vec::<String>::new());
}

#[tokio::test]
async fn posts_from_before_the_search_are_found() {
    let site = fresh().await;
    let alice = person(&site, "alice", Role::Author).await;
    create(&site, &post(&alice, "Old harbour", "boats", "Quiet.")).await;
    create(&site, &post(&alice, "ガラス", "", "")).await;
    create(&site, &draft(&alice, "Old draft")).await;
    let (_, write) = site.sqlite_pools().unwrap();
    // As the program before it left the file.
    let undo = "
        drop table headings; drop table search; drop table unindexed; drop view searchable;
        drop trigger posts_search_state; drop trigger posts_search_purge; drop trigger users_search_name;
        delete from _sqlx_migrations where version in (6, 9, 13)";
    for statement in undo.split(';') {
        sqlx::query(sqlx::AssertSqlSafe(statement))
            .execute(&write)
            .await
            .unwrap();
    }
    site.close().await;
    let db = Db::open(&site.path(), crate::support::clock).await.unwrap();
    assert_eq!(found(&db, "old").await, ["Old harbour"]);
    assert_eq!(found(&db, "boats alice quiet").await, ["Old harbour"]);
    assert_eq!(found(&db, "ガラ").await, ["ガラス"]);
}

#[tokio::test]
async fn where_very_many_are_found_titles_come_first_and_then_the_newest() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let first = create(&db, &post(&alice, "Zebra w0", "", "x")).await;
    let tagged = create(&db, &post(&alice, "Tagged", "w0", "x")).await;
    many(&db, &first, RANKED + 500).await;
    create(&db, &post(&alice, "Newest", "", "w0 w1")).await;
    let results = db
        .search()
        .find(&Query::parse("w0 "), 0, 1_000)
        .await
        .unwrap();
    assert_eq!(results.found, RANKED);
    let titles: Vec<&str> = results
        .hits
        .iter()
        .map(|hit| hit.post.title.as_str())
        .collect();
    let place = |title: &str| titles.iter().position(|it| *it == title).unwrap();
    assert!(
        titles[0].split(' ').any(|word| word == "w0"),
        "{}",
        titles[0]
    );
    assert!(place("Zebra w0") < place("Tagged") && place("Tagged") < place("Newest"));
    assert_eq!(tagged.title.as_str(), "Tagged");
}
