//! Nothing typed is lost: what could not be saved waits for its author, and for nobody else.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::UserId;
use gatepost_storage::users::PasswordHash;
use serde_json::Value;

use crate::support::{Answer, Browser, Multipart, Site};

const JSON: (&str, &str) = ("accept", "application/json");

fn key(seed: u8) -> String {
    format!("{seed:0>22}")
}

fn form(seed: u8, title: &str) -> Multipart {
    Multipart::new()
        .text("form", &key(seed))
        .text("title", title)
        .text("text", "Some words.")
        .text("tags", "lakes, dusk")
}

fn lake() -> Vec<u8> {
    let picture = image::RgbImage::from_fn(80, 60, |x, y| image::Rgb([x as u8, y as u8, 99]));
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("it can be written");
    file.into_inner()
}

fn with_lake(form: Multipart) -> Multipart {
    form.text("alt", "A lake")
        .file("image", "hello.png", "image/png", &lake())
}

/// A form that cannot be saved with what is no picture, whatever its author corrects.
fn with_notes(form: Multipart) -> Multipart {
    form.file("image", "notes.png", "image/png", b"no picture at all")
}

async fn id(site: &Site, name: &str) -> UserId {
    let user = site
        .db()
        .users()
        .by_username(&name.parse().unwrap())
        .await
        .unwrap();
    user.expect("an account").id
}

/// A browser that still has the cookie of a login that is over.
async fn ended(site: &Site, name: &str) -> Browser {
    let mut browser = site.logged_in(name).await;
    let stale = browser.clone();
    browser.post("/logout", &[]).await.expect(303);
    stale
}

/// What the front page says is waiting.
async fn waiting(browser: &mut Browser, path: &str) -> Vec<String> {
    let page = browser.get(path).await.expect(200).text();
    let parts = page.split("href=\"/parked/").skip(1);
    parts
        .map(|rest| rest.split('"').next().unwrap_or_default().to_owned())
        .collect()
}

fn hash_in(page: &Answer) -> String {
    let page = page.text();
    let hash = page
        .split("name=\"picture\" value=\"")
        .nth(1)
        .expect("a picture");
    hash[..64].to_owned()
}

#[tokio::test]
async fn a_form_that_came_after_the_end_of_its_login_waits_with_its_pictures() {
    let site = Site::new().await;
    let mut stale = ended(&site, "carol").await;
    let page = stale
        .post_multipart("/new", with_lake(form(1, "Nearly lost")))
        .await
        .expect(401);
    page.expect_text("\nNearly lost</textarea>")
        .expect_text("\nSome words.</textarea>")
        .expect_text("hello.png is here")
        .expect_text("value=\"A lake\"")
        .expect_text("waits for you for a week")
        .expect_no_text("have to be chosen again");

    let mut bob = site.logged_in("bob").await;
    assert!(waiting(&mut bob, "/").await.is_empty());
    let place = format!("/parked/{}", key(1));
    bob.get(&place).await.expect(404);
    bob.post(&format!("{place}/discard"), &[]).await.expect(404);
    site.browser().get(&place).await.expect(303);
    stale.get(&place).await.expect(303);
    stale.get("/").await.expect_no_text("Nearly lost");

    let mut carol = site.logged_in("carol").await;
    for path in ["/", "/new", "/parked"] {
        assert_eq!(waiting(&mut carol, path).await[0], key(1), "{path}");
    }
    let page = carol.get(&place).await.expect(200);
    let page = page
        .expect_text("\nNearly lost</textarea>")
        .expect_text("value=\"lakes, dusk\"")
        .expect_text("hello.png is here")
        .expect_text("value=\"A lake\"")
        .expect_text(&format!("name=\"parked\" value=\"{}\"", key(1)));
    assert_eq!(
        waiting(&mut carol, "/").await.len(),
        1,
        "looking takes nothing away"
    );

    let again = form(1, "Nearly lost")
        .text("picture", &hash_in(&page))
        .text("picture_alt", "A lake");
    carol
        .post_multipart("/new", again)
        .await
        .expect_redirect("/nearly-lost");
    carol.get("/nearly-lost/image").await.expect(200);
    assert!(waiting(&mut carol, "/").await.is_empty(), "it was saved");
    carol.get(&place).await.expect(404);
}

#[tokio::test]
async fn a_title_that_nobody_sees_is_none() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    for (seed, title) in [(1, ""), (2, "  "), (3, "\u{200b}\u{2060}")] {
        let page = carol.post_multipart("/new", form(seed, title)).await;
        page.expect(422);
    }
    let page = carol.get("/parked").await.expect(200).text();
    let nameless = page.matches("A text without a title was not saved");
    assert_eq!(nameless.count(), 3);
}

/// Nothing makes these smaller.
fn noise(side: u32, seed: u32) -> Vec<u8> {
    let mut state = seed;
    let picture = image::RgbImage::from_fn(side, side, |_, _| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        image::Rgb([(state >> 8) as u8, (state >> 16) as u8, (state >> 24) as u8])
    });
    let mut file = std::io::Cursor::new(Vec::new());
    picture
        .write_to(&mut file, image::ImageFormat::Png)
        .expect("it can be written");
    file.into_inner()
}

#[tokio::test]
async fn pictures_that_are_too_much_to_wait_are_named_at_once_and_when_the_form_comes_back() {
    let site = Site::new().await;
    let mut stale = ended(&site, "carol").await;
    let names = ["one.png", "two.png", "three.png"];
    let form = (1..)
        .zip(names)
        .fold(form(1, "Storm"), |form, (seed, name)| {
            form.file("image", name, "image/png", &noise(2250, seed))
        });
    let page = stale.post_multipart("/new", form).await.expect(401);
    let text = page.text();
    page.expect_text("Too much to wait with it: three.png. It has to be chosen again")
        .expect_text("one.png is here")
        .expect_text("three.png is here");
    let hashes: Vec<String> = text
        .split("name=\"picture\" value=\"")
        .skip(1)
        .map(|rest| rest[..64].to_owned())
        .collect();

    let mut carol = site.logged_in("carol").await;
    let place = format!("/parked/{}", key(1));
    carol
        .get(&place)
        .await
        .expect(200)
        .expect_text("\nStorm</textarea>")
        .expect_text("one.png is here")
        .expect_text("two.png is here")
        .expect_no_text("three.png is here")
        .expect_text("Not with it, and to be chosen again: three.png");

    // They weigh the same when they were here before, and who is logged in is told as well.
    let shown =
        hashes
            .iter()
            .zip(names)
            .fold(self::form(2, "").text("turn", "1"), |form, (hash, name)| {
                form.text("picture", hash)
                    .text("picture_alt", "Noise")
                    .text("picture_name", name)
            });
    carol
        .post_multipart("/new", shown)
        .await
        .expect(422)
        .expect_text("waits for you without three.png")
        .expect_text("three.png is here");
    carol
        .get(&format!("/parked/{}", key(2)))
        .await
        .expect_text("two.png is here")
        .expect_no_text("three.png is here");
}

#[tokio::test]
async fn nothing_is_kept_for_whoever_never_logged_in() {
    let site = Site::new().await;
    let mut stranger = site.browser();
    let page = stranger
        .post_multipart("/new", with_lake(form(1, "Whose?")))
        .await
        .expect(401);
    page.expect_text("\nWhose?</textarea>")
        .expect_text("have to be chosen again")
        .expect_no_text("waits for you");
    stranger
        .post_with(
            "/parked",
            &[("form", &key(1)), ("address", "/new"), ("title", "Whose?")],
            &[JSON],
        )
        .await
        .expect(401);
    assert!(site.db().parked().people().await.unwrap().is_empty());
}

#[tokio::test]
async fn every_way_in_which_a_login_ends_keeps_the_form_except_for_who_may_not_come_back() {
    let site = Site::new().await;
    let (carol, bob) = (id(&site, "carol").await, id(&site, "bob").await);
    let mut changed = site.logged_in("carol").await;
    site.db()
        .users()
        .set_password(carol, &PasswordHash::new("another"))
        .await
        .unwrap();
    changed
        .post_multipart("/new", form(1, "New password"))
        .await
        .expect(401)
        .expect_text("waits for you");
    assert_eq!(site.db().parked().waiting(carol).await.unwrap().len(), 1);

    let mut disabled = site.logged_in("bob").await;
    site.db().users().set_disabled(bob, true).await.unwrap();
    disabled
        .post_multipart("/new", form(1, "Disabled"))
        .await
        .expect(401)
        .expect_no_text("waits for you");
    assert!(site.db().parked().waiting(bob).await.unwrap().is_empty());
}

#[tokio::test]
async fn no_password_is_kept_with_a_form() {
    let site = Site::new().await;
    let mut stale = ended(&site, "carol").await;
    let wrong = form(1, "Mistyped")
        .text("login", "carol")
        .text("password", "a secret")
        .text("remember", "1");
    stale
        .post_multipart("/new", wrong)
        .await
        .expect(401)
        .expect_text("waits for you");
    let carol = id(&site, "carol").await;
    let key: FormKey = key(1).parse().unwrap();
    let kept = site
        .db()
        .parked()
        .find(carol, &key)
        .await
        .unwrap()
        .expect("kept");
    assert!(
        kept.fields
            .iter()
            .all(|(_, value)| value != "a secret" && value != "carol"),
        "{kept:?}"
    );
    assert!(
        kept.fields.iter().any(|(_, value)| value == "Mistyped"),
        "control"
    );
}

#[tokio::test]
async fn somebody_with_an_old_cookie_can_neither_flood_nor_read_nor_replace() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let mut stale = ended(&site, "carol").await;
    carol
        .post_multipart("/new", with_notes(form(9, "Kept")))
        .await
        .expect(415);
    for seed in 1..=4 {
        stale
            .post_multipart("/new", form(seed, "Flood"))
            .await
            .expect(401)
            .expect_text("waits for you");
    }
    let page = stale
        .post_multipart("/new", form(5, "Too much"))
        .await
        .expect(401);
    page.expect_text("\nToo much</textarea>")
        .expect_no_text("waits for you");
    assert_eq!(
        waiting(&mut carol, "/").await.len(),
        1,
        "the last one stands for all"
    );
    carol.get("/").await.expect_text("4 more wait for you");
    let there = waiting(&mut carol, "/parked").await;
    assert!(there.len() == 5 && there.contains(&key(9)), "{there:?}");
    for path in ["/parked", "/new", &format!("/parked/{}", key(9))] {
        stale.get(path).await.expect(303);
    }
    stale
        .post(&format!("/parked/{}/discard", key(9)), &[])
        .await
        .expect(303);
    assert_eq!(waiting(&mut carol, "/parked").await.len(), 5);
}

#[tokio::test]
async fn every_refusal_keeps_the_form_once_and_saving_it_lets_it_go() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", form(1, "Lakes"))
        .await
        .expect_redirect("/lakes");
    let edit = |seed: u8, revision: &str| {
        form(seed, "Lakes")
            .text("revision", revision)
            .text("slug", "lakes")
    };

    let heavy = edit(2, "1").file(
        "image",
        "huge.png",
        "image/png",
        &vec![1; 20 * 1000 * 1000 + 1],
    );
    carol.post_multipart("/lakes/edit", heavy).await.expect(413);
    assert_eq!(waiting(&mut carol, "/").await, [key(2)]);
    carol
        .post_multipart("/lakes/edit", edit(2, "1").text("title", ""))
        .await
        .expect(422);
    assert_eq!(
        waiting(&mut carol, "/").await,
        [key(2)],
        "the same form, once"
    );
    // Both change the same, so that nothing merges by itself.
    carol
        .post_multipart("/lakes/edit", edit(2, "1").text("text", "Written anew."))
        .await
        .expect_redirect("/lakes");
    assert!(waiting(&mut carol, "/").await.is_empty());

    let mut bob = site.logged_in("bob").await;
    let theirs = bob
        .post_multipart(
            "/lakes/edit",
            edit(3, "1").text("text", "Quite other words."),
        )
        .await;
    theirs.expect(409);
    assert_eq!(waiting(&mut bob, "/").await, [key(3)]);
    assert!(waiting(&mut carol, "/").await.is_empty(), "it is bob's");
    let page = bob.get(&format!("/parked/{}", key(3))).await.expect(200);
    page.expect_text("action=\"/lakes/edit\"")
        .expect_text("\nQuite other words.</textarea>");

    let mut dave = site.logged_in("carol").await;
    bob.post_multipart("/new", form(4, "Bobs"))
        .await
        .expect_redirect("/bobs");
    dave.post_multipart("/bobs/edit", form(5, "Forbidden").text("revision", "1"))
        .await
        .expect(403);
    let page = dave.get(&format!("/parked/{}", key(5))).await.expect(200);
    page.expect_text("\nForbidden</textarea>")
        .expect_text("action=\"/new\"");
    dave.post(&format!("/parked/{}/discard", key(5)), &[])
        .await
        .expect_redirect("/");
    assert!(waiting(&mut dave, "/parked").await.is_empty());
}

#[tokio::test]
async fn what_is_being_typed_is_kept_for_its_author_and_shown_where_it_goes_on() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let typing = |title: &'static str, address: &'static str| {
        vec![
            ("form".to_owned(), key(1)),
            ("address".to_owned(), address.to_owned()),
            ("title".to_owned(), title.to_owned()),
        ]
    };
    let keep = async |browser: &mut Browser, fields: Vec<(String, String)>| {
        let fields: Vec<(&str, &str)> = fields
            .iter()
            .map(|(name, value)| (name.as_str(), value.as_str()))
            .collect();
        browser.post_with("/parked", &fields, &[JSON]).await
    };
    let answer = keep(&mut carol, typing("Half a tho", "/new"))
        .await
        .expect(200);
    let at = answer.json()["at"].as_str().expect("a time").to_owned();
    assert!(at.len() == 5 && at.contains(':'), "{at}");
    assert!(
        waiting(&mut carol, "/").await.is_empty(),
        "nothing went wrong"
    );
    assert_eq!(waiting(&mut carol, "/new").await, [key(1)]);
    site.browser().get("/").await.expect_no_text("Half a tho");

    // Whoever learns the key has a form of their own under it.
    let mut bob = site.logged_in("bob").await;
    keep(&mut bob, typing("Taken over", "/new"))
        .await
        .expect(200);
    carol
        .get(&format!("/parked/{}", key(1)))
        .await
        .expect_text("\nHalf a tho</textarea>");

    for address in [
        "",
        "/",
        "/login",
        "//evil.test/edit",
        "https://evil.test/x/edit",
    ] {
        keep(&mut carol, typing("Elsewhere", address))
            .await
            .expect(400);
    }
    carol
        .get(&format!("/parked/{}", key(1)))
        .await
        .expect_text("\nHalf a tho</textarea>");
    let told: Value = keep(&mut ended(&site, "bob").await, typing("Late", "/new"))
        .await
        .expect(401)
        .json();
    assert!(
        told["detail"]
            .as_str()
            .expect("a sentence")
            .contains("Your login has ended"),
        "{told}"
    );
}

#[tokio::test]
async fn a_picture_by_itself_is_received_as_the_editor_receives_it() {
    let site = Site::new().await;
    let one = |bytes: &[u8]| Multipart::new().file("image", "hello.png", "image/png", bytes);
    site.browser()
        .post_multipart("/images", one(&lake()))
        .await
        .expect(303);
    let mut carol = site.logged_in("carol").await;
    let fragment = carol
        .post_multipart("/images", one(&lake()))
        .await
        .expect(201);
    let fragment = fragment
        .expect_text("hello.png is here")
        .expect_text("name=\"picture_alt\"");
    let text = fragment.text();
    let line = text
        .split("<code>")
        .nth(1)
        .and_then(|rest| rest.split("</code>").next())
        .expect("the line");
    assert!(
        line.starts_with("![](/images/") && line.ends_with(')'),
        "{line}"
    );

    // A text that shows it needs no list of pictures.
    let post = form(1, "By its line").text("text", &format!("Before.\n\n{line}\n\nAfter."));
    carol
        .post_multipart("/new", post)
        .await
        .expect_redirect("/by-its-line");
    carol.get("/by-its-line/image").await.expect(200);
    carol
        .get("/by-its-line")
        .await
        .expect_text("width=\"80\" height=\"60\"");

    carol
        .post_multipart("/images", one(b"%PDF-1.7"))
        .await
        .expect(415);
    carol
        .post_multipart("/images", one(&vec![1; 20 * 1000 * 1000 + 1]))
        .await
        .expect(413);
    carol
        .post_multipart("/images", Multipart::new().text("image", "none"))
        .await
        .expect(400);
}

#[tokio::test]
async fn pictures_without_words_are_listed_before_publishing_and_after() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let silent = |form: Multipart| form.file("image", "hello.png", "image/png", &lake());
    let page = carol
        .post_multipart("/new", silent(form(1, "Silent").text("action", "preview")))
        .await
        .expect(200);
    let hash = hash_in(&page);
    page.expect_text("One picture has no words")
        .expect_text(&format!(
            "<a href=\"#alt-{hash}\">Say what hello.png shows</a>"
        ));
    // It is asked for, and never in the way.
    carol
        .post_multipart("/new", silent(form(1, "Silent")))
        .await
        .expect_redirect("/silent");
    let there = format!("href=\"/silent/edit#alt-{hash}\"");
    carol
        .get("/silent")
        .await
        .expect_text(&there)
        .expect_text("has no words yet");
    site.browser().get("/silent").await.expect_no_text(&there);
    let words = form(2, "Silent")
        .text("revision", "1")
        .text("picture", &hash)
        .text("picture_alt", "A lake");
    carol
        .post_multipart("/silent/edit", words)
        .await
        .expect_redirect("/silent");
    carol.get("/silent").await.expect_no_text(&there);
    carol.get("/silent/edit").await.expect_no_text("no words");
}

#[tokio::test]
async fn what_is_typed_after_going_back_is_kept_and_what_arrives_late_is_not_said_to_be() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let draft = form(1, "Saved once").text("action", "draft");
    carol
        .post_multipart("/new", draft.text("turn", "1000"))
        .await
        .expect(303);
    let keep = async |browser: &mut Browser, title: &str, turn: &str| {
        let key = key(1);
        let fields = [
            ("form", key.as_str()),
            ("address", "/new"),
            ("title", title),
            ("turn", turn),
        ];
        browser.post_with("/parked", &fields, &[JSON]).await
    };
    let late = keep(&mut carol, "On its way", "999").await.expect(409);
    let told = late.json()["detail"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    assert!(told.starts_with("Not kept"), "{told}");
    assert!(waiting(&mut carol, "/new").await.is_empty());
    keep(&mut carol, "Typed after going back", "1001")
        .await
        .expect(200);
    carol
        .get(&format!("/parked/{}", key(1)))
        .await
        .expect(200)
        .expect_text("\nTyped after going back</textarea>")
        .expect_text("name=\"turn\" value=\"1001\"");
}

#[tokio::test]
async fn what_was_typed_before_a_refusal_and_arrives_after_it_costs_no_picture() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let refused = with_lake(form(1, "").text("turn", "1000"));
    carol.post_multipart("/new", refused).await.expect(422);
    let late = [
        ("form", key(1)),
        ("address", "/new".to_owned()),
        ("title", "Half a ti".to_owned()),
        ("turn", "999".to_owned()),
    ];
    let late: Vec<(&str, &str)> = late
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    carol.post_with("/parked", &late, &[JSON]).await.expect(409);
    carol
        .get(&format!("/parked/{}", key(1)))
        .await
        .expect(200)
        .expect_text("hello.png is here")
        .expect_no_text("Half a ti");
}

#[tokio::test]
async fn a_form_waits_while_its_pictures_are_looked_at_and_no_longer() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let person = id(&site, "carol").await;
    let picture = noise(900, 7);
    let sent = |seed, title| form(seed, title).file("image", "large.png", "image/png", &picture);
    let mut sender = carol.clone();
    let leaves = sent(1, "Left alone");
    let sending = tokio::spawn(async move { sender.post_multipart("/new", leaves).await });
    // Whoever leaves, or a server that is stopped, ends it half-way.
    let kept = async || site.db().parked().waiting(person).await.unwrap();
    while kept().await.is_empty() && !sending.is_finished() {
        tokio::task::yield_now().await;
    }
    sending.abort();
    let ended = sending.await;
    assert!(ended.is_err(), "it was ended before it was answered");
    assert_eq!(waiting(&mut carol, "/").await, [key(1)]);
    carol
        .get(&format!("/parked/{}", key(1)))
        .await
        .expect_text("\nLeft alone</textarea>");

    carol
        .post(&format!("/parked/{}/discard", key(1)), &[])
        .await
        .expect(303);
    carol
        .post_multipart("/new", sent(2, "Stayed"))
        .await
        .expect_redirect("/stayed");
    let previewed = sent(3, "Looked at").text("action", "preview");
    carol.post_multipart("/new", previewed).await.expect(200);
    assert!(kept().await.is_empty());
}

#[tokio::test]
async fn a_form_that_is_only_on_the_page_says_so() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    // What only has to be corrected waits too, but for nobody's place, and pages elsewhere do not speak of it.
    for seed in 11..=16 {
        carol
            .post_multipart("/new", form(seed, ""))
            .await
            .expect(422)
            .expect_no_text("only on this page");
    }
    assert_eq!(waiting(&mut carol, "/parked").await.len(), 5);
    assert!(waiting(&mut carol, "/").await.is_empty());
    for seed in 1..=5 {
        carol
            .post_multipart("/new", with_notes(form(seed, "Kept")))
            .await
            .expect(415)
            .expect_no_text("only on this page");
    }
    carol
        .post_multipart("/new", with_notes(form(6, "Kept")))
        .await
        .expect(415)
        .expect_text("only on this page, because five texts wait for you already");
    let mut stale = ended(&site, "carol").await;
    // Whoever holds an old cookie is not told how much waits.
    stale
        .post_multipart("/new", form(7, "Late"))
        .await
        .expect(401)
        .expect_no_text("five texts")
        .expect_no_text("waits for you")
        .expect_text("It is only on this page");
}

/// A hidden field of the editor.
fn hidden(page: &Answer, name: &str) -> String {
    let text = page.text();
    let (_, rest) = text
        .split_once(&format!("name=\"{name}\" value=\""))
        .expect(name);
    rest.split_once('"').expect("its end").0.to_owned()
}

/// The name of a form that was opened from a parked one, and when that one was parked.
type Tab = (String, String);

/// The same parked form, opened in two tabs: what each of them sends for its name.
async fn two_tabs(browser: &mut Browser, seed: u8) -> [Tab; 2] {
    let place = format!("/parked/{}", key(seed));
    let one = browser.get(&place).await.expect(200);
    let other = browser.get(&place).await.expect(200);
    for page in [&one, &other] {
        assert_eq!(hidden(page, "parked"), key(seed));
        assert_eq!(hidden(page, "parked_at"), hidden(&one, "parked_at"));
    }
    let names = [hidden(&one, "form"), hidden(&other, "form")];
    assert_ne!(names[0], names[1]);
    assert!(!names.contains(&key(seed)));
    let at = hidden(&one, "parked_at");
    names.map(|name| (name, at.clone()))
}

fn tab((name, at): &Tab, seed: u8, text: &str) -> Multipart {
    Multipart::new()
        .text("form", name)
        .text("parked", &key(seed))
        .text("parked_at", at)
        .text("title", "Lakes")
        .text("text", text)
}

const LAKES: &str = "One lake.\n\nAnother lake.";

#[tokio::test]
async fn a_form_given_back_in_two_tabs_merges_with_itself() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let new = Multipart::new().text("title", "Lakes").text("text", LAKES);
    carol.post_multipart("/new", new).await.expect(303);
    let refused = Multipart::new()
        .text("form", &key(1))
        .text("title", "")
        .text("text", LAKES)
        .text("revision", "1");
    carol
        .post_multipart("/lakes/edit", refused)
        .await
        .expect(422);
    let [one, other] = two_tabs(&mut carol, 1).await;
    let first = tab(&one, 1, &LAKES.replace("One", "ONE")).text("revision", "1");
    carol
        .post_multipart("/lakes/edit", first)
        .await
        .expect_redirect("/lakes");
    assert!(waiting(&mut carol, "/").await.is_empty(), "it was saved");
    let second = tab(&other, 1, &LAKES.replace("Another", "ANOTHER")).text("revision", "1");
    for _ in 0..2 {
        carol
            .post_multipart("/lakes/edit", second.clone())
            .await
            .expect_redirect("/lakes");
    }
    carol
        .get("/lakes")
        .await
        .expect_text("ONE lake.")
        .expect_text("ANOTHER lake.");
    carol.get("/lakes/history/4").await.expect(404);
}

#[tokio::test]
async fn a_new_post_given_back_in_two_tabs_is_one_post_and_loses_neither_text() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    let untitled = Multipart::new()
        .text("form", &key(1))
        .text("title", "")
        .text("text", LAKES);
    carol.post_multipart("/new", untitled).await.expect(422);
    let [one, other] = two_tabs(&mut carol, 1).await;
    carol
        .post_multipart("/new", tab(&one, 1, "First tab."))
        .await
        .expect_redirect("/lakes");
    // The same once more is the same post, from either tab.
    for name in [&one, &other] {
        carol
            .post_multipart("/new", tab(name, 1, "First tab."))
            .await
            .expect_redirect("/lakes");
    }
    let page = carol
        .post_multipart("/new", tab(&other, 1, "Second tab."))
        .await
        .expect(409);
    page.expect_text("You saved this post in another window")
        .expect_text("First tab.")
        .expect_text("Second tab.")
        .expect_text("action=\"/lakes/edit\"");
    carol.get("/lakes-2").await.expect(404);
    carol.get("/lakes").await.expect_text("First tab.");
    carol.get("/lakes/history/2").await.expect(404);
}

#[tokio::test]
async fn what_was_given_back_waits_once_under_its_new_name_and_is_found_under_both() {
    let site = Site::new().await;
    let mut carol = site.logged_in("carol").await;
    carol
        .post_multipart("/new", with_notes(form(1, "Lakes")))
        .await
        .expect(415);
    let [tab_one, _] = two_tabs(&mut carol, 1).await;
    let (one, at) = &tab_one;
    let typed = [
        ("address", "/new"),
        ("form", one),
        ("parked", &key(1)),
        ("parked_at", at),
        ("title", "Lakes"),
        ("text", "Typed on."),
    ];
    carol
        .post_with("/parked", &typed, &[JSON])
        .await
        .expect(200);
    // It was sent and refused, so every page still speaks of it.
    assert_eq!(waiting(&mut carol, "/").await, [one.as_str()]);
    let place = format!("/parked/{one}");
    let page = carol.get(&place).await.expect(200);
    page.expect_text("\nTyped on.</textarea>");
    let old = carol.get(&format!("/parked/{}", key(1))).await;
    old.expect_redirect(&place);
    let mut bob = site.logged_in("bob").await;
    bob.get(&format!("/parked/{}", key(1))).await.expect(404);
    carol
        .post_multipart("/new", tab(&tab_one, 1, "Done."))
        .await
        .expect(303);
    assert!(waiting(&mut carol, "/parked").await.is_empty());
}
