//! `gatepost demo`: fills an empty blog with something to look at; `cargo xtask dev` calls it.
//!
//! Invariant: a blog somebody has written on is left as it is.

use super::Failure;
use crate::cli::print;
use crate::config::Config;
use crate::demo::{self, Filled};
use crate::start;
use crate::world::World;

pub(super) async fn run(config: Config, world: World) -> Result<(), Failure> {
    let app = start::open(config, world).await?.app;
    let filled = demo::fill(&app).await;
    app.db.close().await;
    match filled.map_err(|error| Failure::Failed(describe(&error)))? {
        Filled::Posts(count) => print::line(format_args!(
            "{count} demo posts were written; alice, bob and carol can log in with “{}”.",
            demo::PASSWORD
        )),
        Filled::NotEmpty => print::line(format_args!(
            "Somebody has written here already, so no demo was added."
        )),
    }
    Ok(())
}

/// The error with its causes, for somebody who is building the program.
fn describe(error: &dyn std::error::Error) -> String {
    let causes = std::iter::successors(error.source(), |cause| cause.source());
    causes.fold(error.to_string(), |text, cause| format!("{text}: {cause}"))
}
