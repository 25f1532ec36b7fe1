//! The contract of sessions, run over any storage: what a storage promises must hold, and what it does not promise must
//! be seen to go wrong.

use std::{collections::HashMap, fmt, time::Duration};

use super::{
    clock,
    probe::Probe,
    schedule::{self, Actor, Picks, Run, Turnstile},
    site::{Answer, Site},
};
use crate::{AnyStorage, Promise, SessionLayer, SessionStorage};

mod accounts;
mod collected;
mod cookies;
mod faults;
mod flash;
mod guards;
mod handlers;
mod kept;
mod lifetimes;
mod logins;
#[cfg(feature = "password")]
mod passwords;
mod people;
mod races;
mod records;
mod sampled;
mod strangers;

/// Checks a storage, and sites on it, against what this crate guarantees.
///
/// `open` opens the storage with a name: another name is another, empty storage; the same name is the same data, as it
/// is found after a restart. The clock of the suite is [`now`](super::now), so run it in a runtime of one thread.
///
/// A promise that the storage keeps ([`SessionStorage::promises`]) must hold in every check; of a promise that it does
/// not keep, at least one check must fail, so that a deviation is never written down without being there. It must fail by
/// what the check asserts: a storage that returns an error proves nothing.
///
/// Schedules of many requests are drawn from seeds, the same in every run. The environment variable `SESSION_AUTH_SEEDS`
/// gives others: one (`17`), as a schedule that went wrong is printed with it, or many (`0..5000`).
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
    run(open).await.finish();
}

/// Runs every check.
async fn run<O, S>(open: O) -> Suite<O>
where
    O: AsyncFn(&str) -> S,
    S: Into<AnyStorage>,
{
    let mut suite = Suite {
        open,
        stages: 0,
        went: Vec::new(),
    };
    if !suite.stage().await.probe.is_in_cookie() {
        records::check(&mut suite).await;
    }
    kept::check(&mut suite).await;
    cookies::check(&mut suite).await;
    handlers::check(&mut suite).await;
    races::check(&mut suite).await;
    sampled::check(&mut suite).await;
    logins::check(&mut suite).await;
    people::check(&mut suite).await;
    guards::check(&mut suite).await;
    #[cfg(feature = "password")]
    passwords::check(&mut suite).await;
    flash::check(&mut suite).await;
    lifetimes::check(&mut suite).await;
    collected::check(&mut suite).await;
    faults::check(&mut suite).await;
    strangers::check(&mut suite).await;
    suite
}

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// How a check went.
type Checked = Tried<()>;
type Tried<T> = Result<T, Wrong>;

/// Why a check does not say that the contract holds.
#[derive(Clone, Debug)]
enum Wrong {
    /// What it asserts is not so.
    Broken(String),
    /// It did not come to that: something failed that it needs. So a deviation is not seen by it.
    Failed(String),
}

impl Wrong {
    fn broken(reason: impl Into<String>) -> Self {
        Self::Broken(reason.into())
    }

    fn map(self, map: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Broken(reason) => Self::Broken(map(reason)),
            Self::Failed(reason) => Self::Failed(map(reason)),
        }
    }
}

/// The text of an error.
impl From<String> for Wrong {
    fn from(error: String) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Broken(reason) => f.write_str(reason),
            Self::Failed(error) => write!(f, "it could not be checked: {error}"),
        }
    }
}

fn ensure(holds: bool, otherwise: impl Into<String>) -> Checked {
    if holds {
        Ok(())
    } else {
        Err(Wrong::broken(otherwise))
    }
}

fn ensure_eq<T: PartialEq + std::fmt::Debug>(left: T, right: T, what: &str) -> Checked {
    ensure(
        left == right,
        format!("{what}: {left:?} instead of {right:?}"),
    )
}

struct Suite<O> {
    open: O,
    stages: usize,
    went: Vec<Went>,
}

/// A check that was run.
struct Went {
    sentence: &'static str,
    /// The promise that it belongs to, where the storage does not keep it.
    deviation: Option<Promise>,
    checked: Checked,
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
        let probe = stage.probe.clone();
        let mut checked = check(stage).await;
        if let (Err(Wrong::Broken(reason)), Some(error)) = (&checked, probe.error()) {
            checked = Err(Wrong::Failed(format!("{error}, and then: {reason}")));
        }
        self.note(deviation, sentence, checked);
    }

    async fn stage(&mut self) -> Stage {
        self.stages += 1;
        let storage = self.open(&format!("check-{}", self.stages)).await;
        Stage {
            probe: Probe::around(&storage),
        }
    }

    async fn open(&self, name: &str) -> AnyStorage {
        (self.open)(name).await.into()
    }
}

impl<O> Suite<O> {
    fn note(&mut self, deviation: Option<Promise>, sentence: &'static str, checked: Checked) {
        self.went.push(Went {
            sentence,
            deviation,
            checked,
        });
    }

    fn finish(self) {
        let complaints = self.complaints();
        assert!(
            complaints.is_empty(),
            "{} complaints:\n{}",
            complaints.len(),
            complaints.join("\n")
        );
    }

    /// What went otherwise than the storage says.
    fn complaints(&self) -> Vec<String> {
        let mut complaints = Vec::new();
        // For each promise that is not kept, whether it was seen to be broken.
        let mut deviations = HashMap::<Promise, bool>::new();
        for went in &self.went {
            let sentence = went.sentence;
            match (went.deviation, &went.checked) {
                (None, Ok(())) => {}
                (Some(promise), Ok(())) => {
                    deviations.entry(promise).or_default();
                }
                (Some(promise), Err(Wrong::Broken(_))) => {
                    deviations.insert(promise, true);
                }
                (_, Err(wrong)) => complaints.push(format!("{sentence}: {wrong}")),
            }
        }
        let unseen = deviations.iter().filter(|(_, seen)| !**seen);
        complaints.extend(unseen.map(|(promise, _)| {
            format!("{promise:?} is said not to be kept, but nothing broke it")
        }));
        complaints
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
        mut check: impl AsyncFnMut(P, Run) -> Checked,
    ) -> Checked {
        let mut runs = 0;
        let mut next = Some(Picks::default());
        while let Some(mut picks) = next {
            let (prepared, actors) = prepare().await;
            runs += 1;
            let run = schedule::run(|out_of| picks.next(out_of), actors).await;
            let order = run.order.to_string();
            check(prepared, run).await.map_err(|wrong| {
                wrong.map(|reason| format!("{reason} (in this order: {order})"))
            })?;
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::testing::NaiveStorage;

    /// The races that a storage loses which writes back what it loaded.
    const LOST: [&str; 24] = [
        "a rotation leaves nothing behind",
        "nothing revives a deleted session",
        "of two rotations side by side one happens",
        "a deletion wins against a change side by side",
        "two writers in one handler both count",
        "two writers lose nothing in any order",
        "three writers lose nothing in any order",
        "twenty parallel increments count to twenty",
        "three increments count in every order",
        "this request sees its own update",
        "an update that goes back to what was read is stored",
        "a save after a logout changes nothing",
        "a logout wins against two writers in every order",
        "an update after a logout is refused",
        "an ended user stays ended in every order",
        "sampled schedules: no write is lost",
        "sampled schedules: what has ended stays so",
        "sampled schedules: a session has one id",
        "a late write does not reach the next person's session",
        "two logins with one cookie share nothing in any order",
        "a message is shown by the next page and by no other",
        "a page that fails puts its messages back in their order",
        "of three pages one shows a message in any order",
        "a page that fails beside others loses no message",
    ];

    /// One that it wins: each login finds what it loaded, and gets an id of its own.
    const WON: [&str; 2] = [
        "a login over a session that is gone makes a new one",
        "twenty parallel logins give twenty sessions",
    ];

    /// In these nobody is in anybody's way, or they need another program on the same storage.
    const NO_RACE: [&str; 5] = [
        "logging out ends the session and nothing else",
        "a stream that asks learns of the logout",
        "a stream that asks learns that its session has another id",
        "another program's save loses nothing",
        "another program's save brings nothing back",
    ];

    #[tokio::test]
    async fn the_naive_storage_breaks_the_checks_that_it_must_and_no_others() {
        use Promise::{AtomicRotation, ConcurrentWrites, NoRevival};
        let suite = run(async |_: &str| NaiveStorage::new()).await;
        // Above all, none of them failed by anything but what it asserts.
        assert_eq!(suite.complaints(), [""; 0]);
        let races = [ConcurrentWrites, NoRevival, AtomicRotation];
        let is_race = |went: &&Went| {
            went.deviation
                .is_some_and(|promise| races.contains(&promise))
        };
        let (held, broken): (Vec<_>, Vec<_>) = suite
            .went
            .iter()
            .filter(is_race)
            .partition(|went| went.checked.is_ok());
        let sentences = |went: Vec<&Went>| {
            let sentences = went.iter().map(|went| went.sentence);
            sentences.collect::<BTreeSet<_>>()
        };
        assert_eq!(sentences(broken), LOST.into());
        assert_eq!(
            sentences(held),
            [&WON[..], &NO_RACE].concat().into_iter().collect()
        );
        let others = suite.went.iter().filter(|went| !is_race(went));
        let others = others.filter(|went| went.checked.is_err());
        assert_eq!(
            sentences(others.collect()),
            [
                "sessions survive a restart",
                "the cleanup takes a login that counts no more, and not at once",
                "who is logged in is named to the cleanup, page by page",
            ]
            .into()
        );
    }
}
