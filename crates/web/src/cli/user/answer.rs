//! What the account commands print, for people or as JSON.
//!
//! Invariant: a password is printed only when this command made it up.

use gatepost_domain::user::User;
use serde_json::{Value, json};

use crate::cli::print;

pub(super) struct Answer<'a> {
    user: &'a User,
    what: &'static str,
    password: Option<String>,
}

impl<'a> Answer<'a> {
    pub(super) fn new(user: &'a User, what: &'static str) -> Self {
        Self {
            user,
            what,
            password: None,
        }
    }

    pub(super) fn with_password(self, password: Option<String>) -> Self {
        Self { password, ..self }
    }

    pub(super) fn print(self, as_json: bool) {
        if as_json {
            let mut value = entry(self.user);
            if let Some(password) = self.password {
                value["password"] = password.into();
            }
            print::line(format_args!("{value}"));
            return;
        }
        print::line(format_args!(
            "{} ({}) {}.",
            self.user.username.as_str(),
            self.user.role,
            self.what
        ));
        if let Some(password) = self.password {
            print::line(format_args!(
                "The password is {password} and will not be shown again."
            ));
        }
    }
}

pub(super) fn list(users: &[User], as_json: bool) {
    if as_json {
        print::line(format_args!(
            "{:#}",
            users.iter().map(entry).collect::<Value>()
        ));
        return;
    }
    for user in users {
        let disabled = if user.disabled { "  disabled" } else { "" };
        print::line(format_args!(
            "{:<32} {:<12} {}{disabled}",
            user.username.as_str(),
            user.role.as_str(),
            user.display_name
        ));
    }
}

fn entry(user: &User) -> Value {
    json!({
        "id": user.id.0,
        "username": user.username.as_str(),
        "display_name": user.display_name.as_str(),
        "role": user.role.as_str(),
        "disabled": user.disabled,
    })
}
