//! The page of a form, ready from the moment the form was read: what its sender gets when anything fails after that.
//!
//! Invariant: it is drawn outside of the session and asks no database, so it shares no failure with what it stands in for.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use http::StatusCode;
use minijinja::value::Serde;
use minijinja::{Value, context};

use crate::error::Chain;
use crate::form::Fault;
use crate::look::Look;
use crate::theme::Theme;

/// In the extensions of every request that sends something. A clone is the same.
#[derive(Clone, Default)]
pub(crate) struct Rescue(Arc<Mutex<Option<Filled>>>);

/// A form with everything that was typed into it.
struct Filled {
    template: &'static str,
    /// The field that the sentence about the failure stands at.
    field: &'static str,
    view: Value,
}

impl Rescue {
    /// Holds a form as it is now, in the place of an earlier state of it. Its view has a list of `errors`.
    pub(crate) fn hold(&self, template: &'static str, field: &'static str, view: Value) {
        *self.held() = Some(Filled {
            template,
            field,
            view,
        });
    }

    /// The form with what went wrong; `None` when there was none to hold.
    pub(crate) fn draw(
        &self,
        look: &Look,
        theme: Theme,
        path: &str,
        (status, said): (StatusCode, &str),
    ) -> Option<String> {
        let Filled {
            template,
            field,
            view,
        } = self.held().take()?;
        let message = match status {
            StatusCode::SERVICE_UNAVAILABLE => {
                "The site can’t save anything at the moment. Keep this page and try again; nothing is saved twice."
            }
            status if status.is_server_error() => {
                "Something broke, and was noted. Copy what you wrote before you leave this page, and try again."
            }
            _ => said,
        };
        let fault = Fault {
            field: field.to_owned(),
            message: message.to_owned(),
        };
        let known = view.get_attr("errors").ok();
        let known = known.and_then(|errors| Some(errors.try_iter().ok()?.collect::<Vec<_>>()));
        let errors: Vec<Value> = std::iter::once(Value::from(Serde(fault)))
            .chain(known.unwrap_or_default())
            .collect();
        let theme = theme.word();
        let page = context! {
            errors, theme, path, retry => true,
            // Nobody can say who is looking.
            username => false, flash => (), parked => (),
            ..view
        };
        let drawn = look.templates.render(template, page);
        drawn
            .inspect_err(|error| {
                tracing::error!(cause = %Chain(error), "a form could not be given back");
            })
            .ok()
    }

    fn held(&self) -> MutexGuard<'_, Option<Filled>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
