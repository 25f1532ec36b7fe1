//! The sanitiser: an allow-list of what may be in the HTML of a text.

use std::collections::HashSet;
use std::sync::LazyLock;

use super::code;

/// The second wall: an allow-list over what the renderer wrote, so that a mistake above reaches nobody.
pub(super) static ALLOWED: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
    let mut allowed = ammonia::Builder::empty();
    allowed
        .tags(HashSet::from([
            "a",
            "blockquote",
            "br",
            "code",
            "del",
            "div",
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
            "input",
            "label",
            "li",
            "ol",
            "p",
            "picture",
            "pre",
            "source",
            "span",
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
        .clean_content_tags(HashSet::from(["script", "style"]))
        .add_tag_attributes("a", &["href", "title", "id", "class", "aria-label"])
        .add_tag_attributes("code", &["class"])
        .add_tag_attributes("div", &["class", "role", "aria-label", "tabindex"])
        .add_tag_attributes(
            "img",
            &[
                "src", "srcset", "sizes", "width", "height", "loading", "decoding", "alt",
            ],
        )
        .add_tag_attributes("input", &["type", "checked", "disabled"])
        .add_tag_attributes("li", &["class", "id"])
        .add_tag_attributes("ol", &["start"])
        .add_tag_attributes("pre", &["tabindex"])
        .add_tag_attributes("source", &["media", "srcset", "sizes"])
        .add_tag_attributes("span", &["class"])
        .add_tag_attributes("sup", &["class"])
        .add_tag_attributes("td", &["class"])
        .add_tag_attributes("th", &["class", "scope"])
        .url_schemes(HashSet::from(SCHEMES))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(None)
        .attribute_filter(|tag, attribute, value| {
            let kept = match (tag, attribute) {
                // A name of the writer's can't take the place of one the page uses.
                (_, "id") => value.starts_with("fn-") || value.starts_with("fnref-"),
                ("code", "class") => value.starts_with("language-") && !value.contains(' '),
                ("img", "src") => value.starts_with("/images/"),
                ("img" | "source", "srcset") => {
                    value.split(", ").all(|it| it.starts_with("/images/"))
                }
                ("input", "type") => value == "checkbox",
                ("span", "class") => code::CLASSES.contains(&value),
                (_, "class") => CLASSES.contains(&value),
                _ => true,
            };
            kept.then(|| value.into())
        });
    allowed
});

/// What a link may lead to.
pub(super) const SCHEMES: [&str; 3] = ["http", "https", "mailto"];

const CLASSES: [&str; 8] = [
    "table",
    "left",
    "center",
    "right",
    "task",
    "footnotes",
    "footnote-ref",
    "footnote-backref",
];
