//! The site over HTTP, as a browser sees it: one binary, a module per subject.

mod support;

mod accounts;
mod config;
mod errors;
mod logs;
mod security;
mod server;
mod setup;
mod startup;
