//! The `gatepost` binary: an allocator and the command line.
//!
//! Invariant: everything else lives in the library, where tests reach it.

use std::process::ExitCode;

// Pages are made of many small allocations on several threads.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    gatepost::cli::main()
}
