//! A form on its way into the parking place and out of it.

use gatepost_domain::form_key::FormKey;
use gatepost_domain::ids::UserId;
use time::OffsetDateTime;

/// A form to be kept.
#[derive(Clone, Debug)]
pub struct NewForm<'a> {
    pub person: UserId,
    pub key: &'a FormKey,
    /// Where the form is sent.
    pub address: &'a str,
    /// For the list; as it was typed, so perhaps empty.
    pub title: &'a str,
    /// Every field with what stands in it.
    pub fields: &'a [(String, String)],
    /// Grows from one state of the form to the next, as its page counts; 0 when it does not.
    pub turn: i64,
    pub reason: Reason,
    /// The parked form that it was opened from, whose place it takes.
    pub opened_from: Option<&'a Opened>,
}

/// A parked form as it was when somebody opened it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    pub key: FormKey,
    /// When that state of it was parked.
    pub at: OffsetDateTime,
}

/// Why a form is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// Its author is writing it just now, or was told what to correct.
    Typing,
    /// It was sent and could not be saved.
    Refused,
    /// As `Refused`, by somebody who only knows the cookie of a session that has ended: takes nobody's place.
    Unproven,
}

/// Whether a form waits now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Yes,
    /// As many wait already as one person may have.
    Full,
    /// A newer state of it waits, or was saved.
    Late,
}

/// A form in the list of those that wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Waiting {
    pub key: FormKey,
    pub address: String,
    pub title: String,
    pub refused: bool,
    pub parked_at: OffsetDateTime,
}

/// A form that is given back.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Form {
    /// Under another key where somebody went on with the form.
    pub opened: Opened,
    pub address: String,
    pub fields: Vec<(String, String)>,
}
