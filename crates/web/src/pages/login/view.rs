//! What the login page shows.

use gatepost_storage::users::Account;
use serde::Serialize;

use super::Credentials;
use crate::config::LoginMode;
use crate::demo;
use crate::form::{Fault, Faults};
use crate::state::App;

/// The fields of a login, as they were typed.
#[derive(Clone, Serialize)]
pub(crate) struct LoginFields {
    name: String,
    /// Whether the mode asks for one.
    password: bool,
    remember: bool,
}

impl LoginFields {
    pub(crate) fn empty(mode: LoginMode) -> Self {
        Self {
            name: String::new(),
            password: mode == LoginMode::Password,
            remember: false,
        }
    }

    /// With the name of who is logged in.
    pub(crate) fn of(self, person: Option<&Account>) -> Self {
        let name = person.map(|it| it.user.username.to_string());
        Self {
            name: name.unwrap_or_default(),
            ..self
        }
    }

    pub(crate) fn filled(mode: LoginMode, typed: &Credentials<'_>) -> Self {
        Self {
            name: typed.name.to_owned(),
            remember: typed.remember,
            ..Self::empty(mode)
        }
    }
}

#[derive(Serialize)]
pub(crate) struct LoginView {
    login: LoginFields,
    /// Somebody is logged in and is to prove it once more.
    pub(crate) confirms: bool,
    next: String,
    errors: Vec<Fault>,
    demo: Option<DemoView>,
}

#[derive(Serialize)]
struct DemoView {
    password: &'static str,
    accounts: Vec<DemoAccount>,
}

#[derive(Serialize)]
struct DemoAccount {
    name: &'static str,
    role: &'static str,
}

impl LoginView {
    pub(crate) fn of(app: &App, login: LoginFields, next: &str, faults: &Faults) -> Self {
        let accounts = demo::ACCOUNTS.map(|(name, role)| DemoAccount {
            name,
            role: role.as_str(),
        });
        let demo = DemoView {
            password: demo::PASSWORD,
            accounts: accounts.into(),
        };
        Self {
            login,
            confirms: false,
            next: next.to_owned(),
            errors: faults.list().to_vec(),
            demo: app.config.dev.then_some(demo),
        }
    }
}
