//! Who implements one of the library's traits is told what an error of each method leads to. Of functions clippy sees to
//! it (`missing_errors_doc`), but what `async_trait` makes of a method hides its result.
//!
//! That a method has an example is not asked for: nobody calls it but the library, and the trait's example implements it.

use super::{
    Finding,
    tree::{File, Tree},
};

const SOURCES: &str = "crates/session-auth/src/";

pub(super) fn check(tree: &Tree) -> Vec<Finding> {
    tree.files()
        .filter(|file| file.path.starts_with(SOURCES) && file.path.ends_with(".rs"))
        .flat_map(silent_methods)
        .collect()
}

/// The methods of public traits that return a `Result` and have no `# Errors`.
fn silent_methods(file: &File) -> Vec<Finding> {
    let text = file.text.as_deref().unwrap_or_default();
    let mut findings = Vec::new();
    let mut lines = text.lines().zip(1..);
    while let Some((line, _)) = lines.next() {
        if !line.starts_with("pub trait ") {
            continue;
        }
        let mut says_errors = false;
        while let Some((line, number)) = lines.next().filter(|(line, _)| *line != "}") {
            let line = line.trim();
            if line.starts_with("///") {
                says_errors |= line == "/// # Errors";
            } else if let Some(name) = method(line) {
                let mut signature = line.to_owned();
                while !signature.ends_with([';', '{', '}']) {
                    let Some((more, _)) = lines.next() else { break };
                    signature += more;
                }
                if signature.contains("Result<") && !says_errors {
                    let place = format!("{}:{number}", file.path);
                    let what = format!("`{name}` can fail: say under `# Errors` what comes of it");
                    findings.push(Finding::new(place, what));
                }
                says_errors = false;
            }
        }
    }
    findings
}

fn method(line: &str) -> Option<&str> {
    let line = line.strip_prefix("async ").unwrap_or(line);
    let name = line.strip_prefix("fn ")?;
    name.split(['(', '<']).next()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn found(text: &str) -> Vec<String> {
        let findings = check(&Tree::of(&[("crates/session-auth/src/door.rs", text)]));
        findings.into_iter().map(|finding| finding.place).collect()
    }

    #[test]
    fn a_method_that_fails_in_silence_is_found_however_it_is_written() {
        let silent = "#[async_trait]\npub trait Door: Send {\n    /// Opens.\n    async fn open(&self) -> Result<(), Stuck>;\n\n    \
            /// Closes.\n    fn close(\n        &self,\n    ) -> impl Future<Output = Result<(), Stuck>>;\n}\n";
        assert_eq!(
            found(silent),
            [
                "crates/session-auth/src/door.rs:4",
                "crates/session-auth/src/door.rs:7"
            ]
        );
    }

    #[test]
    fn what_was_said_of_one_method_is_not_said_of_the_next() {
        let errors = "    /// Opens.\n    ///\n    /// # Errors\n    ///\n    /// It is stuck.\n";
        let open = "    fn open(&self) -> Result<(), Stuck> {\n        Ok(())\n    }\n";
        let told = format!("pub trait Door {{\n{errors}{open}}}\n");
        assert_eq!(found(&told), [""; 0]);
        let half = format!("pub trait Door {{\n{errors}{open}    /// Closes.\n{open}}}\n");
        assert_eq!(found(&half), ["crates/session-auth/src/door.rs:11"]);
    }

    #[test]
    fn what_cannot_fail_or_is_not_offered_needs_nothing() {
        let text = "pub trait Door {\n    fn is_open(&self) -> bool;\n}\n\
            pub(crate) trait Hatch {\n    fn open(&self) -> Result<(), Stuck>;\n}\n\
            impl Door {\n    fn open(&self) -> Result<(), Stuck> {}\n}\n";
        assert_eq!(found(text), [""; 0]);
    }
}
