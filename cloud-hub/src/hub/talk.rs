//! Texts to customers: queued in the transaction that gives them their reason, sent after it, followed until the provider
//! knows what became of them.
//!
//! ```text
//! queued ─> sending ─> sent ─> delivered
//!   ^──────────┤         └───> failed
//!              ├─> failed (never again)
//!              └─> unknown (nobody knows: never again)
//! ```

mod sites;

pub use kiosk::talk::TextState;
use kiosk::{
    ids::{CustomerId, SiteName},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, SECOND_MS},
    phone::Phone,
    talk::{Language, Text, sms::LoanText},
};

use super::{
    effect::{Effect, OutboxId, Response},
    input::{Actor, ReplyId, TextFate, TextOutcome, TextReport},
    store::{CustomerRow, NewText, OutboxRow, TextHold, TextsOf},
    turn::{Halt, HubError, Turn},
};

/// Texts that are handed over at once. A program that is killed loses sight of no more.
pub const UNDER_WAY_MAX: u32 = 64;
/// Tries before a text is given up.
const TRIES_MAX: u32 = 5;
/// The first wait after a text was refused; doubles.
const RETRY_MS: i64 = 30 * SECOND_MS;
/// The wait after a call that was not made, because the provider is down or too many wait.
const NOT_SENT_MS: i64 = 30 * SECOND_MS;
/// How often one text tries, while an operator has to change something first.
const HELD_TRY_MS: i64 = 5 * MINUTE_MS;
/// A text handed over without an outcome for so long counts as unknown.
const OUTCOME_WITHIN_MS: i64 = 10 * MINUTE_MS;
/// What waited for longer is not sent any more: "try again" of last week makes somebody pay twice.
const TOO_OLD_MS: i64 = DAY_MS;
/// What its reader's home site could not be told for so long goes to the messaging provider, where there is one.
const SITE_WITHIN_MS: i64 = 15 * MINUTE_MS;
/// A report that overtook the name of its text is forgotten after this.
pub(super) const EARLY_REPORT_MS: i64 = HOUR_MS;
/// The provider's word is kept up to so many characters.
const REASON_MAX: usize = 64;

/// Whether a text goes also to who asked for no more texts: whatever tells of their own money, or of water that stops for
/// want of it, and the answer to what they wrote. Reminders, farewells and invitations do not.
const fn is_essential(text: &Text) -> bool {
    match text {
        Text::SubscriptionReminder { .. }
        | Text::SubscriptionEnded { .. }
        | Text::BillReminder { .. }
        | Text::StopHint
        | Text::Loan(
            LoanText::Invited { .. }
            | LoanText::Cancelled { .. }
            | LoanText::Reminder { .. }
            | LoanText::Overdue { .. },
        ) => false,
        Text::TopUpPaid { .. }
        | Text::DepositPaid { .. }
        | Text::BillPaid { .. }
        | Text::BillPartPaid { .. }
        | Text::BillIssued { .. }
        | Text::BillOverdue { .. }
        | Text::RefundStarted { .. }
        | Text::RefundMade { .. }
        | Text::RefundFailed { .. }
        | Text::CashPaid { .. }
        | Text::JerrycansCollected { .. }
        | Text::PurchaseLapsed { .. }
        | Text::PurchaseRefused { .. }
        | Text::PurchaseOpen { .. }
        | Text::SubscriptionPaid { .. }
        | Text::PaymentRetry { .. }
        | Text::PaymentCancelled { .. }
        | Text::PaymentExpired { .. }
        | Text::PinCode { .. }
        | Text::PinChanged
        | Text::Unsubscribed
        | Text::Number(_)
        | Text::Alarm { .. }
        | Text::Answer(_)
        | Text::Loan(_) => true,
    }
}

impl Turn<'_> {
    /// Says something to a customer in their language; one without a phone hears nothing, and one who wants no texts
    /// hears what is essential.
    pub fn say(&mut self, customer: CustomerId, text: &Text) -> Result<(), HubError> {
        let root = self.store.root(customer)?;
        let Some(row) = self.store.customer(root)? else {
            return Ok(());
        };
        let Some(phone) = row.phone else {
            return Ok(());
        };
        self.queue(Some(root), phone, language_of(&row.language), text)
    }

    /// Says something to a number: in its owner's language, where it is a customer's, else in the hub's.
    pub fn say_to(&mut self, phone: Phone, text: &Text) -> Result<(), HubError> {
        match self.store.customer_by_phone(phone)? {
            Some(row) => self.queue(Some(row.id), phone, language_of(&row.language), text),
            None => self.queue(None, phone, language_of(&self.settings.language), text),
        }
    }

    /// Says something that concerns a customer to a number that may not be theirs now.
    pub fn say_about(&mut self, customer: &CustomerRow, phone: Phone, text: &Text) -> Result<(), HubError> {
        self.queue(Some(customer.id), phone, language_of(&customer.language), text)
    }

    fn queue(
        &mut self,
        customer: Option<CustomerId>,
        phone: Phone,
        language: Language,
        text: &Text,
    ) -> Result<(), HubError> {
        let is_essential = is_essential(text);
        if !is_essential && self.store.is_stopped(phone)? {
            return Ok(());
        }
        self.texts_queued = true;
        let new = NewText {
            customer,
            phone,
            text: &self.words(language, text),
            sealed: None,
            is_essential,
        };
        Ok(self.store.add_outbox(&new, self.moment.wall)?)
    }

    /// Says something with a secret in it, which is kept sealed; lists show stars in its place. It goes to who wants no
    /// more texts only if they asked for it themselves.
    pub fn say_secret(
        &mut self,
        to: &CustomerRow,
        text: &Text,
        secret: &str,
        is_asked_for: bool,
    ) -> Result<(), HubError> {
        let Some(phone) = to.phone else { return Ok(()) };
        if !is_asked_for && self.store.is_stopped(phone)? {
            return Ok(());
        }
        let words = self.words(language_of(&to.language), text);
        let sealed = self.sealed(words.as_bytes(), "a text")?;
        let new = NewText {
            customer: Some(to.id),
            phone,
            text: &words.replace(secret, &"*".repeat(secret.len())),
            sealed: Some(&sealed),
            is_essential: is_asked_for,
        };
        self.store.add_outbox(&new, self.moment.wall)?;
        self.texts_queued = true;
        Ok(())
    }

    /// A text in words. A name at its beginning may be missing.
    fn words(&self, language: Language, text: &Text) -> String {
        self.talk.text(language, text).trim_start().to_owned()
    }

    /// Hands over the texts that are due. A row handed over is not handed over again before its outcome, for nobody
    /// wants the same text twice; without an outcome it ends as unknown. Where nobody carries texts all of them wait.
    pub fn send_texts(&mut self) -> Result<(), HubError> {
        let by_sites = self.sites_that_text()?;
        if !self.settings.texts && by_sites.is_empty() {
            return Ok(());
        }
        let now = self.now();
        self.store.outbox_give_up(now)?;
        self.store.outbox_too_old(now, now.plus_ms(-TOO_OLD_MS))?;
        if self.settings.texts {
            self.send_by_provider(&by_sites)?;
        }
        self.send_by_sites(&by_sites)
    }

    /// What no site carries goes to the messaging provider, as do secrets and what waited too long for its site. While it
    /// takes none from us, one tries now and then.
    fn send_by_provider(&mut self, by_sites: &[SiteName]) -> Result<(), HubError> {
        let now = self.now();
        let hold = self.store.text_hold()?;
        let room = match &hold {
            Some(hold) if now < hold.try_at => return Ok(()),
            Some(_) => 1,
            None => UNDER_WAY_MAX.saturating_sub(self.store.outbox_under_way()?),
        };
        self.move_broadcasts(hold.is_some())?;
        let texts_of = TextsOf::Provider {
            sites: by_sites,
            waiting_since: now.plus_ms(-SITE_WITHIN_MS),
        };
        let due = self.store.outbox_due(now, room, texts_of)?;
        if let Some(TextHold { reason, .. }) = hold.filter(|_| !due.is_empty()) {
            let try_at = now.plus_ms(HELD_TRY_MS);
            self.store.set_text_hold(Some(&TextHold { reason, try_at }))?;
        }
        for row in due {
            let Some(text) = self.words_of(&row) else {
                self.store
                    .set_outbox(row.id, TextState::Failed, row.tries, None, Some("other_key"))?;
                continue;
            };
            let outcome_by = now.plus_ms(OUTCOME_WITHIN_MS);
            self.store
                .set_outbox(row.id, TextState::Sending, row.tries + 1, Some(outcome_by), None)?;
            self.effects.push(Effect::Text {
                outbox: row.id,
                phone: row.phone,
                text,
            });
        }
        Ok(())
    }

    /// What is sent of a row; `None` when another master key sealed it, and it cannot be sent any more.
    fn words_of(&self, row: &OutboxRow) -> Option<String> {
        match &row.sealed {
            Some(sealed) => String::from_utf8(self.keys.open(sealed)?).ok(),
            None => Some(row.text.clone()),
        }
    }

    /// What became of a text.
    pub fn texted(&mut self, outbox: OutboxId, outcome: &TextOutcome) -> Result<(), HubError> {
        let Some(row) = self.store.outbox(outbox)? else {
            return Ok(());
        };
        if let TextOutcome::Sent(message_id) = outcome
            && matches!(row.state, TextState::Sending | TextState::Unknown)
        {
            return self.text_sent(outbox, message_id.as_deref());
        }
        if row.state != TextState::Sending {
            return Ok(());
        }
        let now = self.now();
        let retry = RETRY_MS << row.tries.clamp(1, TRIES_MAX).saturating_sub(1);
        let not_counted = row.tries.saturating_sub(1);
        let (state, tries, due, reason) = match outcome {
            TextOutcome::Sent(_) => return Ok(()),
            TextOutcome::NotSent => (TextState::Queued, not_counted, Some(now.plus_ms(NOT_SENT_MS)), None),
            TextOutcome::Failed(reason) if row.tries >= TRIES_MAX || row.is_sync => {
                (TextState::Failed, row.tries, None, Some(reason.as_str()))
            }
            TextOutcome::Failed(reason) => (
                TextState::Queued,
                row.tries,
                Some(now.plus_ms(retry)),
                Some(reason.as_str()),
            ),
            TextOutcome::Held(reason) => {
                self.hold_texts(reason)?;
                // Another tries first: it may be this number alone that the provider does not serve.
                let due = now.plus_ms(HELD_TRY_MS);
                (TextState::Queued, not_counted, Some(due), Some(reason.as_str()))
            }
            TextOutcome::Refused(reason) => (TextState::Failed, row.tries, None, Some(reason.as_str())),
            TextOutcome::Unknown => (TextState::Unknown, row.tries, None, None),
        };
        // They may have said STOP while it was under way.
        let (state, due, reason) = match state {
            TextState::Queued if !row.is_essential && self.store.is_stopped(row.phone)? => {
                (TextState::Failed, None, Some("stopped"))
            }
            state => (state, due, reason),
        };
        let reason = reason.map(cut);
        Ok(self.store.set_outbox(outbox, state, tries, due, reason.as_deref())?)
    }

    /// The provider took a text: whatever held texts back is over, and what waits follows at once.
    fn text_sent(&mut self, outbox: OutboxId, message_id: Option<&str>) -> Result<(), HubError> {
        self.store.set_outbox_sent(outbox, message_id)?;
        if self.store.text_hold()?.is_some() {
            self.store.set_text_hold(None)?;
        }
        self.texts_queued = true;
        let Some((name, row)) = message_id.zip(self.store.outbox(outbox)?) else {
            return Ok(());
        };
        match self.store.kept_report(name, row.phone)? {
            Some((state, reason)) => Ok(self
                .store
                .set_outbox(outbox, state, row.tries, None, reason.as_deref())?),
            None => Ok(()),
        }
    }

    /// The provider takes no text of ours before somebody has changed something there or here: one alarm, and texts wait.
    fn hold_texts(&mut self, reason: &str) -> Result<(), HubError> {
        let reason = cut(reason);
        let known = self.store.text_hold()?;
        let try_at = self.now().plus_ms(HELD_TRY_MS);
        if known.as_ref().is_none_or(|known| known.reason != reason) {
            let detail = format!(
                "the messaging provider takes no texts ({reason}): they wait, and one tries every {} minutes; page Texts \
                 sends them at once when it is mended",
                HELD_TRY_MS / MINUTE_MS
            );
            self.alarm("texts_held", detail)?;
        }
        Ok(self.store.set_text_hold(Some(&TextHold { reason, try_at }))?)
    }

    /// An operator has mended what held texts back: they go at once.
    pub fn release_texts(&mut self, by: &Actor) -> Result<Response, Halt> {
        if let Some(TextHold { reason, .. }) = self.store.text_hold()? {
            self.store.set_text_hold(None)?;
            self.store.outbox_hurry(self.now())?;
            self.audit(by, "texts released", "hub", &reason)?;
        }
        self.texts_queued = true;
        Ok(Response::Done)
    }

    /// The past is missing in which what waits here may have been sent: nobody wants the same text twice.
    pub fn forget_texts(&mut self) -> Result<(), HubError> {
        self.store.outbox_forgotten().map(drop).map_err(HubError::from)
    }

    /// The provider tells what became of a text that it took. It is believed of a text that it named to us and that went
    /// to that number; the first final word wins.
    pub fn text_reported(&mut self, reply: ReplyId, report: &TextReport) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        let (state, reason) = match &report.fate {
            TextFate::Delivered => (TextState::Delivered, None),
            TextFate::Failed(reason) => (TextState::Failed, Some(cut(reason))),
            TextFate::OnTheWay(reason) => (TextState::Sent, reason.as_deref().map(cut)),
        };
        match self.store.outbox_named(&report.message_id, report.phone)? {
            Some(row) if row.state == TextState::Sent => {
                Ok(self
                    .store
                    .set_outbox(row.id, state, row.tries, None, reason.as_deref())?)
            }
            Some(_) => Ok(()),
            None if state != TextState::Sent && self.store.is_texting(report.phone)? => {
                Ok(self
                    .store
                    .keep_report(&report.message_id, report.phone, state, reason.as_deref(), self.now())?)
            }
            None => self.refused_word("a report about no text of ours to this number"),
        }
    }

    /// The provider tells that somebody wants no more texts.
    pub fn texts_stopped(&mut self, reply: ReplyId, phone: Phone) -> Result<(), HubError> {
        self.effects.push(Effect::Reply {
            reply,
            answer: Ok(Response::Done),
        });
        if self.store.stop_texts(phone, self.now())? {
            let whose = self.store.customer_by_phone(phone)?;
            let whose = whose.map_or_else(String::new, |row| row.id.to_string());
            self.audit_as(MESSENGER, "texts stopped", &whose, "")?;
        }
        Ok(())
    }

    /// Something that came to a webhook of the messaging provider and changes nothing is written down.
    pub(super) fn refused_word(&mut self, why: &str) -> Result<(), HubError> {
        self.audit_as(MESSENGER, "callback refused", "", why)
    }
}

/// Who speaks at the webhooks for texts, in the audit.
pub(super) const MESSENGER: &str = super::input::Service::Texts.name();

fn cut(word: &str) -> String {
    word.chars().filter(|c| !c.is_control()).take(REASON_MAX).collect()
}

fn language_of(code: &str) -> Language {
    Language::from_code(code).unwrap_or(Language::English)
}
