//! The very first account: whoever holds the token printed at the first start becomes the owner, once.

use gatepost_domain::user::User;
use sqlx::{query, query_scalar};

use crate::db::Db;
use crate::error::Error;
use crate::users::{self, NewUser};

/// The repository of the set-up token.
pub struct Setup<'a>(pub(crate) &'a Db);

/// What became of an attempt to set the site up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SetUp {
    Done(User),
    /// Not the token that was printed last, or the site has people already.
    Refused,
}

const ISSUE: &str = "
    insert into setup_token (only_row, hash, created_at)
    select 1, $1, $2 where not exists (select 1 from users)
    on conflict (only_row) do update set hash = excluded.hash, created_at = excluded.created_at
    returning only_row";
const VALID: &str = "
    select exists (select 1 from setup_token where hash = $1) and not exists (select 1 from users)";
const SPEND: &str = "
    delete from setup_token where hash = $1 and not exists (select 1 from users) returning only_row";

impl Setup<'_> {
    /// Makes this the one token that counts. `false`: the site has people, so none is needed.
    pub async fn issue(&self, token: &str) -> Result<bool, Error> {
        let (hash, now) = (hash(token), self.0.now());
        let issued: Option<i64> = on!(Pool, &self.0.write, |pool| {
            query_scalar(ISSUE)
                .bind(hash.as_slice())
                .bind(now)
                .fetch_optional(pool)
                .await
        })?;
        Ok(issued.is_some())
    }

    /// Whether this token would open the site now.
    pub async fn is_valid(&self, token: &str) -> Result<bool, Error> {
        let hash = hash(token);
        Ok(on!(Pool, &self.0.read, |pool| query_scalar(VALID)
            .bind(hash.as_slice())
            .fetch_one(pool)
            .await)?)
    }

    /// Spends the token and makes the first account, both or neither.
    pub async fn finish(&self, token: &str, first: &NewUser) -> Result<SetUp, Error> {
        let hash = hash(token);
        let mut tx = self.0.begin().await?;
        let spent: Option<i64> = on!(Tx, &mut tx, |conn| {
            query_scalar(SPEND)
                .bind(hash.as_slice())
                .fetch_optional(&mut **conn)
                .await
        })?;
        if spent.is_none() {
            return Ok(SetUp::Refused);
        }
        let Some(user) = users::insert(&mut tx, first, self.0.now()).await? else {
            return Ok(SetUp::Refused);
        };
        tx.commit().await?;
        Ok(SetUp::Done(user))
    }

    /// Forgets a token nobody needs any more, because somebody got an account another way.
    pub async fn withdraw(&self) -> Result<(), Error> {
        on!(Pool, &self.0.write, |pool| query("delete from setup_token")
            .execute(pool)
            .await
            .map(drop))?;
        Ok(())
    }
}

/// A token is random and long; its plain hash tells nobody anything, and equal hashes are compared by the index.
fn hash(token: &str) -> [u8; 32] {
    *blake3::hash(token.as_bytes()).as_bytes()
}
