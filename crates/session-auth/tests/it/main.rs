//! The one integration test binary of session-auth: every test acts through the public surface.

#[cfg(all(feature = "memory", feature = "sqlite"))]
mod agreement;
// A site of these tests keeps its sessions in memory.
#[cfg(all(feature = "memory", feature = "password"))]
mod attempt;
#[cfg(all(feature = "memory", feature = "testing"))]
mod cleanup;
#[cfg(all(feature = "memory", feature = "minijinja"))]
mod context;
#[cfg(all(feature = "memory", feature = "testing"))]
mod contract;
#[cfg(all(
    feature = "encrypted-cookie",
    feature = "memory",
    feature = "nacl-cookie",
    feature = "simple-cookie",
    feature = "testing"
))]
mod cookie_storages;
#[cfg(all(feature = "memory", feature = "testing"))]
mod dead_stamps;
#[cfg(feature = "memory")]
mod flash;
#[cfg(all(feature = "memory", feature = "sqlite", feature = "testing"))]
mod former;
#[cfg(all(feature = "memory", feature = "password", feature = "testing"))]
mod json_api;
#[cfg(all(feature = "memory", feature = "password"))]
mod live_updates;
#[cfg(feature = "memory")]
mod login;
#[cfg(all(
    feature = "memory",
    feature = "minijinja",
    feature = "password",
    feature = "testing"
))]
mod minijinja_site;
#[cfg(all(feature = "memory", feature = "password"))]
mod minimal;
mod next;
#[cfg(all(feature = "memory", feature = "testing"))]
mod open_sessions;
#[cfg(feature = "testing")]
mod own_storage;
#[cfg(feature = "password")]
mod password;
#[cfg(all(feature = "memory", feature = "password", feature = "testing"))]
mod recent;
#[cfg(feature = "memory")]
mod require;
#[cfg(all(feature = "memory", feature = "testing"))]
mod secrets;
/// Against real servers, which `cargo xtask test` starts.
#[cfg(all(any(feature = "postgres", feature = "redis"), feature = "testing"))]
mod servers;
#[cfg(feature = "sqlite")]
mod single_process;
#[cfg(feature = "sqlite")]
mod sqlite;
#[cfg(all(feature = "memory", feature = "testing"))]
mod stock;
#[cfg(feature = "memory")]
mod stubborn;
#[cfg(all(feature = "memory", feature = "testing"))]
mod threads;
#[cfg(feature = "throttle")]
mod throttle;
#[cfg(feature = "memory")]
mod together;
#[cfg(all(feature = "tower", feature = "testing"))]
mod tower;
#[cfg(all(feature = "tower-014", feature = "testing"))]
mod tower_014;
#[cfg(feature = "sqlite")]
mod two_instances;

#[cfg(any(
    feature = "memory",
    feature = "sqlite",
    all(
        any(feature = "postgres", feature = "redis", feature = "tower"),
        feature = "testing"
    )
))]
#[cfg_attr(
    not(feature = "sqlite"),
    allow(dead_code, reason = "each storage counts in its own ways")
)]
mod counter;
#[cfg(all(feature = "memory", any(feature = "password", feature = "testing")))]
#[cfg_attr(
    not(feature = "testing"),
    allow(dead_code, reason = "only some storages fail")
)]
mod log;
#[cfg(all(
    feature = "encrypted-cookie",
    feature = "testing",
    any(feature = "postgres", feature = "redis", feature = "sqlite")
))]
mod revocable;
#[cfg(feature = "memory")]
mod site;
#[cfg(any(
    feature = "sqlite",
    feature = "testing",
    all(feature = "memory", feature = "password")
))]
mod socket;
