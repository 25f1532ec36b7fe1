//! A post's saves as a list: who, when, why, and how much changed, in words and drawn.
//!
//! Invariant: however long the texts are, a page of them is there in a moment; what would take longer is not counted.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use gatepost_domain::changes::{Size, size};
use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::post::{Post, StageName};
use gatepost_storage::revisions::{Entry, Log};
use serde::Serialize;

use super::known_as;
use crate::error::Error;
use crate::pages::millis;
use crate::state::App;

/// Longer texts are not compared for a list.
const LONGEST: i64 = 100_000;

/// How long a list may take to count.
const PATIENCE: Duration = Duration::from_millis(400);

/// The widest that a bar gets.
const WIDEST: u32 = 60;

/// How much each save of a page changed, as far as that can be told quickly.
pub(super) async fn sizes(
    app: &App,
    post: PostId,
    log: &Log,
) -> Result<HashMap<RevisionNo, Size>, Error> {
    let (Some(newest), Some(oldest)) = (log.entries.first(), log.entries.last()) else {
        return Ok(HashMap::new());
    };
    let span = (RevisionNo(oldest.number.0 - 1), newest.number);
    let mut texts = app.db.revisions().texts(post, span, LONGEST).await?;
    if span.0 == RevisionNo(0) {
        texts.insert(0, (span.0, String::new()));
    }
    let counted = tokio::task::spawn_blocking(move || {
        let begun = Instant::now();
        let neighbours = texts
            .windows(2)
            .rev()
            .filter(|pair| pair[0].0.0 + 1 == pair[1].0.0);
        neighbours
            .take_while(|_| begun.elapsed() < PATIENCE)
            .map(|pair| (pair[1].0, size(&pair[0].1, &pair[1].1)))
            .collect()
    });
    counted.await.map_err(Error::unexpected)
}

/// One save.
#[derive(Serialize)]
pub(crate) struct EntryView {
    number: RevisionNo,
    href: String,
    who: String,
    at: i64,
    title: String,
    note: String,
    stage: Option<StageName>,
    /// It is what stands there now.
    current: bool,
    size: Option<Size>,
    bar: Option<Bar>,
    /// In characters, for texts too long to be compared.
    length: i64,
}

/// Two bars beside each other, in pixels.
#[derive(Serialize)]
struct Bar {
    added: u32,
    removed: u32,
}

impl EntryView {
    pub(super) fn of(entry: &Entry, size: Option<&Size>, history: &str, post: &Post) -> Self {
        Self {
            number: entry.number,
            href: format!("{history}/{}", entry.number),
            who: known_as(&entry.person),
            at: millis(entry.saved_at),
            title: entry.title.to_string(),
            note: entry.note.to_string(),
            stage: entry.stage,
            current: entry.number == post.revision,
            size: size.copied(),
            bar: size.map(|size| Bar {
                added: width(size.added),
                removed: width(size.removed),
            }),
            length: entry.length,
        }
    }
}

/// One word can be seen, and a thousand still tell themselves from a hundred.
fn width(words: usize) -> u32 {
    let doublings = usize::BITS - words.leading_zeros();
    (doublings * 5).min(WIDEST)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_words_make_a_longer_bar_and_none_make_none() {
        let widths: Vec<u32> = [0, 1, 10, 100, 1_000, usize::MAX].map(width).to_vec();
        assert_eq!(widths[0], 0);
        assert!(widths.is_sorted_by(|a, b| a < b), "{widths:?}");
        assert_eq!(widths[5], WIDEST);
    }
}
