//! Asking a provider for the payments that it took: what proves a direct payment, and finds one of which no word came.
//!
//! What was told up to some moment is known only when every payment until then could be read. A list that is longer than
//! can be taken is asked for in halves; a payment that cannot be read leaves the mark where it is, with an alarm; and
//! what has gone out of the provider's reach is asked of an operator, who has its statements.

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
pub(super) const APART_MS: i64 = 15 * SECOND_MS;
/// A claim that nothing proved in this time waits for a statement.
const CLAIM_FRESH_MS: i64 = HOUR_MS;
/// So much of what was told before is asked for again: a provider may list a payment late.
const OVERLAP_MS: i64 = HOUR_MS;
/// How far back the first question goes; Daraja reaches no further (Daraja portal, "Pull Transaction").
const WINDOW_MS: i64 = 48 * HOUR_MS;
/// The most payments that are gone through of one stretch of time; a longer list is asked for in halves.
const PAYMENTS_MAX: u32 = 10_000;
/// A stretch that is not halved any more.
const STRETCH_MS_MIN: i64 = MINUTE_MS;

/// A question for one page of payments, and what is known of those before it.
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
    /// Until when is asked in all, this stretch by stretch.
    pub goal: Wall,
    /// Payments so far that could not be read.
    pub unreadable: u32,
}

/// The answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PullPage {
    /// The payments.
    pub arrivals: Vec<Arrival>,
    /// How many rows there were, with those that could not be read: zero ends the list.
    pub rows: u32,
    /// How many of them could not be read.
    pub unreadable: u32,
    /// There was more than is read at once, and nothing of it was.
    pub is_cut: bool,
}

impl Turn<'_> {
    /// Asks those who are due.
    pub fn tick_pulls(&mut self) -> Result<(), HubError> {
        for provider in self.settings.pulls.clone() {
            let known = self.store.pull(provider)?;
            // Further ahead than any wait: set by a clock that ran ahead.
            let is_due = |row: PullRow| row.due <= self.now() || row.due > self.now().plus_ms(EVERY_MS);
            if known.is_none_or(is_due) {
                self.ask_for_payments(provider, known)?;
            }
        }
        Ok(())
    }

    fn ask_for_payments(&mut self, provider: Provider, known: Option<PullRow>) -> Result<(), HubError> {
        let now = self.now();
        let reach = now.plus_ms(-WINDOW_MS);
        let done = known.and_then(|row| row.done).map(|done| done.min(now));
        let since = done.map_or(reach, |done| reach.max(done.plus_ms(-OVERLAP_MS)));
        let claimed = self.store.oldest_claim(provider, now.plus_ms(-CLAIM_FRESH_MS))?;
        let gap = done.filter(|done| *done < reach);
        if let Some(since) = gap.filter(|_| known.and_then(|row| row.gap) != gap) {
            let (from, until) = (since.rfc3339(), reach.rfc3339());
            self.alarm(
                "statement_needed",
                format!("{provider} no longer tells what was paid from {from} until {until}: reconcile a statement of that time"),
            )?;
        }
        let row = PullRow {
            asked: now,
            done,
            // If no answer ever comes.
            due: now.plus_ms(EVERY_MS),
            unreadable: known.map_or(0, |row| row.unreadable),
            gap,
        };
        self.store.put_pull(provider, &row)?;
        self.effects.push(Effect::Pull(PullQuestion {
            provider,
            since: claimed.map_or(since, |claimed| since.min(claimed.plus_ms(-MINUTE_MS))),
            until: now,
            offset: 0,
            goal: now,
            unreadable: 0,
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
    pub fn pulled(&mut self, mut question: PullQuestion, page: Option<PullPage>) -> Result<(), HubError> {
        let Some(mut page) = page else {
            return self.pull_over(&question, false);
        };
        // A prompt's own receipt before a later payment that looks like it.
        page.arrivals.sort_by_key(|arrival| arrival.time);
        for arrival in &page.arrivals {
            self.note_money(arrival, MoneySource::Pull)?;
        }
        question.offset = question.offset.saturating_add(page.rows);
        question.unreadable = question.unreadable.saturating_add(page.unreadable);
        let is_full = page.is_cut || (page.rows > 0 && question.offset >= PAYMENTS_MAX);
        if page.rows > 0 && !is_full {
            self.effects.push(Effect::Pull(question));
            return Ok(());
        }
        let PullQuestion { since, until, goal, .. } = question;
        let stretch_ms = until.0 - since.0;
        if is_full && stretch_ms > STRETCH_MS_MIN {
            self.effects.push(Effect::Pull(PullQuestion {
                until: since.plus_ms(stretch_ms / 2),
                offset: 0,
                ..question
            }));
            return Ok(());
        }
        // Of a minute that cannot be halved something is left unread.
        question.unreadable = question.unreadable.saturating_add(u32::from(is_full));
        if until < goal {
            self.pulled_until(&question)?;
            self.effects.push(Effect::Pull(PullQuestion {
                since: until,
                until: goal.min(until.plus_ms(2 * stretch_ms)),
                offset: 0,
                ..question
            }));
            return Ok(());
        }
        self.pull_over(&question, true)
    }

    /// A stretch was told to its end. What was not read of it keeps the mark where it is.
    fn pulled_until(&mut self, question: &PullQuestion) -> Result<(), HubError> {
        let PullQuestion {
            provider,
            until,
            unreadable,
            ..
        } = *question;
        let Some(mut row) = self.store.pull(provider)?.filter(|_| unreadable == 0) else {
            return Ok(());
        };
        row.done = Some(row.done.map_or(until, |done| done.max(until)));
        Ok(self.store.put_pull(provider, &row)?)
    }

    /// Nothing more is asked for now.
    fn pull_over(&mut self, question: &PullQuestion, answered: bool) -> Result<(), HubError> {
        let (provider, now) = (question.provider, self.now());
        let claimed = self.store.oldest_claim(provider, now.plus_ms(-CLAIM_FRESH_MS))?;
        let wait_ms = match answered && claimed.is_none() {
            true => EVERY_MS,
            false => CLAIMED_EVERY_MS,
        };
        if answered {
            self.pulled_until(question)?;
        }
        let Some(mut row) = self.store.pull(provider)? else {
            return Ok(());
        };
        row.due = now.plus_ms(wait_ms);
        if answered && row.unreadable != question.unreadable {
            row.unreadable = question.unreadable;
            if row.unreadable > 0 {
                let (rows, from) = (row.unreadable, question.goal.rfc3339());
                self.alarm(
                    "pull_unreadable",
                    format!(
                        "{provider} told of {rows} payments that cannot be read, asked at {from}: reconcile a statement; they are asked for again"
                    ),
                )?;
            }
        }
        Ok(self.store.put_pull(provider, &row)?)
    }
}
