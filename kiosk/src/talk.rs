//! Words: what is said to people, in their language, within what an SMS and a display hold (DESIGN section 10).

mod alarm;
pub mod broadcast;
pub mod gsm7;
mod number;
mod screen;
mod secret;
pub mod sms;
mod state;
mod text;
pub mod ussd;

pub use alarm::AlarmText;
pub use number::NumberText;
pub use screen::Screen;
pub use secret::{without_pins, without_secrets};
pub use state::TextState;
pub use text::Text;

use crate::dispense::Reason;
use fluent_bundle::{FluentArgs, FluentResource, concurrent::FluentBundle};
use unic_langid::LanguageIdentifier;

/// Lines of a dispenser's display (FEATURES D9).
pub const SCREEN_LINES: usize = 4;
/// Characters in each of them.
pub const SCREEN_COLUMNS: usize = 20;

/// A language that people are spoken to in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Language {
    /// English, which every other falls back to.
    #[default]
    English,
    /// Swahili.
    Swahili,
    /// French.
    French,
}

impl Language {
    /// All of them, in a fixed order.
    pub const ALL: [Language; 3] = [Language::English, Language::Swahili, Language::French];

    /// The two letters of ISO 639-1, as in `LANG en|sw|fr` (CONTRACTS section 7).
    pub const fn code(self) -> &'static str {
        match self {
            Language::English => "en",
            Language::Swahili => "sw",
            Language::French => "fr",
        }
    }

    /// Reads those two letters, in either case.
    pub fn from_code(code: &str) -> Option<Language> {
        Language::ALL
            .into_iter()
            .find(|language| language.code().eq_ignore_ascii_case(code))
    }

    const fn decimal_mark(self) -> char {
        match self {
            Language::English | Language::Swahili => '.',
            Language::French => ',',
        }
    }

    const fn source(self) -> &'static str {
        match self {
            Language::English => include_str!("talk/texts/en.ftl"),
            Language::Swahili => include_str!("talk/texts/sw.ftl"),
            Language::French => include_str!("talk/texts/fr.ftl"),
        }
    }
}

/// Four lines of a display.
pub type Lines = [String; SCREEN_LINES];

/// Renders everything in every language. Made once and shared: it can be read from many threads.
pub struct Talk {
    voices: Vec<Voice>,
}

/// One language.
struct Voice {
    bundle: FluentBundle<FluentResource>,
    /// Denials are on the path of every sale and depend on their reason alone, so they are rendered once.
    denials: Vec<Lines>,
}

impl Talk {
    /// All languages, from the files compiled in.
    ///
    /// # Panics
    /// When one of those files cannot be read, which no input can bring about and the tests exclude.
    pub fn new() -> Talk {
        Talk::from_sources(Language::ALL.map(Language::source))
    }

    fn from_sources(sources: [&str; Language::ALL.len()]) -> Talk {
        let voices = Language::ALL.into_iter().zip(sources).map(|(language, source)| Voice {
            bundle: bundle(language, source),
            denials: Vec::new(),
        });
        let mut talk = Talk {
            voices: voices.collect(),
        };
        for language in Language::ALL {
            let denial = |reason| lines(&talk.format(language, &screen::denial_id(reason), &FluentArgs::new()));
            let denials = Reason::ALL.map(denial);
            talk.voices[language as usize].denials = denials.into();
        }
        talk
    }

    /// The lines of a display: four, of at most 20 ASCII characters each.
    pub fn screen(&self, language: Language, screen: &Screen) -> Lines {
        match (screen, screen.id()) {
            (Screen::Denied(reason), _) => self.voices[language as usize].denials[*reason as usize].clone(),
            (_, Some(id)) => lines(&self.format(language, id, &screen.args(language))),
            (_, None) => Lines::default(),
        }
    }

    /// The text of a message: GSM-7 letters only, at most 160 units.
    pub fn text(&self, language: Language, text: &Text) -> String {
        self.format(language, text.id(), &text.args(language))
    }

    /// Renders a message; one that the language lacks is said in English.
    fn format(&self, language: Language, id: &str, args: &FluentArgs) -> String {
        for voice in [language, Language::English].map(|language| &self.voices[language as usize]) {
            let message = voice.bundle.get_message(id);
            if let Some(pattern) = message.and_then(|message| message.value()) {
                // An argument that is missing shows as its name; the tests render every message with its arguments.
                return voice
                    .bundle
                    .format_pattern(pattern, Some(args), &mut Vec::new())
                    .into_owned();
            }
        }
        id.to_owned()
    }
}

impl Default for Talk {
    fn default() -> Talk {
        Talk::new()
    }
}

fn bundle(language: Language, source: &str) -> FluentBundle<FluentResource> {
    let locale: LanguageIdentifier = language.code().parse().expect("two letters are a language");
    let resource = FluentResource::try_new(source.to_owned());
    let resource = resource.unwrap_or_else(|(_, errors)| panic!("texts/{}.ftl: {errors:?}", language.code()));
    let mut bundle = FluentBundle::new_concurrent(vec![locale]);
    // The marks that isolate arguments by default are not in the alphabet of an SMS.
    bundle.set_use_isolating(false);
    if let Err(errors) = bundle.add_resource(resource) {
        panic!("texts/{}.ftl: {errors:?}", language.code());
    }
    bundle
}

/// A text as the lines of a display, those that are not there empty.
fn lines(text: &str) -> Lines {
    let mut lines = Lines::default();
    for (line, written) in lines.iter_mut().zip(text.lines()) {
        written.trim_end().clone_into(line);
    }
    lines
}

#[cfg(test)]
mod tests;
