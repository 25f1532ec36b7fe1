//! Forms that were saved, by the key each carries; the same form sent twice, even at once, is one save.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::{PostId, RevisionNo, UserId};
use gatepost_domain::post::Stage;
use sqlx::{query, query_as, query_scalar};

use super::{Edit, Posts, WantedSlug};
use crate::engine::Tx;
use crate::error::Error;
use crate::moment;

/// The first to write the row goes on; who comes at the same moment waits here and finds it.
const CLAIM: &str = "
    insert into submissions (person, key, revision, digest, saved_at) values ($1, $2, 0, $3, $4)
    on conflict (person, key) do nothing
    returning revision";

const KNOWN: &str = "
    select s.post, s.revision, s.digest
    from submissions s join posts p on p.id = s.post
    where s.person = $1 and s.key = $2 and p.trashed_at is null";

const SETTLE: &str = "
    update submissions set post = $3, revision = $4, digest = $5, saved_at = $6
    where person = $1 and key = $2";

const FORGET: &str = "delete from submissions where saved_at < $1";

/// What is known of a form that is about to be saved.
pub(super) enum Claim {
    /// Nothing, or what it saved is in the trash.
    Fresh,
    Known(Before),
}

/// What the same form saved before.
pub(super) struct Before {
    pub(super) post: PostId,
    pub(super) revision: RevisionNo,
    /// Nothing in it was changed since.
    pub(super) is_the_same: bool,
}

#[derive(sqlx::FromRow)]
struct Row {
    post: i64,
    revision: i64,
    digest: Vec<u8>,
}

impl Posts<'_> {
    /// The post that this form made or changed before, for a form whose address has moved on since.
    pub async fn submitted(&self, person: UserId, form: &FormKey) -> Result<Option<PostId>, Error> {
        let row: Option<Row> = on!(Pool, &self.0.read, |pool| query_as(KNOWN)
            .bind(person.0)
            .bind(form.as_str())
            .fetch_optional(pool)
            .await)?;
        Ok(row.map(|row| PostId(row.post)))
    }

    /// Forgets forms that were saved before this moment.
    pub async fn forget_submissions(&self, before: time::OffsetDateTime) -> Result<(), Error> {
        on!(Pool, &self.0.write, |pool| query(FORGET)
            .bind(moment::to_millis(before))
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}

/// First of all in a save.
pub(super) async fn claim(
    tx: &mut Tx,
    form: Option<&FormKey>,
    edit: &Edit,
    now: i64,
) -> Result<Claim, Error> {
    let Some(form) = form else {
        return Ok(Claim::Fresh);
    };
    let digest = digest(edit);
    let first: Option<i64> = on!(Tx, tx, |conn| query_scalar(CLAIM)
        .bind(edit.editor.0)
        .bind(form.as_str())
        .bind(digest.as_slice())
        .bind(now)
        .fetch_optional(&mut **conn)
        .await)?;
    if first.is_some() {
        return Ok(Claim::Fresh);
    }
    let known: Option<Row> = on!(Tx, tx, |conn| query_as(KNOWN)
        .bind(edit.editor.0)
        .bind(form.as_str())
        .fetch_optional(&mut **conn)
        .await)?;
    Ok(known.map_or(Claim::Fresh, |row| {
        Claim::Known(Before {
            post: PostId(row.post),
            revision: RevisionNo(row.revision),
            is_the_same: row.digest == digest,
        })
    }))
}

/// Last of all: says what the claimed form saved.
pub(super) async fn settle(
    tx: &mut Tx,
    form: Option<&FormKey>,
    edit: &Edit,
    (post, revision): (PostId, RevisionNo),
    now: i64,
) -> Result<(), Error> {
    let Some(form) = form else {
        return Ok(());
    };
    on!(Tx, tx, |conn| query(SETTLE)
        .bind(edit.editor.0)
        .bind(form.as_str())
        .bind(post.0)
        .bind(revision.0)
        .bind(digest(edit).as_slice())
        .bind(now)
        .execute(&mut **conn)
        .await
        .map(drop))?;
    Ok(())
}

/// Equal for forms that save the same.
fn digest(edit: &Edit) -> [u8; 32] {
    let mut hasher = blake3::Hasher::new();
    let mut part = |bytes: &[u8]| {
        // Its length first, so that no two parts can be cut differently.
        hasher.update(&(bytes.len() as u64).to_le_bytes());
        hasher.update(bytes);
    };
    part(edit.title.as_str().as_bytes());
    part(edit.text.as_str().as_bytes());
    match &edit.slug {
        WantedSlug::Typed(slug) => part(slug.as_str().as_bytes()),
        WantedSlug::FromTitle => part(b""),
    }
    part(edit.tags.to_string().as_bytes());
    part(
        edit.excerpt
            .as_ref()
            .map_or("", |it| it.as_str())
            .as_bytes(),
    );
    part(edit.visibility.as_str().as_bytes());
    part(edit.stage.name().as_str().as_bytes());
    if let Stage::Scheduled(at) = edit.stage {
        part(&moment::to_millis(at).to_le_bytes());
    }
    part(edit.note.as_str().as_bytes());
    for picture in &edit.pictures {
        part(picture.hash.as_bytes());
        part(picture.alt.as_str().as_bytes());
        part(&[u8::from(picture.decorative)]);
    }
    *hasher.finalize().as_bytes()
}
