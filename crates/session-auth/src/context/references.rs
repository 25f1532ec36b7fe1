//! What a template's source refers to: names, and other templates. It may find too much, never too little: what it
//! cannot read counts as referring to everything.

use std::collections::HashSet;

use minijinja::Environment;

/// The names that a template, and all that it extends, includes or imports, may look up.
pub(super) enum Names {
    Only(HashSet<String>),
    All,
}

impl Names {
    pub(super) fn of(env: &Environment<'_>, template: &str) -> Self {
        if !is_default_syntax(env) {
            return Self::All;
        }
        let mut names = HashSet::new();
        let mut seen = HashSet::from([template.to_owned()]);
        let mut waiting = vec![template.to_owned()];
        while let Some(name) = waiting.pop() {
            let Ok(template) = env.get_template(&name) else {
                return Self::All;
            };
            let found = References::of(template.source());
            if found.anything {
                return Self::All;
            }
            names.extend(found.names);
            let new = found
                .templates
                .into_iter()
                .filter(|name| seen.insert(name.clone()));
            waiting.extend(new);
        }
        Self::Only(names)
    }

    pub(super) fn contain(&self, name: &str) -> bool {
        match self {
            Self::All => true,
            Self::Only(names) => names.contains(name),
        }
    }
}

/// [`References`] knows no other; in another, everything would seem to refer to nothing.
fn is_default_syntax(env: &Environment<'_>) -> bool {
    let syntax = env.syntax();
    syntax.block_delimiters() == ("{%", "%}")
        && syntax.variable_delimiters() == ("{{", "}}")
        && syntax.comment_delimiters() == ("{#", "#}")
        && syntax.line_statement_prefix().is_none()
        && syntax.line_comment_prefix().is_none()
}

/// What one template refers to by itself.
#[derive(Debug, Default, PartialEq, Eq)]
struct References {
    /// Names that may be looked up in the context.
    names: HashSet<String>,
    /// Templates that are extended, included or imported under a fixed name.
    templates: Vec<String>,
    /// Something else is referred to, and what it is shows only at run time.
    anything: bool,
}

impl References {
    /// Reads a source in the default syntax.
    ///
    /// minijinja's own `undeclared_variables` is not enough: besides stopping at `extends` and `include`, it takes the
    /// right side of `{% set username = username %}` for declared.
    fn of(source: &str) -> Self {
        let mut found = Self::default();
        found.anything = found.read(source).is_none();
        found
    }

    /// `None` when the end of something is missing, or a template's name is worked out at run time.
    fn read(&mut self, source: &str) -> Option<()> {
        let mut rest = source;
        while let Some(start) = rest.find('{') {
            rest = &rest[start + 1..];
            let Some(kind) = rest.chars().next() else {
                break;
            };
            match kind {
                '#' => rest = &rest[rest.find("#}")? + 2..],
                '{' | '%' => {
                    let (tokens, after) =
                        tokens(&rest[1..], if kind == '{' { "}}" } else { "%}" })?;
                    rest = after;
                    if tokens == [Token::Name("raw")] {
                        rest = after_raw(rest)?;
                    } else {
                        self.note(&tokens, kind == '%')?;
                    }
                }
                _ => {}
            }
        }
        Some(())
    }

    fn note(&mut self, tokens: &[Token<'_>], statement: bool) -> Option<()> {
        for (index, token) in tokens.iter().enumerate() {
            let before = index.checked_sub(1).map(|index| &tokens[index]);
            if let Token::Name(name) = token
                && !matches!(before, Some(Token::Sign('.' | '|')))
            {
                self.names.insert((*name).to_owned());
            }
        }
        if statement
            && let [
                Token::Name("extends" | "include" | "import" | "from"),
                target @ ..,
            ] = tokens
        {
            self.templates.extend(fixed_names(target)?);
        }
        Some(())
    }
}

/// The names in `"a"`, `["a", "b"] ignore missing` or `"a" import b`; `None` for any other expression.
fn fixed_names(target: &[Token<'_>]) -> Option<Vec<String>> {
    let mut names = Vec::new();
    for token in target {
        match token {
            Token::Text(Some(name)) => names.push((*name).to_owned()),
            Token::Sign('[' | ']' | '(' | ')' | ',') => {}
            Token::Name("ignore" | "import" | "as" | "with" | "without") => break,
            _ => return None,
        }
    }
    (!names.is_empty()).then_some(names)
}

#[derive(Debug, PartialEq, Eq)]
enum Token<'s> {
    Name(&'s str),
    /// A string; `None` when it holds an escape, and so is not what it looks like.
    Text(Option<&'s str>),
    Sign(char),
}

/// The tokens up to `close`, and what follows it.
fn tokens<'s>(source: &'s str, close: &str) -> Option<(Vec<Token<'s>>, &'s str)> {
    let mut rest = source.strip_prefix(['-', '+']).unwrap_or(source);
    let mut tokens = Vec::new();
    let mut braces = 0_usize;
    loop {
        rest = rest.trim_start();
        if braces == 0 {
            let trimmed = rest.strip_prefix(['-', '+']).unwrap_or(rest);
            if let Some(after) = trimmed
                .strip_prefix(close)
                .or_else(|| rest.strip_prefix(close))
            {
                return Some((tokens, after));
            }
        }
        let first = rest.chars().next()?;
        let length = match first {
            '"' | '\'' => {
                let (text, length) = text(rest, first)?;
                tokens.push(Token::Text(text));
                length
            }
            _ if is_name(first) => {
                let length = rest.find(|c| !is_name(c)).unwrap_or(rest.len());
                if !first.is_numeric() {
                    tokens.push(Token::Name(&rest[..length]));
                }
                length
            }
            _ => {
                match first {
                    '{' => braces += 1,
                    '}' => braces = braces.checked_sub(1)?,
                    _ => {}
                }
                tokens.push(Token::Sign(first));
                first.len_utf8()
            }
        };
        rest = &rest[length..];
    }
}

/// A string at the start of `source`, and its length with the quotes.
fn text(source: &str, quote: char) -> Option<(Option<&str>, usize)> {
    let mut escaped = false;
    let mut plain = true;
    for (index, c) in source.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if c == '\\' {
            escaped = true;
            plain = false;
        } else if c == quote {
            return Some((plain.then_some(&source[1..index]), index + 1));
        }
    }
    None
}

/// What follows `{% endraw %}`, in any of its spellings.
fn after_raw(source: &str) -> Option<&str> {
    let mut rest = source;
    loop {
        rest = &rest[rest.find("{%")? + 2..];
        let inside = rest.strip_prefix(['-', '+']).unwrap_or(rest).trim_start();
        if let Some(end) = inside.strip_prefix("endraw") {
            let end = end.trim_start();
            if let Some(after) = end
                .strip_prefix(['-', '+'])
                .unwrap_or(end)
                .strip_prefix("%}")
            {
                return Some(after);
            }
        }
    }
}

fn is_name(c: char) -> bool {
    c == '_' || c.is_alphanumeric()
}

#[cfg(test)]
mod tests {
    use super::References;

    fn refers(source: &str) -> bool {
        let found = References::of(source);
        found.anything || found.names.contains("username")
    }

    #[test]
    fn a_name_is_found_wherever_the_context_is_asked_for_it() {
        for source in [
            "{{ username }}",
            "{{username}}",
            "{{- username -}}",
            "{% if username %}x{% endif %}",
            "{%- if not username -%}x{%- endif -%}",
            "{{ username.first }}",
            "{{ username|upper }}",
            "{{ greet(username) }}",
            "{{ a ~ 'x}}' ~ username }}",
            "{{ {'a': {'b': username}} }}",
            "{{ items[username] }}",
            "{% set username = username|upper %}",
            "{% with username = username %}{% endwith %}",
            "{% macro m(who=username) %}{% endmacro %}",
            "{% for x in y if username %}{% endfor %}",
            "{% block b %}{{ super() }}{{ username }}{% endblock %}",
            "{# it's #}{{ username }}",
            "{% raw %}{{ ' }}{% endraw %}{{ username }}",
            "{%- raw -%}{% x ' %}{%- endraw -%}{{ username }}",
            "{ {{ username }}",
            "a { b {{ username }}",
        ] {
            assert!(refers(source), "{source}");
        }
    }

    #[test]
    fn what_only_looks_like_the_name_is_not_the_name() {
        for source in [
            "",
            "username",
            "{ username }",
            "{# {{ username }} #}",
            "{% raw %}{{ username }}{% endraw %}",
            "{{ post.username }}",
            "{{ post . username }}",
            "{{ x|username }}",
            "{{ 'username' }}",
            "{{ \"it's username\" }}",
            "{{ usernames }}{{ my_username }}",
            "{{ x['username'] }}",
        ] {
            assert!(!refers(source), "{source}");
        }
    }

    #[test]
    fn other_templates_are_followed_when_their_names_are_fixed() {
        for (source, templates) in [
            ("{% extends 'base.html' %}", &["base.html"][..]),
            ("{%- include \"a.html\" ignore missing -%}", &["a.html"]),
            ("{% include ['a.html', 'b.html'] %}", &["a.html", "b.html"]),
            (
                "{% from 'forms.html' import field, label as l %}",
                &["forms.html"],
            ),
            ("{% import 'forms.html' as forms %}", &["forms.html"]),
            ("{# {% extends 'base.html' %} #}", &[]),
            ("{{ include }}", &[]),
        ] {
            let found = References::of(source);
            assert_eq!(
                (found.templates.as_slice(), found.anything),
                (
                    &*templates
                        .iter()
                        .map(ToString::to_string)
                        .collect::<Vec<_>>(),
                    false
                ),
                "{source}"
            );
        }
    }

    #[test]
    fn what_cannot_be_read_before_the_render_counts_as_everything() {
        for source in [
            "{% include name %}",
            "{% include 'a' ~ '.html' %}",
            "{% extends 'a.html' if x else 'b.html' %}",
            "{% include ['a.html', name] %}",
            "{% include [] %}",
            "{% include '\\u0061.html' %}",
            "{{ 'unclosed }}",
            "{{ unclosed",
            "{# unclosed",
            "{% raw %}{% x %}",
        ] {
            assert!(References::of(source).anything, "{source}");
        }
    }
}
