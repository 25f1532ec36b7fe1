//! A module per noun; inside, the handlers are called `index show new create edit update destroy`.
//!
//! Invariant: a handler finds within what the viewer may touch, acts, commits and answers.

pub(crate) mod health;
pub(crate) mod robots;
