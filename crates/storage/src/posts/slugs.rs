//! Addresses of posts: one that was public is never given to another post, not even after its own was deleted for good.

use gatepost_domain::post::PostAddress;
use gatepost_domain::slug::Slug;
use sqlx::{query, query_scalar};

use super::{Edit, Posts, WantedSlug};
use crate::engine::Tx;
use crate::error::Error;

const KEEP_OLD: &str = "update slugs set is_current = 0 where post = $1 and is_current = 1";
const FORGET: &str = "delete from slugs where post = $1 and is_current = 1";

/// An address is free when nobody has or had it, or when this post had it itself.
const CLAIM: &str = "
    insert into slugs (slug, post, is_current, created_at)
    select $1, p.id, 1, $3 from posts p
    where p.id = $2 and not exists (select 1 from gone where slug = $1)
    on conflict (slug) do update set is_current = 1 where slugs.post = excluded.post
    returning post";

const SLUG_GONE: &str = "select exists (select 1 from gone where slug = $1)";
const POST_GONE: &str = "select exists (select 1 from gone where post = $1)";

impl Posts<'_> {
    /// Whether a public post was here that was deleted for good.
    pub(super) async fn was_purged(&self, address: &PostAddress) -> Result<bool, Error> {
        Ok(on!(Pool, &self.0.read, |pool| match address {
            PostAddress::Slug(slug) =>
                query_scalar(SLUG_GONE)
                    .bind(slug.as_str())
                    .fetch_one(pool)
                    .await,
            PostAddress::Id(id) => query_scalar(POST_GONE).bind(id.0).fetch_one(pool).await,
        })?)
    }
}

/// Gives the current address up. Readers may have kept one that was public; one that never was is free again.
pub(super) async fn release(tx: &mut Tx, id: i64, was_public: bool) -> Result<(), Error> {
    let release = if was_public { KEEP_OLD } else { FORGET };
    on!(Tx, tx, |conn| query(release)
        .bind(id)
        .execute(&mut **conn)
        .await
        .map(drop))?;
    Ok(())
}

/// `None`: the writer's own choice is taken. A title always finds an address.
pub(super) async fn take(
    tx: &mut Tx,
    id: i64,
    edit: &Edit,
    now: i64,
) -> Result<Option<Slug>, Error> {
    let suggested = match &edit.slug {
        WantedSlug::Typed(slug) => {
            let free = claim(tx, id, slug, now).await?;
            return Ok(free.then(|| slug.clone()));
        }
        WantedSlug::FromTitle => Slug::from_title(edit.title.as_str()),
    };
    let mut candidate = suggested.clone();
    let mut number = 2;
    while !claim(tx, id, &candidate, now).await? {
        candidate = suggested.numbered(number);
        number += 1;
    }
    Ok(Some(candidate))
}

async fn claim(tx: &mut Tx, id: i64, slug: &Slug, now: i64) -> Result<bool, Error> {
    let claimed: Option<i64> = on!(Tx, tx, |conn| {
        query_scalar(CLAIM)
            .bind(slug.as_str())
            .bind(id)
            .bind(now)
            .fetch_optional(&mut **conn)
            .await
    })?;
    Ok(claimed.is_some())
}
