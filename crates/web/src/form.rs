//! Reading a multipart form without losing any of it: what is too large is counted, drained and named, the rest is kept.
//!
//! Invariant: at most [`KEPT`] bytes of one request are in memory, and a part that passed its limit never is.

use axum::RequestExt as _;
use axum::extract::multipart::{Field, MultipartError};
use axum::extract::{FromRequest, Multipart, Request};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use http::header;

use crate::error::Error;

mod faults;

pub(crate) use faults::{Fault, Faults};

/// What one picture may have.
const PICTURE: usize = crate::images::MAX_BYTES;

/// What one field may have that somebody typed; a text of that size is refused later, in words, and comes back whole.
const TYPED: usize = 4 * 1024 * 1024;

/// What is kept of one request.
const KEPT: usize = 64 * 1024 * 1024;

/// How far an oversized part is drained; beyond it the connection is cut.
const DRAINED: usize = 64 * 1024 * 1024;

/// What is read of one request at all.
const READ: usize = 128 * 1024 * 1024;

/// Fields of one form; nobody has that many pictures.
const FIELDS: usize = 1_000;

/// A form as it came in, in its own order.
#[derive(Debug, Default)]
pub(crate) struct Form {
    texts: Vec<(String, String)>,
    files: Vec<File>,
    /// The form ended early: what had come until then is here.
    pub(crate) broken: bool,
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
    /// Larger than [`PICTURE`], or than what was left of [`KEPT`].
    TooLarge,
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

    async fn read(mut parts: Multipart) -> Result<Self, Error> {
        let mut form = Self::default();
        let mut budget = Budget { kept: 0, read: 0 };
        let mut numbers: Vec<(String, usize)> = Vec::new();
        loop {
            let field = match parts.next_field().await {
                Ok(Some(field)) => field,
                Ok(None) => return Ok(form),
                Err(error) => return form.ended_early(&error),
            };
            if form.texts.len() + form.files.len() >= FIELDS {
                return Err(Error::BadRequest("The form has too many fields.".into()));
            }
            let name = field.name().unwrap_or_default().to_owned();
            let Some(file_name) = field.file_name().map(str::to_owned) else {
                match budget.take(field, TYPED).await? {
                    Ok(text) => form.texts.push((name, text.typed())),
                    Err(error) => return form.ended_early(&error),
                }
                continue;
            };
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
            match budget.take(field, PICTURE).await? {
                // A field in which nothing was chosen comes as a file without a name and without bytes.
                Ok(taken) if file_name.is_empty() && taken.bytes.is_empty() => {}
                Ok(taken) => form.files.push(File {
                    field: name,
                    number,
                    name: file_name,
                    content: taken.file(),
                }),
                Err(error) => return form.ended_early(&error),
            }
        }
    }

    fn ended_early(mut self, error: &MultipartError) -> Result<Self, Error> {
        tracing::debug!(%error, "a form ended early");
        if self.texts.is_empty() {
            return Err(Error::BadRequest("The form did not arrive whole.".into()));
        }
        self.broken = true;
        Ok(self)
    }
}

impl<S: Send + Sync> FromRequest<S> for Form {
    type Rejection = Response;

    async fn from_request(request: Request, state: &S) -> Result<Self, Response> {
        let kind = request.headers().get(header::CONTENT_TYPE);
        let kind = kind.and_then(|kind| kind.to_str().ok()).unwrap_or("");
        let kind = kind
            .split(';')
            .next()
            .unwrap_or("")
            .trim()
            .to_ascii_lowercase();
        match kind.as_str() {
            "multipart/form-data" => {
                let parts = Multipart::from_request(request, state)
                    .await
                    .map_err(IntoResponse::into_response)?;
                Self::read(parts).await.map_err(IntoResponse::into_response)
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
                let texts = form_urlencoded::parse(&body).into_owned().collect();
                Ok(Self {
                    texts,
                    ..Self::default()
                })
            }
            _ => Err(Error::UnsupportedMediaType(
                "A post is sent as a form (multipart/form-data).".into(),
            )
            .into_response()),
        }
    }
}

/// How much of a request has been read and kept.
struct Budget {
    kept: usize,
    read: usize,
}

/// What was kept of one part.
struct Taken {
    bytes: Vec<u8>,
    whole: bool,
}

impl Taken {
    /// A text that is too long keeps its beginning; bytes that are no text become marks.
    fn typed(self) -> String {
        String::from_utf8(self.bytes)
            .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
    }

    fn file(self) -> Content {
        if self.whole {
            Content::Whole(self.bytes.into())
        } else {
            Content::TooLarge
        }
    }
}

impl Budget {
    /// Reads one part to its end. The outer error ends the request, the inner one only the form.
    async fn take(
        &mut self,
        mut field: Field<'_>,
        limit: usize,
    ) -> Result<Result<Taken, MultipartError>, Error> {
        let is_file = field.file_name().is_some();
        let mut taken = Taken {
            bytes: Vec::new(),
            whole: true,
        };
        let mut part = 0;
        loop {
            let chunk = match field.chunk().await {
                Ok(Some(chunk)) => chunk,
                Ok(None) => break,
                Err(error) => return Ok(Err(error)),
            };
            self.read += chunk.len();
            part += chunk.len();
            if part > DRAINED || self.read > READ {
                return Err(Error::TooLarge(
                    "A picture may have 20 MB, and a form 64 MB.".into(),
                ));
            }
            let fits = taken.bytes.len() + chunk.len() <= limit && self.kept + chunk.len() <= KEPT;
            if taken.whole && fits {
                self.kept += chunk.len();
                taken.bytes.extend_from_slice(&chunk);
            } else if taken.whole {
                taken.whole = false;
                if is_file {
                    self.kept -= taken.bytes.len();
                    taken.bytes = Vec::new();
                }
            }
        }
        Ok(Ok(taken))
    }
}

#[cfg(test)]
mod tests;
