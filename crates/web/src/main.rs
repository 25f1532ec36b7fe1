//! The `gatepost` binary: an allocator and the command line.
//!
//! Invariant: everything else lives in the library, where tests reach it.

use std::process::ExitCode;

// The system allocator costs a tenth of a page's time.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gatepost::cli::main()
}
