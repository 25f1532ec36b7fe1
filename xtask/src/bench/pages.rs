//! P1 and P2: one post page for a visitor and for somebody logged in against the same bytes from memory.

use std::path::Path;

use anyhow::{Context, Result, bail};

use super::comparison::{Comparison, Effort};
use super::load::Request;
use super::server::Server;
use super::{Programs, site};
use crate::command::program;
use crate::http::{Answer, get};

pub(super) struct Pages {
    pub(super) comparisons: Vec<Comparison>,
    /// Bytes of a visitor's post page on the wire, headers included.
    pub(super) wire: usize,
}

/// What a browser says about itself, as far as it changes an answer.
const BROWSER: [(&str, &str); 2] = [
    ("Accept", "text/html"),
    ("Accept-Encoding", "gzip, deflate, br"),
];

pub(super) fn measure(programs: &Programs, scratch: &Path, effort: Effort) -> Result<Pages> {
    let data = scratch.join("site");
    site::create(programs, &data)?;
    let server = Server::start(&programs.serve(&data))?;
    let (cookie, path) = site::fill(server.address)?;

    let visitor = get(server.address, &path, &BROWSER)?;
    expect(&visitor, 200)?;
    let tag = visitor
        .header("etag")
        .context("the post page has no ETag")?
        .to_owned();
    let mut page = Page {
        programs,
        scratch,
        server: &server,
        path: &path,
        effort,
    };
    let comparisons = vec![
        page.compare("P1: post page, visitor", 0.85, 200, &[])?,
        page.compare("P1: the 304 of it", 0.90, 304, &[("If-None-Match", &tag)])?,
        page.compare(
            "P2: post page, logged in",
            0.70,
            200,
            &[("Cookie", &cookie)],
        )?,
    ];
    Ok(Pages {
        comparisons,
        wire: visitor.wire,
    })
}

struct Page<'a> {
    programs: &'a Programs,
    scratch: &'a Path,
    server: &'a Server,
    path: &'a str,
    effort: Effort,
}

impl Page<'_> {
    /// Records the answer to a request, has `benches/bare` give it, and measures both.
    fn compare(
        &mut self,
        name: &'static str,
        target: f64,
        status: u16,
        more: &[(&str, &str)],
    ) -> Result<Comparison> {
        let headers = [&BROWSER[..], more].concat();
        let answer = get(self.server.address, self.path, &headers)?;
        expect(&answer, status)?;
        let file = self.scratch.join("recorded");
        std::fs::write(&file, answer.recorded())?;
        let mut command = program(&self.programs.bare);
        let bare = Server::start(
            command
                .args(["--path", self.path])
                .arg("--answer")
                .arg(&file),
        )?;
        let repeated = get(bare.address, self.path, &headers)?;
        if repeated.body != answer.body || repeated.status != answer.status {
            bail!("benches/bare does not give the bytes that it was given");
        }
        let [a, b] =
            [self.server, &bare].map(|server| (server, request(server, self.path, &headers)));
        Comparison::run(name, target, &a, &b, self.effort)
    }
}

pub(super) fn request(server: &Server, path: &str, headers: &[(&str, &str)]) -> Request {
    Request {
        url: format!("http://{}{path}", server.address),
        headers: headers
            .iter()
            .map(|(name, value)| ((*name).into(), (*value).into()))
            .collect(),
    }
}

pub(super) fn expect(answer: &Answer, status: u16) -> Result<()> {
    if answer.status != status {
        bail!(
            "{status} was expected and {} answered:\n{}",
            answer.status,
            String::from_utf8_lossy(&answer.body)
        );
    }
    Ok(())
}
