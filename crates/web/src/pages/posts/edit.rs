//! Writing a post: the empty form, the form of a post, and what becomes of it when it is sent.
//!
//! Invariant: from the moment a form was read, every answer but a redirect is that form, filled.

use std::sync::Arc;

use axum::extract::{Query, State};
use axum::response::Response;
use gatepost_domain::access::{Action, SiteAction, Viewer};
use gatepost_domain::post::Post;
use http::StatusCode;
use serde::Deserialize;

use super::desk::{Desk, NEW};
use super::find_for;
use super::parking::{self, Author};
use super::submission::Submission;
use super::typed::Typed;
use crate::auth::Login;
use crate::error::Error;
use crate::form::Form;
use crate::page::Page;
use crate::pages::login::{self, NoLogin, sender};
use crate::paths::{self, Segment};
use crate::state::App;

/// `GET /new`
pub(crate) async fn new(page: Page, _: Login) -> Result<Response, Error> {
    let may_publish = page.viewer().await?.may_on_site(SiteAction::Publish);
    let desk = Desk::empty(may_publish);
    desk.draw(&page, StatusCode::OK, &Typed::nothing()).await
}

/// `GET /{post}/edit`
pub(crate) async fn edit(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    Query(minute): Query<Minute>,
    _: Login,
) -> Result<Response, Error> {
    let viewer = page.viewer().await?;
    let post = find_for(&app, &viewer, Action::Edit, &segment).await?;
    let mut desk = Desk::of(&post, viewer.may(Action::Publish, &post));
    let mut typed = Typed::from_post(&post, &app.site.zone);
    if let Some(minute) = minute.publish_at {
        typed.publish_at = minute;
        desk.has_a_minute = true;
    }
    desk.draw(&page, StatusCode::OK, &typed).await
}

/// What was typed for publishing later, beside another button.
#[derive(Deserialize)]
pub(crate) struct Minute {
    publish_at: Option<String>,
}

/// `POST /new`
pub(crate) async fn create(
    State(app): State<Arc<App>>,
    page: Page,
    mut form: Form,
) -> Result<Response, Error> {
    let typed = Typed::sent(&app, &mut form);
    hold(&app, &page, &form, NEW, &typed);
    let viewer = match sender(&app, &page, &form).await? {
        Ok(user) => Viewer::User(user),
        Err(nobody) => return without_login(nobody, &app, &page, NEW, typed).await,
    };
    let login = login::fields_in(&app, &form);
    Submission {
        login,
        app,
        page,
        viewer,
        post: None,
        typed,
        base: None,
    }
    .answer()
    .await
}

/// `POST /{post}/edit`
pub(crate) async fn update(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    mut form: Form,
) -> Result<Response, Error> {
    let mut typed = Typed::sent(&app, &mut form);
    let action = paths::edit_at(&segment);
    hold(&app, &page, &form, &action, &typed);
    let viewer = match sender(&app, &page, &form).await? {
        Ok(user) => Viewer::User(user),
        Err(nobody) => return without_login(nobody, &app, &page, &action, typed).await,
    };
    match find_for_form(&app, &viewer, &segment, &typed).await {
        Ok(post) => {
            let login = login::fields_in(&app, &form);
            Submission {
                login,
                app,
                page,
                viewer,
                post: Some(post),
                typed,
                base: None,
            }
            .answer()
            .await
        }
        Err(refusal) => {
            let Some((status, sentence)) = refusal.told() else {
                return Err(refusal);
            };
            if let Some(writer) = viewer.user().map(|user| user.id) {
                let author = Author::Known(writer);
                parking::receive(&app, &[], author, NEW, &mut typed).await?;
            }
            typed.becomes_a_new_post(status, &sentence);
            let desk = Desk::empty(viewer.may_on_site(SiteAction::Publish));
            desk.draw(&page, status, &typed).await
        }
    }
}

/// Before anything is asked of the database: from here on nothing that fails costs the form.
fn hold(app: &App, page: &Page, form: &Form, action: &str, typed: &Typed) {
    let desk = Desk {
        action: action.to_owned(),
        login: login::fields_in(app, form),
        ..Desk::empty(true)
    };
    desk.hold(page, typed);
}

/// The post that a form is for: the one that it names by its number, whatever has the address by now. A form without one
/// that renamed its post is known by its key when it comes once more.
pub(super) async fn find_for_form(
    app: &App,
    viewer: &Viewer,
    segment: &str,
    typed: &Typed,
) -> Result<Box<Post>, Error> {
    if let Some(number) = typed.post {
        return find_for(app, viewer, Action::Edit, &number.to_string()).await;
    }
    let refusal = match find_for(app, viewer, Action::Edit, segment).await {
        Ok(post) => return Ok(post),
        Err(refusal) => refusal,
    };
    let (Some(form), Some(writer)) = (&typed.form, viewer.user()) else {
        return Err(refusal);
    };
    let posts = app.db.posts();
    let Some(id) = posts.submitted(writer.id, form).await? else {
        return Err(refusal);
    };
    let post = posts.get(id).await?;
    let known = post.filter(|post| viewer.may(Action::Edit, post));
    known.map(Box::new).ok_or(refusal)
}

/// Nobody is logged in: the form comes back with the fields of a login.
async fn without_login(
    nobody: NoLogin,
    app: &App,
    page: &Page,
    action: &str,
    mut typed: Typed,
) -> Result<Response, Error> {
    match Author::former(app, page).await? {
        Some(author) => parking::receive(app, &[], author, action, &mut typed).await?,
        None => typed.gather_shown(app).await?,
    }
    let faults = nobody.faults();
    let status = match faults.is_empty() {
        true => StatusCode::UNAUTHORIZED,
        false => faults.status(),
    };
    typed.faults.follow(faults);
    let desk = Desk {
        action: action.to_owned(),
        login: Some(nobody.fields.clone()),
        ..Desk::empty(true)
    };
    Ok(nobody.hint(desk.draw(page, status, &typed).await?))
}
