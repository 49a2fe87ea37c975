//! Broadcasts, their people, and those of their texts that are in the outbox.

use kiosk::{
    ids::{CustomerId, SiteName},
    moment::Wall,
    phone::Phone,
    talk::{
        Language,
        broadcast::{Audience, LeftOut, Person, Preview, Recipient, State, Texts},
    },
    units::Currency,
};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_phone, maybe_id, signed, wrong};

/// A broadcast.
#[derive(Clone, Debug)]
pub(in crate::hub) struct BroadcastRow {
    pub id: i64,
    pub time_zone: String,
    pub state: State,
    pub since: Wall,
}

/// A broadcast to be.
#[derive(Clone, Debug)]
pub(in crate::hub) struct BroadcastBegin<'a> {
    pub audience: &'a Audience,
    pub time_zone: &'a str,
    pub content: [u8; 32],
    pub texts: &'a Texts,
    pub recipients: &'a [Recipient],
    pub preview: &'a Preview,
    pub cost_minor: i64,
    pub currency: Currency,
    pub by: &'a str,
    pub now: Wall,
}

/// Somebody who waits for their text.
#[derive(Clone, Debug)]
pub(in crate::hub) struct WaitingPerson {
    pub place: i64,
    pub customer: Option<CustomerId>,
    pub phone: Phone,
    pub text: String,
}

fn read_broadcast(row: &Row<'_>) -> rusqlite::Result<BroadcastRow> {
    let state: String = row.get("state")?;
    Ok(BroadcastRow {
        id: row.get("id")?,
        time_zone: row.get("time_zone")?,
        state: State::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        since: Wall(row.get("since_ms")?),
    })
}

fn read_person(row: &Row<'_>) -> rusqlite::Result<Person> {
    let language: String = row.get("language")?;
    Ok(Person {
        customer: maybe_id(row, "customer")?.map(CustomerId),
        phone: maybe_phone(row, "phone")?,
        language: Language::from_code(&language).unwrap_or_default(),
        since: Wall(row.get("created_ms")?),
        active: row.get("active")?,
        merged: row.get("merged")?,
        stopped: row.get("stopped")?,
    })
}

impl Store<'_> {
    /// Everybody of an audience, up to so many.
    pub fn audience(&self, audience: &Audience, limit: u32) -> Stored<Vec<Person>> {
        match audience {
            Audience::Customers(site) => self.all(
                "SELECT id AS customer, customer.phone, language, created_ms, active, merged_into IS NOT NULL AS merged,
                        stopped.phone IS NOT NULL AS stopped
                 FROM customer LEFT JOIN stopped ON stopped.phone = customer.phone
                 WHERE ?1 IS NULL OR customer.site = ?1 LIMIT ?2",
                params![site.as_ref().map(SiteName::as_str), limit],
                read_person,
            ),
            Audience::Managers(site) => self.all(
                "SELECT NULL AS customer, site_manager.phone, language, site_manager.since_ms AS created_ms, 1 AS active,
                        0 AS merged, stopped.phone IS NOT NULL AS stopped
                 FROM site_manager LEFT JOIN stopped ON stopped.phone = site_manager.phone
                 WHERE until_ms IS NULL AND (?1 IS NULL OR site = ?1) LIMIT ?2",
                params![site.as_ref().map(SiteName::as_str), limit],
                read_person,
            ),
        }
    }

    /// Writes a broadcast down with all its people, running; returns its number.
    pub fn add_broadcast(&self, new: &BroadcastBegin<'_>) -> Stored<i64> {
        self.execute(
            "INSERT INTO broadcast (audience, site, time_zone, content, people, parts, cost_minor, currency, state,
                                    created_by, created_ms, since_ms)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, 'running', ?9, ?10, ?10)",
            params![
                new.audience.name(),
                new.audience.site().map(SiteName::as_str),
                new.time_zone,
                new.content,
                new.preview.people(),
                i64::try_from(new.preview.parts()).unwrap_or(i64::MAX),
                new.cost_minor,
                new.currency.code(),
                new.by,
                new.now.0,
            ],
        )?;
        let id = self.0.last_insert_rowid();
        for (place, (language, text)) in (0_i64..).zip(new.texts.iter()) {
            self.execute(
                "INSERT INTO broadcast_text (broadcast, place, language, text) VALUES (?1, ?2, ?3, ?4)",
                params![id, place, language.code(), text],
            )?;
        }
        for (place, recipient) in (0_i64..).zip(new.recipients) {
            let told = recipient.fate.as_ref().ok();
            self.execute(
                "INSERT INTO broadcast_person (broadcast, place, customer, phone, text, left_out)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
                params![
                    id,
                    place,
                    recipient.customer.map(|customer| signed(customer.0)),
                    told.map(|(phone, _)| phone.e164()),
                    told.map(|(_, text)| i64::try_from(*text).unwrap_or_default()),
                    recipient.fate.as_ref().err().map(|why| why.name()),
                ],
            )?;
        }
        Ok(id)
    }

    /// A broadcast.
    pub fn broadcast(&self, id: i64) -> Stored<Option<BroadcastRow>> {
        self.one("SELECT * FROM broadcast WHERE id = ?1", [id], read_broadcast)
    }

    /// Those that run, the oldest first.
    pub fn broadcasts_running(&self) -> Stored<Vec<BroadcastRow>> {
        self.all(
            "SELECT * FROM broadcast WHERE state = 'running' ORDER BY id",
            [],
            read_broadcast,
        )
    }

    /// The newest with this content that was begun since, and not cancelled.
    pub fn equal_broadcast(&self, content: [u8; 32], since: Wall) -> Stored<Option<i64>> {
        self.one(
            "SELECT id FROM broadcast WHERE created_ms > ?2 AND content = ?1 AND state <> 'cancelled'
             ORDER BY id DESC LIMIT 1",
            params![content, since.0],
            |row| row.get(0),
        )
    }

    /// Where a broadcast stands from now on.
    pub fn set_broadcast(&self, id: i64, state: State, now: Wall) -> Stored<()> {
        self.execute(
            "UPDATE broadcast SET state = ?2, since_ms = CASE WHEN ?2 = 'running' THEN ?3 ELSE since_ms END,
                                  ended_ms = CASE WHEN ?4 THEN ?3 END WHERE id = ?1",
            params![id, state.name(), now.0, state.is_over()],
        )
        .map(drop)
    }

    /// Whatever may still send is held, because a past may be missing in which it did; how many those are.
    pub fn hold_broadcasts(&self) -> Stored<usize> {
        self.execute(
            "UPDATE broadcast SET state = 'held' WHERE state IN ('running', 'paused')",
            [],
        )
    }

    /// Who waits for their text, in order.
    pub fn broadcast_waiting(&self, id: i64, limit: u32) -> Stored<Vec<WaitingPerson>> {
        self.all(
            "SELECT person.place, person.customer, person.phone, said.text
             FROM broadcast_person AS person
             JOIN broadcast_text AS said ON said.broadcast = person.broadcast AND said.place = person.text
             WHERE person.broadcast = ?1 AND person.outbox IS NULL AND person.left_out IS NULL
             ORDER BY person.place LIMIT ?2",
            params![id, limit],
            |row| {
                Ok(WaitingPerson {
                    place: row.get("place")?,
                    customer: maybe_id(row, "customer")?.map(CustomerId),
                    phone: maybe_phone(row, "phone")?.ok_or_else(|| wrong(row, "phone"))?,
                    text: row.get("text")?,
                })
            },
        )
    }

    /// Somebody who waited gets no text.
    pub fn leave_out(&self, id: i64, place: i64, why: LeftOut) -> Stored<()> {
        self.execute(
            "UPDATE broadcast_person SET left_out = ?3 WHERE broadcast = ?1 AND place = ?2",
            params![id, place, why.name()],
        )
        .map(drop)
    }

    /// Queues the text of somebody who waited, due at once.
    pub fn queue_broadcast(&self, id: i64, person: &WaitingPerson, now: Wall) -> Stored<()> {
        self.execute(
            "INSERT INTO outbox (customer, phone, text, essential, state, tries, due_ms, created_ms, broadcast)
             VALUES (?1, ?2, ?3, 0, 'queued', 0, ?4, ?4, ?5)",
            params![
                person.customer.map(|customer| signed(customer.0)),
                person.phone.e164(),
                person.text,
                now.0,
                id
            ],
        )?;
        self.execute(
            "UPDATE broadcast_person SET outbox = ?3 WHERE broadcast = ?1 AND place = ?2",
            params![id, person.place, self.0.last_insert_rowid()],
        )
        .map(drop)
    }

    /// Texts of broadcasts, or of one, that are in the outbox and not ended.
    pub fn broadcasts_under_way(&self, id: Option<i64>) -> Stored<u32> {
        let count = self.one(
            "SELECT count(*) FROM outbox
             WHERE broadcast IS NOT NULL AND state IN ('queued', 'sending') AND (?1 IS NULL OR broadcast = ?1)",
            [id],
            |row| row.get(0),
        )?;
        Ok(count.unwrap_or(0))
    }

    /// Those that do not run and have a text in the outbox that is to be tried again.
    pub fn broadcasts_to_take_back(&self) -> Stored<Vec<i64>> {
        self.all(
            "SELECT DISTINCT broadcast FROM outbox
             WHERE broadcast IS NOT NULL AND state = 'queued'
               AND broadcast NOT IN (SELECT id FROM broadcast WHERE state = 'running')",
            [],
            |row| row.get(0),
        )
    }

    /// What of a broadcast is queued and not handed over leaves the outbox; whose texts they are, wait again.
    pub fn take_back(&self, id: i64) -> Stored<()> {
        self.execute(
            "UPDATE broadcast_person SET outbox = NULL
             WHERE outbox IN (SELECT id FROM outbox WHERE broadcast = ?1 AND state = 'queued')",
            [id],
        )?;
        self.execute("DELETE FROM outbox WHERE broadcast = ?1 AND state = 'queued'", [id])
            .map(drop)
    }
}
