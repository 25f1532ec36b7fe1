//! What a post's page says to those who share and index it.
//!
//! Invariant: the description of a post for machines is data inside the page, and no text in it can end the element it
//! stands in.

use gatepost_domain::post::Post;
use serde::Serialize;
use serde_json::json;

use crate::articles::Article;
use crate::pages::millis;
use crate::paths;
use crate::state::App;
use crate::templates::iso;

/// The picture for those who share the address.
#[derive(Serialize)]
pub(crate) struct Social {
    url: String,
    width: u32,
    height: u32,
    alt: String,
}

impl Social {
    pub(super) fn of(post: &Post, base: &str) -> Option<Self> {
        let picture = post.picture()?;
        let variant = picture.at_most(1280)?;
        Some(Self {
            url: format!("{base}/images/{}", picture.file(variant)),
            width: variant.width,
            height: variant.height,
            alt: picture.spoken().to_owned(),
        })
    }
}

/// A schema.org `BlogPosting`, ready to stand in a `<script>`.
pub(super) fn posting(
    app: &App,
    post: &Post,
    article: &Article,
    url: &str,
    social: Option<&Social>,
) -> String {
    let base = app.config.base_url.as_str();
    let at = |at| iso(millis(at)).unwrap_or_default();
    let mut posting = json!({
        "@context": "https://schema.org",
        "@type": "BlogPosting",
        "mainEntityOfPage": url,
        "url": url,
        "headline": post.title.as_str(),
        "datePublished": at(post.published_at.unwrap_or(post.created_at)),
        "dateModified": at(post.updated_at.max(post.published_at.unwrap_or(post.updated_at))),
        "inLanguage": app.site.language,
        "author": {
            "@type": "Person",
            "name": post.owner.display_name.as_str(),
            "url": format!("{base}{}", paths::author(&post.owner.username)),
        },
        "publisher": { "@type": "Organization", "name": app.site.name, "url": format!("{base}/") },
    });
    if !article.summary.is_empty() {
        posting["description"] = json!(article.summary);
    }
    if !post.tags.is_empty() {
        posting["keywords"] = post.tags.iter().map(|tag| tag.name()).collect();
    }
    if let Some(it) = social {
        posting["image"] = json!({
            "@type": "ImageObject", "url": it.url, "width": it.width, "height": it.height,
        });
    }
    in_script(&posting.to_string())
}

/// JSON has another spelling for what HTML could take for markup.
fn in_script(json: &str) -> String {
    json.replace('<', "\\u003c")
        .replace('>', "\\u003e")
        .replace('&', "\\u0026")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_title_ends_the_element_that_describes_it() {
        let title = "</script><!-- <script> &amp; \u{2028}";
        let written = in_script(&json!({ "headline": title }).to_string());
        assert!(!written.contains(['<', '>', '&']), "{written}");
        let read: serde_json::Value = serde_json::from_str(&written).unwrap();
        assert_eq!(read["headline"], title, "and it still says the same");
    }
}
