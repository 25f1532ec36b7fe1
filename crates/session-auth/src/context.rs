//! Context processors: values that every template may use without its handler knowing; one runs only when the template,
//! or whatever it extends, includes or imports, refers to what it gives.

mod references;

use std::collections::{BTreeMap, HashMap, HashSet};
use std::error::Error;
use std::fmt;
use std::marker::PhantomData;
use std::sync::{Arc, PoisonError, RwLock};

use async_trait::async_trait;
use http::request::Parts;
use minijinja::{Environment, Value};

use self::references::References;
use crate::auth::Auth;
use crate::directory::Directory;
use crate::flash::Flash;

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
pub type BoxError = Box<dyn Error + Send + Sync>;

/// `username` in every template: the name of who is logged in, or `none` for a visitor.
///
/// A page whose templates do not say `username` loads no session.
pub struct UsernameContext<D: Directory> {
    name: fn(&D::User) -> String,
    directory: PhantomData<fn() -> D>,
}

impl<D: Directory> UsernameContext<D> {
    /// `name` is what to show for a user.
    #[must_use]
    pub fn new(name: fn(&D::User) -> String) -> Self {
        Self {
            name,
            directory: PhantomData,
        }
    }
}

#[async_trait]
impl<D: Directory> ContextProcessor for UsernameContext<D> {
    fn keys(&self) -> &'static [&'static str] {
        &["username"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        let user = Auth::<D>::of(parts)?.user().await?;
        Ok(minijinja::context! { username => user.as_ref().map(self.name) })
    }
}

impl<D: Directory> fmt::Debug for UsernameContext<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("UsernameContext")
    }
}

/// `flash` in every template: the messages that wait, a list of maps with `level` and `text`. A page that refers to it
/// claims them; a page that does not leaves them for the next.
#[derive(Clone, Copy, Debug, Default)]
pub struct FlashContext;

#[async_trait]
impl ContextProcessor for FlashContext {
    fn keys(&self) -> &'static [&'static str] {
        &["flash"]
    }

    async fn values(&self, parts: &Parts) -> Result<Value, BoxError> {
        let messages = Flash::of(parts)?.claim().await?;
        Ok(minijinja::context! { flash => Value::from(minijinja::value::Serde(messages)) })
    }
}

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
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds one.
    ///
    /// # Panics
    ///
    /// When another processor gives the same key: one of them would be lost in silence.
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
    pub fn prepare(&self, env: &Environment<'_>) {
        let names: Vec<String> = env.templates().map(|(name, _)| name.to_owned()).collect();
        for name in names {
            drop(self.needed(env, &name));
        }
    }

    /// Forgets what was worked out; for a development server whose templates have changed.
    pub fn forget(&self) {
        self.needed
            .write()
            .unwrap_or_else(PoisonError::into_inner)
            .clear();
    }

    /// The processors that `template` needs, worked out once. It follows fixed names; what it
    /// cannot follow (a dynamic include, a template that is missing, a syntax of one's own) counts as needing all.
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
        let names = names_of(env, template);
        let refers = |processor: &Arc<dyn ContextProcessor>| match &names {
            Names::All => true,
            Names::Only(names) => processor.keys().iter().any(|key| names.contains(*key)),
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
#[derive(Clone)]
pub struct Needed(Arc<[Arc<dyn ContextProcessor>]>);

impl Needed {
    /// Runs them, one after the other, and gives what they give: all of their keys, and nothing else.
    ///
    /// # Errors
    ///
    /// [`ContextError`] of the first that fails.
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
#[derive(Debug, thiserror::Error)]
#[error("the context processor of {keys:?} failed")]
pub struct ContextError {
    keys: &'static [&'static str],
    source: BoxError,
}

/// The names that a template and all it leads to may look up.
enum Names {
    Only(HashSet<String>),
    All,
}

fn names_of(env: &Environment<'_>, template: &str) -> Names {
    if !is_default_syntax(env) {
        return Names::All;
    }
    let mut names = HashSet::new();
    let mut seen = HashSet::from([template.to_owned()]);
    let mut waiting = vec![template.to_owned()];
    while let Some(name) = waiting.pop() {
        let Ok(template) = env.get_template(&name) else {
            return Names::All;
        };
        let found = References::of(template.source());
        if found.anything {
            return Names::All;
        }
        names.extend(found.names);
        waiting.extend(
            found
                .templates
                .into_iter()
                .filter(|name| seen.insert(name.clone())),
        );
    }
    Names::Only(names)
}

/// [`References`] knows no other; in another, everything would seem to refer to nothing.
fn is_default_syntax(env: &Environment<'_>) -> bool {
    let syntax = env.syntax();
    syntax.block_delimiters() == ("{%", "%}")
        && syntax.variable_delimiters() == ("{{", "}}")
        && syntax.comment_delimiters() == ("{#", "#}")
        && syntax.line_statement_prefix().is_none()
        && syntax.line_comment_prefix().is_none()
}
