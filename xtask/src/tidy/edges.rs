//! Who may import whom, among our own packages. The table is the one of the design; an edge that is not in it is a
//! finding, also when it is only for tests or only behind a feature.

use super::Finding;
use crate::metadata::Metadata;

const ALLOWED: &[(&str, &[&str])] = &[
    (
        "gatepost",
        &[
            "gatepost-domain",
            "gatepost-storage",
            "gatepost-session-auth",
        ],
    ),
    ("gatepost-storage", &["gatepost-domain"]),
    ("gatepost-session-auth", &[]),
    ("gatepost-domain", &[]),
    ("gatepost-bare", &[]),
    ("gatepost-guard", &["gatepost-session-auth"]),
    ("xtask", &[]),
];

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata.members() {
        let Some((_, allowed)) = ALLOWED.iter().find(|(name, _)| *name == package.name) else {
            findings.push(Finding::new(
                &package.name,
                "a new package: say in tidy's table whom it may import",
            ));
            continue;
        };
        for dependency in &package.dependencies {
            let ours = metadata.member(&dependency.name).is_some();
            if ours && !allowed.contains(&dependency.name.as_str()) {
                findings.push(Finding::new(
                    &package.name,
                    format!("must not depend on {}", dependency.name),
                ));
            }
        }
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;

    fn workspace(packages: &[(&str, &[&str])]) -> Metadata {
        let packages: Vec<_> = packages
            .iter()
            .map(|(name, dependencies)| {
                let dependencies: Vec<_> =
                    dependencies.iter().map(|name| serde_json::json!({ "name": name, "kind": "dev" })).collect();
                serde_json::json!({ "id": name, "name": name, "version": "0.1.0", "dependencies": dependencies })
            })
            .collect();
        let members: Vec<_> = packages
            .iter()
            .map(|package| package["id"].clone())
            .collect();
        let json = serde_json::json!({ "packages": packages, "workspace_members": members, "resolve": { "nodes": [] } });
        serde_json::from_value(json).expect("metadata as cargo prints it")
    }

    fn broken(packages: &[(&str, &[&str])]) -> Vec<String> {
        check(&workspace(packages))
            .into_iter()
            .map(|finding| format!("{}: {}", finding.place, finding.what))
            .collect()
    }

    #[test]
    fn the_edges_of_the_design_are_allowed() {
        let house: &[(&str, &[&str])] = &[
            ("gatepost-domain", &["serde"]),
            ("gatepost-storage", &["gatepost-domain", "sqlx"]),
            ("gatepost-session-auth", &["axum"]),
            (
                "gatepost",
                &[
                    "gatepost-storage",
                    "gatepost-session-auth",
                    "gatepost-domain",
                ],
            ),
        ];
        assert_eq!(broken(house), [""; 0]);
    }

    #[test]
    fn the_library_may_not_know_the_blog_and_the_domain_may_know_nobody() {
        let house: &[(&str, &[&str])] = &[
            ("gatepost-domain", &["gatepost-storage"]),
            ("gatepost-storage", &[]),
            ("gatepost-session-auth", &["gatepost-domain"]),
        ];
        assert_eq!(
            broken(house),
            [
                "gatepost-domain: must not depend on gatepost-storage",
                "gatepost-session-auth: must not depend on gatepost-domain",
            ]
        );
    }

    #[test]
    fn a_package_without_a_row_in_the_table_is_refused() {
        assert_eq!(broken(&[("gatepost-extra", &[])]).len(), 1);
    }
}
