//! The style sheet (squeezed), script and icons, under addresses that contain their hash.
//!
//! Invariant: an address with the right hash is immutable for a year; any other hash answers the present file, which the
//! browser must ask about again, so that a page from before an upgrade is not left without its styles.

mod squeeze;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use http::HeaderValue;

use crate::edition::{ASK_FIRST, Edition, FOR_EVER};
use crate::error::Error;
use crate::page::Page;
use crate::state::App;

#[derive(rust_embed::Embed)]
#[folder = "static/"]
struct Files;

/// All assets, or the directory that `--dev` reads them from.
pub(crate) enum Assets {
    Embedded(BTreeMap<String, Asset>),
    OnDisk(PathBuf),
}

/// One file.
#[derive(Debug, Clone)]
pub(crate) struct Asset {
    url: String,
    hash: String,
    edition: Arc<Edition>,
}

impl Assets {
    pub(crate) fn embedded() -> Self {
        let asset = |name: Cow<'static, str>| {
            let data = match Files::get(&name).expect("listed files are there").data {
                Cow::Borrowed(data) => Bytes::from_static(data),
                Cow::Owned(data) => Bytes::from(data),
            };
            (name.to_string(), Asset::new(&name, data))
        };
        Self::Embedded(
            Files::iter()
                .filter(|name| !name.starts_with('.'))
                .map(asset)
                .collect(),
        )
    }

    pub(crate) fn on_disk(directory: &Path) -> Self {
        Self::OnDisk(directory.to_owned())
    }

    /// The address of an asset, for templates; a name nobody knows is a fault of the template.
    pub(crate) fn url(&self, name: &str) -> Result<String, minijinja::Error> {
        self.get(name)
            .map(|asset| asset.url.clone())
            .ok_or_else(|| {
                minijinja::Error::new(
                    minijinja::ErrorKind::InvalidOperation,
                    format!("no asset is called {name}"),
                )
            })
    }

    fn get(&self, name: &str) -> Option<Cow<'_, Asset>> {
        match self {
            Self::Embedded(assets) => assets.get(name).map(Cow::Borrowed),
            Self::OnDisk(directory) => {
                let harmless = name
                    .split('/')
                    .all(|part| !part.is_empty() && !part.starts_with('.'));
                let data = std::fs::read(directory.join(name))
                    .ok()
                    .filter(|_| harmless)?;
                Some(Cow::Owned(Asset::new(name, data.into())))
            }
        }
    }
}

impl Asset {
    fn new(name: &str, written: Bytes) -> Self {
        let plain = match std::str::from_utf8(&written) {
            Ok(sheet) if name.ends_with(".css") => squeeze::squeeze(sheet).into(),
            _ => written,
        };
        let hash = blake3::hash(&plain).to_hex()[..12].to_owned();
        let (stem, extension) = name.rsplit_once('.').unwrap_or((name, "bin"));
        let url = format!("/static/{stem}-{hash}.{extension}");
        let kind = match extension {
            "css" => "text/css; charset=utf-8",
            "js" => "text/javascript; charset=utf-8",
            "svg" => "image/svg+xml",
            "png" => "image/png",
            "ico" => "image/x-icon",
            "webmanifest" => "application/manifest+json",
            "txt" => "text/plain; charset=utf-8",
            _ => "application/octet-stream",
        };
        let kind = HeaderValue::from_static(kind);
        Self {
            url,
            hash,
            edition: Arc::new(Edition::new(kind, plain)),
        }
    }

    fn respond(&self, page: &Page, immutable: bool) -> Response {
        let cache = if immutable { FOR_EVER } else { ASK_FIRST };
        let (edition, packed) = (&self.edition, &page.app().look.packed);
        let modified = page.modified(edition.tag());
        edition.answer_since(page.headers(), cache, packed, Some(&modified))
    }
}

/// `GET /static/{file}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    extract::Path(file): extract::Path<String>,
) -> Result<Response, Error> {
    let (name, hash) = without_hash(&file).ok_or(Error::NotFound)?;
    let asset = app.look.assets.get(&name).ok_or(Error::NotFound)?;
    Ok(asset.respond(&page, asset.hash == hash))
}

/// `GET /favicon.ico`
pub(crate) async fn favicon(State(app): State<Arc<App>>, page: Page) -> Result<Response, Error> {
    Ok(app
        .look
        .assets
        .get("favicon.ico")
        .ok_or(Error::NotFound)?
        .respond(&page, false))
}

fn without_hash(file: &str) -> Option<(String, &str)> {
    let (stem, extension) = file.rsplit_once('.')?;
    let (stem, hash) = stem.rsplit_once('-')?;
    Some((format!("{stem}.{extension}"), hash))
}
