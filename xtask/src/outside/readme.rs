//! A README read as its reader does: what it says to type, and the code it shows, under the heading of each.

use anyhow::{Context, Result};

pub(super) struct Readme {
    sections: Vec<Section>,
}

pub(super) struct Section {
    heading: String,
    pub(super) commands: Vec<String>,
    pub(super) code: String,
}

impl Readme {
    pub(super) fn parse(text: &str) -> Self {
        let mut sections = Vec::new();
        let mut section = Section::new("");
        let mut block = None;
        for line in text.lines() {
            match (block, line.strip_prefix("```")) {
                (None, Some(language)) => block = Some(language.to_owned()),
                (Some(_), Some(_)) => block = None,
                (Some(language), None) => {
                    match language.as_str() {
                        "sh" => section.commands.push(line.to_owned()),
                        "rust" => section.code += &format!("{line}\n"),
                        _ => {}
                    }
                    block = Some(language);
                }
                (None, None) => {
                    if let Some(heading) = line.strip_prefix('#') {
                        let heading = heading.trim_start_matches('#').trim();
                        sections.push(std::mem::replace(&mut section, Section::new(heading)));
                    }
                    block = None;
                }
            }
        }
        sections.push(section);
        Self { sections }
    }

    fn place(&self, heading: &str) -> Option<usize> {
        let is_it = |section: &Section| section.heading.starts_with(heading);
        self.sections.iter().position(is_it)
    }

    pub(super) fn section(&self, heading: &str) -> Result<&Section> {
        let place = self.place(heading);
        let section = place.and_then(|place| self.sections.get(place));
        section.with_context(|| format!("the README has no section \"{heading}…\""))
    }

    pub(super) fn sections_after(&self, heading: &str) -> impl Iterator<Item = &Section> {
        let next = self.place(heading).map_or(self.sections.len(), |at| at + 1);
        self.sections.iter().skip(next)
    }
}

impl Section {
    fn new(heading: &str) -> Self {
        Self {
            heading: heading.to_owned(),
            commands: Vec::new(),
            code: String::new(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FIRST_STEPS: &str = "From an empty project";

    #[test]
    fn commands_and_code_are_found_under_their_headings() -> Result<()> {
        let readme = Readme::parse(
            "# name\n## From an empty project, quickly\n```sh\ncargo add axum\n```\ntext\n```rust\n# fn main() {}\n```\n\
             ### Later\n```toml\nno = 1\n```\n```rust\nstruct Later;\n```\n",
        );
        let first = readme.section(FIRST_STEPS)?;
        assert_eq!(first.commands, ["cargo add axum"]);
        assert_eq!(
            first.code, "# fn main() {}\n",
            "a `#` inside of a block is no heading"
        );
        let later: Vec<&str> = readme
            .sections_after(FIRST_STEPS)
            .map(|section| section.code.as_str())
            .collect();
        assert_eq!(later, ["struct Later;\n"]);
        assert!(readme.section("Nowhere").is_err());
        Ok(())
    }
}
