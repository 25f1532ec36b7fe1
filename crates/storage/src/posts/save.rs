//! One save of a post inside one transaction: the row, its address, its pictures and the revision, or nothing of them.

use std::collections::HashSet;

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::picture::{PlacedPicture, named_in};
use gatepost_domain::post::Stage;
use gatepost_domain::slug::Slug;
use sqlx::{query, query_as, query_scalar};

use super::{Edit, WantedSlug, slugs, tags};
use crate::engine::Tx;
use crate::error::Error;
use crate::{moment, revisions, search};

const INSERT: &str = "
    insert into posts (title, text, excerpt, status, visibility, publish_at, submitted_at, owner, last_editor, revision,
                       published_at, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $8, 1, $9, $10, $10)
    returning id";

const BEFORE: &str = "
    select p.revision, p.published_at, s.slug
    from posts p join slugs s on s.post = p.id and s.is_current = 1
    where p.id = $1 and p.trashed_at is null";

/// The revision decides inside the write, whatever was read before it. Who submits once more waits no longer for it.
const UPDATE: &str = "
    update posts
    set title = $3, text = $4, excerpt = $5, status = $6, visibility = $7, publish_at = $8,
        submitted_at = case when cast($9 as bigint) is null then null else coalesce(submitted_at, $9) end,
        last_editor = $10, revision = revision + 1, published_at = coalesce(published_at, $11), updated_at = $12
    where id = $1 and revision = $2 and trashed_at is null
    returning revision";

const INSERT_REVISION: &str = "
    insert into revisions (post, number, person, saved_at, base, title, text, tags, excerpt, slug, visibility, stage, note,
                           publish_at, pictures)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)";

const CLEAR_PICTURES: &str = "delete from post_images where post = $1";
const INSERT_PICTURE: &str = "
    insert into post_images (post, position, image, alt, decorative)
    values ($1, $2, (select id from images where hash = $3), $4, $5)";

const HOLD: &str = "
    insert into held_images (post, image) select $1, id from images where hash = $2
    on conflict do nothing";

pub(super) enum Outcome {
    Saved(RevisionNo),
    Stale,
    SlugTaken,
    Missing,
}

#[derive(sqlx::FromRow)]
struct Before {
    revision: i64,
    published_at: Option<i64>,
    slug: String,
}

/// `None`: the slug that was asked for is taken.
pub(super) async fn create(tx: &mut Tx, edit: &Edit, now: i64) -> Result<Option<PostId>, Error> {
    let id: i64 = on!(Tx, tx, |conn| {
        query_scalar(INSERT)
            .bind(edit.title.as_str())
            .bind(edit.text.as_str())
            .bind(excerpt(edit))
            .bind(status(edit))
            .bind(edit.visibility.as_str())
            .bind(publish_at(edit))
            .bind(submitted_at(edit, now))
            .bind(edit.editor.0)
            .bind(published_at(edit, now))
            .bind(now)
            .fetch_one(&mut **conn)
            .await
    })?;
    let Some(slug) = slugs::take(tx, id, edit, now).await? else {
        return Ok(None);
    };
    insert_revision(tx, id, (1, None), &slug, edit, now).await?;
    tags::place(tx, id, edit).await?;
    place_pictures(tx, id, edit).await?;
    // Last of all, when everything is in place that the post is found by.
    search::changed(tx, id).await?;
    Ok(Some(PostId(id)))
}

pub(super) async fn update(
    tx: &mut Tx,
    id: PostId,
    base: RevisionNo,
    edit: &Edit,
    now: i64,
) -> Result<Outcome, Error> {
    let before: Option<Before> = on!(Tx, tx, |conn| query_as(BEFORE)
        .bind(id.0)
        .fetch_optional(&mut **conn)
        .await)?;
    let Some(before) = before else {
        return Ok(Outcome::Missing);
    };
    if before.revision != base.0 {
        return Ok(Outcome::Stale);
    }
    let revision: Option<i64> = on!(Tx, tx, |conn| {
        query_scalar(UPDATE)
            .bind(id.0)
            .bind(base.0)
            .bind(edit.title.as_str())
            .bind(edit.text.as_str())
            .bind(excerpt(edit))
            .bind(status(edit))
            .bind(edit.visibility.as_str())
            .bind(publish_at(edit))
            .bind(submitted_at(edit, now))
            .bind(edit.editor.0)
            .bind(published_at(edit, now))
            .bind(now)
            .fetch_optional(&mut **conn)
            .await
    })?;
    let Some(revision) = revision else {
        return Ok(Outcome::Stale);
    };
    let slug = match &edit.slug {
        WantedSlug::Typed(slug) if slug.as_str() == before.slug => slug.clone(),
        _ => {
            slugs::release(tx, id.0, before.published_at.is_some()).await?;
            match slugs::take(tx, id.0, edit, now).await? {
                Some(slug) => slug,
                None => return Ok(Outcome::SlugTaken),
            }
        }
    };
    insert_revision(tx, id.0, (revision, Some(base.0)), &slug, edit, now).await?;
    tags::place(tx, id.0, edit).await?;
    on!(Tx, tx, |conn| query(CLEAR_PICTURES)
        .bind(id.0)
        .execute(&mut **conn)
        .await
        .map(drop))?;
    place_pictures(tx, id.0, edit).await?;
    search::changed(tx, id.0).await?;
    Ok(Outcome::Saved(RevisionNo(revision)))
}

fn status(edit: &Edit) -> &'static str {
    match edit.stage {
        Stage::Published => "published",
        Stage::Draft | Stage::Review | Stage::Scheduled(_) => "draft",
    }
}

fn excerpt(edit: &Edit) -> Option<&str> {
    edit.excerpt.as_ref().map(|excerpt| excerpt.as_str())
}

fn published_at(edit: &Edit, now: i64) -> Option<i64> {
    (edit.stage == Stage::Published).then_some(now)
}

fn publish_at(edit: &Edit) -> Option<i64> {
    match edit.stage {
        Stage::Scheduled(at) => Some(moment::to_millis(at)),
        _ => None,
    }
}

fn submitted_at(edit: &Edit, now: i64) -> Option<i64> {
    (edit.stage == Stage::Review).then_some(now)
}

async fn insert_revision(
    tx: &mut Tx,
    id: i64,
    (number, base): (i64, Option<i64>),
    slug: &Slug,
    edit: &Edit,
    now: i64,
) -> Result<(), Error> {
    let pictures = revisions::pictures_as_kept(placed(edit))?;
    on!(Tx, tx, |conn| {
        query(INSERT_REVISION)
            .bind(id)
            .bind(number)
            .bind(edit.editor.0)
            .bind(now)
            .bind(base)
            .bind(edit.title.as_str())
            .bind(edit.text.as_str())
            .bind(edit.tags.to_string())
            .bind(excerpt(edit))
            .bind(slug.as_str())
            .bind(edit.visibility.as_str())
            .bind(edit.stage.name().as_str())
            .bind(edit.note.as_str())
            .bind(publish_at(edit))
            .bind(&pictures)
            .execute(&mut **conn)
            .await
            .map(drop)
    })?;
    Ok(())
}

/// A picture named twice keeps its first place.
fn placed(edit: &Edit) -> impl Iterator<Item = &PlacedPicture> {
    let mut seen = HashSet::new();
    let pictures = edit.pictures.iter();
    pictures.filter(move |picture| seen.insert(picture.hash))
}

/// Those that stand with the post, and those that its text shows, whosever they were: none is forgotten before the post.
async fn place_pictures(tx: &mut Tx, id: i64, edit: &Edit) -> Result<(), Error> {
    let standing = edit.pictures.iter().map(|picture| picture.hash);
    let held: HashSet<_> = standing.chain(named_in(edit.text.as_str())).collect();
    for hash in held {
        on!(Tx, tx, |conn| query(HOLD)
            .bind(id)
            .bind(hash.as_bytes().as_slice())
            .execute(&mut **conn)
            .await
            .map(drop))?;
    }
    for (position, picture) in (0i64..).zip(placed(edit)) {
        on!(Tx, tx, |conn| {
            query(INSERT_PICTURE)
                .bind(id)
                .bind(position)
                .bind(picture.hash.as_bytes().as_slice())
                .bind(picture.alt.as_str())
                .bind(i64::from(picture.decorative))
                .execute(&mut **conn)
                .await
                .map(drop)
        })?;
    }
    Ok(())
}
