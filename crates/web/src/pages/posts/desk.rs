//! The editor: the one page on which posts are written, whatever the answer to the last attempt was.
//!
//! Invariant: it shows every field as it was typed.

use axum::response::Response;
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use gatepost_domain::form_key::FormKey;
use gatepost_domain::post::Post;
use http::StatusCode;
use minijinja::Value;
use minijinja::value::Serde;
use serde::Serialize;

use super::merging::Conflict;
use super::parking;
use super::show::Facts;
use super::typed::Typed;
use crate::error::Error;
use crate::figure::Figure;
use crate::markdown;
use crate::page::Page;
use crate::pages::login::LoginFields;
use crate::state::App;
use crate::world::ticks;

mod view;

use view::FormView;
pub(super) use view::PictureView;

const FORM: &str = "pages/posts/form.html";

/// Where a new post is sent.
pub(super) const NEW: &str = "/new";

/// What else the page shows besides the form.
#[derive(Default)]
pub(super) struct Desk {
    /// Where the form is sent.
    pub(super) action: String,
    pub(super) post: Option<Facts>,
    pub(super) may_publish: bool,
    pub(super) preview: Option<Preview>,
    pub(super) conflict: Option<Conflict>,
    pub(super) login: Option<LoginFields>,
    /// It was parked, and is given back.
    pub(super) restored: bool,
    /// It holds a minute that is not set yet.
    pub(super) has_a_minute: bool,
}

/// The unsaved form as readers would see it.
#[derive(Serialize)]
pub(crate) struct Preview {
    html: String,
    lead: Option<Figure>,
}

impl Preview {
    pub(super) async fn of(typed: &Typed) -> Self {
        let pictures = typed.staying();
        let first = pictures
            .first()
            .filter(|picture| !markdown::shows(&typed.text, picture));
        let lead = first.and_then(Figure::of);
        Self {
            html: markdown::render_page(&typed.text, &pictures, lead.is_some(), ticks).await,
            lead,
        }
    }
}

impl Desk {
    /// For a post that there is not yet.
    pub(super) fn empty(may_publish: bool) -> Self {
        Self {
            action: NEW.to_owned(),
            may_publish,
            ..Self::default()
        }
    }

    pub(super) fn of(post: &Post, may_publish: bool) -> Self {
        let facts = Facts::of(post);
        Self {
            action: format!("{}/edit", facts.href),
            post: Some(facts),
            may_publish,
            ..Self::default()
        }
    }

    /// From here on, whatever fails is answered with this form.
    pub(super) fn hold(self, page: &Page, typed: &Typed) {
        let app = page.app();
        let key = typed.form.clone().unwrap_or_else(|| new_key(app));
        let view = FormView::of(self, app, typed, key, None);
        page.hold(FORM, "text", Value::from(Serde(view)));
    }

    /// Answers with the form; its faults decide the status where nothing else does.
    pub(super) async fn draw(
        self,
        page: &Page,
        status: StatusCode,
        typed: &Typed,
    ) -> Result<Response, Error> {
        let app = page.app();
        let status = if status == StatusCode::OK {
            typed.faults.status()
        } else {
            status
        };
        // From here on the form has a name, whatever becomes of it.
        let key = typed.form.clone().unwrap_or_else(|| new_key(app));
        let refused = status.is_client_error() || status.is_server_error();
        let parked = match page.answers_a_form() && refused {
            true => parking::keep(app, status, (&self.action, &key), typed).await,
            false => None,
        };
        let view = Value::from(Serde(FormView::of(self, app, typed, key, parked)));
        // With what is wrong with it, should the page not be drawn.
        page.hold(FORM, "text", view.clone());
        let form = page.answer(status, FORM, view).await?;
        Ok(typed.faults.told_with(form))
    }
}

pub(super) fn new_key(app: &App) -> FormKey {
    let key = BASE64_URL_SAFE_NO_PAD.encode(app.world.bytes::<16>());
    key.parse().expect("16 bytes are 22 characters")
}
