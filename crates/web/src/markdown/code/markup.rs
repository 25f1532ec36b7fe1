//! HTML and XML: tags, attributes, comments, and the code inside of `<script>` and `<style>`.

use super::Kind;
use super::languages::{SCRIPT, Way};
use super::lexer::Lexer;
use super::words::is_word;

pub(super) fn mark(lexer: &mut Lexer<'_>) {
    while !lexer.is_done() {
        if lexer.starts("<!--") {
            lexer.take_through("-->", Kind::Comment);
        } else if lexer.starts("<![CDATA[") {
            lexer.take_through("]]>", Kind::Text);
        } else if lexer.starts("<!") || lexer.starts("<?") {
            lexer.take_through(">", Kind::Comment);
        } else if lexer.starts("</") || lexer.starts("<") && lexer.rest()[1..].starts_with(is_word)
        {
            tag(lexer);
        } else if lexer.starts("&") {
            entity(lexer);
        } else {
            lexer.step(Kind::Plain);
            lexer.take_while(Kind::Plain, |it| it != '<' && it != '&');
        }
    }
}

fn tag(lexer: &mut Lexer<'_>) {
    let opened = [
        ("<script", SCRIPT, "</script"),
        ("<style", Way::Styles, "</style"),
    ];
    let inside = opened.into_iter().find(|(open, ..)| lexer.starts(open));
    lexer.take(if lexer.starts("</") { 2 } else { 1 }, Kind::Type);
    lexer.take_while(Kind::Type, |it| {
        is_word(it) || it.is_ascii_digit() || "-:.".contains(it)
    });
    while let Some(next) = lexer.rest().chars().next() {
        match next {
            '>' => {
                lexer.step(Kind::Type);
                break;
            }
            '<' => return,
            '/' => lexer.step(Kind::Type),
            '"' => lexer.quoted(1, "\"", false, true),
            '\'' => lexer.quoted(1, "'", false, true),
            it if it.is_whitespace() => lexer.skip_spaces(),
            '=' => {
                lexer.step(Kind::Plain);
                lexer.take_while(Kind::Text, |it| !it.is_whitespace() && !"\"'>".contains(it));
            }
            _ => {
                lexer.step(Kind::Name);
                lexer.take_while(Kind::Name, |it| {
                    !it.is_whitespace() && !"=>/\"'<".contains(it)
                });
            }
        }
    }
    if let Some((_, way, close)) = inside {
        let length = lexer.rest().find(close).unwrap_or(lexer.rest().len());
        lexer.within(length, |lexer| super::run(lexer, way));
    }
}

fn entity(lexer: &mut Lexer<'_>) {
    let ahead = lexer.ahead();
    let length = 1 + ahead[1..]
        .find(|it: char| !it.is_ascii_alphanumeric() && it != '#')
        .unwrap_or(0);
    if length > 1 && ahead[length..].starts_with(';') {
        lexer.take(length + 1, Kind::Number);
    } else {
        lexer.step(Kind::Plain);
    }
}
