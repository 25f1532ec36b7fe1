//! Markdown to the HTML that readers get. Whatever was typed, no raw HTML, script, handler or foreign picture comes out.

mod allowed;
mod code;
mod for_readers;
mod words;

use std::sync::LazyLock;

use comrak::arena_tree::NodeEdge;
use comrak::nodes::{Node, NodeValue};
use comrak::{Arena, Options, parse_document};
use gatepost_domain::picture::Picture;

use crate::world::Ticks;
use allowed::ALLOWED;
use for_readers::{ForReaders, Shown};
pub(crate) use words::{minutes, shows, summary, words_of};

/// Text longer than this is rendered off the threads that answer requests.
pub(crate) const LONG: usize = 32_000;

/// Nodes within nodes; a list in a list costs four.
const DEEPEST: usize = 100;

/// What was made of a text.
pub(crate) struct Rendered {
    pub(crate) html: String,
    /// Another time it may have more colours.
    pub(crate) late: bool,
}

/// Renders a text. `pictures` are those that it may show; `below_a_picture` says that one is shown above the text; time
/// ends the colouring of code that takes too long.
pub(crate) fn render(
    source: &str,
    pictures: &[Picture],
    below_a_picture: bool,
    ticks: Ticks,
) -> Rendered {
    let arena = Arena::new();
    let root = parse_document(&arena, source, &OPTIONS);
    if !prepare(root) {
        let mut html = String::from("<pre>");
        // Writing into a String does not fail.
        let _ = comrak::html::escape(&mut html, source);
        return Rendered {
            html: html + "</pre>",
            late: false,
        };
    }
    let shown = Shown {
        pictures: pictures.to_vec(),
        eager: !below_a_picture,
        ticks,
        late: false,
    };
    let mut html = String::with_capacity(source.len() * 3 / 2);
    // Writing into a String does not fail.
    let late =
        ForReaders::format_document(root, &OPTIONS, &mut html, shown).is_ok_and(|it| it.late);
    // Outside of tags every `<` is escaped by now, so these are tags the renderer wrote itself.
    for (presentational, class) in [
        ("<td align=\"", "<td class=\""),
        ("<th align=\"", "<th scope=\"col\" class=\""),
        ("<th>", "<th scope=\"col\">"),
        // Footnotes have no heading, so they are no section.
        ("<section class=\"footnotes\"", "<div class=\"footnotes\""),
        ("</section>", "</div>"),
    ] {
        if html.contains(presentational) {
            html = html.replace(presentational, class);
        }
    }
    Rendered {
        html: ALLOWED.clean(&html).to_string(),
        late,
    }
}

/// [`render`] for a page; a long text does not hold up the requests of others.
pub(crate) async fn render_page(
    source: &str,
    pictures: &[Picture],
    below_a_picture: bool,
    ticks: Ticks,
) -> String {
    let (length, source, pictures) = (source.len(), source.to_owned(), pictures.to_vec());
    let rendered = aside(length, move || {
        render(&source, &pictures, below_a_picture, ticks)
    });
    rendered.await.html
}

/// Does something with a text of this length, which holds up nobody else when it is long.
pub(crate) async fn aside<T: Send + 'static>(
    length: usize,
    work: impl FnOnce() -> T + Send + 'static,
) -> T {
    if length <= LONG {
        return work();
    }
    let done = tokio::task::spawn_blocking(work);
    // It is never cancelled, so it can only have panicked; the panic goes on to whoever waits.
    done.await
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

/// However slow a machine is, a test has time.
#[cfg(test)]
fn stopped() -> std::time::Duration {
    std::time::Duration::ZERO
}

#[cfg(test)]
#[path = "../fuzz/markdown.rs"]
mod fuzz;
#[cfg(test)]
mod hostile;
#[cfg(test)]
mod judge;
#[cfg(test)]
mod tests;
