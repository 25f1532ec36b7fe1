//! Comparisons of two texts, and what of them is folded away.

use proptest::prelude::*;

use super::Piece::{Added, Removed, Same};
use super::*;

fn same(text: &str) -> Piece {
    Same(text.to_owned())
}
fn removed(text: &str) -> Piece {
    Removed(text.to_owned())
}
fn added(text: &str) -> Piece {
    Added(text.to_owned())
}

#[test]
fn a_changed_word_stands_beside_what_it_was() {
    assert_eq!(
        changes("The fox jumps over.\n", "The fox leaps over.\n"),
        [
            same("The fox "),
            removed("jumps"),
            added("leaps"),
            same(" over.\n")
        ]
    );
    assert_eq!(
        size("The fox jumps over.\n", "The quick fox leaps.\n"),
        Size {
            added: 2,
            removed: 2
        }
    );
}

#[test]
fn a_paragraph_that_was_added_is_told_from_a_word_that_changed_before_it() {
    assert_eq!(
        changes(
            "It comes at noon.\n",
            "It comes at dawn.\n\nIt goes later.\n"
        ),
        [
            same("It comes at "),
            removed("noon"),
            added("dawn"),
            same(".\n"),
            added("\nIt goes later.\n"),
        ]
    );
}

#[test]
fn what_readers_cannot_see_is_no_change() {
    assert_eq!(
        changes("a  \r\ncafé", "a\ncafe\u{301}\n"),
        [same("a\ncafe\u{301}\n")]
    );
    assert_eq!(changes("", ""), [same("\n")]);
}

#[test]
fn a_sentence_written_anew_is_one_change_and_no_patchwork() {
    let pieces = changes(
        "We left the house at noon and the rain came.\n",
        "Nobody wanted the umbrella, so I carried the thing.\n",
    );
    assert!(pieces.len() <= 4, "{pieces:?}");
}

#[test]
fn long_unchanged_stretches_are_folded_but_neighbours_stay() {
    let line = "Words that stand there and have not been touched by anybody for a long time.\n\n";
    let old = format!(
        "First.\n\n{}Near one.\n\nA fox.\n\nNear two.\n\n{}Last.\n",
        line.repeat(9),
        line.repeat(8)
    );
    let new = old.replace("A fox", "A dog");
    let passages = fold(changes(&old, &new));
    let folds: Vec<_> = passages.iter().map(|passage| passage.folded).collect();
    assert_eq!(folds, [Some(10), None, Some(9)]);
    let shown = &passages[1].pieces;
    assert_eq!(shown.first(), Some(&same("Near one.\n\nA ")));
    assert_eq!(shown.last(), Some(&same(".\n\nNear two.\n")));
}

#[test]
fn short_texts_are_shown_whole() {
    let passages = fold(changes(
        "One.\n\nTwo.\n\nThree.\n",
        "One.\n\nTwo!\n\nThree.\n",
    ));
    assert_eq!(passages.len(), 1);
    assert_eq!(passages[0].folded, None);
}

proptest! {
    #[test]
    fn both_versions_can_be_read_off_the_pieces(old in "([a-c]{1,2}[ \n]{1,2}){0,12}", new in "([a-c]{1,2}[ \n]{1,2}){0,12}") {
        let (mut before, mut after) = (String::new(), String::new());
        for piece in changes(&old, &new) {
            match piece {
                Same(text) => { before += &text; after += &text; }
                Removed(text) => before += &text,
                Added(text) => after += &text,
            }
        }
        // Spaces at the end of a line are no change, so they may be those of the newer text.
        let words = |text: &str| text.split('\n').map(|line| line.trim_end().to_owned()).collect::<Vec<_>>().join("\n").trim_end().to_owned();
        prop_assert_eq!(words(&after), words(&new));
        prop_assert_eq!(words(&before), words(&old));
    }

    #[test]
    fn folding_loses_nothing_but_empty_lines(old in "([a-c]{1,9}[ \n]{1,2}){0,90}", new in "([a-c]{1,9}[ \n]{1,2}){0,90}") {
        let pieces = changes(&old, &new);
        let text = |pieces: &[Piece]| pieces.iter().map(|piece| match piece {
            Same(text) | Removed(text) | Added(text) => text.as_str(),
        }).collect::<String>().split_whitespace().map(str::to_owned).collect::<Vec<_>>();
        let whole = text(&pieces);
        let folded: Vec<Piece> = fold(pieces).into_iter().flat_map(|passage| passage.pieces).collect();
        prop_assert_eq!(text(&folded), whole);
    }

    #[test]
    fn no_input_makes_it_panic(old in any::<String>(), new in any::<String>()) {
        fold(changes(&old, &new));
        size(&old, &new);
    }
}
