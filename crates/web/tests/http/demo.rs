//! The demo as its reader finds it. One test, because making it takes longer than everything else here.

use std::io::Cursor;

use gatepost::demo::{self, Filled};

use crate::support::Site;

#[tokio::test(flavor = "multi_thread")]
async fn the_demo_fills_an_empty_blog_once_with_pages_that_work() {
    let site = Site::empty(&[]).await;
    assert_eq!(
        demo::fill(site.app()).await.expect("a demo"),
        Filled::Posts(11)
    );
    assert_eq!(
        demo::fill(site.app()).await.expect("no second one"),
        Filled::NotEmpty
    );

    let front = site.browser().get("/").await.expect(200);
    let front = front
        .expect_text("Five mornings above the fog")
        .expect_text("Write the boring sentence first")
        .expect_no_text("On keeping quiet");
    let text = front.text();
    assert!(
        text.find("Five mornings") < text.find("Write the boring sentence"),
        "newest first"
    );

    // Two pictures, the second one inside the text, and neither says where it was taken.
    let tram = site
        .browser()
        .get("/after-the-last-tram")
        .await
        .expect(200)
        .expect_text("behind a window with raindrops")
        .expect_no_text("PICTURE");
    let page = tram.text();
    let files: Vec<&str> = page
        .split("src=\"")
        .filter(|rest| rest.starts_with("/images/"))
        .filter_map(|rest| rest.split('"').next())
        .collect();
    assert_eq!(files.len(), 2, "{files:?}");
    for (file, turned) in files.into_iter().zip([false, true]) {
        let picture = site.browser().get(file).await.expect(200).body;
        let shown = image::load_from_memory(&picture).expect("a picture");
        assert_eq!(shown.width() < shown.height(), turned, "upright: {file}");
        let notes = exif::Reader::new().read_from_container(&mut Cursor::new(picture));
        assert!(notes.is_err(), "no EXIF in {file}");
    }

    let mut carol = site.logged_in("carol").await;
    carol.get("/on-keeping-quiet").await.expect(200);
    site.browser().get("/on-keeping-quiet").await.expect(404);
    site.browser()
        .get("/waiting-for-green")
        .await
        .expect(200)
        .expect_text("bob");
}
