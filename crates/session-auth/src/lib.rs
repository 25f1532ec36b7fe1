//! Sessions, login, `RequireLogin` and template context processors for axum.
#![deny(missing_docs)]

mod stamp;

pub use stamp::Stamp;
