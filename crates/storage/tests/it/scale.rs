//! A site with 100,000 posts: what may take how long there.

use std::time::{Duration, Instant};

use gatepost_domain::pagination::{Cursor, Direction};
use gatepost_domain::post::Post;
use gatepost_domain::role::Role;
use gatepost_domain::search::Query;
use gatepost_storage::Db;

use crate::support::{create, edit, fresh, person};

/// Posts are written by SQL: it is the search that is measured.
pub(crate) async fn many(db: &Db, by: &Post, count: u32) {
    let (_, write) = db.sqlite_pools().unwrap();
    let mut seed = 1_u64;
    let mut word = || {
        seed = seed
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        // Few words are frequent and most are rare.
        let at = (seed >> 33) as f64 / f64::from(1_u32 << 31);
        format!("w{}", (30_000_f64.powf(at) - 1.0) as u32)
    };
    let mut tx = write.begin().await.unwrap();
    for number in 0..count {
        let mut words = |count: usize| (0..count).map(|_| word()).collect::<Vec<_>>().join(" ");
        let (title, text) = (words(5), words(200));
        let insert = "
            insert into posts (title, text, status, visibility, owner, last_editor, revision, published_at, created_at, updated_at)
            values ($1, $2, 'published', 'public', $3, $3, 1, $4, $4, $4) returning id";
        let id: i64 = sqlx::query_scalar(insert)
            .bind(title)
            .bind(text)
            .bind(by.owner.id.0)
            .bind(i64::from(number))
            .fetch_one(&mut *tx)
            .await
            .unwrap();
        let slug =
            "insert into slugs (slug, post, is_current, created_at) values ('p-' || $1, $1, 1, 1)";
        sqlx::query(slug).bind(id).execute(&mut *tx).await.unwrap();
        for index in [
            "insert into search (rowid, title, tags, author, text) select id, title, tags, author, text from searchable where id = $1",
            "insert into headings (rowid, title, tags, author) select id, title, tags, author from searchable where id = $1",
        ] {
            sqlx::query(index).bind(id).execute(&mut *tx).await.unwrap();
        }
    }
    tx.commit().await.unwrap();
}

/// Words from the most frequent (`w0` is the "the" of these texts) to the rarest, alone, together and as phrases.
const SEARCHES: [&str; 16] = [
    "w0 ",
    "w0 w1 w2 ",
    "w1",
    "w12",
    "w2",
    "w500 ",
    "w7 w900 ",
    "\"w0 w1\"",
    "\"w40 w41\"",
    "w20000 ",
    "w0 w25000 ",
    "alice",
    "alice w0 ",
    "nothing",
    "w3 w4 w5 w6 w7 ",
    "w60 w70 ",
];

/// Nothing but the most frequent words: every place of each in every text has to be looked at, and no index knows of less.
const NOTHING_BUT_FREQUENT: [&str; 2] =
    ["\"w0 w1 w2\" w3 ", "w0 w1 w2 w3 w4 w5 w6 w7 w8 w9 w10 w11"];

/// How long these searches took, in order.
async fn searched(db: &Db, searches: &[&str], rounds: usize) -> Vec<Duration> {
    let mut all = Vec::new();
    for typed in searches {
        let mut own = Vec::new();
        let mut found = 0;
        for round in 0..rounds {
            let skip = [0, 980][round % 2];
            let began = Instant::now();
            let results = db
                .search()
                .find(&Query::parse(typed), skip, 20)
                .await
                .unwrap();
            own.push(began.elapsed());
            found = results.found;
        }
        all.extend_from_slice(&own);
        println!("{typed:?}: median {:?}, found {found}", median(&mut own));
    }
    all.sort();
    all
}

fn median(times: &mut [Duration]) -> Duration {
    times.sort();
    times[times.len() / 2]
}

#[tokio::test]
#[ignore = "writes 100,000 posts: cargo test --release -p gatepost-storage --test it -- --ignored scale:: --nocapture"]
async fn among_100_000_posts_a_search_takes_20_ms_at_most_and_a_page_takes_as_long_as_any_other() {
    if cfg!(debug_assertions) {
        panic!("an unoptimised build says nothing about time");
    }
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let first = create(&db, &edit(&alice, "First")).await;
    many(&db, &first, 100_000).await;

    let times = searched(&db, &SEARCHES, 100).await;
    let p99 = times[times.len() * 99 / 100];
    println!("p99 of a search: {p99:?}");
    let hard = searched(&db, &NOTHING_BUT_FREQUENT, 20).await;
    let hard = hard[hard.len() - 1];

    // Published at milliseconds 0 to 99,999: before the 5,000th page stand 4,999 of them with twenty posts each.
    let place = Direction::Before(Cursor {
        at: 100_000 - 4_999 * 20,
        id: 0,
    });
    let (mut near, mut deep) = (Vec::new(), Vec::new());
    for _ in 0..2_000 {
        for (from, times) in [(None, &mut near), (Some(place), &mut deep)] {
            let began = Instant::now();
            let page = db.posts().index(from, 20).await.unwrap();
            times.push(began.elapsed());
            assert_eq!(page.items.len(), 20);
        }
    }
    let (near, deep) = (median(&mut near), median(&mut deep));
    println!("page 1: {near:?}, page 5,000: {deep:?}");

    assert!(p99 <= Duration::from_millis(20), "p99 of a search: {p99:?}");
    assert!(hard <= Duration::from_millis(250), "the worst: {hard:?}");
    assert!(
        deep <= near.mul_f64(1.1),
        "page 1: {near:?}, page 5,000: {deep:?}"
    );
}
