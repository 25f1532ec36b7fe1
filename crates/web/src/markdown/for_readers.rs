//! The formatter: where GFM and this site differ from plain CommonMark in HTML.

use std::fmt::Write;
use std::time::Duration;

use comrak::create_formatter;
use comrak::html::{ChildRendering, format_node_default};
use comrak::nodes::{Node, NodeValue};
use gatepost_domain::picture::{ImageFile, Picture};

use super::allowed::SCHEMES;
use super::code;
use crate::figure::Figure;
use crate::world::Ticks;

/// The pictures a text may show, what is shown of them, and how much time goes by.
pub(super) struct Shown {
    pub(super) pictures: Vec<Picture>,
    /// The first picture of a page is fetched at once, unless one stands above the text.
    pub(super) eager: bool,
    pub(super) ticks: Ticks,
    /// Some code was left plain because its colours took too long.
    pub(super) late: bool,
}

impl Shown {
    fn figure(&self, file: &ImageFile) -> Option<Figure> {
        let picture = self.pictures.iter().find(|it| it.hash == file.hash);
        picture.and_then(Figure::of)
    }
}

/// The formatter asks for it, and [`super::render`] never does: nothing to show, and time that stands still.
impl Default for Shown {
    fn default() -> Self {
        Self {
            pictures: Vec::new(),
            eager: false,
            ticks: || Duration::ZERO,
            late: false,
        }
    }
}

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
            // `rust,ignore` is how Rust's own documents say it.
            let language = block.info.split([' ', '\t', ',']).next().unwrap_or("");
            let plain = language.bytes().all(|b| b.is_ascii_alphanumeric() || b"+#._-".contains(&b));
            if plain && !language.is_empty() {
                write!(context, " class=\"language-{language}\"")?;
            }
            context.write_str(">")?;
            let ticks = context.user.ticks;
            let late = code::write(context, language, &block.literal, ticks)?;
            context.user.late |= late;
            context.write_str("</code></pre>\n")?;
        }
    },
    NodeValue::Link(ref link) => |context, node, entering| {
        // A link that leads nowhere is only looked at; its words are read.
        if refused(&link.url) {
            return Ok(ChildRendering::HTML);
        }
        return format_node_default(context, node, entering);
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
        match place {
            Place::Here(file) => {
                context.write_str("\">")?;
                if let Some(figure) = context.user.figure(&file) {
                    context.write_str(figure.around().1)?;
                }
            }
            Place::Elsewhere => context.write_str("</a>")?,
            Place::Nowhere => {}
        }
    },
});

/// Whether the sanitiser would take the address out of a link.
fn refused(url: &str) -> bool {
    ammonia::Url::parse(url).is_ok_and(|it| !SCHEMES.contains(&it.scheme()))
}

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
    let stored = context.user.figure(file);
    let loading = if std::mem::take(&mut context.user.eager) {
        ""
    } else {
        " loading=\"lazy\""
    };
    match &stored {
        Some(it) => write!(
            context,
            "{}<img src=\"{}\"{} width=\"{}\" height=\"{}\"{loading} decoding=\"async\" alt=\"",
            it.around().0,
            it.src,
            it.choice(),
            it.width,
            it.height
        )?,
        // A picture that the site does not have.
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
