//! People and their accounts; the site is never left without an owner who can log in.

use gatepost_domain::display_name::DisplayName;
use gatepost_domain::ids::UserId;
use gatepost_domain::role::Role;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;
use sqlx::{query, query_as, query_scalar};

use crate::db::Db;
use crate::engine::Tx;
use crate::error::Error;

mod account;

use account::UserRow;
pub use account::{Account, Change, NewUser, PasswordHash};
pub(crate) use account::{display_name, username};

/// The repository of people.
pub struct Users<'a>(pub(crate) &'a Db);

macro_rules! select_users {
    ($rest:literal) => {
        concat!(
            "select id, username, display_name, role, password_hash, epoch, disabled_at from users ",
            $rest
        )
    };
}

const BY_ID: &str = select_users!("where id = $1");
const BY_KEY: &str = select_users!("where username_key = $1");
const ALL: &str = select_users!("order by username_key");
const ANY: &str = "select exists (select 1 from users)";

const INSERT: &str = "
    insert into users (username, username_key, display_name, role, password_hash, created_at)
    values ($1, $2, $3, $4, $5, $6)
    on conflict (username_key) do nothing
    returning id";

/// Makes two changes that could each take the last owner wait for each other, on both engines.
const HOLD_OWNERS: &str = "update users set role = role where role = 'owner'";
const OTHER_OWNERS: &str =
    "select exists (select 1 from users where role = 'owner' and disabled_at is null and id <> $1)";
const SET_ROLE: &str = "update users set role = $2 where id = $1 returning id";
const DISABLE: &str = "
    update users set epoch = epoch + case when disabled_at is null then 1 else 0 end,
                     disabled_at = coalesce(disabled_at, $2)
    where id = $1 returning id";
const ENABLE: &str = "update users set disabled_at = null where id = $1 returning id";
const SET_PASSWORD: &str =
    "update users set password_hash = $2, epoch = epoch + 1 where id = $1 returning id";
const REHASH: &str =
    "update users set password_hash = $3 where id = $1 and password_hash = $2 returning id";
const SET_DISPLAY_NAME: &str = "update users set display_name = $2 where id = $1 returning id";

impl Users<'_> {
    /// Makes an account. `None`: the name is taken, in this or another case.
    pub async fn create(&self, new: &NewUser) -> Result<Option<User>, Error> {
        let mut tx = self.0.begin().await?;
        let user = insert(&mut tx, new, self.0.now()).await?;
        tx.commit().await?;
        Ok(user)
    }

    pub async fn find(&self, id: UserId) -> Result<Option<User>, Error> {
        Ok(self.account_of(id).await?.map(|account| account.user))
    }

    pub async fn by_username(&self, username: &Username) -> Result<Option<User>, Error> {
        Ok(self.account(username).await?.map(|account| account.user))
    }

    /// The account that somebody who types this name means.
    pub async fn account(&self, username: &Username) -> Result<Option<Account>, Error> {
        let key = username.key();
        let row: Option<UserRow> = on!(Pool, &self.0.read, |pool| query_as(BY_KEY)
            .bind(&key)
            .fetch_optional(pool)
            .await)?;
        row.map(UserRow::account).transpose()
    }

    /// The account of a person who is known already.
    pub async fn account_of(&self, id: UserId) -> Result<Option<Account>, Error> {
        let row: Option<UserRow> = on!(Pool, &self.0.read, |pool| query_as(BY_ID)
            .bind(id.0)
            .fetch_optional(pool)
            .await)?;
        row.map(UserRow::account).transpose()
    }

    /// Everybody, by name.
    pub async fn list(&self) -> Result<Vec<User>, Error> {
        let rows: Vec<UserRow> = on!(Pool, &self.0.read, |pool| query_as(ALL)
            .fetch_all(pool)
            .await)?;
        rows.into_iter()
            .map(|row| Ok(row.account()?.user))
            .collect()
    }

    /// Whether anybody has an account.
    pub async fn any(&self) -> Result<bool, Error> {
        Ok(on!(Pool, &self.0.read, |pool| query_scalar(ANY)
            .fetch_one(pool)
            .await)?)
    }

    pub async fn set_role(&self, id: UserId, role: Role) -> Result<Change, Error> {
        let mut tx = self.0.begin().await?;
        if role != Role::Owner && is_last_owner(&mut tx, id).await? {
            return Ok(Change::LastOwner);
        }
        let done: Option<i64> = on!(Tx, &mut tx, |conn| {
            query_scalar(SET_ROLE)
                .bind(id.0)
                .bind(role.as_str())
                .fetch_optional(&mut **conn)
                .await
        })?;
        finish(tx, done).await
    }

    /// Disabling ends every session of the person, and they stay ended when the account is enabled again.
    pub async fn set_disabled(&self, id: UserId, disabled: bool) -> Result<Change, Error> {
        let mut tx = self.0.begin().await?;
        if disabled && is_last_owner(&mut tx, id).await? {
            return Ok(Change::LastOwner);
        }
        let now = self.0.now();
        let done: Option<i64> = on!(Tx, &mut tx, |conn| {
            if disabled {
                query_scalar(DISABLE)
                    .bind(id.0)
                    .bind(now)
                    .fetch_optional(&mut **conn)
                    .await
            } else {
                query_scalar(ENABLE)
                    .bind(id.0)
                    .fetch_optional(&mut **conn)
                    .await
            }
        })?;
        finish(tx, done).await
    }

    /// A new password; every session of the person ends.
    pub async fn set_password(&self, id: UserId, hash: &PasswordHash) -> Result<Change, Error> {
        let mut tx = self.0.begin().await?;
        let done: Option<i64> = on!(Tx, &mut tx, |conn| {
            query_scalar(SET_PASSWORD)
                .bind(id.0)
                .bind(hash.as_str())
                .fetch_optional(&mut **conn)
                .await
        })?;
        finish(tx, done).await
    }

    /// The same password, hashed with today's parameters; sessions go on. Does nothing when the password has changed.
    pub async fn rehash(
        &self,
        id: UserId,
        old: &PasswordHash,
        new: &PasswordHash,
    ) -> Result<Change, Error> {
        let mut tx = self.0.begin().await?;
        let done: Option<i64> = on!(Tx, &mut tx, |conn| {
            query_scalar(REHASH)
                .bind(id.0)
                .bind(old.as_str())
                .bind(new.as_str())
                .fetch_optional(&mut **conn)
                .await
        })?;
        finish(tx, done).await
    }

    pub async fn set_display_name(&self, id: UserId, name: &DisplayName) -> Result<Change, Error> {
        let mut tx = self.0.begin().await?;
        let done: Option<i64> = on!(Tx, &mut tx, |conn| {
            query_scalar(SET_DISPLAY_NAME)
                .bind(id.0)
                .bind(name.as_str())
                .fetch_optional(&mut **conn)
                .await
        })?;
        finish(tx, done).await
    }
}

async fn finish(tx: Tx, done: Option<i64>) -> Result<Change, Error> {
    tx.commit().await?;
    Ok(if done.is_some() {
        Change::Done
    } else {
        Change::Missing
    })
}

/// Makes an account inside a transaction. `None`: the name is taken.
pub(crate) async fn insert(tx: &mut Tx, new: &NewUser, now: i64) -> Result<Option<User>, Error> {
    let id: Option<i64> = on!(Tx, tx, |conn| {
        query_scalar(INSERT)
            .bind(new.username.as_str())
            .bind(new.username.key())
            .bind(new.display_name.as_str())
            .bind(new.role.as_str())
            .bind(new.password_hash.as_ref().map(PasswordHash::as_str))
            .bind(now)
            .fetch_optional(&mut **conn)
            .await
    })?;
    Ok(id.map(|id| User {
        id: UserId(id),
        username: new.username.clone(),
        display_name: new.display_name.clone(),
        role: new.role,
        disabled: false,
    }))
}

/// Whether the site would have no enabled owner without this person.
async fn is_last_owner(tx: &mut Tx, id: UserId) -> Result<bool, Error> {
    let (account, others): (Option<UserRow>, bool) = on!(Tx, tx, |conn| {
        query(HOLD_OWNERS).execute(&mut **conn).await?;
        let account = query_as(BY_ID)
            .bind(id.0)
            .fetch_optional(&mut **conn)
            .await?;
        (
            account,
            query_scalar(OTHER_OWNERS)
                .bind(id.0)
                .fetch_one(&mut **conn)
                .await?,
        )
    });
    let owner =
        account.is_some_and(|row| row.role == Role::Owner.as_str() && row.disabled_at.is_none());
    Ok(owner && !others)
}
