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

    /// Three values of a field in every constellation there is: the rule, base, mine, theirs, what it becomes; `m/t` is for
    /// a person.
    #[rustfmt::skip] // A table.
    const FIELDS: [(&str, [&str; 3], &str); 8] = [
        ("what nobody changed stays", ["a", "a", "a"], "a"),
        ("what only I changed is mine", ["a", "b", "a"], "b"),
        ("what only they changed is theirs", ["a", "a", "b"], "b"),
        ("what both changed alike is changed", ["a", "b", "b"], "b"),
        ("what both changed is for a person", ["a", "b", "c"], "b/c"),
        ("what I took away and they left is gone", ["a", "", "a"], ""),
        ("what they took away and I changed is for a person", ["a", "b", ""], "b/"),
        ("what both filled is for a person", ["", "b", "c"], "b/c"),
    ];

    #[test]
    fn every_case_of_the_table_of_fields_ends_as_its_rule_says() {
        for (rule, [base, mine, theirs], wanted) in FIELDS {
            let said = match one_of(&base, mine, theirs) {
                Field::Settled(value) => value.to_owned(),
                Field::Both { mine, theirs } => format!("{mine}/{theirs}"),
            };
            assert_eq!(said, wanted, "{rule}");
        }
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
