//! Every order in which concurrent requests can reach the storage, one after another.
//!
//! Each call of the storage waits at a turnstile. When every request waits there or is done, the schedule picks one to
//! go on; the next run picks differently, until all picks were made. Invariant: nothing here measures time.

use std::{future::Future, pin::Pin};

use tokio::sync::{mpsc, oneshot};

use super::site::Answer;

/// Where the calls of one request wait.
#[derive(Clone)]
pub(super) struct Turnstile {
    actor: usize,
    events: mpsc::UnboundedSender<Event>,
}

enum Event {
    Waits(usize, oneshot::Sender<()>),
    Done(usize, Answer),
}

impl Turnstile {
    pub(super) async fn wait(&self) {
        let (permit, permitted) = oneshot::channel();
        let waits = Event::Waits(self.actor, permit);
        // When the schedule is over, whoever is left may run freely.
        if self.events.send(waits).is_ok() {
            let _ = permitted.await;
        }
    }
}

/// A turnstile for one request, and who stands at it.
pub(super) fn gate() -> (Turnstile, Gate) {
    let (events, arrivals) = mpsc::unbounded_channel();
    (Turnstile { actor: 0, events }, Gate { arrivals })
}

pub(super) struct Gate {
    arrivals: mpsc::UnboundedReceiver<Event>,
}

impl Gate {
    /// The permit of the next call that waits; `None` when nobody is left who could come.
    pub(super) async fn next(&mut self) -> Option<oneshot::Sender<()>> {
        match self.arrivals.recv().await? {
            Event::Waits(_, permit) => Some(permit),
            Event::Done(..) => None,
        }
    }
}

/// One request, given where its calls of the storage wait.
pub(super) type Actor =
    Box<dyn FnOnce(Turnstile) -> Pin<Box<dyn Future<Output = Answer> + Send>> + Send>;

/// The picks of one run: those to be repeated from the last, then always the first.
#[derive(Default)]
pub(super) struct Picks {
    given: Vec<usize>,
    /// What was picked, out of how many.
    made: Vec<(usize, usize)>,
}

impl Picks {
    fn next(&mut self, out_of: usize) -> usize {
        let pick = self.given.get(self.made.len()).copied().unwrap_or(0);
        self.made.push((pick, out_of));
        pick
    }

    /// Which of those that waited went on, for a message.
    pub(super) fn order(&self) -> Vec<usize> {
        self.made.iter().map(|(pick, _)| *pick).collect()
    }

    /// The picks of the next run, unless this was the last.
    pub(super) fn advance(self) -> Option<Self> {
        let mut made = self.made;
        while let Some((pick, out_of)) = made.pop() {
            if pick + 1 < out_of {
                let mut given: Vec<_> = made.into_iter().map(|(pick, _)| pick).collect();
                given.push(pick + 1);
                return Some(Self {
                    given,
                    made: Vec::new(),
                });
            }
        }
        None
    }
}

enum State {
    Runs,
    Waits(oneshot::Sender<()>),
    Done(Answer),
}

/// Runs the requests in the order of these picks, and returns their answers.
pub(super) async fn run(picks: &mut Picks, actors: Vec<Actor>) -> Vec<Answer> {
    let (events, mut arrivals) = mpsc::unbounded_channel();
    let mut states = Vec::new();
    for (actor, start) in actors.into_iter().enumerate() {
        let turnstile = Turnstile {
            actor,
            events: events.clone(),
        };
        let events = events.clone();
        let request = start(turnstile);
        tokio::spawn(async move {
            let answer = request.await;
            let _ = events.send(Event::Done(actor, answer));
        });
        states.push(State::Runs);
    }
    loop {
        while states.iter().any(|state| matches!(state, State::Runs)) {
            match arrivals.recv().await {
                Some(Event::Waits(actor, permit)) => states[actor] = State::Waits(permit),
                Some(Event::Done(actor, answer)) => states[actor] = State::Done(answer),
                None => unreachable!("this function holds a sender"),
            }
        }
        let waiting: Vec<_> = (0..states.len())
            .filter(|actor| matches!(states[*actor], State::Waits(_)))
            .collect();
        if waiting.is_empty() {
            break;
        }
        let actor = waiting[picks.next(waiting.len())];
        if let State::Waits(permit) = std::mem::replace(&mut states[actor], State::Runs) {
            let _ = permit.send(());
        }
    }
    let answers = states.into_iter().filter_map(|state| match state {
        State::Done(answer) => Some(answer),
        State::Runs | State::Waits(_) => None,
    });
    answers.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Two requests of two calls each have six interleavings, three have ninety; each is met exactly once.
    #[tokio::test]
    async fn every_interleaving_is_met_once() {
        for (actors, expected) in [(2, 6), (3, 90)] {
            let mut met = std::collections::BTreeSet::new();
            let mut picks = Some(Picks::default());
            let mut runs = 0;
            while let Some(mut current) = picks {
                let order = std::sync::Arc::new(std::sync::Mutex::new(Vec::new()));
                let make = |actor: usize| -> Actor {
                    let order = std::sync::Arc::clone(&order);
                    Box::new(move |turnstile| {
                        Box::pin(async move {
                            for _ in 0..2 {
                                turnstile.wait().await;
                                order.lock().unwrap().push(actor);
                            }
                            Answer::default()
                        })
                    })
                };
                run(&mut current, (0..actors).map(make).collect()).await;
                met.insert(order.lock().unwrap().clone());
                runs += 1;
                picks = current.advance();
            }
            assert_eq!((met.len(), runs), (expected, expected));
        }
    }
}
