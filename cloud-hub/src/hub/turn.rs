//! One input's work: what it may read, what it writes, and the effects it leaves.
//!
//! The rules of the hub are methods of [`Turn`], one file a subject. Nothing of a turn outlives it but its rows.

use std::collections::{BTreeMap, BTreeSet};

use ::store::StoreError;
use kiosk::{
    ids::{BoxId, CustomerId, Epoch, SiteName},
    moment::{HOUR_MS, Moment, Wall},
    talk::Talk,
};
use sync::journal::JournalError;

use super::{
    effect::{Effect, LiveEvent, Refusal, RefusalKind},
    input::LinkId,
    keys::Keys,
    ledger::Event,
    link::Link,
    parked::{Awaited, Parking},
    settings::Settings,
    side::SideLog,
    store::{Store, audit::AuditHead},
};

/// The very same alarm is not raised again within this.
const ALARM_REPEATS_MS: i64 = HOUR_MS;

/// Why the hub could not handle an input. The input changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum HubError {
    /// The database failed.
    #[error("hub: {0}")]
    Store(#[from] StoreError),
    /// The journal failed.
    #[error("hub: journal: {0}")]
    Journal(String),
    /// Money that does not add up; nothing was booked.
    #[error("hub: {0}")]
    Ledger(#[from] kiosk::ledger::LedgerError),
    /// The side log could not be written, so the entry's change was not made either.
    #[error("hub: side log: {0}")]
    Side(#[from] std::io::Error),
}

impl From<JournalError<StoreError>> for HubError {
    fn from(error: JournalError<StoreError>) -> HubError {
        HubError::Journal(error.to_string())
    }
}

/// Why a request was not done.
#[derive(Debug)]
pub(super) enum Halt {
    /// The asker is refused, and nothing was changed.
    Refused(Refusal),
    /// The asker is refused, and what was counted on the way (wrong tries) stays.
    Kept(Refusal),
    /// It waits for what was asked back from a site. What was changed stays, and the request is decided anew when that may
    /// be here.
    Waits(Awaited),
    /// The hub could not decide.
    Broken(HubError),
}

impl<E: Into<HubError>> From<E> for Halt {
    fn from(error: E) -> Halt {
        Halt::Broken(error.into())
    }
}

impl From<Refusal> for Halt {
    fn from(refusal: Refusal) -> Halt {
        Halt::Refused(refusal)
    }
}

/// One input's work.
pub(super) struct Turn<'a> {
    /// The database, inside the input's savepoint.
    pub store: Store<'a>,
    /// When, and the dice.
    pub moment: &'a Moment,
    /// What the operator decided.
    pub settings: &'a Settings,
    /// Keys made from the master key.
    pub keys: &'a Keys,
    /// Words in every language.
    pub talk: &'a Talk,
    /// The file apart from the database.
    pub side: &'a mut dyn SideLog,
    /// How many of its entries the database held when the open commit began.
    pub side_held: &'a mut Option<usize>,
    /// The audit's head when the open commit began.
    pub audit_held: &'a AuditHead,
    /// Live sockets.
    pub links: &'a mut BTreeMap<LinkId, Link>,
    /// Links whose session moved in this turn: lost if it is rolled back.
    pub lost: &'a mut BTreeSet<LinkId>,
    /// Requests that wait for a site.
    pub parked: &'a mut Parking,
    /// A request that waited is decided again: its PIN was heard before and repeats nothing. How often it was guessed at.
    pub again: Option<u32>,
    /// It has waited long enough: it is decided with what is here.
    pub waits_no_more: bool,
    /// This run (PROTOCOL rule 3).
    pub run: Epoch,
    /// What is to be done outside.
    pub effects: Vec<Effect>,
    /// How often the dice were thrown in this turn.
    pub throws: u32,
    /// Boxes about which something was written: their sessions hear of it at the end.
    pub written: BTreeSet<BoxId>,
    /// What happens, for the entries that book it.
    pub event: Option<Event>,
    /// A text was queued: it leaves at the end.
    pub texts_queued: bool,
}

impl Turn<'_> {
    /// When.
    pub fn now(&self) -> Wall {
        self.moment.wall
    }

    /// Seals what the database may not tell; `what` names it where that fails.
    pub fn sealed(&mut self, secret: &[u8], what: &str) -> Result<Vec<u8>, HubError> {
        let random = self.throw();
        let sealed = self.keys.seal(random, secret);
        sealed.ok_or_else(|| HubError::Journal(format!("{what} could not be sealed")))
    }

    /// 32 random bytes, new at every call.
    pub fn throw(&mut self) -> [u8; 32] {
        self.throws += 1;
        self.moment.draw.bytes(&format!("hub {}", self.throws))
    }

    /// A random number, never 0.
    pub fn throw_number(&mut self) -> u64 {
        let [a, b, c, d, e, f, g, h, ..] = self.throw();
        u64::from_le_bytes([a, b, c, d, e, f, g, h]).max(1)
    }

    /// What is done once, after the input: those who waited are answered, texts leave, sessions hear what was written.
    pub fn finish(&mut self) -> Result<(), HubError> {
        self.answer_parked()?;
        if self.texts_queued {
            self.send_texts()?;
        }
        self.tell_sessions()
    }

    /// Pages hear of it.
    pub fn live(&mut self, event: LiveEvent) {
        self.effects.push(Effect::Live(event));
    }

    /// Pages hear that a customer changed.
    pub fn live_customer(&mut self, customer: CustomerId) {
        self.live(LiveEvent::Customer { customer });
    }

    /// Writes an alarm down and shows it.
    pub fn alarm(&mut self, code: &'static str, detail: String) -> Result<(), HubError> {
        self.alarm_of(None, code, detail)
    }

    /// The same of a site.
    pub fn alarm_at(&mut self, site: &SiteName, code: &'static str, detail: String) -> Result<(), HubError> {
        self.alarm_of(Some(site), code, detail)
    }

    fn alarm_of(&mut self, site: Option<&SiteName>, code: &'static str, detail: String) -> Result<(), HubError> {
        // Who repeats a word that raises one must not fill the list.
        let since = self.now().plus_ms(-ALARM_REPEATS_MS);
        if !self.store.has_alarm(site, code, &detail, since)? {
            self.store
                .add_alarm(site, "critical", code, &detail, self.moment.wall)?;
            self.live(LiveEvent::Alarm { code, detail });
        }
        Ok(())
    }
}

/// The refusal of somebody whose request could not be made durable.
pub(super) fn unavailable() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "unavailable",
        "nothing was changed; try again in a moment",
    )
}

/// The same to a gateway that joins: the side log may have kept what the database did not.
pub(super) fn join_unavailable() -> Refusal {
    let message =
        "the hub could not write; try again in a moment with the same code, and with --replace if it asks for it";
    Refusal::new(RefusalKind::Unavailable, "unavailable", message)
}
