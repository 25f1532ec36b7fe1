//! Rows of the post tables as the statements return them, and the way from them to the domain's types.

use gatepost_domain::excerpt::Excerpt;
use gatepost_domain::ids::{PostId, RevisionNo, UserId};
use gatepost_domain::pagination::Cursor;
use gatepost_domain::picture::{Alt, Picture};
use gatepost_domain::post::{Post, Status, Summary, Visibility};
use gatepost_domain::slug::Slug;
use gatepost_domain::tag::{Tag, Tags};
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_domain::user::Person;

use crate::error::Error;
use crate::{images, moment, users};

#[derive(sqlx::FromRow)]
pub(crate) struct PostRow {
    pub(crate) id: i64,
    pub(crate) slug: String,
    title: String,
    text: String,
    tags: Option<String>,
    excerpt: Option<String>,
    status: String,
    visibility: String,
    revision: i64,
    published_at: Option<i64>,
    publish_at: Option<i64>,
    submitted_at: Option<i64>,
    created_at: i64,
    updated_at: i64,
    trashed_at: Option<i64>,
    owner_id: i64,
    owner_username: String,
    owner_name: String,
    editor_id: i64,
    editor_username: String,
    editor_name: String,
}

impl PostRow {
    pub(crate) fn is_trashed(&self) -> bool {
        self.trashed_at.is_some()
    }

    pub(crate) fn is_published(&self) -> bool {
        self.status == "published"
    }

    pub(crate) fn current_slug(&self) -> Result<Slug, Error> {
        slug(&self.slug)
    }

    pub(crate) fn post(self, pictures: Vec<Picture>) -> Result<Post, Error> {
        Ok(Post {
            id: PostId(self.id),
            slug: slug(&self.slug)?,
            title: title(&self.title)?,
            text: Text::parse(self.text).map_err(|error| Error::row("posts.text", error))?,
            tags: tags(self.tags.as_deref())?,
            excerpt: excerpt(self.excerpt.as_deref())?,
            status: status(&self.status, self.trashed_at.is_some())?,
            visibility: visibility(&self.visibility)?,
            owner: person(self.owner_id, &self.owner_username, &self.owner_name)?,
            last_editor: person(self.editor_id, &self.editor_username, &self.editor_name)?,
            revision: RevisionNo(self.revision),
            published_at: moment::from_optional("posts.published_at", self.published_at)?,
            publish_at: moment::from_optional("posts.publish_at", self.publish_at)?,
            in_review: self.submitted_at.is_some(),
            created_at: moment::from_millis("posts.created_at", self.created_at)?,
            updated_at: moment::from_millis("posts.updated_at", self.updated_at)?,
            trashed_at: moment::from_optional("posts.trashed_at", self.trashed_at)?,
            returns_to_readers: self.trashed_at.is_some() && self.status == "published",
            pictures,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct SummaryRow {
    id: i64,
    slug: String,
    title: String,
    opening: String,
    tags: Option<String>,
    excerpt: Option<String>,
    status: String,
    visibility: String,
    revision: i64,
    /// Where the row stands in the list that it was read for.
    place: i64,
    published_at: Option<i64>,
    publish_at: Option<i64>,
    submitted_at: Option<i64>,
    updated_at: i64,
    trashed_at: Option<i64>,
    owner_id: i64,
    owner_username: String,
    owner_name: String,
    picture_hash: Option<Vec<u8>>,
    picture_alt: Option<String>,
    picture_decorative: Option<i64>,
    picture_variants: Option<String>,
}

impl SummaryRow {
    pub(crate) fn cursor(&self) -> Cursor {
        Cursor {
            at: self.place,
            id: self.id,
        }
    }

    pub(crate) fn summary(self) -> Result<Summary, Error> {
        let picture = match (
            self.picture_hash,
            self.picture_alt,
            self.picture_decorative,
            self.picture_variants,
        ) {
            (Some(hash), Some(alt), Some(decorative), Some(variants)) => Some(
                PictureRow {
                    post: self.id,
                    hash,
                    alt,
                    decorative,
                    variants,
                }
                .picture()?,
            ),
            _ => None,
        };
        Ok(Summary {
            id: PostId(self.id),
            slug: slug(&self.slug)?,
            title: title(&self.title)?,
            opening: self.opening,
            tags: tags(self.tags.as_deref())?,
            excerpt: excerpt(self.excerpt.as_deref())?,
            status: status(&self.status, self.trashed_at.is_some())?,
            visibility: visibility(&self.visibility)?,
            owner: person(self.owner_id, &self.owner_username, &self.owner_name)?,
            revision: RevisionNo(self.revision),
            published_at: moment::from_optional("posts.published_at", self.published_at)?,
            publish_at: moment::from_optional("posts.publish_at", self.publish_at)?,
            in_review: self.submitted_at.is_some(),
            updated_at: moment::from_millis("posts.updated_at", self.updated_at)?,
            trashed_at: moment::from_optional("posts.trashed_at", self.trashed_at)?,
            returns_to_readers: self.trashed_at.is_some() && self.status == "published",
            picture,
        })
    }
}

#[derive(sqlx::FromRow)]
pub(crate) struct PictureRow {
    pub(crate) post: i64,
    hash: Vec<u8>,
    alt: String,
    decorative: i64,
    variants: String,
}

impl PictureRow {
    pub(crate) fn picture(self) -> Result<Picture, Error> {
        Ok(Picture {
            hash: images::hash(&self.hash)?,
            alt: Alt::parse(&self.alt).map_err(|error| Error::row("post_images.alt", error))?,
            decorative: self.decorative != 0,
            variants: images::variants(&self.variants)?,
        })
    }
}

pub(crate) fn person(id: i64, username: &str, name: &str) -> Result<Person, Error> {
    Ok(Person {
        id: UserId(id),
        username: users::username(username)?,
        display_name: users::display_name(name)?,
    })
}

pub(crate) fn title(text: &str) -> Result<Title, Error> {
    Title::parse(text).map_err(|error| Error::row("posts.title", error))
}

pub(crate) fn tag(name: &str) -> Result<Tag, Error> {
    Tag::parse(name).map_err(|error| Error::row("tags.name", error))
}

/// No tag holds the comma that stands between them.
pub(crate) fn tags(joined: Option<&str>) -> Result<Tags, Error> {
    Tags::parse(joined.unwrap_or_default()).map_err(|error| Error::row("tags.name", error))
}

pub(crate) fn excerpt(text: Option<&str>) -> Result<Option<Excerpt>, Error> {
    Excerpt::parse(text.unwrap_or_default()).map_err(|error| Error::row("posts.excerpt", error))
}

pub(crate) fn slug(text: &str) -> Result<Slug, Error> {
    Slug::parse(text).map_err(|error| Error::row("slugs.slug", error))
}

pub(crate) fn visibility(word: &str) -> Result<Visibility, Error> {
    word.parse()
        .map_err(|error| Error::row("posts.visibility", error))
}

fn status(word: &str, trashed: bool) -> Result<Status, Error> {
    match (trashed, word) {
        (true, _) => Ok(Status::Trashed),
        (false, "draft") => Ok(Status::Draft),
        (false, "published") => Ok(Status::Published),
        (false, other) => Err(Error::row(
            "posts.status",
            format!("{other:?} is no status"),
        )),
    }
}
