//! For tests: a clock that moves when told, a browser with a cookie jar, and the contract suite for storages (feature
//! `testing`).

mod browser;
mod clock;
mod contract;
mod draws;
mod history;
mod naive;
mod probe;
mod schedule;
mod site;
mod wallet;

pub use browser::Browser;
pub(crate) use browser::LogIn;
pub use clock::{advance, now};
pub use contract::contract;
pub use naive::NaiveStorage;
