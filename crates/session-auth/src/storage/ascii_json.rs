//! JSON in ASCII, as a cookie can hold it and as Python's `json.dumps` writes it.

use std::io;

use serde::Serialize;
use serde_json::ser::{CompactFormatter, Formatter, Serializer};

/// Without spaces.
pub(crate) fn compact(value: &impl Serialize) -> serde_json::Result<String> {
    write(
        value,
        Ascii {
            separators: (",", ":"),
        },
    )
}

/// With Python's spaces.
pub(crate) fn spaced(value: &impl Serialize) -> serde_json::Result<String> {
    write(
        value,
        Ascii {
            separators: (", ", ": "),
        },
    )
}

fn write(value: &impl Serialize, formatter: Ascii) -> serde_json::Result<String> {
    let mut text = Vec::new();
    value.serialize(&mut Serializer::with_formatter(&mut text, formatter))?;
    Ok(String::from_utf8(text).expect("what is ASCII is UTF-8"))
}

struct Ascii {
    separators: (&'static str, &'static str),
}

impl Ascii {
    fn separate<W: ?Sized + io::Write>(&self, writer: &mut W, first: bool) -> io::Result<()> {
        if first {
            return Ok(());
        }
        writer.write_all(self.separators.0.as_bytes())
    }
}

impl Formatter for Ascii {
    fn begin_array_value<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.separate(w, first)
    }

    fn begin_object_key<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        first: bool,
    ) -> io::Result<()> {
        self.separate(w, first)
    }

    fn begin_object_value<W: ?Sized + io::Write>(&mut self, w: &mut W) -> io::Result<()> {
        w.write_all(self.separators.1.as_bytes())
    }

    fn write_string_fragment<W: ?Sized + io::Write>(
        &mut self,
        w: &mut W,
        text: &str,
    ) -> io::Result<()> {
        let is_plain = |char: char| matches!(char, ' '..='~');
        let mut rest = text;
        while let Some(at) = rest.find(|char| !is_plain(char)) {
            CompactFormatter.write_string_fragment(w, &rest[..at])?;
            let mut chars = rest[at..].chars();
            for unit in chars.next().unwrap_or_default().encode_utf16(&mut [0; 2]) {
                write!(w, "\\u{unit:04x}")?;
            }
            rest = chars.as_str();
        }
        CompactFormatter.write_string_fragment(w, rest)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn text_beyond_ascii_is_escaped_as_python_escapes_it() {
        let value = json!({"a": ["é😀\u{7f}\u{1}\n\"\\", 2.5, null, {}], "b": []});
        assert_eq!(
            spaced(&value).unwrap(),
            r#"{"a": ["\u00e9\ud83d\ude00\u007f\u0001\n\"\\", 2.5, null, {}], "b": []}"#
        );
        assert_eq!(
            compact(&value).unwrap(),
            r#"{"a":["\u00e9\ud83d\ude00\u007f\u0001\n\"\\",2.5,null,{}],"b":[]}"#
        );
    }
}
