//! A site: one state machine over its own SQLite file. Values in, values out; SQLite is its memory.
//!
//! | module | what it holds |
//! |---|---|
//! | [`input`], [`effect`] | all that can reach it, all that it can want |
//! | [`enrolment`] | what makes this box a site's |
//! | `dispense`, `repeat`, `parked` | ask → answer, retries, asks that wait for the hub |
//! | `pour` | poured → receipt, odd pours, pours that nobody reports |
//! | `talk`, `tries` | what a display says; wrong PINs as bytes |
//! | `merge`, `document` | folding records and documents into rows |
//! | `link` | the hub: frames, questions, doubt |
//! | `batch` | how the runtime drives it: many inputs in one commit, undone together or alone |
//! | `manage`, `accounts` | what a person tells it, and who may |
//! | `cash` | cash that a manager takes |
//! | [`sim`], `call` | the SIM in the modem, its USSD sessions |
//! | `inbox`, `delivery`, `sms` | texts that come, texts that go, commands by SMS |
//! | [`airtime`], [`care`], [`broadcast`] | what is left on the SIM, who is texted when something is wrong, one text to everybody |
//! | `thin` | sync by texts and USSD while there is no socket |
//! | `fleet` | dispensers: heartbeats, presence, configuration |
//! | `tick`, `room`, `tally`, `spending` | what time alone brings about, a full disk, what the metrics count, what the link costs |
//! | `turned_away` | who was refused at the door, for the audit |
//! | [`store`] | its rows: the only SQL of the gateway |

pub mod effect;
pub mod enrolment;
pub mod input;
pub mod store;

pub mod accounts;
pub mod airtime;
mod batch;
pub mod broadcast;
mod call;
pub mod care;
mod cash;
pub mod delivery;
mod dispense;
mod document;
mod fleet;
mod inbox;
mod link;
mod manage;
mod merge;
mod parked;
mod pour;
mod repeat;
pub mod room;
pub mod sim;
mod sms;
mod spending;
mod talk;
mod tally;
mod thin;
mod tick;
mod tries;
mod turned_away;

#[cfg(test)]
mod tests;

use std::{path::Path, sync::Arc};

use ::store::{Connection, Database, Durability, StoreError, journal::SqlLogs};
use kiosk::{
    day::{SalesDay, Zone},
    dispense::Reason,
    ids::{DispenserId, Epoch, HoldId, Writer},
    moment::{Moment, Present, Uptime, Wall},
    phone::Country,
    units::Volume,
};
use sync::{
    frame::Said,
    journal::{JournalError, Pen},
    session::{Event, Session},
    vault::Vault,
};

use self::{
    batch::Memory,
    call::OpenCall,
    care::{Away, Care},
    effect::{Effect, Wire},
    enrolment::{Enrolled, Enrolment},
    fleet::Fleet,
    input::Input,
    parked::Parking,
    room::Room,
    sim::{ModemSeen, SimSettings},
    spending::Spending,
    store::{dispensers, dispensers::DispenserRow, meta, read},
    talk::Voice,
    tally::Tally,
    thin::ThinLine,
    turned_away::Refusals,
};

/// The time zone of a box before it has joined.
const DEFAULT_ZONE: &str = "Africa/Nairobi";

/// What an operator may set for a site's box.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// How long a report of a pour may take before the hold is booked in full.
    pub report_within_ms: u64,
    /// The language of texts where nobody chose one.
    pub language: String,
    /// The most a new dispenser may be asked for at once.
    pub volume_max: Volume,
    /// Pulses per litre of a new dispenser's meter.
    pub pulses_per_litre: i64,
    /// When this program was made: it is later than that.
    pub built: Wall,
    /// An operator's own address of the hub, over the one that `join` stored.
    pub hub_url: Option<String>,
    /// Who is texted when something is wrong, and how airtime is asked.
    pub care: Care,
    /// What the SIM may do; `None` where there is no modem.
    pub sim: Option<SimSettings>,
}

/// Why an input could not be handled; it changed nothing.
#[derive(Debug, thiserror::Error)]
pub enum SiteError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The journal refused.
    #[error(transparent)]
    Journal(#[from] JournalError<StoreError>),
    /// A document refused.
    #[error(transparent)]
    Document(#[from] sync::document::DocumentError),
    /// The enrolment names a time zone that does not exist.
    #[error(transparent)]
    Zone(#[from] kiosk::day::DayError),
    /// Something that only an enrolled box can do.
    #[error("this box has not joined a hub")]
    NotJoined,
}

/// The machine.
pub struct Site {
    database: Database,
    vault: Vault,
    settings: Settings,
    wire: Wire,
    voice: Voice,
    enrolled: Option<Arc<Enrolled>>,
    /// The serial of the medium this database is on.
    medium: [u8; 8],
    is_retired: bool,
    pen: Pen,
    run_began: Uptime,
    holds_made: u64,
    link: Option<Session>,
    /// The number of the newest socket to the hub.
    socket: u64,
    last_heard: Option<Wall>,
    /// What the link was when it last changed, and when that was.
    link_was: (bool, Option<Wall>),
    tally: Tally,
    /// What was last seen of the disk.
    room: Option<Room>,
    /// The alarm of a tight disk is written.
    is_tight_told: bool,
    /// What the link has cost in the present day of sales.
    spending: Spending,
    /// Who gives the command that is being carried out.
    actor: String,
    parked: Parking,
    fleet: Fleet,
    refusals: Arc<Refusals>,
    /// The modem as it was last seen.
    modem: ModemSeen,
    /// The USSD session that is open.
    call: Option<OpenCall>,
    /// Somebody must look after the SIM: until this uptime no text tries.
    texts_held_until: Option<Uptime>,
    /// Since when the modem is away.
    modem_away: Option<Away>,
    /// How sync by texts and USSD stands.
    thin: ThinLine,
    /// Texts may be due to be handed over.
    texts_due: bool,
    /// What the hub is to hear, at the end of this input, of texts that it asked for.
    to_hub: Vec<Said>,
    /// When the audit's head is next looked at, to be told to the hub.
    audit_due_ms: u64,
    day: SalesDay,
    zone: Zone,
    save_due_ms: u64,
    /// Records were written in this input: the session wants to know.
    has_written: bool,
    /// A recalled grant may be ready to be closed.
    may_close: bool,
    /// The session was dropped after a failure, so the socket must go too.
    must_hang_up: bool,
    /// What was remembered when the open batch began.
    at_begin: Option<Memory>,
}

/// What a site is opened with.
pub struct Opening<'a> {
    /// The database file.
    pub path: &'a Path,
    /// How hard commits are pressed onto the disk.
    pub durability: Durability,
    /// This run, random.
    pub epoch: Epoch,
    /// What the operator set.
    pub settings: Settings,
    /// How answers look as bytes.
    pub wire: Wire,
    /// The enrolment, once joined.
    pub enrolment: Option<Enrolment>,
    /// The serial of the medium that holds the database.
    pub medium: [u8; 8],
    /// What seals, in the database, whatever names a person.
    pub vault: Vault,
}

impl Site {
    /// Opens the database and takes up where the last run ended.
    pub fn open(opening: Opening<'_>) -> Result<Site, SiteError> {
        let database = store::open(opening.path, opening.durability, &opening.vault)?;
        let connection = database.connection();
        let uptime = meta::number(connection, tick::UPTIME)?.unwrap_or(0);
        let zone = Zone::named(
            opening
                .enrolment
                .as_ref()
                .map_or(DEFAULT_ZONE, |enrolment| &enrolment.time_zone),
        )?;
        let is_retired = meta::number(connection, link::RETIRED)?.unwrap_or(0) != 0;
        Ok(Site {
            vault: opening.vault,
            settings: opening.settings,
            wire: opening.wire,
            voice: Voice::new(),
            enrolled: opening.enrolment.map(Enrolled::new).map(Arc::new),
            medium: opening.medium,
            is_retired,
            pen: Pen {
                by: Writer::Site,
                epoch: opening.epoch,
            },
            run_began: Uptime(uptime.unsigned_abs()),
            holds_made: 0,
            link: None,
            socket: 0,
            last_heard: None,
            link_was: (false, None),
            tally: Tally::default(),
            room: None,
            is_tight_told: false,
            spending: Spending::default(),
            actor: String::new(),
            parked: Parking::default(),
            fleet: Fleet::default(),
            refusals: Arc::default(),
            modem: ModemSeen::default(),
            call: None,
            texts_held_until: None,
            modem_away: None,
            thin: ThinLine::default(),
            texts_due: false,
            to_hub: Vec::new(),
            audit_due_ms: 0,
            day: SalesDay::default(),
            zone,
            save_due_ms: 0,
            has_written: false,
            may_close: true,
            must_hang_up: false,
            at_begin: None,
            database,
        })
    }

    /// The connection, for whoever reads what was committed in the same thread.
    pub fn connection(&self) -> &Connection {
        self.database.connection()
    }

    /// Folds the write-ahead log into the file: the last thing before a clean end.
    pub fn close(self) -> Result<(), SiteError> {
        self.save_spending()?;
        Ok(self.database.checkpoint()?)
    }

    fn decided(&mut self, moment: &Moment, input: Input) -> Result<Vec<Effect>, SiteError> {
        self.has_written = false;
        self.texts_due = false;
        self.to_hub.clear();
        if let Input::Asked(door, _) | Input::AskedUnnamed(door, _) | Input::Poured(door, _) = &input {
            self.heard(moment, door.dispenser(), door.way());
        }
        let mut effects = match input {
            Input::Started => self.started(moment)?,
            Input::Tick => self.tick(moment)?,
            Input::Room(room) => self.room_seen(moment, room)?,
            Input::Asked(door, ask) => self.asked(moment, door, ask)?,
            Input::AskedUnnamed(door, ask) => self.asked_unnamed(moment, door, ask)?,
            Input::Malformed(door, request) => {
                vec![self.denied_unremembered(door, &request, Reason::BadRequest)]
            }
            Input::Poured(door, report) => self.poured(moment, door, &report)?,
            Input::Connected(dispenser) => self.connected(moment, &dispenser)?,
            Input::Disconnected(dispenser) => self.disconnected(&dispenser),
            Input::Heartbeat(dispenser, beat) => self.heartbeat(moment, &dispenser, beat)?,
            Input::TurnedAway(refusal) => {
                self.turned_away(moment, refusal)?;
                Vec::new()
            }
            Input::LinkUp(socket) => self.link_up(moment, socket)?,
            Input::LinkFrame(_) if self.link.is_none() => vec![self.hung_up(0)],
            Input::LinkFrame(bytes) => {
                self.spending.spent.sync_received += bytes.len() as u64;
                self.link_event(moment, Event::Frame(&bytes))?
            }
            Input::LinkDown => {
                self.must_hang_up = false;
                self.link_down();
                vec![Effect::Live]
            }
            Input::Joined(enrolment) => self.joined(moment, *enrolment)?,
            Input::Told(reply, command) => self.told(moment, reply, command)?,
            Input::Sim(event) => self.sim_told(moment, event)?,
        };
        effects.extend(self.close_recalled(moment)?);
        if self.texts_due {
            effects.extend(self.hand_over_texts(moment)?);
        }
        if self.has_written {
            effects.extend(self.link_event(moment, Event::Written)?);
        }
        // Not earlier: a session's frames are numbered in the order in which it is given events.
        for said in std::mem::take(&mut self.to_hub) {
            effects.extend(self.link_event(moment, Event::Said(said))?);
        }
        let link_is_up = self.link.as_ref().is_some_and(Session::is_established);
        if link_is_up != self.link_was.0 {
            self.link_was = (link_is_up, Some(moment.wall));
            self.thin.link_changed_ms = moment.monotonic_ms;
        }
        Ok(effects)
    }

    /// Whether this box may not sell now: it waits for its past, is retired, or sits on another medium.
    fn is_degraded(&self) -> Result<bool, SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(false);
        };
        Ok(self.is_elsewhere(enrolled) || self.is_retired || self.in_doubt()?)
    }

    /// Whether this is the box that the hub enrolled: no other has taken its place, and its card is no copy.
    fn is_in_place(&self) -> bool {
        let enrolled = self.enrolled.as_ref();
        !self.is_retired && enrolled.is_some_and(|enrolled| !self.is_elsewhere(enrolled))
    }

    /// Whether this database sits on another medium than the one that was enrolled (PROTOCOL rule 2).
    fn is_elsewhere(&self, enrolled: &Enrolled) -> bool {
        let bound = enrolled.enrolment.medium;
        bound != [0; 8] && bound != self.medium
    }

    fn present(&self, moment: &Moment) -> Present {
        moment.present(self.run_began)
    }

    fn enrolled(&self) -> Result<&Enrolled, SiteError> {
        self.enrolled.as_deref().ok_or(SiteError::NotJoined)
    }

    fn next_hold(&mut self) -> HoldId {
        self.holds_made += 1;
        HoldId {
            epoch: self.pen.epoch,
            number: self.holds_made,
        }
    }

    fn country(&self) -> Country {
        let currency = self.enrolled.as_ref().map(|enrolled| enrolled.enrolment.currency);
        currency.map_or(Country::Kenya, Country::of_currency)
    }

    /// The dispenser's row; one without a row (it was removed meanwhile) is switched off.
    fn dispenser(&self, id: &DispenserId) -> Result<DispenserRow, SiteError> {
        match dispensers::find(self.connection(), id)? {
            Some(row) => Ok(row),
            None => Ok(DispenserRow {
                enabled: false,
                ..self.new_dispenser(id)?
            }),
        }
    }

    fn new_dispenser(&self, id: &DispenserId) -> Result<DispenserRow, SiteError> {
        let (pulses_per_litre, language) = self.dispenser_defaults()?;
        Ok(DispenserRow {
            id: id.clone(),
            enabled: true,
            volume_max: self.settings.volume_max,
            pulses_per_litre,
            pulses_measured: None,
            language,
            config_revision: 1,
            wrong_pins: None,
        })
    }

    /// A jerrycan here, as the site's settings say.
    fn jerrycan(&self) -> Result<Volume, SiteError> {
        Ok(read::jerrycan(self.connection())?)
    }

    /// The language of a display: the customer's, else the dispenser's.
    fn language<'a>(&self, customer: Option<&'a str>, dispenser: &'a DispenserRow) -> &'a str {
        customer
            .filter(|language| !language.is_empty())
            .unwrap_or(&dispenser.language)
    }

    fn logs(&self) -> SqlLogs<'_> {
        store::logs(self.connection())
    }
}
