//! What the site holds, for language models: `llms.txt`.

use std::sync::Arc;

use axum::extract::State;
use axum::response::Response;
use minijinja::context;

use crate::edition::TEXT;
use crate::error::Error;
use crate::feed::ENTRIES;
use crate::page::Page;
use crate::paths;
use crate::state::App;

/// `GET /llms.txt`
pub(crate) async fn show(State(app): State<Arc<App>>, page: Page) -> Result<Response, Error> {
    let base = app.config.base_url.as_str();
    let newest = app.db.posts().index(None, ENTRIES).await?;
    let posts = newest.items.iter().map(|post| {
        context! {
            title => spelled(post.title.as_str()),
            url => format!("{base}{}", paths::post(&post.slug)),
            summary => spelled(&app.look.articles.beginning(post)),
        }
    });
    let links = LINKS.map(|(title, path)| context! { title, url => format!("{base}{path}") });
    let view = context! { base, posts => posts.collect::<Vec<_>>(), links };
    let text = app.look.templates.render("feeds/llms.txt", view);
    Ok(page.public(TEXT, text.map_err(Error::unexpected)?))
}

const LINKS: [(&str, &str); 6] = [
    ("Front page", "/"),
    ("Archive, by month and title", "/archive"),
    ("Tags", "/tags"),
    ("Atom feed", "/feed.atom"),
    ("JSON feed", "/feed.json"),
    ("Sitemap", "/sitemap.xml"),
];

/// Words that stay words in a line of Markdown, and between the brackets of a link.
fn spelled(words: &str) -> String {
    let mut spelled = String::with_capacity(words.len());
    for c in words.chars() {
        if matches!(c, '[' | ']' | '\\' | '`' | '<' | '*' | '_' | '&') {
            spelled.push('\\');
        }
        spelled.push(c);
    }
    spelled
}
