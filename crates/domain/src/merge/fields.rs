//! What else a post has beside its text, merged field by field: a field is never mixed from two wishes.

/// What became of one field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Field<T> {
    Settled(T),
    /// Both changed it, and not alike.
    Both {
        mine: T,
        theirs: T,
    },
}

/// A field that holds one value.
pub fn one_of<T: PartialEq>(base: &T, mine: T, theirs: T) -> Field<T> {
    if mine == theirs || theirs == *base {
        Field::Settled(mine)
    } else if mine == *base {
        Field::Settled(theirs)
    } else {
        Field::Both { mine, theirs }
    }
}

/// A field that holds several values, known by a key: whatever one of the two added is there, whatever one took out is
/// gone. In their order, what I added at the end.
pub fn set<T: Clone, K: PartialEq>(
    base: &[T],
    mine: &[T],
    theirs: &[T],
    key: impl Fn(&T) -> K,
) -> Vec<T> {
    let has = |list: &[T], wanted: &T| list.iter().any(|it| key(it) == key(wanted));
    let kept = theirs.iter().filter(|it| has(mine, it) || !has(base, it));
    let added = mine.iter().filter(|it| !has(base, it) && !has(theirs, it));
    kept.chain(added).cloned().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_goes_with_whoever_changed_it() {
        assert_eq!(one_of(&"a", "b", "a"), Field::Settled("b"));
        assert_eq!(one_of(&"a", "a", "b"), Field::Settled("b"));
        assert_eq!(one_of(&"a", "a", "a"), Field::Settled("a"));
        assert_eq!(one_of(&"a", "b", "b"), Field::Settled("b"));
        assert_eq!(
            one_of(&"a", "b", "c"),
            Field::Both {
                mine: "b",
                theirs: "c"
            }
        );
    }

    #[test]
    fn a_set_has_what_either_added_and_lacks_what_either_took_out() {
        let merged = |base: &[&str], mine: &[&str], theirs: &[&str]| {
            let own = |list: &[&str]| list.iter().map(|it| it.to_string()).collect::<Vec<_>>();
            set(&own(base), &own(mine), &own(theirs), |it| it.to_lowercase()).join(" ")
        };
        assert_eq!(
            merged(&["a", "b"], &["a", "b", "m"], &["a", "b", "t"]),
            "a b t m"
        );
        assert_eq!(merged(&["a", "b", "c"], &["b", "c"], &["a", "b"]), "b");
        assert_eq!(merged(&["a"], &["a"], &["a", "b"]), "a b");
        assert_eq!(merged(&[], &["X"], &["x"]), "x", "one key, one value");
        assert_eq!(merged(&["a"], &[], &["a", "b"]), "b");
    }
}
