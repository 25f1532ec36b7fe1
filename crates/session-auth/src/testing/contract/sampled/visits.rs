//! The requests of a schedule: each does what its plan says, waits for its turn before every step, and writes down what it
//! saw and what it was told.

use std::sync::{Arc, Mutex, MutexGuard};

use http::StatusCode;

use super::{
    super::{Stage, layer},
    plan::{Step, Tab},
};
use crate::{
    Session, SessionError,
    request::RequestSession,
    testing::{
        history::History,
        schedule::{Actor, Turnstile},
        site::{Answer, Site, log_in},
    },
};

/// The value that all of them count.
pub(super) const COUNT: &str = "count";

/// What became of one request.
#[derive(Default)]
pub(super) struct Visit {
    /// `2.1` is the second request of tab 2; what it writes is named like it.
    pub(super) name: String,
    /// What its calls are noted under.
    pub(super) number: usize,
    pub(super) cookie: String,
    /// How many calls there had been when it began, and when it was answered.
    pub(super) began: usize,
    pub(super) answered: usize,
    /// Who was logged in when it read the session.
    pub(super) found: Option<String>,
    /// What it came to do.
    pub(super) done: Vec<Step>,
    pub(super) counted: u64,
    pub(super) answer: Answer,
    pub(super) is_last: bool,
}

impl Visit {
    /// The name of what it wrote.
    pub(super) fn key(&self) -> String {
        format!("of {}", self.name)
    }

    pub(super) fn did(&self, step: Step) -> bool {
        self.done.contains(&step)
    }

    pub(super) fn has_failed(&self) -> bool {
        self.answer.status.is_server_error()
    }

    /// The cookie that its answer brought, unless it is the one it came with.
    pub(super) fn new_cookie(&self) -> Option<String> {
        let cookie = self.answer.cookie();
        (!cookie.is_empty() && cookie != self.cookie).then_some(cookie)
    }

    /// Who it logged in last.
    pub(super) fn logged_in(&self) -> Option<&'static str> {
        self.done.iter().rev().find_map(|step| match step {
            Step::LogIn(user) => Some(*user),
            _ => None,
        })
    }
}

/// All requests of a schedule, in the order in which they were answered.
#[derive(Clone, Default)]
pub(super) struct Visits(Arc<Mutex<Vec<Visit>>>);

impl Visits {
    fn push(&self, visit: Visit) {
        self.all().push(visit);
    }

    pub(super) fn all(&self) -> MutexGuard<'_, Vec<Visit>> {
        self.0
            .lock()
            .expect("nothing panics while it holds this lock")
    }
}

/// A browser tab with this cookie.
pub(super) fn tab(
    stage: &Stage,
    number: usize,
    tab: Tab,
    cookie: &str,
    history: &History,
    visits: &Visits,
) -> Actor {
    let (probe, mut cookie) = (stage.probe.clone(), cookie.to_owned());
    let (history, visits) = (history.clone(), visits.clone());
    Box::new(move |turnstile| {
        Box::pin(async move {
            let last = tab.len();
            for (request, steps) in tab.into_iter().enumerate() {
                // Room for as many requests of a tab as there may be.
                let noted_under = number * 10 + request;
                let notes = history.of_request(noted_under);
                let probe = probe.behind(turnstile.clone()).noted_in(notes);
                let site = Site::new(layer(probe.sessions()));
                let mut visit = Visit {
                    name: format!("{number}.{request}"),
                    number: noted_under,
                    cookie: cookie.clone(),
                    is_last: request + 1 == last,
                    ..Visit::default()
                };
                perform(&site, &steps, &mut visit, &turnstile, &history).await;
                if visit.answer.is_removal() {
                    cookie.clear();
                } else if !visit.answer.cookie().is_empty() {
                    cookie = visit.answer.cookie();
                }
                visits.push(visit);
            }
            Answer::default()
        })
    })
}

async fn perform(
    site: &Site,
    steps: &[Step],
    visit: &mut Visit,
    turnstile: &Turnstile,
    history: &History,
) {
    let met = Arc::new(Mutex::new(None));
    let handler = {
        let (met, steps) = (Arc::clone(&met), steps.to_vec());
        let (key, turnstile, history) = (visit.key(), turnstile.clone(), history.clone());
        move |request: RequestSession, session: Session| async move {
            turnstile.wait("begins").await;
            let mut handler = Handler {
                began: history.len(),
                key,
                session: session.clone(),
                request,
                found: None,
                done: Vec::new(),
                counted: 0,
            };
            let status = handler.run(&steps, &turnstile).await;
            *met.lock().expect("no panic before") = Some(handler);
            status
        }
    };
    visit.answer = site.visit(&visit.cookie, handler).await;
    visit.answered = history.len();
    let handler = met.lock().expect("no panic before").take();
    let Some(handler) = handler else {
        return;
    };
    if steps.contains(&Step::Afterwards) && !visit.has_failed() {
        turnstile.wait(Step::Afterwards.name()).await;
        let late = format!("late {}", visit.key());
        // Refused where no session is left, or where only an answer can carry it.
        let _ = handler.session.insert(&late, true).await;
        let _ = handler.session.save().await;
    }
    visit.began = handler.began;
    visit.found = handler.found;
    visit.done = handler.done;
    visit.counted = handler.counted;
}

struct Handler {
    began: usize,
    key: String,
    session: Session,
    request: RequestSession,
    found: Option<String>,
    done: Vec<Step>,
    counted: u64,
}

impl Handler {
    async fn run(&mut self, steps: &[Step], turnstile: &Turnstile) -> StatusCode {
        match self.request.login().await {
            Ok(login) => self.found = login.map(|login| login.user.clone()),
            Err(_) => return StatusCode::BAD_GATEWAY,
        }
        for step in steps {
            if *step == Step::Afterwards {
                continue;
            }
            turnstile.wait(step.name()).await;
            let status = self.take(*step).await;
            if status.is_success() || *step == Step::Fail {
                self.done.push(*step);
            }
            if !status.is_success() {
                return status;
            }
        }
        StatusCode::OK
    }

    async fn take(&mut self, step: Step) -> StatusCode {
        let taken = match step {
            Step::Insert => self.session.insert(&self.key, true).await.is_ok(),
            Step::Count => {
                let one_more = |count: Option<u64>| count.unwrap_or(0) + 1;
                match self.session.update(COUNT, one_more).await {
                    Ok(_) => self.counted += 1,
                    Err(SessionError::Gone) => return StatusCode::CONFLICT,
                    Err(_) => return StatusCode::BAD_GATEWAY,
                }
                true
            }
            Step::Save => self.session.save().await.is_ok(),
            Step::Cycle => self.session.cycle_id().await.is_ok(),
            Step::LogIn(user) => {
                let log_in = log_in(user, false);
                log_in(self.request.clone(), self.session.clone())
                    .await
                    .is_ok()
            }
            Step::EndOthers => {
                let ended = self.request.end_other_sessions(super::plan::OWNER);
                ended.await.is_ok()
            }
            Step::LogOut => self.request.clear_login().await.is_ok(),
            Step::Fail => return StatusCode::INTERNAL_SERVER_ERROR,
            Step::Afterwards => true,
        };
        if taken {
            StatusCode::OK
        } else {
            StatusCode::BAD_GATEWAY
        }
    }
}
