//! The table of cases, each named by the rule it alone tests, and what holds for any three texts.

use proptest::prelude::*;
use unicode_segmentation::UnicodeSegmentation as _;

use super::*;

/// What has to become of a case.
enum Want {
    Merged(&'static str),
    /// Every stretch, in order.
    Conflict(&'static [Want]),
    /// Of a conflict: settled.
    Same(&'static str),
    /// Of a conflict: mine, theirs.
    Both(&'static str, &'static str),
}
use Want::{Both, Conflict as Stretches, Merged as Text, Same};

struct Case(&'static str, [&'static str; 3], Want);

const FABLE: &str = "The fox jumps. The dog sleeps. The end is near.";

#[rustfmt::skip] // A table.
const CASES: &[Case] = &[
    // One side alone, and both alike.
    Case("nothing changed is nothing changed", ["a\n", "a\n", "a\n"], Text("a\n")),
    Case("what only I changed is as I have it", ["a\nb\n", "a\nB\n", "a\nb\n"], Text("a\nB\n")),
    Case("what only they changed is as they have it", ["a\nb\n", "a\nb\n", "A\nb\n"], Text("A\nb\n")),
    Case("the same change is made once", ["one two\n", "one 2\n", "one 2\n"], Text("one 2\n")),
    Case("the same change is made once beside others", ["a\n\nold\n\nz\n", "A\n\nnew\n\nz\n", "a\n\nnew\n\nZ\n"], Text("A\n\nnew\n\nZ\n")),
    Case("the same addition is made once", ["a\n\nz\n", "a\n\nnew\n\nz\n", "a\n\nnew\n\nZ\n"], Text("a\n\nnew\n\nZ\n")),
    Case("the same deletion is made once", ["an a\n\ngone\n\nz\n", "an A\n\nz\n", "an a\n\nz\n"], Text("an A\n\nz\n")),
    Case("the same move is made once", ["a\n\nb\n\nc\n", "c\n\na\n\nb\n", "c\n\na\n\nb\n"], Text("c\n\na\n\nb\n")),

    // Lines and paragraphs.
    Case("different paragraphs merge", ["one\n\ntwo\n", "ONE\n\ntwo\n", "one\n\nTWO\n"], Text("ONE\n\nTWO\n")),
    Case("an unchanged line keeps changes apart", ["a\n---\nb\n", "A\n---\nb\n", "a\n---\nB\n"], Text("A\n---\nB\n")),
    Case("the last word of a paragraph and the first of the next are apart", ["the end\n\nthe start\n", "the END\n\nthe start\n", "the end\n\nA start\n"], Text("the END\n\nA start\n")),
    Case("the last word of a line and the first of the next are not", ["we met\nanna there\n", "we saw\nanna there\n", "we met\notto there\n"], Stretches(&[Both("we saw\nanna there\n", "we met\notto there\n")])),
    Case("a paragraph may be added beside one that is edited", ["one two\n", "one two\n\nthree\n", "one TWO\n"], Text("one TWO\n\nthree\n")),
    Case("a paragraph may be added before one that is edited", ["one two\n", "zero\n\none two\n", "ONE two\n"], Text("zero\n\nONE two\n")),
    Case("a line may be added to a list whose last line is edited", ["- a\n- b\n", "- a\n- b\n- c\n", "- a\n- B\n"], Text("- a\n- B\n- c\n")),
    Case("two additions at one place overlap", ["a\n", "a\n\nmine\n", "a\n\ntheirs\n"], Stretches(&[Same("a\n"), Both("\nmine\n", "\ntheirs\n")])),
    Case("two additions at different places merge", ["a\n\nb\n", "0\n\na\n\nb\n", "a\n\nb\n\nc\n"], Text("0\n\na\n\nb\n\nc\n")),
    Case("an addition at the beginning and a change at the end merge", ["a\n\nb\n", "new\n\na\n\nb\n", "a\n\nB\n"], Text("new\n\na\n\nB\n")),

    // Words within a paragraph.
    Case("different sentences of one paragraph merge", [FABLE, "The fox leaps. The dog sleeps. The end is near.", "The fox jumps. The dog sleeps. The end is far."], Text("The fox leaps. The dog sleeps. The end is far.")),
    Case("one unchanged word keeps changes apart", ["one two three", "1 two three", "one two 3"], Text("1 two 3")),
    Case("neighbouring words overlap", ["one two three", "1 two three", "one 2 three"], Stretches(&[Both("1 two three\n", "one 2 three\n")])),
    Case("a mark between words keeps nothing apart", ["yes, sir", "no, sir", "yes, madam"], Stretches(&[Both("no, sir\n", "yes, madam\n")])),
    Case("the same word changed differently overlaps", ["a red fox", "a blue fox", "a green fox"], Stretches(&[Both("a blue fox\n", "a green fox\n")])),
    Case("a word added and a word further on taken out merge", ["one two three four", "one and two three four", "one two three"], Text("one and two three")),
    Case("what overlaps carries the rest of the line in both", ["Red fox. Big dog. Old cat.", "Blue fox. Big dog. Old cat.", "Green fox. Big dog. Young cat."], Stretches(&[Both("Blue fox. Big dog. Young cat.\n", "Green fox. Big dog. Young cat.\n")])),
    Case("a sentence added at the end and a word changed at the beginning merge", ["Dear all. See you.", "Dear all. See you. Bring cake.", "Dear friends. See you."], Text("Dear friends. See you. Bring cake.")),
    Case("marks around a word overlap with a change of the word", ["a fine day", "a *fine* day", "a good day"], Stretches(&[Both("a *fine* day\n", "a good day\n")])),
    Case("two places that overlap are two, and what is between them is settled", ["a one\n\nb two\n\nc three\n\nd four\n", "a I\n\nb II\n\nc three\n\nd IV\n", "a 1\n\nb two\n\nc 3\n\nd 4\n"], Stretches(&[Both("a I\n", "a 1\n"), Same("\nb II\n\nc 3\n\n"), Both("d IV\n", "d 4\n")])),
    Case("an apostrophe does not cut a word", ["it isn’t so", "it isn't so", "it is so"], Stretches(&[Both("it isn't so\n", "it is so\n")])),

    // Deletions.
    Case("a deletion and a change elsewhere merge", ["a\n\nb\n\nc\n", "a\n\nc\n", "A\n\nb\n\nc\n"], Text("A\n\nc\n")),
    Case("a deletion and a change of what was deleted overlap", ["a\n\nb one\n\nc\n", "a\n\nc\n", "a\n\nb two\n\nc\n"], Stretches(&[Same("a\n\n"), Both("", "b two\n\n"), Same("c\n")])),
    Case("two deletions apart are both made", ["a\n\nb\n\nc\n\nd\n\ne\n", "a\n\nc\n\nd\n\ne\n", "a\n\nb\n\nc\n\ne\n"], Text("a\n\nc\n\ne\n")),
    Case("deletions that overlap in part are for a person", ["a b c d e", "a d e", "a b e"], Stretches(&[Both("a d e\n", "a b e\n")])),
    Case("a word taken out and its neighbour changed overlap", ["a very old fox", "a old fox", "a very young fox"], Stretches(&[Both("a old fox\n", "a very young fox\n")])),

    // One side empty.
    Case("what I emptied and they left is empty", ["a\nb\n", "", "a\nb\n"], Text("")),
    Case("what I emptied and they changed overlaps", ["a\nb\n", "", "a\nB\n"], Stretches(&[Both("\n", "a\nB\n")])),
    Case("an empty text that I filled is full", ["", "new\n", ""], Text("new\n")),
    Case("an empty text that both filled overlaps", ["", "mine\n", "theirs\n"], Stretches(&[Both("mine\n", "theirs\n")])),
    Case("an empty text that both filled alike is full", ["", "same\n", "same\n"], Text("same\n")),
    Case("an empty line more is a change like another", ["a\nb\n\nc\n", "a\n\nb\n\nc\n", "a\nb\n\nC\n"], Text("a\n\nb\n\nC\n")),

    // What readers can't see.
    Case("line endings are no change", ["a\nb\n\nc\n", "a\r\nb\r\n\r\nc\r\n", "a\nb\n\nC\n"], Text("a\nb\n\nC\n")),
    Case("line endings don't hide a change", ["a\r\nb\r\n\r\nc\r\n", "A\nb\n\nc\n", "a\r\nb\r\n\r\nC\r\n"], Text("A\nb\n\nC\n")),
    Case("spaces at the end of a line don't stand against a change", ["a b\n", "a b  \n", "a B\n"], Text("a B  \n")),
    Case("spaces at the end of a line alone are kept", ["a\n\nb\n", "a  \n\nb\n", "a\n\nB\n"], Text("a  \n\nB\n")),
    Case("spaces inside a line are a change", ["a b\n\nc\n", "a  b\n\nc\n", "a b\n\nC\n"], Text("a  b\n\nC\n")),
    Case("spaces at the beginning of a line are a change", ["a\n\nb\n", "    a\n\nb\n", "A\n\nb\n"], Stretches(&[Both("    a\n", "A\n"), Same("\nb\n")])),
    Case("a missing last line end is no change", ["a\n\nb\n", "A\n\nb\n", "a\n\nB"], Text("A\n\nB")),
    Case("a last line end stays when nobody took it away", ["a\n\nb\n", "A\n\nb\n", "a\n\nB\n"], Text("A\n\nB\n")),
    Case("a last line end that one of them added is there", ["a\n\nb", "A\n\nb\n", "a\n\nB"], Text("A\n\nB\n")),

    // Unicode.
    Case("a decomposed letter is no change", ["café au lait\n", "cafe\u{301} au lait\n", "café au chocolat\n"], Text("cafe\u{301} au chocolat\n")),
    Case("a decomposed letter alone is kept", ["café\n\nx\n", "cafe\u{301}\n\nx\n", "café\n\nX\n"], Text("cafe\u{301}\n\nX\n")),
    Case("an accent is a change of its word", ["the cafe here", "the café here", "the bar here"], Stretches(&[Both("the café here\n", "the bar here\n")])),
    Case("an emoji with joiners is one word", ["a 👩‍👩‍👧 b", "a 👩‍👩‍👦 b", "a 👨‍👩‍👧 b"], Stretches(&[Both("a 👩‍👩‍👦 b\n", "a 👨‍👩‍👧 b\n")])),
    Case("an unchanged emoji keeps changes apart", ["x 🎉 y", "X 🎉 y", "x 🎉 Y"], Text("X 🎉 Y")),
    Case("words of scripts without spaces are apart", ["我喜歡喝茶和咖啡", "他喜歡喝茶和咖啡", "我喜歡喝茶和牛奶"], Text("他喜歡喝茶和牛奶")),
    Case("words from right to left merge like others", ["אחד שתיים שלוש", "ראשון שתיים שלוש", "אחד שתיים שלישי"], Text("ראשון שתיים שלישי")),

    // Moved paragraphs.
    Case("a paragraph I moved and one they changed merge", ["a one\n\nb two\n\nc three\n\nd four\n", "c three\n\na one\n\nb two\n\nd four\n", "a one\n\nb two\n\nc three\n\nd 4\n"], Text("c three\n\na one\n\nb two\n\nd 4\n")),
    Case("a paragraph I moved and they changed overlaps where it was", ["a one\n\nb two\n\nc three\n\nd four\n", "c three\n\na one\n\nb two\n\nd four\n", "a one\n\nb two\n\nc 3\n\nd four\n"], Stretches(&[Same("c three\n\na one\n\nb two\n\n"), Both("", "c 3\n\n"), Same("d four\n")])),
    Case("a paragraph that both moved elsewhere is for a person", ["a one\n\nb two\n\nc three\n", "b two\n\na one\n\nc three\n", "a one\n\nc three\n\nb two\n"], Stretches(&[Same("b two\n\na one\n\nc three\n\n"), Both("c three\n", "b two\n")])),

    // What Markdown is made of.
    Case("two rows of a table merge", ["| a | 1 |\n| b | 2 |\n| c | 3 |\n", "| a | 9 |\n| b | 2 |\n| c | 3 |\n", "| a | 1 |\n| b | 2 |\n| c | 8 |\n"], Text("| a | 9 |\n| b | 2 |\n| c | 8 |\n")),
    Case("a task may be ticked while another is renamed", ["- [ ] wash the dishes\n- [ ] buy bread\n", "- [x] wash the dishes\n- [ ] buy bread\n", "- [ ] wash the dishes\n- [ ] buy cake\n"], Text("- [x] wash the dishes\n- [ ] buy cake\n")),
    Case("a word that became a link and another word merge", ["see the docs for more", "see the [docs](/d) for more", "see the docs for less"], Text("see the [docs](/d) for less")),
    Case("lines that look like marks of a merge are text", ["=======\n\nb\n", "=======\n\nB\n", "<<<<<<<\n\nb\n"], Text("<<<<<<<\n\nB\n")),
];

#[test]
fn every_case_of_the_table_ends_as_its_rule_says() {
    assert!(CASES.len() >= 40);
    let mut wrong = Vec::new();
    for Case(rule, [base, mine, theirs], want) in CASES {
        let got = merge(base, mine, theirs);
        let right = match (&got, want) {
            (Merge::Merged(text), Text(wanted)) => text == wanted,
            (Merge::Conflict(conflict), Stretches(wanted)) => {
                let as_wanted = |it: &Stretch, wanted: &Want| match (it, wanted) {
                    (Stretch::Same(text), Same(wanted)) => text == wanted,
                    (Stretch::Both { mine, theirs }, Both(my, their)) => {
                        mine == my && theirs == their
                    }
                    _ => false,
                };
                let mut pairs = conflict.stretches.iter().zip(*wanted);
                conflict.stretches.len() == wanted.len()
                    && pairs.all(|(it, wanted)| as_wanted(it, wanted))
            }
            _ => false,
        };
        if !right {
            wrong.push(format!("{rule}: {got:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn no_two_cases_have_one_name() {
    let mut names: Vec<&str> = CASES.iter().map(|case| case.0).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), CASES.len());
}

#[test]
fn a_text_to_finish_shows_both_sides_and_knows_that_it_is_unfinished() {
    let Merge::Conflict(conflict) = merge(
        "a\n\nred fox\n\nz\n",
        "A\n\nblue fox\n\nz\n",
        "a\n\nnew fox\n\nZ\n",
    ) else {
        panic!("they overlap");
    };
    let text = conflict.to_finish("Bob");
    assert_eq!(
        text,
        "A\n\n[[[ You wrote ]]]\nblue fox\n[[[ Bob wrote ]]]\nnew fox\n\
         [[[ Keep one or join them, and delete these three lines ]]]\n\nZ\n"
    );
    assert_eq!(conflict.overlaps(), 1);
    assert_eq!(marks(&text).collect::<Vec<_>>(), [3, 5, 7]);
    assert_eq!(marks("A\n\nblue fox\n\nZ\n").next(), None);
    assert_eq!(marks("[[a link]] and [[[another]]]\n").next(), None);
}

/// Words drawn from few, so that everything seems to match everything.
fn babble(seed: u32, bytes: usize, line: usize) -> String {
    let words = [
        "the", "fox", "and", "a", "dog", "over", "lazy", "of", "quick", ".",
    ];
    let (mut text, mut state, mut column) = (String::new(), seed, 0);
    while text.len() < bytes {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        let word = words[(state >> 16) as usize % words.len()];
        text.push_str(word);
        column += word.len() + 1;
        text.push(if column > line { '\n' } else { ' ' });
        column = if column > line { 0 } else { column };
    }
    text
}

#[test]
fn texts_of_a_megabyte_that_have_nothing_in_common_end_in_time() {
    for line in [60, usize::MAX] {
        let texts = [1, 2, 3].map(|seed| babble(seed, 1_000_000, line));
        let begun = Instant::now();
        assert!(is_conflict(&merge(&texts[0], &texts[1], &texts[2])));
        // Cutting them into words comes on top of the patience; this build is not optimised and not alone.
        assert!(begun.elapsed() < PATIENCE * 20, "{:?}", begun.elapsed());
    }
}

/// Texts as people have them: paragraphs of a few words, changed here and there.
fn texts() -> impl Strategy<Value = String> {
    let word = prop_oneof![
        4 => "[a-d]{1,2}",
        1 => Just("é".to_owned()),
        1 => Just("e\u{301}".to_owned()),
        1 => Just("👩‍👩‍👧".to_owned()),
        1 => Just("กำ".to_owned()),
        1 => Just("*".to_owned()),
        1 => Just("  ".to_owned()),
    ];
    let line = prop::collection::vec(word, 0..5).prop_map(|words| words.join(" "));
    let end = prop_oneof![4 => Just("\n"), 4 => Just("\n\n"), 1 => Just("  \n"), 1 => Just("\r\n")];
    prop::collection::vec((line, end), 0..6).prop_map(|lines| {
        lines
            .into_iter()
            .map(|(line, end)| line + end)
            .collect::<String>()
    })
}

fn is_conflict(merge: &Merge) -> bool {
    matches!(merge, Merge::Conflict(_))
}

fn words_of(text: &str) -> Vec<String> {
    use unicode_normalization::UnicodeNormalization as _;
    let composed: String = text.nfc().collect();
    composed.unicode_words().map(str::to_owned).collect()
}

proptest! {
    #[test]
    fn what_one_side_left_alone_is_as_the_other_has_it(base in texts(), x in texts()) {
        prop_assert_eq!(merge(&base, &x, &base), Merge::Merged(plain(&x).into_owned()));
        prop_assert_eq!(merge(&base, &base, &x), Merge::Merged(plain(&x).into_owned()));
        prop_assert_eq!(merge(&base, &x, &x), Merge::Merged(plain(&x).into_owned()));
    }

    #[test]
    fn it_does_not_matter_who_saved_first(base in texts(), mine in texts(), theirs in texts()) {
        let (one, other) = (merge(&base, &mine, &theirs), merge(&base, &theirs, &mine));
        prop_assert_eq!(is_conflict(&one), is_conflict(&other), "{:?} {:?}", one, other);
    }

    #[test]
    fn what_both_wrote_is_there_or_shown(base in texts(), mine in texts(), theirs in texts()) {
        let shown = match merge(&base, &mine, &theirs) {
            Merge::Merged(text) => text,
            Merge::Conflict(conflict) => conflict.to_finish("Bob"),
        };
        let (shown, base) = (words_of(&shown), words_of(&base));
        for word in words_of(&mine).into_iter().chain(words_of(&theirs)) {
            prop_assert!(base.contains(&word) || shown.contains(&word), "{word} is lost");
        }
    }

    #[test]
    fn changes_of_different_paragraphs_are_both_made(
        paragraphs in prop::collection::vec("[a-z]{3,8}( [a-z]{3,8}){0,4}", 3..7),
        (at, other) in (0usize..100, 0usize..100),
    ) {
        let (at, other) = (at % paragraphs.len(), other % paragraphs.len());
        prop_assume!(at != other);
        let with = |changes: &[(usize, &str)]| {
            let mut text = paragraphs.clone();
            changes.iter().for_each(|&(at, new)| text[at] = new.to_owned());
            text.join("\n\n")
        };
        let merged = merge(&with(&[]), &with(&[(at, "MINE")]), &with(&[(other, "THEIRS")]));
        prop_assert_eq!(merged, Merge::Merged(with(&[(at, "MINE"), (other, "THEIRS")])));
    }

    #[test]
    fn nothing_is_lost_when_time_runs_out(base in texts(), mine in texts(), theirs in texts()) {
        let shown = match merge_until(&base, &mine, &theirs, Instant::now()) {
            Merge::Merged(text) => text,
            Merge::Conflict(conflict) => conflict.to_finish("Bob"),
        };
        let (shown, base) = (words_of(&shown), words_of(&base));
        for word in words_of(&mine).into_iter().chain(words_of(&theirs)) {
            prop_assert!(base.contains(&word) || shown.contains(&word), "{word} is lost");
        }
    }

    #[test]
    fn both_sides_can_be_read_off_a_conflict(base in texts(), mine in texts(), theirs in texts()) {
        if let Merge::Conflict(conflict) = merge(&base, &mine, &theirs) {
            prop_assert!(conflict.overlaps() > 0);
            for stretch in &conflict.stretches {
                if let Stretch::Both { mine, theirs } = stretch {
                    prop_assert!(mine != theirs);
                    for side in [mine, theirs] {
                        prop_assert!(side.is_empty() || side.ends_with('\n'), "{side:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn no_input_makes_it_panic(base in any::<String>(), mine in any::<String>(), theirs in any::<String>()) {
        merge(&base, &mine, &theirs);
    }
}
