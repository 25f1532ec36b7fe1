//! The values of a session, which stay unparsed JSON text until somebody asks for one.

use std::{fmt, sync::OnceLock};

use serde::{Deserialize, Deserializer, Serialize, Serializer, ser::Error as _};
use serde_json::{Map, Value};

use crate::StorageError;

/// What handlers put into a session, by key.
///
/// A storage that keeps text gives it as text: most requests ask only who is logged in, and then it is never parsed.
///
/// ```
/// use session_auth::Values;
///
/// let values = Values::from_json(r#"{"theme":"dark"}"#.to_owned());
/// assert_eq!(values.map().unwrap()["theme"], "dark");
/// assert!(Values::from_json("[]".to_owned()).map().is_err());
/// ```
#[derive(Clone)]
pub struct Values {
    text: Option<Box<str>>,
    map: OnceLock<Map<String, Value>>,
}

impl Values {
    /// Values kept as the text of a JSON object.
    #[must_use]
    pub fn from_json(text: String) -> Self {
        Self {
            text: Some(text.into_boxed_str()),
            map: OnceLock::new(),
        }
    }

    /// The values as a map.
    ///
    /// # Errors
    ///
    /// When the storage gave a text that is no JSON object.
    pub fn map(&self) -> Result<&Map<String, Value>, StorageError> {
        if let Some(map) = self.map.get() {
            return Ok(map);
        }
        let text = self.text.as_deref().unwrap_or("{}");
        // The parser's own message may quote a value, so it is not passed on.
        let map = serde_json::from_str(text)
            .map_err(|_| StorageError::new("a stored session is not a JSON object"))?;
        Ok(self.map.get_or_init(|| map))
    }

    /// The values as the text of a JSON object.
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
        self.map().map_err(S::Error::custom)?.serialize(serializer)
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
        match self.map() {
            Ok(map) => f.debug_set().entries(map.keys()).finish(),
            Err(_) => f.write_str("Values(unreadable)"),
        }
    }
}
