//! What only a real server can show. Each test needs the address of one in the environment and is ignored without being
//! asked for, so that a run without servers does not look as if it had tried them.

#[cfg(feature = "memory")]
mod outage;
#[cfg(feature = "postgres")]
mod postgres;
#[cfg(feature = "redis")]
mod redis;
mod two_processes;

/// The address of a server that the gate started.
fn address(variable: &str) -> String {
    std::env::var(variable).unwrap_or_else(|_| {
        panic!("{variable} has to name a server; `cargo xtask test` starts one")
    })
}
