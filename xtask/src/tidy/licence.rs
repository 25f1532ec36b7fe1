//! SPDX licence expressions, as far as manifests use them: `AND`, `OR`, `WITH`, parentheses and the old slash for `OR`.
//! An expression is acceptable when some choice of its alternatives needs only licences of the list.

use anyhow::{Result, bail};

/// Whether what the expression asks for can be met with the allowed licences alone.
pub(super) fn is_acceptable(expression: &str, allowed: &[String]) -> Result<bool> {
    let spaced = expression
        .replace('(', " ( ")
        .replace(')', " ) ")
        .replace('/', " OR ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut parser = Parser {
        words: &words,
        at: 0,
        allowed,
    };
    let acceptable = parser.either()?;
    match parser.peek() {
        None => Ok(acceptable),
        Some(word) => bail!("`{expression}` is no licence expression: unexpected `{word}`"),
    }
}

struct Parser<'a> {
    words: &'a [&'a str],
    at: usize,
    allowed: &'a [String],
}

impl<'a> Parser<'a> {
    fn peek(&self) -> Option<&'a str> {
        self.words.get(self.at).copied()
    }

    fn take(&mut self, word: &str) -> bool {
        let found = self.peek() == Some(word);
        self.at += usize::from(found);
        found
    }

    fn either(&mut self) -> Result<bool> {
        let mut acceptable = self.both()?;
        while self.take("OR") {
            acceptable |= self.both()?;
        }
        Ok(acceptable)
    }

    /// `AND` binds more tightly than `OR`.
    fn both(&mut self) -> Result<bool> {
        let mut acceptable = self.one()?;
        while self.take("AND") {
            acceptable &= self.one()?;
        }
        Ok(acceptable)
    }

    fn one(&mut self) -> Result<bool> {
        if self.take("(") {
            let acceptable = self.either()?;
            if !self.take(")") {
                bail!("a parenthesis of a licence expression is not closed");
            }
            return Ok(acceptable);
        }
        let Some(licence) = self.peek() else {
            bail!("a licence expression ends where a licence should stand")
        };
        self.at += 1;
        let mut name = licence.to_owned();
        if self.take("WITH") {
            name = format!("{name} WITH {}", self.peek().unwrap_or_default());
            self.at += 1;
        }
        Ok(self.allowed.contains(&name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(expression: &str) -> bool {
        let allowed = ["MIT", "Zlib", "Apache-2.0 WITH LLVM-exception"].map(String::from);
        is_acceptable(expression, &allowed).expect("a licence expression")
    }

    #[test]
    fn an_alternative_of_the_list_is_enough() {
        for expression in [
            "MIT",
            "GPL-3.0 OR MIT",
            "GPL-3.0/MIT",
            "(GPL-3.0 OR MIT) AND Zlib",
            "GPL-3.0 OR MIT AND Zlib",
        ] {
            assert!(judge(expression), "{expression}");
        }
        assert!(judge("Apache-2.0 WITH LLVM-exception"));
    }

    #[test]
    fn every_part_of_a_conjunction_must_be_on_the_list() {
        for expression in [
            "GPL-3.0",
            "MIT AND GPL-3.0",
            "(MIT OR Zlib) AND GPL-3.0",
            "Apache-2.0",
        ] {
            assert!(!judge(expression), "{expression}");
        }
    }

    #[test]
    fn what_is_no_expression_is_an_error_and_not_a_verdict() {
        for expression in ["", "MIT OR", "(MIT", "MIT Zlib"] {
            assert!(
                is_acceptable(expression, &["MIT".into()]).is_err(),
                "{expression}"
            );
        }
    }
}
