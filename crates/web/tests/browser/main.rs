//! Journeys of people through a running blog: the real program on a free port with an empty data directory, and a real
//! Chromium. They are ignored by a plain `cargo test`, which must not need a browser; `cargo xtask test` runs them.

mod browser;
mod photograph;
mod site;

mod conditions;
mod keyboard;
mod look;
mod parking;
mod publishing;
mod reading;
mod refusals;
mod shortcuts;
mod together;
mod without_script;
mod writing;

/// What a journey returns; it fails by returning an error or by a failed assertion.
type Journey = Result<(), Box<dyn std::error::Error>>;
