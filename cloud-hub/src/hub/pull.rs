//! Asking a provider for the payments that it took: what proves a direct payment, and finds one of which no word came.

use kiosk::{
    moment::{HOUR_MS, MINUTE_MS, SECOND_MS, Wall},
    provider::Provider,
};

use super::{
    effect::Effect,
    money::{Arrival, MoneySource},
    store::PullRow,
    turn::{HubError, Turn},
};

/// How often a provider is asked when nothing is claimed, and how long it may take to answer.
const EVERY_MS: i64 = 10 * MINUTE_MS;
/// How often while a claim waits for its proof, or after no answer.
const CLAIMED_EVERY_MS: i64 = MINUTE_MS;
/// A claim is asked about at once, but never so soon after the last time.
const APART_MS: i64 = 15 * SECOND_MS;
/// A claim that nothing proved in this time waits for a statement.
const CLAIM_FRESH_MS: i64 = HOUR_MS;
/// So much of what was told before is asked for again: a provider may list a payment late.
const OVERLAP_MS: i64 = HOUR_MS;
/// How far back the first question goes; Daraja reaches no further (Daraja portal, "Pull Transaction").
const WINDOW_MS: i64 = 48 * HOUR_MS;
/// The most payments that one question goes through: far more than two days of any programme, so that only a list that
/// never ends is given up.
const PAYMENTS_MAX: u32 = 1_000_000;

/// A question for one page of payments.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PullQuestion {
    /// Who is asked.
    pub provider: Provider,
    /// From when.
    pub since: Wall,
    /// Until when.
    pub until: Wall,
    /// After so many of them.
    pub offset: u32,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullPage {
    /// The payments.
    pub arrivals: Vec<Arrival>,
    /// How many rows there were, with those that could not be read: zero ends the list.
    pub rows: u32,
}

impl Turn<'_> {
    /// Asks those who are due.
    pub fn tick_pulls(&mut self) -> Result<(), HubError> {
        for provider in self.settings.pulls.clone() {
            let known = self.store.pull(provider)?;
            if known.is_none_or(|row| row.due <= self.now()) {
                self.ask_for_payments(provider, known)?;
            }
        }
        Ok(())
    }

    fn ask_for_payments(&mut self, provider: Provider, known: Option<PullRow>) -> Result<(), HubError> {
        let now = self.now();
        let done = known.and_then(|row| row.done);
        let since = done.map_or(now.plus_ms(-WINDOW_MS), |done| done.plus_ms(-OVERLAP_MS));
        let claimed = self.store.oldest_claim(provider, now.plus_ms(-CLAIM_FRESH_MS))?;
        let row = PullRow {
            asked: now,
            done,
            // If no answer ever comes.
            due: now.plus_ms(EVERY_MS),
        };
        self.store.put_pull(provider, &row)?;
        self.effects.push(Effect::Pull(PullQuestion {
            provider,
            since: claimed.map_or(since, |claimed| since.min(claimed.plus_ms(-MINUTE_MS))),
            until: now,
            offset: 0,
        }));
        Ok(())
    }

    /// A claim came: its provider is asked soon, where it can be.
    pub fn pull_soon(&mut self, provider: Provider) -> Result<(), HubError> {
        let Some(row) = self.store.pull(provider)? else {
            // Never asked so far: due already.
            return Ok(());
        };
        let soon = self.now().max(row.asked.plus_ms(APART_MS));
        let due = row.due.min(soon);
        Ok(self.store.put_pull(provider, &PullRow { due, ..row })?)
    }

    /// A page of payments came, or no answer. Our own call brought it, so it proves what it tells.
    pub fn pulled(&mut self, question: PullQuestion, page: Option<PullPage>) -> Result<(), HubError> {
        let PullQuestion {
            provider,
            until,
            offset,
            ..
        } = question;
        let answered = page.is_some();
        let PullPage { arrivals, rows } = page.unwrap_or_default();
        for arrival in &arrivals {
            self.note_money(arrival, MoneySource::Pull)?;
        }
        let offset = offset.saturating_add(rows);
        if rows > 0 && offset < PAYMENTS_MAX {
            self.effects.push(Effect::Pull(PullQuestion { offset, ..question }));
            return Ok(());
        }
        let is_whole = answered && rows == 0;
        if rows > 0 {
            let detail = format!("{provider} lists more than {PAYMENTS_MAX} payments; reconcile with its statement");
            self.alarm("payments_listed_in_part", detail)?;
        }
        let now = self.now();
        let claimed = self.store.oldest_claim(provider, now.plus_ms(-CLAIM_FRESH_MS))?;
        let wait_ms = match is_whole && claimed.is_none() {
            true => EVERY_MS,
            false => CLAIMED_EVERY_MS,
        };
        let known = self.store.pull(provider)?;
        let done = known.and_then(|row| row.done);
        let row = PullRow {
            asked: known.map_or(now, |row| row.asked),
            done: if is_whole {
                Some(done.map_or(until, |done| done.max(until)))
            } else {
                done
            },
            due: now.plus_ms(wait_ms),
        };
        Ok(self.store.put_pull(provider, &row)?)
    }
}
