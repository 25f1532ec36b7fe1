//! What only one language has: lifetimes, regular expressions between slashes, keys in quotes.
//!
//! Invariant: a quirk answers `true` only when it has marked at least one character.

use super::Kind;
use super::lexer::Lexer;
use super::words::is_word;

pub(super) type Quirk = fn(&mut Lexer<'_>) -> bool;

pub(super) fn none(_: &mut Lexer<'_>) -> bool {
    false
}

pub(super) fn rust(lexer: &mut Lexer<'_>) -> bool {
    let rest = lexer.rest();
    if let Some(inside) = rest.strip_prefix('\'') {
        let mut chars = inside.chars();
        let (first, second) = (chars.next(), chars.next());
        if first == Some('\\') || second == Some('\'') {
            lexer.quoted(1, "'", true, false);
        } else {
            let name = inside
                .find(|it| !is_word(it) && !it.is_ascii_digit())
                .unwrap_or(inside.len());
            lexer.take(1 + name, Kind::Name);
        }
        return true;
    }
    if rest.starts_with("#[") || rest.starts_with("#![") {
        let close = lexer.ahead().find(']');
        lexer.take(close.map_or(1, |at| at + 1), Kind::Name);
        return true;
    }
    let raw = rest.trim_start_matches(['b', 'c']);
    if rest.len() - raw.len() <= 1 && raw.starts_with('r') && !after_word(lexer) {
        let fence = raw[1..]
            .bytes()
            .take_while(|it| *it == b'#')
            .take(200)
            .count();
        if raw[1 + fence..].starts_with('"') {
            let open = rest.len() - raw.len() + 2 + fence;
            let close = format!("\"{}", "#".repeat(fence));
            let length = rest[open..]
                .find(&close)
                .map_or(rest.len(), |at| open + at + close.len());
            lexer.take(length, Kind::Text);
            return true;
        }
    }
    // `println!(…)`
    let name = lexer
        .ahead()
        .find(|it| !is_word(it) && !it.is_ascii_digit())
        .unwrap_or(0);
    if rest.starts_with(is_word) && rest[name..].starts_with('!') && !rest[name..].starts_with("!=")
    {
        lexer.take(name + 1, Kind::Function);
        return true;
    }
    false
}

pub(super) fn python(lexer: &mut Lexer<'_>) -> bool {
    let rest = lexer.rest();
    // f"…", rb'…'
    let prefix = rest
        .bytes()
        .take(2)
        .take_while(|it| b"rRbBfFuUtT".contains(it))
        .count();
    let quote = &rest[prefix..];
    if prefix > 0 && quote.starts_with(['"', '\'']) && !after_word(lexer) {
        let long = ["\"\"\"", "'''"]
            .into_iter()
            .find(|it| quote.starts_with(it));
        match long {
            Some(long) => lexer.quoted(prefix + 3, long, true, true),
            None => lexer.quoted(
                prefix + 1,
                if quote.starts_with('"') { "\"" } else { "'" },
                true,
                false,
            ),
        }
        return true;
    }
    lexer.opens_line() && annotated(lexer)
}

/// `@Override`
pub(super) fn annotated(lexer: &mut Lexer<'_>) -> bool {
    let at = lexer.starts("@") && lexer.rest()[1..].starts_with(is_word);
    if at {
        lexer.step(Kind::Name);
        lexer.take_while(Kind::Name, |it| {
            is_word(it) || it.is_ascii_digit() || it == '.'
        });
    }
    at
}

pub(super) fn javascript(lexer: &mut Lexer<'_>) -> bool {
    if !lexer.starts("/") {
        return annotated(lexer);
    }
    // After a value a slash divides; anywhere else it opens a pattern.
    let divides = lexer
        .last()
        .is_some_and(|it| is_word(it) || it.is_ascii_digit() || ")]}$\"'`".contains(it));
    let returned = lexer.before().trim_end().ends_with("return");
    if divides && !returned {
        return false;
    }
    let ahead = lexer.ahead().as_bytes();
    let (mut at, mut class) = (1, false);
    while at < ahead.len() {
        match ahead[at] {
            b'\n' => return false,
            b'\\' => at += 1,
            b'[' => class = true,
            b']' => class = false,
            b'/' if !class => {
                let flags = ahead[at + 1..]
                    .iter()
                    .take_while(|it| it.is_ascii_lowercase())
                    .count();
                lexer.take(at + 1 + flags, Kind::Text);
                return true;
            }
            _ => {}
        }
        at += 1;
    }
    false
}

pub(super) fn c(lexer: &mut Lexer<'_>) -> bool {
    if !(lexer.starts("#") && lexer.opens_line()) {
        return false;
    }
    lexer.step(Kind::Keyword);
    lexer.take_while(Kind::Keyword, |it| it == ' ');
    let include = lexer.starts("include");
    lexer.take_while(Kind::Keyword, is_word);
    lexer.take_while(Kind::Plain, |it| it == ' ');
    if include && lexer.starts("<") {
        lexer.take_while(Kind::Text, |it| it != '>' && it != '\n');
        if lexer.starts(">") {
            lexer.step(Kind::Text);
        }
    }
    true
}

pub(super) fn ruby(lexer: &mut Lexer<'_>) -> bool {
    let rest = lexer.ahead();
    let sign = rest
        .find(|it| it != '@' && it != '$' && it != ':')
        .unwrap_or(0);
    // `@name`, `$name`, `:name`; `Module::Name` is none.
    let symbol =
        rest.starts_with(':') && sign == 1 && lexer.before().ends_with([' ', '(', '[', ',']);
    let variable = (1..=2).contains(&sign) && !rest.starts_with(':');
    if (symbol || variable) && rest[sign..].starts_with(is_word) {
        let kind = if symbol { Kind::Number } else { Kind::Name };
        lexer.take(sign, kind);
        lexer.take_while(kind, |it| is_word(it) || it.is_ascii_digit());
        return true;
    }
    false
}

/// A text is a key when a colon follows.
pub(super) fn json(lexer: &mut Lexer<'_>) -> bool {
    if !lexer.starts("\"") {
        return false;
    }
    let rest = lexer.rest();
    let bytes = rest.as_bytes();
    let mut at = 1;
    while at < bytes.len() && bytes[at] != b'"' && bytes[at] != b'\n' {
        at += if bytes[at] == b'\\' { 2 } else { 1 };
    }
    let end = rest.floor_char_boundary((at + 1).min(rest.len()));
    let key = rest[end..].trim_start_matches([' ', '\t']).starts_with(':');
    lexer.take(end, if key { Kind::Name } else { Kind::Text });
    true
}

fn after_word(lexer: &Lexer<'_>) -> bool {
    lexer
        .before()
        .ends_with(|it| is_word(it) || it.is_ascii_digit())
}
