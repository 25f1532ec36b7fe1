//! What must be true when the requests are answered, whatever their order was: for those who look at the answers and the
//! sessions, and know nothing of the storage.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    BASE, Fault, Kept,
    plan::{OWNER, Plan, Step},
    visits::{COUNT, Visit},
};
use crate::{Outcome, Promise, testing::history::Event};

use Promise::{AtomicRotation, ConcurrentWrites, NoRevival};

/// The sessions that are found by the cookies that there have been.
pub(super) type Found = HashMap<String, Option<Kept>>;

pub(super) struct Judge<'a> {
    pub(super) plan: &'a Plan,
    pub(super) visits: &'a [Visit],
    pub(super) events: &'a [(usize, Event)],
    pub(super) found: &'a Found,
}

impl Judge<'_> {
    pub(super) fn faults(&self) -> Vec<Fault> {
        let mut faults = Vec::new();
        for visit in self.visits {
            let name = &visit.name;
            let of_visit = [
                self.status(visit),
                self.ended(visit),
                self.login(visit),
                self.wiped(visit),
                self.cookie(visit),
                self.failed(visit),
                self.kept(visit),
            ];
            let of_visit = of_visit.into_iter().flatten();
            faults.extend(of_visit.map(|fault| fault.by(name)));
        }
        faults.extend(self.heirs());
        faults.extend(self.count());
        faults
    }

    fn is_logged_in(&self, cookie: &str) -> Option<&str> {
        self.found.get(cookie)?.as_ref()?.user.as_deref()
    }

    /// What was asked of the storage before the answer.
    fn calls<'v>(&'v self, visit: &'v Visit) -> impl Iterator<Item = &'v Event> {
        let events = self.events.iter().take(visit.answered);
        events.filter_map(|(request, event)| (*request == visit.number).then_some(event))
    }

    fn status(&self, visit: &Visit) -> Option<Fault> {
        let is_right = match visit.answer.status.as_u16() {
            409 => self.calls(visit).any(came_late),
            500 => visit.did(Step::Fail),
            status => status == 200 && !visit.did(Step::Fail),
        };
        (!is_right).then(|| Fault::of_all(format!("answered {:?}", visit.answer)))
    }

    /// Once an end is acknowledged, nobody is let in by the cookie, then or when all is over.
    fn ended(&self, visit: &Visit) -> Option<Fault> {
        let has_logged_out = visit.did(Step::LogOut) && !visit.has_failed();
        let has_moved = visit.new_cookie().is_some();
        if visit.cookie.is_empty() || !(has_logged_out || has_moved) {
            return None;
        }
        if has_logged_out && !visit.answer.is_removal() {
            return Some(Fault::of_all("the logout removed no cookie"));
        }
        let promise = if self.may_have_ended(visit) {
            NoRevival
        } else {
            AtomicRotation
        };
        if let Some(user) = self.is_logged_in(&visit.cookie) {
            let fault = format!("left {user} logged in by its cookie");
            return Some(Fault::of(promise, fault));
        }
        let late = self.visits.iter().find(|late| {
            late.cookie == visit.cookie && late.began >= visit.answered && late.found.is_some()
        });
        late.map(|late| {
            let fault = format!("had been answered when {} was let in", late.name);
            Fault::of(promise, fault)
        })
    }

    /// Whether somebody ended what this cookie is of, and did not only move it.
    fn may_have_ended(&self, visit: &Visit) -> bool {
        self.visits.iter().any(|other| {
            other.did(Step::EndOthers) || (other.did(Step::LogOut) && other.cookie == visit.cookie)
        })
    }

    /// An acknowledged login is one, with an id that nobody else has.
    fn login(&self, visit: &Visit) -> Option<Fault> {
        let user = visit.logged_in()?;
        if visit.has_failed() || visit.did(Step::LogOut) {
            return None;
        }
        let is_new = |cookie: &String| {
            let brought = self.visits.iter().filter_map(Visit::new_cookie);
            brought.filter(|other| other == cookie).count() == 1
        };
        let Some(cookie) = visit.new_cookie().filter(is_new) else {
            return Some(Fault::of(
                AtomicRotation,
                "logged in without an id of its own",
            ));
        };
        let may_be_over = !visit.is_last
            || user == OWNER && self.visits.iter().any(|other| other.did(Step::EndOthers));
        let who = self.is_logged_in(&cookie);
        let is_right = may_be_over || who == Some(user);
        (!is_right).then(|| Fault::of(AtomicRotation, format!("logged {user} in and {who:?} is")))
    }

    /// Whoever logs in over another person's session finds nothing of theirs.
    fn wiped(&self, visit: &Visit) -> Option<Fault> {
        let (user, before) = (visit.logged_in()?, visit.found.as_deref()?);
        if user == before || visit.has_failed() || !visit.is_last {
            return None;
        }
        let session = self.found.get(&visit.new_cookie()?)?.as_ref()?;
        // Some formats keep who is logged in beside the values.
        let is_own = |(key, value): (&String, &Value)| match key.as_str() {
            COUNT => value.as_u64() <= Some(visit.counted),
            BASE => false,
            key => key.ends_with(&visit.key()) || !key.contains("of "),
        };
        let is_right = session.values.iter().all(is_own);
        (!is_right).then(|| {
            let fault = format!("logged {user} in and left {:?} of {before}", session.values);
            Fault::of_all(fault)
        })
    }

    /// Nobody gets a logged-in session who did not log in or came with one, and a late save gets none at all.
    fn cookie(&self, visit: &Visit) -> Option<Fault> {
        if visit.logged_in().is_some() {
            return None;
        }
        let creates = |event: &Event| matches!(event, Event::Created(..));
        let sets = visit.new_cookie().is_some() || self.calls(visit).any(creates);
        if self.calls(visit).any(came_late) && sets {
            return Some(Fault::of(NoRevival, "came late and began a new session"));
        }
        let cookie = visit.answer.cookie();
        let who = self.is_logged_in(&cookie)?;
        let is_theirs = visit.found.as_deref() == Some(who);
        (!is_theirs).then(|| Fault::of(NoRevival, format!("was made {who} by its answer")))
    }

    /// Of a failed request nothing counts but what it updated.
    fn failed(&self, visit: &Visit) -> Option<Fault> {
        if !visit.has_failed() {
            return None;
        }
        let counts = |event: &Event| match event {
            Event::Loaded(..) | Event::UserEnded(..) => false,
            Event::Committed(_, change, _) => change.expected.is_empty(),
            Event::Created(..) | Event::Deleted(_) => true,
        };
        let sets = visit.answer.is_removal() || visit.new_cookie().is_some();
        let is_wrong = sets || self.calls(visit).any(counts);
        is_wrong.then(|| Fault::of_all("failed and changed the session"))
    }

    /// What a request wrote is in a session, unless the session was gone when it came or ended after it.
    fn kept(&self, visit: &Visit) -> Option<Fault> {
        if !visit.did(Step::Insert) || visit.has_failed() || !self.plan.is_calm() {
            return None;
        }
        let key = visit.key();
        let mut sessions = self.found.values().flatten();
        let is_right = self.calls(visit).any(came_late)
            || sessions.any(|session| session.values.contains_key(&key));
        (!is_right).then(|| Fault::of(ConcurrentWrites, "wrote what is nowhere"))
    }

    /// The session that was there lives on under one id; where nobody ended it, it lives on.
    fn heirs(&self) -> Option<Fault> {
        let sessions = self.found.values().flatten();
        let heirs = sessions
            .filter(|session| session.values.contains_key(BASE))
            .count();
        let is_right = heirs == 1 || heirs == 0 && !self.plan.is_calm();
        (!is_right).then(|| {
            let fault = format!("{heirs} sessions have what the one had that was there");
            Fault::of(AtomicRotation, fault)
        })
    }

    /// Where no session ended, every acknowledged increment is in one of them.
    fn count(&self) -> Option<Fault> {
        if !self.plan.is_calm() {
            return None;
        }
        let is_stored = |visit: &&Visit| {
            let stored = |event: &Event| matches!(event, Event::Committed(_, _, Outcome::Done));
            // Without a session it is written with the answer, and a failed one writes nothing.
            !visit.has_failed() || self.calls(visit).any(stored)
        };
        let acknowledged = self.visits.iter().filter(is_stored);
        let acknowledged: u64 = acknowledged.map(|visit| visit.counted).sum();
        let sessions = self.found.values().flatten();
        let counts = sessions.filter_map(|session| session.values.get(COUNT)?.as_u64());
        let counted: u64 = counts.sum();
        (acknowledged != counted).then(|| {
            let fault = format!("{acknowledged} increments were acknowledged, {counted} are there");
            Fault::of(ConcurrentWrites, fault)
        })
    }
}

/// The session was gone when this was to be stored.
fn came_late(event: &Event) -> bool {
    matches!(event, Event::Committed(_, _, Outcome::Gone))
}
