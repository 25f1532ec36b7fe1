//! What each status says to a reader: what happened, and what to do.
//!
//! Invariant: every sentence is about the reader's situation; none names a part of the program.

use http::StatusCode;

/// The words of one error page.
pub(super) struct Wording {
    pub(super) title: &'static str,
    pub(super) detail: &'static str,
    pub(super) advice: &'static str,
}

/// Said when the browser reports that another site sent the form.
pub(super) const CROSS_SITE: Wording = Wording {
    title: "Not sent from here",
    detail: "This form was sent from another site, so it was not accepted.",
    advice: "Nothing was changed. If you meant it, open the page on this site and send its own form.",
};

impl Wording {
    #[rustfmt::skip] // One status a line reads as the table that it is.
    pub(super) fn of(status: StatusCode) -> Self {
        let (title, detail, advice) = match status.as_u16() {
            400 => ("That did not make sense", "The request could not be understood.", "Go back, check what you entered and try again."),
            401 => ("Please log in", "This needs a login.", "Log in and try again."),
            403 => ("Not yours to change", "You are not allowed to do this.", "Log in as someone who may, or ask the owner of the site."),
            404 => ("Nothing here", "There is no page at this address.", "Check the address, or start from the front page."),
            405 => ("Not that way", "This address does not answer that kind of request.", "Go back and use the buttons of the page."),
            408 => ("That took too long", "The request did not arrive in time.", "Check your connection and try again."),
            409 => ("Somebody was faster", "What you wanted to change has changed meanwhile.", "Go back, reload the page and try again."),
            410 => ("This was removed", "The post that was here has been deleted by its author.", "There is more to read on the front page."),
            413 => ("Too large", "What you sent is larger than this page accepts.", "Go back and send less, or a smaller picture."),
            414 => ("The address is too long", "No page has an address this long.", "Check the address, or start from the front page."),
            415 => ("Not a kind of content that fits here", "What you sent is in a format that this page does not read.", "Go back and use the form of the page."),
            422 => ("Something is missing", "Some of the fields could not be read.", "Go back, check the fields and try again."),
            429 => ("Too many tries", "This was tried too often in a short time.", "Wait a little, then try again."),
            431 => ("Too many headers", "Your browser sent more than this site reads.", "Delete the cookies of this site and try again."),
            503 => ("Busy at the moment", "The site cannot answer this right now.", "Wait a few seconds and try again; nothing you read was lost."),
            code if code >= 500 => ("Something broke on our side", "This is a fault of the site, not yours, and it was noted.", "Try again in a moment. If it stays, tell the owner the number below."),
            _ => ("That did not work", "The request was refused.", "Go back and try again."),
        };
        Self { title, detail, advice }
    }
}
