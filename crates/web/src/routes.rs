//! The whole URL table.
//!
//! Invariant: an address of the site is a line here and nowhere else.

use std::sync::Arc;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use axum::routing::{get, post};

use crate::assets;
use crate::pages::{
    account, archive, authors, drafts, feeds, health, image, index, llms, login, logout, parked,
    posts, robots, search, setup, sitemap, tags, theme, trash,
};
use crate::state::App;

/// Every form but the editor's is small.
const SMALL_FORM: usize = 64 * 1024;

#[rustfmt::skip] // One address a line reads as the table that it is.
pub(crate) fn table(app: Arc<App>) -> Router {
    Router::new()
        .route("/", get(index::index))
        .route("/login", get(login::new).post(login::create))
        .route("/logout", get(logout::show).post(logout::destroy))
        .route("/new", get(posts::new).post(posts::create).layer(DefaultBodyLimit::disable()))
        .route("/{post}", get(posts::show))
        .route("/{post}/edit", get(posts::edit).post(posts::update).layer(DefaultBodyLimit::disable()))
        .route("/{post}/delete", get(posts::delete).post(posts::destroy))
        .route("/{post}/restore", post(posts::restore))
        .route("/{post}/purge", get(trash::purge).post(trash::destroy))
        .route("/{post}/image", get(image::of_post))
        .route("/{post}/history", get(posts::history))
        .route("/{post}/history/{n}", get(posts::revision).post(posts::restore_revision))
        .route("/images/{file}", get(image::show))
        .route("/images", post(posts::receive).layer(DefaultBodyLimit::disable()))
        .route("/authors/{username}", get(authors::show))
        .route("/tags", get(tags::index))
        .route("/tags/{tag}", get(tags::show))
        .route("/archive", get(archive::index))
        .route("/archive/{month}", get(archive::show))
        .route("/search", get(search::index))
        .route("/feed.atom", get(feeds::atom))
        .route("/feed.json", get(feeds::json))
        .route("/authors/{username}/feed.atom", get(feeds::of_author))
        .route("/tags/{tag}/feed.atom", get(feeds::of_tag))
        .route("/drafts", get(drafts::index))
        .route("/drafts/review", get(drafts::review))
        .route("/trash", get(trash::index))
        .route("/trash/all", get(trash::all))
        .route("/account", get(account::show).post(account::update))
        .route("/account/password", get(account::password).post(account::change))
        .route("/account/sessions", get(account::sessions).post(account::end))
        .route("/parked", get(parked::index).post(posts::park).layer(DefaultBodyLimit::disable()))
        .route("/parked/{form}", get(posts::parked))
        .route("/parked/{form}/discard", post(parked::destroy))
        .route("/account/theme", post(theme::update))
        .route("/setup", get(setup::new).post(setup::create))
        .route("/healthz", get(health::alive))
        .route("/readyz", get(health::ready))
        .route("/version", get(health::version))
        .route("/sitemap.xml", get(sitemap::show))
        .route("/robots.txt", get(robots::show))
        .route("/favicon.ico", get(assets::favicon))
        .route("/llms.txt", get(llms::show))
        .route("/static/{*file}", get(assets::show))
        .layer(DefaultBodyLimit::max(SMALL_FORM))
        .with_state(app)
}
