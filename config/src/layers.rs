//! Where values come from: files, variables, the command line; each value keeps the name of its layer.

use std::{
    collections::BTreeMap,
    io,
    path::{Path, PathBuf},
    rc::Rc,
};

use toml::{Table, Value};

use crate::Problem;

/// Which program asks; it names the files in `/etc/kisima`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Program {
    Gateway,
    Hub,
}

impl Program {
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Program::Gateway => "gateway",
            Program::Hub => "hub",
        }
    }
}

/// What the command line says about configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    /// `--config FILE`, in order, a later one over an earlier one. When there is any, `/etc/kisima` is not read.
    pub files: Vec<PathBuf>,
    /// `--set key=value`, in order.
    pub set: Vec<String>,
    /// `--data-dir DIR`, over `storage.data_dir`.
    pub data_dir: Option<PathBuf>,
    /// `--log-format FORMAT`, over `log.format`.
    pub log_format: Option<String>,
}

/// The files and variables of the machine, or of a test.
pub trait Surroundings {
    /// The text of a file.
    fn read(&self, path: &Path) -> io::Result<String>;
    /// The paths of what is in a directory, in any order.
    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>>;
    /// The environment variables; those that are not Unicode are left out.
    fn variables(&self) -> Vec<(String, String)>;
}

/// The machine the program runs on.
#[derive(Clone, Copy, Debug)]
pub struct System;

impl Surroundings for System {
    fn read(&self, path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path)
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        std::fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.path()))
            .collect()
    }

    fn variables(&self) -> Vec<(String, String)> {
        std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect()
    }
}

/// A key as its parts: `ussd.codes."*384#"` has three.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Key(pub Vec<String>);

impl Key {
    pub(crate) fn under(section: &str, names: &[&str]) -> Key {
        Key(section
            .split('.')
            .chain(names.iter().copied())
            .map(str::to_owned)
            .collect())
    }

    pub(crate) fn starts_with(&self, section: &Key) -> bool {
        self.0.starts_with(&section.0)
    }

    /// The key as it would stand in a file outside any section.
    pub(crate) fn spelled(&self) -> String {
        let bare = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
        let part = |part: &String| match part.is_empty() || !part.chars().all(bare) {
            true => Value::String(part.clone()).to_string(),
            false => part.clone(),
        };
        self.0.iter().map(part).collect::<Vec<_>>().join(".")
    }
}

impl From<&str> for Key {
    fn from(dotted: &str) -> Key {
        Key::under(dotted, &[])
    }
}

/// A value and where it stands.
#[derive(Clone, Debug)]
pub(crate) struct Leaf {
    pub value: Value,
    /// The text as it was typed, where the layer has only texts: a phone number must not become an integer.
    pub typed: Option<String>,
    pub layer: Rc<str>,
}

/// All layers laid over one another.
#[derive(Debug, Default)]
pub(crate) struct Layers {
    pub leaves: BTreeMap<Key, Leaf>,
    /// Sections that stand somewhere with nothing in them; they too can be misspelled.
    pub empty_sections: Vec<(Key, Rc<str>)>,
    pub problems: Vec<Problem>,
}

impl Layers {
    /// Reads every layer; what cannot be read is a problem, not an end.
    pub(crate) fn collect(program: Program, sources: &Sources, surroundings: &dyn Surroundings) -> Layers {
        let mut layers = Layers::default();
        if sources.files.is_empty() {
            layers.add_etc(program, surroundings);
        }
        for path in &sources.files {
            layers.add_file(path, surroundings.read(path));
        }
        layers.add_variables(surroundings.variables());
        for assignment in &sources.set {
            layers.add_assignment(assignment);
        }
        if let Some(directory) = &sources.data_dir {
            layers.add_text(
                Key::from("storage.data_dir"),
                &directory.to_string_lossy(),
                "--data-dir",
            );
        }
        if let Some(format) = &sources.log_format {
            layers.add_text(Key::from("log.format"), format, "--log-format");
        }
        layers
    }

    fn add_etc(&mut self, program: Program, surroundings: &dyn Surroundings) {
        let main = PathBuf::from(format!("/etc/kisima/{}.toml", program.name()));
        match surroundings.read(&main) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            text => self.add_file(&main, text),
        }
        let directory = PathBuf::from(format!("/etc/kisima/{}.d", program.name()));
        match surroundings.list(&directory) {
            Ok(mut paths) => {
                paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
                paths.sort();
                for path in paths {
                    self.add_file(&path, surroundings.read(&path));
                }
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => self.problem(directory.display().to_string(), "the drop-in folder", error.to_string()),
        }
    }

    fn add_file(&mut self, path: &Path, text: io::Result<String>) {
        let name = path.display().to_string();
        let text = match text {
            Ok(text) => text,
            Err(error) => return self.problem(name, "a file", format!("cannot be read: {error}")),
        };
        match text.parse::<Table>() {
            Ok(table) => self.add_table(&mut Vec::new(), table, &Rc::from(name), None),
            Err(error) => {
                let line = error
                    .span()
                    .map_or(1, |span| text[..span.start.min(text.len())].matches('\n').count() + 1);
                self.problem(name, format!("line {line}"), error.message().to_owned());
            }
        }
    }

    fn add_table(&mut self, path: &mut Vec<String>, table: Table, layer: &Rc<str>, typed: Option<&str>) {
        if table.is_empty() && !path.is_empty() {
            self.empty_sections.push((Key(path.clone()), Rc::clone(layer)));
        }
        for (name, value) in table {
            path.push(name);
            match value {
                Value::Table(table) => self.add_table(path, table, layer, typed),
                value => {
                    let leaf = Leaf {
                        value,
                        typed: typed.map(str::to_owned),
                        layer: Rc::clone(layer),
                    };
                    self.leaves.insert(Key(path.clone()), leaf);
                }
            }
            path.pop();
        }
    }

    fn add_variables(&mut self, mut variables: Vec<(String, String)>) {
        variables.sort();
        for (name, text) in variables {
            if let Some(key) = name.strip_prefix("KISIMA_") {
                let key = Key(key.split("__").map(str::to_ascii_lowercase).collect());
                self.add_text(key, &text, &name);
            }
        }
    }

    /// A value given as text: TOML if it is TOML, else a string.
    fn add_text(&mut self, key: Key, text: &str, layer: &str) {
        let layer = Rc::from(layer);
        match text.trim().parse::<Value>() {
            Ok(Value::Table(table)) => self.add_table(&mut key.0.clone(), table, &layer, None),
            parsed => {
                let value = parsed.unwrap_or_else(|_| Value::String(text.to_owned()));
                self.leaves.insert(
                    key,
                    Leaf {
                        value,
                        typed: Some(text.to_owned()),
                        layer,
                    },
                );
            }
        }
    }

    fn add_assignment(&mut self, assignment: &str) {
        let parts = split_assignment(assignment).and_then(|(key, text)| Some((parse_key(key)?, text)));
        match parts {
            Some((key, text)) => self.add_text(key, text, "--set"),
            None => {
                let what = "must be key=value, with a quoted name where it has signs: ussd.codes.\"*384#\"=water";
                self.problem(assignment.to_owned(), "--set", what.to_owned());
            }
        }
    }

    fn problem(&mut self, key: String, layer: impl Into<String>, what: String) {
        self.problems.push(Problem {
            key,
            layer: layer.into(),
            what,
        });
    }
}

/// Splits at the first `=` outside quotes.
fn split_assignment(assignment: &str) -> Option<(&str, &str)> {
    let mut quote = None;
    for (place, c) in assignment.char_indices() {
        match (quote, c) {
            (None, '=') => return Some((&assignment[..place], &assignment[place + 1..])),
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            _ => {}
        }
    }
    None
}

/// Reads a dotted key by TOML's own rules.
fn parse_key(text: &str) -> Option<Key> {
    if text.contains(['\n', '[', '=']) {
        return None;
    }
    let mut value = Value::Table(format!("{text} = 0").parse().ok()?);
    let mut parts = Vec::new();
    while let Value::Table(table) = value {
        let (name, inner) = table.into_iter().next()?;
        parts.push(name);
        value = inner;
    }
    Some(Key(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_split_and_spelled_by_tomls_rules() {
        for (text, parts) in [
            ("web.listen", vec!["web", "listen"]),
            ("ussd.codes.\"*384*303#\"", vec!["ussd", "codes", "*384*303#"]),
            (" plans . 'a b' .days", vec!["plans", "a b", "days"]),
        ] {
            assert_eq!(
                parse_key(text),
                Some(Key(parts.into_iter().map(str::to_owned).collect())),
                "{text}"
            );
        }
        for text in ["", "a..b", "[a]", "a\nb", "ussd.codes.*384#"] {
            assert_eq!(parse_key(text), None, "{text:?}");
        }
        assert_eq!(Key::under("ussd.codes", &["*384#"]).spelled(), "ussd.codes.\"*384#\"");
    }

    #[test]
    fn assignments_split_at_the_first_sign_outside_quotes() {
        assert_eq!(split_assignment("a=b=c"), Some(("a", "b=c")));
        assert_eq!(split_assignment("a.\"x=y\"=1"), Some(("a.\"x=y\"", "1")));
        assert_eq!(split_assignment("nothing"), None);
        assert_eq!(split_assignment("\"open=1"), None);
    }
}
