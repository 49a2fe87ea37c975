//! The SIM in this site's modem: all that it tells, all that it is asked, and how it stands. The machine knows no modem
//! and no AT; an adapter translates.

use std::fmt;

use kiosk::moment::{Moment, Trust, Wall};

use super::{Site, SiteError, airtime::AirtimeStatus, care::SAME_ALARM_MS, delivery::Fate, effect::Effect};

pub use super::call::{Call, CallId};
pub use super::delivery::Then;
pub use super::thin::ThinState;

/// Names a text that goes out: its row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TextId(pub u64);

/// What the SIM tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SimEvent {
    /// It can be used from now on.
    Ready(SimIdentity),
    /// It cannot be used.
    Down {
        /// Why, for people.
        why: String,
        /// Somebody must do something about it; otherwise it comes back by itself.
        needs_person: bool,
    },
    /// How its network stands.
    Network(SimNetwork),
    /// The network's time.
    Time {
        /// As the modem tells it.
        wall: Wall,
        /// It named a zone, or shows UTC; else it may show local time.
        is_zoned: bool,
    },
    /// Places for texts: taken, and all.
    Room {
        /// Taken.
        used: u16,
        /// All.
        total: u16,
    },
    /// A text came. It is told again until its places are freed.
    Received(Received),
    /// A text was taken by the network.
    Sent {
        /// Which.
        id: TextId,
        /// The network's reference of each part.
        references: Vec<u8>,
    },
    /// A text was not sent; nothing of it arrives, except that parts of a longer one may.
    NotSent {
        /// Which.
        id: TextId,
        /// The network's word.
        word: String,
        /// What can be done about it.
        then: Then,
    },
    /// A text was handed over and nobody knows what became of it.
    Unsure(TextId),
    /// What became of a part of what was sent.
    Reported {
        /// The network's reference.
        reference: u8,
        /// The receiver, perhaps in national form.
        to: String,
        /// What became of it.
        fate: Fate,
    },
    /// The network said something in a USSD session; `None` is what it began by itself.
    Said {
        /// The session.
        id: Option<CallId>,
        /// Its words.
        text: String,
        /// It waits for an answer.
        is_open: bool,
    },
    /// A USSD session is over without a further word.
    Ended {
        /// Which.
        id: CallId,
        /// Why.
        why: String,
    },
}

/// What the SIM is asked.
#[derive(Clone, PartialEq, Eq)]
pub enum SimOrder {
    /// Send a text.
    Send {
        /// Names it.
        id: TextId,
        /// The receiver.
        to: String,
        /// What it says.
        body: String,
        /// How long the network may try, in milliseconds; `None` leaves that to it.
        validity_ms: Option<u64>,
        /// Whether its delivery is to be reported.
        wants_report: bool,
    },
    /// These texts are on the disk: their places may be freed.
    Forget(Vec<u32>),
    /// Begin a USSD session.
    Dial {
        /// Names it.
        id: CallId,
        /// What is dialled.
        code: String,
    },
    /// Say something in it.
    Say {
        /// Which.
        id: CallId,
        /// What.
        text: String,
    },
    /// End it.
    HangUp(CallId),
}

/// A text that came.
#[derive(Clone, PartialEq, Eq)]
pub struct Received {
    /// Where its parts lie.
    pub slots: Vec<u32>,
    /// The sender: a number, digits, or a name.
    pub from: String,
    /// Its words, or bytes that are none.
    pub body: Result<String, Vec<u8>>,
    /// The network's stamp, in milliseconds since 1970.
    pub stamp_ms: Option<i64>,
    /// Parts of it never came.
    pub is_incomplete: bool,
}

/// What a modem and its SIM are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimIdentity {
    /// Maker and model, as they say themselves.
    pub model: String,
    /// The firmware.
    pub revision: String,
    /// The name of the profile that is used.
    pub profile: String,
    /// The modem's number; empty where it tells none.
    pub imei: String,
    /// The subscriber; empty where it tells none.
    pub imsi: String,
    /// The card's number; empty where it tells none.
    pub iccid: String,
}

/// How the SIM's network stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SimNetwork {
    /// Whether texts can be sent.
    pub is_registered: bool,
    /// For people: home, roaming, searching, not registered, turned away.
    pub registration: &'static str,
    /// The operator's name.
    pub operator: String,
    /// Country and network code.
    pub operator_code: String,
    /// The strength of the signal in dBm.
    pub signal_dbm: Option<i16>,
    /// What carries it, such as `LTE`; empty where it is not known.
    pub technology: &'static str,
}

/// What an operator may set for the SIM.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimSettings {
    /// Texts of the network a day, in all.
    pub parts_per_day: u32,
    /// Texts of thin sync a day.
    pub sync_texts_per_day: u32,
    /// Texts of one number a day that are read.
    pub commands_per_day: u32,
    /// Where texts to the hub go.
    pub hub_number: Option<String>,
    /// What is dialled for a session with the hub.
    pub hub_code: Option<String>,
    /// After so long without the hub, texts carry sync; in milliseconds.
    pub thin_after_ms: u64,
    /// How long an ordinary sale then waits for others that share its text; in milliseconds.
    pub thin_linger_ms: u64,
}

/// The modem as it was last seen. It goes back with no input that failed: what a modem is does not hang on the disk.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct ModemSeen {
    identity: Option<SimIdentity>,
    trouble: Option<String>,
    network: Option<SimNetwork>,
    room: Option<(u16, u16)>,
    /// The last trouble that was an alarm, and when by the monotonic clock.
    alarmed: Option<(String, u64)>,
}

impl ModemSeen {
    /// Whether it can be used at all.
    pub(super) fn is_ready(&self) -> bool {
        self.identity.is_some()
    }

    /// Why it cannot be used, as far as it said.
    pub(super) fn trouble(&self) -> Option<&str> {
        self.trouble.as_deref()
    }

    /// Whether it is known to be in a network.
    pub(super) fn is_registered(&self) -> bool {
        self.network.as_ref().is_some_and(|network| network.is_registered)
    }

    /// The number of the network it is in.
    pub(super) fn operator_code(&self) -> Option<&str> {
        let network = self.network.as_ref().filter(|network| network.is_registered)?;
        Some(network.operator_code.as_str()).filter(|code| !code.is_empty())
    }

    /// Whether what is handed over now has a chance to leave.
    pub(super) fn can_send(&self) -> bool {
        self.identity.is_some() && self.network.as_ref().is_none_or(|network| network.is_registered)
    }
}

/// Whether this box answers texts of people. What it does not answer it keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answers {
    /// It does.
    Yes,
    /// Not before it has joined: it knows nobody.
    NotJoined,
    /// It is not the box that joined: another has taken its place, or its card is a copy.
    NotInPlace,
}

impl Answers {
    /// The word in the API, and under which a text that is not answered is kept.
    pub const fn name(self) -> &'static str {
        match self {
            Answers::Yes => "yes",
            Answers::NotJoined => "not_joined",
            Answers::NotInPlace => "not_in_place",
        }
    }
}

/// How the SIM stands, for the page and the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SimStatus {
    /// What it is; `None` while it cannot be used.
    pub identity: Option<SimIdentity>,
    /// Why it cannot be used, as far as it said.
    pub trouble: Option<String>,
    /// Its network; `None` before it said anything.
    pub network: Option<SimNetwork>,
    /// Places for texts: taken, and all.
    pub room: Option<(u16, u16)>,
    /// Texts of the network that were sent today, those of sync among them.
    pub parts_today: u32,
    /// How many there may be.
    pub parts_per_day: u32,
    /// Texts of sync that were sent today.
    pub sync_texts_today: u32,
    /// How many there may be.
    pub sync_texts_per_day: u32,
    /// Texts that wait.
    pub waiting: u32,
    /// Texts wait because today's are spent.
    pub is_spent: bool,
    /// Texts wait until somebody has looked after the SIM.
    pub is_held: bool,
    /// Whether texts of people are answered.
    pub answers: Answers,
    /// What is left on it.
    pub airtime: AirtimeStatus,
    /// How sync by it stands.
    pub thin: ThinState,
    /// Money records that the hub is not known to hold.
    pub unsynced: u64,
}

impl Site {
    /// The SIM told something.
    pub(super) fn sim_told(&mut self, moment: &Moment, event: SimEvent) -> Result<Vec<Effect>, SiteError> {
        match event {
            SimEvent::Ready(identity) => {
                self.modem = ModemSeen {
                    identity: Some(identity),
                    alarmed: self.modem.alarmed.take(),
                    ..ModemSeen::default()
                };
                self.texts_due = true;
                Ok(vec![Effect::Live])
            }
            SimEvent::Down { why, needs_person } => self.sim_down(moment, why, needs_person),
            SimEvent::Network(network) => Ok(self.sim_network(network)),
            // What may be hours wrong is no time: without one nothing ends, and the manager can set it.
            SimEvent::Time { wall, is_zoned } if is_zoned || self.zone.is_utc(wall) => {
                Ok(vec![Effect::ClockHeard(Trust::Modem, wall)])
            }
            SimEvent::Time { .. } => Ok(Vec::new()),
            SimEvent::Room { used, total } => {
                self.modem.room = Some((used, total));
                Ok(Vec::new())
            }
            SimEvent::Received(text) => self.text_received(moment, &text),
            SimEvent::Sent { id, references } => self.text_sent(moment, id, &references),
            SimEvent::NotSent { id, word, then } => self.text_not_sent(moment, id, &word, then),
            SimEvent::Unsure(id) => self.text_unsure(moment, id),
            SimEvent::Reported { reference, to, fate } => self.text_reported(moment, reference, &to, fate),
            SimEvent::Said { id, text, is_open } => self.call_said(moment, id, &text, is_open),
            SimEvent::Ended { id, why } => self.call_ended(moment, id, &why),
        }
    }

    /// A card that is loose, or a modem that is restarted because of it, tells the same trouble again and again: it is an
    /// alarm once in hours.
    fn sim_down(&mut self, moment: &Moment, why: String, needs_person: bool) -> Result<Vec<Effect>, SiteError> {
        let now = moment.monotonic_ms;
        let alarmed = self.modem.alarmed.take();
        let is_same = |(told, at_ms): &(String, u64)| *told == why && now.saturating_sub(*at_ms) < SAME_ALARM_MS;
        let is_news = needs_person && self.enrolled.is_some() && !alarmed.as_ref().is_some_and(is_same);
        self.modem = ModemSeen {
            trouble: Some(why.clone()),
            alarmed: if is_news { Some((why.clone(), now)) } else { alarmed },
            ..ModemSeen::default()
        };
        let mut effects = vec![Effect::Live];
        if is_news {
            effects.extend(self.alarm(moment, "sim", &why)?);
        }
        Ok(effects)
    }

    /// The signal alone is no news: a page that is open need not be told of every decibel.
    fn sim_network(&mut self, network: SimNetwork) -> Vec<Effect> {
        let shown = |network: &SimNetwork| SimNetwork {
            signal_dbm: None,
            ..network.clone()
        };
        let is_news = self.modem.network.as_ref().map(shown) != Some(shown(&network));
        self.texts_due |= network.is_registered && !self.modem.can_send();
        self.modem.network = Some(network);
        if is_news { vec![Effect::Live] } else { Vec::new() }
    }

    /// Whether texts of people are answered here. A box that another has taken the place of, or a copied card, knows nothing
    /// that is true.
    pub(super) fn answers(&self) -> Answers {
        match (self.is_in_place(), &self.enrolled) {
            (true, _) => Answers::Yes,
            (false, None) => Answers::NotJoined,
            (false, Some(_)) => Answers::NotInPlace,
        }
    }

    /// How the SIM stands; `None` where this box has no modem.
    pub(super) fn sim_status(&self, moment: &Moment) -> Result<Option<SimStatus>, SiteError> {
        let Some(settings) = &self.settings.sim else {
            return Ok(None);
        };
        let budget = self.text_budget(settings)?;
        let seen = self.modem.clone();
        Ok(Some(SimStatus {
            identity: seen.identity,
            trouble: seen.trouble,
            network: seen.network,
            room: seen.room,
            parts_today: budget.spent(),
            parts_per_day: settings.parts_per_day,
            sync_texts_today: budget.spent_on_sync(),
            sync_texts_per_day: settings.sync_texts_per_day,
            waiting: super::store::outbox::waiting(self.connection())?,
            is_spent: self.is_spent_told()?,
            is_held: self.texts_held_until.is_some(),
            answers: self.answers(),
            airtime: self.airtime_status()?,
            thin: self.thin_state(moment, settings),
            unsynced: self.unsynced()?,
        }))
    }
}

impl fmt::Debug for SimOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // No numbers of people and no words of theirs in a log.
        match self {
            SimOrder::Send { id, .. } => write!(f, "Send({})", id.0),
            SimOrder::Forget(slots) => write!(f, "Forget({slots:?})"),
            SimOrder::Dial { id, .. } => write!(f, "Dial({})", id.0),
            SimOrder::Say { id, .. } => write!(f, "Say({})", id.0),
            SimOrder::HangUp(id) => write!(f, "HangUp({})", id.0),
        }
    }
}

impl fmt::Debug for Received {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Received")
            .field("slots", &self.slots)
            .field("is_incomplete", &self.is_incomplete)
            .finish_non_exhaustive()
    }
}
