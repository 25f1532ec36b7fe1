//! The messages that wait, for every template that shows them; to name them is to claim them.

use async_trait::async_trait;
use http::request::Parts;
use minijinja::value::Serde;
use minijinja::{Value, context};

use super::{BoxError, ContextProcessor};
use crate::flash::Flash;

/// `flash` in every template: the messages that wait, a list of maps with `level` and `text`. A page that refers to it
/// claims them; a page that does not leaves them for the next.
///
/// ```
/// use session_auth::{ContextProcessor, ContextProcessors, FlashContext};
///
/// // {% for message in flash %}<p class="{{ message.level }}">{{ message.text }}</p>{% endfor %}
/// let processors = ContextProcessors::new().with(FlashContext);
/// assert_eq!(FlashContext.keys(), ["flash"]);
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct FlashContext;

#[async_trait]
impl ContextProcessor for FlashContext {
    fn keys(&self) -> &'static [&'static str] {
        &["flash"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        let messages = Flash::of(parts)?.claim().await?;
        Ok(context! { flash => Value::from(Serde(messages)) })
    }
}
