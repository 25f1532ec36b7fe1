//! What may be linked in: the licences, bans and sources of `deny.toml`, and two rules that cargo-deny cannot say: one
//! TLS provider, one SQLite.

use serde_json::Value;

use super::{Finding, licence};
use crate::metadata::{Metadata, Package};

/// Judges the whole dependency graph by the policy, the parsed `deny.toml`.
pub(super) fn check(metadata: &Metadata, policy: &toml::Table) -> Vec<Finding> {
    let policy = serde_json::to_value(policy).unwrap_or_default();
    let mut findings = Vec::new();
    for package in metadata
        .packages
        .iter()
        .filter(|package| package.source.is_some())
    {
        findings.extend(licensed(package, &policy));
        findings.extend(from_a_registry(package));
        findings.extend(banned(package, metadata, &policy));
    }
    findings.extend(one_tls_provider(metadata));
    findings.extend(one_sqlite(metadata));
    findings
}

fn licensed(package: &Package, policy: &Value) -> Option<Finding> {
    let allowed: Vec<String> = strings(&policy["licenses"]["allow"]);
    let what = match package
        .license
        .as_deref()
        .map(|expression| licence::is_acceptable(expression, &allowed))
    {
        None => "names no licence".into(),
        Some(Ok(true)) => return None,
        Some(Ok(false)) => format!(
            "licence {} is not on deny.toml's list",
            package.license.as_deref().unwrap_or("?")
        ),
        Some(Err(error)) => error.to_string(),
    };
    Some(Finding::new(place(package), what))
}

fn from_a_registry(package: &Package) -> Option<Finding> {
    let source = package.source.as_deref()?;
    let good = source.starts_with("registry+") || source.starts_with("sparse+");
    (!good).then(|| {
        Finding::new(
            place(package),
            format!("comes from {source}; take a released version"),
        )
    })
}

fn banned(package: &Package, metadata: &Metadata, policy: &Value) -> Option<Finding> {
    let rules = policy["bans"]["deny"].as_array()?;
    let rule = rules
        .iter()
        .find(|rule| rule["crate"] == package.name.as_str())?;
    let wrappers = strings(&rule["wrappers"]);
    let importers = metadata
        .importers(package)
        .filter(|importer| !wrappers.contains(&importer.name));
    let importers: Vec<&str> = importers.map(|importer| importer.name.as_str()).collect();
    let reason = rule["reason"].as_str().unwrap_or("deny.toml");
    (!importers.is_empty()).then(|| {
        Finding::new(
            place(package),
            format!("banned, and brought by {}: {reason}", importers.join(", ")),
        )
    })
}

/// With two providers compiled in, rustls cannot choose, and the first connection panics.
fn one_tls_provider(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    let versions: Vec<_> = metadata.resolved("rustls").collect();
    for (package, features) in &versions {
        if features.iter().any(|feature| feature == "ring") {
            findings.push(Finding::new(
                place(package),
                "feature `ring` is on; the one TLS provider is aws-lc-rs",
            ));
        }
    }
    if versions.len() > 1 {
        findings.push(Finding::new(
            "rustls",
            "two versions: each has its own process-wide provider",
        ));
    }
    findings
}

/// Two SQLites in one process do not see each other's locks, and closing a file in one drops the locks of the other.
fn one_sqlite(metadata: &Metadata) -> Option<Finding> {
    let versions: Vec<&str> = metadata
        .resolved("libsqlite3-sys")
        .map(|(package, _)| package.version.as_str())
        .collect();
    (versions.len() > 1).then(|| {
        Finding::new(
            "libsqlite3-sys",
            format!("more than one version: {}", versions.join(", ")),
        )
    })
}

fn place(package: &Package) -> String {
    format!("{} {}", package.name, package.version)
}

fn strings(value: &Value) -> Vec<String> {
    value
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(Value::as_str)
        .map(String::from)
        .collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn policy() -> toml::Table {
        "[licenses]\nallow = ['MIT']\n[bans]\ndeny = [{ crate = 'openssl', reason = 'rustls', wrappers = ['curl'] }]"
            .parse()
            .expect("a policy")
    }

    fn package(name: &str, version: &str, change: Value) -> Value {
        let mut package = json!({ "id": format!("{name} {version}"), "name": name, "version": version, "license": "MIT",
                                  "source": "registry+https://registry.test/index", "dependencies": [] });
        for (key, value) in change.as_object().into_iter().flatten() {
            package[key] = value.clone();
        }
        package
    }

    fn judge(packages: &[Value], nodes: Value) -> Vec<String> {
        let metadata =
            json!({ "packages": packages, "workspace_members": [], "resolve": { "nodes": nodes } });
        let metadata = serde_json::from_value(metadata).expect("metadata as cargo prints it");
        check(&metadata, &policy())
            .into_iter()
            .map(|finding| finding.place)
            .collect()
    }

    #[test]
    fn a_released_crate_under_a_listed_licence_passes() {
        assert_eq!(
            judge(&[package("good", "1.0.0", json!({}))], json!([])),
            [""; 0]
        );
    }

    #[test]
    fn an_unlisted_or_missing_licence_is_found() {
        let packages = [
            package("viral", "1.0.0", json!({ "license": "GPL-3.0" })),
            package("silent", "1.0.0", json!({ "license": null })),
        ];
        assert_eq!(judge(&packages, json!([])), ["viral 1.0.0", "silent 1.0.0"]);
    }

    #[test]
    fn a_git_checkout_is_no_release() {
        let packages = [package(
            "fork",
            "1.0.0",
            json!({ "source": "git+https://example.org/fork" }),
        )];
        assert_eq!(judge(&packages, json!([])), ["fork 1.0.0"]);
    }

    #[test]
    fn a_banned_crate_is_found_unless_only_its_wrapper_brings_it() {
        let packages = ["openssl", "curl", "web"].map(|name| package(name, "1.0.0", json!({})));
        let brought_by = |importers: &[&str]| {
            let nodes: Vec<_> = importers
                .iter()
                .map(|importer| json!({ "id": importer, "features": [], "dependencies": ["openssl 1.0.0"] }))
                .collect();
            judge(&packages, json!(nodes))
        };
        assert_eq!(brought_by(&["curl 1.0.0"]), [""; 0]);
        assert_eq!(brought_by(&["curl 1.0.0", "web 1.0.0"]), ["openssl 1.0.0"]);
    }

    #[test]
    fn a_second_tls_provider_is_found() {
        let rustls = [package("rustls", "0.23.0", json!({}))];
        let with = |features: Value| {
            judge(
                &rustls,
                json!([{ "id": "rustls 0.23.0", "features": features }]),
            )
        };
        assert_eq!(with(json!(["aws_lc_rs", "std"])), [""; 0]);
        assert_eq!(with(json!(["aws_lc_rs", "ring"])), ["rustls 0.23.0"]);
    }

    #[test]
    fn a_second_sqlite_is_found() {
        let first = package("libsqlite3-sys", "0.37.0", json!({}));
        let second = package("libsqlite3-sys", "0.30.1", json!({}));
        assert_eq!(judge(std::slice::from_ref(&first), json!([])), [""; 0]);
        assert_eq!(judge(&[first, second], json!([])), ["libsqlite3-sys"]);
    }
}
