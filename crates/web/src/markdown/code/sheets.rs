//! Keys and values: style sheets, YAML, TOML and what looks like it.

use super::Kind;
use super::lexer::Lexer;
use super::words::{is_word, number};

pub(super) fn styles(lexer: &mut Lexer<'_>) {
    while let Some(next) = lexer.rest().chars().next() {
        if next.is_whitespace() {
            lexer.skip_spaces();
        } else if lexer.starts("/*") {
            lexer.take_through("*/", Kind::Comment);
        } else if lexer.starts("//") && lexer.opens_line() {
            lexer.take_line(Kind::Comment);
        } else if next == '"' || next == '\'' {
            lexer.quoted(1, if next == '"' { "\"" } else { "'" }, true, false);
        } else if next == '@' || next == '!' {
            lexer.step(Kind::Keyword);
            lexer.take_while(Kind::Keyword, is_name);
        } else if next.is_ascii_digit() {
            number(lexer);
            if lexer.starts("%") {
                lexer.step(Kind::Number);
            }
        } else if is_word(next) || "-$#.".contains(next) {
            style_word(lexer, next);
        } else {
            lexer.step(Kind::Plain);
        }
    }
}

fn style_word(lexer: &mut Lexer<'_>, next: char) {
    let ahead = lexer.ahead();
    let sign = next.len_utf8();
    let length = ahead[sign..]
        .find(|it| !is_name(it))
        .map_or(ahead.len(), |at| sign + at);
    let (word, after) = ahead.split_at(length);
    // What ends with a brace is a selector, what ends otherwise is a declaration.
    let selects = after
        .find(['{', ';', '}'])
        .is_some_and(|at| after[at..].starts_with('{'));
    let kind = if next == '#' && !selects && word.len() > 1 {
        Kind::Number
    } else if selects {
        Kind::Type
    } else if after.trim_start().starts_with(':') {
        Kind::Name
    } else if after.starts_with('(') {
        Kind::Function
    } else if next == '$' || word.starts_with("--") {
        Kind::Name
    } else {
        Kind::Plain
    };
    lexer.take(word.len(), kind);
}

pub(super) fn yaml(lexer: &mut Lexer<'_>) {
    while !lexer.is_done() {
        lexer.take_while(Kind::Plain, |it| it == ' ' || it == '\n' || it == '\r');
        while lexer.starts("- ") {
            lexer.take(2, Kind::Plain);
        }
        if lexer.starts("---") || lexer.starts("...") || lexer.starts("%") {
            lexer.take_line(Kind::Comment);
            continue;
        }
        let line = lexer.ahead().split('\n').next().unwrap_or("");
        let key = line.find(": ").or_else(|| {
            line.trim_end()
                .ends_with(':')
                .then(|| line.trim_end().len() - 1)
        });
        if let Some(key) = key.filter(|_| !line.starts_with(['#', '"', '\'', '{', '['])) {
            lexer.take(key, Kind::Name);
        }
        values(lexer, ',');
    }
}

pub(super) fn toml(lexer: &mut Lexer<'_>) {
    while !lexer.is_done() {
        lexer.skip_spaces();
        let line = lexer.ahead().split('\n').next().unwrap_or("");
        if line.starts_with('[') && !line.contains('=') && line.trim_end().ends_with(']') {
            lexer.take(line.len(), Kind::Type);
        } else if line.starts_with(';') {
            lexer.take_line(Kind::Comment);
        } else if let Some(key) = line.find('=').filter(|_| !line.starts_with('#')) {
            lexer.take(line[..key].trim_end().len(), Kind::Name);
        }
        for long in ["\"\"\"", "'''"] {
            let line = lexer.ahead().split('\n').next().unwrap_or("");
            if let Some(at) = line.find(long).filter(|_| !line.starts_with('#')) {
                lexer.take(at, Kind::Plain);
                lexer.quoted(3, long, long.starts_with('"'), true);
            }
        }
        values(lexer, ',');
    }
}

/// The values of one line.
fn values(lexer: &mut Lexer<'_>, between: char) {
    while let Some(next) = lexer.rest().chars().next() {
        let fresh = lexer.before().is_empty()
            || lexer
                .before()
                .ends_with([' ', '\t', '[', '{', '=', ':', between]);
        match next {
            '\n' => return lexer.step(Kind::Plain),
            '#' if fresh => lexer.take_line(Kind::Comment),
            '"' => lexer.quoted(1, "\"", true, false),
            '\'' if fresh => lexer.quoted(1, "'", false, false),
            '&' | '*' | '!' | '$' if fresh => {
                lexer.take_while(Kind::Name, |it| !it.is_whitespace())
            }
            '-' | '+' if fresh && lexer.rest()[1..].starts_with(|it: char| it.is_ascii_digit()) => {
                lexer.step(Kind::Number)
            }
            it if it.is_ascii_digit() && (fresh || lexer.before().ends_with(['-', '+'])) => {
                number(lexer)
            }
            it if is_word(it) => {
                let rest = lexer.rest();
                let word = &rest[..rest.find(|it| !is_name(it)).unwrap_or(rest.len())];
                let constant = ["true", "false", "null", "yes", "no", "on", "off"].contains(&word);
                lexer.take(
                    word.len(),
                    if constant && fresh {
                        Kind::Number
                    } else {
                        Kind::Plain
                    },
                );
            }
            _ => lexer.step(Kind::Plain),
        }
    }
}

fn is_name(it: char) -> bool {
    is_word(it) || it.is_ascii_digit() || it == '-'
}
