//! The words of a broadcast.

use crate::talk::{Language, gsm7};

/// What is said, in one language or more: each once, the first to whoever speaks none of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Texts(Vec<(Language, String)>);

/// What is wrong with what is to be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadText {
    /// There is no text at all.
    #[error("there is no text: write it in at least one language")]
    NoText,
    /// The text of a language is empty.
    #[error("the text is empty")]
    Empty(Language),
    /// A language has two texts.
    #[error("there are two texts in this language")]
    Twice(Language),
    /// It holds what no phone shows.
    #[error("the text has a sign in it that no phone shows")]
    Unreadable(Language),
    /// It has too many parts.
    #[error(
        "the text has {parts} parts and may have {parts_max}: write less, or leave out letters that are not in the \
             alphabet of an SMS"
    )]
    TooLong {
        /// Which.
        language: Language,
        /// How many it has.
        parts: usize,
        /// How many it may have.
        parts_max: usize,
    },
}

impl BadText {
    /// The text at fault.
    pub const fn language(&self) -> Option<Language> {
        match self {
            BadText::NoText => None,
            BadText::Empty(language)
            | BadText::Twice(language)
            | BadText::Unreadable(language)
            | BadText::TooLong { language, .. } => Some(*language),
        }
    }
}

impl Texts {
    /// Reads texts as they were typed: ends of lines as any browser writes them, no spaces around.
    pub fn read(typed: &[(Language, String)], parts_max: usize) -> Result<Texts, BadText> {
        let mut texts: Vec<(Language, String)> = Vec::new();
        for (language, typed) in typed {
            let (language, text) = (*language, typed.trim().replace("\r\n", "\n"));
            if texts.iter().any(|(known, _)| *known == language) {
                return Err(BadText::Twice(language));
            }
            if text.is_empty() {
                return Err(BadText::Empty(language));
            }
            if text.chars().any(|c| c.is_control() && c != '\n') {
                return Err(BadText::Unreadable(language));
            }
            let parts = gsm7::parts(&text).len();
            if parts > parts_max {
                return Err(BadText::TooLong {
                    language,
                    parts,
                    parts_max,
                });
            }
            texts.push((language, text));
        }
        match texts.is_empty() {
            true => Err(BadText::NoText),
            false => Ok(Texts(texts)),
        }
    }

    /// With how to get no more of them behind each text, where that makes no part more.
    pub fn with_hints(self, hint: impl Fn(Language) -> String) -> Texts {
        let hinted = |(language, text): (Language, String)| {
            let longer = format!("{text} {}", hint(language));
            match gsm7::parts(&longer).len() == gsm7::parts(&text).len() {
                true => (language, longer),
                false => (language, text),
            }
        };
        Texts(self.0.into_iter().map(hinted).collect())
    }

    /// The texts, in the order in which they were given.
    pub fn iter(&self) -> impl Iterator<Item = (Language, &str)> {
        self.0.iter().map(|(language, text)| (*language, text.as_str()))
    }

    /// The place of the text for somebody who speaks this language.
    pub fn place_for(&self, language: Language) -> usize {
        let own = self.0.iter().position(|(known, _)| *known == language);
        own.unwrap_or_default()
    }
}
