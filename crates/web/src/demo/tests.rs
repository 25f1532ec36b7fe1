//! The demo's own rules; that it can be made at all is shown by making it (`tests/http`).

use std::collections::HashSet;

use gatepost_domain::picture::Alt;
use gatepost_domain::slug::Slug;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;

use super::ACCOUNTS;
use super::posts::POSTS;
use super::scenes::Scene;

#[test]
fn everything_in_the_demo_could_have_been_typed_by_its_people() {
    let known = |name: &str| ACCOUNTS.iter().any(|(account, _)| *account == name);
    let mut slugs = HashSet::new();
    for post in &POSTS {
        assert!(
            known(post.author) && post.edited_by.is_none_or(known),
            "{}",
            post.title
        );
        assert!(Title::parse(post.title).is_ok(), "{}", post.title);
        assert!(Text::parse(post.text).is_ok(), "{}", post.title);
        assert!(slugs.insert(Slug::from_title(post.title)), "{}", post.title);
        assert!(
            post.pictures
                .iter()
                .all(|picture| Alt::parse(picture.alt).is_ok_and(|alt| !alt.is_empty()))
        );
    }
    assert!(
        POSTS.is_sorted_by_key(|post| std::cmp::Reverse(post.age)),
        "oldest first"
    );
}

#[test]
fn the_demo_shows_what_posts_can_hold() {
    let holds = |what: &str| POSTS.iter().any(|post| post.text.contains(what));
    for (name, sign) in [
        ("a code block", "```"),
        ("a table", "|--"),
        ("a quotation", "\n> "),
        ("a footnote", "\n[^"),
        ("a list", "\n- "),
        ("a numbered list", "\n1. "),
        ("a task list", "\n- [x] "),
        ("a picture in the text", "](PICTURE)"),
    ] {
        assert!(holds(sign), "{name}");
    }
    assert!(
        POSTS.iter().any(|post| post.title.chars().count() > 120),
        "a long title"
    );
    assert!(
        POSTS
            .iter()
            .any(|post| post.text.is_empty() && !post.pictures.is_empty()),
        "a picture alone"
    );
    assert!(POSTS.iter().any(|post| !post.published), "a draft");
}

#[test]
fn a_scene_is_a_picture_and_no_test_card() {
    let picture = Scene::Rain.draw();
    assert_eq!((picture.width(), picture.height()), (1440, 1920));
    let colours: HashSet<[u8; 3]> = picture.pixels().step_by(37).map(|pixel| pixel.0).collect();
    assert!(colours.len() > 5_000, "{} colours", colours.len());
    let (top, middle) = (mean(&picture, 0..300), mean(&picture, 700..1000));
    assert!(
        middle > top + 10.0,
        "the lamps are in the middle: {top} {middle}"
    );
    assert_eq!(
        picture,
        Scene::Rain.draw(),
        "the same every time, so that it is stored once"
    );
}

fn mean(picture: &image::RgbImage, rows: std::ops::Range<u32>) -> f32 {
    let count = rows.len() as f32 * picture.width() as f32;
    let bright = |y: u32| {
        (0..picture.width())
            .map(|x| f32::from(picture.get_pixel(x, y).0[0]))
            .sum::<f32>()
    };
    rows.map(bright).sum::<f32>() / count
}
