//! The buttons of the editor: what a form is sent for.

/// Which button was pressed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Intent {
    Publish,
    Draft,
    Preview,
    Schedule,
    Review,
}

impl Intent {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "" | "publish" => Some(Self::Publish),
            "draft" => Some(Self::Draft),
            "preview" => Some(Self::Preview),
            "schedule" => Some(Self::Schedule),
            "review" => Some(Self::Review),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Draft => "draft",
            Self::Preview => "preview",
            Self::Schedule => "schedule",
            Self::Review => "review",
        }
    }
}

/// Which of two versions is to stand in the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Take {
    Merged,
    Mine,
    Theirs,
}

impl Take {
    pub(super) fn of(word: &str) -> Option<Self> {
        match word {
            "merged" => Some(Self::Merged),
            "mine" => Some(Self::Mine),
            "theirs" => Some(Self::Theirs),
            _ => None,
        }
    }

    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Merged => "merged",
            Self::Mine => "mine",
            Self::Theirs => "theirs",
        }
    }
}
