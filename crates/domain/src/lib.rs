//! The rules and types of the blog: pure values whose constructors are the rules, without any I/O.
//!
//! In reading order:
//! * [`ids`]: the numbers by which rows are known, one type each.
//! * [`username`], [`display_name`], [`role`], [`user`]: people.
//! * [`slug`], [`title`], [`text`], [`tag`], [`excerpt`], [`note`], [`picture`], [`post`]: what people write.
//! * [`schedule`], [`form_key`]: when it becomes public, and how a form that comes twice is known.
//! * [`changes`], [`merge`]: what became of a text, and how two people's changes become one.
//! * [`access`]: the one table of who may do what.
//! * [`pagination`], [`search`]: cursors and pages, and what somebody looks for.
//!
//! A value of these types was checked when it was made; nothing inside the program checks it again.

pub mod ids;

pub mod display_name;
pub mod role;
pub mod user;
pub mod username;

pub mod excerpt;
pub mod note;
pub mod picture;
pub mod post;
pub mod slug;
pub mod tag;
pub mod text;
pub mod title;

pub mod changes;
pub mod form_key;
pub mod merge;
pub mod schedule;

pub mod access;
pub mod pagination;
pub mod search;

mod characters;
mod words;
