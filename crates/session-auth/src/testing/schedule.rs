//! Orders in which concurrent requests reach the storage: every one of them, one after another, or as they are drawn.
//!
//! Each call of the storage waits at a turnstile. When every request waits there or is done, the schedule picks one to
//! go on; the next run picks differently, until all picks were made. Invariant: nothing here measures time, and between
//! two picks only the one runs that was picked, so the same picks are the same run.

use std::{fmt, future::Future, pin::Pin};

use tokio::sync::{mpsc, oneshot};

use super::site::Answer;

/// Where the calls of one request wait.
#[derive(Clone)]
pub(super) struct Turnstile {
    actor: usize,
    events: mpsc::UnboundedSender<Event>,
}

enum Event {
    Waits(usize, &'static str, oneshot::Sender<()>),
    Done(usize, Answer),
}

impl Turnstile {
    /// Waits until this may be done.
    pub(super) async fn wait(&self, what: &'static str) {
        let (permit, permitted) = oneshot::channel();
        let waits = Event::Waits(self.actor, what, permit);
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
            Event::Waits(_, _, permit) => Some(permit),
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
    pub(super) fn next(&mut self, out_of: usize) -> usize {
        let pick = self.given.get(self.made.len()).copied().unwrap_or(0);
        self.made.push((pick, out_of));
        pick
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
    Waits(&'static str, oneshot::Sender<()>),
    Done(Answer),
}

/// Who went on, one after the other, and with what.
#[derive(Default)]
pub(super) struct Order(Vec<(usize, &'static str)>);

impl Order {
    /// Who was the last to do this.
    pub(super) fn last_to(&self, what: &str) -> Option<usize> {
        let last = self.0.iter().rfind(|(_, done)| *done == what);
        last.map(|(actor, _)| *actor)
    }
}

impl fmt::Display for Order {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, (actor, what)) in self.0.iter().enumerate() {
            let separator = if number == 0 { "" } else { ", " };
            write!(f, "{separator}{actor} {what}")?;
        }
        Ok(())
    }
}

/// What became of the requests.
#[derive(Default)]
pub(super) struct Run {
    pub(super) answers: Vec<Answer>,
    pub(super) order: Order,
}

/// Runs the requests, of which those go on that are picked out of so many, in the order of their numbers.
pub(super) async fn run(mut pick: impl FnMut(usize) -> usize, actors: Vec<Actor>) -> Run {
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
    let mut order = Order::default();
    loop {
        while states.iter().any(|state| matches!(state, State::Runs)) {
            match arrivals.recv().await {
                Some(Event::Waits(actor, what, permit)) => {
                    states[actor] = State::Waits(what, permit);
                }
                Some(Event::Done(actor, answer)) => states[actor] = State::Done(answer),
                None => unreachable!("this function holds a sender"),
            }
        }
        let waiting: Vec<_> = (0..states.len())
            .filter(|actor| matches!(states[*actor], State::Waits(..)))
            .collect();
        if waiting.is_empty() {
            break;
        }
        let actor = waiting[pick(waiting.len())];
        if let State::Waits(what, permit) = std::mem::replace(&mut states[actor], State::Runs) {
            order.0.push((actor, what));
            let _ = permit.send(());
        }
    }
    let answers = states.into_iter().filter_map(|state| match state {
        State::Done(answer) => Some(answer),
        State::Runs | State::Waits(..) => None,
    });
    Run {
        answers: answers.collect(),
        order,
    }
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
                                turnstile.wait("step").await;
                                order.lock().unwrap().push(actor);
                            }
                            Answer::default()
                        })
                    })
                };
                let made = run(
                    |out_of| current.next(out_of),
                    (0..actors).map(make).collect(),
                );
                let made = made.await;
                assert_eq!(
                    made.order.last_to("step"),
                    order.lock().unwrap().last().copied()
                );
                met.insert(order.lock().unwrap().clone());
                runs += 1;
                picks = current.advance();
            }
            assert_eq!((met.len(), runs), (expected, expected));
        }
    }
}
