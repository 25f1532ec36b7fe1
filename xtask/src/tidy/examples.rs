//! What the library offers is shown at work: every public item of it has an example, which `cargo test` compiles and runs.

use super::{
    Finding,
    tree::{File, Tree},
};

const SOURCES: &str = "crates/session-auth/src/";

/// What layers and their services are made of. Nobody writes these names: the layer's example is theirs.
const PLUMBING: &[&str] = &[
    "AuthService",
    "RequireLoginService",
    "ResponseFuture",
    "SessionService",
];

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|file| file.path.starts_with(SOURCES) && file.path.ends_with(".rs"))
        .flat_map(without_example)
        .collect()
}

/// The public items of a file whose documentation has no code. `pub` means public there: rustc's `unreachable_pub` sees
/// to it.
fn without_example(file: &File) -> Vec<Finding> {
    let text = file.text.as_deref().unwrap_or_default();
    let mut findings = Vec::new();
    let mut has_example = false;
    for (line, number) in text.lines().map(str::trim).zip(1..) {
        if line == "mod tests {" {
            break;
        }
        if line.starts_with("///") {
            has_example |= line.contains("```");
        } else if let Some(name) = public_item(line) {
            if !has_example && !PLUMBING.contains(&name) {
                let place = format!("{}:{number}", file.path);
                let what = format!("`{name}` is public: show in an example what it is for");
                findings.push(Finding::new(place, what));
            }
            has_example = false;
        } else if ends_an_item(line) {
            has_example = false;
        }
    }
    findings
}

/// The name of the type, trait, function or constant that this line begins, if it is public.
fn public_item(line: &str) -> Option<&str> {
    let mut words = line.strip_prefix("pub ")?.split_whitespace();
    let mut kind = words.next()?;
    let mut name = words.next()?;
    while matches!(kind, "const" | "async") && matches!(name, "async" | "fn") {
        kind = name;
        name = words.next()?;
    }
    let is_item = ["struct", "enum", "trait", "type", "fn", "const"].contains(&kind);
    let end = name.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    is_item.then(|| &name[..end.unwrap_or(name.len())])
}

/// What stood above belongs to something else.
fn ends_an_item(line: &str) -> bool {
    line.is_empty() || line.ends_with('}') || line.ends_with(';') || line.ends_with('{')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let findings = check(&Tree::of(&[("crates/session-auth/src/door.rs", text)]));
        findings.into_iter().map(|finding| finding.what).collect()
    }

    #[test]
    fn a_public_item_without_an_example_is_found_by_its_name() {
        for item in [
            "pub struct Door(u8);",
            "pub enum Door {",
            "pub trait Door: Send {",
            "pub type Door = u8;",
            "    pub fn Door<T>(",
            "    pub const fn Door() {}",
            "    pub async fn Door() {}",
            "    pub const Door: u8 = 1;",
        ] {
            let bare = format!("/// A door.\n#[cfg(any(\n    feature = \"a\"\n))]\n{item}\n");
            assert_eq!(found(&bare).len(), 1, "{item}");
            assert!(found(&bare)[0].contains("`Door`"), "{item}");
            let shown =
                format!("/// A door.\n///\n/// ```\n/// open();\n/// ```\n#[must_use]\n{item}\n");
            assert_eq!(found(&shown), [""; 0], "{item}");
        }
    }

    #[test]
    fn an_example_belongs_to_one_item_only() {
        let text = "/// ```\n/// ```\npub struct Door;\n\n/// A window.\npub struct Window;\n";
        assert_eq!(found(text).len(), 1);
        let text = "/// ```\n/// ```\nfn inside() {\n}\n/// A window.\npub struct Window;\n";
        assert_eq!(
            found(text).len(),
            1,
            "the one of an item that is not public"
        );
    }

    #[test]
    fn what_is_not_public_or_is_plumbing_needs_none() {
        let text = "pub(crate) fn door() {}\npub use door::Door;\npub mod door;\npub struct SessionService<S> {\n    pub open: bool,\n}\n";
        assert_eq!(found(text), [""; 0]);
        let elsewhere = Tree::of(&[("crates/domain/src/door.rs", "pub struct Door;\n")]);
        assert_eq!(check(&elsewhere), []);
    }
}
