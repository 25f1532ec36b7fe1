//! Pictures of a form: those that it started from, those it showed, and those that came with it, each once and in this order.
//!
//! Invariant: a file and a field are taken once, and what they say can be laid over any version of the post.

use gatepost_domain::picture::{ImageHash, Picture, PlacedPicture, named_in};
use gatepost_domain::post::Post;
use gatepost_storage::revisions::Revision;
use http::StatusCode;

use super::kept::{Kept, Said, Shown};
use super::parking::Author;
use super::typed::Typed;
use crate::articles::NAMED;
use crate::error::Error;
use crate::form::{Content, File};
use crate::images::{self, ReceiveError, Received, Refusal};
use crate::state::App;

/// The pictures that stood with a post in this version of it; those of now where nobody knows them.
pub(super) async fn pictures_then(
    app: &App,
    post: Option<&Post>,
    version: Option<&Revision>,
) -> Result<Vec<Picture>, Error> {
    let Some(post) = post else {
        return Ok(Vec::new());
    };
    let Some(placed) = version.and_then(|version| version.pictures.as_ref()) else {
        return Ok(post.pictures.clone());
    };
    let mut then = Vec::new();
    for PlacedPicture {
        hash,
        alt,
        decorative,
    } in placed.iter().cloned()
    {
        let now = post.pictures.iter().find(|picture| picture.hash == hash);
        let variants = match now {
            Some(picture) => Some(picture.variants.clone()),
            None => app.db.images().find(&hash).await?,
        };
        if let Some(variants) = variants {
            then.push(Picture {
                hash,
                alt,
                decorative,
                variants,
            });
        }
    }
    Ok(then)
}

impl Typed {
    /// Brings them together; a file that is no picture becomes a fault and nothing else is lost.
    pub(super) async fn gather_pictures(
        &mut self,
        app: &App,
        start: &[Picture],
        author: Author,
    ) -> Result<(), Error> {
        self.gather_known(app, start, author).await?;
        self.gather_new(app, author).await
    }

    /// Those that the site has already.
    pub(super) async fn gather_known(
        &mut self,
        app: &App,
        start: &[Picture],
        author: Author,
    ) -> Result<(), Error> {
        self.author = Some(author);
        self.start = start.to_vec();
        self.gather_shown(app).await
    }

    /// Those that came with the form, and those that its text names.
    pub(super) async fn gather_new(&mut self, app: &App, author: Author) -> Result<(), Error> {
        for file in std::mem::take(&mut self.files) {
            self.take_file(app, file, author).await?;
        }
        self.take_named(app).await?;
        self.lay_pictures();
        Ok(())
    }

    /// Only those that the form showed: its files wait for somebody who may leave pictures here.
    pub(super) async fn gather_shown(&mut self, app: &App) -> Result<(), Error> {
        for shown in std::mem::take(&mut self.shown) {
            self.take_shown(app, shown).await?;
        }
        self.lay_pictures();
        Ok(())
    }

    /// As [`Self::gather_pictures`] left them, from another start.
    pub(super) fn start_from(&mut self, start: Vec<Picture>) {
        self.start = start;
        self.lay_pictures();
    }

    /// Lays what the form says over what it started from.
    fn lay_pictures(&mut self) {
        self.pictures = self.start.iter().map(Kept::of).collect();
        for said in &self.said {
            let known = self.pictures.iter_mut().find(|it| it.hash == said.hash);
            match known {
                Some(kept) => kept.told(said, false),
                None => {
                    let mut kept = Kept::new(said.hash, said.variants.clone());
                    kept.told(said, true);
                    self.pictures.push(kept);
                }
            }
        }
        self.mark_removed();
    }

    /// As they are together with what others saved: `merged`, and marked among them what this form takes out.
    pub(super) fn arrange(&mut self, merged: &[PlacedPicture], theirs: &[Picture]) {
        let mine = std::mem::take(&mut self.pictures);
        let saved = |hash| theirs.iter().find(|it| it.hash == hash);
        for placed in merged {
            let known = mine.iter().find(|kept| kept.hash == placed.hash).cloned();
            let Some(kept) = known.or_else(|| saved(placed.hash).map(Kept::of)) else {
                continue;
            };
            let was = saved(placed.hash).map(|it| it.alt.to_string());
            self.pictures.push(Kept {
                alt: placed.alt.to_string(),
                was: was.unwrap_or_default(),
                decorative: placed.decorative,
                removed: false,
                ..kept
            });
        }
        for (place, kept) in mine.into_iter().enumerate().filter(|it| it.1.removed) {
            if let Some(picture) = saved(kept.hash) {
                let place = place.min(self.pictures.len());
                let removed = true;
                self.pictures.insert(
                    place,
                    Kept {
                        removed,
                        ..Kept::of(picture)
                    },
                );
            }
        }
    }

    async fn take_shown(&mut self, app: &App, shown: Shown) -> Result<(), Error> {
        if let Some(said) = Self::said_of(app, shown.hash).await? {
            self.said.push(Said {
                name: shown.name,
                alt: shown.alt,
                was: shown.was,
                decorative: Some(shown.decorative),
                ..said
            });
        }
        Ok(())
    }

    async fn take_file(&mut self, app: &App, file: File, author: Author) -> Result<(), Error> {
        let mut weight = 0;
        let received = match file.content {
            Content::Whole(bytes) => {
                weight = bytes.len();
                images::receive(&app.db, &app.images, author.id(), bytes).await
            }
            Content::TooLarge => Err(ReceiveError::Refused(Refusal::TooHeavy)),
            Content::NoRoom => Err(ReceiveError::Busy),
            Content::Cut => {
                let sentence = format!("{} did not arrive whole. Choose it again.", file.name);
                self.missed.push(file.name);
                self.faults.add(StatusCode::BAD_REQUEST, "image", sentence);
                return Ok(());
            }
        };
        let (status, sentence) = match received {
            Ok(received) => {
                return self
                    .say_of_file(app, file.name, file.number, weight, received)
                    .await;
            }
            Err(ReceiveError::Refused(refusal)) => {
                (status(&refusal), format!("{}: {refusal}", file.name))
            }
            Err(ReceiveError::Busy) => {
                let sentence = format!(
                    "{} has to wait: other pictures are being received. Choose it again in a moment.",
                    file.name
                );
                self.missed.push(file.name);
                (StatusCode::SERVICE_UNAVAILABLE, sentence)
            }
            Err(ReceiveError::Storage(error)) => {
                tracing::error!(
                    error = &error as &dyn std::error::Error,
                    "a picture could not be stored"
                );
                let sentence = format!(
                    "{} could not be stored. Choose it again in a moment.",
                    file.name
                );
                self.missed.push(file.name);
                (StatusCode::SERVICE_UNAVAILABLE, sentence)
            }
        };
        self.faults.add(status, "image", sentence);
        Ok(())
    }

    async fn say_of_file(
        &mut self,
        app: &App,
        name: String,
        number: usize,
        weight: usize,
        received: Received,
    ) -> Result<(), Error> {
        let Some(variants) = app.db.images().want(&received.hash).await? else {
            return Ok(());
        };
        let decorative = self.decorative.contains(&number).then_some(true);
        // The words go where the picture is, so that the fields of the file are free for another.
        self.decorative.retain(|other| *other != number);
        let alt = self.alts.get_mut(number - 1).map(std::mem::take);
        self.said.push(Said {
            name: Some(name),
            notice: received.notice.map(|notice| notice.to_string()),
            alt: alt.filter(|alt| !alt.is_empty()),
            decorative,
            bytes: weight,
            ..Said::nothing(received.hash, variants)
        });
        Ok(())
    }

    /// Those that the text shows, also when another post has them: whoever sends no list of pictures means them, too.
    async fn take_named(&mut self, app: &App) -> Result<(), Error> {
        let hashes: Vec<ImageHash> = named_in(&self.text).take(NAMED).collect();
        for hash in hashes {
            self.said.extend(Self::said_of(app, hash).await?);
        }
        Ok(())
    }

    /// `None` when the site has no such picture.
    async fn said_of(app: &App, hash: ImageHash) -> Result<Option<Said>, Error> {
        let Some(variants) = app.db.images().want(&hash).await? else {
            return Ok(None);
        };
        let bytes = app.db.images().weight(&hash).await?;
        Ok(Some(Said {
            bytes,
            ..Said::nothing(hash, variants)
        }))
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::TooHeavy | Refusal::TooManyPixels => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Unsupported | Refusal::Heic => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::Undecodable | Refusal::Bomb | Refusal::TooSlow => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
