//! The site over HTTP, as a browser sees it: one binary, a module per subject.

mod support;

mod accounts;
mod bad_input;
mod bombs;
mod conditional;
mod config;
mod demo;
mod drafts;
mod errors;
mod feeds;
mod history;
mod index;
mod lists;
mod login;
mod logs;
mod look;
mod markdown;
mod merging;
mod my_account;
mod parking;
mod picture_merges;
mod pictures;
mod posts;
mod schedule;
mod search;
mod security;
mod server;
mod setup;
mod stale;
mod startup;
mod theme;
mod twice;
