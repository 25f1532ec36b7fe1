//! What only shells have: commands, variables with a sign, here-documents.

use super::Kind;
use super::lexer::{AHEAD, Lexer};
use super::words::is_word;

pub(super) fn shell(lexer: &mut Lexer<'_>) -> bool {
    if lexer.starts("#")
        && (lexer.before().is_empty() || lexer.before().ends_with([' ', '\t', ';']))
    {
        lexer.take_line(Kind::Comment);
        return true;
    }
    if lexer.starts("\\") {
        lexer.step(Kind::Plain);
        lexer.step(Kind::Plain);
        return true;
    }
    if lexer.starts("<<") && !lexer.starts("<<<") {
        return here_document(lexer);
    }
    // `-x`, `--long`
    if lexer.starts("-") && lexer.before().ends_with([' ', '\t']) {
        lexer.take_while(Kind::Name, |it| {
            it == '-' || is_word(it) || it.is_ascii_digit()
        });
        return true;
    }
    dollars(lexer) || command(lexer)
}

/// The first word of a command, unless it sets a variable.
fn command(lexer: &mut Lexer<'_>) -> bool {
    let before = lexer.before().trim_end();
    let first = ["", "$", "%", "#", ">"].contains(&before)
        || before.ends_with(['|', ';', '(', '&'])
        || [" then", " do", " else", "sudo"]
            .iter()
            .any(|it| before.ends_with(it));
    if !first {
        return false;
    }
    let ahead = lexer.ahead();
    let length = ahead
        .find(|it| !is_word(it) && !it.is_ascii_digit() && !"./+-".contains(it))
        .unwrap_or(ahead.len());
    let word = &ahead[..length];
    let known = [
        "if", "for", "while", "until", "case", "then", "do", "done", "else", "elif", "fi", "esac",
        "function", "export", "local", "return", "set", "exit", "select", "readonly", "source",
        "unset", "trap",
    ];
    if word.is_empty() || known.contains(&word) {
        return false;
    }
    let kind = if ahead[length..].starts_with('=') {
        Kind::Name
    } else {
        Kind::Function
    };
    lexer.take(length, kind);
    true
}

fn here_document(lexer: &mut Lexer<'_>) -> bool {
    let ahead = lexer.ahead();
    let word = ahead[2..].trim_start_matches(['-', ' ', '\'', '"']);
    let word = &word[..word
        .find(|it| !is_word(it) && !it.is_ascii_digit())
        .unwrap_or(word.len())];
    if word.is_empty() || ahead.len() >= AHEAD && word.len() > AHEAD / 2 {
        return false;
    }
    lexer.take_line(Kind::Plain);
    while !lexer.is_done() {
        lexer.take(1, Kind::Text);
        let rest = lexer.rest();
        let line = rest.split('\n').next().unwrap_or("");
        if line.trim() == word {
            lexer.take(line.len(), Kind::Plain);
            break;
        }
        lexer.take(line.len(), Kind::Text);
    }
    true
}

/// `$name`, `${name}`
pub(super) fn dollars(lexer: &mut Lexer<'_>) -> bool {
    if !lexer.starts("$") {
        return false;
    }
    let rest = lexer.rest();
    match rest[1..].chars().next() {
        Some('{') => {
            let close = lexer.ahead().find('}').map_or(2, |at| at + 1);
            lexer.take(close, Kind::Name);
        }
        Some(it) if is_word(it) => {
            lexer.step(Kind::Name);
            lexer.take_while(Kind::Name, |it| is_word(it) || it.is_ascii_digit());
        }
        Some(it) if "@*#?$!0123456789".contains(it) => lexer.take(2, Kind::Name),
        _ => lexer.step(Kind::Plain),
    }
    true
}
