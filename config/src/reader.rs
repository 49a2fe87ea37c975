//! Asks the layers for one key after another, and so learns which keys there are: what was never asked for is unknown.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Display,
    net::SocketAddr,
    ops::RangeInclusive,
    path::PathBuf,
    rc::Rc,
    str::FromStr,
    time::Duration,
};

use toml::Value;

use crate::{
    ConfigError, Loaded, Problem, Shown,
    layers::{Key, Layers, Leaf},
    unknown, values,
};

/// The layer of what nobody set.
const BUILT_IN: &str = "built-in";

/// What a value is turned into, or the rule it breaks.
type Checked<T> = Result<T, String>;

pub(crate) struct Reader {
    leaves: BTreeMap<Key, Leaf>,
    empty_sections: Vec<(Key, Rc<str>)>,
    problems: Vec<Problem>,
    asked: BTreeMap<Key, (String, String)>,
    open_sections: BTreeSet<Key>,
}

impl Reader {
    pub(crate) fn new(layers: Layers) -> Reader {
        Reader {
            leaves: layers.leaves,
            empty_sections: layers.empty_sections,
            problems: layers.problems,
            asked: BTreeMap::new(),
            open_sections: BTreeSet::new(),
        }
    }

    pub(crate) fn address(&mut self, key: &str, default: &str) -> SocketAddr {
        self.checked_text(key, default, |text| {
            text.parse()
                .map_err(|_| "must be an address and a port such as \"0.0.0.0:8080\"".to_owned())
        })
    }

    pub(crate) fn integer<T>(&mut self, key: impl Into<Key>, default: i64, range: RangeInclusive<i64>) -> T
    where
        T: TryFrom<i64>,
    {
        self.with_default(key, Value::from(default), |value| integer(value, &range))
    }

    pub(crate) fn integers<T: TryFrom<i64>>(
        &mut self,
        key: impl Into<Key>,
        default: &[i64],
        range: RangeInclusive<i64>,
    ) -> Vec<T> {
        self.with_default(key, Value::from(default.to_vec()), |value| {
            let list = value
                .as_array()
                .ok_or_else(|| "must be a list of whole numbers such as [3, 1]".to_owned())?;
            list.iter().map(|value| integer(value, &range)).collect()
        })
    }

    pub(crate) fn boolean(&mut self, key: &str, default: bool) -> bool {
        self.with_default(key, Value::from(default), |value| {
            value.as_bool().ok_or_else(|| "must be true or false".to_owned())
        })
    }

    pub(crate) fn duration(&mut self, key: &str, default: &str, range: RangeInclusive<Duration>) -> Duration {
        self.take_typed(key);
        self.with_default(key, Value::from(default), |value| {
            // A bare number breaks the same rule as a text without a unit.
            let text = value.as_str().unwrap_or_default();
            let duration = values::duration(text).map_err(|error| error.to_string())?;
            match range.contains(&duration) {
                true => Ok(duration),
                false => {
                    let (least, most) = (values::spelled(*range.start()), values::spelled(*range.end()));
                    Err(format!("must be from {least} to {most}"))
                }
            }
        })
    }

    pub(crate) fn choice<T: Copy>(&mut self, key: &str, default: &str, choices: &[(&str, T)]) -> T {
        self.checked_text(key, default, |chosen| {
            choices
                .iter()
                .find(|(name, _)| *name == chosen)
                .map(|(_, choice)| *choice)
                .ok_or_else(|| {
                    let names: Vec<&str> = choices.iter().map(|(name, _)| *name).collect();
                    format!("must be one of {}", names.join(", "))
                })
        })
    }

    pub(crate) fn path(&mut self, key: &str, default: &str) -> PathBuf {
        self.checked_text(key, default, |text| match text {
            "" => Err("must be a path".to_owned()),
            path => Ok(PathBuf::from(path)),
        })
    }

    /// A list of texts of one form; none by default. Whoever writes something else is shown the example.
    pub(crate) fn list<T: FromStr<Err: Display>>(&mut self, key: &str, example: &str) -> Vec<T> {
        self.list_of(key, example, parsed)
    }

    /// The same by a rule of its own.
    pub(crate) fn list_of<T>(&mut self, key: &str, example: &str, check: impl Fn(&str) -> Checked<T>) -> Vec<T> {
        let rule = || format!("must be a list of texts in quotes such as {example}");
        self.with_default(key, Value::Array(Vec::new()), |value| {
            let list = value.as_array().ok_or_else(rule)?;
            let entry = |(place, value): (usize, &Value)| {
                let checked = value.as_str().ok_or_else(rule).and_then(&check);
                checked.map_err(|what| match list.len() {
                    1 => what,
                    _ => format!("entry {}: {what}", place + 1),
                })
            };
            list.iter().enumerate().map(entry).collect()
        })
    }

    pub(crate) fn parsed<T: FromStr<Err: Display>>(&mut self, key: &str, default: &str) -> T {
        self.checked_text(key, default, parsed)
    }

    pub(crate) fn checked_text<T>(
        &mut self,
        key: impl Into<Key>,
        default: &str,
        check: impl Fn(&str) -> Checked<T>,
    ) -> T {
        let key = key.into();
        self.take_typed(key.clone());
        self.with_default(key, Value::from(default), |value| check(text(value)?))
    }

    /// A text that may be missing; an empty one counts as missing, so that a later layer can take a value away.
    pub(crate) fn optional<T>(&mut self, key: impl Into<Key>, check: impl Fn(&str) -> Checked<T>) -> Option<T> {
        let key = key.into();
        self.take_typed(key.clone());
        match self.leaves.remove(&key) {
            Some(leaf) if leaf.value.as_str() != Some("") => {
                self.note(key.clone(), leaf.value.to_string(), &leaf.layer);
                let checked = text(&leaf.value).and_then(&check);
                checked.map_err(|what| self.problem_at(&key, &leaf.layer, what)).ok()
            }
            missing => {
                let layer = missing.map_or(Rc::from(BUILT_IN), |leaf| leaf.layer);
                self.note(key, "(not set)".to_owned(), &layer);
                None
            }
        }
    }

    /// As [`Reader::optional`], but its absence is a problem once its section is used at all.
    pub(crate) fn needed<T>(&mut self, used: bool, key: &str, check: impl Fn(&str) -> Checked<T>) -> Option<T> {
        let value = self.optional(key, check);
        let (shown, layer) = self.asked[&Key::from(key)].clone();
        if used && shown == "(not set)" {
            let section = key.rsplit_once('.').map_or(key, |(section, _)| section);
            self.problem_at(&Key::from(key), &layer, format!("is missing, and {section} is in use"));
        }
        value
    }

    /// As [`Reader::optional`], shown as `(hidden)`.
    pub(crate) fn hidden<T>(&mut self, key: &str, check: impl Fn(&str) -> Checked<T>) -> Option<T> {
        let value = self.optional(key, check);
        if let Some((shown, _)) = self.asked.get_mut(&Key::from(key))
            && shown != "(not set)"
        {
            *shown = "(hidden)".to_owned();
        }
        value
    }

    /// Whether any layer says more about a section than nothing, the given built-in value, or `false`.
    pub(crate) fn uses(&self, section: &str, built_in: &str) -> bool {
        let section = Key::from(section);
        let built_in = |text: &str| text.is_empty() || text == built_in;
        let says = |leaf: &Leaf| match &leaf.value {
            Value::String(text) => !built_in(text),
            Value::Array(list) => !list.is_empty(),
            value => value.as_bool() != Some(false),
        };
        self.leaves
            .iter()
            .any(|(key, leaf)| key.starts_with(&section) && says(leaf))
    }

    /// The names that the layers put into a section whose names are free, such as `plans`.
    pub(crate) fn names(&mut self, section: &str) -> BTreeSet<String> {
        let section = Key::from(section);
        self.open_sections.insert(section.clone());
        let depth = section.0.len();
        self.leaves
            .keys()
            .filter(|key| key.starts_with(&section))
            .filter_map(|key| key.0.get(depth).cloned())
            .collect()
    }

    /// Whether a layer sets this key, before it is asked for.
    pub(crate) fn has(&self, key: &Key) -> bool {
        self.leaves.contains_key(key)
    }

    /// Notes a problem with a key that was asked for already.
    pub(crate) fn problem(&mut self, key: impl Into<Key>, what: String) {
        let key = key.into();
        let layer = self
            .asked
            .get(&key)
            .map_or(BUILT_IN.to_owned(), |(_, layer)| layer.clone());
        self.problem_at(&key, &layer, what);
    }

    /// Ends the reading: what nobody asked for is unknown, and any problem is the end of it.
    pub(crate) fn finish<C>(mut self, config: C) -> Result<Loaded<C>, ConfigError> {
        for (key, leaf) in std::mem::take(&mut self.leaves) {
            let what = unknown::told(&key, self.asked.keys());
            self.problem_at(&key, &leaf.layer, what);
        }
        for (section, layer) in std::mem::take(&mut self.empty_sections) {
            let open = self.open_sections.iter().any(|open| section.starts_with(open));
            if !open
                && !self
                    .asked
                    .keys()
                    .any(|key| key.starts_with(&section) && *key != section)
            {
                self.problem_at(&section, &layer, "is not a known section".to_owned());
            }
        }
        if !self.problems.is_empty() {
            return Err(ConfigError {
                problems: self.problems,
            });
        }
        let shown = self.asked.into_iter().map(|(key, (value, layer))| Shown {
            key: key.spelled(),
            value,
            layer,
        });
        Ok(Loaded {
            config,
            shown: shown.collect(),
        })
    }

    fn with_default<T>(&mut self, key: impl Into<Key>, default: Value, check: impl Fn(&Value) -> Checked<T>) -> T {
        let key = key.into();
        let built_in = || check(&default).expect("a built-in value passes its own check");
        let Some(leaf) = self.leaves.remove(&key) else {
            self.note(key, default.to_string(), BUILT_IN);
            return built_in();
        };
        self.note(key.clone(), leaf.value.to_string(), &leaf.layer);
        check(&leaf.value).unwrap_or_else(|what| {
            self.problem_at(&key, &leaf.layer, what);
            built_in()
        })
    }

    /// Makes a text of what was typed as one: a phone number or short code is no integer, though TOML reads one.
    fn take_typed(&mut self, key: impl Into<Key>) {
        if let Some(leaf) = self.leaves.get_mut(&key.into())
            && !leaf.value.is_str()
            && let Some(typed) = leaf.typed.take()
        {
            leaf.value = Value::String(typed);
        }
    }

    fn note(&mut self, key: Key, value: String, layer: &str) {
        self.asked.insert(key, (value, layer.to_owned()));
    }

    fn problem_at(&mut self, key: &Key, layer: &str, what: String) {
        self.problems.push(Problem {
            key: key.spelled(),
            layer: layer.to_owned(),
            what,
        });
    }
}

fn text(value: &Value) -> Checked<&str> {
    value.as_str().ok_or_else(|| "must be a text in quotes".to_owned())
}

fn parsed<T: FromStr<Err: Display>>(text: &str) -> Checked<T> {
    text.parse().map_err(|error: T::Err| error.to_string())
}

fn integer<T: TryFrom<i64>>(value: &Value, range: &RangeInclusive<i64>) -> Checked<T> {
    let is_quoted = value.as_str().is_some_and(|text| text.parse::<i64>().is_ok());
    let quotes = if is_quoted { ", without quotes" } else { "" };
    let rule = || {
        format!(
            "must be a whole number from {} to {}{quotes}",
            range.start(),
            range.end()
        )
    };
    let number = value
        .as_integer()
        .filter(|number| range.contains(number))
        .ok_or_else(rule)?;
    T::try_from(number).map_err(|_| rule())
}
