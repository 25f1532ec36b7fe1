//! Pictures that the site has, with what a writer typed about them; nothing of it has been judged.

use gatepost_domain::picture::{Alt, ImageHash, Picture, Variant};

/// A picture that the site has, with what was typed about it.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) hash: ImageHash,
    pub(super) variants: Vec<Variant>,
    pub(super) alt: String,
    /// What the post said of it when the form was drawn: who left that alone changed nothing.
    pub(super) was: String,
    pub(super) decorative: bool,
    /// As its file was called, when it came with this very form.
    pub(super) name: Option<String>,
    /// What became of it on its way in, where the writer should know.
    pub(super) notice: Option<String>,
    pub(super) removed: bool,
    /// What it weighed when it came; nothing for one that the post has anyway.
    pub(super) bytes: usize,
}

impl Kept {
    pub(super) fn new(hash: ImageHash, variants: Vec<Variant>) -> Self {
        Self {
            hash,
            variants,
            alt: String::new(),
            was: String::new(),
            decorative: false,
            name: None,
            notice: None,
            removed: false,
            bytes: 0,
        }
    }

    pub(super) fn of(picture: &Picture) -> Self {
        Self {
            alt: picture.alt.to_string(),
            was: picture.alt.to_string(),
            decorative: picture.decorative,
            ..Self::new(picture.hash, picture.variants.clone())
        }
    }

    /// With what a form says of it. Of a picture that was not there before the form says everything.
    pub(super) fn told(&mut self, said: &Said, is_new: bool) {
        if is_new {
            self.was = said.was.clone().unwrap_or_default();
            self.bytes = said.bytes;
        }
        // Words that nobody touched here may have been changed by somebody else.
        let touched = |alt: &&String| is_new || said.was.as_ref() != Some(*alt);
        if let Some(alt) = said.alt.as_ref().filter(touched) {
            self.alt.clone_from(alt);
        }
        self.decorative = said.decorative.unwrap_or(self.decorative);
        if said.name.is_some() {
            self.name.clone_from(&said.name);
        }
        if said.notice.is_some() {
            self.notice.clone_from(&said.notice);
        }
    }

    /// With as much of its words as can be shown.
    pub(super) fn picture(&self) -> Picture {
        Picture {
            hash: self.hash,
            alt: Alt::parse(&self.alt).unwrap_or_default(),
            decorative: self.decorative,
            variants: self.variants.clone(),
        }
    }
}

/// What a form says of a picture, whatever the post says of it.
#[derive(Clone, Debug)]
pub(super) struct Said {
    pub(super) hash: ImageHash,
    pub(super) variants: Vec<Variant>,
    pub(super) name: Option<String>,
    pub(super) notice: Option<String>,
    pub(super) alt: Option<String>,
    /// What the form had shown as its words.
    pub(super) was: Option<String>,
    pub(super) decorative: Option<bool>,
    pub(super) bytes: usize,
}

impl Said {
    pub(super) fn nothing(hash: ImageHash, variants: Vec<Variant>) -> Self {
        Self {
            hash,
            variants,
            name: None,
            notice: None,
            alt: None,
            was: None,
            decorative: None,
            bytes: 0,
        }
    }
}

/// A hidden field of the form: a picture that it showed, and what was typed about it there.
#[derive(Debug)]
pub(super) struct Shown {
    pub(super) hash: ImageHash,
    /// As its file was called, when it came with this form at first.
    pub(super) name: Option<String>,
    pub(super) alt: Option<String>,
    pub(super) was: Option<String>,
    pub(super) decorative: bool,
}
