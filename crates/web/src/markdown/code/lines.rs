//! What is read line by line: differences, Markdown, what stands in a terminal.

use super::Kind;
use super::languages::PROMPT;
use super::lexer::Lexer;

pub(super) fn diff(lexer: &mut Lexer<'_>) {
    each(lexer, |line| {
        let begins = |with: &[&str]| with.iter().any(|it| line.starts_with(it));
        if begins(&[
            "+++",
            "---",
            "diff ",
            "index ",
            "new file",
            "deleted file",
            "rename ",
            "similarity ",
        ]) {
            Kind::Comment
        } else if line.starts_with("@@") {
            Kind::Type
        } else if begins(&["+", ">"]) {
            Kind::Added
        } else if begins(&["-", "<"]) {
            Kind::Removed
        } else {
            Kind::Plain
        }
    });
}

pub(super) fn markdown(lexer: &mut Lexer<'_>) {
    let mut fenced = false;
    while !lexer.is_done() {
        let line = lexer.rest().split('\n').next().unwrap_or("");
        let start = line.trim_start();
        if start.starts_with("```") || start.starts_with("~~~") {
            fenced = !fenced;
            lexer.take_line(Kind::Text);
        } else if fenced {
            lexer.take_line(Kind::Text);
        } else if start.starts_with('#') {
            lexer.take_line(Kind::Type);
        } else if start.starts_with('>') {
            lexer.take_line(Kind::Comment);
        } else {
            lexer.take(line.len() - start.len(), Kind::Plain);
            if ["- ", "* ", "+ "].iter().any(|it| start.starts_with(it)) {
                lexer.step(Kind::Keyword);
            }
            inline(lexer);
        }
        lexer.step(Kind::Plain);
    }
}

/// Code, emphasis and links on the rest of a line; what is not closed there is no such thing.
fn inline(lexer: &mut Lexer<'_>) {
    let marks = [
        ("`", "`", Kind::Text),
        ("**", "**", Kind::Keyword),
        ("*", "*", Kind::Keyword),
        ("[", "]", Kind::Function),
    ];
    loop {
        let line = lexer.ahead().split('\n').next().unwrap_or("");
        if line.is_empty() {
            return;
        }
        let found = marks.iter().find_map(|(open, close, kind)| {
            let inside = line.strip_prefix(open)?;
            let end = inside.find(close).filter(|at| *at > 0)?;
            Some((open.len() + end + close.len(), *kind))
        });
        match found {
            Some((length, kind)) => {
                lexer.take(length, kind);
                let to = line[length..]
                    .find(')')
                    .filter(|_| line[length..].starts_with('('));
                if let Some(close) = to.filter(|_| kind == Kind::Function) {
                    lexer.take(close + 1, Kind::Text);
                }
            }
            None => lexer.step(Kind::Plain),
        }
    }
}

/// What was typed, behind `$`, `#` or `>`, and what came back.
pub(super) fn terminal(lexer: &mut Lexer<'_>) {
    while !lexer.is_done() {
        let line = lexer.rest().split('\n').next().unwrap_or("");
        if ["$ ", "# ", "> ", "% "]
            .iter()
            .any(|it| line.starts_with(it))
        {
            lexer.take(2, Kind::Comment);
            lexer.within(line.len() - 2, |lexer| super::run(lexer, PROMPT));
        } else {
            lexer.take_line(Kind::Plain);
        }
        lexer.step(Kind::Plain);
    }
}

fn each(lexer: &mut Lexer<'_>, kind: impl Fn(&str) -> Kind) {
    while !lexer.is_done() {
        let line = lexer.rest().split('\n').next().unwrap_or("");
        lexer.take(line.len(), kind(line));
        lexer.step(Kind::Plain);
    }
}
