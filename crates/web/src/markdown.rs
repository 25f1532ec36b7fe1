//! Markdown to the HTML that readers get. Whatever was typed, no raw HTML, script, handler or foreign picture comes out.

use std::collections::HashSet;
use std::fmt::Write;
use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::html::{ChildRendering, format_node_default};
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, create_formatter, parse_document};
use gatepost_domain::picture::{ImageFile, Picture};

use crate::figure::{Figure, WIDE};

/// Text longer than this is rendered off the threads that answer requests.
pub(crate) const LONG: usize = 32_000;

/// Nodes within nodes; a list in a list costs four.
const DEEPEST: usize = 100;

/// The pictures a text may show, and how many it has shown.
#[derive(Default)]
struct Shown {
    pictures: Vec<Picture>,
    /// The first picture of a page is fetched at once, unless one stands above the text.
    eager: bool,
}

/// Renders a text. `pictures` are those of its post; `below_a_picture` says that one is shown above the text.
pub(crate) fn render(source: &str, pictures: &[Picture], below_a_picture: bool) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, source, &OPTIONS);
    if !prepare(root) {
        let mut html = String::from("<pre>");
        // Writing into a String does not fail.
        let _ = comrak::html::escape(&mut html, source);
        return html + "</pre>";
    }
    let shown = Shown {
        pictures: pictures.to_vec(),
        eager: !below_a_picture,
    };
    let mut html = String::with_capacity(source.len() * 3 / 2);
    // Writing into a String does not fail.
    let _ = ForReaders::format_document(root, &OPTIONS, &mut html, shown);
    // Outside of tags every `<` is escaped by now, so these are tags the renderer wrote itself.
    for (presentational, class) in [
        ("<td align=\"", "<td class=\""),
        ("<th align=\"", "<th scope=\"col\" class=\""),
        ("<th>", "<th scope=\"col\">"),
    ] {
        if html.contains(presentational) {
            html = html.replace(presentational, class);
        }
    }
    ALLOWED.clean(&html).to_string()
}

/// [`render`] for a page; a long text does not hold up the requests of others.
pub(crate) async fn render_page(
    source: &str,
    pictures: &[Picture],
    below_a_picture: bool,
) -> String {
    if source.len() <= LONG {
        return render(source, pictures, below_a_picture);
    }
    let (source, pictures) = (source.to_owned(), pictures.to_vec());
    let rendered = tokio::task::spawn_blocking(move || render(&source, &pictures, below_a_picture));
    // It is never cancelled, so it can only have panicked; the panic goes on to whoever waits.
    rendered
        .await
        .unwrap_or_else(|panicked| std::panic::resume_unwind(panicked.into_panic()))
}

/// Moves the headings below the page's title. `false` when nesting is so deep that a sanitiser needs quadratic time for it;
/// nobody writes that to be read.
fn prepare(root: Node<'_>) -> bool {
    let mut depth = 0;
    for edge in root.traverse() {
        match edge {
            NodeEdge::Start(node) => {
                depth += 1;
                if let NodeValue::Heading(heading) = &mut node.data_mut().value {
                    heading.level = (heading.level + 1).min(6);
                }
            }
            NodeEdge::End(_) => depth -= 1,
        }
        if depth > DEEPEST {
            return false;
        }
    }
    true
}

/// The first sentences without any markup, for lists and for `<meta name="description">`.
pub(crate) fn summary(source: &str, max_chars: usize) -> String {
    let arena = Arena::new();
    let root = parse_document(&arena, source, &OPTIONS);
    let mut text = String::new();
    for paragraph in root.children() {
        let wanted = matches!(
            paragraph.data().value,
            NodeValue::Paragraph | NodeValue::BlockQuote | NodeValue::List(_)
        );
        if wanted && text.len() < max_chars * 4 {
            plain(paragraph, &mut text);
            text.push(' ');
        }
    }
    let words: Vec<&str> = text.split_whitespace().collect();
    let text = words.join(" ");
    if text.chars().count() <= max_chars {
        return text;
    }
    let cut: String = text.chars().take(max_chars).collect();
    let whole_words = cut
        .rsplit_once(' ')
        .map_or(cut.as_str(), |(words, _)| words);
    format!(
        "{}…",
        whole_words.trim_end_matches([',', '.', ';', ':', '–', '-', '…'])
    )
}

/// How long an unhurried reader takes.
pub(crate) fn minutes(source: &str) -> usize {
    (source.split_whitespace().count() / 220).max(1)
}

/// Whether the text itself shows this picture.
pub(crate) fn shows(source: &str, picture: &Picture) -> bool {
    source.contains(&format!("/images/{}-", picture.hash))
}

fn plain(node: Node<'_>, text: &mut String) {
    for node in node.descendants() {
        match &node.data().value {
            NodeValue::Text(words) => text.push_str(words),
            NodeValue::Code(code) => text.push_str(&code.literal),
            NodeValue::SoftBreak | NodeValue::LineBreak | NodeValue::Item(_) => text.push(' '),
            _ => {}
        }
    }
}

static OPTIONS: LazyLock<Options<'static>> = LazyLock::new(|| {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.parse.smart = false;
    options.render.r#unsafe = false;
    options
});

create_formatter!(ForReaders<Shown>, {
    NodeValue::HtmlBlock(_) => |context| {
        let _ = context;
        return Ok(ChildRendering::Skip);
    },
    NodeValue::HtmlInline(_) => |context| {
        let _ = context;
        return Ok(ChildRendering::Skip);
    },
    NodeValue::TaskItem(_) => |context, entering| {
        context.write_str(if entering { "<li class=\"task\">" } else { "</li>\n" })?;
    },
    NodeValue::Paragraph => |context, node, entering| {
        if let Some(done) = task(node) {
            // The text of a task is the label of its box.
            return if entering {
                write!(context, "<label><input type=\"checkbox\" disabled=\"\"{}> ", if done { " checked=\"\"" } else { "" })?;
                Ok(ChildRendering::HTML)
            } else {
                context.write_str("</label>")?;
                Ok(ChildRendering::HTML)
            };
        }
        if let Some(caption) = alone(node) {
            if entering {
                context.cr()?;
                context.write_str("<figure>")?;
            } else {
                if !caption.is_empty() {
                    context.write_str("<figcaption>")?;
                    context.escape(&caption)?;
                    context.write_str("</figcaption>")?;
                }
                context.write_str("</figure>\n")?;
            }
            return Ok(ChildRendering::HTML);
        }
        return format_node_default(context, node, entering);
    },
    NodeValue::Table(ref table) => |context, node, entering| {
        if entering {
            context.cr()?;
            // A wide table scrolls by itself; a scrolling region must be reachable by keyboard.
            context.write_str(if table.num_columns > 3 { "<div class=\"table\" role=\"region\" aria-label=\"Table\" tabindex=\"0\">" } else { "<div class=\"table\">" })?;
            return format_node_default(context, node, entering);
        }
        format_node_default(context, node, entering)?;
        context.write_str("</div>\n")?;
    },
    NodeValue::CodeBlock(ref block) => |context, entering| {
        if entering {
            context.cr()?;
            let scrolls = block.literal.lines().any(|line| line.chars().count() > 60);
            context.write_str(if scrolls { "<pre tabindex=\"0\"><code" } else { "<pre><code" })?;
            if let Some(language) = block.info.split_whitespace().next() {
                let plain = language.bytes().all(|b| b.is_ascii_alphanumeric() || b"+#._-".contains(&b));
                if plain {
                    write!(context, " class=\"language-{language}\"")?;
                }
            }
            context.write_str(">")?;
            context.escape(&block.literal)?;
            context.write_str("</code></pre>\n")?;
        }
    },
    NodeValue::Image(ref link) => |context, node, entering| {
        let place = Place::of(&link.url, node);
        if entering {
            match place {
                Place::Here(file) => open_picture(context, &file, node.first_child().is_none())?,
                Place::Elsewhere => {
                    context.write_str("<a href=\"")?;
                    context.escape_href(&link.url)?;
                    context.write_str("\">")?;
                    if node.first_child().is_none() {
                        context.write_str("Picture on another site")?;
                    }
                }
                Place::Nowhere => {}
            }
            return Ok(ChildRendering::Plain);
        }
        context.write_str(match place {
            Place::Here(_) => "\">",
            Place::Elsewhere => "</a>",
            Place::Nowhere => "",
        })?;
    },
});

/// Where a picture is. The site's policy lets pages load only pictures of this site, so the others become links.
enum Place {
    Here(ImageFile),
    Elsewhere,
    /// Not an address to follow, or already inside a link: only its words are kept.
    Nowhere,
}

impl Place {
    fn of(url: &str, node: Node<'_>) -> Self {
        if let Some(file) = url
            .strip_prefix("/images/")
            .and_then(|name| name.parse().ok())
        {
            return Self::Here(file);
        }
        let linked = node
            .ancestors()
            .any(|it| matches!(it.data().value, NodeValue::Link(_)));
        let web = ["https://", "http://"].iter().any(|scheme| {
            url.get(..scheme.len())
                .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
        });
        if web && !linked {
            Self::Elsewhere
        } else {
            Self::Nowhere
        }
    }
}

fn open_picture(
    context: &mut comrak::html::Context<'_, '_, Shown>,
    file: &ImageFile,
    silent: bool,
) -> std::fmt::Result {
    let picture = context.user.pictures.iter().find(|it| it.hash == file.hash);
    let stored = picture.and_then(Figure::of);
    let loading = if std::mem::take(&mut context.user.eager) {
        ""
    } else {
        " loading=\"lazy\""
    };
    match &stored {
        Some(it) => write!(
            context,
            "<img src=\"{}\" srcset=\"{}\" sizes=\"{WIDE}\" width=\"{}\" height=\"{}\"{loading} decoding=\"async\" alt=\"",
            it.src, it.srcset, it.width, it.height
        )?,
        // A picture of another post.
        None => write!(
            context,
            "<img src=\"/images/{file}\"{loading} decoding=\"async\" alt=\""
        )?,
    }
    match stored {
        Some(it) if silent => context.escape(&it.alt),
        _ => Ok(()),
    }
}

/// Whether this paragraph is the text of a task, and whether the task is done.
fn task(paragraph: Node<'_>) -> Option<bool> {
    let parent = paragraph.parent()?;
    match &parent.data().value {
        NodeValue::TaskItem(item) if paragraph.previous_sibling().is_none() => {
            Some(item.symbol.is_some())
        }
        _ => None,
    }
}

/// The caption of a picture that stands alone in its paragraph, and so may be wider than the text.
fn alone(paragraph: Node<'_>) -> Option<String> {
    let top = matches!(paragraph.parent()?.data().value, NodeValue::Document);
    let only = paragraph
        .first_child()
        .filter(|it| top && it.next_sibling().is_none())?;
    match &only.data().value {
        NodeValue::Image(link) if matches!(Place::of(&link.url, only), Place::Here(_)) => {
            Some(link.title.clone())
        }
        _ => None,
    }
}

/// The second wall: an allow-list over what the renderer wrote, so that a mistake above reaches nobody.
static ALLOWED: LazyLock<ammonia::Builder<'static>> = LazyLock::new(|| {
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
            "pre",
            "section",
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
        .add_tag_attributes("section", &["class"])
        .add_tag_attributes("sup", &["class"])
        .add_tag_attributes("td", &["class"])
        .add_tag_attributes("th", &["class", "scope"])
        .url_schemes(HashSet::from(["http", "https", "mailto"]))
        .url_relative(ammonia::UrlRelative::PassThrough)
        .link_rel(None)
        .attribute_filter(|tag, attribute, value| {
            let kept = match (tag, attribute) {
                // A name of the writer's can't take the place of one the page uses.
                (_, "id") => value.starts_with("fn-") || value.starts_with("fnref-"),
                ("code", "class") => value.starts_with("language-") && !value.contains(' '),
                ("img", "src") => value.starts_with("/images/"),
                ("input", "type") => value == "checkbox",
                (_, "class") => CLASSES.contains(&value),
                _ => true,
            };
            kept.then(|| value.into())
        });
    allowed
});

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

#[cfg(test)]
mod tests;
