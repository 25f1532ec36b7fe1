//! Hostile and ordinary texts, and what readers get of them.

use gatepost_domain::picture::{Alt, ImageFormat, ImageHash, Picture, Variant};

use super::*;
use crate::figure::Figure;

fn html(source: &str) -> String {
    render(source, &[], false, stopped).html
}

fn lake() -> Picture {
    Picture {
        hash: ImageHash::new([7; 32]),
        alt: Alt::parse("A lake").unwrap(),
        decorative: false,
        variants: [(320, 427), (640, 853)]
            .map(|(width, height)| Variant {
                width,
                height,
                format: ImageFormat::Jpg,
            })
            .to_vec(),
    }
}

#[test]
fn ordinary_links_stay() {
    assert_eq!(
        html("[x](https://example.org/?a=1&b=2)"),
        "<p><a href=\"https://example.org/?a=1&amp;b=2\">x</a></p>\n"
    );
    assert_eq!(html("[x](/about)"), "<p><a href=\"/about\">x</a></p>\n");
    assert!(html("see www.example.org").contains("<a href=\"http://www.example.org\">"));
    assert!(html("<me@example.org>").contains("href=\"mailto:me@example.org\""));
}

#[test]
fn raw_html_goes_and_its_words_stay() {
    assert_eq!(html("a <b>bold</b> word"), "<p>a bold word</p>\n");
    assert_eq!(html("<div>block</div>\n\nnext"), "<p>next</p>\n");
    assert_eq!(html("1 < 2 & 3"), "<p>1 &lt; 2 &amp; 3</p>\n");
}

#[test]
fn a_refused_link_leaves_its_words() {
    for target in [
        "javascript:x()",
        "JavaScript:x()",
        "vbscript:x",
        "data:text/html,x",
        "data:image/png;base64,x",
        "tel:1",
    ] {
        let html = html(&format!("a [b *c*]({target}) d"));
        assert_eq!(html.trim(), "<p>a b <em>c</em> d</p>", "{target}");
    }
}

#[test]
fn headings_stand_below_the_title() {
    assert_eq!(html("# One\n\n###### Six"), "<h2>One</h2>\n<h6>Six</h6>\n");
}

#[test]
fn the_alignment_of_a_table_is_a_class() {
    let table = html("| a | b |\n|:-:|--:|\n| 1 | 2 |");
    assert!(
        table.contains("<th scope=\"col\" class=\"center\">a</th>"),
        "{table}"
    );
    assert!(table.contains("<td class=\"right\">2</td>"), "{table}");
    assert!(
        !table.contains("align=") && !table.contains("style="),
        "{table}"
    );
}

#[test]
fn the_text_of_a_task_is_the_label_of_its_box() {
    let list = html("- [x] done\n- [ ] open");
    assert!(
        list.contains("<label><input type=\"checkbox\" disabled=\"\" checked=\"\"> done</label>"),
        "{list}"
    );
    assert!(
        list.contains("<label><input type=\"checkbox\" disabled=\"\"> open</label>"),
        "{list}"
    );
}

#[test]
fn footnotes_lead_there_and_back() {
    let note = html("word[^n]\n\n[^n]: the note");
    assert!(
        note.contains("href=\"#fn-n\"") && note.contains("id=\"fn-n\""),
        "{note}"
    );
    assert!(
        note.contains("href=\"#fnref-n\"") && note.contains("id=\"fnref-n\""),
        "{note}"
    );
    assert!(
        note.contains("<div class=\"footnotes\">\n<ol>"),
        "no section, since it has no heading: {note}"
    );
}

#[test]
fn gfm_is_understood() {
    assert!(html("~~no~~").contains("<del>no</del>"));
    assert_eq!(
        html("```rust\nlet a = 1;\n```"),
        "<pre><code class=\"language-rust\"><span class=\"k\">let</span> a = <span class=\"n\">1</span>;\n</code></pre>\n"
    );
    assert_eq!(
        html("```\nlet a = 1 < 2;\n```"),
        "<pre><code>let a = 1 &lt; 2;\n</code></pre>\n"
    );
}

#[test]
fn a_picture_of_the_post_comes_in_all_its_widths() {
    let lake = lake();
    let source = format!("![]({})", Figure::of(&lake).unwrap().src);
    let html = render(&source, std::slice::from_ref(&lake), false, stopped).html;
    assert!(html.starts_with("<figure><img "), "{html}");
    for wanted in [
        "-320.jpg 320w, ",
        "-640.jpg 640w\"",
        "width=\"640\"",
        "height=\"853\"",
        "alt=\"A lake\"",
        "sizes=",
    ] {
        assert!(html.contains(wanted), "{wanted} in {html}");
    }
    assert!(
        !html.contains("lazy"),
        "the first picture is fetched at once: {html}"
    );
    let below = render(&source, &[lake], true, stopped).html;
    assert!(below.contains("loading=\"lazy\""), "{below}");
}

#[test]
fn an_animation_stands_still_for_who_wants_nothing_to_move() {
    let mut cat = lake();
    let moving = Variant {
        format: ImageFormat::Gif,
        ..cat.variants[1]
    };
    cat.variants.push(moving);
    let source = format!("![A cat]({})", Figure::of(&cat).unwrap().src);
    let html = render(&source, &[cat], false, stopped).html;
    assert!(
        html.starts_with(
            "<figure><picture><source media=\"(prefers-reduced-motion: reduce)\" srcset=\"/images/"
        ),
        "{html}"
    );
    assert!(html.contains("-640.jpg 640w\" sizes="), "{html}");
    assert!(html.contains("-640.gif\" width=\"640\""), "{html}");
    assert!(html.contains("alt=\"A cat\"></picture></figure>"), "{html}");
}

#[test]
fn words_beside_a_picture_in_the_text_win() {
    let lake = lake();
    let src = Figure::of(&lake).unwrap().src;
    let html = render(
        &format!("![Dusk & \"dawn\"]({src} \"By me\")"),
        &[lake],
        false,
        stopped,
    )
    .html;
    assert!(
        html.contains("alt=\"Dusk &amp; &quot;dawn&quot;\""),
        "{html}"
    );
    assert!(html.contains("<figcaption>By me</figcaption>"), "{html}");
}

#[test]
fn a_picture_of_another_site_is_a_link() {
    assert_eq!(
        html("![a cat](https://example.org/cat.png)"),
        "<p><a href=\"https://example.org/cat.png\">a cat</a></p>\n"
    );
    assert!(!html("![](//example.org/cat.png)").contains("img"));
}

#[test]
fn the_summary_is_words_only() {
    assert_eq!(
        summary(
            "# Title\n\nSome *words* and [a link](https://x.example).\n\n```\ncode\n```",
            200
        ),
        "Some words and a link."
    );
    assert_eq!(summary("one two three four", 9), "one two…");
    assert_eq!(summary("", 10), "");
    assert_eq!(summary("- [ ] pack\n- [x] go", 20), "pack go");
    assert_eq!(summary("> One.\n>\n> Two.", 20), "One. Two.");
    assert_eq!(
        summary("![alt](/images/x.jpg)\n\n<script>x</script>", 10),
        "alt"
    );
}

#[test]
fn deep_and_long_texts_end() {
    for source in [
        ">".repeat(200_000),
        "*a **b ".repeat(20_000) + &"** *".repeat(20_000),
        (0..2_000).map(|n| " ".repeat(n * 2) + "- x\n").collect(),
        "- ".repeat(20_000),
        "[".repeat(50_000),
        "*a ".repeat(50_000),
        "`".repeat(100_000),
        format!("|{}\n|{}\n", "a|".repeat(5_000), "-|".repeat(5_000)),
        "![".repeat(30_000),
        "[^a]".repeat(20_000),
    ] {
        let html = html(&source);
        assert!(html.len() < 40_000_000);
    }
}
