//! Code in every language, what it is marked as, and that none takes long or loses a byte.

use std::cell::Cell;

use super::super::stopped;
use super::*;

/// `let/k x/ 1/n`: the pieces that are marked, each with its class.
fn marked(language: &str, source: &str) -> String {
    let (pieces, _) = pieces(language, source, stopped);
    let whole: String = pieces.iter().map(|(_, piece)| *piece).collect();
    assert_eq!(whole, source, "{language}");
    let marked = pieces
        .iter()
        .filter_map(|(kind, piece)| Some(format!("{piece}/{}", kind.class()?)));
    marked.collect::<Vec<_>>().join(" ")
}

#[test]
fn words_are_marked_in_every_language() {
    let mut wrong = Vec::new();
    for (language, source, wanted) in [
        (
            "rust",
            "pub fn f<'a>(x: &'a str) -> u8 { b'x' }",
            "pub/k fn/k f/f 'a/v 'a/v str/t u8/t 'x'/s",
        ),
        (
            "rust",
            "#[derive(Debug)] // no\nlet s = r#\"a\"b\"#; println!(\"{}\", 0x1f_u8);",
            "#[derive(Debug)]/v // no/c let/k r#\"a\"b\"#/s println!/f \"{}\"/s 0x1f_u8/n",
        ),
        ("rust", "if !a { LIMIT != 1..9 }", "if/k LIMIT/n 1/n 9/n"),
        (
            "python",
            "@cache\ndef f(x):\n    return f\"a{x}\" # hi",
            "@cache/v def/k f/f return/k f\"a{x}\"/s # hi/c",
        ),
        (
            "python",
            "'''one\n\"two'''\nclass A(B): pass",
            "'''one\n\"two'''/s class/k A/f B/t pass/k",
        ),
        (
            "js",
            "const a = /[/]x/gi.test(b) / 2;",
            "const/k /[/]x/gi/s test/f 2/n",
        ),
        ("js", "x = `a\n${b}` // c", "`a\n${b}`/s // c/c"),
        (
            "ts",
            "let a: string | null = undefined as Foo;",
            "let/k string/t null/n undefined/n as/k Foo/t",
        ),
        (
            "go",
            "func (s *T) f() error { return nil }",
            "func/k f/f error/t return/k nil/n",
        ),
        (
            "c",
            "#include <stdio.h>\nint main(void) { return 1.5e-3f; }",
            "#include/k <stdio.h>/s int/t main/f void/t return/k 1.5e-3f/n",
        ),
        (
            "c++",
            "namespace a { auto x = std::move(y); }",
            "namespace/k auto/k move/f",
        ),
        (
            "java",
            "@Override public String a() { return \"x\\\"y\"; }",
            "@Override/v public/k String/t a/f return/k \"x\\\"y\"/s",
        ),
        (
            "bash",
            "for f in *.md; do\n  echo \"$f\" --long $HOME # x\ndone",
            "for/k in/k do/k echo/f \"$f\"/s --long/v $HOME/v # x/c done/k",
        ),
        ("sh", "cat <<'END'\nit's\nEND\nls", "cat/f \nit's\n/s ls/f"),
        (
            "sql",
            "SELECT a FROM b WHERE c = 'it' -- d",
            "SELECT/k FROM/k WHERE/k 'it'/s -- d/c",
        ),
        (
            "json",
            "{\"a\\\"\": [1, true, \"b\"]}",
            "\"a\\\"\"/v 1/n true/n \"b\"/s",
        ),
        (
            "toml",
            "[a.b]\nc = \"d\" # e\nf = 1979-05-27",
            "[a.b]/t c/v \"d\"/s # e/c f/v 1979/n 05/n 27/n",
        ),
        (
            "yaml",
            "a: &x\n  - b: 'c' # d\n    e: true",
            "a/v &x/v b/v 'c'/s # d/c e/v true/n",
        ),
        (
            "html",
            "<p class=\"a\">b &amp; c</p><!-- d -->",
            "<p/t class/v \"a\"/s >/t &amp;/n </p>/t <!-- d -->/c",
        ),
        (
            "html",
            "<script>let a = 1</script>",
            "<script>/t let/k 1/n </script>/t",
        ),
        (
            "css",
            "a:hover { color: #fff; margin: 1.5rem calc(2px) !important }",
            "a/t hover/t color/v #fff/n margin/v 1.5rem/n calc/f 2px/n !important/k",
        ),
        (
            "diff",
            "--- a\n+++ b\n@@ -1 +1 @@\n-old\n+new\n same",
            "--- a/c +++ b/c @@ -1 +1 @@/t -old/sub +new/add",
        ),
        (
            "markdown",
            "# A\n- `b` and **c**\n[d](e)",
            "# A/t -/k `b`/s **c**/k [d]/f (e)/s",
        ),
        ("console", "$ ls -l\ntotal 0", "$ /c ls/f -l/v"),
    ] {
        let got = marked(language, source);
        if got != wanted {
            wrong.push(format!(
                "{language}: {source}\n   got {got}\nwanted {wanted}"
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}

#[test]
fn a_language_that_nobody_knows_and_very_long_code_stay_plain() {
    assert_eq!(marked("klingon", "let x = 1;"), "");
    let long = "let x = 1;\n".repeat(LONGEST / 11 + 1);
    assert_eq!(marked("rust", &long), "");
    assert_ne!(marked("rust", &long[..LONGEST]), "");
}

thread_local! {
    static NOW: Cell<Duration> = const { Cell::new(Duration::ZERO) };
    /// How much time goes by from one look at the clock to the next.
    static STEP: Cell<Duration> = const { Cell::new(Duration::ZERO) };
}

fn ticking() -> Duration {
    NOW.set(NOW.get() + STEP.get());
    NOW.get()
}

#[test]
fn a_block_that_takes_longer_than_fifty_milliseconds_is_shown_plain_and_the_next_one_is_not() {
    let long = "let x = 1; // one\n".repeat(4_000);
    let marks = |source: &str, step: u64| {
        STEP.set(Duration::from_millis(step));
        let mut html = String::new();
        let late = write(&mut html, "rust", source, ticking).unwrap();
        assert_eq!(late, !html.contains("<span"), "and says so");
        (html.contains("<span"), html.len())
    };
    assert!(marks(&long, 2).0, "control: it has time");
    assert_eq!(
        marks(&long, 20),
        (false, long.len()),
        "not even its beginning"
    );
    assert!(marks("let x = 1;", 60).0, "too short to take long");
    // Code within other code ends as well.
    let page = format!(
        "<style>{}</style><script>{long}</script>",
        "a { b: c }\n".repeat(4_000)
    );
    let mut html = String::new();
    write(&mut html, "html", &page, ticking).unwrap();
    assert!(!html.contains("<span") && html.ends_with("&lt;/script&gt;"));
}

#[test]
fn what_code_says_is_never_markup() {
    let mut html = String::new();
    write(&mut html, "html", "<b title=\"&\">x</b>", stopped).unwrap();
    assert!(
        !html.contains("<b") && html.contains("&lt;b") && html.contains("&amp;"),
        "{html}"
    );
}

const NAMES: [&str; 26] = [
    "rust",
    "python",
    "js",
    "ts",
    "go",
    "c",
    "cpp",
    "java",
    "csharp",
    "kotlin",
    "swift",
    "php",
    "ruby",
    "lua",
    "bash",
    "sql",
    "json",
    "dockerfile",
    "html",
    "css",
    "yaml",
    "toml",
    "diff",
    "markdown",
    "console",
    "jsx",
];

#[test]
fn no_code_loses_a_byte_and_none_takes_long() {
    let snippets = [
        "/",
        "/[",
        "'",
        "\"",
        "\"\"\"",
        "`",
        "\\",
        "#",
        "#[",
        "r#",
        "r####\"",
        "<",
        "<!--",
        "<script>",
        "</",
        "&",
        "<<E\n",
        "$",
        "${",
        "@",
        "[",
        "](",
        "**",
        "*a",
        "- ",
        ": ",
        "= ",
        "\n",
        "\u{301}é",
        "😀",
        "a(",
        "A",
        "1.e+",
        "0x",
        "/*",
        "--[[",
        "b'",
        "::",
        "\t",
    ];
    for name in NAMES {
        for snippet in snippets {
            marked(name, &snippet.repeat(3));
            marked(name, &snippet.repeat(3_000 / snippet.len()));
        }
        // Every two of them beside each other.
        for one in snippets {
            let pairs: String = snippets.iter().map(|two| format!("{one}{two}")).collect();
            marked(name, &pairs);
        }
    }
}

#[test]
fn the_marks_can_be_read_in_both_palettes() {
    let css = include_str!("../../../static/app.css");
    let colours = |start: &str| -> [[f64; 3]; 2] {
        let rule = css.find(start).unwrap_or_else(|| panic!("no {start}"));
        let (_, pair) = css[rule..].split_once("light-dark(").unwrap();
        let mut both = pair.split(')').next().unwrap().split(", ").map(rgb);
        [both.next().unwrap(), both.next().unwrap()]
    };
    let grounds = [colours("--paper:"), colours("--tint:")];
    for ink in [
        ".s, .add, .more {",
        ".n {",
        ".f {",
        ".t {",
        ".v {",
        "--accent:",
        "--soft:",
    ] {
        for (ground, scheme) in grounds.iter().flat_map(|ground| [(ground, 0), (ground, 1)]) {
            let contrast = contrast(colours(ink)[scheme], ground[scheme]);
            assert!(contrast >= 4.5, "{ink} {contrast:.2}");
        }
    }
    for class in CLASSES {
        assert!(
            css.contains(&format!(".{class} {{")) || css.contains(&format!(".{class}, ")),
            "{class} has no colour"
        );
    }
}

fn rgb(hex: &str) -> [f64; 3] {
    let digits = hex.trim_start_matches('#');
    [0, 2, 4].map(|at| f64::from(u8::from_str_radix(&digits[at..at + 2], 16).unwrap()) / 255.0)
}

/// WCAG's contrast ratio.
fn contrast(one: [f64; 3], other: [f64; 3]) -> f64 {
    let luminance = |colour: [f64; 3]| {
        let linear = colour.map(|it| {
            if it <= 0.04045 {
                it / 12.92
            } else {
                ((it + 0.055) / 1.055).powf(2.4)
            }
        });
        0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
    };
    let (one, other) = (luminance(one) + 0.05, luminance(other) + 0.05);
    one.max(other) / one.min(other)
}
