//! The values of a session, which stay JSON text until somebody asks for one.
//!
//! Invariant: a text that is kept was read through once and is a JSON object, so whoever asks later gets a map.

use std::{fmt, sync::OnceLock};

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{Error, MapAccess, SeqAccess, Visitor},
};
use serde_json::{Map, Value};

use crate::StorageError;

/// What handlers put into a session, by key.
///
/// A storage that keeps text gives it as text: most requests ask only who is logged in, and then no map is made of it.
///
/// ```
/// use session_auth::Values;
///
/// # fn main() -> Result<(), session_auth::StorageError> {
/// let values = Values::from_json(r#"{"theme":"dark"}"#.to_owned())?;
/// assert_eq!(values.map()["theme"], "dark");
/// // What is no JSON object is seen before anybody relies on it.
/// assert!(Values::from_json("[]".to_owned()).is_err_and(|error| error.is_damaged()));
/// # Ok(()) }
/// ```
#[derive(Clone)]
pub struct Values {
    text: Option<Box<str>>,
    map: OnceLock<Map<String, Value>>,
}

impl Values {
    /// Values kept as the text of a JSON object.
    ///
    /// # Errors
    ///
    /// [`StorageError::damaged`] when the text is no JSON object.
    ///
    /// ```
    /// use session_auth::Values;
    ///
    /// assert_eq!(Values::from_json(r#"{"a": 1}"#.to_owned()).unwrap().map()["a"], 1);
    /// for text in ["", "[]", "null", r#"{"a": 1} x"#] {
    ///     assert!(Values::from_json(text.to_owned()).is_err_and(|error| error.is_damaged()), "{text}");
    /// }
    /// ```
    pub fn from_json(text: String) -> Result<Self, StorageError> {
        // The parser's own message may quote a value, so it is not passed on.
        serde_json::from_str::<Object>(&text)
            .map_err(|_| StorageError::damaged("the values of a session are no JSON object"))?;
        Ok(Self {
            text: Some(text.into_boxed_str()),
            map: OnceLock::new(),
        })
    }

    /// The values as a map.
    ///
    /// ```
    /// # use session_auth::Values;
    /// assert!(Values::default().map().is_empty());
    /// ```
    #[must_use]
    pub fn map(&self) -> &Map<String, Value> {
        self.map.get_or_init(|| {
            let text = self.text.as_deref().unwrap_or("{}");
            serde_json::from_str(text).expect("what was read as an object once is one")
        })
    }

    /// How much memory the text and the map take, where a storage gave a text. The map is made later, so this is what
    /// it takes at most by what is in the text: many small elements take a multiple of their text.
    #[cfg(feature = "sqlite")]
    pub(super) fn size(&self) -> usize {
        self.text.as_deref().map_or(0, |text| {
            let parts = Parts::of(text);
            // The text, and what strings repeat of it.
            2 * text.len() + parts.objects * OBJECT + parts.arrays * ARRAY + parts.commas * ELEMENT
        })
    }

    /// The values as the text of a JSON object.
    ///
    /// ```
    /// use session_auth::Values;
    ///
    /// let values = Values::from(serde_json::Map::from_iter([("a".to_owned(), 1.into())]));
    /// assert_eq!(values.to_json(), r#"{"a":1}"#);
    /// assert_eq!(Values::default().to_json(), "{}");
    /// ```
    #[must_use]
    pub fn to_json(&self) -> String {
        match (&self.text, self.map.get()) {
            (Some(text), _) => text.to_string(),
            (None, Some(map)) => {
                serde_json::to_string(map).expect("a JSON map with string keys is JSON")
            }
            (None, None) => "{}".to_owned(),
        }
    }
}

impl From<Map<String, Value>> for Values {
    fn from(map: Map<String, Value>) -> Self {
        Self {
            text: None,
            map: OnceLock::from(map),
        }
    }
}

impl Default for Values {
    fn default() -> Self {
        Map::new().into()
    }
}

/// As the JSON object that it is, for storages that keep sessions as one document.
impl Serialize for Values {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.map().serialize(serializer)
    }
}

impl<'de> Deserialize<'de> for Values {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Map::deserialize(deserializer).map(Self::from)
    }
}

/// Shows the keys only: values are the visitor's.
impl fmt::Debug for Values {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.map().keys()).finish()
    }
}

/// An entry of a map without what is allocated for it.
#[cfg(feature = "sqlite")]
const ENTRY: usize = size_of::<String>() + size_of::<Value>();

/// An object with its first element: a node of a B-tree is allocated for eleven at once.
#[cfg(feature = "sqlite")]
const OBJECT: usize = 12 * ENTRY + 128;

/// An array with its first element: it has room for four.
#[cfg(feature = "sqlite")]
const ARRAY: usize = 4 * size_of::<Value>() + 64;

/// A further element: what grows may be half empty. A key and a string are an allocation each.
#[cfg(feature = "sqlite")]
const ELEMENT: usize = 2 * ENTRY + 128;

/// What a text has outside of its strings.
#[cfg(feature = "sqlite")]
#[derive(Default)]
struct Parts {
    objects: usize,
    arrays: usize,
    commas: usize,
}

#[cfg(feature = "sqlite")]
impl Parts {
    fn of(text: &str) -> Self {
        let mut parts = Self::default();
        let mut bytes = text.bytes();
        let mut in_string = false;
        while let Some(byte) = bytes.next() {
            match byte {
                b'"' => in_string = !in_string,
                // A backslash is in a string always; a quote after it does not end that.
                b'\\' => drop(bytes.next()),
                _ if in_string => {}
                b'{' => parts.objects += 1,
                b'[' => parts.arrays += 1,
                b',' => parts.commas += 1,
                _ => {}
            }
        }
        parts
    }
}

/// A JSON object that is read through and not kept: nothing is allocated for it.
struct Object;

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Reader).map(|()| Self)
    }
}

/// Any JSON value that is read through, as deep as a [`Value`] may be and no deeper.
struct Any;

impl<'de> Deserialize<'de> for Any {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Reader).map(|()| Self)
    }
}

struct Reader;

impl<'de> Visitor<'de> for Reader {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("JSON")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while map.next_entry::<Any, Any>()?.is_some() {}
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<Any>()?.is_some() {}
        Ok(())
    }

    fn visit_str<E: Error>(self, _: &str) -> Result<(), E> {
        Ok(())
    }

    fn visit_bool<E: Error>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E: Error>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E: Error>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E: Error>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E: Error>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn nested(depth: usize) -> String {
        format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth))
    }

    #[test]
    fn whatever_is_taken_for_an_object_can_be_read_as_one() {
        let texts = [
            "{}".to_owned(),
            r#" {"a": 1, "a": [1.5e300, -7, null, {"b": "\u00e9\ud83d\ude00"}]} "#.to_owned(),
            r#"{"a": 1e999}"#.to_owned(),
            r#"{"a": "\ud800"}"#.to_owned(),
            r#"{"a": NaN}"#.to_owned(),
            "{} {}".to_owned(),
            "[]".to_owned(),
            "null".to_owned(),
            String::new(),
            nested(100),
            nested(126),
            nested(127),
            nested(128),
            nested(10_000),
        ];
        let mut taken = 0;
        for text in texts {
            let parsed = serde_json::from_str::<Map<String, Value>>(&text);
            let values = Values::from_json(text.clone());
            assert_eq!(values.is_ok(), parsed.is_ok(), "{text:.60}");
            if let (Ok(values), Ok(parsed)) = (values, parsed) {
                assert_eq!(*values.map(), parsed);
                taken += 1;
            }
        }
        assert!(taken >= 4, "{taken}");
    }

    proptest! {
        #[test]
        fn any_text_is_judged_as_the_parser_of_maps_judges_it(text in r#"[\[\]{}",:0-9eE.+\\u a-c-]{0,24}"#) {
            let parsed = serde_json::from_str::<Map<String, Value>>(&text);
            prop_assert_eq!(Values::from_json(text).is_ok(), parsed.is_ok());
        }
    }
}

#[cfg(all(test, feature = "sqlite"))]
mod sizes {
    use super::*;

    /// What a map takes at least, as far as that can be seen from outside.
    fn allocated(value: &Value) -> usize {
        match value {
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
            Value::String(text) => text.capacity(),
            Value::Array(elements) => {
                let inside: usize = elements.iter().map(allocated).sum();
                elements.capacity() * size_of::<Value>() + inside
            }
            Value::Object(map) => allocated_map(map),
        }
    }

    /// The first node has room for eleven.
    fn allocated_map(map: &Map<String, Value>) -> usize {
        let inside = map
            .iter()
            .map(|(key, value)| ENTRY + key.len() + allocated(value));
        let spare = 11_usize.saturating_sub(map.len());
        let spare = if map.is_empty() { 0 } else { spare };
        spare * ENTRY + inside.sum::<usize>()
    }

    #[test]
    fn the_size_covers_the_map_of_many_small_elements() {
        let many = |element: &str, count| vec![element; count].join(",");
        for text in [
            format!(r#"{{"a":[{}]}}"#, many("1", 1025)),
            format!(r#"{{"a":[{}]}}"#, many("[1]", 1025)),
            format!(r#"{{"a":[{}]}}"#, many(r#"{"a":1}"#, 1025)),
            format!(r#"{{"a":[{}]}}"#, many("{}", 1025)),
            format!(r#"{{"a":[{}]}}"#, many(r#""""#, 1025)),
            r#"{"a":"\",","b":1}"#.to_owned(),
        ] {
            let values = Values::from_json(text.clone()).unwrap();
            let whole = text.len() + allocated_map(values.map());
            assert!(values.size() >= whole, "{} of {whole}", values.size());
        }
    }

    #[test]
    fn what_is_in_a_string_counts_as_text_only() {
        let prose = r#"{"a":"one, two, [three], {\"four\", \\","b":1}"#.to_owned();
        let length = prose.len();
        let values = Values::from_json(prose).unwrap();
        assert_eq!(values.size(), 2 * length + OBJECT + ELEMENT);
    }
}
