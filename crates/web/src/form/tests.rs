//! Forms as browsers, scripts and attackers send them.

use std::task::Poll;

use axum::body::Body;

use super::*;

const KIND: &str = "multipart/form-data; boundary=XX";

fn part(disposition: &str, content: &[u8]) -> Vec<u8> {
    let mut part =
        format!("--XX\r\nContent-Disposition: form-data; {disposition}\r\n\r\n").into_bytes();
    part.extend_from_slice(content);
    part.extend_from_slice(b"\r\n");
    part
}

async fn read(kind: &str, parts: &[Vec<u8>], end: &str) -> Result<Form, u16> {
    read_in(&Rooms::default(), kind, parts, end).await
}

async fn read_in(rooms: &Rooms, kind: &str, parts: &[Vec<u8>], end: &str) -> Result<Form, u16> {
    let mut body = parts.concat();
    body.extend_from_slice(end.as_bytes());
    let request = Request::builder()
        .header("content-type", kind)
        .body(Body::from(body))
        .unwrap();
    let request = {
        let mut request = request;
        // As `routes` does it: the limit of this module replaces axum's.
        axum::extract::DefaultBodyLimit::disable().apply(&mut request);
        request
    };
    Form::from_request(request, rooms)
        .await
        .map_err(|refusal| refusal.status().as_u16())
}

#[tokio::test]
async fn fields_and_files_are_read_in_their_order() {
    let parts = [
        part("name=\"title\"", b"A"),
        part("name=\"alt\"", b"one"),
        part("name=\"alt\"", b"two"),
        part("name=\"image\"; filename=\"\"", b""),
        part("name=\"image\"; filename=\"b.jpg\"", b"bytes"),
    ];
    let mut form = read(KIND, &parts, "--XX--\r\n").await.unwrap();
    assert_eq!(form.text("title"), "A");
    assert_eq!(form.all("alt").collect::<Vec<_>>(), ["one", "two"]);
    assert_eq!(form.text("missing"), "");
    let files = form.files("image");
    assert_eq!(files.len(), 1);
    assert_eq!(
        (files[0].number, files[0].name.as_str()),
        (2, "b.jpg"),
        "an empty choice counts"
    );
    assert_eq!(
        files[0].content,
        Content::Whole(Bytes::from_static(b"bytes"))
    );
}

#[tokio::test]
async fn an_oversized_picture_is_drained_and_the_rest_of_the_form_kept() {
    let parts = [
        part("name=\"title\"", b"before"),
        part(
            "name=\"image\"; filename=\"huge.jpg\"",
            &vec![7; PICTURE + 1],
        ),
        part("name=\"image\"; filename=\"fits.jpg\"", &vec![7; PICTURE]),
        part("name=\"text\"", b"after"),
    ];
    let mut form = read(KIND, &parts, "--XX--\r\n").await.unwrap();
    assert_eq!((form.text("title"), form.text("text")), ("before", "after"));
    let files = form.files("image");
    assert_eq!(files[0].content, Content::TooLarge);
    assert!(matches!(&files[1].content, Content::Whole(bytes) if bytes.len() == PICTURE));
}

#[tokio::test]
async fn beyond_what_is_read_at_all_the_request_ends() {
    let huge = vec![7; PICTURE];
    let parts: Vec<_> = (0..7)
        .map(|_| part("name=\"image\"; filename=\"huge.jpg\"", &huge))
        .collect();
    assert_eq!(read(KIND, &parts, "--XX--\r\n").await.unwrap_err(), 413);
}

#[tokio::test]
async fn a_form_that_ends_early_keeps_what_had_come() {
    let parts = [
        part("name=\"title\"", b"kept"),
        part("name=\"text\"", b"lost"),
    ];
    let whole = parts.concat();
    let cut = whole.len() - 6;
    let form = read(KIND, &[whole[..cut].to_vec()], "").await.unwrap();
    assert!(form.broken);
    assert_eq!(form.text("title"), "kept");
    assert_eq!(
        read(KIND, &[], "--X").await.unwrap_err(),
        400,
        "nothing had come"
    );
}

#[tokio::test]
async fn the_part_within_which_a_form_ended_is_kept_as_far_as_it_came() {
    let text = "word ".repeat(50);
    let whole = part("name=\"text\"", text.as_bytes());
    let beginning = whole[..whole.len() - 30].to_vec();
    // It comes, then nothing does for a while, then the connection is gone.
    let (mut beginning, mut silence) = (Some(Bytes::from(beginning)), 0..20);
    let pieces = futures_util::stream::poll_fn(move |context| {
        if let Some(piece) = beginning.take() {
            return Poll::Ready(Some(Ok(piece)));
        }
        if silence.next().is_some() {
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        Poll::Ready(Some(Err(std::io::Error::from(
            std::io::ErrorKind::ConnectionReset,
        ))))
    });
    let request = Request::builder().header("content-type", KIND);
    let request = request.body(Body::from_stream(pieces)).unwrap();
    let form = Form::from_request(request, &Rooms::default())
        .await
        .unwrap();
    assert!(form.broken);
    let came = form.text("text");
    assert!(came.len() > 150 && text.starts_with(came), "{came:?}");

    let parts = [
        part("name=\"title\"", b"kept"),
        part("name=\"image\"; filename=\"half.jpg\"", &[7; 10_000]),
    ];
    let whole = parts.concat();
    let mut form = read(KIND, &[whole[..whole.len() - 5_000].to_vec()], "")
        .await
        .unwrap();
    assert!(form.broken);
    let files = form.files("image");
    assert_eq!(
        (files[0].name.as_str(), &files[0].content),
        ("half.jpg", &Content::Cut)
    );
}

#[tokio::test]
async fn wherever_a_form_ends_what_had_come_is_kept_and_it_is_not_taken_for_whole() {
    let parts = [
        part("name=\"title\"", b"A"),
        part("name=\"text\"", "One line,\r\n--another ü\r\n".as_bytes()),
        part("name=\"tags\"", b"sea"),
    ];
    let (whole, text) = (parts.concat(), "One line,\r\n--another ü\r\n");
    let start = parts[0].len() + parts[1].len() - text.len() - 2;
    for cut in parts[0].len()..whole.len() {
        let form = read(KIND, &[whole[..cut].to_vec()], "").await.unwrap();
        assert!(form.broken && form.flawed.is_empty(), "{cut}");
        assert_eq!(form.text("title"), "A", "{cut}");
        let came = form.text("text");
        assert!(text.starts_with(came), "{cut}: {came:?}");
        // What may be the end of the part, or half a letter, is left out.
        let sent = cut.saturating_sub(start).min(text.len());
        assert!(came.len() + 4 >= sent, "{cut}: {came:?}");
        assert!("sea".starts_with(form.text("tags")), "{cut}");
        assert!(form.texts.len() <= 3, "{cut}: {:?}", form.texts);
    }
    let form = read(KIND, &parts, "--XX--").await.unwrap();
    assert!(!form.broken && form.text("text") == text);
}

type Sending = tokio::sync::mpsc::UnboundedSender<Bytes>;

/// A form with one file that goes on being sent for as long as the other end is kept.
fn endless() -> (Request, Sending) {
    let (sender, pieces) = tokio::sync::mpsc::unbounded_channel::<Bytes>();
    let mut beginning = part("name=\"title\"", b"slow");
    beginning.extend_from_slice(
        b"--XX\r\nContent-Disposition: form-data; name=\"image\"; filename=\"a.jpg\"\r\n\r\n1234",
    );
    sender.send(beginning.into()).unwrap();
    let body = futures_util::stream::unfold(pieces, async |mut pieces| {
        let piece = pieces.recv().await?;
        Some((Ok::<_, std::io::Error>(piece), pieces))
    });
    let request = Request::builder().header("content-type", KIND);
    (request.body(Body::from_stream(body)).unwrap(), sender)
}

#[tokio::test]
async fn strangers_who_send_slowly_hold_up_no_member_and_no_text() {
    let rooms = Rooms {
        patience_of_strangers: std::time::Duration::from_millis(50),
        ..Rooms::default()
    };
    let mut held = Vec::new();
    while rooms.strangers.available_permits() > 0 {
        let (request, sender) = endless();
        let (theirs, before) = (rooms.clone(), rooms.strangers.available_permits());
        tokio::spawn(async move { Form::from_request(request, &theirs).await });
        while rooms.strangers.available_permits() == before {
            tokio::task::yield_now().await;
        }
        held.push(sender);
    }
    assert!(
        rooms.members.available_permits() > 0,
        "that room is another"
    );

    let parts = [
        part("name=\"title\"", b"Mine"),
        part("name=\"image\"; filename=\"a.jpg\"", b"bytes"),
        part("name=\"image\"; filename=\"b.jpg\"", b"bytes"),
        part("name=\"text\"", b"after"),
    ];
    let mut body = parts.concat();
    body.extend_from_slice(b"--XX--\r\n");
    let request = Request::builder()
        .header("content-type", KIND)
        .body(Body::from(body));
    let mut form = Form::from_request(request.unwrap(), &rooms).await.unwrap();
    assert_eq!((form.text("title"), form.text("text")), ("Mine", "after"));
    let contents: Vec<_> = form
        .files("image")
        .into_iter()
        .map(|file| file.content)
        .collect();
    assert_eq!(contents, [Content::NoRoom, Content::NoRoom]);

    // When one of them is done there is a place again.
    drop(held.pop());
    while rooms.strangers.available_permits() == 0 {
        tokio::task::yield_now().await;
    }
    let form = read_in(&rooms, KIND, &parts, "--XX--\r\n").await.unwrap();
    assert!(matches!(form.files[0].content, Content::Whole(_)));
}

#[tokio::test]
async fn other_kinds_of_content_are_refused() {
    for kind in ["application/json", "text/plain", ""] {
        assert_eq!(read(kind, &[], "{}").await.unwrap_err(), 415, "{kind}");
    }
    assert_eq!(
        read("multipart/form-data", &[], "").await.unwrap_err(),
        400,
        "without a boundary"
    );
    let form = read(
        "application/x-www-form-urlencoded",
        &[],
        "title=A+b&text=%C3%BC",
    )
    .await
    .unwrap();
    assert_eq!((form.text("title"), form.text("text")), ("A b", "ü"));
}

#[tokio::test]
async fn bytes_that_are_no_text_become_marks() {
    let form = read(KIND, &[part("name=\"title\"", b"a\xffb")], "--XX--\r\n")
        .await
        .unwrap();
    assert_eq!(form.text("title"), "a\u{fffd}b");
    assert_eq!(form.flawed, [("title".to_owned(), Flaw::NotText)]);
    let pairs = "application/x-www-form-urlencoded";
    let form = read(pairs, &[], "title=a%ffb&text=%C3%BC+1&alone&=&&tags=a=b%2")
        .await
        .unwrap();
    assert_eq!(form.flawed, [("title".to_owned(), Flaw::NotText)]);
    let fields = ["title", "text", "alone", "", "tags"].map(|name| form.text(name));
    assert_eq!(fields, ["a\u{fffd}b", "ü 1", "", "", "a=b%2"]);
}

#[tokio::test]
async fn a_text_that_is_cut_says_so_and_is_no_broken_text() {
    let long = "ü".repeat(TYPED / 2 + 10);
    let form = read(
        KIND,
        &[part("name=\"text\"", long.as_bytes())],
        "--XX--\r\n",
    )
    .await
    .unwrap();
    assert_eq!(form.flawed, [("text".to_owned(), Flaw::Cut)]);
    assert!(long.starts_with(form.text("text").trim_end_matches('\u{fffd}')));
}
