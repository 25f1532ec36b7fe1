//! What may stand in an XML document.

/// Without the characters that XML 1.0 has no place for, not even escaped: most control characters and two that are no
/// characters. Markup must be written already; nothing else is changed.
pub(crate) fn legal(text: String) -> String {
    if text.chars().all(is_legal) {
        return text;
    }
    text.chars().filter(|&c| is_legal(c)).collect()
}

fn is_legal(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_xml_can_hold_is_left() {
        let text = "a\u{0}\u{1b}b\u{fffe}\u{ffff}c\t\n\u{7f}é🎉\u{fffd}";
        assert_eq!(legal(text.to_owned()), "abc\t\n\u{7f}é🎉\u{fffd}");
    }
}
