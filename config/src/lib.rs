//! What the two programs are told: typed settings, read in layers and checked before anything starts.
//!
//! Built-in ← `/etc/kisima/gateway.toml` ← `gateway.d/*.toml` ← `KISIMA_…` variables ← `--set key=value` (CONTRACTS
//! section 1). A key that nobody knows is an error, and all problems are told at once, each with its key and its layer.
//! Nothing here touches the machine by itself: files and variables come through [`Surroundings`].
//!
//! | module | what it holds |
//! |---|---|
//! | [`gateway`], [`hub`] | the settings of the two programs |
//! | [`providers`] | payment and messaging providers of the hub |
//! | [`common`] | what both programs are told in the same words |
//! | [`layers`] | where values come from: files, variables, the command line |
//! | [`values`] | durations, web addresses, networks: their spelling |
//! | [`secret`] | a text that is never printed |

pub mod common;
pub mod gateway;
pub mod hub;
pub mod layers;
pub mod providers;
mod reader;
pub mod secret;
mod unknown;
pub mod values;

use std::fmt;

pub use gateway::Gateway;
pub use hub::Hub;
pub use layers::{Sources, Surroundings, System};
pub use secret::{Secret, SecretError};
pub use values::{Network, WebAddress};

/// Everything that is wrong with a configuration, in the order in which it was found.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {}:\n{}", count(.problems), lines(.problems))]
pub struct ConfigError {
    /// Never empty.
    pub problems: Vec<Problem>,
}

/// One thing that is wrong, in the words of the person who has to mend it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The key as it is written, or the file or option that cannot be read at all.
    pub key: String,
    /// Where the value stands: a file, a variable, an option, or `built-in` for a value that is missing.
    pub layer: String,
    /// What is wrong with it.
    pub what: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {} ({})", self.key, self.what, self.layer)
    }
}

fn count(problems: &[Problem]) -> String {
    match problems.len() {
        1 => "a problem".to_owned(),
        several => format!("{several} problems"),
    }
}

fn lines(problems: &[Problem]) -> String {
    problems
        .iter()
        .map(|problem| format!("  {problem}"))
        .collect::<Vec<_>>()
        .join("\n")
}

/// A configuration that passed every check, together with how it came about.
#[derive(Clone, Debug)]
pub struct Loaded<C> {
    /// The settings.
    pub config: C,
    shown: Vec<Shown>,
}

/// One effective value, as `show` prints it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Shown {
    /// The key as it would be written in a file outside any section.
    pub key: String,
    /// The value in TOML; `(hidden)` for a secret, `(not set)` where there is none.
    pub value: String,
    /// The layer that set it.
    pub layer: String,
}

impl<C> Loaded<C> {
    /// Every key with its effective value and layer, sorted by key.
    pub fn values(&self) -> &[Shown] {
        &self.shown
    }

    /// What the subcommand `show` prints: one line a key, the layer as a TOML comment.
    pub fn show(&self) -> String {
        let width = self
            .shown
            .iter()
            .map(|row| row.key.len() + row.value.len())
            .max()
            .unwrap_or(0);
        let mut text = String::new();
        for Shown { key, value, layer } in &self.shown {
            let gap = " ".repeat(width - key.len() - value.len());
            text.push_str(&format!("{key} = {value}{gap}  # {layer}\n"));
        }
        text
    }
}
