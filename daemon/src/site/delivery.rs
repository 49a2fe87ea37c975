//! Texts by the site's own SIM: queued in the transaction that gives them their reason, handed over after it a few at a
//! time, followed until the network has said what became of them. Twin of the hub's `delivery`.
//!
//! ```text
//! queued ─> sending ─> sent ─> delivered
//!   ^──────────┤         └───> failed
//!              ├─> failed (never again)
//!              └─> unknown (nobody knows: never again)
//! ```

mod asked;
mod budget;
mod state;

use kiosk::{
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, Moment, SECOND_MS, Uptime, Wall},
    talk::gsm7,
};

pub(super) use budget::TextBudget;
pub use state::{Fate, Purpose, TextState, Then};

use super::{
    Site, SiteError,
    effect::Effect,
    sim::{SimOrder, SimSettings, TextId},
    store::{
        inbox, meta, outbox,
        outbox::{NewRow, OpenText},
    },
};

/// Texts that are handed over at once. A program that is killed loses sight of no more.
pub const UNDER_WAY_MAX: u32 = 4;
/// Texts of one purpose that may wait; one more is refused. Whoever makes answers wait takes no place from an alarm.
pub const WAITING_MAX: u32 = 1_000;
/// Texts that are kept besides those that wait.
pub const KEPT_MAX: u32 = 4_000;
/// How long texts are kept.
pub(super) const KEPT_MS: u64 = 30 * DAY_MS.unsigned_abs();
/// How long those at least are kept that the hub asked for: it asks again within a day.
pub(super) const ASKED_KEPT_MS: u64 = 2 * DAY_MS.unsigned_abs();
/// Tries of a text that may work later.
const TRIES_MAX: u32 = 8;
/// The first wait after a try; doubles up to [`RETRY_MS_MAX`].
const RETRY_MS: u64 = 30 * SECOND_MS.unsigned_abs();
/// The longest wait between tries.
const RETRY_MS_MAX: u64 = HOUR_MS.unsigned_abs();
/// Tries of a text that may work rarely.
const RARE_TRIES_MAX: u32 = 3;
/// The wait between them.
const RARE_RETRY_MS: u64 = 20 * MINUTE_MS.unsigned_abs();
/// How often one text tries while somebody must look after the SIM first.
const HELD_TRY_MS: u64 = 15 * MINUTE_MS.unsigned_abs();
/// A text handed over without an outcome for so long counts as unknown.
const OUTCOME_WITHIN_MS: u64 = 15 * MINUTE_MS.unsigned_abs();
/// What waited for longer is not sent any more.
const TOO_OLD_MS: u64 = DAY_MS.unsigned_abs();
/// The longest network's word that is kept, in characters.
const WORD_MAX: usize = 64;
/// Digits at the end by which a number in national form is known: national numbers here have nine.
const TAIL_DIGITS: usize = 9;
/// Under this key of `meta`: the day of sales on which it was said that the texts of the day are spent.
const SPENT_TOLD: &str = "texts_spent_day";

/// A text that is to leave by the SIM.
#[derive(Clone, Copy, Debug)]
pub struct SimText<'a> {
    /// What it is for.
    pub purpose: Purpose,
    /// The receiver: E.164, or a short code.
    pub to: &'a str,
    /// What it says.
    pub body: &'a str,
    /// The hub's own id of it, where the hub asked for it: the same id again is the same text.
    pub asked: Option<u64>,
    /// After this it is not sent any more, where that is not simply a day after it was wanted.
    pub until: Option<Wall>,
    /// How long the network may try, in milliseconds.
    pub validity_ms: Option<u64>,
}

/// Whether a text is on its way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It waits in its row.
    Queued(TextId),
    /// The hub asked for it before.
    Known,
    /// This box has no SIM.
    NoSim,
    /// This number wants nothing that it did not ask for.
    Stopped,
    /// Too many wait.
    Full,
}

impl Site {
    /// Queues a text for the SIM. It leaves after the commit, when its turn, the network and the day's budget allow.
    pub(super) fn say_by_sim(&mut self, moment: &Moment, text: &SimText<'_>) -> Result<Said, SiteError> {
        if self.settings.sim.is_none() {
            return Ok(Said::NoSim);
        }
        let connection = self.connection();
        if text.purpose == Purpose::Broadcast && inbox::is_stopped(connection, text.to)? {
            return Ok(Said::Stopped);
        }
        if outbox::waiting_for(connection, text.purpose)? >= WAITING_MAX {
            return Ok(Said::Full);
        }
        let row = NewRow {
            purpose: text.purpose,
            asked: text.asked,
            to: text.to,
            body: text.body,
            parts: u32::try_from(gsm7::parts(text.body).len().max(1)).unwrap_or(u32::MAX),
            validity_ms: text.validity_ms,
            // By the wall clock it is too old a day after this.
            wall: match text.until {
                Some(until) => Some(until.plus_ms(-TOO_OLD_MS.cast_signed())),
                None => moment.trust.is_trusted().then_some(moment.wall),
            },
            uptime: self.present(moment).stamp.uptime,
        };
        let said = match outbox::insert(connection, &row, moment.wall)? {
            Some(id) => Said::Queued(id),
            None => Said::Known,
        };
        self.texts_due = true;
        Ok(said)
    }

    /// Hands over what is due, as many at once as may be under way.
    pub(super) fn hand_over_texts(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        self.texts_due = false;
        let Some(settings) = self.settings.sim.clone() else {
            return Ok(Vec::new());
        };
        let uptime = self.present(moment).stamp.uptime;
        if !self.modem.can_send() || self.texts_held_until.is_some_and(|until| uptime < until) {
            return Ok(Vec::new());
        }
        let under_way_max = if self.texts_held_until.is_some() {
            1
        } else {
            UNDER_WAY_MAX
        };
        let mut free = under_way_max.saturating_sub(outbox::under_way(self.connection())?);
        let mut budget = self.text_budget(&settings)?;
        let mut effects = Vec::new();
        let mut is_spent = false;
        for purpose in Purpose::ALL {
            let may_leave = match purpose {
                Purpose::Alarm => true,
                Purpose::Broadcast => self.may_broadcast(moment),
                // What a copied card remembers to be waiting has long been sent by the box it was copied from.
                Purpose::Sync | Purpose::Answer | Purpose::Hub => self.is_in_place(),
            };
            if !may_leave {
                continue;
            }
            let left_ms = match purpose {
                Purpose::Broadcast => Some(self.broadcast_left_ms(moment)?),
                _ => None,
            };
            // Its broadcast is about to end with all that waits.
            if left_ms == Some(0) {
                continue;
            }
            for mut text in outbox::due(self.connection(), purpose, uptime, free)? {
                text.validity_ms = left_ms.or(text.validity_ms);
                if is_too_old(&text, moment, uptime) {
                    self.settle_text(moment, text.id, TextState::Failed, "too old", false)?;
                } else if budget.take(purpose, text.parts) {
                    outbox::hand_over(self.connection(), text.id, self.today(), uptime, moment.wall)?;
                    effects.push(Effect::Sim(order(text)));
                    free -= 1;
                } else {
                    // What goes to everybody takes as many days as it takes.
                    is_spent |= purpose != Purpose::Broadcast;
                    break;
                }
            }
        }
        if is_spent {
            effects.extend(self.tell_spent(moment, &settings)?);
        }
        if !effects.is_empty() {
            effects.push(Effect::Live);
        }
        Ok(effects)
    }

    pub(super) fn text_budget(&self, settings: &SimSettings) -> Result<TextBudget, SiteError> {
        let mut spent = [0; 5];
        for purpose in Purpose::ALL {
            spent[purpose as usize] = outbox::spent(self.connection(), purpose, self.today())?;
        }
        Ok(TextBudget::new(settings, spent))
    }

    /// Says once a day that its texts are spent.
    pub(super) fn tell_spent(&mut self, moment: &Moment, settings: &SimSettings) -> Result<Vec<Effect>, SiteError> {
        if self.is_spent_told()? || self.enrolled.is_none() {
            return Ok(Vec::new());
        }
        meta::put_number(self.connection(), SPENT_TOLD, self.today())?;
        let detail = format!(
            "texts wait for tomorrow: of the {} a day of sms.parts_per_day those for their kind are spent",
            settings.parts_per_day
        );
        self.alarm(moment, "texts_spent", &detail)
    }

    pub(super) fn is_spent_told(&self) -> Result<bool, SiteError> {
        Ok(meta::number(self.connection(), SPENT_TOLD)? == Some(self.today()))
    }

    /// The network took a text.
    pub(super) fn text_sent(
        &mut self,
        moment: &Moment,
        id: TextId,
        references: &[u8],
    ) -> Result<Vec<Effect>, SiteError> {
        if outbox::without_outcome(self.connection(), id)?.is_none() {
            return Ok(Vec::new());
        }
        self.settle_text(moment, id, TextState::Sent, "", true)?;
        outbox::put_parts(self.connection(), id, references)?;
        self.texts_held_until = None;
        self.texts_due = true;
        Ok(vec![Effect::Live])
    }

    /// The network took nothing, or not all, of a text.
    pub(super) fn text_not_sent(
        &mut self,
        moment: &Moment,
        id: TextId,
        word: &str,
        then: Then,
    ) -> Result<Vec<Effect>, SiteError> {
        let Some(text) = outbox::without_outcome(self.connection(), id)? else {
            return Ok(Vec::new());
        };
        self.texts_due = true;
        let word: String = word.chars().take(WORD_MAX).collect();
        let uptime = self.present(moment).stamp.uptime;
        let mut effects = vec![Effect::Live];
        if then == Then::AskPerson {
            if self.texts_held_until.is_none() && self.enrolled.is_some() {
                let detail = format!("no text leaves before somebody has looked after the SIM or its settings: {word}");
                effects.extend(self.alarm(moment, "texts_held", &detail)?);
            }
            self.texts_held_until = Some(Uptime(uptime.0 + HELD_TRY_MS));
        }
        if let Some(why) = self.not_again(&text)? {
            self.settle_text(moment, id, TextState::Failed, why, false)?;
            return Ok(effects);
        }
        match wait_ms(&text, then) {
            Some(wait_ms) => outbox::put_off(self.connection(), id, Uptime(uptime.0 + wait_ms), &word, moment.wall)?,
            None => self.settle_text(moment, id, TextState::Failed, &word, false)?,
        }
        Ok(effects)
    }

    /// Nobody knows whether a text left: it is not sent again.
    pub(super) fn text_unsure(&mut self, moment: &Moment, id: TextId) -> Result<Vec<Effect>, SiteError> {
        if outbox::without_outcome(self.connection(), id)?.is_none() {
            return Ok(Vec::new());
        }
        self.settle_text(moment, id, TextState::Unknown, "no answer", true)?;
        self.texts_due = true;
        Ok(vec![Effect::Live])
    }

    /// A report is of the newest text with such a part that went to its receiver.
    pub(super) fn text_reported(
        &mut self,
        moment: &Moment,
        reference: u8,
        to: &str,
        fate: Fate,
    ) -> Result<Vec<Effect>, SiteError> {
        if fate == Fate::Trying {
            return Ok(Vec::new());
        }
        let parts = outbox::parts_under_way(self.connection(), reference)?;
        let Some((id, _, place)) = parts.into_iter().find(|(_, phone, _)| is_same(phone, to)) else {
            return Ok(Vec::new());
        };
        let state = match outbox::put_fate(self.connection(), id, place, fate == Fate::Delivered)? {
            None => return Ok(Vec::new()),
            Some(true) => TextState::Delivered,
            Some(false) => TextState::Failed,
        };
        self.settle_text(moment, id, state, "", true)?;
        Ok(vec![Effect::Live])
    }

    /// What an earlier run handed over may have left, or not.
    pub(super) fn lose_sight_of_texts(&mut self, moment: &Moment) -> Result<(), SiteError> {
        outbox::lose_sight(self.connection(), None, "the gateway ended meanwhile", moment.wall)?;
        self.texts_due = true;
        Ok(())
    }

    /// What time brings about: what was handed over too long ago, and what is due.
    pub(super) fn tick_texts(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let uptime = self.present(moment).stamp.uptime;
        let ago = |ms: u64| Uptime(uptime.0.saturating_sub(ms));
        let (before, word) = (Some(ago(OUTCOME_WITHIN_MS)), "no answer");
        for asked in outbox::lose_sight(self.connection(), before, word, moment.wall)? {
            self.tell_hub(asked, TextState::Unknown, word);
        }
        self.hand_over_texts(moment)
    }

    /// A text came to this state; the hub hears of it where it asked for the text.
    fn settle_text(
        &mut self,
        moment: &Moment,
        id: TextId,
        state: TextState,
        word: &str,
        has_left: bool,
    ) -> Result<(), SiteError> {
        if let Some(asked) = outbox::settle(self.connection(), id, state, word, has_left, moment.wall)? {
            self.tell_hub(asked, state, word);
        }
        Ok(())
    }
}

fn order(text: OpenText) -> SimOrder {
    SimOrder::Send {
        id: text.id,
        to: text.to,
        body: text.body,
        validity_ms: text.validity_ms,
        wants_report: text.purpose != Purpose::Sync,
    }
}

/// By either clock: a box that was switched off for a day counts no uptime. A text to everybody ends with its broadcast.
fn is_too_old(text: &OpenText, moment: &Moment, uptime: Uptime) -> bool {
    let by_wall = |queued: Wall| moment.wall.0.saturating_sub(queued.0) > TOO_OLD_MS.cast_signed();
    if text.purpose == Purpose::Broadcast {
        return false;
    }
    uptime.since_ms(text.queued_uptime) > TOO_OLD_MS || (moment.trust.is_trusted() && text.queued.is_some_and(by_wall))
}

/// How long a text waits before its next try; `None` when there is none. Sync repeats what it wants repeated itself.
fn wait_ms(text: &OpenText, then: Then) -> Option<u64> {
    if text.purpose == Purpose::Sync {
        return None;
    }
    match then {
        Then::TryLater if text.tries < TRIES_MAX => {
            Some((RETRY_MS << text.tries.saturating_sub(1).min(16)).min(RETRY_MS_MAX))
        }
        Then::TryRarely if text.tries < RARE_TRIES_MAX => Some(RARE_RETRY_MS),
        Then::AskPerson => Some(0),
        Then::TryLater | Then::TryRarely | Then::GiveUp => None,
    }
}

/// Whether both are the same number, either perhaps in national form.
fn is_same(one: &str, other: &str) -> bool {
    let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
    let (one, other) = (digits(one), digits(other));
    let tail = |text: &str| text.len().checked_sub(TAIL_DIGITS).map(|at| text[at..].to_owned());
    one == other || (tail(&one).is_some() && tail(&one) == tail(&other))
}
