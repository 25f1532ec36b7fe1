//! What is wrong with a form, field by field; the worst of it decides the status of the answer.

use axum::response::Response;
use http::{StatusCode, header};
use serde::Serialize;

use crate::error::{Problem, SOON};

/// One thing to be put right.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Fault {
    /// The id of the field on the page; the summary links to it.
    pub(crate) field: String,
    /// A sentence for whoever filled it in.
    pub(crate) message: String,
}

/// Everything to be put right.
#[derive(Clone, Debug, Default)]
pub(crate) struct Faults {
    list: Vec<Fault>,
    status: Option<StatusCode>,
}

impl Faults {
    /// A value that breaks a rule (422).
    pub(crate) fn invalid(&mut self, field: impl Into<String>, message: impl Into<String>) {
        self.add(StatusCode::UNPROCESSABLE_ENTITY, field, message);
    }

    pub(crate) fn add(
        &mut self,
        status: StatusCode,
        field: impl Into<String>,
        message: impl Into<String>,
    ) {
        // Any other status says more than 422 does.
        if self
            .status
            .is_none_or(|known| known == StatusCode::UNPROCESSABLE_ENTITY)
        {
            self.status = Some(status);
        }
        self.list.push(Fault {
            field: field.into(),
            message: message.into(),
        });
    }

    /// Puts others in front of these; the first of all decide the status.
    pub(crate) fn follow(&mut self, others: Self) {
        let behind = std::mem::replace(self, others);
        self.list.extend(behind.list);
        self.status = self.status.or(behind.status);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Whether a field, or one of a group whose ids begin alike, needs attention.
    pub(crate) fn in_field(&self, beginning: &str) -> bool {
        self.list
            .iter()
            .any(|fault| fault.field.starts_with(beginning))
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.status.unwrap_or(StatusCode::OK)
    }

    /// Leaves the sentences with an answer, for a client that asked for JSON and not for the form, and says when to
    /// come back where what is wrong will pass.
    pub(crate) fn told_with(&self, mut response: Response) -> Response {
        if !self.list.is_empty() {
            let sentences: Vec<&str> = self.list.iter().map(|it| it.message.as_str()).collect();
            response.extensions_mut().insert(Problem {
                detail: Some(sentences.join(" ").into()),
                cause: None,
            });
        }
        if self.status == Some(StatusCode::SERVICE_UNAVAILABLE) {
            response.headers_mut().insert(header::RETRY_AFTER, SOON);
        }
        response
    }

    pub(crate) fn list(&self) -> &[Fault] {
        &self.list
    }
}
