//! What the requests of a schedule are to do, drawn from its seed.

use std::fmt;

use crate::testing::draws::Draws;

/// Who the session is of when the requests begin, and who else may log in over it.
pub(super) const OWNER: &str = "alice";
const OTHER: &str = "bob";

/// What a handler does, one after the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Writes a value that nobody else writes.
    Insert,
    /// Adds one to what all of them count.
    Count,
    Save,
    Cycle,
    LogIn(&'static str),
    EndOthers,
    LogOut,
    /// Answers with a 5xx.
    Fail,
    /// Writes one more value when the answer is on its way.
    Afterwards,
}

impl Step {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Insert => "inserts",
            Self::Count => "counts",
            Self::Save => "saves",
            Self::Cycle => "cycles",
            Self::LogIn(OWNER) => "logs alice in",
            Self::LogIn(_) => "logs bob in",
            Self::EndOthers => "ends the others",
            Self::LogOut => "logs out",
            Self::Fail => "fails",
            Self::Afterwards => "inserts afterwards",
        }
    }
}

/// What may become of a session without its end, and what ends it.
const CALM: [Step; 10] = [
    Step::Insert,
    Step::Insert,
    Step::Insert,
    Step::Count,
    Step::Count,
    Step::Save,
    Step::Cycle,
    Step::LogIn(OWNER),
    Step::Fail,
    Step::Afterwards,
];
const ENDINGS: [Step; 3] = [Step::LogIn(OTHER), Step::LogOut, Step::EndOthers];

/// The requests of one browser tab, one after the other.
pub(super) type Tab = Vec<Vec<Step>>;

pub(super) struct Plan {
    pub(super) tabs: Vec<Tab>,
}

impl Plan {
    /// Five to eight requests at once, some of which have another one behind them. In every other plan nothing ends.
    /// Where nobody knows the sessions of a user, nobody can end them.
    pub(super) fn draw(draws: &mut Draws, knows_users: bool) -> Self {
        let endings = match draws.below(2) {
            0 => &[][..],
            _ if knows_users => &ENDINGS,
            _ => &ENDINGS[..2],
        };
        let tabs = 5 + draws.below(4);
        let tabs = (0..tabs).map(|_| {
            let requests = 1 + usize::from(draws.below(3) == 0);
            (0..requests).map(|_| request(endings, draws)).collect()
        });
        Self {
            tabs: tabs.collect(),
        }
    }

    pub(super) fn steps(&self) -> impl Iterator<Item = Step> {
        self.tabs.iter().flatten().flatten().copied()
    }

    /// Whether nobody ends the session that was there, or takes it over.
    pub(super) fn is_calm(&self) -> bool {
        !self.steps().any(|step| ENDINGS.contains(&step))
    }
}

fn request(endings: &[Step], draws: &mut Draws) -> Vec<Step> {
    let mut steps = Vec::new();
    for _ in 0..=draws.below(3) {
        let step = match draws.below(4) {
            0 if !endings.is_empty() => draws.one_of(endings),
            _ => draws.one_of(&CALM),
        };
        steps.push(step);
        // What would come after these is another request's.
        if matches!(step, Step::LogOut | Step::Fail) {
            break;
        }
    }
    // Whatever is to happen afterwards happens last.
    steps.sort_by_key(|step| *step == Step::Afterwards);
    steps
}

impl fmt::Display for Plan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (number, tab) in self.tabs.iter().enumerate() {
            let requests = tab.iter().map(|steps| {
                let steps = steps.iter().map(|step| step.name());
                steps.collect::<Vec<_>>().join(", ")
            });
            let requests = requests.collect::<Vec<_>>().join("; then ");
            writeln!(f, "  {number} {requests}")?;
        }
        Ok(())
    }
}
