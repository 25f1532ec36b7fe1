//! Why a command did not do what it was asked.
//!
//! Invariant: each is one sentence for the person at the terminal, with a command that helps where there is one.

use std::io;

use super::Exit;
use crate::start::StartError;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(transparent)]
    Start(#[from] StartError),
    /// What was typed cannot be done as typed.
    #[error("{0}")]
    Misused(String),
    /// It could have been done, but was not.
    #[error("{0}")]
    Failed(String),
    #[error("the operating system refused ({0}); run it again with `RUST_LOG=debug`.")]
    System(#[from] io::Error),
}

impl Failure {
    pub(super) fn exit(&self) -> Exit {
        match self {
            Self::Start(error) if error.is_misuse() => Exit::Misused,
            Self::Misused(_) => Exit::Misused,
            Self::Start(_) | Self::Failed(_) | Self::System(_) => Exit::Failed,
        }
    }
}
