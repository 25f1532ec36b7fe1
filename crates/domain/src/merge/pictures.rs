//! The pictures beside a post, merged one by one: what one of two people added, described or took out is done.

use super::fields::{Field, one_of};
use crate::picture::{ImageHash, PlacedPicture};

/// A picture that both changed, and not alike. `None`: taken out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PictureClash {
    pub hash: ImageHash,
    pub mine: Option<PlacedPicture>,
    pub theirs: Option<PlacedPicture>,
}

/// In their order, and what I added at the end. Where a person decides, it is as I have it until then.
pub fn pictures(
    base: &[PlacedPicture],
    mine: &[PlacedPicture],
    theirs: &[PlacedPicture],
) -> (Vec<PlacedPicture>, Vec<PictureClash>) {
    let mut clashes = Vec::new();
    let mut merged: Vec<PlacedPicture> = Vec::new();
    for their in theirs {
        let (old, my) = (find(base, their.hash), find(mine, their.hash));
        match (old, my) {
            (_, Some(my)) => merged.push(one(old, my, their, &mut clashes)),
            (None, None) => merged.push(their.clone()),
            (Some(old), None) if old == their => {}
            (Some(_), None) => clashes.push(PictureClash {
                hash: their.hash,
                mine: None,
                theirs: Some(their.clone()),
            }),
        }
    }
    let mut before = None;
    for my in mine {
        match find(base, my.hash) {
            _ if find(theirs, my.hash).is_some() => {}
            None => merged.push(my.clone()),
            Some(old) if old == my => continue,
            Some(_) => {
                clashes.push(PictureClash {
                    hash: my.hash,
                    mine: Some(my.clone()),
                    theirs: None,
                });
                let place = before.and_then(|hash| place(&merged, hash));
                merged.insert(place.map_or(0, |place| place + 1), my.clone());
            }
        }
        before = Some(my.hash);
    }
    (merged, clashes)
}

/// A picture that both have.
fn one(
    old: Option<&PlacedPicture>,
    mine: &PlacedPicture,
    theirs: &PlacedPicture,
    clashes: &mut Vec<PictureClash>,
) -> PlacedPicture {
    let new = (Default::default(), false);
    let (alt, decorative) = old.map_or(new, |old| (old.alt.clone(), old.decorative));
    let alt = match one_of(&alt, mine.alt.clone(), theirs.alt.clone()) {
        Field::Settled(alt) => alt,
        Field::Both { mine: alt, .. } => {
            clashes.push(PictureClash {
                hash: mine.hash,
                mine: Some(mine.clone()),
                theirs: Some(theirs.clone()),
            });
            alt
        }
    };
    PlacedPicture {
        hash: mine.hash,
        alt,
        // Of two that differ one is as it was.
        decorative: if mine.decorative == decorative {
            theirs.decorative
        } else {
            mine.decorative
        },
    }
}

fn place(list: &[PlacedPicture], hash: ImageHash) -> Option<usize> {
    list.iter().position(|it| it.hash == hash)
}

fn find(list: &[PlacedPicture], hash: ImageHash) -> Option<&PlacedPicture> {
    list.iter().find(|it| it.hash == hash)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::picture::Alt;

    /// `1` is a picture without words, `2fox` one with, `3fox*` one that is only decoration.
    fn read(list: &str) -> Vec<PlacedPicture> {
        list.split_whitespace()
            .map(|it| PlacedPicture {
                hash: ImageHash::new([it.as_bytes()[0]; 32]),
                alt: Alt::parse(it[1..].trim_end_matches('*')).unwrap(),
                decorative: it.ends_with('*'),
            })
            .collect()
    }

    fn written(picture: &PlacedPicture) -> String {
        let star = if picture.decorative { "*" } else { "" };
        let name = char::from(picture.hash.as_bytes()[0]);
        format!("{name}{}{star}", picture.alt)
    }

    /// The rule, base, mine, theirs, what it becomes, and where a person decides: mine/theirs.
    struct Case(&'static str, [&'static str; 3], &'static str, &'static str);

    #[rustfmt::skip] // A table.
    const CASES: &[Case] = &[
        Case("what nobody changed stays", ["1a 2b*", "1a 2b*", "1a 2b*"], "1a 2b*", ""),
        Case("what they took out is out", ["1a 2b", "1a 2b", "2b"], "2b", ""),
        Case("what I took out is out", ["1a 2b", "2b", "1a 2b"], "2b", ""),
        Case("what both took out is out", ["1a 2b", "2b", "2b"], "2b", ""),
        Case("what they added is there", ["1a", "1a", "1a 2b"], "1a 2b", ""),
        Case("what I added is there, at the end", ["1a", "1a 3c", "1a 2b"], "1a 2b 3c", ""),
        Case("what both added is there once", ["", "1a", "1a"], "1a", ""),
        Case("of what both added the words count", ["", "1", "1a"], "1a", ""),
        Case("of what both added different words are for a person", ["", "1a", "1b"], "1a", "1a/1b"),
        Case("words that I changed are mine", ["1a", "1b", "1a"], "1b", ""),
        Case("words that they changed are theirs", ["1a", "1a", "1b"], "1b", ""),
        Case("words that both changed alike are changed", ["1a", "1b", "1b"], "1b", ""),
        Case("words that both changed are for a person", ["1a", "1b", "1c"], "1b", "1b/1c"),
        Case("words that one took away and the other changed are for a person", ["1a", "1", "1c"], "1", "1/1c"),
        Case("decoration that I made stays", ["1a", "1a*", "1a"], "1a*", ""),
        Case("decoration that they made stays", ["1a", "1a", "1a*"], "1a*", ""),
        Case("decoration that one of us ended is none", ["1a*", "1a", "1a*"], "1a", ""),
        Case("words and decoration of one picture merge", ["1a", "1a*", "1b"], "1b*", ""),
        Case("taken out by me and described by them is for a person", ["1a 2b", "2b", "1c 2b"], "2b", "-/1c"),
        Case("taken out by them and described by me is for a person, and stays where it was", ["1a 2b 3c", "1a 2x 3c", "1a 3c"], "1a 2x 3c", "2x/-"),
        Case("the first picture stays the first", ["1a 2b", "1x 2b", "2b"], "1x 2b", "1x/-"),
        Case("taken out by them and made decoration by me is for a person", ["1a", "1a*", ""], "1a*", "1a*/-"),
        Case("they put them in another order", ["1a 2b", "1a 2b", "2b 1a"], "2b 1a", ""),
        Case("without a base what both have is there", ["", "1a 2b", "2b 3c"], "2b 3c 1a", ""),
    ];

    #[test]
    fn every_case_of_the_table_of_pictures_ends_as_its_rule_says() {
        for Case(rule, lists, wanted, for_a_person) in CASES {
            let [base, mine, theirs] = lists.map(read);
            let (merged, clashes) = pictures(&base, &mine, &theirs);
            let merged: Vec<_> = merged.iter().map(written).collect();
            let side = |it: &Option<PlacedPicture>| it.as_ref().map_or("-".into(), written);
            let clashes: Vec<_> = clashes
                .iter()
                .map(|it| format!("{}/{}", side(&it.mine), side(&it.theirs)))
                .collect();
            assert_eq!(
                (merged.join(" ").as_str(), clashes.join(" ").as_str()),
                (*wanted, *for_a_person),
                "{rule}"
            );
        }
    }

    fn lists() -> impl Strategy<Value = Vec<PlacedPicture>> {
        let one = (1u8..6, "[ab]?", any::<bool>());
        prop::collection::vec(one, 0..5).prop_map(|all| {
            let mut list: Vec<PlacedPicture> = Vec::new();
            for (seed, alt, decorative) in all {
                let hash = ImageHash::new([seed; 32]);
                if find(&list, hash).is_none() {
                    let alt = Alt::parse(&alt).unwrap();
                    list.push(PlacedPicture {
                        hash,
                        alt,
                        decorative,
                    });
                }
            }
            list
        })
    }

    proptest! {
        #[test]
        fn what_one_side_left_alone_is_as_the_other_has_it(base in lists(), x in lists()) {
            let (theirs, none) = pictures(&base, &base, &x);
            prop_assert_eq!((theirs, none.len()), (x.clone(), 0));
            let (mine, none) = pictures(&base, &x, &base);
            prop_assert_eq!(none.len(), 0);
            let same = mine.len() == x.len() && x.iter().all(|it| mine.contains(it));
            prop_assert!(same, "{:?} {:?}", mine, x);
        }

        #[test]
        fn no_words_vanish_without_being_shown(base in lists(), mine in lists(), theirs in lists()) {
            let (merged, clashes) = pictures(&base, &mine, &theirs);
            for their in &theirs {
                let kept = merged.iter().any(|it| it.hash == their.hash && it.alt == their.alt);
                let shown = clashes.iter().any(|it| it.theirs.as_ref() == Some(their));
                let old = find(&base, their.hash);
                let untouched = old == Some(their) || old.is_some_and(|old| old.alt == their.alt);
                let unsaid = their.alt.is_empty() && old.is_none();
                prop_assert!(kept || shown || untouched || unsaid, "{:?}", their);
            }
            for picture in &merged {
                let mut same = merged.iter().filter(|it| it.hash == picture.hash);
                prop_assert!(same.next().is_some() && same.next().is_none());
            }
        }
    }
}
