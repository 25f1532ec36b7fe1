//! Who saved while somebody else was writing, in words.

use gatepost_domain::ids::{PostId, RevisionNo, UserId};
use gatepost_domain::post::Post;
use gatepost_domain::user::Person;
use gatepost_storage::revisions::Saves;

use super::super::submission::Submission;
use super::both::Sides;

impl Submission {
    pub(super) async fn who_saved(&self, from: RevisionNo, theirs: &Post) -> (String, bool) {
        self.who(theirs.id, from, &theirs.last_editor).await
    }

    pub(super) async fn who_saved_since(&self, sides: &Sides) -> (String, bool) {
        let from = sides
            .base
            .as_ref()
            .map_or(sides.theirs.number, |base| base.number);
        let post = self.post.as_ref().map_or(PostId(0), |post| post.id);
        self.who(post, from, &sides.theirs.person).await
    }

    /// Who saved since, and whether that was only the writer of this form.
    async fn who(&self, post: PostId, from: RevisionNo, last: &Person) -> (String, bool) {
        let writer: Option<UserId> = self.viewer.user().map(|user| user.id);
        let log = self
            .app
            .db
            .revisions()
            .list(post, Saves::After(from), 50)
            .await;
        let mut people: Vec<Person> = Vec::new();
        for entry in log.map(|log| log.entries).unwrap_or_default() {
            if Some(entry.person.id) != writer
                && !people.iter().any(|known| known.id == entry.person.id)
            {
                people.push(entry.person);
            }
        }
        match people.as_slice() {
            [] => (last.display_name.to_string(), Some(last.id) == writer),
            [one] => (one.display_name.to_string(), false),
            [first, second] => (
                format!("{} and {}", first.display_name, second.display_name),
                false,
            ),
            [first, ..] => (
                format!("{} and {} others", first.display_name, people.len() - 1),
                false,
            ),
        }
    }
}
