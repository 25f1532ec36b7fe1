//! `gatepost migrate`: brings the database up to date without serving it, before an upgrade for instance.
//!
//! Invariant: it does what a start would do, and says that it is done.

use serde_json::json;

use super::Failure;
use crate::cli::print;
use crate::config::Config;
use crate::start;
use crate::world::World;

#[derive(clap::Args)]
pub(super) struct Options {
    /// Answer in JSON
    #[arg(long)]
    json: bool,
}

impl Options {
    pub(super) async fn run(self, config: Config, world: World) -> Result<(), Failure> {
        let db = start::open_database(&config, world).await?;
        db.close().await;
        match self.json {
            true => print::line(format_args!(
                "{}",
                json!({ "database": config.database, "up_to_date": true })
            )),
            false => print::line(format_args!("{} is up to date.", config.database.display())),
        }
        Ok(())
    }
}
