//! Reading `Accept`: does this client want JSON or a page?
//!
//! Invariant: a browser always gets a page, and so does whoever says nothing.

/// Whether an `Accept` header gives JSON a greater weight than a page.
pub(super) fn prefers_json(accept: &str) -> bool {
    let weight = |wanted: &[&str]| {
        let ranges = accept.split(',').filter_map(|range| {
            let mut parts = range.split(';').map(str::trim);
            let kind = parts
                .next()
                .filter(|kind| wanted.iter().any(|one| kind.eq_ignore_ascii_case(one)))?;
            let quality = parts
                .find_map(|part| part.strip_prefix("q="))
                .map_or(Some(1.0), |q| q.parse::<f32>().ok());
            Some((kind, quality.unwrap_or(0.0)))
        });
        ranges.map(|(_, quality)| quality).fold(0.0, f32::max)
    };
    weight(&["application/json", "application/problem+json"])
        > weight(&["text/html", "application/xhtml+xml"])
}

#[cfg(test)]
mod tests {
    use super::prefers_json;

    #[test]
    fn only_a_client_that_asks_for_json_before_a_page_gets_it() {
        for accept in [
            "application/json",
            "application/problem+json, */*;q=0.1",
            "text/html;q=0.5, application/json",
        ] {
            assert!(prefers_json(accept), "{accept}");
        }
        for accept in [
            "",
            "*/*",
            "text/html",
            "text/html, application/json;q=0.9",
            "application/json;q=0",
        ] {
            assert!(!prefers_json(accept), "{accept}");
        }
    }
}
