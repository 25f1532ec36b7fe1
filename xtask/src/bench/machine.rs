//! The machine a report was made on: without it, its figures mean nothing.

use std::fs::read_to_string;
use std::process::Command;

use anyhow::Result;

use crate::command::{output, program};

/// Processor, memory, kernel, load, compiler and commit, a line each.
pub(super) fn describe() -> Result<String> {
    let field = |file: &str, name: &str| {
        let text = read_to_string(file).unwrap_or_default();
        let line = text
            .lines()
            .find(|line| line.starts_with(name))
            .unwrap_or_default();
        line.split_once(':').map_or_else(
            || "unknown".to_owned(),
            |(_, value)| value.trim().to_owned(),
        )
    };
    let said = |mut command: Command| {
        output(&mut command).map_or("unknown".to_owned(), |said| said.trim().to_owned())
    };
    let with = |name: &str, arguments: &[&str]| {
        let mut command = program(name);
        command.args(arguments);
        said(command)
    };
    let cpus = std::thread::available_parallelism()?;
    let load = read_to_string("/proc/loadavg").unwrap_or_default();
    Ok(format!(
        "- date: {}\n- processor: {}, {cpus} CPUs\n- memory: {}\n- kernel: {}\n- load before the start: {}\n- compiler: {}\n- commit: {}",
        with("date", &["-u", "+%Y-%m-%d %H:%M UTC"]),
        field("/proc/cpuinfo", "model name"),
        field("/proc/meminfo", "MemTotal"),
        with("uname", &["-sr"]),
        load.split(' ').take(3).collect::<Vec<_>>().join(" "),
        with("rustc", &["--version"]),
        with("git", &["describe", "--always", "--dirty"]),
    ))
}
