//! Posts at their addresses: finding what a viewer may know of, and the pages to read, write and throw away.
//!
//! Invariant: a post is reached through [`sight`], which answers the same for a hidden post as for none.

mod clashes;
mod comparison;
mod desk;
mod edit;
mod head;
mod history;
mod intent;
mod judged;
mod kept;
mod log;
mod merging;
mod onward;
mod parked;
mod parking;
mod pictures;
mod show;
mod submission;
mod together;
mod trash;
mod typed;
mod upload;

use gatepost_domain::access::{Action, Sight, Viewer};
use gatepost_domain::post::{Post, PostAddress};
use gatepost_domain::slug::Slug;
use gatepost_domain::user::Person;
use gatepost_storage::posts::Found;

pub(crate) use self::edit::{create, edit, new, update};
pub(crate) use self::history::{index as history, restore as restore_revision, show as revision};
pub(crate) use self::parked::{create as park, show as parked};
pub(crate) use self::show::show;
pub(crate) use self::trash::{delete, destroy, restore};
pub(crate) use self::upload::receive;
use crate::error::Error;
use crate::paths;
use crate::state::App;

/// What a viewer finds at an address.
pub(crate) enum Sighted {
    Here(Box<Post>),
    /// Under this slug now.
    Moved(Slug),
}

/// Looks an address up with the eyes of a viewer.
pub(crate) async fn sight(app: &App, viewer: &Viewer, segment: &str) -> Result<Sighted, Error> {
    let address = paths::address(segment).ok_or(Error::NotFound)?;
    let post = match app.db.posts().find(&address).await? {
        Found::Post(post) | Found::Gone(post) => post,
        Found::Moved(slug) => return Ok(Sighted::Moved(slug)),
        Found::Purged => return Err(Error::Gone),
        Found::Missing => return Err(Error::NotFound),
    };
    match viewer.sight(&post) {
        Sight::Visible if address == PostAddress::Slug(post.slug.clone()) => {
            Ok(Sighted::Here(post))
        }
        Sight::Visible => Ok(Sighted::Moved(post.slug)),
        Sight::Gone => Err(Error::Gone),
        Sight::Hidden => Err(Error::NotFound),
    }
}

/// A post that this viewer may do this to, whatever of its addresses was used. Seen but not allowed is a 403.
pub(crate) async fn find_for(
    app: &App,
    viewer: &Viewer,
    action: Action,
    segment: &str,
) -> Result<Box<Post>, Error> {
    let post = match sight(app, viewer, segment).await? {
        Sighted::Here(post) => post,
        Sighted::Moved(slug) => match sight(app, viewer, slug.as_str()).await? {
            Sighted::Here(post) => post,
            Sighted::Moved(_) => return Err(Error::NotFound),
        },
    };
    if viewer.may(action, &post) {
        Ok(post)
    } else {
        Err(Error::Forbidden(whose(&post).into()))
    }
}

/// Why somebody may not change a post.
fn whose(post: &Post) -> String {
    format!(
        "This post belongs to {}, and you may not change it.",
        known_as(&post.owner)
    )
}

/// A person with the name they log in with, where people who work together look.
fn known_as(person: &Person) -> String {
    let (name, username) = (person.display_name.as_str(), person.username.as_str());
    if name == username {
        name.to_owned()
    } else {
        format!("{name} ({username})")
    }
}
