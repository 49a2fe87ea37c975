//! The outbox of texts, and who wants none.

use kiosk::{
    ids::{CustomerId, SiteName},
    moment::{HOUR_MS, Wall},
    phone::Phone,
};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, signed, wrong};
use crate::hub::{effect::OutboxId, talk::TextState};

/// How many reports may wait for the answer to their call.
const EARLY_REPORTS_MAX: u32 = 1_000;

/// A text to be queued.
#[derive(Clone, Copy)]
pub(in crate::hub) struct NewText<'a> {
    /// Whose it is, if the number is a customer's.
    pub customer: Option<CustomerId>,
    pub phone: Phone,
    /// What lists show, and what is sent where nothing is sealed.
    pub text: &'a str,
    /// What is sent in place of `text`, sealed.
    pub sealed: Option<&'a [u8]>,
    /// Whether it goes also to who wants no more texts.
    pub is_essential: bool,
}

/// A text that is to be sent, or was.
#[derive(Clone, Debug)]
pub(in crate::hub) struct OutboxRow {
    pub id: OutboxId,
    pub phone: Phone,
    pub text: String,
    /// What is sent in place of `text`, sealed.
    pub sealed: Option<Vec<u8>>,
    pub tries: u32,
    pub state: TextState,
    /// It goes to who wants no texts, too.
    pub is_essential: bool,
    /// When it was queued.
    pub created: Wall,
    /// It is a frame for a box.
    pub is_sync: bool,
}

/// Whose texts: a text is its reader's, who lives at a site or at none. Those of broadcasts leave by the provider alone.
#[derive(Clone, Copy)]
pub(in crate::hub) enum TextsOf<'a> {
    /// What a site carries of those who live there.
    Home {
        site: &'a SiteName,
        /// Texts with a secret in them, too.
        secrets: bool,
    },
    /// What the provider carries: of everybody else than those who live there, and of these secrets and whatever has
    /// waited since before this.
    Provider { sites: &'a [SiteName], waiting_since: Wall },
    /// Of everybody else than those who live there, without broadcasts and frames for boxes.
    NobodyAt(&'a [SiteName]),
}

/// Why no text is sent at present.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct TextHold {
    /// The provider's word.
    pub reason: String,
    /// When one text tries again.
    pub try_at: Wall,
}

pub(super) fn read_outbox(row: &Row<'_>) -> rusqlite::Result<OutboxRow> {
    let state: String = row.get("state")?;
    Ok(OutboxRow {
        id: OutboxId(row.get("id")?),
        phone: maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))?,
        text: row.get("text")?,
        sealed: row.get("sealed")?,
        tries: row.get("tries")?,
        state: TextState::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        is_essential: row.get("essential")?,
        created: Wall(row.get("created_ms")?),
        is_sync: row.get::<_, Option<i64>>("sync_box")?.is_some(),
    })
}

impl Store<'_> {
    /// Queues a text, due at once.
    pub fn add_outbox(&self, text: &NewText<'_>, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO outbox (customer, phone, text, sealed, essential, state, tries, due_ms, created_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, 'queued', 0, ?6, ?6)",
            params![
                text.customer.map(|customer| signed(customer.0)),
                text.phone.e164(),
                text.text,
                text.sealed,
                text.is_essential,
                now.0
            ],
        )
        .map(drop)
    }

    /// A row of the outbox.
    pub fn outbox(&self, id: OutboxId) -> Stored<Option<OutboxRow>> {
        self.one("SELECT * FROM outbox WHERE id = ?1", [id.0], read_outbox)
    }

    /// The text that the provider calls so, and that went to this phone.
    pub fn outbox_named(&self, message_id: &str, phone: Phone) -> Stored<Option<OutboxRow>> {
        self.one(
            "SELECT * FROM outbox WHERE message_id = ?1 AND phone = ?2 ORDER BY id LIMIT 1",
            params![message_id, phone.e164()],
            read_outbox,
        )
    }

    /// Queued texts that are due, the oldest first; those of broadcasts after all others.
    pub fn outbox_due(&self, now: Wall, limit: u32, of: TextsOf<'_>) -> Stored<Vec<OutboxRow>> {
        let mut before = Wall(i64::MIN);
        let (whose, sites) = match of {
            TextsOf::Home { site, secrets } => (
                match secrets {
                    true => "broadcast IS NULL AND home.site IN (SELECT value FROM json_each(?3))",
                    false => {
                        "broadcast IS NULL AND outbox.sealed IS NULL AND home.site IN (SELECT value FROM json_each(?3))"
                    }
                },
                std::slice::from_ref(site),
            ),
            TextsOf::Provider { sites, waiting_since } => {
                before = waiting_since;
                let whose = "broadcast IS NOT NULL OR outbox.sealed IS NOT NULL OR home.site IS NULL
                     OR home.site NOT IN (SELECT value FROM json_each(?3))";
                (whose, sites)
            }
            TextsOf::NobodyAt(sites) => (
                "broadcast IS NULL AND sync_box IS NULL
                 AND (home.site IS NULL OR home.site NOT IN (SELECT value FROM json_each(?3)))",
                sites,
            ),
        };
        let names: Vec<&str> = sites.iter().map(SiteName::as_str).collect();
        self.all(
            &format!(
                "SELECT outbox.* FROM outbox LEFT JOIN customer AS home ON home.id = outbox.customer
                 WHERE due_ms IS NOT NULL AND due_ms <= ?1 AND outbox.state = 'queued'
                     AND (outbox.created_ms <= ?4 OR {whose})
                 ORDER BY broadcast IS NOT NULL, due_ms, outbox.id LIMIT ?2"
            ),
            params![now.0, limit, serde_json::json!(names).to_string(), before.0],
            read_outbox,
        )
    }

    /// How many texts the provider was handed and without an outcome.
    pub fn outbox_under_way(&self) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM outbox WHERE state = 'sending' AND say IS NULL",
            [],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// Whether a text to this phone is handed over and without an outcome.
    pub fn is_texting(&self, phone: Phone) -> Stored<bool> {
        let found = self.one(
            "SELECT 1 FROM outbox WHERE state = 'sending' AND phone = ?1 LIMIT 1",
            [phone.e164()],
            |_| Ok(()),
        )?;
        Ok(found.is_some())
    }

    /// Where a text stands, how often it was tried, when it is due again, and the provider's word for what went wrong.
    pub fn set_outbox(
        &self,
        id: OutboxId,
        state: TextState,
        tries: u32,
        due: Option<Wall>,
        reason: Option<&str>,
    ) -> Stored<()> {
        self.execute(
            "UPDATE outbox SET state = ?2, tries = ?3, due_ms = ?4, reason = ?5 WHERE id = ?1",
            params![id.0, state.name(), tries, due.map(|due| due.0), reason],
        )
        .map(drop)
    }

    /// The provider took a text and calls it so.
    pub fn set_outbox_sent(&self, id: OutboxId, message_id: Option<&str>) -> Stored<()> {
        self.execute(
            "UPDATE outbox SET state = 'sent', due_ms = NULL, reason = NULL, message_id = ?2 WHERE id = ?1",
            params![id.0, message_id],
        )
        .map(drop)
    }

    /// Texts that the provider was handed when the program ended: nobody knows whether they were sent. A site tells it of
    /// its own when it is linked again.
    pub fn outbox_lost_sight(&self) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET state = 'unknown', due_ms = NULL WHERE state = 'sending' AND say IS NULL",
            [],
        )
    }

    /// The same of those that were handed over and have no outcome in time.
    pub fn outbox_give_up(&self, now: Wall) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET state = 'unknown', due_ms = NULL
             WHERE state = 'sending' AND due_ms IS NOT NULL AND due_ms <= ?1",
            [now.0],
        )
    }

    /// Texts that are due and were queued before this are not sent any more. Those of broadcasts have a rule of their own.
    pub fn outbox_too_old(&self, now: Wall, before: Wall) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET state = 'failed', due_ms = NULL, reason = 'too_old'
             WHERE due_ms IS NOT NULL AND due_ms <= ?1 AND state = 'queued' AND created_ms < ?2 AND broadcast IS NULL",
            [now.0, before.0],
        )
    }

    /// Whatever waits is due now.
    pub fn outbox_hurry(&self, now: Wall) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET due_ms = ?1 WHERE due_ms > ?1 AND state = 'queued'",
            [now.0],
        )
    }

    /// A past may be missing in which what waits here was sent.
    pub fn outbox_forgotten(&self) -> Stored<usize> {
        self.execute(
            "UPDATE outbox SET state = 'unknown', due_ms = NULL, reason = 'restored'
             WHERE state IN ('queued', 'sending')",
            [],
        )
    }

    /// Keeps a report about a text whose name is not known yet, unless too many wait already.
    pub fn keep_report(
        &self,
        message_id: &str,
        phone: Phone,
        state: TextState,
        reason: Option<&str>,
        now: Wall,
    ) -> Stored<()> {
        self.execute(
            "INSERT OR IGNORE INTO early_report (message_id, phone, state, reason, time_ms)
             SELECT ?1, ?2, ?3, ?4, ?5 WHERE (SELECT count(*) FROM early_report) < ?6",
            params![message_id, phone.e164(), state.name(), reason, now.0, EARLY_REPORTS_MAX],
        )
        .map(drop)
    }

    /// The report that came before the name of its text was known.
    pub fn kept_report(&self, message_id: &str, phone: Phone) -> Stored<Option<(TextState, Option<String>)>> {
        self.one(
            "SELECT state, reason FROM early_report WHERE message_id = ?1 AND phone = ?2",
            params![message_id, phone.e164()],
            |row| {
                let state: String = row.get("state")?;
                let state = TextState::from_name(&state).ok_or_else(|| wrong(row, "state"))?;
                Ok((state, row.get("reason")?))
            },
        )
    }

    /// Forgets reports that came before this and never found their text.
    pub fn forget_reports(&self, before: Wall) -> Stored<usize> {
        self.execute("DELETE FROM early_report WHERE time_ms < ?1", [before.0])
    }

    /// Why no text is sent at present; `None` when they are.
    pub fn text_hold(&self) -> Stored<Option<TextHold>> {
        let hold = self.one("SELECT texts_held, texts_try_ms FROM hub", [], |row| {
            let reason: Option<String> = row.get("texts_held")?;
            let try_at = Wall(row.get("texts_try_ms")?);
            Ok(reason.map(|reason| TextHold { reason, try_at }))
        })?;
        Ok(hold.flatten())
    }

    /// No text is sent from now on but one that tries, or all are again.
    pub fn set_text_hold(&self, hold: Option<&TextHold>) -> Stored<()> {
        self.execute(
            "UPDATE hub SET texts_held = ?1, texts_try_ms = ?2",
            params![hold.map(|hold| &hold.reason), hold.map_or(0, |hold| hold.try_at.0)],
        )
        .map(drop)
    }

    /// Whether somebody wants no texts but the essential ones.
    pub fn is_stopped(&self, phone: Phone) -> Stored<bool> {
        let found = self.one("SELECT 1 FROM stopped WHERE phone = ?1", [phone.e164()], |_| Ok(()))?;
        Ok(found.is_some())
    }

    /// Somebody wants no texts but the essential ones: what waits for them is not sent. False when they said so within the
    /// hour; what is said again later is told anew, for a site may have ended the one before.
    pub fn stop_texts(&self, phone: Phone, now: Wall) -> Stored<bool> {
        self.execute(
            "UPDATE outbox SET state = 'failed', due_ms = NULL, reason = 'stopped'
             WHERE phone = ?1 AND state = 'queued' AND NOT essential",
            [phone.e164()],
        )?;
        let added = self.execute(
            "INSERT INTO stopped (phone, since_ms) VALUES (?1, ?2)
             ON CONFLICT DO UPDATE SET since_ms = excluded.since_ms, told = 0 WHERE since_ms < excluded.since_ms - ?3",
            params![phone.e164(), now.0, HOUR_MS],
        )?;
        Ok(added == 1)
    }

    /// Numbers that said STOP of which no document tells, at most so many.
    pub fn stops_untold(&self, limit: u32) -> Stored<Vec<Phone>> {
        self.all("SELECT phone FROM stopped WHERE NOT told LIMIT ?1", [limit], |row| {
            maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))
        })
    }

    /// Whether the documents tell of the STOP of this number, if there is one.
    pub fn set_stop_told(&self, phone: Phone, told: bool) -> Stored<()> {
        self.execute(
            "UPDATE stopped SET told = ?2 WHERE phone = ?1",
            params![phone.e164(), told],
        )
        .map(drop)
    }

    /// A site ended the STOP of which the documents tell; one that they do not tell yet is newer. `false` when there is none.
    pub fn end_told_stop(&self, phone: Phone) -> Stored<bool> {
        Ok(self.execute("DELETE FROM stopped WHERE phone = ?1 AND told", [phone.e164()])? > 0)
    }

    /// Somebody wants all texts again; `false` when they did.
    pub fn allow_texts(&self, phone: Phone) -> Stored<bool> {
        Ok(self.execute("DELETE FROM stopped WHERE phone = ?1", [phone.e164()])? > 0)
    }
}
