//! Context processors: values that every template may use without its handler knowing; one runs only when the template,
//! or whatever it extends, includes or imports, refers to what it gives.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use http::request::Parts;
use minijinja::{Environment, Value};

mod flash;
mod references;
mod username;

pub use flash::FlashContext;
use references::Names;
pub use username::UsernameContext;

/// Gives values to templates, whichever handler renders them.
///
/// It runs before the render, and only when the template refers to one of its keys.
///
/// ```
/// use http::request::Parts;
/// use minijinja::Value;
/// use session_auth::{BoxError, ContextProcessor};
///
/// /// `{{ path }}` in any template.
/// struct Path;
///
/// #[async_trait::async_trait]
/// impl ContextProcessor for Path {
///     fn keys(&self) -> &'static [&'static str] {
///         &["path"]
///     }
///
///     async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
///         Ok(minijinja::context! { path => parts.uri.path() })
///     }
/// }
/// ```
#[async_trait]
pub trait ContextProcessor: Send + Sync + 'static {
    /// The names that templates use. Each belongs to one processor.
    fn keys(&self) -> &'static [&'static str];

    /// A map with the keys. One that is left out becomes `none`, so that `{% if key %}` works with strict undefined
    /// too; what is in the map beside them is ignored.
    ///
    /// # Errors
    ///
    /// Whatever keeps the values from being known; the page cannot be rendered then.
    async fn values(&self, parts: &Parts) -> Result<Value, BoxError>;
}

/// Any error.
///
/// ```
/// use session_auth::BoxError;
///
/// fn year(text: &str) -> Result<u16, BoxError> {
///     Ok(text.parse()?)
/// }
/// assert!(year("last").is_err());
/// ```
pub type BoxError = Box<dyn Error + Send + Sync>;

/// The processors of a site. Clones share what was worked out about templates.
///
/// ```
/// # use session_auth::{ContextProcessors, ContextProcessor, BoxError};
/// # use http::request::Parts;
/// # use minijinja::{Environment, Value, context};
/// # struct Path;
/// # #[async_trait::async_trait]
/// # impl ContextProcessor for Path {
/// #     fn keys(&self) -> &'static [&'static str] { &["path"] }
/// #     async fn values(&self, parts: &Parts) -> Result<Value, BoxError> { Ok(context! { path => parts.uri.path() }) }
/// # }
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let (parts, ()) = http::Request::get("/posts").body(())?.into_parts();
/// let processors = ContextProcessors::new().with(Path);
///
/// let mut env = Environment::new();
/// env.add_template("base.txt", "at {{ path }}: {% block main %}{% endblock %}")?;
/// env.add_template("page.txt", "{% extends 'base.txt' %}{% block main %}{{ text }}{% endblock %}")?;
/// env.add_template("plain.txt", "{{ text }}")?;
///
/// let needed = processors.needed(&env, "page.txt");
/// let page = env.get_template("page.txt")?.render(context! { text => "hello", ..needed.values(&parts).await? })?;
/// assert_eq!(page, "at /posts: hello");
///
/// assert!(processors.needed(&env, "plain.txt").is_empty(), "nothing runs for a page that does not ask");
/// # Ok(()) }
/// ```
#[derive(Clone, Default)]
pub struct ContextProcessors {
    processors: Vec<Arc<dyn ContextProcessor>>,
    /// Which processors a template needs. Holds names of templates that exist, and so cannot grow beyond them.
    needed: Arc<RwLock<HashMap<String, Needed>>>,
}

impl ContextProcessors {
    /// None yet.
    ///
    /// ```
    /// let processors = session_auth::ContextProcessors::new();
    /// let env = minijinja::Environment::new();
    /// assert!(processors.needed(&env, "index.html").is_empty());
    /// ```
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    ///
    /// # Panics
    ///
    /// When another processor gives the same key: one of them would be lost in silence.
    ///
    /// ```
    /// use session_auth::{ContextProcessors, FlashContext};
    ///
    /// let processors = ContextProcessors::new().with(FlashContext);
    /// let twice = std::panic::AssertUnwindSafe(|| processors.with(FlashContext));
    /// assert!(std::panic::catch_unwind(twice).is_err());
    /// ```
    #[must_use]
    pub fn with(mut self, processor: impl ContextProcessor) -> Self {
        for key in processor.keys() {
            let taken = self
                .processors
                .iter()
                .any(|other| other.keys().contains(key));
            assert!(!taken, "two context processors give `{key}`");
        }
        self.processors.push(Arc::new(processor));
        self.needed = Arc::default();
        self
    }

    /// Works out what every template known to `env` needs, so that no request has to. Templates that a loader finds
    /// later are worked out when they are first asked for.
    ///
    /// ```
    /// # use minijinja::Environment;
    /// # use session_auth::{ContextProcessors, FlashContext};
    /// # fn main() -> Result<(), minijinja::Error> {
    /// let mut env = Environment::new();
    /// env.add_template("index.html", "{% for message in flash %}{{ message.text }}{% endfor %}")?;
    /// let processors = ContextProcessors::new().with(FlashContext);
    /// processors.prepare(&env); // at start, once
    /// # Ok(()) }
    /// ```
    pub fn prepare(&self, env: &Environment<'_>) {
        let names: Vec<String> = env.templates().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            drop(self.needed(env, &name));
        }
    }

    /// Forgets what was worked out; for a development server whose templates have changed.
    ///
    /// ```
    /// # use minijinja::Environment;
    /// # use session_auth::{ContextProcessors, FlashContext};
    /// # fn main() -> Result<(), minijinja::Error> {
    /// let processors = ContextProcessors::new().with(FlashContext);
    /// let mut env = Environment::new();
    /// env.add_template("page.txt", "nothing")?;
    /// assert!(processors.needed(&env, "page.txt").is_empty());
    /// env.add_template("page.txt", "{{ flash }}")?;
    /// assert!(processors.needed(&env, "page.txt").is_empty(), "worked out before");
    /// processors.forget();
    /// assert!(!processors.needed(&env, "page.txt").is_empty());
    /// # Ok(()) }
    /// ```
    pub fn forget(&self) {
        self.needed
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The processors that `template` needs, worked out once. It follows fixed names; what it
    /// cannot follow (a dynamic include, a template that is missing, a syntax of one's own) counts as needing all.
    ///
    /// ```
    /// # use minijinja::Environment;
    /// # use session_auth::{ContextProcessors, FlashContext};
    /// # fn main() -> Result<(), minijinja::Error> {
    /// let processors = ContextProcessors::new().with(FlashContext);
    /// let mut env = Environment::new();
    /// env.add_template("with.txt", "{% if flash %}…{% endif %}")?;
    /// env.add_template("without.txt", "{{ title }}")?;
    /// assert!(!processors.needed(&env, "with.txt").is_empty());
    /// assert!(processors.needed(&env, "without.txt").is_empty());
    /// assert!(!processors.needed(&env, "missing.txt").is_empty(), "nobody knows what is in it");
    /// # Ok(()) }
    /// ```
    #[must_use]
    pub fn needed(&self, env: &Environment<'_>, template: &str) -> Needed {
        if let Some(needed) = self
            .needed
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(template)
        {
            return needed.clone();
        }
        let names = Names::of(env, template);
        let refers = |processor: &Arc<dyn ContextProcessor>| {
            processor.keys().iter().any(|key| names.contain(key))
        };
        let needed = Needed(
            self.processors
                .iter()
                .filter(|p| refers(p))
                .cloned()
                .collect(),
        );
        if env.get_template(template).is_ok() {
            let mut all = self.needed.write().unwrap_or_else(PoisonError::into_inner);
            all.insert(template.to_owned(), needed.clone());
        }
        needed
    }
}

impl fmt::Debug for ContextProcessors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.processors.iter().map(|p| p.keys()))
            .finish()
    }
}

/// The processors that one template needs.
///
/// ```
/// use http::request::Parts;
/// use minijinja::{Environment, context};
/// use session_auth::{BoxError, Needed};
///
/// async fn render(env: &Environment<'_>, page: &str, needed: &Needed, parts: &Parts) -> Result<String, BoxError> {
///     let values = needed.values(parts).await?;
///     Ok(env.get_template(page)?.render(context! { title => "Posts", ..values })?)
/// }
/// ```
#[derive(Clone)]
pub struct Needed(Arc<[Arc<dyn ContextProcessor>]>);

impl Needed {
    /// Runs them, one after the other, and gives what they give: all of their keys, and nothing else.
    ///
    /// # Errors
    ///
    /// [`ContextError`] of the first that fails.
    ///
    /// ```
    /// # #[tokio::main(flavor = "current_thread")] async fn main() {
    /// use session_auth::{ContextProcessors, FlashContext};
    ///
    /// let processors = ContextProcessors::new().with(FlashContext);
    /// let needed = processors.needed(&minijinja::Environment::new(), "unknown.html");
    /// let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
    /// // A request that came through no session layer has no messages to give.
    /// let error = needed.values(&parts).await.unwrap_err();
    /// assert_eq!(error.to_string(), r#"the context processor of ["flash"] failed"#);
    /// # }
    /// ```
    pub async fn values(&self, parts: &Parts) -> Result<Value, ContextError> {
        let mut context = BTreeMap::new();
        for processor in &*self.0 {
            let keys = processor.keys();
            let values = processor
                .values(parts)
                .await
                .map_err(|source| ContextError { keys, source })?;
            for key in keys {
                let value = values.get_attr(key).unwrap_or(Value::UNDEFINED);
                context.insert(
                    *key,
                    if value.is_undefined() {
                        Value::from(())
                    } else {
                        value
                    },
                );
            }
        }
        Ok(Value::from(context))
    }

    /// Whether the template needs none.
    ///
    /// ```
    /// # use minijinja::Environment;
    /// # use session_auth::{ContextProcessors, FlashContext};
    /// let env = Environment::new();
    /// assert!(ContextProcessors::new().needed(&env, "any.html").is_empty());
    /// assert!(!ContextProcessors::new().with(FlashContext).needed(&env, "any.html").is_empty());
    /// ```
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.0.iter().map(|p| p.keys()))
            .finish()
    }
}

/// A context processor could not give its values.
///
/// ```
/// use session_auth::ContextError;
/// use std::error::Error;
///
/// fn log(error: &ContextError) {
///     tracing::error!(cause = error.source().map(tracing::field::display), "{error}");
/// }
/// ```
#[derive(Debug, thiserror::Error)]
#[error("the context processor of {keys:?} failed")]
pub struct ContextError {
    keys: &'static [&'static str],
    source: BoxError,
}
