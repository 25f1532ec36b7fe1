//! Pages of a list that is newest first; a cursor is a place in it, and an invented one is refused.

use serde::Serialize;

/// The place of one entry: its time in unix milliseconds, and its number where times are equal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub at: i64,
    pub id: i64,
}

/// A text that no page of this site ever printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("This is not a place in the list.")]
pub struct NotACursor;

/// Which neighbours of a place are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// `?before=`: entries older than this one.
    Before(Cursor),
    /// `?after=`: entries newer than this one.
    After(Cursor),
}

/// Some entries of a list, newest first, and the places of its neighbours.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Page<T> {
    pub items: Vec<T>,
    /// For `?after=`; none on the newest page.
    pub newer: Option<Cursor>,
    /// For `?before=`; none on the oldest page.
    pub older: Option<Cursor>,
}

impl Cursor {
    /// Enough to catch typing and guessing. A cursor gives no access, so nothing stronger is needed.
    fn check(bytes: &[u8]) -> u16 {
        bytes.iter().fold(0x6761, |sum: u16, &byte| {
            sum.rotate_left(5).wrapping_mul(31) ^ u16::from(byte)
        })
    }
}

impl std::fmt::Display for Cursor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (at, id) = (self.at.to_be_bytes(), self.id.to_be_bytes());
        let check = Self::check(&[at, id].concat());
        write!(f, "{:x}.{:x}.{check:04x}", self.at as u64, self.id as u64)
    }
}

impl std::str::FromStr for Cursor {
    type Err = NotACursor;
    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let mut parts = text.splitn(3, '.');
        let mut number = || {
            let part = parts.next().ok_or(NotACursor)?;
            u64::from_str_radix(part, 16)
                .map(|n| n as i64)
                .map_err(|_| NotACursor)
        };
        let cursor = Self {
            at: number()?,
            id: number()?,
        };
        // Printing it again checks the sum and the spelling in one.
        if cursor.to_string() == text {
            Ok(cursor)
        } else {
            Err(NotACursor)
        }
    }
}

impl Serialize for Cursor {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_invented_cursor_is_refused() {
        let real = Cursor {
            at: 1_700_000_000_000,
            id: 42,
        }
        .to_string();
        assert!(real.parse::<Cursor>().is_ok(), "control: {real}");
        for invented in [
            "",
            "1",
            "1.2",
            "1.2.3",
            "..",
            "1700000000000.42",
            &real.to_uppercase(),
            &format!("{real} "),
            &format!("0{real}"),
            &real.replace(".2a.", ".2b."),
            &real.replace('.', ""),
            "ffffffffffffffffff.1.0000",
            "' or 1=1 --",
        ] {
            assert_eq!(invented.parse::<Cursor>(), Err(NotACursor), "{invented:?}");
        }
    }

    proptest! {
        #[test]
        fn every_cursor_reads_back(at: i64, id: i64) {
            let cursor = Cursor { at, id };
            prop_assert_eq!(cursor.to_string().parse(), Ok(cursor));
            prop_assert!(cursor.to_string().bytes().all(|b| b.is_ascii_alphanumeric() || b == b'.'), "no escaping in an address");
        }

        #[test]
        fn no_text_makes_the_parser_panic(text in any::<String>()) {
            let _ = text.parse::<Cursor>();
        }
    }
}
