//! Every page rendered with sample views; a template without a sample here fails.

use std::collections::BTreeSet;

use minijinja::context;

use super::*;
use crate::site::{Names, Site};
use crate::zone::Zone;

fn templates() -> Templates {
    let site = Site {
        name: "The <Post>".to_owned(),
        description: "Words & pictures".to_owned(),
        language: "en".to_owned(),
        names: Names::on("blog.test", "2026-01-01"),
        zone: Zone::utc(),
    };
    let assets = Arc::new(Assets::embedded());
    Templates::load(false, assets)
        .expect("the templates are sound")
        .of_site(&site)
}

/// Each page with a full and an empty view. The views are maps here, so that a field that only a template knows shows up.
fn samples() -> Vec<(&'static str, Value)> {
    let figure = context! { src => "/images/x-640.jpg", srcset => "/images/x-640.jpg 640w", still => "/images/x-640.png 640w", sizes => "94vw", width => 640, height => 480, shape => "landscape", alt => "A lake" };
    let entry = context! { href => "/a", title => "A <b>", summary => "Words", owner => "alice", owner_href => "/authors/alice", at => 1_700_000_000_000_i64, picture => figure.clone() };
    let plain = context! { href => "/b", title => "B", summary => "", owner => "bob", owner_href => "/authors/bob", at => 0, picture => () };
    let facts = context! { href => "/a", title => "A", summary => "Words", draft => true, stage => "scheduled", publish_at => 1, unlisted => true, author => "Alice", author_href => "/authors/alice", tags => [context! { name => "Bread", href => "/tags/bread" }], owner => "Alice (alice)", last_editor => "bob", at => 0, edited_at => 0, minutes => 3 };
    let begun = context! { href => "/a/edit", title => "A <b>", summary => "Words", owner => "alice", in_review => true, publish_at => 1_700_000_000_000_i64, edited_at => 0 };
    let none: [Value; 0] = [];
    let list = context! { posts => [entry.clone(), plain.clone()], first_page => true, newer => "/?after=1", older => "/?before=1", canonical => "http://x/" };
    let empty = context! { posts => none.to_vec(), first_page => true, newer => (), older => (), canonical => "http://x/" };
    let beyond = context! { first_page => false, ..empty.clone() };
    let month = context! { name => "May", year => 2026, href => "/archive/2026-05", posts => [plain.clone()] };
    let errors = vec![
        context! { field => "title", message => "Too long" },
        context! { field => "login", message => "Wrong" },
    ];
    let login = context! { name => "alice", password => true, remember => true };
    let fields = context! { title => "A", text => "Text", slug => "", tags => "a, b", excerpt => "x", note => "n", unlisted => true, publish_at => "2026-11-30T09:30", form => "k", turn => 1, post => 1, parked => "k", parked_at => 0, revision => 3, mine => "mine", base => 1, meant => "draft", intent => "draft", take => (), alts => ["x"], decorative => [1] };
    let blank = context! { title => "", text => "", slug => "", tags => "", excerpt => "", note => "", unlisted => false, publish_at => "", form => "k", turn => 0, post => (), parked => (), parked_at => (), revision => (), mine => (), base => (), meant => (), intent => "publish", take => "mine", alts => none.to_vec(), decorative => none.to_vec() };
    let received = context! { hash => "ff", picture => figure.clone(), name => "lake.jpg", notice => "First frame", alt => "A lake", was => "A pond", decorative => true, removed => true, markdown => "![]()" };
    let pieces = vec![
        context! { kind => "same", text => "A " },
        context! { kind => "removed", text => "<b>" },
        context! { kind => "added", text => " \n" },
    ];
    let side = context! { title => "B", pieces => pieces.clone() };
    let conflict = context! { who => "bob", own => false, at => 0, overlaps => 2, href => "/a/history/3", mine => side.clone(), theirs => side, fields => [context! { label => "Title", mine => "A", theirs => "B" }] };
    let saved = context! { number => 2, href => "/a/history/2", who => "bob", at => 0, title => "A", note => "typo", stage => "draft", current => true, size => context! { added => 1, removed => 0 }, bar => context! { added => 5, removed => 0 }, length => 9 };
    let long = context! { number => 1, href => "/a/history/1", who => "bob", at => 0, title => "A", note => "", stage => (), current => false, size => (), bar => (), length => 900_000 };
    let silent = context! { hash => "fe", picture => figure.clone(), name => (), notice => (), alt => "", was => "", decorative => false, removed => false, markdown => "![]()" };
    let demo =
        context! { password => "pw", accounts => [context! { name => "alice", role => "owner" }] };
    vec![
        (
            "pages/posts/index.html",
            context! { list => list.clone(), drafts => [plain.clone()] },
        ),
        (
            "pages/posts/index.html",
            context! { list => empty.clone(), drafts => none.to_vec() },
        ),
        (
            "pages/authors/show.html",
            context! { list => list.clone(), name => "Alice", href => "/authors/alice", feed => "/authors/alice/feed.atom" },
        ),
        (
            "pages/authors/show.html",
            context! { list => empty.clone(), name => "Alice", href => "/authors/alice", feed => "/authors/alice/feed.atom" },
        ),
        (
            "pages/tags/show.html",
            context! { list => list.clone(), name => "Bread", href => "/tags/bread", feed => "/tags/bread/feed.atom" },
        ),
        (
            "pages/tags/show.html",
            context! { list => beyond.clone(), name => "Bread", href => "/tags/bread", feed => "/tags/bread/feed.atom" },
        ),
        (
            "pages/tags/index.html",
            context! { list => list.clone(), most_used => [context! { name => "C++", href => "/tags/cplusplus", posts => 3 }], tags => [context! { name => "C++", href => "/tags/cplusplus", posts => 3 }], letters => [context! { letter => "C", href => "/tags?from=c" }] },
        ),
        (
            "pages/tags/index.html",
            context! { list => empty.clone(), most_used => none.to_vec(), tags => none.to_vec(), letters => none.to_vec() },
        ),
        (
            "pages/archive/show.html",
            context! { list => list.clone(), heading => (), years => [context! { year => 2026, posts => 3, months => [context! { name => "May", href => "/archive/2026-05", posts => 3 }] }], months => [month.clone()] },
        ),
        (
            "pages/archive/show.html",
            context! { list => empty.clone(), heading => "May 2026", years => none.to_vec(), months => [month] },
        ),
        (
            "pages/archive/show.html",
            context! { list => beyond, heading => (), years => none.to_vec(), months => none.to_vec() },
        ),
        (
            "pages/posts/show.html",
            context! { post => facts.clone(), article => context! { html => "<p>Text</p>", lead => figure.clone(), summary => "Words", minutes => 3 }, canonical => "http://x/a", social => context! { url => "u", width => 1, height => 1, alt => "A" }, posting => "{}", older => plain.clone(), newer => entry, may_edit => true, may_delete => true, wordless => ["ff"] },
        ),
        (
            "pages/posts/show.html",
            context! { post => context! { draft => false, stage => "published", tags => none.to_vec(), ..facts.clone() }, article => context! { html => "", lead => (), summary => "", minutes => 1 }, canonical => "http://x/a", social => (), posting => "{}", older => (), newer => (), may_edit => false, may_delete => false, wordless => none.to_vec() },
        ),
        (
            "pages/posts/delete.html",
            context! { href => "/a", title => "A", owner => "alice" },
        ),
        (
            "pages/posts/form.html",
            context! { action => "/a/edit", post => facts.clone(), fields => fields.clone(), pictures => [received, silent], pictures_open => true, pictures_lost => true, zone => "UTC", open => context! { about => true, address => true, schedule => true }, errors => errors.clone(), preview => context! { html => "<p>x</p>", lead => figure.clone() }, conflict => conflict, login => login.clone(), restored => true, retry => false, left_out => ["a.jpg"], kept => context! { unkept => (), left_out => ["b.jpg"] }, may_publish => true },
        ),
        (
            "pages/posts/form.html",
            context! { action => "/new", post => (), fields => blank, pictures => none.to_vec(), pictures_open => false, pictures_lost => false, zone => "UTC", open => context! { about => false, address => false, schedule => false }, errors => none.to_vec(), preview => (), conflict => (), login => (), restored => false, retry => true, left_out => none.to_vec(), kept => (), may_publish => false },
        ),
        (
            "pages/posts/history.html",
            context! { post => facts.clone(), entries => [saved, long], newer => "/a/history?after=2", older => "/a/history?before=1" },
        ),
        (
            "pages/posts/history.html",
            context! { post => facts.clone(), entries => none.to_vec(), newer => (), older => () },
        ),
        (
            "pages/posts/revision.html",
            context! { post => facts.clone(), history => "/a/history", current => 3, is_current => false, number => 2, against => 1, older => "/a/history/1", newer => "/a/history/3", who => "bob", at => 0, note => "typo", facts => [context! { label => "Title", pieces => pieces.clone() }], passages => [context! { folded => 2, pieces => pieces.clone() }, context! { folded => (), pieces => pieces.clone() }], same_text => false, with_pictures => true, hollow => true, late => "bob", id => 1 },
        ),
        (
            "pages/posts/revision.html",
            context! { post => facts.clone(), history => "/a/history", current => 1, is_current => true, number => 1, against => (), older => (), newer => (), who => "bob", at => 0, note => "", facts => none.to_vec(), passages => none.to_vec(), same_text => true, with_pictures => false, hollow => false, late => (), id => 1 },
        ),
        (
            "pages/account/show.html",
            context! { person => context! { name => "alice", role => "owner" }, login => (), display_name => "Alice", errors => errors.clone() },
        ),
        (
            "pages/account/show.html",
            context! { person => (), login => login.clone(), display_name => "Alice", errors => errors.clone() },
        ),
        (
            "pages/account/password.html",
            context! { name => "alice", has_password => true, errors => errors.clone() },
        ),
        (
            "pages/account/password.html",
            context! { name => "alice", has_password => false, errors => none.to_vec() },
        ),
        (
            "pages/account/sessions.html",
            context! { sessions => [context! { browser => "Firefox", is_current => true, last_seen => 0, created_at => 0, address => "::1", public_id => "x" }, context! { browser => (), is_current => false, last_seen => 0, created_at => 0, address => (), public_id => "y" }] },
        ),
        (
            "pages/account/sessions.html",
            context! { sessions => none.to_vec() },
        ),
        (
            "pages/drafts/index.html",
            context! { handed_in => [begun.clone()], more_waiting => true, posts => [begun.clone()], first_page => true, newer => "/drafts?after=1", older => "/drafts?before=1" },
        ),
        (
            "pages/drafts/index.html",
            context! { handed_in => none.to_vec(), more_waiting => false, posts => none.to_vec(), first_page => false, newer => (), older => () },
        ),
        (
            "pages/drafts/review.html",
            context! { posts => [begun], newer => (), older => "/drafts/review?before=1" },
        ),
        (
            "pages/drafts/review.html",
            context! { posts => none.to_vec(), newer => (), older => () },
        ),
        (
            "pages/trash/index.html",
            context! { posts => [context! { href => "/a", title => "A <b>", owner => "Bob", may_restore => true, may_purge => true, trashed_at => 0, until => 1 }], all => true, may_see_all => true, newer => (), older => "/trash?before=1" },
        ),
        (
            "pages/trash/index.html",
            context! { all => false, may_see_all => true, posts => none.to_vec(), newer => (), older => () },
        ),
        (
            "pages/trash/purge.html",
            context! { href => "/a", back => "/trash", title => "A", was_public => true },
        ),
        (
            "pages/login/form.html",
            context! { confirms => true, login => login.clone(), next => "/new", errors => errors.clone(), demo => demo },
        ),
        (
            "pages/login/form.html",
            context! { confirms => true, login => context! { name => "", password => false, remember => false }, next => "", errors => none.to_vec(), demo => () },
        ),
        ("pages/logout/show.html", context! {}),
        (
            "pages/search/index.html",
            context! { typed => "a <b>", asked => true, found => 1, more => false, hits => [context! { href => "/a", title => [context! { text => "A ", found => false }], passage => [context! { text => "<b>", found => true }], owner => "Alice", at => 0 }], first => 1, better => "/search?q=a&page=1", further => "/search?q=a&page=3" },
        ),
        (
            "pages/search/index.html",
            context! { typed => "", asked => false, found => 0, more => false, hits => none.to_vec(), first => 1, better => (), further => () },
        ),
        (
            "pages/parked/index.html",
            context! { forms => [context! { href => "/parked/k", title => "A", at => 0 }] },
        ),
        (
            "pages/parked/index.html",
            context! { forms => none.to_vec() },
        ),
        (
            "pages/setup/form.html",
            context! { token => "t", name => "", display_name => "", errors => errors.clone() },
        ),
        (
            "pages/error.html",
            context! { theme => "light", status => 404, title => "Nothing here", detail => "No page", advice => "Go back", request_id => "1-2" },
        ),
        (
            "pages/error.html",
            context! { theme => "light", status => 500, title => "Broken", detail => "No", advice => "Wait", request_id => () },
        ),
    ]
}

#[test]
fn every_page_renders_for_visitors_and_for_writers() {
    let templates = templates();
    let message = context! { level => "success", text => "Done <b>", undo => "/a/restore", more => "/a/history/2" };
    for (name, view) in samples() {
        for chrome in [
            context! { username => (), path => "/a", flash => (), parked => (), theme => "dark" },
            context! { username => "alice", path => "/", flash => [message.clone()], parked => [context! { href => "/parked/k", title => "", at => 0 }], theme => "dark" },
        ] {
            let page = templates.environment.get_template(name).unwrap();
            let html = page.render(context! { ..view.clone(), ..chrome });
            let html = html.unwrap_or_else(|error| panic!("{name}: {error:#}"));
            assert!(html.starts_with("<!doctype html>"), "{name}: {html}");
            assert_eq!(html.matches("<h1").count(), 1, "{name} has one h1: {html}");
            assert!(
                html.contains("The &lt;Post&gt;") && !html.contains("The <Post>"),
                "{name}"
            );
            // Data, which no policy for scripts speaks of.
            let html = html.replace("<script type=\"application/ld+json\">", "");
            for inline in [" style=", "<style", "<script>", "javascript:", " onclick"] {
                assert!(
                    !html.contains(inline),
                    "{name} has {inline}, which the policy forbids"
                );
            }
        }
    }
}

#[test]
fn every_page_has_a_sample() {
    let sampled: BTreeSet<&str> = samples().iter().map(|(name, _)| *name).collect();
    let there: BTreeSet<String> = Files::iter()
        .map(|name| name.into_owned())
        .filter(|name| name.starts_with("pages/"))
        .collect();
    let there: BTreeSet<&str> = there.iter().map(String::as_str).collect();
    assert_eq!(sampled, there);
}

#[test]
fn what_nobody_gave_is_an_error() {
    let templates = templates();
    let page = templates
        .environment
        .get_template("pages/posts/delete.html")
        .unwrap();
    let chrome =
        context! { username => (), path => "/", flash => (), parked => (), theme => "dark" };
    assert!(
        page.render(context! { href => "/a", title => "A", ..chrome.clone() })
            .is_err(),
        "owner is missing"
    );
    let whole = page.render(context! { href => "/a", title => "A", owner => "alice", ..chrome });
    assert!(whole.is_ok(), "control");
}

#[test]
fn text_is_escaped_and_slashes_stay() {
    let templates = templates();
    let page =
        templates
            .environment
            .render_named_str("x.html", "{{ a }}", context! { a => "</a>&\"'x" });
    assert_eq!(page.unwrap(), "&lt;/a&gt;&amp;&quot;&#39;x");
}

#[test]
fn times_are_written_for_people_and_for_machines() {
    let environment = templates().environment;
    let at = context! { at => 1_795_411_800_000_i64 };
    let written =
        environment.render_named_str("x.html", "{{ at|date }}, {{ at|time }}, {{ at|iso }}", at);
    assert_eq!(
        written.unwrap(),
        "23 November 2026, 05:30, 2026-11-23T05:30:00Z"
    );
}
