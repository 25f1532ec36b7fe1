//! What was rendered of posts, kept in memory. A revision never changes, so nothing here is ever out of date.

use std::sync::Arc;

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::picture::{Alt, Picture, named_in};
use gatepost_domain::post::{Post, Summary};
use gatepost_storage::Db;
use serde::Serialize;

use crate::error::Error;
use crate::feed::for_elsewhere;
use crate::figure::Figure;
use crate::markdown;
use crate::shelf::Shelf;
use crate::world::Ticks;

/// What is kept at most of each, in bytes of text.
const MOST: usize = 32 * 1024 * 1024;

/// How long the beginning of a post is in a list.
const IN_A_LIST: usize = 220;

/// Pictures that are looked for in a text.
pub(crate) const NAMED: usize = 200;

type Key = (PostId, RevisionNo);

/// Rendered posts, their beginnings, and what feeds carry of them.
pub(crate) struct Articles {
    whole: Shelf<Key, Article>,
    beginnings: Shelf<Key, str>,
    elsewhere: Shelf<Key, str>,
}

impl Default for Articles {
    fn default() -> Self {
        Self {
            whole: Shelf::holding(MOST),
            beginnings: Shelf::holding(MOST),
            elsewhere: Shelf::holding(MOST),
        }
    }
}

/// A post for readers, apart from its title and its dates.
#[derive(Debug, Serialize)]
pub(crate) struct Article {
    pub(crate) html: String,
    /// Above the text, where the text does not show the post's picture itself.
    pub(crate) lead: Option<Figure>,
    pub(crate) summary: String,
    pub(crate) minutes: usize,
    /// Some of its code has no colours for want of time. It has them when there is more, so this is not kept.
    #[serde(skip)]
    late: bool,
}

impl Articles {
    pub(crate) async fn of(
        &self,
        db: &Db,
        post: &Post,
        ticks: Ticks,
    ) -> Result<Arc<Article>, Error> {
        let key = (post.id, post.revision);
        if let Some(article) = self.whole.get(&key) {
            return Ok(article);
        }
        let pictures = shown(db, post).await?;
        let whole = post.clone();
        let length = post.text.as_str().len();
        let article = markdown::aside(length, move || Article::write(&whole, &pictures, ticks));
        let article = Arc::new(article.await);
        if !article.late {
            let weight = article.html.len();
            self.whole.put(key, Arc::clone(&article), weight);
        }
        Ok(article)
    }

    /// The article as a feed carries it; `url` is the address of the post.
    pub(crate) async fn elsewhere(
        &self,
        post: &Post,
        article: &Arc<Article>,
        url: &str,
    ) -> Arc<str> {
        let key = (post.id, post.revision);
        if let Some(html) = self.elsewhere.get(&key) {
            return html;
        }
        let (source, url) = (Arc::clone(article), url.to_owned());
        let html = markdown::aside(article.html.len(), move || {
            for_elsewhere(&source.html, source.lead.as_ref(), &url)
        });
        let html: Arc<str> = html.await.into();
        if !article.late {
            self.elsewhere.put(key, Arc::clone(&html), html.len());
        }
        html
    }

    /// The first words of a post in a list.
    pub(crate) fn beginning(&self, post: &Summary) -> Arc<str> {
        let key = (post.id, post.revision);
        if let Some(words) = self.beginnings.get(&key) {
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

impl Article {
    fn write(post: &Post, pictures: &[Picture], ticks: Ticks) -> Self {
        let text = post.text.as_str();
        let picture = post
            .picture()
            .filter(|picture| !markdown::shows(text, picture));
        let lead = picture.and_then(Figure::of);
        let rendered = markdown::render(text, pictures, lead.is_some(), ticks);
        Self {
            html: rendered.html,
            late: rendered.late,
            lead,
            summary: match &post.excerpt {
                Some(excerpt) => excerpt.to_string(),
                None => markdown::summary(text, 160),
            },
            minutes: markdown::minutes(text),
        }
    }
}

/// The pictures that a text may show: those of its post, and others of the site that it names. A picture whose size is
/// unknown would push the text about when it comes.
async fn shown(db: &Db, post: &Post) -> Result<Vec<Picture>, Error> {
    let mut pictures = post.pictures.clone();
    for hash in named_in(post.text.as_str()).take(NAMED) {
        if pictures.iter().any(|picture| picture.hash == hash) {
            continue;
        }
        if let Some(variants) = db.images().find(&hash).await? {
            pictures.push(Picture {
                hash,
                alt: Alt::default(),
                decorative: false,
                variants,
            });
        }
    }
    Ok(pictures)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::time::Duration;

    use gatepost_domain::display_name::DisplayName;
    use gatepost_domain::note::Note;
    use gatepost_domain::post::{Stage, Visibility};
    use gatepost_domain::role::Role;
    use gatepost_domain::tag::Tags;
    use gatepost_domain::text::Text;
    use gatepost_domain::title::Title;
    use gatepost_domain::username::Username;
    use gatepost_storage::posts::{Created, Edit, WantedSlug};
    use gatepost_storage::users::NewUser;

    use super::*;

    /// A site with a post that says this.
    async fn post(text: &str) -> (tempfile::TempDir, Db, Post) {
        let directory = tempfile::tempdir().unwrap();
        let clock = || time::OffsetDateTime::UNIX_EPOCH;
        let db = Db::open(&directory.path().join("blog.db"), clock)
            .await
            .unwrap();
        let alice = NewUser {
            username: Username::parse("alice").unwrap(),
            display_name: DisplayName::parse("Alice").unwrap(),
            role: Role::Owner,
            password_hash: None,
        };
        let alice = db.users().create(&alice).await.unwrap().unwrap();
        let edit = Edit {
            title: Title::parse("One").unwrap(),
            text: Text::parse(text.to_owned()).unwrap(),
            slug: WantedSlug::FromTitle,
            tags: Tags::default(),
            excerpt: None,
            visibility: Visibility::Public,
            stage: Stage::Published,
            pictures: Vec::new(),
            editor: alice.id,
            note: Note::default(),
            form: None,
            opened_from: None,
        };
        let Created::Post(post) = db.posts().create(&edit).await.unwrap() else {
            panic!("it is not there")
        };
        (directory, db, *post)
    }

    thread_local! {
        static NOW: Cell<u64> = const { Cell::new(0) };
        static STEP: Cell<u64> = const { Cell::new(0) };
    }

    fn ticking() -> Duration {
        NOW.set(NOW.get() + STEP.get());
        Duration::from_millis(NOW.get())
    }

    #[tokio::test]
    async fn code_that_had_no_time_for_its_colours_has_them_the_next_time() {
        let (_directory, db, post) = post(&format!(
            "```rust\n{}```",
            "let x = 1; // one\n".repeat(1_000)
        ))
        .await;
        let articles = Articles::default();
        STEP.set(1_000);
        let late = articles.of(&db, &post, ticking).await.unwrap();
        let told = articles.elsewhere(&post, &late, "http://x/one").await;
        assert!(!late.html.contains("<span"), "control");
        STEP.set(0);
        let article = articles.of(&db, &post, ticking).await.unwrap();
        assert!(article.html.contains("<span"));
        let again = articles.of(&db, &post, ticking).await.unwrap();
        assert!(Arc::ptr_eq(&article, &again), "and keeps them");
        let new = articles.elsewhere(&post, &article, "http://x/one").await;
        assert!(!Arc::ptr_eq(&told, &new));
    }

    #[tokio::test]
    async fn what_feeds_carry_of_a_revision_is_made_once() {
        let (_directory, db, post) = post("[x](/y)").await;
        let articles = Articles::default();
        let article = articles.of(&db, &post, ticking).await.unwrap();
        let told = articles.elsewhere(&post, &article, "http://x/one").await;
        assert_eq!(&*told, "<p><a href=\"http://x/y\">x</a></p>\n");
        let again = articles.elsewhere(&post, &article, "http://x/one").await;
        assert!(Arc::ptr_eq(&told, &again));
    }
}
