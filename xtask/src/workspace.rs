//! Where the workspace lies. Every command works from its root, whatever directory it was typed in.

use std::path::{Path, PathBuf};

/// The root of the workspace: the parent of this package, known when it was compiled and asked again when it is run
/// by cargo, because a checkout may have been moved since.
pub(crate) fn root() -> PathBuf {
    let package = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")), PathBuf::from);
    package.parent().map_or(package.clone(), Path::to_path_buf)
}

/// The directory that cargo builds into.
pub(crate) fn target() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root().join("target"), |dir| root().join(dir))
}
