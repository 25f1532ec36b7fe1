//! `cargo xtask dev`: a working blog to look at and to change. The server takes the place of this process, so that
//! Ctrl-C and every other signal reach the one program there is.

use std::os::unix::process::CommandExt;
use std::path::PathBuf;

use anyhow::{Context, Result};

use crate::command::{cargo, line, program};
use crate::{command, workspace};

#[derive(clap::Args)]
pub(crate) struct Options {
    /// The address to serve on.
    #[arg(long, default_value = "127.0.0.1:8080")]
    listen: String,
    /// Where the demo data lies; filled when it is empty.
    #[arg(long, default_value = "gatepost-data-dev")]
    data: PathBuf,
}

pub(crate) fn run(options: &Options) -> Result<()> {
    command::run(cargo().args(["build", "-p", "gatepost"]))?;
    let gatepost = workspace::target().join("debug/gatepost");
    command::run(
        program(&gatepost)
            .arg("demo")
            .arg("--data")
            .arg(&options.data),
    )?;
    println!(
        "\nhttp://{}  (templates and styles are read from disk; Ctrl-C stops it)\n\
         alice (owner), bob (editor), carol (author); the password of each is: correct horse\n",
        options.listen
    );
    let mut serve = program(&gatepost);
    serve
        .args(["serve", "--dev", "--listen", &options.listen, "--data"])
        .arg(&options.data);
    let never_started = serve.exec();
    Err(never_started).with_context(|| format!("`{}` could not be started", line(&serve)))
}
