//! Every cell of the access table, written out by hand; a change of a rule is a change of a letter here.

use time::OffsetDateTime;

use super::{Action, Sight, SiteAction, Viewer};
use crate::display_name::DisplayName;
use crate::ids::{PostId, RevisionNo, UserId};
use crate::post::{Post, Status, Visibility};
use crate::role::Role;
use crate::slug::Slug;
use crate::tag::Tags;
use crate::text::Text;
use crate::title::Title;
use crate::user::{Person, User};
use crate::username::Username;

fn user(id: i64, role: Role) -> User {
    let username = Username::parse(&format!("user{id}")).unwrap();
    User {
        id: UserId(id),
        display_name: DisplayName::from(&username),
        username,
        role,
        disabled: false,
    }
}

fn post(owner: &User, (status, was_public, scheduled, returns): Column) -> Post {
    let at = OffsetDateTime::UNIX_EPOCH;
    Post {
        id: PostId(1),
        slug: Slug::parse("a-post").unwrap(),
        title: Title::parse("A post").unwrap(),
        text: Text::default(),
        tags: Tags::default(),
        excerpt: None,
        status,
        visibility: Visibility::Public,
        owner: Person::from(owner),
        last_editor: Person::from(owner),
        revision: RevisionNo(1),
        published_at: was_public.then_some(at),
        publish_at: scheduled.then_some(at),
        in_review: false,
        created_at: at,
        updated_at: at,
        trashed_at: (status == Status::Trashed).then_some(at),
        returns_to_readers: returns,
        pictures: Vec::new(),
    }
}

/// Status, whether it was public, whether it becomes public by itself, whether it is public again out of the trash.
type Column = (Status, bool, bool, bool);

/// Columns: draft, draft that was public, scheduled, published; in the trash: draft, draft that was public, scheduled,
/// scheduled that was public, published.
const COLUMNS: [Column; 9] = [
    (Status::Draft, false, false, false),
    (Status::Draft, true, false, false),
    (Status::Draft, false, true, false),
    (Status::Published, true, false, false),
    (Status::Trashed, false, false, false),
    (Status::Trashed, true, false, false),
    (Status::Trashed, false, true, false),
    (Status::Trashed, true, true, false),
    (Status::Trashed, true, false, true),
];

/// Letters: View, Edit, Submit, Publish, Delete, Restore, purge (X); a dot is a refusal.
#[rustfmt::skip] // a table is read by its columns
const TABLE: [(Option<Role>, bool, [&str; 9]); 9] = [
    (None, false,                     [".......", ".......", ".......", "V......", ".......", ".......", ".......", ".......", "......."]),
    (Some(Role::Owner), true,         ["VESPD..", "VESPD..", "VESPD..", "VESPD..", "V....RX", "V....RX", "V....RX", "V....RX", "V....RX"]),
    (Some(Role::Owner), false,        ["VESPD..", "VESPD..", "VESPD..", "VESPD..", "V....RX", "V....RX", "V....RX", "V....RX", "V....RX"]),
    (Some(Role::Editor), true,        ["VESPD..", "VESPD..", "VESPD..", "VESPD..", "V....RX", "V....RX", "V....RX", "V....RX", "V....RX"]),
    (Some(Role::Editor), false,       ["VESPD..", "VESPD..", "VESPD..", "VESPD..", "V....RX", "V....RX", "V....RX", "V....RX", "V....RX"]),
    (Some(Role::Author), true,        ["VESPD..", "VESPD..", "VESPD..", "VESPD..", "V....RX", "V....RX", "V....RX", "V....RX", "V....RX"]),
    (Some(Role::Author), false,       [".......", ".......", ".......", "V......", ".......", ".......", ".......", ".......", "......."]),
    (Some(Role::Contributor), true,   ["VES.D..", "VES.D..", "V......", "V......", "V....RX", "V....R.", "V......", "V......", "V......"]),
    (Some(Role::Contributor), false,  [".......", ".......", ".......", "V......", ".......", ".......", ".......", ".......", "......."]),
];

#[test]
fn every_cell_of_the_table_says_what_is_written_here() {
    let stranger = user(9, Role::Author);
    for (role, own, cells) in TABLE {
        let me = role.map(|role| user(1, role));
        let viewer = me.clone().map_or(Viewer::Anonymous, Viewer::User);
        for (column, cell) in COLUMNS.into_iter().zip(cells) {
            let owner = if own { me.as_ref().unwrap() } else { &stranger };
            let post = post(owner, column);
            let said: String = Action::ALL
                .into_iter()
                .zip("VESPDRX".chars())
                .map(|(action, letter)| {
                    if viewer.may(action, &post) {
                        letter
                    } else {
                        '.'
                    }
                })
                .collect();
            assert_eq!(said, cell, "{role:?}, own: {own}, {column:?}");
        }
    }
}

#[test]
fn whoever_may_throw_a_post_away_may_take_it_out_again() {
    let stranger = user(9, Role::Author);
    for role in Role::ALL {
        let me = user(1, role);
        for column in COLUMNS {
            for owner in [&me, &stranger] {
                let live = post(owner, column);
                let viewer = Viewer::User(me.clone());
                let thrown_away = Post {
                    returns_to_readers: live.status == Status::Published,
                    status: Status::Trashed,
                    trashed_at: Some(OffsetDateTime::UNIX_EPOCH),
                    ..live.clone()
                };
                assert!(
                    !viewer.may(Action::Delete, &live) || viewer.may(Action::Restore, &thrown_away),
                    "{role} {column:?}"
                );
            }
        }
    }
}

#[test]
fn nobody_brings_a_post_towards_readers_by_taking_it_out_who_may_not_publish_it() {
    for role in Role::ALL {
        let me = user(1, role);
        let viewer = Viewer::User(me.clone());
        for (status, scheduled) in [(Status::Draft, true), (Status::Published, false)] {
            for was_public in [false, true] {
                let live = post(&me, (status, was_public, scheduled, false));
                let thrown_away = post(
                    &me,
                    (
                        Status::Trashed,
                        was_public,
                        scheduled,
                        status == Status::Published,
                    ),
                );
                assert_eq!(
                    viewer.may(Action::Restore, &thrown_away),
                    viewer.may(Action::Publish, &live),
                    "{role} {status:?}"
                );
            }
        }
    }
}

#[test]
fn a_disabled_person_may_no_more_than_a_visitor() {
    for role in Role::ALL {
        let mut me = user(1, role);
        let own = COLUMNS.map(|column| post(&me, column));
        assert!(
            Viewer::User(me.clone()).may(Action::Edit, &own[0]),
            "control: enabled"
        );
        me.disabled = true;
        let viewer = Viewer::User(me);
        for post in &own {
            for action in Action::ALL {
                assert_eq!(
                    viewer.may(action, post),
                    Viewer::Anonymous.may(action, post),
                    "{role} {action:?}"
                );
            }
        }
        for action in [
            SiteAction::Write,
            SiteAction::Publish,
            SiteAction::Review,
            SiteAction::Manage,
        ] {
            assert!(!viewer.may_on_site(action));
        }
    }
}

#[test]
fn the_site_is_managed_by_its_owner_alone() {
    use SiteAction::{Manage, Publish, Review, Write};
    for (role, may) in [
        (Role::Owner, [true, true, true, true]),
        (Role::Editor, [true, true, true, false]),
        (Role::Author, [true, true, false, false]),
        (Role::Contributor, [true, false, false, false]),
    ] {
        let viewer = Viewer::User(user(1, role));
        assert_eq!(
            [Write, Publish, Review, Manage].map(|action| viewer.may_on_site(action)),
            may,
            "{role}"
        );
    }
    assert_eq!(
        [Write, Publish, Review, Manage].map(|action| Viewer::Anonymous.may_on_site(action)),
        [false; 4]
    );
}

#[test]
fn only_a_post_that_was_public_is_ever_called_gone() {
    let owner = user(1, Role::Author);
    let (me, visitor) = (Viewer::User(owner.clone()), Viewer::Anonymous);
    for (column, mine, theirs) in [
        (COLUMNS[0], Sight::Visible, Sight::Hidden),
        (COLUMNS[1], Sight::Visible, Sight::Hidden),
        (COLUMNS[2], Sight::Visible, Sight::Hidden),
        (COLUMNS[3], Sight::Visible, Sight::Visible),
        (COLUMNS[4], Sight::Hidden, Sight::Hidden),
        (COLUMNS[5], Sight::Gone, Sight::Gone),
        (COLUMNS[6], Sight::Hidden, Sight::Hidden),
        (COLUMNS[7], Sight::Gone, Sight::Gone),
        (COLUMNS[8], Sight::Gone, Sight::Gone),
    ] {
        let post = post(&owner, column);
        assert_eq!(
            (me.sight(&post), visitor.sight(&post)),
            (mine, theirs),
            "{column:?}"
        );
    }
}
