//! tower-sessions' errors and ours. Between this crate's storage and a handler lies tower-sessions, which keeps of an error
//! only its text.
//!
//! Invariant: an error that went through it comes out as the kind that went in.

use tower_sessions_core::{session, session_store};

use super::{SessionError, SessionTooLarge, StorageError};

/// An error as tower-sessions takes it. Of a storage that failed, the cause.
pub(crate) fn backend(error: SessionError) -> session_store::Error {
    session_store::Error::Backend(match error {
        SessionError::Unavailable(cause) => cause.to_string(),
        error => error.to_string(),
    })
}

impl From<session::Error> for SessionError {
    fn from(error: session::Error) -> Self {
        match error {
            session::Error::SerdeJson(error) => error.into(),
            session::Error::Store(error) => {
                known(&error).unwrap_or_else(|| Self::Unavailable(StorageError::new(error)))
            }
        }
    }
}

/// One of the kinds that have a text of their own.
fn known(error: &session_store::Error) -> Option<SessionError> {
    let session_store::Error::Backend(text) = error else {
        return None;
    };
    let too_large = too_large(text).map(SessionError::TooLarge);
    too_large.or_else(|| {
        let kinds = [
            SessionError::Gone,
            SessionError::Answered,
            SessionError::MissingLayer,
        ];
        kinds.into_iter().find(|kind| kind.to_string() == *text)
    })
}

fn too_large(text: &str) -> Option<SessionTooLarge> {
    let mut numbers = text.split(' ').filter_map(|word| word.parse().ok());
    let found = SessionTooLarge {
        size: numbers.next()?,
        limit: numbers.next()?,
    };
    (found.to_string() == text).then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn through(error: SessionError) -> SessionError {
        session::Error::Store(backend(error)).into()
    }

    #[test]
    fn an_error_comes_out_of_tower_sessions_as_it_went_in() {
        let too_large = SessionTooLarge {
            size: 5000,
            limit: 4096,
        };
        for error in [
            SessionError::Gone,
            SessionError::Answered,
            SessionError::MissingLayer,
            SessionError::TooLarge(too_large),
            SessionError::Unavailable(StorageError::new("the disk is full")),
        ] {
            let text = format!("{error:?}");
            let back = through(error);
            if let SessionError::Unavailable(cause) = &back {
                assert_eq!(cause.to_string(), "the disk is full");
            } else {
                assert_eq!(format!("{back:?}"), text);
            }
        }
    }

    #[test]
    fn a_text_that_only_looks_like_one_of_ours_is_a_storage_that_failed() {
        for text in ["", "the disk has 5000 of 4096 bytes", "the session needs"] {
            let error = session_store::Error::Backend(text.to_owned());
            let error = SessionError::from(session::Error::Store(error));
            assert!(matches!(error, SessionError::Unavailable(_)), "{text}");
        }
        let decoded = session_store::Error::Decode("no JSON".to_owned());
        let error = SessionError::from(session::Error::Store(decoded));
        let source = std::error::Error::source(&error).unwrap();
        assert_eq!(source.to_string(), "Decoding failed with: no JSON");
    }
}
