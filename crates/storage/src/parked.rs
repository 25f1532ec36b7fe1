//! Forms that wait for their author: given back to nobody else, a few for each person, for a week.
//!
//! Invariant: nothing that somebody sent and was told is kept gives way to something newer; what was only being typed
//! does, the oldest first. What arrives late replaces nothing that is newer.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::UserId;
use sqlx::{FromRow, query, query_as, query_scalar};
use time::Duration;

use crate::db::Db;
use crate::engine::Tx;
use crate::error::Error;
use crate::moment;

mod form;

pub use form::{Form, Kept, NewForm, Opened, Reason, Waiting};

/// Forms that wait for one person.
pub const MOST: i64 = 5;

/// How long a form waits.
pub const LASTS: Duration = Duration::days(7);

/// The repository of parked forms.
pub struct Parked<'a>(pub(crate) &'a Db);

const ROOM: &str = "
    delete from parked where person = $1 and parked_at <= $2";
const OTHERS: &str = "select count(*) from parked where person = $1 and form <> $2";
const OLDEST_TYPED: &str = "
    delete from parked where person = $1 and form = (
        select form from parked where person = $1 and refused = 0 and form <> $2 order by parked_at limit 1)";
const PARK: &str = "
    insert into parked (person, form, address, title, fields, refused, parked_at, turn, replaces)
    values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
    on conflict (person, form) do update
    set address = excluded.address, title = excluded.title, fields = excluded.fields,
        refused = case when parked.refused = 1 then 1 else excluded.refused end, parked_at = excluded.parked_at,
        turn = excluded.turn, replaces = excluded.replaces
    where excluded.turn >= parked.turn or excluded.turn = 0";
const SAVED: &str =
    "select 1 from submissions where person = $1 and key = $2 and turn >= $3 and $3 > 0";
const WAITING: &str = "
    select form, address, title, refused, parked_at from parked
    where person = $1 and parked_at > $2
    order by parked_at desc";
/// Whoever goes on with a form under another name finds it at the old place, too.
const FIND: &str = "
    select form, address, fields, parked_at from parked
    where person = $1 and (form = $2 or replaces = $2) and parked_at > $3
    order by form = $2 desc, parked_at desc limit 1";
/// Whoever still types in it where it comes from keeps it.
const REPLACE: &str =
    "delete from parked where person = $1 and form = $2 and parked_at <= $3 returning refused";
const REACHED: &str =
    "update submissions set turn = $3 where person = $1 and key = $2 and turn < $3";
const OLDER: &str = "delete from parked where person = $1 and form = $2 and (turn <= $3 or $3 = 0)";
const DISCARD: &str = "delete from parked where person = $1 and form = $2";
const EXPIRE: &str = "delete from parked where parked_at <= $1";
const PEOPLE: &str = "select distinct person from parked";

#[derive(FromRow)]
struct Row {
    form: String,
    address: String,
    title: String,
    refused: i64,
    parked_at: i64,
}

impl Parked<'_> {
    /// Keeps a form, or a newer state of one that is kept.
    pub async fn park(&self, new: &NewForm<'_>) -> Result<Kept, Error> {
        let now = self.0.now();
        let fields = serde_json::to_string(new.fields)
            .map_err(|error| Error::row("parked.fields", error))?;
        let mut tx = self.0.begin().await?;
        if new.reason != Reason::Refused && was_saved(&mut tx, new).await? {
            return Ok(Kept::Late);
        }
        let was_refused = match new.opened_from.filter(|from| from.key != *new.key) {
            Some(opened) => take_over(&mut tx, new.person, opened).await? == Some(1),
            None => false,
        };
        if !has_room(&mut tx, new, now).await? {
            return Ok(Kept::Full);
        }
        let written = on!(Tx, &mut tx, |conn| {
            query(PARK)
                .bind(new.person.0)
                .bind(new.key.as_str())
                .bind(new.address)
                .bind(new.title)
                .bind(fields)
                .bind(i64::from(was_refused || new.reason != Reason::Typing))
                .bind(now)
                .bind(new.turn)
                .bind(new.opened_from.map(|opened| opened.key.as_str()))
                .execute(&mut **conn)
                .await
                .map(|done| done.rows_affected())
        })?;
        if written == 0 {
            return Ok(Kept::Late);
        }
        tx.commit().await?;
        Ok(Kept::Yes)
    }

    /// The form was saved as it was at this turn: what waits of it goes, unless it is newer, and what is older comes late.
    pub async fn saved(&self, person: UserId, key: &FormKey, turn: i64) -> Result<(), Error> {
        let mut tx = self.0.begin().await?;
        for sql in [REACHED, OLDER] {
            on!(Tx, &mut tx, |conn| query(sql)
                .bind(person.0)
                .bind(key.as_str())
                .bind(turn)
                .execute(&mut **conn)
                .await
                .map(drop))?;
        }
        tx.commit().await?;
        Ok(())
    }

    /// What was opened from this form was saved: unless somebody has gone on with it elsewhere, it waits no longer.
    pub async fn saved_elsewhere(&self, person: UserId, opened: &Opened) -> Result<(), Error> {
        let mut tx = self.0.begin().await?;
        take_over(&mut tx, person, opened).await?;
        tx.commit().await?;
        Ok(())
    }

    /// What waits for this person, newest first.
    pub async fn waiting(&self, person: UserId) -> Result<Vec<Waiting>, Error> {
        let since = self.since();
        let rows: Vec<Row> = on!(Pool, &self.0.read, |pool| {
            query_as(WAITING)
                .bind(person.0)
                .bind(since)
                .fetch_all(pool)
                .await
        })?;
        rows.into_iter().map(Waiting::try_from).collect()
    }

    /// The form of this person under this key. `None`: there is none, or it is somebody else's.
    pub async fn find(&self, person: UserId, key: &FormKey) -> Result<Option<Form>, Error> {
        let since = self.since();
        let found: Option<(String, String, String, i64)> = on!(Pool, &self.0.read, |pool| {
            query_as(FIND)
                .bind(person.0)
                .bind(key.as_str())
                .bind(since)
                .fetch_optional(pool)
                .await
        })?;
        let Some((key, address, fields, parked_at)) = found else {
            return Ok(None);
        };
        let fields =
            serde_json::from_str(&fields).map_err(|error| Error::row("parked.fields", error))?;
        let key = key
            .parse()
            .map_err(|error| Error::row("parked.form", error))?;
        Ok(Some(Form {
            opened: Opened {
                key,
                at: moment::from_millis("parked.parked_at", parked_at)?,
            },
            address,
            fields,
        }))
    }

    /// Throws a form away. `false`: there was none, or it is somebody else's.
    pub async fn discard(&self, person: UserId, key: &FormKey) -> Result<bool, Error> {
        let gone = on!(Pool, &self.0.write, |pool| {
            let discard = query(DISCARD)
                .bind(person.0)
                .bind(key.as_str())
                .execute(pool)
                .await;
            discard.map(|done| done.rows_affected())
        })?;
        Ok(gone > 0)
    }

    /// Throws away what has waited its time.
    pub async fn expire(&self) -> Result<u64, Error> {
        let since = self.since();
        Ok(on!(Pool, &self.0.write, |pool| {
            let expire = query(EXPIRE).bind(since).execute(pool).await;
            expire.map(|done| done.rows_affected())
        })?)
    }

    /// Everybody for whom something waits.
    pub async fn people(&self) -> Result<Vec<UserId>, Error> {
        let people: Vec<i64> = on!(Pool, &self.0.read, |pool| query_scalar(PEOPLE)
            .fetch_all(pool)
            .await)?;
        Ok(people.into_iter().map(UserId).collect())
    }

    fn since(&self) -> i64 {
        self.0.now() - millis(LASTS)
    }
}

/// Takes a form out that another was opened from; whether it had been sent and refused.
async fn take_over(tx: &mut Tx, person: UserId, opened: &Opened) -> Result<Option<i64>, Error> {
    Ok(on!(Tx, tx, |conn| query_scalar(REPLACE)
        .bind(person.0)
        .bind(opened.key.as_str())
        .bind(moment::to_millis(opened.at))
        .fetch_optional(&mut **conn)
        .await)?)
}

/// Whether the form fits among the others of this person, after what has waited its time has gone.
async fn has_room(tx: &mut Tx, new: &NewForm<'_>, now: i64) -> Result<bool, Error> {
    on!(Tx, tx, |conn| query(ROOM)
        .bind(new.person.0)
        .bind(now - millis(LASTS))
        .execute(&mut **conn)
        .await
        .map(drop))?;
    let others: i64 = on!(Tx, tx, |conn| query_scalar(OTHERS)
        .bind(new.person.0)
        .bind(new.key.as_str())
        .fetch_one(&mut **conn)
        .await)?;
    if others < MOST {
        return Ok(true);
    }
    if new.reason == Reason::Unproven {
        return Ok(false);
    }
    let made = on!(Tx, tx, |conn| query(OLDEST_TYPED)
        .bind(new.person.0)
        .bind(new.key.as_str())
        .execute(&mut **conn)
        .await
        .map(|done| done.rows_affected()))?;
    Ok(made > 0)
}

async fn was_saved(tx: &mut Tx, new: &NewForm<'_>) -> Result<bool, Error> {
    let saved: Option<i64> = on!(Tx, tx, |conn| query_scalar(SAVED)
        .bind(new.person.0)
        .bind(new.key.as_str())
        .bind(new.turn)
        .fetch_optional(&mut **conn)
        .await)?;
    Ok(saved.is_some())
}

fn millis(duration: Duration) -> i64 {
    i64::try_from(duration.whole_milliseconds()).unwrap_or(i64::MAX)
}

impl TryFrom<Row> for Waiting {
    type Error = Error;

    fn try_from(row: Row) -> Result<Self, Error> {
        Ok(Self {
            key: row
                .form
                .parse()
                .map_err(|error| Error::row("parked.form", error))?,
            address: row.address,
            title: row.title,
            refused: row.refused != 0,
            parked_at: moment::from_millis("parked.parked_at", row.parked_at)?,
        })
    }
}
