//! Texts to customers: queued in the transaction that gives them their reason, sent after it.

use kiosk::{
    ids::CustomerId,
    moment::{MINUTE_MS, SECOND_MS},
    talk::{Language, Text},
};

use super::{
    effect::{Effect, OutboxId},
    input::TextOutcome,
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
        let language = Language::from_code(&row.language).unwrap_or(Language::English);
        let text = self.talk.text(language, text);
        self.store.add_outbox(root, phone, &text, self.moment.wall)?;
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
            let outcome_by = now.plus_ms(OUTCOME_WITHIN_MS);
            self.store
                .set_outbox(row.id, "sending", row.tries + 1, Some(outcome_by))?;
            self.effects.push(Effect::Text {
                outbox: row.id,
                phone: row.phone,
                text: row.text,
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
