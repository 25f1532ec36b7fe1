//! What crawlers are asked to leave alone.
//!
//! Invariant: nothing public is listed here; pages that change something need no crawler's promise to be safe.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;

use crate::edition::TEXT;
use crate::page::Page;
use crate::state::App;

/// `GET /robots.txt`
pub(crate) async fn show(State(app): State<Arc<App>>, page: Page) -> Response {
    let mut text = String::from("User-agent: *\n");
    for path in ["/login", "/logout", "/new", "/setup"] {
        // A rule is the beginning of an address, and `/new-year` may be a post.
        text.push_str(&format!("Disallow: {path}$\nDisallow: {path}?\n"));
    }
    text.push_str(&format!("\nSitemap: {}/sitemap.xml\n", app.config.base_url));
    page.public(TEXT, text)
}
