//! For whom forms wait, known without asking the database: almost always it is nobody.
//!
//! Invariant: who has a form waiting is in here from before it is kept until the database has said that there is none;
//! so nobody's form is forgotten, and everybody else's pages ask nothing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use gatepost_domain::ids::UserId;
use gatepost_domain::title::{Title, TitleError};
use gatepost_storage::parked::Waiting;
use gatepost_storage::{Db, Error};
use http::Method;
use http::request::Parts;
use minijinja::value::Serde;
use minijinja::{Value, context};
use serde::Serialize;
use session_auth::{Auth, BoxError, ContextProcessor};

use crate::auth::Accounts;
use crate::pages::millis;
use crate::paths;
use crate::state::App;

/// Everybody for whom something may wait, each with a number that changes when something comes.
#[derive(Default)]
pub(crate) struct Parking(Mutex<HashMap<UserId, u64>>);

impl Parking {
    pub(crate) async fn load(db: &Db) -> Result<Self, Error> {
        let people = db.parked().people().await?;
        Ok(Self(Mutex::new(
            people.into_iter().map(|person| (person, 0)).collect(),
        )))
    }

    /// Called before something is kept for this person.
    pub(crate) fn comes_for(&self, person: UserId) {
        *self.people().entry(person).or_default() += 1;
    }

    /// What waits for this person, newest first.
    pub(crate) async fn waiting(&self, db: &Db, person: UserId) -> Result<Vec<Waiting>, Error> {
        let Some(number) = self.people().get(&person).copied() else {
            return Ok(Vec::new());
        };
        let waiting = db.parked().waiting(person).await?;
        let mut people = self.people();
        if waiting.is_empty() && people.get(&person) == Some(&number) {
            people.remove(&person);
        }
        Ok(waiting)
    }

    fn people(&self) -> MutexGuard<'_, HashMap<UserId, u64>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A form that waits, as pages speak of it.
#[derive(Serialize)]
pub(crate) struct Notice {
    href: String,
    title: String,
    at: i64,
}

impl From<Waiting> for Notice {
    fn from(form: Waiting) -> Self {
        Self {
            href: paths::parked(&form.key),
            // One that nobody would see is none.
            title: match Title::parse(&form.title) {
                Err(TitleError::Empty) => String::new(),
                _ => form.title,
            },
            at: millis(form.parked_at),
        }
    }
}

/// `parked` in every template: what waits for whoever looks. Visitors have nothing, and cost nothing.
pub(crate) struct ParkedContext;

#[async_trait]
impl ContextProcessor for ParkedContext {
    fn keys(&self) -> &'static [&'static str] {
        &["parked"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        let notices = match parts.extensions.get::<Arc<App>>() {
            Some(app) if parts.method != Method::POST => notices(app, parts).await?,
            _ => Vec::new(),
        };
        Ok(context! { parked => Value::from(Serde(notices)) })
    }
}

/// What was sent and not saved is spoken of everywhere; what was only being typed, where one would go on with it.
/// The page of a form itself shows it, and need not speak of it.
async fn notices(app: &App, parts: &Parts) -> Result<Vec<Notice>, BoxError> {
    let Some(account) = Auth::<Accounts>::of(parts)?.user().await? else {
        return Ok(Vec::new());
    };
    let waiting = app.parking.waiting(&app.db, account.user.id).await;
    let waiting = waiting.unwrap_or_else(|error| {
        // No page is worth less without this line.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "parked forms could not be read"
        );
        Vec::new()
    });
    let here = parts.uri.path();
    let spoken_of = |form: &Waiting| {
        (form.refused || form.address == here || here == "/drafts")
            && paths::parked(&form.key) != here
    };
    Ok(waiting
        .into_iter()
        .filter(spoken_of)
        .map(Notice::from)
        .collect())
}

#[cfg(test)]
mod tests {
    use gatepost_storage::parked::{NewForm, Reason};

    use super::*;
    use crate::world::World;

    #[tokio::test]
    async fn nobody_is_asked_about_for_whom_nothing_came_and_nobody_is_forgotten() {
        let directory = tempfile::tempdir().unwrap();
        let db = Db::open(&directory.path().join("db"), World::REAL.clock)
            .await
            .unwrap();
        let people = db.users();
        let new = gatepost_storage::users::NewUser {
            username: "carol".parse().unwrap(),
            display_name: gatepost_domain::display_name::DisplayName::parse("Carol").unwrap(),
            role: gatepost_domain::role::Role::Author,
            password_hash: None,
        };
        let carol = people.create(&new).await.unwrap().unwrap().id;
        let parking = Parking::load(&db).await.unwrap();
        parking.comes_for(carol);
        assert!(parking.waiting(&db, carol).await.unwrap().is_empty());
        assert!(
            parking.people().is_empty(),
            "the database has said that there is none"
        );

        let key = "AAECAwQFBgcICQoLDA0ODw".parse().unwrap();
        let form = NewForm {
            person: carol,
            key: &key,
            address: "/new",
            title: "",
            fields: &[],
            turn: 0,
            reason: Reason::Refused,
            opened_from: None,
        };
        parking.comes_for(carol);
        db.parked().park(&form).await.unwrap();
        assert_eq!(parking.waiting(&db, carol).await.unwrap().len(), 1);
        let restarted = Parking::load(&db).await.unwrap();
        assert_eq!(
            restarted.waiting(&db, carol).await.unwrap().len(),
            1,
            "a restart forgets nobody"
        );
    }
}
