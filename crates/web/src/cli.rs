//! The commands of the binary.
//!
//! Invariant: 0 is done, 1 is failed, 2 is misused, and a failure is one sentence on standard error.

use std::process::ExitCode;

/// Runs the command line of this process.
pub fn main() -> ExitCode {
    ExitCode::SUCCESS
}
