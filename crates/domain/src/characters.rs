//! Which characters a single line that others will read may hold; one rule for titles, names and alternative texts.

use unicode_normalization::UnicodeNormalization as _;

/// Characters that reorder the text around them, so that a title could rewrite the page it stands in.
pub(crate) fn reorders(c: char) -> bool {
    matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
}

/// Characters that leave no mark on a page. A line of nothing else is an empty line.
fn invisible(c: char) -> bool {
    c.is_whitespace()
        || matches!(
            c,
            '\u{00AD}'
                | '\u{034F}'
                | '\u{061C}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{17B4}'
                | '\u{17B5}'
        )
        || matches!(c, '\u{180B}'..='\u{180E}' | '\u{200B}'..='\u{200F}' | '\u{2060}'..='\u{2064}')
        || matches!(
            c,
            '\u{2800}' | '\u{3164}' | '\u{FE00}'..='\u{FE0F}' | '\u{FEFF}' | '\u{FFA0}'
        )
        || matches!(c, '\u{E0000}'..='\u{E0FFF}')
}

/// True when nobody would see anything.
pub(crate) fn is_blank(line: &str) -> bool {
    line.chars().all(invisible)
}

/// True for characters that end or break a line, or that a terminal would obey.
pub(crate) fn controls(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')
}

/// The one spelling under which a line is kept: composed, without space around it.
pub(crate) fn tidy(line: &str) -> String {
    line.trim().nfc().collect()
}
