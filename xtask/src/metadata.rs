//! What `cargo metadata` says about the workspace and everything it depends on, as far as tidy and the gate ask.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde::Deserialize;

use crate::command::{cargo, output};

#[derive(Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) workspace_members: Vec<String>,
    pub(crate) resolve: Resolve,
}

#[derive(Deserialize)]
pub(crate) struct Package {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// None for what lies in a directory of ours.
    pub(crate) source: Option<String>,
    pub(crate) dependencies: Vec<Dependency>,
    #[serde(default)]
    pub(crate) features: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    manifest_path: PathBuf,
    /// None: may be published anywhere; an empty list: `publish = false`.
    pub(crate) publish: Option<Vec<String>>,
}

#[derive(Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
}

#[derive(Deserialize)]
pub(crate) struct Resolve {
    pub(crate) nodes: Vec<Node>,
}

#[derive(Deserialize)]
pub(crate) struct Node {
    pub(crate) id: String,
    pub(crate) features: Vec<String>,
    /// The ids of the packages that it uses, as the features have it.
    #[serde(default)]
    pub(crate) dependencies: Vec<String>,
}

impl Metadata {
    /// Asks cargo, with every feature on, so that a rule cannot be evaded by a feature.
    pub(crate) fn read() -> Result<Self> {
        let text = output(cargo().args([
            "metadata",
            "--format-version=1",
            "--all-features",
            "--locked",
        ]))?;
        serde_json::from_str(&text).context("cargo metadata was not understood")
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Package> {
        self.packages
            .iter()
            .filter(|package| self.workspace_members.contains(&package.id))
    }

    pub(crate) fn member(&self, name: &str) -> Option<&Package> {
        self.members().find(|package| package.name == name)
    }

    /// The packages that use this one.
    pub(crate) fn importers<'a>(&'a self, used: &'a Package) -> impl Iterator<Item = &'a Package> {
        let uses = |node: &&Node| node.dependencies.contains(&used.id);
        let ids = self.resolve.nodes.iter().filter(uses).map(|node| &node.id);
        ids.filter_map(|id| self.packages.iter().find(|package| package.id == *id))
    }

    /// The versions in use of a package, with the features that are on.
    pub(crate) fn resolved<'a>(
        &'a self,
        name: &'a str,
    ) -> impl Iterator<Item = (&'a Package, &'a [String])> {
        self.packages
            .iter()
            .filter(move |package| package.name == name)
            .map(|package| {
                let node = self.resolve.nodes.iter().find(|node| node.id == package.id);
                (package, node.map_or(&[][..], |node| &node.features))
            })
    }
}

impl Package {
    pub(crate) fn directory(&self) -> &Path {
        self.manifest_path.parent().unwrap_or(Path::new("."))
    }

    pub(crate) fn is_published(&self) -> bool {
        self.publish
            .as_ref()
            .is_none_or(|registries| !registries.is_empty())
    }
}
