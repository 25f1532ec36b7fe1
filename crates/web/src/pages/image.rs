//! Bytes of pictures. A file's name is its content's hash, so it may be kept for a year and never asked for again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use bytes::Bytes;
use gatepost_domain::picture::ImageFile;
use http::{HeaderValue, StatusCode, header};

use super::posts::{Sighted, sight};
use crate::edition::{ASK_FIRST, FOR_EVER, Tag, is_known};
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// The widest that a post's image is as a thumbnail.
const THUMBNAIL: u32 = 640;

/// `GET /images/{file}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(file): Segment,
) -> Result<Response, Error> {
    let file: ImageFile = file.parse().map_err(|_| Error::NotFound)?;
    serve(&app, &page, &file, FOR_EVER).await
}

/// `GET /{post}/image`: a thumbnail in the right shape, under an address that outlives the picture.
pub(crate) async fn of_post(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
) -> Result<Response, Error> {
    let post = match sight(&app, &page.viewer().await?, &segment).await? {
        Sighted::Here(post) => post,
        Sighted::Moved(slug) => {
            return Ok(paths::moved(&paths::image(&slug)));
        }
    };
    let picture = post.picture().ok_or(Error::NotFound)?;
    let variant = picture.at_most(THUMBNAIL).ok_or(Error::NotFound)?;
    // The post may get another picture at any time.
    serve(&app, &page, &picture.file(variant), ASK_FIRST).await
}

/// A file is read only for who does not have it; what is not there, nobody has.
async fn serve(
    app: &App,
    page: &Page,
    file: &ImageFile,
    cache: HeaderValue,
) -> Result<Response, Error> {
    let tag = Tag::named(&file.to_string());
    let mut response = Response::new(Body::empty());
    let headers = response.headers_mut();
    headers.insert(header::ETAG, tag.value());
    headers.insert(header::CACHE_CONTROL, cache);
    let held = is_known(page.headers(), &tag, None) && app.images.has(file).await?;
    let bytes = match held {
        true => Bytes::new(),
        false => app.images.get(file).await?.ok_or(Error::NotFound)?,
    };
    // Only of what is there.
    let modified = page.modified(&tag);
    headers.insert(header::LAST_MODIFIED, modified.value());
    if held || is_known(page.headers(), &tag, Some(&modified)) {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        return Ok(response);
    }
    let kind = HeaderValue::from_static(file.format.content_type());
    headers.insert(header::CONTENT_TYPE, kind);
    *response.body_mut() = Body::from(bytes);
    Ok(response)
}
