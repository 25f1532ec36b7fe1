//! The templates, compiled into the binary or read from disk by `--dev`.
//!
//! Invariant: a template that asks for a value nobody gave is an error, never an empty space.

use std::sync::Arc;

use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior};
use serde::Serialize;

use crate::assets::Assets;

#[derive(rust_embed::Embed)]
#[folder = "templates/"]
struct Files;

/// All templates.
pub(crate) struct Templates(Environment<'static>);

impl Templates {
    pub(crate) fn load(dev: bool, assets: Arc<Assets>) -> Result<Self, minijinja::Error> {
        let mut environment = Environment::new();
        environment.set_undefined_behavior(UndefinedBehavior::Strict);
        environment.set_auto_escape_callback(|_| AutoEscape::Html);
        environment.add_function("asset", move |name: String| assets.url(&name));
        if dev {
            environment.set_loader(minijinja::path_loader("templates"));
        } else {
            for name in Files::iter().filter(|name| name.ends_with(".html")) {
                let file = Files::get(&name).expect("listed files are there");
                let text = String::from_utf8_lossy(&file.data).into_owned();
                environment.add_template_owned(name.into_owned(), text)?;
            }
        }
        Ok(Self(environment))
    }

    pub(crate) fn render(
        &self,
        name: &str,
        view: impl Serialize,
    ) -> Result<String, minijinja::Error> {
        self.0.get_template(name)?.render(Serde(view))
    }
}
