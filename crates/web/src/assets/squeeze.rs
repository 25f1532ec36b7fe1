//! A style sheet without what only its writers need: comments, line ends, indentation.
//!
//! Invariant: the squeezed sheet means the same. Strings, escapes and addresses are copied as they are, a space that joins
//! or parts anything (`a :hover`, `1px + 2px`, `and (`) stays one space.

/// Whitespace is needless after these …
const OPENING: [char; 7] = ['{', '}', ';', ',', '(', '>', ':'];
/// … and before these. Before a colon it is a selector's descendant.
const CLOSING: [char; 6] = ['{', '}', ';', ',', ')', '>'];

/// The same sheet in fewer bytes.
pub(super) fn squeeze(css: &str) -> String {
    let mut out = String::with_capacity(css.len());
    let mut rest = css;
    let mut escaped = false;
    while let Some(next) = rest.chars().next() {
        let (length, spaced) = gap(rest);
        if length > 0 {
            rest = &rest[length..];
            let needless = out.is_empty()
                || rest.is_empty()
                || (out.ends_with(OPENING) && !escaped)
                || rest.starts_with(CLOSING);
            match (needless, spaced) {
                (true, _) => {}
                (false, true) => out.push(' '),
                // What a comment alone keeps apart stays apart, and is not a space.
                (false, false) => out.push_str("/**/"),
            }
            continue;
        }
        escaped = next == '\\';
        let length = match next {
            '"' | '\'' => string(rest),
            '\\' => escape(rest),
            '(' if out
                .get(out.len().saturating_sub(3)..)
                .is_some_and(|it| it.eq_ignore_ascii_case("url")) =>
            {
                address(rest)
            }
            _ => next.len_utf8(),
        };
        if next == '}' && out.ends_with(';') {
            out.pop();
        }
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

const SPACES: [char; 5] = [' ', '\t', '\n', '\r', '\u{c}'];

/// The length of the whitespace and comments at the beginning, and whether any of it is whitespace.
fn gap(text: &str) -> (usize, bool) {
    let mut rest = text;
    let mut spaced = false;
    loop {
        let after = rest.trim_start_matches(SPACES);
        spaced |= after.len() < rest.len();
        rest = after;
        match rest.strip_prefix("/*") {
            Some(comment) => rest = comment.split_once("*/").map_or("", |(_, after)| after),
            None => return (text.len() - rest.len(), spaced),
        }
    }
}

/// The length of the string at the beginning, with its quotes.
fn string(text: &str) -> usize {
    let mut characters = text.char_indices();
    let quote = characters.next().map(|(_, quote)| quote);
    while let Some((at, character)) = characters.next() {
        if character == '\\' {
            characters.next();
        } else if Some(character) == quote {
            return at + character.len_utf8();
        }
    }
    text.len()
}

/// The length of the escape at the beginning; the one space that ends a hexadecimal one belongs to it.
fn escape(text: &str) -> usize {
    let digits = text[1..]
        .bytes()
        .take(6)
        .take_while(u8::is_ascii_hexdigit)
        .count();
    let end = match digits {
        0 => 1 + text[1..].chars().next().map_or(0, char::len_utf8),
        some => 1 + some,
    };
    end + usize::from(digits > 0 && text[end..].starts_with([' ', '\t', '\n']))
}

/// The length of `(…)` at the beginning, where it holds an address without quotes.
fn address(text: &str) -> usize {
    if text[1..].trim_start().starts_with(['"', '\'']) {
        return 1;
    }
    text.find(')').map_or(text.len(), |end| end + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_only_a_writer_needs_is_gone() {
        for (written, served) in [
            (
                "/* frame */\n.a > .b,\n.c {\n  color: red;\n  margin: 0 auto;\n}\n",
                ".a>.b,.c{color:red;margin:0 auto}",
            ),
            (
                "@media (min-width: 48rem) {\n  p { margin: 0; }\n}",
                "@media (min-width:48rem){p{margin:0}}",
            ),
            ("a /* one */ /* two */ b {}", "a b{}"),
            (":is( p , ul ) { }", ":is(p,ul){}"),
            ("a{}/* never closed", "a{}"),
            (".a/* of b */.b{}", ".a/**/.b{}"),
        ] {
            assert_eq!(squeeze(written), served);
        }
    }

    #[test]
    fn what_means_something_stays() {
        for meant in [
            "p{width:calc(100% - 2 * (1rem + 2px))}",
            ".a :hover{top:0}",
            ".a:is(.b,.c) .d{top:0}",
            ".a + .b ~ .c{top:0}",
            "@media print and (width>40em){p{top:0}}",
            "p::before{content:\" /* not a comment */ ; } \"}",
            "p::before{content:'it\\'s  {here}'}",
            ".a\\{ b{top:0}",
            ".\\31  b{top:0}",
            ".a/**/b{top:0}",
            "p{background:url(/a/*b*/c;d, e)}",
            "p{font:.8rem/1.5 var(--sans) !important}",
            ":root{--a:light-dark(#fff,#000)}",
        ] {
            assert_eq!(squeeze(meant), meant);
        }
    }

    #[test]
    fn squeezing_twice_changes_nothing_more() {
        let sheet = include_str!("../../static/app.css");
        let once = squeeze(sheet);
        assert!(
            once.len() < sheet.len(),
            "control: there is something to squeeze"
        );
        assert_eq!(squeeze(&once), once);
        assert_eq!(
            once.matches('{').count(),
            sheet.matches('{').count(),
            "every rule is still there"
        );
    }
}
