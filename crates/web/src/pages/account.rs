//! A person's own pages: how they sign, their password, and where they are logged in.
//!
//! Invariant: nobody reaches anything of another person's here; whose account it is says the session alone.

mod password;
mod profile;
mod sessions;

pub(crate) use self::password::{change, edit as password};
pub(crate) use self::profile::{show, update};
pub(crate) use self::sessions::{end, index as sessions};
