//! How far a post is, merged: who moved it on decides, unless that would show somebody's words before their time.

use time::OffsetDateTime;

use super::fields::{Field, one_of};
use crate::post::Stage;

/// A stage as one of two people sent it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sent {
    pub stage: Stage,
    /// Something that readers will see is not as it was in what both come from. It was sent for this stage.
    pub with_changes: bool,
}

/// The stage of what both become together; without a `base` nobody knows who of them moved it.
pub fn stage(base: Option<Stage>, mine: Sent, theirs: Sent) -> Field<Stage> {
    let both = Field::Both {
        mine: mine.stage,
        theirs: theirs.stage,
    };
    let merged = match base {
        Some(base) => one_of(&base, mine.stage, theirs.stage),
        None if mine.stage == theirs.stage => Field::Settled(mine.stage),
        None => return both,
    };
    let Field::Settled(settled) = merged else {
        return both;
    };
    let shown_early = |sent: Sent| sent.with_changes && public(settled) < public(sent.stage);
    if shown_early(mine) || shown_early(theirs) {
        return both;
    }
    Field::Settled(settled)
}

/// When readers see it: in this order.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Public {
    Now,
    At(OffsetDateTime),
    Never,
}

fn public(stage: Stage) -> Public {
    match stage {
        Stage::Published => Public::Now,
        Stage::Scheduled(at) => Public::At(at),
        Stage::Draft | Stage::Review => Public::Never,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Stage = Stage::Scheduled(OffsetDateTime::UNIX_EPOCH);
    const LATER: Stage =
        Stage::Scheduled(OffsetDateTime::UNIX_EPOCH.saturating_add(time::Duration::DAY));
    const ALL: [Stage; 5] = [Stage::Draft, Stage::Review, SOON, LATER, Stage::Published];

    /// Rows are mine, columns theirs, both in the order of `ALL`. `=`: they agree, `m`: mine, `t`: theirs, `!`: a person
    /// decides. First where neither changed what readers see, then where both did.
    #[rustfmt::skip] // a table is read by its columns
    const TABLE: [(Option<Stage>, [&str; 5], [&str; 5]); 6] = [
        (None, ["=!!!!", "!=!!!", "!!=!!", "!!!=!", "!!!!="],
               ["=!!!!", "!=!!!", "!!=!!", "!!!=!", "!!!!="]),
        (Some(Stage::Draft), ["=tttt", "m=!!!", "m!=!!", "m!!=!", "m!!!="],
                             ["=t!!!", "m=!!!", "!!=!!", "!!!=!", "!!!!="]),
        (Some(Stage::Review), ["=m!!!", "t=ttt", "!m=!!", "!m!=!", "!m!!="],
                              ["=m!!!", "t=!!!", "!!=!!", "!!!=!", "!!!!="]),
        (Some(SOON), ["=!m!!", "!=m!!", "tt=tt", "!!m=!", "!!m!="],
                     ["=!m!!", "!=m!!", "tt=t!", "!!m=!", "!!!!="]),
        (Some(LATER), ["=!!m!", "!=!m!", "!!=m!", "ttt=t", "!!!m="],
                      ["=!!m!", "!=!m!", "!!=!!", "tt!=!", "!!!!="]),
        (Some(Stage::Published), ["=!!!m", "!=!!m", "!!=!m", "!!!=m", "tttt="],
                                 ["=!!!m", "!=!!m", "!!=!m", "!!!=m", "tttt="]),
    ];

    fn letter(base: Option<Stage>, mine: Sent, theirs: Sent) -> char {
        match stage(base, mine, theirs) {
            Field::Settled(settled) if mine.stage == theirs.stage => {
                assert_eq!(settled, mine.stage);
                '='
            }
            Field::Settled(settled) if settled == mine.stage => 'm',
            Field::Settled(settled) => {
                assert_eq!(settled, theirs.stage);
                't'
            }
            Field::Both {
                mine: one,
                theirs: other,
            } => {
                assert_eq!((one, other), (mine.stage, theirs.stage));
                '!'
            }
        }
    }

    #[test]
    fn every_cell_of_the_table_of_stages_says_what_is_written_here() {
        for (base, quiet, changed) in TABLE {
            for (with_changes, rows) in [(false, quiet), (true, changed)] {
                for (mine, row) in ALL.into_iter().zip(rows) {
                    let sent = |stage| Sent {
                        stage,
                        with_changes,
                    };
                    let said: String = ALL
                        .into_iter()
                        .map(|theirs| letter(base, sent(mine), sent(theirs)))
                        .collect();
                    assert_eq!(said, row, "{base:?}, {mine:?}, changed: {with_changes}");
                }
            }
        }
    }

    #[test]
    fn only_the_words_of_who_would_be_shown_early_stand_in_the_way() {
        let quiet = |stage| Sent {
            stage,
            with_changes: false,
        };
        let changed = |stage| Sent {
            stage,
            with_changes: true,
        };
        let (draft, out) = (Stage::Draft, Stage::Published);
        for (base, mine, theirs, said) in [
            (draft, changed(out), quiet(draft), 'm'),
            (draft, quiet(out), changed(draft), '!'),
            (draft, quiet(draft), changed(out), 't'),
            (draft, changed(draft), quiet(out), '!'),
            (LATER, changed(SOON), quiet(LATER), 'm'),
            (LATER, quiet(SOON), changed(LATER), '!'),
            (LATER, quiet(LATER), changed(SOON), 't'),
            (LATER, changed(LATER), quiet(SOON), '!'),
        ] {
            assert_eq!(
                letter(Some(base), mine, theirs),
                said,
                "{mine:?} {theirs:?}"
            );
        }
    }
}
