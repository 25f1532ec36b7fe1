//! The editor's way into the parking place: forms that could not be saved, or may not be in a moment.
//!
//! Invariant: what is kept is every field as it was typed and every picture that was received, but no password; and it
//! is kept for the one who wrote it, also where that is known only from a session that has ended.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::UserId;
use gatepost_domain::picture::Picture;
use gatepost_storage::parked::{Kept, NewForm, Reason};
use http::StatusCode;
use serde::Serialize;

use super::typed::{LEFT_OUT, Typed};
use crate::error::Error;
use crate::page::Page;
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
pub(super) async fn keep(
    app: &App,
    status: StatusCode,
    (address, key): (&str, &FormKey),
    typed: &Typed,
) -> Option<Parked> {
    let author = typed.author?;
    let reason = match author {
        // Something to correct, which its author is about to do: no more worth a place than what is being typed.
        Author::Known(_) if status == StatusCode::UNPROCESSABLE_ENTITY => Reason::Typing,
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

pub(super) async fn park(
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
