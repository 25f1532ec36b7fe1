//! The body of a form: whatever came, what is read of it was in it, and a form that is understood is never a failure.

use std::sync::LazyLock;

use axum::body::Body;
use axum::extract::{DefaultBodyLimit, FromRequest, Request};
use tokio::runtime::{Builder, Runtime};

use super::{Content, Form, Rooms};
use crate::inputs::fuzz;

static RUNTIME: LazyLock<Runtime> = LazyLock::new(|| {
    Builder::new_current_thread()
        .enable_time()
        .build()
        .expect("a runtime")
});

#[test]
fn any_body_is_read_or_refused() {
    fuzz("form", body);
}

/// The first line is the content type.
fn body(input: &[u8]) {
    let at = input
        .iter()
        .position(|it| *it == b'\n')
        .unwrap_or(input.len());
    let (kind, body) = (&input[..at], input.get(at + 1..).unwrap_or_default());
    let request = Request::builder()
        .header("content-type", kind)
        .body(Body::from(body.to_vec()));
    // What is no header does not arrive.
    let Ok(mut request) = request else { return };
    DefaultBodyLimit::disable().apply(&mut request);
    match RUNTIME.block_on(Form::from_request(request, &Rooms::default())) {
        Ok(form) => {
            // A byte that is no text becomes a mark of three.
            let typed: usize = form
                .texts
                .iter()
                .map(|(name, value)| name.len() + value.len())
                .sum();
            assert!(typed <= 3 * body.len());
            let files = form.files.iter().map(|file| match &file.content {
                Content::Whole(bytes) => bytes.len(),
                Content::Cut => 0,
                Content::TooLarge | Content::NoRoom => {
                    panic!("so short a body holds nothing large")
                }
            });
            assert!(files.sum::<usize>() <= body.len());
            for (name, _) in &form.texts {
                assert!(form.has(name) && form.all(name).any(|value| value == form.text(name)));
            }
        }
        Err(refusal) => assert!(
            [400, 415].contains(&refusal.status().as_u16()),
            "{refusal:?}"
        ),
    }
}
