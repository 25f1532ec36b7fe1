//! Nothing: `benches/layer.rs` and `tests/stores.rs` are what this package is for.
