//! Schedules too long to try all of: five to eight requests and more, whose steps and whose order are drawn from a seed.
//!
//! The storage is judged twice: call by call against a map, and by what answers and sessions say when all is over. A
//! schedule that goes wrong is printed with its seed, and the seed is enough to run it again.

use std::collections::HashMap;

use super::{DAY, Stage, Suite, Wrong, clock};
use crate::{
    AnyStorage, Promise, Session, SessionKey, SessionStorage,
    request::RequestSession,
    testing::{draws::Draws, history::History, schedule, site::Site},
};

mod judge;
mod model;
mod plan;
mod visits;

use judge::{Found, Judge};
use model::{Kept, Model};
use plan::{OWNER, Plan};
use visits::Visits;

/// The seeds of every run.
const SEEDS: std::ops::Range<u64> = 0..40;

/// Says in the environment which seeds to take instead: `17`, or `0..5000`.
const VARIABLE: &str = "SESSION_AUTH_SEEDS";

/// Lies in the session that is there before the requests, and nobody writes it.
const BASE: &str = "base";

/// The promises that a schedule is judged by; what else it shows no storage may get wrong.
const JUDGED: [(Option<Promise>, &str); 4] = [
    (None, "sampled schedules: answers say what was done"),
    (
        Some(Promise::ConcurrentWrites),
        "sampled schedules: no write is lost",
    ),
    (
        Some(Promise::NoRevival),
        "sampled schedules: what has ended stays so",
    ),
    (
        Some(Promise::AtomicRotation),
        "sampled schedules: a session has one id",
    ),
];

/// What went wrong in a schedule, and which promise says that it must not.
struct Fault {
    promise: Option<Promise>,
    what: String,
}

impl Fault {
    fn of(promise: Promise, what: impl Into<String>) -> Self {
        Self {
            promise: Some(promise),
            what: what.into(),
        }
    }

    fn of_all(what: impl Into<String>) -> Self {
        Self {
            promise: None,
            what: what.into(),
        }
    }

    fn by(self, request: &str) -> Self {
        Self {
            what: format!("request {request} {}", self.what),
            ..self
        }
    }
}

pub(super) async fn check<O, S>(suite: &mut Suite<O>)
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    let stage = suite.stage().await;
    let promises = stage.probe.promises();
    let mut firsts: HashMap<Option<Promise>, String> = HashMap::new();
    let mut failure = None;
    for seed in seeds(std::env::var(VARIABLE).ok().as_deref()) {
        match schedule(&stage, seed).await {
            Ok(faults) => {
                for fault in faults {
                    firsts.entry(fault.promise).or_insert(fault.what);
                }
            }
            Err(reason) => {
                failure = Some(format!("seed {seed}: {reason}"));
                break;
            }
        }
    }
    for (promise, sentence) in JUDGED {
        let deviation = promise.filter(|promise| !promises.keeps(*promise));
        let checked = match (&failure, firsts.remove(&promise)) {
            (Some(failure), _) => Err(Wrong::Failed(failure.clone())),
            (None, Some(what)) => Err(Wrong::Broken(what)),
            (None, None) => Ok(()),
        };
        suite.note(deviation, sentence, checked);
    }
}

fn seeds(told: Option<&str>) -> std::ops::Range<u64> {
    let Some(told) = told else {
        return SEEDS;
    };
    let number = |text: &str| {
        let number = text.trim().parse::<u64>();
        number.unwrap_or_else(|_| panic!("{VARIABLE} is {told:?}, not like 17 or 0..5000"))
    };
    match told.split_once("..") {
        Some((first, end)) => number(first)..number(end),
        None => number(told)..number(told) + 1,
    }
}

/// Runs the schedule of a seed; what went wrong, or what kept it from being run.
async fn schedule(stage: &Stage, seed: u64) -> Result<Vec<Fault>, String> {
    let mut draws = Draws::of_seed(seed);
    let plan = Plan::draw(&mut draws, stage.keeps(Promise::ByUser));
    let site = stage.site();
    let before = site.write("", BASE, true).await.cookie();
    let cookie = site.log_in(&before, OWNER).await.cookie();
    let (history, visits) = (History::default(), Visits::default());
    let (key, start) = look(stage, &site, &cookie).await?;
    let start = start.ok_or("no session was made")?;
    let mut model = Model::with(key.ok_or("it has no key")?, start);

    let tabs = plan.tabs.iter().cloned().enumerate();
    let actors =
        tabs.map(|(number, tab)| visits::tab(stage, number, tab, &cookie, &history, &visits));
    let run = schedule::run(|out_of| draws.below(out_of), actors.collect()).await;

    let visits = std::mem::take(&mut *visits.all());
    let events = std::mem::take(&mut *history.events());
    let mut faults = Vec::new();
    for (_, event) in &events {
        faults.extend(model.follow(event));
    }
    let mut found = Found::new();
    let cookies = visits.iter().map(|visit| visit.answer.cookie());
    for cookie in cookies.chain([cookie.clone()]) {
        if cookie.is_empty() || found.contains_key(&cookie) {
            continue;
        }
        let (key, kept) = look(stage, &site, &cookie).await?;
        faults.extend(key.and_then(|key| model.compare(&key, kept.as_ref())));
        found.insert(cookie, kept);
    }
    let judge = Judge {
        plan: &plan,
        visits: &visits,
        events: &events,
        found: &found,
    };
    faults.extend(judge.faults());

    let end_of_time = clock::now() + 10_000 * DAY;
    let emptied = stage.probe.delete_expired(end_of_time, usize::MAX).await;
    emptied.map_err(|error| error.to_string())?;
    for fault in &mut faults {
        fault.what = format!(
            "{} (run it again with {VARIABLE}={seed})\n{plan}  in this order: {}",
            fault.what, run.order
        );
    }
    Ok(faults)
}

/// What the storage has under the key of this cookie.
async fn look(
    stage: &Stage,
    site: &Site,
    cookie: &str,
) -> Result<(Option<SessionKey>, Option<Kept>), String> {
    let (send, receive) = tokio::sync::oneshot::channel();
    let look = |request: RequestSession, _: Session| async move {
        let login = request.login().await?;
        let user = login.map(|login| login.user.clone());
        let values = request.values().await?;
        let _ = send.send(Kept { user, values });
        Ok::<_, crate::SessionError>(())
    };
    stage.probe.keys();
    let answer = site.visit(cookie, look).await;
    let key = stage.probe.keys().first().copied();
    let kept = receive.await.map_err(|_| format!("answered {answer:?}"))?;
    let is_there = kept.user.is_some() || !kept.values.is_empty();
    Ok((key, is_there.then_some(kept)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_seed_or_many_can_be_asked_for() {
        assert_eq!(seeds(None), SEEDS);
        assert_eq!(seeds(Some("17")), 17..18);
        assert_eq!(seeds(Some("0..5000")), 0..5000);
        assert!(std::panic::catch_unwind(|| seeds(Some("all"))).is_err());
    }
}
