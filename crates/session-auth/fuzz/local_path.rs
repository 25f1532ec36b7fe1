//! The address to go to after a login: whatever is taken stays on this site when a browser reads it.

use super::{LocalPath, is_local};
use crate::inputs::fuzz;

#[test]
fn any_address_leads_to_this_site_or_nowhere() {
    fuzz("local_path", local_path);
}

fn local_path(input: &[u8]) {
    let address = String::from_utf8_lossy(input);
    let target = LocalPath::login_target(Some(&address));
    assert!(!["/login", "/logout"].iter().any(|page| target.is_at(page)));
    let Some(path) = LocalPath::parse(&address) else {
        return;
    };
    let written = path.as_str();
    assert!(is_local(written) && written.is_ascii(), "{written:?}");
    assert!(http::HeaderValue::from_str(written).is_ok());
    // What was taken is taken again as it stands, and leads to the same page through the query of a login page.
    assert_eq!(LocalPath::parse(written).as_ref(), Some(&path));
    let behind = path.behind("/login");
    let (_, query) = behind.split_once('?').expect("a query");
    let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
    assert_eq!(pairs, [("next".into(), written.into())]);
    // As browsers resolve it: they all follow the standard that this parser is written to.
    let base = url::Url::parse("https://site.example/login").expect("an address");
    let resolved = base.join(written).expect("a local path is an address");
    assert_eq!(resolved.host_str(), Some("site.example"), "{written:?}");
    assert_eq!(resolved.scheme(), "https");
}
