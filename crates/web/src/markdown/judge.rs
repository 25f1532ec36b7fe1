//! What readers may get, said a second time and without the sanitiser's words: the judge of its tests and of its fuzz target.
//!
//! Invariant: it looks at the tree that a browser would build, never at the text of the HTML.

use html5ever::tendril::TendrilSink;
use html5ever::{ParseOpts, QualName, local_name, ns, parse_fragment};
use markup5ever_rcdom::{Handle, NodeData, RcDom};

/// Everything in the HTML that must not be there.
pub(crate) fn faults(html: &str) -> Vec<String> {
    let dom = tree(html);
    let mut faults = Vec::new();
    // Not by recursion: what is judged may be nested deeply.
    let mut left: Vec<Handle> = dom.document.children.borrow()[0].children.borrow().clone();
    while let Some(node) = left.pop() {
        match &node.data {
            NodeData::Text { .. } => {}
            NodeData::Element { name, attrs, .. } => {
                let tag = &*name.local;
                if name.ns != ns!(html) {
                    faults.push(format!("<{tag}> is not of HTML"));
                }
                let Some(attributes) = attributes(tag) else {
                    faults.push(format!("<{tag}>"));
                    continue;
                };
                for attribute in attrs.borrow().iter() {
                    let (name, value) = (&*attribute.name.local, &*attribute.value);
                    if !attributes.contains(&name) || !fits(tag, name, value) {
                        faults.push(format!("<{tag} {name}={value:?}>"));
                    }
                }
            }
            NodeData::Comment { contents } => faults.push(format!("<!--{contents}-->")),
            other => faults.push(format!("{other:?}")),
        }
        left.extend(node.children.borrow().iter().cloned());
    }
    faults
}

/// Everything that the HTML leads to or shows.
pub(crate) fn addresses(html: &str) -> Vec<String> {
    let mut addresses = Vec::new();
    let mut left: Vec<Handle> = tree(html).document.children.borrow().clone();
    while let Some(node) = left.pop() {
        if let NodeData::Element { attrs, .. } = &node.data {
            for attribute in attrs.borrow().iter() {
                if matches!(&*attribute.name.local, "href" | "src") {
                    addresses.push(attribute.value.to_string());
                }
            }
        }
        left.extend(node.children.borrow().iter().cloned());
    }
    addresses
}

fn tree(html: &str) -> RcDom {
    let inside = QualName::new(None, ns!(html), local_name!("div"));
    parse_fragment(
        RcDom::default(),
        ParseOpts::default(),
        inside,
        Vec::new(),
        false,
    )
    .one(html)
}

fn attributes(tag: &str) -> Option<&'static [&'static str]> {
    Some(match tag {
        "a" => &["href", "title", "id", "class", "aria-label"],
        "blockquote" | "br" | "del" | "em" | "figcaption" | "figure" | "h2" | "h3" | "h4"
        | "h5" | "h6" | "hr" | "label" | "p" | "picture" | "strong" | "table" | "tbody"
        | "thead" | "tr" | "ul" => &[],
        "code" | "span" | "sup" | "td" => &["class"],
        "div" => &["class", "role", "aria-label", "tabindex"],
        "img" => &[
            "src", "srcset", "sizes", "width", "height", "loading", "decoding", "alt",
        ],
        "input" => &["type", "checked", "disabled"],
        "li" => &["class", "id"],
        "ol" => &["start"],
        "pre" => &["tabindex"],
        "source" => &["media", "srcset", "sizes"],
        "th" => &["class", "scope"],
        _ => return None,
    })
}

fn fits(tag: &str, name: &str, value: &str) -> bool {
    let classes: &[&str] = match tag {
        "a" => &["footnote-backref"],
        "div" => &["footnotes", "table"],
        "li" => &["task"],
        "span" => &["k", "s", "c", "n", "f", "t", "v", "add", "sub"],
        "sup" => &["footnote-ref"],
        "td" | "th" => &["left", "center", "right"],
        _ => &[],
    };
    let digits = |value: &str| !value.is_empty() && value.bytes().all(|it| it.is_ascii_digit());
    match name {
        "href" => !leads_astray(value),
        "src" => value.starts_with("/images/") && !value.contains(".."),
        "srcset" => value.split(", ").all(|it| it.starts_with("/images/")),
        "id" => ["fn-", "fnref-"].iter().any(|it| value.starts_with(it)),
        "class" if tag == "code" => {
            value.starts_with("language-") && !value.contains(char::is_whitespace)
        }
        "class" => classes.contains(&value),
        "type" => value == "checkbox",
        "width" | "height" | "start" => digits(value),
        "tabindex" => value == "0",
        "role" => value == "region",
        "scope" => value == "col",
        "media" => value == "(prefers-reduced-motion: reduce)",
        _ => true,
    }
}

/// Whether following it would leave the web, as the standard of addresses reads it, which is how browsers do.
fn leads_astray(href: &str) -> bool {
    let here = url::Url::parse("https://blog.example/post").expect("an address");
    let there = url::Url::options().base_url(Some(&here)).parse(href);
    there.is_ok_and(|it| !["http", "https", "mailto"].contains(&it.scheme()))
}
