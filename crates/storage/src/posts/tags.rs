//! The tags of a post as rows; a tag is written the way the last post wrote it that was alone with it.

use sqlx::query;

use super::Edit;
use crate::engine::Tx;
use crate::error::Error;

const CLEAR: &str = "delete from post_tags where post = $1";

/// One post may correct the spelling of a tag that it alone has; where others have it, it reads as it does there.
const NAME: &str = "
    insert into tags (key, name) values ($1, $2)
    on conflict (key) do update set name = excluded.name
    where not exists (select 1 from post_tags pt where pt.tag = tags.id)";

const PLACE: &str = "
    insert into post_tags (post, position, tag, public_at)
    select p.id, $2, t.id,
           case when p.status = 'published' and p.visibility = 'public' and p.trashed_at is null
                then p.published_at end
    from posts p, tags t
    where p.id = $1 and t.key = $3";

/// After the post's row is what it will be.
pub(super) async fn place(tx: &mut Tx, id: i64, edit: &Edit) -> Result<(), Error> {
    on!(Tx, tx, |conn| query(CLEAR)
        .bind(id)
        .execute(&mut **conn)
        .await
        .map(drop))?;
    for (position, tag) in (0i64..).zip(edit.tags.iter()) {
        on!(Tx, tx, |conn| query(NAME)
            .bind(tag.key().as_str())
            .bind(tag.name())
            .execute(&mut **conn)
            .await
            .map(drop))?;
        on!(Tx, tx, |conn| query(PLACE)
            .bind(id)
            .bind(position)
            .bind(tag.key().as_str())
            .execute(&mut **conn)
            .await
            .map(drop))?;
    }
    Ok(())
}
