//! Reading a multipart form without losing any of it: what is too large is counted, drained and named, the rest is kept.
//!
//! Invariant: at most [`budget::KEPT`] bytes of one request are in memory, and a part that passed its limit never is.

use axum::RequestExt as _;
use axum::extract::{FromRef, FromRequest, Multipart, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;
use tokio::sync::OwnedSemaphorePermit;

use crate::error::Error;

mod budget;
mod ending;
mod faults;
mod rooms;

use budget::{Broken, Budget};
use ending::{Delimiter, Part};
pub(crate) use faults::{Fault, Faults};
pub(crate) use rooms::Rooms;
use rooms::Sender;

/// What one picture may have.
const PICTURE: usize = crate::images::MAX_BYTES;

/// What all fields together may have that somebody typed; a text of that size is refused later, in words, and comes back.
const TYPED: usize = 4 * 1024 * 1024;

/// Fields of one form; nobody has that many pictures.
const FIELDS: usize = 1_000;

/// A form as it came in, in its own order.
#[derive(Debug, Default)]
pub(crate) struct Form {
    texts: Vec<(String, String)>,
    files: Vec<File>,
    /// Fields that are not as they were sent, and why.
    pub(crate) flawed: Vec<(String, Flaw)>,
    /// The form ended early: what had come until then is here.
    pub(crate) broken: bool,
    /// Given back when the form has been dealt with.
    place: Option<OwnedSemaphorePermit>,
}

/// Why what there is of a field is not what was sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flaw {
    /// Its bytes are not UTF-8: a mark stands where they are none.
    NotText,
    /// It was beyond [`TYPED`]: this is its beginning.
    Cut,
    /// It was the first beyond [`FIELDS`]: it and all after it are not here.
    LeftOut,
}

impl Flaw {
    /// A sentence for whoever sent the field of this name.
    pub(crate) fn sentence(self, field: &str) -> String {
        match self {
            Self::NotText => format!(
                "The field “{field}” was not sent as UTF-8. Where it can’t be read stands a �: put that right, then send it again."
            ),
            Self::Cut => format!(
                "The field “{field}” is longer than 4 MB, and only its beginning is here. Go back to the page before to have all of it."
            ),
            Self::LeftOut => format!(
                "The form has more than {FIELDS} fields. “{field}” and those after it were left out; look what is here, then send it again."
            ),
        }
    }
}

/// A chosen file. A file field in which nothing was chosen is none, but counts in `number`.
#[derive(Debug, Clone)]
pub(crate) struct File {
    pub(crate) field: String,
    /// From 1, among the fields of this name.
    pub(crate) number: usize,
    /// As the browser called it; for showing, never for opening.
    pub(crate) name: String,
    pub(crate) content: Content,
}

/// What there is of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Content {
    Whole(Bytes),
    /// Larger than [`PICTURE`], or than what was left of [`budget::KEPT`].
    TooLarge,
    /// It was not kept: as many forms with files were in memory as may be.
    NoRoom,
    /// The form ended within it.
    Cut,
}

impl Form {
    /// The last value of a field, as browsers and servers agree on for one that should come once.
    pub(crate) fn text<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).last().unwrap_or("")
    }

    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let named = self.texts.iter().filter(move |(field, _)| field == name);
        named.map(|(_, value)| value.as_str())
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.texts.iter().any(|(field, _)| field == name)
    }

    pub(crate) fn files(&mut self, field: &str) -> Vec<File> {
        self.files
            .extract_if(.., |file| file.field == field)
            .collect()
    }

    /// What was typed, in its order.
    pub(crate) fn texts(&self) -> &[(String, String)] {
        &self.texts
    }

    /// A form that was typed earlier; its files are pictures by now.
    pub(crate) fn of(texts: Vec<(String, String)>) -> Self {
        Self {
            texts,
            ..Self::default()
        }
    }

    /// As `application/x-www-form-urlencoded`.
    fn of_pairs(body: &[u8]) -> Self {
        let mut form = Self::default();
        for pair in body.split(|byte| *byte == b'&').filter(|it| !it.is_empty()) {
            let mut halves = pair.splitn(2, |byte| *byte == b'=').map(decoded);
            let (name, _) = halves.next().unwrap_or_default();
            if form.is_full() {
                form.flawed.push((name, Flaw::LeftOut));
                break;
            }
            let (value, is_text) = halves.next().unwrap_or((String::new(), true));
            if !is_text {
                form.flawed.push((name.clone(), Flaw::NotText));
            }
            form.texts.push((name, value));
        }
        form
    }

    fn is_full(&self) -> bool {
        self.texts.len() + self.files.len() >= FIELDS
    }

    async fn read(
        mut parts: Multipart,
        delimiter: &Delimiter,
        rooms: &Rooms,
        sender: &Sender,
    ) -> Result<Self, Error> {
        let mut form = Self::default();
        let mut last = Part::Skipped;
        let mut budget = Budget::default();
        let mut numbers: Vec<(String, usize)> = Vec::new();
        let mut is_crowded = false;
        loop {
            let field = match parts.next_field().await {
                Ok(Some(field)) => field,
                Ok(None) => return Ok(form),
                Err(error) => return form.ended_early(error),
            };
            let name = field.name().unwrap_or_default().to_owned();
            if Delimiter::is_end(&name) {
                form.cut(last, delimiter);
                return form.ended_early("its end is missing");
            }
            last = Part::Skipped;
            if form.is_full() {
                let is_first = form.flawed.last().is_none_or(|it| it.1 != Flaw::LeftOut);
                form.flawed
                    .extend(is_first.then_some((name, Flaw::LeftOut)));
                match budget.take(field, 0).await? {
                    Ok(_) => continue,
                    Err(broken) => return form.ended_early(broken.error),
                }
            }
            let Some(file_name) = field.file_name().map(str::to_owned) else {
                match budget.take(field, TYPED - budget.typed).await? {
                    Ok(text) => {
                        budget.typed += text.bytes.len();
                        let (text, flaw) = text.typed();
                        form.flawed.extend(flaw.map(|flaw| (name.clone(), flaw)));
                        form.texts.push((name, text));
                        last = Part::Text;
                    }
                    Err(Broken { error, taken }) => {
                        form.texts.push((name, taken.typed().0));
                        return form.ended_early(error);
                    }
                }
                continue;
            };
            if form.place.is_none() && !is_crowded && !file_name.is_empty() {
                form.place = rooms.enter(sender).await;
                is_crowded = form.place.is_none();
            }
            let number = match numbers.iter_mut().find(|(known, _)| *known == name) {
                Some((_, number)) => {
                    *number += 1;
                    *number
                }
                None => {
                    numbers.push((name.clone(), 1));
                    1
                }
            };
            let limit = if is_crowded { 0 } else { PICTURE };
            let (content, ended) = match budget.take(field, limit).await? {
                // A field in which nothing was chosen comes as a file without a name and without bytes.
                Ok(taken) if file_name.is_empty() && taken.bytes.is_empty() => continue,
                Ok(_) if is_crowded => (Content::NoRoom, None),
                Ok(taken) => (taken.file(), None),
                Err(broken) => (Content::Cut, Some(broken.error)),
            };
            form.files.push(File {
                field: name,
                number,
                name: file_name,
                content,
            });
            last = Part::File;
            if let Some(error) = ended {
                return form.ended_early(error);
            }
        }
    }

    fn ended_early(mut self, error: impl std::fmt::Display) -> Result<Self, Error> {
        tracing::debug!(%error, "a form ended early");
        if self.texts.is_empty() {
            return Err(Error::BadRequest("The form did not arrive whole.".into()));
        }
        self.broken = true;
        Ok(self)
    }
}

/// Half of a pair, and whether it is text.
fn decoded(half: &[u8]) -> (String, bool) {
    let spaced: Vec<u8> = half
        .iter()
        .map(|byte| if *byte == b'+' { b' ' } else { *byte })
        .collect();
    let bytes: Vec<u8> = percent_encoding::percent_decode(&spaced).collect();
    match String::from_utf8(bytes) {
        Ok(text) => (text, true),
        Err(error) => (
            String::from_utf8_lossy(error.as_bytes()).into_owned(),
            false,
        ),
    }
}

impl<S: Send + Sync> FromRequest<S> for Form
where
    Rooms: FromRef<S>,
{
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let delimiter = Delimiter::of(kind);
        let kind = kind
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => {
                let (head, body) = request.into_parts();
                let sender = Sender::of(&head);
                let delimiter = delimiter.ok_or_else(|| {
                    Error::BadRequest("The form does not say where its fields end.".into())
                        .into_response()
                })?;
                let request = Request::from_parts(head, delimiter.close(body));
                let parts = Multipart::from_request(request, state)
                    .await
                    .map_err(IntoResponse::into_response)?;
                Self::read(parts, &delimiter, &Rooms::from_ref(state), &sender)
                    .await
                    .map_err(IntoResponse::into_response)
            }
            // A form without pictures, as scripts like to send it.
            "application/x-www-form-urlencoded" => {
                // The limit of the route, and never more than what somebody types.
                let body = request.with_limited_body().into_body();
                let body = axum::body::to_bytes(body, TYPED).await;
                let body = body.map_err(|_| {
                    Error::TooLarge("The form is larger than this page takes.".into())
                        .into_response()
                })?;
                Ok(Self::of_pairs(&body))
            }
            _ => Err(Error::UnsupportedMediaType(
                "This page reads forms (multipart/form-data).".into(),
            )
            .into_response()),
        }
    }
}

#[cfg(test)]
#[path = "../fuzz/form.rs"]
mod fuzz;
#[cfg(test)]
mod tests;
