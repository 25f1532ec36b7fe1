//! The templates, compiled into the binary or read from disk by `--dev`, and what they may call.
//!
//! Invariant: a template that asks for a value nobody gave is an error, never an empty space.

use std::borrow::Cow;
use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{
    AutoEscape, Environment, Error, ErrorKind, Output, State, UndefinedBehavior, Value,
    escape_formatter,
};
use serde::Serialize;
use session_auth::{ContextProcessors, Needed, UsernameContext};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use crate::assets::Assets;
use crate::auth::Accounts;
use crate::page::{FlashContext, PathContext, ThemeContext};
use crate::parking::ParkedContext;
use crate::site::Site;
use crate::zone::Zone;

#[derive(rust_embed::Embed)]
#[folder = "templates/"]
struct Files;

/// All templates, and what gives them the values that no handler does.
pub(crate) struct Templates {
    environment: Environment<'static>,
    processors: ContextProcessors,
    /// Read from disk, where they may change.
    dev: bool,
}

impl Templates {
    /// Without `dev`, all are parsed now, so that a broken one stops the start and not a page.
    pub(crate) fn load(dev: bool, assets: Arc<Assets>) -> Result<Self, Error> {
        let mut environment = environment(assets);
        let processors = ContextProcessors::new()
            .with(UsernameContext::<Accounts>::new(|account| {
                account.user.username.to_string()
            }))
            .with(PathContext)
            .with(ThemeContext)
            .with(FlashContext)
            .with(ParkedContext);
        if dev {
            environment.set_loader(minijinja::path_loader("templates"));
            return Ok(Self {
                environment,
                processors,
                dev,
            });
        }
        for name in Files::iter().filter(|name| !name.starts_with('.')) {
            let Some(file) = Files::get(&name) else {
                continue;
            };
            match (name, file.data) {
                // What the binary holds is borrowed from it, never copied.
                (Cow::Borrowed(name), Cow::Borrowed(source)) => {
                    environment.add_template(name, text(source)?)?;
                }
                (name, source) => {
                    let source = text(&source)?.to_owned();
                    environment.add_template_owned(name.into_owned(), source)?;
                }
            }
        }
        processors.prepare(&environment);
        Ok(Self {
            environment,
            processors,
            dev,
        })
    }

    /// What every page may say about the site.
    pub(crate) fn of_site(mut self, site: &Site) -> Self {
        self.environment
            .add_global("site", Value::from(Serde(site.clone())));
        write_times(&mut self.environment, &site.zone);
        self
    }

    /// The processors whose values a template refers to.
    pub(crate) fn needed(&self, name: &str) -> Needed {
        if self.dev {
            self.processors.forget();
        }
        self.processors.needed(&self.environment, name)
    }

    pub(crate) fn render(&self, name: &str, view: impl Serialize) -> Result<String, Error> {
        self.environment.get_template(name)?.render(Serde(view))
    }
}

fn text(source: &[u8]) -> Result<&str, Error> {
    std::str::from_utf8(source).map_err(|error| {
        Error::new(ErrorKind::BadSerialization, "a template is not UTF-8").with_source(error)
    })
}

fn environment(assets: Arc<Assets>) -> Environment<'static> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Strict);
    // Of XML, HTML's five entities are the ones that are always known.
    environment.set_auto_escape_callback(|name| match name.ends_with(".txt") {
        true => AutoEscape::None,
        false => AutoEscape::Html,
    });
    environment.set_formatter(write_value);
    environment.add_function("asset", move |name: String| assets.url(&name));
    write_times(&mut environment, &Zone::utc());
    environment.add_filter("iso", iso);
    environment.add_filter("visible", visible);
    environment
}

/// For people a time is that of the site's zone, for machines it is UTC.
fn write_times(environment: &mut Environment<'static>, zone: &Zone) {
    let (dates, days, minutes) = (zone.clone(), zone.clone(), zone.clone());
    environment.add_filter("date", move |at: i64| dates.date(at).ok_or_else(no_time));
    environment.add_filter("day", move |at: i64| days.day(at).ok_or_else(no_time));
    environment.add_filter("time", move |at: i64| minutes.time(at).ok_or_else(no_time));
}

/// Ends of lines and spaces that came or went have to be seen.
fn visible(text: String) -> String {
    if text.trim().is_empty() {
        text.replace('\n', "¶\n").replace([' ', '\t'], "␣")
    } else {
        text
    }
}

/// As the default, but a slash stays a slash: no attribute of ours is without quotes, and addresses stay legible.
fn write_value(
    out: &mut Output<'_>,
    state: &mut State<'_, '_>,
    value: &Value,
) -> Result<(), Error> {
    let text = value
        .as_str()
        .filter(|_| !value.is_safe() && matches!(state.auto_escape(), AutoEscape::Html));
    let Some(mut rest) = text else {
        return escape_formatter(out, state, value);
    };
    while let Some(at) = rest.find(['&', '<', '>', '"', '\'']) {
        let (plain, special) = rest.split_at(at);
        out.write_str(plain)?;
        out.write_str(match special.as_bytes()[0] {
            b'&' => "&amp;",
            b'<' => "&lt;",
            b'>' => "&gt;",
            b'"' => "&quot;",
            _ => "&#39;",
        })?;
        rest = &special[1..];
    }
    Ok(out.write_str(rest)?)
}

/// As machines read it.
pub(crate) fn iso(at: i64) -> Result<String, Error> {
    moment(at)?
        .format(&Rfc3339)
        .map_err(|error| no_time().with_source(error))
}

/// Views carry times as unix milliseconds, as the database does.
fn moment(at: i64) -> Result<OffsetDateTime, Error> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(at) * 1_000_000)
        .map_err(|error| no_time().with_source(error))
}

fn no_time() -> Error {
    Error::new(ErrorKind::InvalidOperation, "this is no time")
}

#[cfg(test)]
mod tests;
