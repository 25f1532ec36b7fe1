//! What was rendered of posts, kept in memory. A revision never changes, so nothing here is ever out of date.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::post::{Post, Summary};
use serde::Serialize;

use crate::figure::Figure;
use crate::markdown;
use crate::world::Clock;

/// What is kept at most, in bytes of text.
const MOST: usize = 32 * 1024 * 1024;

/// How long the beginning of a post is in a list.
const IN_A_LIST: usize = 220;

/// Rendered posts and their beginnings.
#[derive(Default)]
pub(crate) struct Articles {
    whole: Shelf<Article>,
    beginnings: Shelf<str>,
}

/// A post for readers, apart from its title and its dates.
#[derive(Debug, Serialize)]
pub(crate) struct Article {
    pub(crate) html: String,
    /// Above the text, where the text does not show the post's picture itself.
    pub(crate) lead: Option<Figure>,
    pub(crate) summary: String,
    pub(crate) minutes: usize,
}

impl Articles {
    pub(crate) async fn of(&self, post: &Post, clock: Clock) -> Arc<Article> {
        let key = (post.id, post.revision);
        if let Some(article) = self.whole.get(key) {
            return article;
        }
        let text = post.text.as_str();
        let picture = post
            .picture()
            .filter(|picture| !markdown::shows(text, picture));
        let lead = picture.and_then(Figure::of);
        let html = markdown::render_page(text, &post.pictures, lead.is_some(), clock).await;
        let summary = match &post.excerpt {
            Some(excerpt) => excerpt.to_string(),
            None => markdown::summary(text, 160),
        };
        let minutes = markdown::minutes(text);
        let weight = html.len();
        let article = Arc::new(Article {
            html,
            lead,
            summary,
            minutes,
        });
        self.whole.put(key, Arc::clone(&article), weight);
        article
    }

    /// The first words of a post in a list.
    pub(crate) fn beginning(&self, post: &Summary) -> Arc<str> {
        let key = (post.id, post.revision);
        if let Some(words) = self.beginnings.get(key) {
            return words;
        }
        let words: Arc<str> = match &post.excerpt {
            Some(excerpt) => excerpt.as_str().into(),
            None => markdown::summary(&post.opening, IN_A_LIST).into(),
        };
        self.beginnings.put(key, Arc::clone(&words), words.len());
        words
    }
}

type Key = (PostId, RevisionNo);

/// Values by revision, thrown away together when they weigh too much: what is read fills it again.
struct Shelf<V: ?Sized>(Mutex<(HashMap<Key, Arc<V>>, usize)>);

impl<V: ?Sized> Shelf<V> {
    fn get(&self, key: Key) -> Option<Arc<V>> {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .0
            .get(&key)
            .cloned()
    }

    fn put(&self, key: Key, value: Arc<V>, weight: usize) {
        let mut shelf = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (values, weighs) = &mut *shelf;
        if *weighs + weight > MOST {
            values.clear();
            *weighs = 0;
        }
        // What an entry takes beside its text.
        *weighs += weight + 256;
        values.insert(key, value);
    }
}

impl<V: ?Sized> Default for Shelf<V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shelf_gives_back_the_revision_that_was_put_and_no_other() {
        let shelf = Shelf::<str>::default();
        shelf.put((PostId(1), RevisionNo(1)), "one".into(), 3);
        shelf.put((PostId(1), RevisionNo(2)), "two".into(), 3);
        assert_eq!(
            shelf.get((PostId(1), RevisionNo(1))).as_deref(),
            Some("one")
        );
        assert_eq!(
            shelf.get((PostId(1), RevisionNo(2))).as_deref(),
            Some("two")
        );
        assert_eq!(shelf.get((PostId(2), RevisionNo(1))), None);
    }

    #[test]
    fn a_full_shelf_is_emptied_and_never_grows_beyond_its_limit() {
        let shelf = Shelf::<str>::default();
        for id in 0..40 {
            shelf.put((PostId(id), RevisionNo(1)), "x".into(), 1024 * 1024);
        }
        let held = (0..40)
            .filter(|id| shelf.get((PostId(*id), RevisionNo(1))).is_some())
            .count();
        assert!((1..=32).contains(&held), "{held}");
        assert!(
            shelf.get((PostId(39), RevisionNo(1))).is_some(),
            "the last one put is there"
        );
    }
}
