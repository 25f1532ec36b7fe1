//! Nothing: `benches/layer.rs` is what this package is for.
