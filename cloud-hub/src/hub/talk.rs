//! Texts to customers: queued in the transaction that gives them their reason, sent after it.

use kiosk::{
    ids::CustomerId,
    moment::{MINUTE_MS, SECOND_MS},
    phone::Phone,
    talk::{Language, Text},
};

use super::{
    effect::{Effect, OutboxId},
    input::TextOutcome,
    store::CustomerRow,
    turn::{HubError, Turn},
};

/// Texts that leave at once.
const BATCH_MAX: u32 = 50;
/// Tries before a text is given up.
const TRIES_MAX: u32 = 5;
/// The first wait after a text was refused; doubles.
const RETRY_MS: i64 = 30 * SECOND_MS;
/// A text handed over without an outcome for so long counts as unknown.
const OUTCOME_WITHIN_MS: i64 = 10 * MINUTE_MS;

impl Turn<'_> {
    /// Says something to a customer in their language; one without a phone hears nothing.
    pub fn say(&mut self, customer: CustomerId, text: &Text) -> Result<(), HubError> {
        let root = self.store.root(customer)?;
        let Some(row) = self.store.customer(root)? else {
            return Ok(());
        };
        let Some(phone) = row.phone else {
            return Ok(());
        };
        let text = self.talk.text(language_of(&row.language), text);
        self.store
            .add_outbox(Some(root), phone, &text, None, self.moment.wall)?;
        self.texts_queued = true;
        Ok(())
    }

    /// Says something that was not asked for, unless the customer said STOP.
    pub fn say_unasked(&mut self, customer: CustomerId, text: &Text) -> Result<(), HubError> {
        let row = self.store.customer(self.store.root(customer)?)?;
        match row.and_then(|row| row.phone) {
            Some(phone) if self.store.is_stopped(phone)? => Ok(()),
            _ => self.say(customer, text),
        }
    }

    /// Says something to a number: in its owner's language, where it is a customer's, else in the hub's.
    pub fn say_to(&mut self, phone: Phone, text: &Text) -> Result<(), HubError> {
        if let Some(row) = self.store.customer_by_phone(phone)? {
            return self.say(row.id, text);
        }
        let text = self.talk.text(language_of(&self.settings.language), text);
        self.store.add_outbox(None, phone, &text, None, self.moment.wall)?;
        self.texts_queued = true;
        Ok(())
    }

    /// Says something with a secret in it, which is kept sealed; lists show `stars` in its place.
    pub fn say_secret(&mut self, to: &CustomerRow, text: &Text, secret: &str, stars: &str) -> Result<(), HubError> {
        let Some(phone) = to.phone else { return Ok(()) };
        let text = self.talk.text(language_of(&to.language), text);
        let random = self.throw();
        let sealed = self.keys.seal(random, text.as_bytes());
        let sealed = sealed.ok_or_else(|| HubError::Journal("a text could not be sealed".to_owned()))?;
        let shown = text.replace(secret, stars);
        let now = self.moment.wall;
        self.store.add_outbox(Some(to.id), phone, &shown, Some(&sealed), now)?;
        self.texts_queued = true;
        Ok(())
    }

    /// Hands over the texts that are due. A row handed over is not handed over again before its outcome, for nobody
    /// wants the same text twice; without an outcome it ends as unknown. Where nobody carries texts all of them wait.
    pub fn send_texts(&mut self) -> Result<(), HubError> {
        if !self.settings.texts {
            return Ok(());
        }
        let now = self.now();
        for row in self.store.outbox_due(now, BATCH_MAX)? {
            if row.sending {
                self.store.set_outbox(row.id, "unknown", row.tries, None)?;
                continue;
            }
            // One that another master key sealed cannot be sent any more.
            let opened = |sealed: &Vec<u8>| String::from_utf8(self.keys.open(sealed)?).ok();
            let Some(text) = row.sealed.as_ref().map_or(Some(row.text.clone()), opened) else {
                self.store.set_outbox(row.id, "failed", row.tries, None)?;
                continue;
            };
            let outcome_by = now.plus_ms(OUTCOME_WITHIN_MS);
            self.store
                .set_outbox(row.id, "sending", row.tries + 1, Some(outcome_by))?;
            self.effects.push(Effect::Text {
                outbox: row.id,
                phone: row.phone,
                text,
            });
        }
        Ok(())
    }

    /// What became of a text.
    pub fn texted(&mut self, outbox: OutboxId, outcome: TextOutcome) -> Result<(), HubError> {
        let Some(row) = self.store.outbox(outbox)?.filter(|row| row.sending) else {
            return Ok(());
        };
        let retry = self
            .now()
            .plus_ms(RETRY_MS << row.tries.clamp(1, TRIES_MAX).saturating_sub(1));
        let (state, due) = match outcome {
            TextOutcome::Sent => ("sent", None),
            TextOutcome::Unknown => ("unknown", None),
            TextOutcome::Failed if row.tries >= TRIES_MAX => ("failed", None),
            TextOutcome::Failed => ("queued", Some(retry)),
        };
        Ok(self.store.set_outbox(outbox, state, row.tries, due)?)
    }
}

fn language_of(code: &str) -> Language {
    Language::from_code(code).unwrap_or(Language::English)
}
