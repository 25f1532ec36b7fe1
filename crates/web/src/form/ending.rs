//! Forms that end early. The reader of multipart bodies throws away the part within which one ends, so every body is given
//! an end of ours behind its own: a whole form is over before it, and the part before it in any other is the one that was cut.

use axum::body::Body;
use bytes::Bytes;
use futures_util::{StreamExt as _, future, stream};

use super::{Content, Flaw, Form};

/// The field that says that a form ended early; whoever sends one has ended theirs.
const NAME: &str = "the-form-ended-early";

/// The delimiter between the parts of a form.
pub(super) struct Delimiter(String);

/// What kind of part was read.
#[derive(Clone, Copy)]
pub(super) enum Part {
    Text,
    File,
    Skipped,
}

impl Delimiter {
    /// As a `Content-Type` says it; nothing in a boundary needs an escape.
    pub(super) fn of(kind: &str) -> Option<Self> {
        kind.split(';').skip(1).find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            let is_it = name.trim().eq_ignore_ascii_case("boundary");
            is_it.then(|| Self(format!("\r\n--{}", value.trim().trim_matches('"'))))
        })
    }

    /// A body that breaks off ends as one that is too short.
    pub(super) fn close(&self, body: Body) -> Body {
        let part = format!("\r\n\r\n{}\r\n\r\n", self.head());
        // Twice: a form that ends within the head of a part takes the first one for the rest of it.
        let end = Bytes::from(format!("{part}{part}{}--\r\n", self.0));
        let pieces = body.into_data_stream().scan((), |(), piece| {
            let piece = piece.inspect_err(|error| tracing::debug!(%error, "a form broke off"));
            future::ready(piece.ok())
        });
        let end = stream::once(future::ready(end));
        Body::from_stream(pieces.chain(end).map(Ok::<_, std::convert::Infallible>))
    }

    fn head(&self) -> String {
        let delimiter = self.0.trim_start();
        format!("{delimiter}\r\nContent-Disposition: form-data; name=\"{NAME}\"")
    }

    pub(super) fn is_end(name: &str) -> bool {
        name == NAME
    }

    /// The text without what came of the delimiter behind it.
    fn strip<'a>(&self, text: &'a str) -> &'a str {
        if text.starts_with(&self.head()) {
            return "";
        }
        let text = text.strip_suffix("\r\n").unwrap_or(text);
        (1..=self.0.len())
            .rev()
            .find_map(|length| text.strip_suffix(self.0.get(..length)?))
            .unwrap_or(text)
    }
}

impl Form {
    /// The last part is only the beginning of what was sent.
    pub(super) fn cut(&mut self, last: Part, delimiter: &Delimiter) {
        match last {
            Part::Skipped => {}
            Part::File => {
                if let Some(file) = self.files.last_mut() {
                    file.content = Content::Cut;
                }
            }
            Part::Text => {
                let Some((name, text)) = self.texts.pop() else {
                    return;
                };
                let text = delimiter.strip(&text);
                // The end may be within a letter, which is no fault of the sender's.
                let text = text.strip_suffix('\u{fffd}').unwrap_or(text);
                if !text.contains('\u{fffd}') {
                    let half = (name.clone(), Flaw::NotText);
                    self.flawed.pop_if(|it| *it == half);
                }
                // Of what had only a name nobody knows whether that was its whole name.
                if !name.is_empty() && !text.is_empty() {
                    self.texts.push((name, text.to_owned()));
                }
            }
        }
    }
}
