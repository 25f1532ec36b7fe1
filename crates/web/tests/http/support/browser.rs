//! A browser without a window: it keeps cookies, says where a form comes from, and follows nothing by itself.

use std::collections::BTreeMap;

use axum::body::Body;
use http::{HeaderName, HeaderValue, Method, Request, Response, header};
use tower::ServiceExt as _;

use super::answer::Answer;
use super::form::Multipart;
use super::site::{Service, Site};

/// Clones share nothing: each goes on with the cookies it has now.
#[derive(Clone)]
pub(crate) struct Browser {
    service: Service,
    cookies: BTreeMap<String, String>,
    /// Where it thinks the site is; `blog.test` unless told.
    host: Option<&'static str>,
}

impl Browser {
    pub(crate) fn of(site: &Site) -> Self {
        Self {
            service: site.service(),
            cookies: BTreeMap::new(),
            host: None,
        }
    }

    /// The same browser, with another host in its address bar.
    pub(crate) fn at(mut self, host: &'static str) -> Self {
        self.host = Some(host);
        self
    }

    pub(crate) async fn get(&mut self, path: &str) -> Answer {
        self.send(request(Method::GET, path), Body::empty()).await
    }

    pub(crate) async fn head(&mut self, path: &str) -> Answer {
        self.send(request(Method::HEAD, path), Body::empty()).await
    }

    pub(crate) async fn get_with(&mut self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.send(with(request(Method::GET, path), headers), Body::empty())
            .await
    }

    pub(crate) async fn post(&mut self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.post_with(path, fields, &[]).await
    }

    /// Posts a form as this site's own page would; `headers` replace or add.
    pub(crate) async fn post_with(
        &mut self,
        path: &str,
        fields: &[(&str, &str)],
        headers: &[(&str, &str)],
    ) -> Answer {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs(fields)
            .finish();
        let request =
            from_own_page(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        self.send(with(request, headers), Body::from(body)).await
    }

    pub(crate) async fn post_multipart(&mut self, path: &str, form: Multipart) -> Answer {
        let request = from_own_page(path).header(header::CONTENT_TYPE, Multipart::content_type());
        self.send(request, Body::from(form.into_body())).await
    }

    /// Posts any body.
    pub(crate) async fn post_raw(
        &mut self,
        path: &str,
        kind: &str,
        body: impl Into<Body>,
    ) -> Answer {
        self.send(
            from_own_page(path).header(header::CONTENT_TYPE, kind),
            body.into(),
        )
        .await
    }

    pub(crate) async fn send(&mut self, request: http::request::Builder, body: Body) -> Answer {
        let mut request = request.body(body).expect("a well-formed request");
        if let Some(host) = self.host {
            let headers = request.headers_mut();
            headers.insert(header::HOST, HeaderValue::from_static(host));
            if let Some(origin) = headers.get_mut(header::ORIGIN) {
                *origin = format!("http://{host}").parse().expect("an origin");
            }
        }
        if !self.cookies.is_empty() && !request.headers().contains_key(header::COOKIE) {
            let all: Vec<_> = self
                .cookies
                .iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect();
            request.headers_mut().insert(
                header::COOKIE,
                all.join("; ").parse().expect("a cookie header"),
            );
        }
        let Ok(response) = self.service.clone().oneshot(request).await;
        self.keep_cookies(&response);
        Answer::of(response).await
    }

    /// Logs in with the password that every account of the tests has.
    pub(crate) async fn log_in(mut self, name: &str) -> Self {
        let fields = [("login", name), ("password", Site::PASSWORD)];
        self.post("/login", &fields).await.expect_redirect("/");
        self
    }

    pub(crate) fn has_cookies(&self) -> bool {
        !self.cookies.is_empty()
    }

    fn keep_cookies(&mut self, response: &Response<Body>) {
        for line in response.headers().get_all(header::SET_COOKIE) {
            let line = line.to_str().expect("a cookie is ASCII");
            let (pair, attributes) = line.split_once(';').unwrap_or((line, ""));
            let (name, value) = pair.split_once('=').expect("a cookie has a name");
            if attributes.to_ascii_lowercase().contains("max-age=0") {
                self.cookies.remove(name);
            } else {
                self.cookies.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

pub(crate) fn request(method: Method, path: &str) -> http::request::Builder {
    Request::builder()
        .method(method)
        .uri(path)
        .header(header::HOST, "blog.test")
}

fn from_own_page(path: &str) -> http::request::Builder {
    request(Method::POST, path)
        .header("sec-fetch-site", "same-origin")
        .header(header::ORIGIN, "http://blog.test")
}

fn with(mut request: http::request::Builder, headers: &[(&str, &str)]) -> http::request::Builder {
    let kept = request.headers_mut().expect("a well-formed request");
    for (name, value) in headers {
        let name: HeaderName = name.parse().expect("a header name");
        match *value {
            "" => drop(kept.remove(&name)),
            value => drop(kept.insert(name, value.parse().expect("a header value"))),
        }
    }
    request
}
