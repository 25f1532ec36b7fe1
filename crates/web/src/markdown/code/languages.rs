//! The languages that are known, under the names that writers give them, and the words of each.

use super::quirks::{self, Quirk};
use super::shells;

/// How code in a language is marked.
#[derive(Clone, Copy)]
pub(super) enum Way {
    Words(&'static Language),
    Markup,
    Styles,
    Yaml,
    Toml,
    Diff,
    Markdown,
    Terminal,
}

/// A quoted text.
pub(super) struct Quote {
    pub(super) open: &'static str,
    pub(super) close: &'static str,
    pub(super) escapes: bool,
    pub(super) lines: bool,
}

pub(super) struct Language {
    pub(super) line_comments: &'static [&'static str],
    pub(super) block_comments: &'static [(&'static str, &'static str)],
    pub(super) quotes: &'static [Quote],
    /// Words with spaces between them.
    pub(super) keywords: &'static str,
    pub(super) constants: &'static str,
    pub(super) types: &'static str,
    /// A word that begins with a capital is a type.
    pub(super) capitals: bool,
    /// `SELECT` is `select`.
    pub(super) any_case: bool,
    /// What only this language has; `true` when it marked something.
    pub(super) quirk: Quirk,
}

const fn quote(mark: &'static str, lines: bool) -> Quote {
    Quote {
        open: mark,
        close: mark,
        escapes: true,
        lines,
    }
}

const DOUBLE: Quote = quote("\"", false);
const SINGLE: Quote = quote("'", false);
const TICK: Quote = quote("`", true);
const C_COMMENTS: &[(&str, &str)] = &[("/*", "*/")];

const BASE: Language = Language {
    line_comments: &["//"],
    block_comments: C_COMMENTS,
    quotes: &[DOUBLE, SINGLE],
    keywords: "",
    constants: "true false null",
    types: "",
    capitals: true,
    any_case: false,
    quirk: quirks::none,
};

static RUST: Language = Language {
    quotes: &[
        Quote {
            open: "b\"",
            ..quote("\"", true)
        },
        Quote {
            open: "c\"",
            ..quote("\"", true)
        },
        quote("\"", true),
    ],
    keywords: "as async await break const continue crate dyn else enum extern fn for if impl in let loop match mod move mut pub ref return self Self static struct super trait type union unsafe use where while yield",
    constants: "true false None Some Ok Err",
    types: "bool char f32 f64 i8 i16 i32 i64 i128 isize str u8 u16 u32 u64 u128 usize",
    quirk: quirks::rust,
    ..BASE
};
static PYTHON: Language = Language {
    line_comments: &["#"],
    block_comments: &[],
    quotes: &[quote("\"\"\"", true), quote("'''", true), DOUBLE, SINGLE],
    keywords: "and as assert async await break case class continue def del elif else except finally for from global if import in is lambda match nonlocal not or pass raise return try while with yield",
    constants: "True False None self cls",
    types: "bool bytes dict float int list object set str tuple type",
    quirk: quirks::python,
    ..BASE
};
static JAVASCRIPT: Language = Language {
    quotes: &[DOUBLE, SINGLE, TICK],
    keywords: "async await break case catch class const continue debugger default delete do else export extends finally for from function get if import in instanceof let new of return set static super switch this throw try typeof var void while with yield",
    constants: "true false null undefined NaN Infinity",
    quirk: quirks::javascript,
    ..BASE
};
static TYPESCRIPT: Language = Language {
    keywords: "abstract as async await break case catch class const continue debugger declare default delete do else enum export extends finally for from function get if implements import in infer instanceof interface is keyof let namespace new of override private protected public readonly return satisfies set static super switch this throw try type typeof var void while with yield",
    types: "any bigint boolean never number object string symbol unknown",
    ..JAVASCRIPT
};
static GO: Language = Language {
    quotes: &[
        DOUBLE,
        SINGLE,
        Quote {
            escapes: false,
            ..TICK
        },
    ],
    keywords: "break case chan const continue default defer else fallthrough for func go goto if import interface map package range return select struct switch type var",
    constants: "true false nil iota",
    types: "any bool byte complex64 complex128 error float32 float64 int int8 int16 int32 int64 rune string uint uint8 uint16 uint32 uint64 uintptr",
    capitals: false,
    ..BASE
};
static C: Language = Language {
    keywords: "auto break case const continue default do else enum extern for goto if inline register restrict return sizeof static struct switch typedef union volatile while",
    constants: "true false NULL nullptr",
    types: "bool char double float int int8_t int16_t int32_t int64_t long short signed size_t ssize_t uint8_t uint16_t uint32_t uint64_t unsigned void FILE",
    capitals: false,
    quirk: quirks::c,
    ..BASE
};
static CPP: Language = Language {
    keywords: "alignas alignof auto break case catch class co_await co_return co_yield concept const consteval constexpr constinit const_cast continue decltype default delete do dynamic_cast else enum explicit export extern final for friend goto if inline mutable namespace new noexcept operator override private protected public reinterpret_cast requires return sizeof static static_assert static_cast struct switch template this thread_local throw try typedef typeid typename union using virtual volatile while",
    capitals: true,
    ..C
};
static JAVA: Language = Language {
    quotes: &[quote("\"\"\"", true), DOUBLE, SINGLE],
    keywords: "abstract assert break case catch class const continue default do else enum extends final finally for goto if implements import instanceof interface native new package permits private protected public record return sealed static strictfp super switch synchronized this throw throws transient try var volatile while yield",
    types: "boolean byte char double float int long short void",
    quirk: quirks::annotated,
    ..BASE
};
static CSHARP: Language = Language {
    keywords: "abstract as async await base break case catch checked class const continue default delegate do else enum event explicit extern finally fixed for foreach get goto if implicit in init interface internal is lock namespace new operator out override params partial private protected public readonly record ref return sealed set sizeof stackalloc static struct switch this throw try typeof unchecked unsafe using var virtual volatile when where while yield",
    types: "bool byte char decimal double dynamic float int long nint object sbyte short string uint ulong ushort void",
    ..JAVA
};
static KOTLIN: Language = Language {
    keywords: "abstract actual annotation as break by catch class companion const constructor continue data do else enum expect external final finally for fun get if import in infix init inline inner interface internal is lateinit object open operator out override package private protected public reified return sealed set super suspend tailrec this throw try typealias val var vararg when where while",
    types: "",
    ..JAVA
};
static SWIFT: Language = Language {
    keywords: "actor as async await break case catch class continue default defer deinit do else enum extension fallthrough fileprivate final for func get guard if import in init inout internal is lazy let mutating open operator override private protocol public repeat rethrows return set some static struct subscript super switch throw throws try typealias var weak where while",
    constants: "true false nil self Self",
    types: "",
    ..JAVA
};
static PHP: Language = Language {
    line_comments: &["//", "#"],
    keywords: "abstract and array as break case catch class clone const continue declare default do echo else elseif enum extends final finally fn for foreach function global if implements include instanceof insteadof interface isset list match namespace new or print private protected public readonly require require_once return static switch throw trait try unset use var while xor yield",
    types: "bool float int iterable mixed never object string void",
    quirk: shells::dollars,
    ..BASE
};
static RUBY: Language = Language {
    line_comments: &["#"],
    block_comments: &[("=begin", "=end")],
    keywords: "alias and begin break case class def do else elsif end ensure for if in module next not or redo rescue retry return super then undef unless until when while yield require require_relative attr_accessor attr_reader attr_writer include extend",
    constants: "true false nil self",
    quirk: quirks::ruby,
    ..BASE
};
static LUA: Language = Language {
    line_comments: &["--"],
    block_comments: &[("--[[", "]]")],
    keywords: "and break do else elseif end for function goto if in local not or repeat return then until while",
    constants: "true false nil self",
    capitals: false,
    ..BASE
};
static SHELL: Language = Language {
    line_comments: &[],
    block_comments: &[],
    quotes: &[
        quote("\"", true),
        Quote {
            escapes: false,
            ..quote("'", true)
        },
    ],
    keywords: "break case continue do done elif else esac exit export fi for function if in local readonly return select set shift source then trap unset until while",
    constants: "true false",
    types: "",
    capitals: false,
    any_case: false,
    quirk: shells::shell,
};
static SQL: Language = Language {
    line_comments: &["--"],
    quotes: &[
        Quote {
            escapes: false,
            ..quote("'", true)
        },
        Quote {
            escapes: false,
            ..DOUBLE
        },
    ],
    keywords: "add all alter and any as asc autoincrement begin between by cascade case check collate column commit conflict constraint create cross database default delete desc distinct do drop each else end escape except exists explain fetch filter for foreign from full function grant group having if in index inner insert intersect into is join key left like limit materialized natural not nothing offset on or order outer over partition primary procedure recursive references rename replace restrict returning revoke right rollback row rows select set strict table temporary then to transaction trigger truncate union unique update using vacuum values view virtual when where window with without",
    constants: "true false null current_date current_time current_timestamp",
    types: "bigint bigserial blob boolean bytea char date decimal double int integer interval json jsonb numeric real serial smallint text time timestamp timestamptz uuid varchar",
    capitals: false,
    any_case: true,
    ..BASE
};
static JSON: Language = Language {
    quotes: &[],
    capitals: false,
    quirk: quirks::json,
    ..BASE
};
static DOCKERFILE: Language = Language {
    line_comments: &["#"],
    block_comments: &[],
    keywords: "ADD ARG AS CMD COPY ENTRYPOINT ENV EXPOSE FROM HEALTHCHECK LABEL ONBUILD RUN SHELL STOPSIGNAL USER VOLUME WORKDIR",
    constants: "",
    capitals: false,
    quirk: shells::dollars,
    ..BASE
};

/// The way of a language, by the names that writers give it.
pub(super) fn way(name: &str) -> Option<Way> {
    Some(match name.to_ascii_lowercase().as_str() {
        "rust" | "rs" => Way::Words(&RUST),
        "python" | "py" | "python3" | "pyi" => Way::Words(&PYTHON),
        "javascript" | "js" | "jsx" | "mjs" | "cjs" | "node" => Way::Words(&JAVASCRIPT),
        "typescript" | "ts" | "tsx" | "mts" => Way::Words(&TYPESCRIPT),
        "go" | "golang" => Way::Words(&GO),
        "c" | "h" => Way::Words(&C),
        "cpp" | "c++" | "cc" | "cxx" | "hpp" => Way::Words(&CPP),
        "java" => Way::Words(&JAVA),
        "csharp" | "c#" | "cs" => Way::Words(&CSHARP),
        "kotlin" | "kt" | "kts" => Way::Words(&KOTLIN),
        "swift" => Way::Words(&SWIFT),
        "php" => Way::Words(&PHP),
        "ruby" | "rb" => Way::Words(&RUBY),
        "lua" => Way::Words(&LUA),
        "bash" | "sh" | "shell" | "zsh" | "fish" => Way::Words(&SHELL),
        "sql" | "sqlite" | "postgres" | "postgresql" | "mysql" => Way::Words(&SQL),
        "json" | "jsonc" | "json5" | "geojson" => Way::Words(&JSON),
        "dockerfile" | "docker" => Way::Words(&DOCKERFILE),
        "html" | "xml" | "svg" | "xhtml" | "htm" | "vue" | "rss" | "atom" => Way::Markup,
        "css" | "scss" | "less" => Way::Styles,
        "yaml" | "yml" => Way::Yaml,
        "toml" | "ini" | "conf" | "cfg" | "properties" | "env" | "dotenv" => Way::Toml,
        "diff" | "patch" => Way::Diff,
        "markdown" | "md" => Way::Markdown,
        "console" | "terminal" | "shell-session" | "sh-session" => Way::Terminal,
        _ => return None,
    })
}

/// JavaScript, for what is inside of `<script>`.
pub(super) const SCRIPT: Way = Way::Words(&JAVASCRIPT);
/// A shell, for what is typed behind a prompt.
pub(super) const PROMPT: Way = Way::Words(&SHELL);
