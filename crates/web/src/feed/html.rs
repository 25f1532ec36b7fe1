//! The HTML of a post for pages that are not ours: a feed reader knows neither our address nor our style sheet.
//!
//! Invariant: every link and picture is absolute, and nothing is left that only this site's pages can use.

use std::collections::HashSet;

use ammonia::{Builder, Url, UrlRelative};

use crate::figure::Figure;

/// `url` is the post's own address, which relative links are relative to.
pub(crate) fn for_elsewhere(html: &str, lead: Option<&Figure>, url: &str) -> String {
    let Ok(url) = Url::parse(url) else {
        return String::new();
    };
    let mut whole = String::with_capacity(html.len() + 256);
    if let Some(lead) = lead {
        whole.push_str(&picture(lead));
    }
    // A box says whether a task is done; without the box, a sign does.
    whole.push_str(&html.replace(DONE, "☑").replace(OPEN, "☐"));
    cleaner(url).clean(&whole).to_string()
}

/// Boxes of tasks as `markdown` leaves them.
const DONE: &str = "<input type=\"checkbox\" disabled=\"\" checked=\"\">";
const OPEN: &str = "<input type=\"checkbox\" disabled=\"\">";

fn picture(lead: &Figure) -> String {
    let mut alt = String::new();
    // Writing into a String does not fail.
    let _ = comrak::html::escape(&mut alt, &lead.alt);
    format!(
        "<figure><img src=\"{}\" width=\"{}\" height=\"{}\" alt=\"{alt}\"></figure>\n",
        lead.src, lead.width, lead.height
    )
}

fn cleaner(base: Url) -> Builder<'static> {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "em",
            "figcaption",
            "figure",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "img",
            "li",
            "ol",
            "p",
            "pre",
            "strong",
            "sup",
            "table",
            "tbody",
            "td",
            "th",
            "thead",
            "tr",
            "ul",
        ]))
        .add_tag_attributes("a", &["href", "title"])
        .add_tag_attributes("img", &["src", "width", "height", "alt"])
        .add_tag_attributes("ol", &["start"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(UrlRelative::RewriteWithBase(base))
        .link_rel(None);
    cleaner
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(html: &str) -> String {
        for_elsewhere(html, None, "http://blog.test/one")
    }

    #[test]
    fn links_and_pictures_lead_to_the_site() {
        for (here, there) in [
            (
                "<a href=\"/two\">x</a>",
                "<a href=\"http://blog.test/two\">x</a>",
            ),
            (
                "<a href=\"#fn-1\">x</a>",
                "<a href=\"http://blog.test/one#fn-1\">x</a>",
            ),
            (
                "<a href=\"three?q=1&amp;r\">x</a>",
                "<a href=\"http://blog.test/three?q=1&amp;r\">x</a>",
            ),
            (
                "<a href=\"https://example.org/\">x</a>",
                "<a href=\"https://example.org/\">x</a>",
            ),
            (
                "<img src=\"/images/a-640.jpg\" srcset=\"/images/a-320.jpg 320w\" alt=\"&quot;\" loading=\"lazy\">",
                "<img src=\"http://blog.test/images/a-640.jpg\" alt=\"&quot;\">",
            ),
        ] {
            assert_eq!(told(here), there);
        }
    }

    #[test]
    fn what_only_our_pages_can_use_is_gone_and_its_words_stay() {
        let task = "<li class=\"task\"><label><input type=\"checkbox\" disabled=\"\" checked=\"\"> done</label></li>";
        assert_eq!(told(task), "<li>☑ done</li>");
        let code = "<pre tabindex=\"0\"><code class=\"language-rust\"><span class=\"k\">fn</span></code></pre>";
        assert_eq!(told(code), "<pre><code>fn</code></pre>");
    }
}
