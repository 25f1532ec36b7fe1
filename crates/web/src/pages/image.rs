//! Bytes of pictures. A file's name is its content's hash, so it may be kept for a year and never asked for again.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::Response;
use gatepost_domain::picture::ImageFile;
use http::{HeaderMap, HeaderValue, StatusCode, header};

use super::posts::{Sighted, sight};
use crate::error::Error;
use crate::page::Page;
use crate::paths::{self, Segment};
use crate::state::App;

/// The widest that a post's image is as a thumbnail.
const THUMBNAIL: u32 = 640;

/// `GET /images/{file}`
pub(crate) async fn show(
    State(app): State<Arc<App>>,
    Segment(file): Segment,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let file: ImageFile = file.parse().map_err(|_| Error::NotFound)?;
    let mut response = serve(&app, &file, &headers).await?;
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, forever);
    Ok(response)
}

/// `GET /{post}/image`: a thumbnail in the right shape, under an address that outlives the picture.
pub(crate) async fn of_post(
    State(app): State<Arc<App>>,
    page: Page,
    Segment(segment): Segment,
    headers: HeaderMap,
) -> Result<Response, Error> {
    let post = match sight(&app, &page.viewer().await?, &segment).await? {
        Sighted::Here(post) => post,
        Sighted::Moved(slug) => {
            return Ok(paths::moved(&paths::image(&slug)));
        }
    };
    let picture = post.picture().ok_or(Error::NotFound)?;
    let variant = picture.at_most(THUMBNAIL).ok_or(Error::NotFound)?;
    let mut response = serve(&app, &picture.file(variant), &headers).await?;
    // The post may get another picture at any time.
    response
        .headers_mut()
        .insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    Ok(response)
}

async fn serve(app: &App, file: &ImageFile, headers: &HeaderMap) -> Result<Response, Error> {
    let tag = format!("\"{file}\"");
    let mut response = Response::new(Body::empty());
    let known = headers.get_all(header::IF_NONE_MATCH).iter().any(|known| {
        known.to_str().is_ok_and(|known| {
            known
                .split(',')
                .any(|one| one.trim().trim_start_matches("W/") == tag)
        })
    });
    if known {
        *response.status_mut() = StatusCode::NOT_MODIFIED;
    } else {
        *response.body_mut() = Body::from(app.images.get(file).await?.ok_or(Error::NotFound)?);
        let kind = HeaderValue::from_static(file.format.content_type());
        response.headers_mut().insert(header::CONTENT_TYPE, kind);
    }
    if let Ok(tag) = HeaderValue::from_str(&tag) {
        response.headers_mut().insert(header::ETAG, tag);
    }
    Ok(response)
}
