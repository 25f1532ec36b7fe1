//! What every journey needs: a site in a directory of its own, and browsers that keep their cookies.

mod answer;
mod browser;
mod form;
mod program;
mod site;

pub(crate) use answer::Answer;
pub(crate) use browser::{Browser, request};
pub(crate) use form::Multipart;
pub(crate) use program::{Program, add_user, gatepost, refused, said};
pub(crate) use site::Site;
