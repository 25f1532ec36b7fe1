//! Every save of every post, whole: who, when, what, and which revision the writer had started from.

use gatepost_domain::excerpt::Excerpt;
use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::note::Note;
use gatepost_domain::post::{StageName, Visibility};
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
    pub note: Note,
}

const BY_NUMBER: &str = "
    select r.number, r.base, r.saved_at, r.title, r.text, r.tags, r.excerpt, r.slug, r.visibility, r.stage, r.note,
           u.id as person_id, u.username as person_username, u.display_name as person_name
    from revisions r join users u on u.id = r.person
    where r.post = $1 and r.number = $2";

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
            note: Note::parse(&self.note).map_err(|error| Error::row("revisions.note", error))?,
        })
    }
}

fn stage(word: &str) -> Result<StageName, Error> {
    word.parse()
        .map_err(|error| Error::row("revisions.stage", error))
}

impl Revisions<'_> {
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
