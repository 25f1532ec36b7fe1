//! The contract of sessions, run over any storage: what a storage promises must hold, and what it does not promise must
//! be seen to go wrong.

use std::{collections::HashMap, time::Duration};

use super::{
    clock,
    probe::Probe,
    schedule::{self, Actor, Picks, Turnstile},
    site::{Answer, Site},
};
use crate::{AnyStorage, Promise, SessionLayer, SessionStorage};

mod cookies;
mod faults;
mod handlers;
mod kept;
mod lifetimes;
mod logins;
mod people;
mod races;
mod records;
mod strangers;

/// Checks a storage, and sites on it, against what this crate guarantees.
///
/// `open` opens the storage with a name: another name is another, empty storage; the same name is the same data, as it
/// is found after a restart. The clock of the suite is [`now`](super::now), so run it in a runtime of one thread.
///
/// A promise that the storage keeps ([`SessionStorage::promises`]) must hold in every check; of a promise that it does
/// not keep, at least one check must fail, so that a deviation is never written down without being there.
///
/// ```
/// # #[cfg(feature = "memory")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// session_auth::testing::contract(async |_name| session_auth::MemoryStorage::new()).await;
/// # }
/// # #[cfg(not(feature = "memory"))] fn main() {}
/// ```
///
/// # Panics
///
/// With every check that went otherwise than the storage says.
pub async fn contract<S: Into<AnyStorage>>(open: impl AsyncFn(&str) -> S) {
    let mut suite = Suite {
        open,
        checks: 0,
        complaints: Vec::new(),
        deviations: HashMap::new(),
    };
    if !suite.stage().await.probe.is_in_cookie() {
        records::check(&mut suite).await;
    }
    kept::check(&mut suite).await;
    cookies::check(&mut suite).await;
    handlers::check(&mut suite).await;
    races::check(&mut suite).await;
    logins::check(&mut suite).await;
    people::check(&mut suite).await;
    lifetimes::check(&mut suite).await;
    faults::check(&mut suite).await;
    strangers::check(&mut suite).await;
    suite.finish();
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How a check went: the reason when the contract does not hold.
type Checked = Result<(), String>;

fn ensure(holds: bool, otherwise: impl Into<String>) -> Checked {
    if holds { Ok(()) } else { Err(otherwise.into()) }
}

fn ensure_eq<T: PartialEq + std::fmt::Debug>(left: T, right: T, what: &str) -> Checked {
    ensure(
        left == right,
        format!("{what}: {left:?} instead of {right:?}"),
    )
}

struct Suite<O> {
    open: O,
    checks: usize,
    complaints: Vec<String>,
    /// For each promise that is not kept, whether it was seen to be broken.
    deviations: HashMap<Promise, bool>,
}

impl<O, S> Suite<O>
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    /// Runs a check that belongs to a promise that storages differ in, or to none.
    async fn check<F>(
        &mut self,
        promise: impl Into<Option<Promise>>,
        sentence: &'static str,
        check: impl FnOnce(Stage) -> F,
    ) where
        F: Future<Output = Checked>,
    {
        let stage = self.stage().await;
        let promises = stage.probe.promises();
        let deviation = promise.into().filter(|promise| !promises.keeps(*promise));
        let checked = check(stage).await;
        self.note(deviation, sentence, checked);
    }

    async fn stage(&mut self) -> Stage {
        self.checks += 1;
        let storage = self.open(&format!("check-{}", self.checks)).await;
        Stage {
            probe: Probe::around(&storage),
        }
    }

    async fn open(&self, name: &str) -> AnyStorage {
        (self.open)(name).await.into()
    }

    fn note(&mut self, deviation: Option<Promise>, sentence: &'static str, checked: Checked) {
        match (deviation, checked) {
            (None, Ok(())) => {}
            (None, Err(reason)) => self.complaints.push(format!("{sentence}: {reason}")),
            (Some(promise), checked) => {
                let seen = self.deviations.entry(promise).or_default();
                *seen |= checked.is_err();
            }
        }
    }

    fn finish(mut self) {
        for (promise, seen) in &self.deviations {
            if !seen {
                let complaint = format!("{promise:?} is said not to be kept, but nothing broke it");
                self.complaints.push(complaint);
            }
        }
        assert!(
            self.complaints.is_empty(),
            "{} complaints:\n{}",
            self.complaints.len(),
            self.complaints.join("\n")
        );
    }
}

fn layer(storage: AnyStorage) -> SessionLayer {
    SessionLayer::new(storage).named_by_us().clock(clock::now)
}

/// A fresh storage and sites on it.
struct Stage {
    probe: Probe,
}

impl Stage {
    fn layer(&self) -> SessionLayer {
        layer(self.probe.sessions())
    }

    /// Whether the storage promises this: what else a check looks at holds anyway.
    fn keeps(&self, promise: Promise) -> bool {
        self.probe.promises().keeps(promise)
    }

    fn site(&self) -> Site {
        Site::new(self.layer())
    }

    fn site_behind(&self, turnstile: Turnstile) -> Site {
        Site::new(layer(self.probe.behind(turnstile).sessions()))
    }

    /// One concurrent request: what `request` does on a site whose storage calls wait for the schedule.
    fn actor<F>(&self, request: impl FnOnce(Site) -> F + Send + 'static) -> Actor
    where
        F: Future<Output = Answer> + Send + 'static,
    {
        let stage = Self {
            probe: self.probe.clone(),
        };
        Box::new(move |turnstile| Box::pin(request(stage.site_behind(turnstile))))
    }

    /// Prepares these requests and runs them, once for every order in which they can reach the storage, and checks each outcome.
    async fn in_every_order<P>(
        &self,
        mut prepare: impl AsyncFnMut() -> (P, Vec<Actor>),
        mut check: impl AsyncFnMut(P, Vec<Answer>) -> Checked,
    ) -> Checked {
        let mut runs = 0;
        let mut next = Some(Picks::default());
        while let Some(mut picks) = next {
            let (prepared, actors) = prepare().await;
            runs += 1;
            let answers = schedule::run(&mut picks, actors).await;
            check(prepared, answers)
                .await
                .map_err(|reason| format!("{reason} (order {:?})", picks.order()))?;
            // Not for the check's sake, but so that the last of many runs is as quick as the first.
            let end_of_time = clock::now() + 10_000 * DAY;
            let emptied = self.probe.delete_expired(end_of_time, usize::MAX).await;
            emptied.map_err(|error| error.to_string())?;
            next = picks.advance();
        }
        ensure(
            runs > 1,
            "there was only one order, so nothing was concurrent",
        )
    }
}
