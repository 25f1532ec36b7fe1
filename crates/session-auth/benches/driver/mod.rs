//! What a request through the layers costs inside the process, asked the same way of this crate and of its peers.
//!
//! Invariant: every site has the same routes, answers and runtime; only the layers and the storage differ. `benches/peers`
//! includes this very file.

use std::fmt;

use axum::{
    Router,
    body::Body,
    http::{Request, StatusCode, header},
};
use divan::Bencher;
use tokio::runtime::Runtime;
use tower::Service;

/// One kind of request.
#[derive(Clone, Copy)]
pub(crate) struct Case {
    name: &'static str,
    path: &'static str,
    has_cookie: bool,
}

pub(crate) const NO_COOKIE: Case = case("no_cookie", "/plain", false);
pub(crate) const UNTOUCHED: Case = case("untouched", "/plain", true);
pub(crate) const READ: Case = case("read", "/read", true);
pub(crate) const WRITE: Case = case("write", "/write", true);
pub(crate) const LOGGED_IN: Case = case("logged_in", "/user", true);

const fn case(name: &'static str, path: &'static str, has_cookie: bool) -> Case {
    Case {
        name,
        path,
        has_cookie,
    }
}

impl fmt::Display for Case {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name)
    }
}

/// A site with one visitor, who is logged in and has a number in the session.
pub(crate) struct Site {
    runtime: Runtime,
    router: Router,
    cookies: String,
}

impl Site {
    /// The router has `/enter`, which logs in, beside the paths of the cases.
    pub(crate) fn new(router: impl Future<Output = Router>) -> Self {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime");
        let router = runtime.block_on(router);
        let mut site = Self {
            runtime,
            router,
            cookies: String::new(),
        };
        for path in ["/enter", "/write"] {
            site.visit(path);
        }
        site
    }

    /// Keeps the cookies of the answer, as a browser does.
    fn visit(&mut self, path: &'static str) {
        let request = request(case(path, path, true), &self.cookies);
        let answer = self.runtime.block_on(self.router.call(request));
        let Ok(answer) = answer;
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
        let set = answer.headers().get_all(header::SET_COOKIE).iter();
        let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        let pairs: Vec<_> = pairs.collect();
        if !pairs.is_empty() {
            self.cookies = pairs.join("; ");
        }
    }

    fn answer(&mut self, request: Request<Body>) {
        let answer = self.runtime.block_on(self.router.call(request));
        let Ok(answer) = answer;
        assert_eq!(answer.status(), StatusCode::OK);
        divan::black_box_drop(answer);
    }

    /// Times one kind of request, and counts what it allocates.
    pub(crate) fn bench(mut self, bencher: Bencher<'_, '_>, case: Case) {
        let cookies = self.cookies.clone();
        bencher
            .with_inputs(|| request(case, &cookies))
            .bench_local_values(|request| self.answer(request));
    }
}

fn request(case: Case, cookies: &str) -> Request<Body> {
    let mut request = Request::get(case.path).header(header::HOST, "localhost");
    if case.has_cookie {
        request = request.header(header::COOKIE, cookies);
    }
    request.body(Body::empty()).expect("a request")
}

/// The Redis that `cargo xtask bench` starts, or that one started by hand (`cargo xtask services start`).
pub(crate) fn redis_address() -> Option<String> {
    std::env::var("GATEPOST_TEST_REDIS").ok()
}

/// Runs divan, or, when `GATEPOST_COUNT` says `<site>/<case>/<times>`, only that: for a tool that counts instructions.
pub(crate) fn main(open: impl FnOnce(&str) -> Site) {
    let Ok(what) = std::env::var("GATEPOST_COUNT") else {
        return divan::main();
    };
    let mut words = what.split('/');
    let mut word = || words.next().expect("<site>/<case>/<times>");
    let (site, name, times) = (word(), word(), word());
    let all = [NO_COOKIE, UNTOUCHED, READ, WRITE, LOGGED_IN];
    let case = all.into_iter().find(|case| case.name == name);
    let case = case.unwrap_or_else(|| panic!("there is no case {name}"));
    let mut site = open(site);
    for _ in 0..times.parse().expect("a number") {
        let request = request(case, &site.cookies);
        site.answer(request);
    }
}
