//! Every save of every post, whole: who, when, what, and which revision the writer had started from.

use gatepost_domain::excerpt::Excerpt;
use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::note::Note;
use gatepost_domain::picture::{Alt, PlacedPicture};
use gatepost_domain::post::{Stage, StageName, Visibility};
use gatepost_domain::slug::Slug;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_domain::user::Person;
use sqlx::query_as;
use time::OffsetDateTime;

use crate::db::Db;
use crate::error::Error;
use crate::moment;
use crate::posts::{excerpt, person, slug, tags, title, visibility};

/// The repository of revisions.
pub struct Revisions<'a>(pub(crate) &'a Db);

/// One save.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Revision {
    pub number: RevisionNo,
    /// What the writer had in front of them; none for the first save.
    pub base: Option<RevisionNo>,
    pub person: Person,
    pub saved_at: OffsetDateTime,
    pub title: Title,
    pub text: Text,
    pub tags: Tags,
    pub excerpt: Option<Excerpt>,
    /// Its address then. This and what follows is unknown of saves by an older version of the program.
    pub slug: Option<Slug>,
    pub visibility: Option<Visibility>,
    pub stage: Option<StageName>,
    /// When it was to become public by itself; known of every scheduled save but old ones.
    pub publish_at: Option<OffsetDateTime>,
    /// In the writer's order.
    pub pictures: Option<Vec<PlacedPicture>>,
    pub note: Note,
}

impl Revision {
    /// How far its writer took the post, with the moment. `None`: nobody knows.
    pub fn whole_stage(&self) -> Option<Stage> {
        match self.stage? {
            StageName::Draft => Some(Stage::Draft),
            StageName::Review => Some(Stage::Review),
            StageName::Scheduled => self.publish_at.map(Stage::Scheduled),
            StageName::Published => Some(Stage::Published),
        }
    }
}

/// As the column keeps them: hash, words, whether it is only decoration.
pub(crate) fn pictures_as_kept<'a>(
    pictures: impl Iterator<Item = &'a PlacedPicture>,
) -> Result<String, Error> {
    let kept: Vec<(String, &str, bool)> = pictures
        .map(|it| (it.hash.to_string(), it.alt.as_str(), it.decorative))
        .collect();
    serde_json::to_string(&kept).map_err(|error| Error::row("revisions.pictures", error))
}

fn pictures(kept: &str) -> Result<Vec<PlacedPicture>, Error> {
    let kept: Vec<(String, String, bool)> =
        serde_json::from_str(kept).map_err(|error| Error::row("revisions.pictures", error))?;
    let placed = |(hash, alt, decorative): (String, String, bool)| {
        Ok(PlacedPicture {
            hash: hash
                .parse()
                .map_err(|error| Error::row("revisions.pictures", error))?,
            alt: Alt::parse(&alt).map_err(|error| Error::row("revisions.pictures", error))?,
            decorative,
        })
    };
    kept.into_iter().map(placed).collect()
}

const BY_NUMBER: &str = "
    select r.number, r.base, r.saved_at, r.title, r.text, r.tags, r.excerpt, r.slug, r.visibility, r.stage,
           r.publish_at, r.pictures, r.note,
           u.id as person_id, u.username as person_username, u.display_name as person_name
    from revisions r join users u on u.id = r.person
    where r.post = $1 and r.number = $2";

/// Which saves of a post are wanted, seen from one of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saves {
    Newest,
    Before(RevisionNo),
    After(RevisionNo),
}

/// A save as a list shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    pub number: RevisionNo,
    pub person: Person,
    pub saved_at: OffsetDateTime,
    pub title: Title,
    pub stage: Option<StageName>,
    pub note: Note,
    /// The length of the text in characters.
    pub length: i64,
}

/// Some saves, the newest first, and whether there are others on either side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Log {
    pub entries: Vec<Entry>,
    pub has_newer: bool,
    pub has_older: bool,
}

macro_rules! select_entries {
    ($rest:literal) => {
        concat!(
            "select r.number, r.saved_at, r.title, r.stage, r.note, length(r.text) as length,
                    u.id as person_id, u.username as person_username, u.display_name as person_name
             from revisions r join users u on u.id = r.person
             where r.post = $1 and ",
            $rest
        )
    };
}

const OLDER: &str = select_entries!("r.number < $2 order by r.number desc limit $3");
const NEWER: &str = select_entries!("r.number > $2 order by r.number limit $3");

/// A text that is too long for a quick look is not even read.
const TEXTS: &str = "
    select number, text from revisions
    where post = $1 and number >= $2 and number <= $3 and length(text) <= $4
    order by number";

#[derive(sqlx::FromRow)]
struct EntryRow {
    number: i64,
    saved_at: i64,
    title: String,
    stage: Option<String>,
    note: String,
    length: i64,
    person_id: i64,
    person_username: String,
    person_name: String,
}

impl EntryRow {
    fn entry(self) -> Result<Entry, Error> {
        Ok(Entry {
            number: RevisionNo(self.number),
            person: person(self.person_id, &self.person_username, &self.person_name)?,
            saved_at: moment::from_millis("revisions.saved_at", self.saved_at)?,
            title: title(&self.title)?,
            stage: self.stage.as_deref().map(stage).transpose()?,
            note: note(&self.note)?,
            length: self.length,
        })
    }
}

#[derive(sqlx::FromRow)]
struct RevisionRow {
    number: i64,
    base: Option<i64>,
    saved_at: i64,
    title: String,
    text: String,
    tags: String,
    excerpt: Option<String>,
    slug: Option<String>,
    visibility: Option<String>,
    stage: Option<String>,
    publish_at: Option<i64>,
    pictures: Option<String>,
    note: String,
    person_id: i64,
    person_username: String,
    person_name: String,
}

impl RevisionRow {
    fn revision(self) -> Result<Revision, Error> {
        Ok(Revision {
            number: RevisionNo(self.number),
            base: self.base.map(RevisionNo),
            person: person(self.person_id, &self.person_username, &self.person_name)?,
            saved_at: moment::from_millis("revisions.saved_at", self.saved_at)?,
            title: title(&self.title)?,
            text: Text::parse(self.text).map_err(|error| Error::row("revisions.text", error))?,
            tags: tags(Some(&self.tags))?,
            excerpt: excerpt(self.excerpt.as_deref())?,
            slug: self.slug.as_deref().map(slug).transpose()?,
            visibility: self.visibility.as_deref().map(visibility).transpose()?,
            stage: self.stage.as_deref().map(stage).transpose()?,
            publish_at: moment::from_optional("revisions.publish_at", self.publish_at)?,
            pictures: self.pictures.as_deref().map(pictures).transpose()?,
            note: note(&self.note)?,
        })
    }
}

fn stage(word: &str) -> Result<StageName, Error> {
    word.parse()
        .map_err(|error| Error::row("revisions.stage", error))
}

fn note(text: &str) -> Result<Note, Error> {
    Note::parse(text).map_err(|error| Error::row("revisions.note", error))
}

impl Revisions<'_> {
    /// The saves of a post, at most so many, the newest first.
    pub async fn list(&self, post: PostId, saves: Saves, limit: u32) -> Result<Log, Error> {
        let (sql, from) = match saves {
            Saves::Newest => (OLDER, i64::MAX),
            Saves::Before(number) => (OLDER, number.0),
            Saves::After(number) => (NEWER, number.0),
        };
        let rows: Vec<EntryRow> = on!(Pool, &self.0.read, |pool| {
            query_as(sql)
                .bind(post.0)
                .bind(from)
                .bind(i64::from(limit) + 1)
                .fetch_all(pool)
                .await
        })?;
        let more = rows.len() > limit as usize;
        let mut entries = rows
            .into_iter()
            .take(limit as usize)
            .map(EntryRow::entry)
            .collect::<Result<Vec<_>, _>>()?;
        let onward = matches!(saves, Saves::After(_));
        if onward {
            entries.reverse();
        }
        Ok(Log {
            entries,
            has_newer: if onward { more } else { saves != Saves::Newest },
            has_older: onward || more,
        })
    }

    /// The texts of a post from one save to another, those of them that have at most so many characters.
    pub async fn texts(
        &self,
        post: PostId,
        (first, last): (RevisionNo, RevisionNo),
        longest: i64,
    ) -> Result<Vec<(RevisionNo, String)>, Error> {
        let rows: Vec<(i64, String)> = on!(Pool, &self.0.read, |pool| {
            query_as(TEXTS)
                .bind(post.0)
                .bind(first.0)
                .bind(last.0)
                .bind(longest)
                .fetch_all(pool)
                .await
        })?;
        let numbered = |(number, text)| (RevisionNo(number), text);
        Ok(rows.into_iter().map(numbered).collect())
    }

    /// One save of a post, as it was.
    pub async fn find(&self, post: PostId, number: RevisionNo) -> Result<Option<Revision>, Error> {
        let row: Option<RevisionRow> = on!(Pool, &self.0.read, |pool| {
            query_as(BY_NUMBER)
                .bind(post.0)
                .bind(number.0)
                .fetch_optional(pool)
                .await
        })?;
        row.map(RevisionRow::revision).transpose()
    }
}
