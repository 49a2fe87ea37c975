//! What stands behind `?`: filters by name, `limit` and `after`.

use std::collections::BTreeMap;

use axum::{
    extract::{FromRequestParts, Query as Pairs},
    http::request::Parts,
};
use serde_json::{Value, json};

use super::super::answer::Refused;
use crate::hub::effect::{Refusal, RefusalKind};

/// How many items a list has when nobody says.
const LIMIT: u32 = 25;
/// How many it may have.
const LIMIT_MAX: u32 = 200;

/// The filters of a list. Take each by name, then [`Query::finish`].
pub struct Query(BTreeMap<String, String>);

impl<S: Send + Sync> FromRequestParts<S> for Query {
    type Rejection = Refused;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Query, Refused> {
        let pairs = Pairs::<BTreeMap<String, String>>::from_request_parts(parts, state).await;
        let bad = |_| Refusal::new(RefusalKind::Invalid, "bad_query", "what stands behind ? cannot be read");
        Ok(Query(pairs.map_err(bad)?.0))
    }
}

impl Query {
    /// A filter.
    pub fn text(&mut self, name: &'static str) -> Option<String> {
        self.0.remove(name)
    }

    /// A filter of a type.
    pub fn parsed<T: std::str::FromStr<Err: std::fmt::Display>>(
        &mut self,
        name: &'static str,
    ) -> Result<Option<T>, Refusal> {
        let bad = |error: T::Err| Refusal::invalid(name, "bad_field", format!("{name}: {error}"));
        self.text(name).map(|text| text.parse().map_err(bad)).transpose()
    }

    /// A filter by a state, which goes by its name; `whose` as in "of a loan".
    pub fn state<T>(&mut self, from_name: impl Fn(&str) -> Option<T>, whose: &str) -> Result<Option<T>, Refusal> {
        let bad = || Refusal::invalid("state", "bad_field", format!("there is no such state {whose}"));
        let word = self.parsed::<String>("state")?;
        word.map(|word| from_name(&word).ok_or_else(bad)).transpose()
    }

    /// How many items are wanted.
    pub fn limit(&mut self) -> Result<u32, Refusal> {
        Ok(self.maybe_limit()?.unwrap_or(LIMIT))
    }

    /// How many items are wanted, where somebody says.
    pub fn maybe_limit(&mut self) -> Result<Option<u32>, Refusal> {
        match self.parsed::<u32>("limit")? {
            None => Ok(None),
            Some(limit) if (1..=LIMIT_MAX).contains(&limit) => Ok(Some(limit)),
            Some(_) => Err(Refusal::invalid(
                "limit",
                "bad_field",
                format!("limit must be 1 to {LIMIT_MAX}"),
            )),
        }
    }

    /// Where the list goes on, as the last answer's `next` said.
    pub fn after(&mut self) -> Result<Option<i64>, Refusal> {
        let bad = || Refusal::invalid("after", "bad_field", "after must be the next of an earlier answer");
        let read = |text: String| i64::from_str_radix(&text, 16).map_err(|_| bad());
        self.text("after").map(read).transpose()
    }

    /// Nothing else may stand there: a misspelled filter must not be taken for none.
    pub fn finish(self) -> Result<(), Refusal> {
        match self.0.into_keys().next() {
            None => Ok(()),
            Some(name) => Err(Refusal::new(
                RefusalKind::Invalid,
                "unknown_filter",
                format!("there is no filter {}", name.chars().take(64).collect::<String>()),
            )),
        }
    }
}

/// A list, and where it goes on.
pub fn list(items: impl IntoIterator<Item = Value>, next: Option<i64>) -> Value {
    let items: Vec<Value> = items.into_iter().collect();
    json!({ "items": items, "next": next.map(|next| format!("{next:x}")) })
}
