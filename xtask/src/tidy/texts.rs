//! Whoever downloads one of our packages gets the licences with it: cargo packs what lies in a package's directory, and
//! follows symbolic links to files.

use super::Finding;
use crate::metadata::Metadata;

const TEXTS: [&str; 2] = ["LICENSE-APACHE", "LICENSE-MIT"];

pub(super) fn check(metadata: &Metadata) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata.members().filter(|member| member.is_published()) {
        let missing = TEXTS.into_iter().filter(|text| {
            let file = package.directory().join(text);
            !file.is_file()
        });
        findings.extend(missing.map(|text| {
            let what = format!("would be published without {text}; link to the one at the root");
            Finding::new(&package.name, what)
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use std::fs::write;
    use std::os::unix::fs::symlink;

    use anyhow::Result;
    use serde_json::json;

    use super::check;

    #[test]
    fn a_published_package_has_the_licences_and_a_link_that_leads_nowhere_is_none() -> Result<()> {
        let directory = tempfile::tempdir()?;
        let missing = |publish: serde_json::Value| -> Result<usize> {
            let package = json!({ "id": "door 1", "name": "door", "version": "1.0.0", "dependencies": [],
                "manifest_path": directory.path().join("Cargo.toml"), "publish": publish });
            let metadata = json!({ "packages": [package], "workspace_members": ["door 1"],
                "resolve": { "nodes": [] } });
            Ok(check(&serde_json::from_value(metadata)?).len())
        };
        assert_eq!(missing(json!(null))?, 2);
        assert_eq!(missing(json!([]))?, 0, "nobody downloads this one");
        write(directory.path().join("LICENSE-MIT"), "You may.")?;
        symlink("nowhere", directory.path().join("LICENSE-APACHE"))?;
        assert_eq!(missing(json!(null))?, 1);
        write(directory.path().join("nowhere"), "You may, too.")?;
        assert_eq!(missing(json!(null))?, 0);
        Ok(())
    }
}
