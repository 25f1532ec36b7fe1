//! How much of one request is read and kept; what passes a limit is drained, so that the rest of the form arrives.

use axum::extract::multipart::{Field, MultipartError};

use super::{Content, Flaw};
use crate::error::Error;

/// What is kept of one request.
pub(super) const KEPT: usize = 64 * 1024 * 1024;

/// How far an oversized part is drained; beyond it the connection is cut.
const DRAINED: usize = 64 * 1024 * 1024;

/// What is read of one request at all.
const READ: usize = 128 * 1024 * 1024;

/// How much of a request has been read, and how much of that is kept.
#[derive(Default)]
pub(super) struct Budget {
    read: usize,
    kept: usize,
    pub(super) typed: usize,
}

/// What was kept of one part.
pub(super) struct Taken {
    pub(super) bytes: Vec<u8>,
    whole: bool,
}

/// A part that did not come to its end.
pub(super) struct Broken {
    pub(super) error: MultipartError,
    /// What had come of it.
    pub(super) taken: Taken,
}

impl Taken {
    /// A text that is too long keeps its beginning; bytes that are no text become marks.
    pub(super) fn typed(self) -> (String, Option<Flaw>) {
        let cut = (!self.whole).then_some(Flaw::Cut);
        match String::from_utf8(self.bytes) {
            Ok(text) => (text, cut),
            // What is cut may end within a letter.
            Err(error) => (
                String::from_utf8_lossy(error.as_bytes()).into_owned(),
                cut.or(Some(Flaw::NotText)),
            ),
        }
    }

    pub(super) fn file(self) -> Content {
        if self.whole {
            Content::Whole(self.bytes.into())
        } else {
            Content::TooLarge
        }
    }
}

impl Budget {
    /// Reads one part to its end. The outer error ends the request, the inner one only the form, with what there is of it.
    pub(super) async fn take(
        &mut self,
        mut field: Field<'_>,
        limit: usize,
    ) -> Result<Result<Taken, Broken>, Error> {
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
                Err(error) => {
                    taken.whole = false;
                    return Ok(Err(Broken { error, taken }));
                }
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
