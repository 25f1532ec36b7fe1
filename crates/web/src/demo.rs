//! Accounts, posts and pictures to look at; made once, and only on a blog nobody has written on.
//!
//! Invariant: everything goes the way a writer's work goes (hashing, the picture pipeline, revisions); only the clock of
//! the demo tells other times.

mod posts;
mod scenes;
pub(crate) mod telephone;

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};

use bytes::Bytes;
use gatepost_domain::display_name::DisplayName;
use gatepost_domain::note::Note;
use gatepost_domain::picture::{Alt, ImageFile, ImageHash, PlacedPicture};
use gatepost_domain::post::{Post, Stage, Visibility};
use gatepost_domain::role::Role;
use gatepost_domain::tag::Tags;
use gatepost_domain::text::Text;
use gatepost_domain::title::Title;
use gatepost_domain::user::User;
use gatepost_domain::username::Username;
use gatepost_storage::Db;
use gatepost_storage::posts::{Created, Edit, Updated, WantedSlug};
use gatepost_storage::users::{NewUser, PasswordHash};
use time::{Duration, OffsetDateTime};
use tokio::task::JoinHandle;

use crate::images::{self, ReceiveError};
use crate::state::App;
use posts::{DemoPicture, DemoPost, POSTS};

/// Who can log in, and as what.
pub const ACCOUNTS: [(&str, Role); 3] = [
    ("alice", Role::Owner),
    ("bob", Role::Editor),
    ("carol", Role::Author),
];

/// The password of each of them.
pub const PASSWORD: &str = "correct horse";

/// What became of the wish for a demo.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Filled {
    /// So many posts were written.
    Posts(usize),
    /// Somebody has written here already; nothing was touched.
    NotEmpty,
}

/// Why there is no demo.
#[derive(Debug, thiserror::Error)]
pub enum DemoError {
    /// The database or the store of pictures failed.
    #[error("the demo could not be stored")]
    Storage(#[from] gatepost_storage::Error),
    /// The password could not be hashed.
    #[error("the password of the demo could not be hashed")]
    Password(#[from] session_auth::password::PasswordError),
    /// A picture could not be drawn or was not accepted.
    #[error("a picture of the demo could not be made")]
    Picture(#[source] Box<dyn std::error::Error + Send + Sync>),
}

/// What the demo's clock says, in unix seconds.
static DEMO_TIME: AtomicI64 = AtomicI64::new(0);

fn demo_clock() -> OffsetDateTime {
    OffsetDateTime::UNIX_EPOCH + Duration::seconds(DEMO_TIME.load(Ordering::Relaxed))
}

/// Fills an empty blog.
pub async fn fill(app: &App) -> Result<Filled, DemoError> {
    if app.db.posts().any().await? {
        return Ok(Filled::NotEmpty);
    }
    // Drawing takes longest, so it begins first and all at once.
    let drawn: Vec<Vec<Drawing>> = POSTS
        .iter()
        .map(|post| post.pictures.iter().map(draw).collect())
        .collect();
    let people = people(app).await?;
    let db = app.db.with_clock(demo_clock);
    for (post, drawings) in POSTS.iter().zip(drawn) {
        let author = &people[post.author];
        let mut hashes = Vec::new();
        for drawing in drawings {
            let photograph = drawing
                .await
                .map_err(|error| DemoError::Picture(error.into()))?;
            let photograph = photograph.map_err(|error| DemoError::Picture(error.into()))?;
            hashes.push(received(app, author, photograph).await?);
        }
        let edit = edit(app, post, author, &hashes).await?;
        set_demo_clock(app, post.age);
        let Created::Post(saved) = db.posts().create(&edit).await? else {
            continue;
        };
        if let Some(editor) = post.edited_by {
            set_demo_clock(app, post.age - 1);
            correct(&db, &saved, edit, &people[editor]).await?;
        }
    }
    Ok(Filled::Posts(POSTS.len()))
}

type Drawing = JoinHandle<Result<Vec<u8>, jpeg_encoder::EncodingError>>;

fn draw(picture: &'static DemoPicture) -> Drawing {
    tokio::task::spawn_blocking(|| telephone::photograph(&picture.scene.draw(), picture.taken_at))
}

async fn people(app: &App) -> Result<HashMap<&'static str, User>, DemoError> {
    let mut people = HashMap::new();
    for (name, role) in ACCOUNTS {
        let username = Username::parse(name).expect("the demo's names are usernames");
        let password = app.passwords.hash(PASSWORD).await?;
        let new = NewUser {
            display_name: DisplayName::from(&username),
            username,
            role,
            password_hash: Some(PasswordHash::new(password.as_str())),
        };
        let user = match app.db.users().create(&new).await? {
            Some(user) => Some(user),
            // Left over from a demo that was interrupted.
            None => app.db.users().by_username(&new.username).await?,
        };
        people.extend(user.map(|user| (name, user)));
    }
    app.db.setup().withdraw().await?;
    Ok(people)
}

async fn received(app: &App, author: &User, photograph: Vec<u8>) -> Result<ImageHash, DemoError> {
    match images::receive(&app.db, &app.images, author.id, Bytes::from(photograph)).await {
        Ok(received) => Ok(received.hash),
        Err(ReceiveError::Storage(error)) => Err(DemoError::Storage(error)),
        Err(ReceiveError::Refused(refusal)) => Err(DemoError::Picture(refusal.into())),
        Err(busy @ ReceiveError::Busy) => Err(DemoError::Picture(busy.into())),
    }
}

/// The form its author would have sent.
async fn edit(
    app: &App,
    post: &DemoPost,
    author: &User,
    hashes: &[ImageHash],
) -> Result<Edit, DemoError> {
    let mut text = post.text.to_owned();
    if let Some(hash) = hashes.last() {
        let variants = app.db.images().find(hash).await?.unwrap_or_default();
        if let Some(widest) = variants.last() {
            let file = ImageFile {
                hash: *hash,
                width: widest.width,
                format: widest.format,
            };
            text = text.replace("PICTURE", &format!("/images/{file}"));
        }
    }
    let placed = hashes
        .iter()
        .zip(post.pictures)
        .map(|(&hash, picture)| PlacedPicture {
            hash,
            alt: Alt::parse(picture.alt).expect("the demo's words are short"),
            decorative: false,
        });
    Ok(Edit {
        title: Title::parse(post.title).expect("the demo's titles are titles"),
        text: Text::parse(text).expect("the demo's articles are short"),
        slug: WantedSlug::FromTitle,
        tags: Tags::parse(post.tags).expect("the demo's tags are tags"),
        excerpt: None,
        visibility: Visibility::Public,
        stage: if post.published {
            Stage::Published
        } else {
            Stage::Draft
        },
        pictures: placed.collect(),
        editor: author.id,
        note: Note::default(),
        form: None,
        opened_from: None,
    })
}

/// A second pair of eyes.
async fn correct(
    db: &Db,
    saved: &Post,
    edit: Edit,
    editor: &User,
) -> Result<Updated, gatepost_storage::Error> {
    let slug = WantedSlug::Typed(saved.slug.clone());
    let corrected = Edit {
        slug,
        editor: editor.id,
        note: Note::parse("Commas.").expect("a short note"),
        ..edit
    };
    db.posts()
        .update(saved.id, saved.revision, &corrected)
        .await
}

fn set_demo_clock(app: &App, hours_ago: i64) {
    let then = app.world.now() - Duration::hours(hours_ago);
    DEMO_TIME.store(then.unix_timestamp(), Ordering::Relaxed);
}

#[cfg(test)]
mod tests;
