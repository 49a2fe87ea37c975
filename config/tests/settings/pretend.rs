//! A machine made of a few texts, and short ways to load from it.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
};

use kisima_config::{ConfigError, Loaded, Problem, Sources, Surroundings};

/// A machine made of a few texts.
#[derive(Default)]
pub struct Pretend {
    files: BTreeMap<PathBuf, String>,
    variables: Vec<(String, String)>,
}

impl Pretend {
    /// Adds a file.
    pub fn file(mut self, path: &str, text: &str) -> Pretend {
        self.files.insert(PathBuf::from(path), text.to_owned());
        self
    }

    /// Adds a variable.
    pub fn variable(mut self, name: &str, value: &str) -> Pretend {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Surroundings for Pretend {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let inside: Vec<PathBuf> = self
            .files
            .keys()
            .rev()
            .filter(|path| path.parent() == Some(directory))
            .cloned()
            .collect();
        if inside.is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(inside)
        }
    }

    fn variables(&self) -> Vec<(String, String)> {
        self.variables.clone()
    }
}

/// What `--set` says.
pub fn set(assignments: &[&str]) -> Sources {
    Sources {
        set: assignments.iter().map(|text| (*text).to_owned()).collect(),
        ..Sources::default()
    }
}

/// A socket address.
pub fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

/// The problems of a configuration that must have some.
pub fn problems<C: std::fmt::Debug>(loaded: Result<Loaded<C>, ConfigError>) -> Vec<Problem> {
    loaded.expect_err("a problem was expected").problems
}

/// Value and layer of a key, as they are shown.
pub fn layer_of<C>(loaded: &Loaded<C>, key: &str) -> (String, String) {
    let row = loaded
        .values()
        .iter()
        .find(|row| row.key == key)
        .unwrap_or_else(|| panic!("{key} is not shown"));
    (row.value.clone(), row.layer.clone())
}
