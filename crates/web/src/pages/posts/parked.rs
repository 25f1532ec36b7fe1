//! `/parked` and the editor: what the small script keeps while somebody types, and a kept form opened again.
//!
//! Invariant: what is kept goes to nobody but its author; a form that is opened again has a name of its own.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::form_key::FormKey;
use gatepost_storage::parked::{Kept, Reason};
use http::StatusCode;
use serde::Serialize;

use super::desk::{NEW, new_key};
use super::edit::find_for_form;
use super::parking::{Author, park};
use super::submission::Submission;
use super::typed::Typed;
use crate::auth::Login;
use crate::error::{Error, Problem};
use crate::form::Form;
use crate::page::Page;
use crate::pages::millis;
use crate::paths::{self, Segment};
use crate::state::App;

/// `POST /parked`: the small script keeps what is being typed, for its author alone. Readers see nothing of it.
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    page: Page,
    mut form: Form,
) -> Result<Response, Error> {
    let address = form.text("address").to_owned();
    let mut typed = Typed::read(&mut form);
    let key = typed.form.clone().filter(|_| is_editor(&address));
    let key = key.ok_or(Error::BadRequest("This is not the form of a post.".into()))?;
    let author = match page.viewer().await?.user() {
        Some(user) => Some(Author::Known(user.id)),
        None => Author::former(&app, &page).await?,
    };
    let Some(author) = author else {
        return Ok(refusal(
            StatusCode::UNAUTHORIZED,
            "Not kept: you are not logged in.",
        ));
    };
    typed.gather_pictures(&app, &[], author).await?;
    let (known, reason) = match author {
        Author::Known(_) => (true, Reason::Typing),
        Author::Former(_) => (false, Reason::Unproven),
    };
    let (kept, _) = park(&app, author.id(), &address, &key, &typed, reason).await?;
    match kept {
        Kept::Yes if known => {
            let at = app
                .site
                .zone
                .time(millis(app.world.now()))
                .unwrap_or_default();
            Ok(Json(Done { at }).into_response())
        }
        Kept::Yes => Ok(refusal(
            StatusCode::UNAUTHORIZED,
            "Your login has ended. What you typed is kept for you; log in and go on.",
        )),
        // Whoever sent this has gone on since; should they be here after all, they are not told that it is kept.
        Kept::Late => Ok(refusal(
            StatusCode::CONFLICT,
            "Not kept: this form was saved or kept in another window meanwhile.",
        )),
        Kept::Full => Ok(refusal(
            StatusCode::CONFLICT,
            "Not kept: five texts wait for you already. See them at /parked.",
        )),
    }
}

#[derive(Serialize)]
struct Done {
    /// When, as the site tells the time.
    at: String,
}

fn refusal(status: StatusCode, sentence: &'static str) -> Response {
    let mut response = status.into_response();
    response.extensions_mut().insert(Problem {
        detail: Some(sentence.into()),
        cause: None,
    });
    response
}

/// Whether the editor sends forms to this address.
fn is_editor(address: &str) -> bool {
    address == NEW || post_of(address).is_some()
}

/// The post whose form is sent to this address, as the address calls it.
fn post_of(address: &str) -> Option<String> {
    let segment = address.strip_prefix('/')?.strip_suffix("/edit")?;
    let plain = !segment.is_empty() && segment.len() <= 2_000 && !segment.contains(['/', '?', '#']);
    let decoded = percent_encoding::percent_decode_str(segment)
        .decode_utf8()
        .ok()?;
    plain.then(|| decoded.into_owned())
}

/// `GET /parked/{form}`: the editor with everything as it was. The form has a name of its own from now on: opened in two
/// tabs it is two forms, and neither takes the other for an earlier state of itself.
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(key): Segment,
    login: Login,
) -> Result<Response, Error> {
    let key: FormKey = key.parse().map_err(|_| Error::NotFound)?;
    let author = Author::Known(login.0.user.id);
    let found = app.db.parked().find(author.id(), &key).await?;
    let kept = found.ok_or(Error::NotFound)?;
    if kept.opened.key != key {
        let place = paths::parked(&kept.opened.key);
        return Ok(Redirect::to(&place).into_response());
    }
    let mut typed = Typed::read(&mut Form::of(kept.fields));
    typed.form = Some(new_key(&app));
    typed.parked = Some(kept.opened);
    let viewer = page.viewer().await?;
    let post = match post_of(&kept.address) {
        Some(segment) => match find_for_form(&app, &viewer, &segment, &typed).await {
            Ok(post) => Some(post),
            Err(refusal) => {
                let (status, sentence) = refusal.told().ok_or(refusal)?;
                typed.becomes_a_new_post(status, &sentence);
                None
            }
        },
        None => None,
    };
    let form = Submission {
        app,
        page,
        viewer,
        post,
        typed,
        base: None,
        login: None,
    };
    form.given_back(author).await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_forms_of_the_editor_are_kept() {
        assert!(is_editor("/new"));
        assert_eq!(post_of("/a%20post/edit").as_deref(), Some("a post"));
        for other in [
            "",
            "/",
            "/login",
            "/edit",
            "//edit",
            "/a/b/edit",
            "/a/edit?x",
            "http://x/a/edit",
            "/%FF/edit",
        ] {
            assert!(!is_editor(other), "{other}");
        }
    }
}
