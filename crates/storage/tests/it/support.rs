//! Private databases and the people and posts that tests begin with; one place to change when an engine is added.

use std::cell::Cell;
use std::path::PathBuf;

use gatepost_domain::display_name::DisplayName;
use gatepost_domain::note::Note;
use gatepost_domain::post::{Post, Stage, Visibility};
use gatepost_domain::role::Role;
use gatepost_domain::slug::Slug;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;
use gatepost_storage::Db;
use gatepost_storage::posts::{Created, Edit, Updated, WantedSlug};
use gatepost_storage::users::{NewUser, PasswordHash};
use tempfile::TempDir;
use time::{Duration, OffsetDateTime};

/// A database of one test's own.
pub(crate) struct Fresh {
    pub(crate) db: Db,
    pub(crate) directory: TempDir,
}

impl std::ops::Deref for Fresh {
    type Target = Db;
    fn deref(&self) -> &Db {
        &self.db
    }
}

/// A new, empty, migrated database.
pub(crate) async fn fresh() -> Fresh {
    let directory = tempfile::tempdir().unwrap();
    let db = Db::open(&directory.path().join("gatepost.db"), clock)
        .await
        .unwrap();
    Fresh { db, directory }
}

impl Fresh {
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.path().join("gatepost.db")
    }
}

thread_local! {
    static SECONDS: Cell<i64> = const { Cell::new(1_700_000_000) };
    static STANDS_STILL: Cell<bool> = const { Cell::new(false) };
}

/// A clock that goes on by a second whenever it is asked, so that no two things happen at once by accident.
pub(crate) fn clock() -> OffsetDateTime {
    let step = if STANDS_STILL.get() { 0 } else { 1 };
    let seconds = SECONDS.replace(SECONDS.get() + step);
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(seconds)
}

/// From here on everything in this test happens in the same moment.
pub(crate) fn stop_the_clock() {
    STANDS_STILL.set(true);
}

pub(crate) fn username(name: &str) -> Username {
    Username::parse(name).unwrap()
}

pub(crate) fn new_user(name: &str, role: Role) -> NewUser {
    NewUser {
        username: username(name),
        display_name: DisplayName::parse(&format!("{name} the {role}")).unwrap(),
        role,
        password_hash: Some(PasswordHash::new(format!("hash of {name}"))),
    }
}

pub(crate) async fn person(db: &Db, name: &str, role: Role) -> User {
    db.users()
        .create(&new_user(name, role))
        .await
        .unwrap()
        .expect("the name is free")
}

pub(crate) fn slug(text: &str) -> Slug {
    Slug::parse(text).unwrap()
}

/// A published post's form with this title, saved by this person.
pub(crate) fn edit(editor: &User, title: &str) -> Edit {
    Edit {
        title: Title::parse(title).unwrap(),
        text: Text::parse(format!("The text of {title}.")).unwrap(),
        slug: WantedSlug::FromTitle,
        tags: Tags::default(),
        excerpt: None,
        visibility: Visibility::Public,
        stage: Stage::Published,
        pictures: Vec::new(),
        editor: editor.id,
        note: Note::default(),
        form: None,
        opened_from: None,
    }
}

/// The same, as a draft.
pub(crate) fn draft(editor: &User, title: &str) -> Edit {
    Edit {
        stage: Stage::Draft,
        ..edit(editor, title)
    }
}

/// The form of this post as its edit page fills it, saved by this person.
pub(crate) fn again(editor: &User, post: &Post) -> Edit {
    Edit {
        slug: WantedSlug::Typed(post.slug.clone()),
        ..edit(editor, post.title.as_str())
    }
}

pub(crate) async fn create(db: &Db, edit: &Edit) -> Post {
    match db.posts().create(edit).await.unwrap() {
        Created::Post(post) => *post,
        other => panic!("{:?} was not made: {other:?}", edit.title),
    }
}

pub(crate) async fn update(db: &Db, post: &Post, edit: &Edit) -> Post {
    match db
        .posts()
        .update(post.id, post.revision, edit)
        .await
        .unwrap()
    {
        Updated::Saved(post) => *post,
        other => panic!("not saved: {other:?}"),
    }
}
