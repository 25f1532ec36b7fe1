//! The editor's way into and out of the parking place: forms that could not be saved, or are just being typed.
//!
//! Invariant: what is kept is every field as it was typed and every picture that was received, but no password; and it
//! is kept for the one who wrote it, also where that is known only from a session that has ended.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use axum::response::{IntoResponse, Redirect, Response};
use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::UserId;
use gatepost_domain::picture::Picture;
use gatepost_storage::parked::{Kept, NewForm, Reason};
use http::StatusCode;
use serde::Serialize;

use super::desk::{NEW, new_key};
use super::edit::find_for_form;
use super::submission::Submission;
use super::typed::{LEFT_OUT, Typed};
use crate::auth::Login;
use crate::error::{Error, Problem};
use crate::form::Form;
use crate::page::Page;
use crate::pages::millis;
use crate::paths::{self, Segment};
use crate::state::App;

/// What the pictures and the text of one form may have together.
const MAX_BYTES: usize = 40 * 1000 * 1000;

/// For whom a form may be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Author {
    /// Who is logged in.
    Known(UserId),
    /// Who was logged in in the session that the request names, and that has ended.
    Former(UserId),
}

impl Author {
    /// Nobody is logged in: who was?
    pub(super) async fn former(app: &App, page: &Page) -> Result<Option<Self>, Error> {
        let Some(id) = page.auth()?.former_user().await? else {
            return Ok(None);
        };
        let Ok(id) = id.parse::<UserId>() else {
            return Ok(None);
        };
        let user = app.db.users().find(id).await?;
        Ok(user.filter(|user| !user.disabled).map(|_| Self::Former(id)))
    }

    pub(super) fn id(self) -> UserId {
        match self {
            Self::Known(id) | Self::Former(id) => id,
        }
    }
}

/// Whether a form that is given back also waits for its author elsewhere.
#[derive(Debug, Serialize)]
pub(crate) struct Parked {
    /// Why it does not.
    unkept: Option<&'static str>,
    /// Names of pictures that were too much to wait with it.
    left_out: Vec<String>,
}

impl Parked {
    fn not_because(unkept: &'static str) -> Self {
        Self {
            unkept: Some(unkept),
            left_out: Vec::new(),
        }
    }
}

/// Keeps a form that is given back to its author right now, in case that author leaves. `None`: nobody knows whose it is.
pub(super) async fn keep(app: &App, address: &str, key: &FormKey, typed: &Typed) -> Option<Parked> {
    let author = typed.author?;
    let reason = match author {
        Author::Known(_) => Reason::Refused,
        Author::Former(_) => Reason::Unproven,
    };
    Some(keep_because(app, author, reason, (address, key), typed).await)
}

async fn keep_because(
    app: &App,
    author: Author,
    reason: Reason,
    (address, key): (&str, &FormKey),
    typed: &Typed,
) -> Parked {
    match park(app, author.id(), address, key, typed, reason).await {
        Ok((Kept::Yes, left_out)) => Parked {
            unkept: None,
            left_out,
        },
        Ok((Kept::Full, _)) => Parked::not_because("five texts wait for you already"),
        Ok((Kept::Late, _)) => Parked::not_because("a newer state of it waits for you"),
        // The form is on the page all the same.
        Err(error) => {
            tracing::warn!(
                error = &error as &dyn std::error::Error,
                "a form could not be parked"
            );
            Parked::not_because("the site can’t keep it at the moment")
        }
    }
}

/// Receives the pictures of a form that was sent. What takes long may be cut short by the end of the server, or of the
/// sender's patience: what is to be saved waits from before it on, where there is room.
pub(super) async fn receive(
    app: &App,
    start: &[Picture],
    author: Author,
    address: &str,
    typed: &mut Typed,
) -> Result<(), Error> {
    typed.gather_known(app, start, author).await?;
    if let Some(key) = &typed.form
        && !typed.files.is_empty()
        && typed.is_to_be_saved()
    {
        // Nobody's place is taken by what may be saved in a moment.
        keep_because(app, author, Reason::Unproven, (address, key), typed).await;
    }
    typed.gather_new(app, author).await
}

async fn park(
    app: &App,
    person: UserId,
    address: &str,
    key: &FormKey,
    typed: &Typed,
    reason: Reason,
) -> Result<(Kept, Vec<String>), gatepost_storage::Error> {
    let (fields, left_out) = fields(typed);
    let form = NewForm {
        person,
        key,
        address,
        title: &typed.title,
        fields: &fields,
        turn: typed.turn,
        reason,
        opened_from: typed.parked.as_ref(),
    };
    app.parking.comes_for(person);
    let kept = app.db.parked().park(&form).await?;
    Ok((kept, left_out))
}

/// The form was saved, and waits no longer.
pub(super) async fn forget(app: &App, person: UserId, typed: &Typed) {
    let waiting = app.db.parked();
    let forgotten = async {
        if let Some(opened) = &typed.parked {
            waiting.saved_elsewhere(person, opened).await?;
        }
        match &typed.form {
            Some(key) => waiting.saved(person, key, typed.turn).await,
            None => Ok(()),
        }
    };
    if let Err(error) = forgotten.await {
        // It is offered once more, and saving it again changes nothing.
        tracing::warn!(
            error = &error as &dyn std::error::Error,
            "a parked form could not be forgotten"
        );
    }
}

/// What a browser would send if the form were sent again: the fields as they were, the pictures as they are now. And the
/// names of those that are too much.
fn fields(typed: &Typed) -> (Vec<(String, String)>, Vec<String>) {
    const OF_PICTURES: [&str; 9] = [
        LEFT_OUT,
        "picture",
        "picture_alt",
        "picture_alt_was",
        "picture_name",
        "picture_decorative",
        "remove_image",
        "alt",
        "decorative",
    ];
    let named = |(name, _): &&(String, String)| !OF_PICTURES.contains(&name.as_str());
    let mut fields: Vec<_> = typed.sent.iter().filter(named).cloned().collect();
    let mut add = |name: &str, value: String| fields.push((name.to_owned(), value));
    let mut left_out = Vec::new();
    let mut bytes = typed
        .sent
        .iter()
        .map(|(_, value)| value.len())
        .sum::<usize>();
    for kept in &typed.pictures {
        if bytes + kept.bytes > MAX_BYTES {
            left_out.push(kept.name.clone().unwrap_or_else(|| "A picture".to_owned()));
            continue;
        }
        bytes += kept.bytes;
        let hash = kept.hash.to_string();
        add("picture", hash.clone());
        add("picture_alt", kept.alt.clone());
        add("picture_alt_was", kept.was.clone());
        add("picture_name", kept.name.clone().unwrap_or_default());
        if kept.decorative {
            add("picture_decorative", hash.clone());
        }
        if kept.removed {
            add("remove_image", hash);
        }
    }
    for alt in &typed.alts {
        add("alt", alt.clone());
    }
    for number in &typed.decorative {
        add("decorative", number.to_string());
    }
    for name in left_out.iter().chain(&typed.missed) {
        add(LEFT_OUT, name.clone());
    }
    (fields, left_out)
}

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
