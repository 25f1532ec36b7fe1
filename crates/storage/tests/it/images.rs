//! Pictures: files before rows, one copy of the same bytes, and their places beside posts.

use bytes::Bytes;
use gatepost_domain::ids::RevisionNo;
use gatepost_domain::picture::{Alt, ImageFile, ImageFormat, ImageHash, PlacedPicture, Variant};
use gatepost_domain::post::{Post, Stage};
use gatepost_domain::role::Role;
use gatepost_domain::text::Text;
use gatepost_domain::user::User;
use gatepost_storage::ImageStore;
use gatepost_storage::images::NewImage;
use gatepost_storage::posts::{Edit, WantedSlug};

use crate::support::{Fresh, again, create, edit, fresh, person, update};

fn hash(seed: u8) -> ImageHash {
    ImageHash::new([seed; 32])
}

fn store(fresh: &Fresh) -> ImageStore {
    ImageStore::local(&fresh.directory.path().join("images")).unwrap()
}

const SMALL: Variant = Variant {
    width: 320,
    height: 240,
    format: ImageFormat::Jpg,
};
const LARGE: Variant = Variant {
    width: 1280,
    height: 960,
    format: ImageFormat::Webp,
};

fn image(seed: u8, uploader: &User) -> NewImage {
    // Wider first: the order of arrival must not matter.
    let variants = vec![
        (LARGE, Bytes::from_static(b"large")),
        (SMALL, Bytes::from_static(b"small")),
    ];
    NewImage {
        weight: 1234,
        hash: hash(seed),
        uploader: uploader.id,
        variants,
    }
}

fn placed(seed: u8, alt: &str, decorative: bool) -> PlacedPicture {
    PlacedPicture {
        hash: hash(seed),
        alt: Alt::parse(alt).unwrap(),
        decorative,
    }
}

fn file(seed: u8, variant: Variant) -> ImageFile {
    ImageFile {
        hash: hash(seed),
        width: variant.width,
        format: variant.format,
    }
}

#[tokio::test]
async fn a_kept_picture_is_found_with_its_files() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    assert_eq!(db.images().find(&hash(1)).await.unwrap(), None);
    db.images().keep(&store, &image(1, &alice)).await.unwrap();
    assert_eq!(
        db.images().find(&hash(1)).await.unwrap(),
        Some(vec![SMALL, LARGE])
    );
    assert_eq!(store.get(&file(1, SMALL)).await.unwrap().unwrap(), "small");
    assert_eq!(store.get(&file(1, LARGE)).await.unwrap().unwrap(), "large");
    assert_eq!(store.get(&file(2, SMALL)).await.unwrap(), None);
}

#[tokio::test]
async fn the_same_picture_twice_is_stored_once() {
    let db = fresh().await;
    let (store, alice, bob) = (
        store(&db),
        person(&db, "alice", Role::Author).await,
        person(&db, "bob", Role::Author).await,
    );
    db.images().keep(&store, &image(1, &alice)).await.unwrap();
    let other = NewImage {
        variants: vec![(SMALL, Bytes::from_static(b"other"))],
        ..image(1, &bob)
    };
    db.images().keep(&store, &other).await.unwrap();
    assert_eq!(
        db.images().find(&hash(1)).await.unwrap(),
        Some(vec![SMALL, LARGE])
    );
    assert_eq!(
        store.get(&file(1, SMALL)).await.unwrap().unwrap(),
        "small",
        "a file never changes"
    );
}

#[tokio::test]
async fn a_picture_whose_files_could_not_be_written_has_no_row() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    // A file where the picture's directory has to be.
    std::fs::write(db.directory.path().join("images/01"), "in the way").unwrap();
    db.images()
        .keep(&store, &image(1, &alice))
        .await
        .unwrap_err();
    assert_eq!(db.images().find(&hash(1)).await.unwrap(), None);
    db.images().keep(&store, &image(2, &alice)).await.unwrap();
    assert!(
        db.images().find(&hash(2)).await.unwrap().is_some(),
        "control"
    );
}

#[tokio::test]
async fn pictures_stand_with_their_post_in_the_writer_s_order() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    for seed in 1..=3 {
        db.images()
            .keep(&store, &image(seed, &alice))
            .await
            .unwrap();
    }
    let pictures = vec![
        placed(3, "Three", false),
        placed(1, "", true),
        placed(3, "Again", false),
    ];
    let post = create(
        &db,
        &Edit {
            pictures,
            ..edit(&alice, "Pictures")
        },
    )
    .await;
    let seen: Vec<_> = post
        .pictures
        .iter()
        .map(|p| (p.hash, p.alt.as_str(), p.decorative))
        .collect();
    assert_eq!(
        seen,
        [(hash(3), "Three", false), (hash(1), "", true)],
        "the same picture stands once"
    );
    assert_eq!(post.pictures[0].variants, [SMALL, LARGE]);

    let summary = &db.posts().index(None, 20).await.unwrap().items[0];
    assert_eq!(summary.picture.as_ref(), post.picture());

    let fewer = update(
        &db,
        &post,
        &Edit {
            pictures: vec![placed(2, "Two", false)],
            ..again(&alice, &post)
        },
    )
    .await;
    assert_eq!(
        fewer.pictures.iter().map(|p| p.hash).collect::<Vec<_>>(),
        [hash(2)]
    );
    let none = update(&db, &fewer, &again(&alice, &fewer)).await;
    assert_eq!(none.picture(), None);
    assert!(
        db.images().find(&hash(2)).await.unwrap().is_some(),
        "a removed picture may be in a revision"
    );
}

#[tokio::test]
async fn a_post_can_t_show_a_picture_that_was_never_kept() {
    let db = fresh().await;
    let alice = person(&db, "alice", Role::Author).await;
    let pictures = vec![placed(9, "", true)];
    db.posts()
        .create(&Edit {
            pictures,
            ..edit(&alice, "Nothing")
        })
        .await
        .unwrap_err();
    assert!(!db.posts().any().await.unwrap(), "all or nothing");
}

/// The same database, so many days later.
fn later(db: &Fresh, days: u8) -> gatepost_storage::Db {
    fn at(days: i64) -> time::OffsetDateTime {
        time::OffsetDateTime::from_unix_timestamp(1_700_000_000).unwrap()
            + time::Duration::days(days)
    }
    db.with_clock(match days {
        5 => || at(5),
        9 => || at(9),
        _ => || at(14),
    })
}

#[tokio::test]
async fn a_picture_that_nobody_used_is_forgotten_with_its_files_and_no_other() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    for seed in 1..=4 {
        db.images()
            .keep(&store, &image(seed, &alice))
            .await
            .unwrap();
    }
    let used = Edit {
        pictures: vec![placed(1, "", false)],
        ..edit(&alice, "Album")
    };
    let post = create(&db, &used).await;
    let was_used = Edit {
        pictures: vec![placed(2, "", false)],
        ..again(&alice, &post)
    };
    let post = update(&db, &post, &was_used).await;
    update(
        &db,
        &post,
        &Edit {
            pictures: vec![placed(1, "", false)],
            ..again(&alice, &post)
        },
    )
    .await;

    assert_eq!(
        later(&db, 5)
            .images()
            .forget_unused(&store, 9)
            .await
            .unwrap(),
        0,
        "it has a week"
    );
    assert!(
        later(&db, 5)
            .images()
            .want(&hash(3))
            .await
            .unwrap()
            .is_some(),
        "a form has it"
    );
    assert_eq!(
        later(&db, 9)
            .images()
            .forget_unused(&store, 9)
            .await
            .unwrap(),
        1
    );
    let there = async |seed| {
        let files = [
            store.get(&file(seed, SMALL)).await.unwrap(),
            store.get(&file(seed, LARGE)).await.unwrap(),
        ];
        (
            db.images().find(&hash(seed)).await.unwrap().is_some(),
            files.iter().flatten().count(),
        )
    };
    assert_eq!(there(1).await, (true, 2), "a post has it");
    assert_eq!(there(2).await, (true, 2), "an old revision may be restored");
    assert_eq!(there(3).await, (true, 2), "a form had it");
    assert_eq!(there(4).await, (false, 0));
    assert_eq!(
        later(&db, 14)
            .images()
            .forget_unused(&store, 9)
            .await
            .unwrap(),
        1
    );
    assert_eq!(there(3).await, (false, 0));
    // And the same bytes may come again.
    db.images().keep(&store, &image(4, &alice)).await.unwrap();
    assert_eq!(there(4).await, (true, 2));
}

#[tokio::test]
async fn of_a_save_and_the_forgetting_of_its_picture_one_comes_first() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    for seed in 0..20 {
        db.images()
            .keep(&store, &image(seed, &alice))
            .await
            .unwrap();
        let later = later(&db, 9);
        let images = later.images();
        let save = async {
            // As the editor does: what the form has is wanted before it is saved.
            let wanted = images.want(&hash(seed)).await.unwrap().is_some();
            let pictures = if wanted {
                vec![placed(seed, "", false)]
            } else {
                Vec::new()
            };
            create(
                &db,
                &Edit {
                    pictures,
                    ..edit(&alice, &format!("Album {seed}"))
                },
            )
            .await
        };
        let (post, _) = tokio::join!(save, images.forget_unused(&store, 9));
        let found = images.find(&hash(seed)).await.unwrap();
        assert_eq!(found.is_some(), !post.pictures.is_empty());
        let file = store.get(&file(seed, SMALL)).await.unwrap();
        assert_eq!(
            file.is_some(),
            found.is_some(),
            "a row without files, or files without a row"
        );
    }
}

/// A form that shows these pictures in its text and has those beside it.
fn showing(editor: &User, title: &str, named: &[u8], beside: &[u8]) -> Edit {
    let line = |seed: &u8| format!("![x](/images/{})\n\n", file(*seed, SMALL));
    let text: String = named.iter().map(line).collect();
    Edit {
        text: Text::parse(format!("Look.\n\n{text}")).unwrap(),
        pictures: beside.iter().map(|seed| placed(*seed, "", false)).collect(),
        ..edit(editor, title)
    }
}

#[tokio::test]
async fn the_pictures_of_a_post_that_is_deleted_for_good_go_after_it_unless_another_holds_them() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    for seed in 1..=5 {
        db.images()
            .keep(&store, &image(seed, &alice))
            .await
            .unwrap();
    }
    // 1 stood with it, 2 stands with it, 3 was shown by its text, 4 and 5 belong to others as well.
    let post = create(&db, &showing(&alice, "Gone", &[3, 4], &[1])).await;
    let next = Edit {
        slug: WantedSlug::Typed(post.slug.clone()),
        ..showing(&alice, "Gone", &[5], &[2])
    };
    let post = update(&db, &post, &next).await;
    create(&db, &showing(&alice, "Copied the line", &[4], &[])).await;
    create(&db, &showing(&alice, "Has it, too", &[], &[5])).await;

    let forgotten = async |days| {
        let later = later(&db, days);
        later.images().forget_unused(&store, 9).await.unwrap()
    };
    assert!(db.posts().trash(post.id).await.unwrap());
    assert_eq!(forgotten(14).await, 0, "it may be put back");
    let day_5 = later(&db, 5);
    assert!(day_5.posts().purge(post.id).await.unwrap());
    assert_eq!(forgotten(9).await, 0, "a form may have them");
    assert_eq!(forgotten(14).await, 3);
    for (seed, is_there) in [(1, false), (2, false), (3, false), (4, true), (5, true)] {
        let found = db.images().find(&hash(seed)).await.unwrap();
        assert_eq!(found.is_some(), is_there, "{seed}");
        let bytes = store.get(&file(seed, SMALL)).await.unwrap();
        assert_eq!(bytes.is_some(), is_there, "the files of {seed}");
    }
}

/// Saves, restores and deletions in many orders: a picture is there exactly as long as a post has or had it.
#[tokio::test]
async fn a_picture_is_forgotten_exactly_when_no_post_holds_it() {
    for seed in 0..40_u32 {
        let mut state = seed.wrapping_mul(2_654_435_761) + 1;
        let mut below = |n: u32| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 16) % n
        };
        let db = fresh().await;
        let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
        for seed in 0..6 {
            db.images()
                .keep(&store, &image(seed, &alice))
                .await
                .unwrap();
        }
        // Of each post what it ever had, and the post as it is.
        let mut posts: Vec<(std::collections::BTreeSet<u8>, Post)> = Vec::new();
        for step in 0..12 {
            let pictures = [below(6) as u8, below(6) as u8];
            let (named, beside) = pictures.split_at(below(3) as usize);
            let which = below(3) as usize;
            match (below(4), posts.get_mut(which)) {
                (0, Some((_, post))) => {
                    db.posts().trash(post.id).await.unwrap();
                    assert!(db.posts().purge(post.id).await.unwrap());
                    posts.remove(which);
                }
                (_, Some((held, post))) => {
                    let next = Edit {
                        slug: WantedSlug::Typed(post.slug.clone()),
                        ..showing(&alice, &format!("Step {step}"), named, beside)
                    };
                    *post = update(&db, post, &next).await;
                    held.extend(pictures);
                }
                (_, None) => {
                    let new = showing(&alice, &format!("Step {step}"), named, beside);
                    posts.push((pictures.into(), create(&db, &new).await));
                }
            }
        }
        later(&db, 9)
            .images()
            .forget_unused(&store, 99)
            .await
            .unwrap();
        for picture in 0..6 {
            let held = posts.iter().any(|(held, _)| held.contains(&picture));
            let found = db.images().find(&hash(picture)).await.unwrap();
            assert_eq!(found.is_some(), held, "picture {picture} of seed {seed}");
        }
    }
}

#[tokio::test]
async fn a_save_is_kept_with_its_pictures_and_its_moment_and_a_job_keeps_them_too() {
    let db = fresh().await;
    let (store, alice) = (store(&db), person(&db, "alice", Role::Author).await);
    for seed in 1..=2 {
        let image = image(seed, &alice);
        db.images().keep(&store, &image).await.unwrap();
    }
    let both = vec![placed(2, "“Two”, it’s", false), placed(1, "", true)];
    let at = time::OffsetDateTime::UNIX_EPOCH + time::Duration::days(10);
    let scheduled = Edit {
        pictures: both.iter().chain(&both).cloned().collect(),
        stage: Stage::Scheduled(at),
        ..edit(&alice, "Pictures")
    };
    let post = create(&db, &scheduled).await;
    let none = Edit {
        pictures: Vec::new(),
        ..scheduled.clone()
    };
    let post = update(&db, &post, &none).await;
    let post = update(&db, &post, &scheduled).await;
    db.posts().publish_due().await.unwrap();
    let kept = async |number| {
        let found = db.revisions().find(post.id, RevisionNo(number)).await;
        let revision = found.unwrap().expect("it was saved");
        (revision.whole_stage(), revision.pictures.expect("known"))
    };
    let soon = Some(Stage::Scheduled(at));
    assert_eq!(kept(1).await, (soon, both.clone()));
    assert_eq!(kept(2).await, (soon, Vec::new()));
    assert_eq!(kept(3).await, (soon, both.clone()));
    assert_eq!(kept(4).await, (Some(Stage::Published), both));
}
