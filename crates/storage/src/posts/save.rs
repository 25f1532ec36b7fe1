//! One save of a post inside one transaction: the row, its address, its pictures and the revision, or nothing of them.

use std::collections::HashSet;

use gatepost_domain::ids::{PostId, RevisionNo};
use gatepost_domain::slug::Slug;
use sqlx::{query, query_as, query_scalar};

use super::{Edit, WantedSlug};
use crate::engine::Tx;
use crate::error::Error;

const INSERT: &str = "
    insert into posts (title, text, status, visibility, owner, last_editor, revision, published_at, created_at, updated_at)
    values ($1, $2, $3, $4, $5, $6, 1, $7, $8, $9)
    returning id";

const BEFORE: &str = "
    select p.revision, p.published_at, s.slug
    from posts p join slugs s on s.post = p.id and s.is_current = 1
    where p.id = $1 and p.trashed_at is null";

/// The revision decides inside the write, whatever was read before it.
const UPDATE: &str = "
    update posts
    set title = $3, text = $4, status = $5, visibility = $6, last_editor = $7, revision = revision + 1,
        published_at = coalesce(published_at, $8), updated_at = $9
    where id = $1 and revision = $2 and trashed_at is null
    returning revision";

const KEEP_OLD_SLUG: &str = "update slugs set is_current = 0 where post = $1 and is_current = 1";
const FORGET_SLUG: &str = "delete from slugs where post = $1 and is_current = 1";

/// An address is free when nobody has or had it, or when this post had it itself.
const CLAIM_SLUG: &str = "
    insert into slugs (slug, post, is_current, created_at) values ($1, $2, 1, $3)
    on conflict (slug) do update set is_current = 1 where slugs.post = excluded.post
    returning post";

const INSERT_REVISION: &str = "
    insert into revisions (post, number, person, saved_at, base, title, text, note)
    values ($1, $2, $3, $4, $5, $6, $7, $8)";

const CLEAR_PICTURES: &str = "delete from post_images where post = $1";
const INSERT_PICTURE: &str = "
    insert into post_images (post, position, image, alt, decorative)
    values ($1, $2, (select id from images where hash = $3), $4, $5)";

pub(super) enum Outcome {
    Saved,
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
            .bind(status(edit))
            .bind(edit.visibility.as_str())
            .bind(edit.editor.0)
            .bind(edit.editor.0)
            .bind(edit.published.then_some(now))
            .bind(now)
            .bind(now)
            .fetch_one(&mut **conn)
            .await
    })?;
    if !claim_slug(tx, id, edit, now).await? {
        return Ok(None);
    }
    insert_revision(tx, id, 1, None, edit, now).await?;
    place_pictures(tx, id, edit).await?;
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
            .bind(status(edit))
            .bind(edit.visibility.as_str())
            .bind(edit.editor.0)
            .bind(edit.published.then_some(now))
            .bind(now)
            .fetch_optional(&mut **conn)
            .await
    })?;
    let Some(revision) = revision else {
        return Ok(Outcome::Stale);
    };
    if !matches!(&edit.slug, WantedSlug::Typed(slug) if slug.as_str() == before.slug) {
        // Readers may have kept an address that was public; one that never was is free again.
        let release = if before.published_at.is_some() {
            KEEP_OLD_SLUG
        } else {
            FORGET_SLUG
        };
        on!(Tx, tx, |conn| query(release)
            .bind(id.0)
            .execute(&mut **conn)
            .await
            .map(drop))?;
        if !claim_slug(tx, id.0, edit, now).await? {
            return Ok(Outcome::SlugTaken);
        }
    }
    insert_revision(tx, id.0, revision, Some(base.0), edit, now).await?;
    on!(Tx, tx, |conn| query(CLEAR_PICTURES)
        .bind(id.0)
        .execute(&mut **conn)
        .await
        .map(drop))?;
    place_pictures(tx, id.0, edit).await?;
    Ok(Outcome::Saved)
}

fn status(edit: &Edit) -> &'static str {
    if edit.published { "published" } else { "draft" }
}

/// `false`: the writer's own choice is taken. A title always finds an address.
async fn claim_slug(tx: &mut Tx, id: i64, edit: &Edit, now: i64) -> Result<bool, Error> {
    let suggested = match &edit.slug {
        WantedSlug::Typed(slug) => return claim(tx, id, slug, now).await,
        WantedSlug::FromTitle => Slug::from_title(edit.title.as_str()),
    };
    let mut candidate = suggested.clone();
    let mut number = 2;
    while !claim(tx, id, &candidate, now).await? {
        candidate = suggested.numbered(number);
        number += 1;
    }
    Ok(true)
}

async fn claim(tx: &mut Tx, id: i64, slug: &Slug, now: i64) -> Result<bool, Error> {
    let claimed: Option<i64> = on!(Tx, tx, |conn| {
        query_scalar(CLAIM_SLUG)
            .bind(slug.as_str())
            .bind(id)
            .bind(now)
            .fetch_optional(&mut **conn)
            .await
    })?;
    Ok(claimed.is_some())
}

async fn insert_revision(
    tx: &mut Tx,
    id: i64,
    number: i64,
    base: Option<i64>,
    edit: &Edit,
    now: i64,
) -> Result<(), Error> {
    on!(Tx, tx, |conn| {
        query(INSERT_REVISION)
            .bind(id)
            .bind(number)
            .bind(edit.editor.0)
            .bind(now)
            .bind(base)
            .bind(edit.title.as_str())
            .bind(edit.text.as_str())
            .bind(edit.note.as_str())
            .execute(&mut **conn)
            .await
            .map(drop)
    })?;
    Ok(())
}

async fn place_pictures(tx: &mut Tx, id: i64, edit: &Edit) -> Result<(), Error> {
    let mut seen = HashSet::new();
    let placed = edit
        .pictures
        .iter()
        .filter(|picture| seen.insert(picture.hash));
    for (position, picture) in (0i64..).zip(placed) {
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
