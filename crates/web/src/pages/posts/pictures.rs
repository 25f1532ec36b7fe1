//! Pictures of a form: those of the post, those the form showed, and those that came with it, each once and in this order.

use gatepost_domain::picture::{ImageHash, named_in};
use gatepost_domain::post::Post;
use http::StatusCode;

use super::kept::{Kept, Shown};
use super::parking::Author;
use super::typed::Typed;
use crate::articles::NAMED;
use crate::error::Error;
use crate::form::{Content, File};
use crate::images::{self, ReceiveError, Received, Refusal};
use crate::state::App;

impl Typed {
    /// Brings them together; a file that is no picture becomes a fault and nothing else is lost.
    pub(super) async fn gather_pictures(
        &mut self,
        app: &App,
        post: Option<&Post>,
        author: Author,
    ) -> Result<(), Error> {
        self.gather_known(app, post, author).await?;
        self.gather_new(app, author).await
    }

    /// Those that the site has already.
    pub(super) async fn gather_known(
        &mut self,
        app: &App,
        post: Option<&Post>,
        author: Author,
    ) -> Result<(), Error> {
        self.author = Some(author);
        self.pictures = post
            .map(|post| post.pictures.iter().map(Kept::of).collect())
            .unwrap_or_default();
        self.gather_shown(app).await
    }

    /// Those that came with the form, and those that its text names.
    pub(super) async fn gather_new(&mut self, app: &App, author: Author) -> Result<(), Error> {
        for file in std::mem::take(&mut self.files) {
            self.take_file(app, file, author).await?;
        }
        self.take_named(app).await?;
        self.mark_removed();
        Ok(())
    }

    /// Only those that the form showed: its files wait for somebody who may leave pictures here.
    pub(super) async fn gather_shown(&mut self, app: &App) -> Result<(), Error> {
        for shown in std::mem::take(&mut self.shown) {
            self.take_shown(app, shown).await?;
        }
        self.mark_removed();
        Ok(())
    }

    async fn take_shown(&mut self, app: &App, shown: Shown) -> Result<(), Error> {
        let Some(place) = self.place_or_add(app, &shown.hash).await? else {
            return Ok(());
        };
        let kept = &mut self.pictures[place];
        kept.decorative = shown.decorative;
        kept.name = shown.name.or(kept.name.take());
        // Words that nobody touched here may have been changed by somebody else.
        if let Some(alt) = shown.alt.filter(|alt| shown.was.as_ref() != Some(alt)) {
            kept.alt = alt;
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
                    .place_file(app, file.name, file.number, weight, received)
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

    async fn place_file(
        &mut self,
        app: &App,
        name: String,
        number: usize,
        weight: usize,
        received: Received,
    ) -> Result<(), Error> {
        let Some(place) = self.place_or_add(app, &received.hash).await? else {
            return Ok(());
        };
        let kept = &mut self.pictures[place];
        kept.notice = received.notice.map(|notice| notice.to_string());
        kept.name = Some(name);
        kept.bytes = weight;
        kept.decorative |= self.decorative.contains(&number);
        // The words go where the picture is, so that the fields of the file are free for another.
        self.decorative.retain(|other| *other != number);
        if let Some(alt) = self
            .alts
            .get_mut(number - 1)
            .map(std::mem::take)
            .filter(|alt| !alt.is_empty())
        {
            kept.alt = alt;
        }
        Ok(())
    }

    /// Those that the text shows, also when another post has them: whoever sends no list of pictures means them, too.
    async fn take_named(&mut self, app: &App) -> Result<(), Error> {
        let hashes: Vec<_> = named_in(&self.text).take(NAMED).collect();
        for hash in hashes {
            self.place_or_add(app, &hash).await?;
        }
        Ok(())
    }

    /// Where a picture is in the list, at its end if it was not there; `None` when the site has no such picture.
    async fn place_or_add(&mut self, app: &App, hash: &ImageHash) -> Result<Option<usize>, Error> {
        if let Some(place) = self.pictures.iter().position(|kept| kept.hash == *hash) {
            return Ok(Some(place));
        }
        let Some(variants) = app.db.images().want(hash).await? else {
            return Ok(None);
        };
        let bytes = app.db.images().weight(hash).await?;
        self.pictures.push(Kept {
            bytes,
            ..Kept::new(*hash, variants)
        });
        Ok(Some(self.pictures.len() - 1))
    }
}

fn status(refusal: &Refusal) -> StatusCode {
    match refusal {
        Refusal::TooHeavy | Refusal::TooManyPixels => StatusCode::PAYLOAD_TOO_LARGE,
        Refusal::Unsupported | Refusal::Heic => StatusCode::UNSUPPORTED_MEDIA_TYPE,
        Refusal::Undecodable | Refusal::Bomb | Refusal::TooSlow => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
