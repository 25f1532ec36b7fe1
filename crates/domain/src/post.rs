//! What somebody wrote, and where it is found; a post in the trash still knows whether it had ever been public.

use serde::Serialize;
use time::OffsetDateTime;

use crate::excerpt::Excerpt;
use crate::ids::{PostId, RevisionNo};
use crate::picture::{Picture, PlacedPicture};
use crate::slug::Slug;
use crate::tag::Tags;
use crate::text::Text;
use crate::title::Title;
use crate::user::Person;

/// Where a post is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Status {
    Draft,
    Published,
    Trashed,
}

/// How far a post is on its way to readers, as a writer decides it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Stage {
    Draft,
    /// A draft that waits for somebody who may publish it.
    Review,
    /// A draft that becomes public by itself at this moment.
    Scheduled(OffsetDateTime),
    Published,
}

/// A stage without its moment, as a revision remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum StageName {
    Draft,
    Review,
    Scheduled,
    Published,
}

/// A word that names no stage.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no stage of a post.")]
pub struct NoSuchStage(pub String);

impl Stage {
    pub fn name(self) -> StageName {
        match self {
            Self::Draft => StageName::Draft,
            Self::Review => StageName::Review,
            Self::Scheduled(_) => StageName::Scheduled,
            Self::Published => StageName::Published,
        }
    }
}

impl StageName {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Draft => "draft",
            Self::Review => "review",
            Self::Scheduled => "scheduled",
            Self::Published => "published",
        }
    }
}

impl std::str::FromStr for StageName {
    type Err = NoSuchStage;
    fn from_str(word: &str) -> Result<Self, NoSuchStage> {
        let all = [Self::Draft, Self::Review, Self::Scheduled, Self::Published];
        let named = all.into_iter().find(|stage| stage.as_str() == word);
        named.ok_or_else(|| NoSuchStage(word.to_owned()))
    }
}

/// Who is told of a published post.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Visibility {
    #[default]
    Public,
    /// Readable by all who know its address, listed nowhere.
    Unlisted,
}

/// A word that names no visibility.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no visibility; a post is public or unlisted.")]
pub struct NoSuchVisibility(pub String);

impl Visibility {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Public => "public",
            Self::Unlisted => "unlisted",
        }
    }
}

impl std::str::FromStr for Visibility {
    type Err = NoSuchVisibility;
    fn from_str(word: &str) -> Result<Self, NoSuchVisibility> {
        match word {
            "public" => Ok(Self::Public),
            "unlisted" => Ok(Self::Unlisted),
            other => Err(NoSuchVisibility(other.to_owned())),
        }
    }
}

/// A post, whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Post {
    pub id: PostId,
    pub slug: Slug,
    pub title: Title,
    pub text: Text,
    pub tags: Tags,
    pub excerpt: Option<Excerpt>,
    pub status: Status,
    pub visibility: Visibility,
    pub owner: Person,
    pub last_editor: Person,
    pub revision: RevisionNo,
    /// When it first became public; stays when it goes back to a draft or into the trash.
    pub published_at: Option<OffsetDateTime>,
    /// When this draft becomes public by itself.
    pub publish_at: Option<OffsetDateTime>,
    /// This draft waits for somebody who may publish it.
    pub in_review: bool,
    pub created_at: OffsetDateTime,
    pub updated_at: OffsetDateTime,
    pub trashed_at: Option<OffsetDateTime>,
    /// In the trash: readers see it again when it is taken out.
    pub returns_to_readers: bool,
    /// In the writer's order. The first is the post's image.
    pub pictures: Vec<Picture>,
}

impl Post {
    /// Strangers have seen it, so its address may answer with a redirect or "gone" instead of "never heard of it".
    pub fn was_public(&self) -> bool {
        self.published_at.is_some()
    }

    /// How far it is. A post in the trash is shown to nobody, so it is at most a draft.
    pub fn stage(&self) -> Stage {
        match (self.status, self.publish_at) {
            (Status::Published, _) => Stage::Published,
            (_, Some(at)) => Stage::Scheduled(at),
            _ if self.in_review => Stage::Review,
            _ => Stage::Draft,
        }
    }

    /// Listed for everybody: in lists, feeds, the sitemap and the search.
    pub fn is_listed(&self) -> bool {
        self.status == Status::Published && self.visibility == Visibility::Public
    }

    /// The pictures that nobody has described, and that are more than decoration.
    pub fn wordless(&self) -> impl Iterator<Item = &Picture> {
        self.pictures
            .iter()
            .filter(|picture| !picture.decorative && picture.alt.as_str().is_empty())
    }

    /// The post's image.
    pub fn picture(&self) -> Option<&Picture> {
        self.pictures.first()
    }
}

/// It would show readers, or whoever looks at it for them, nothing at all.
pub fn is_hollow(stage: Stage, text: &Text, pictures: &[PlacedPicture]) -> bool {
    stage != Stage::Draft && pictures.is_empty() && text.is_blank()
}

/// A post as a list shows it, without its full text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    pub id: PostId,
    pub slug: Slug,
    pub title: Title,
    /// The beginning of the Markdown source, cut anywhere.
    pub opening: String,
    pub tags: Tags,
    pub excerpt: Option<Excerpt>,
    pub status: Status,
    pub visibility: Visibility,
    pub owner: Person,
    pub revision: RevisionNo,
    pub published_at: Option<OffsetDateTime>,
    /// When this draft becomes public by itself.
    pub publish_at: Option<OffsetDateTime>,
    /// This draft waits for somebody who may publish it.
    pub in_review: bool,
    pub updated_at: OffsetDateTime,
    pub trashed_at: Option<OffsetDateTime>,
    /// In the trash: readers see it again when it is taken out.
    pub returns_to_readers: bool,
    pub picture: Option<Picture>,
}

/// The first segment of an address below which a post may be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PostAddress {
    Id(PostId),
    Slug(Slug),
}

/// A segment under which no post can be.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("No post can have this address.")]
pub struct NoPostAddress;

impl std::str::FromStr for PostAddress {
    type Err = NoPostAddress;
    fn from_str(segment: &str) -> Result<Self, NoPostAddress> {
        if let Ok(id) = segment.parse() {
            return Ok(Self::Id(id));
        }
        Slug::parse(segment)
            .map(Self::Slug)
            .map_err(|_| NoPostAddress)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_a_number_or_a_slug() {
        assert_eq!("12".parse(), Ok(PostAddress::Id(PostId(12))));
        assert_eq!(
            "hello-12".parse(),
            Ok(PostAddress::Slug(Slug::parse("hello-12").unwrap()))
        );
        for nothing in ["", "login", "012", "Hello", "a.b", "feed.atom"] {
            assert_eq!(
                nothing.parse::<PostAddress>(),
                Err(NoPostAddress),
                "{nothing}"
            );
        }
    }

    #[test]
    fn a_visibility_reads_back_from_its_word() {
        for visibility in [Visibility::Public, Visibility::Unlisted] {
            assert_eq!(visibility.as_str().parse(), Ok(visibility));
        }
        assert!("secret".parse::<Visibility>().is_err());
    }

    #[test]
    fn a_stage_reads_back_from_its_word() {
        let at = OffsetDateTime::UNIX_EPOCH;
        for stage in [
            Stage::Draft,
            Stage::Review,
            Stage::Scheduled(at),
            Stage::Published,
        ] {
            assert_eq!(stage.name().as_str().parse(), Ok(stage.name()));
        }
        assert!("trashed".parse::<StageName>().is_err());
    }
}
