//! A box at a site, with its dispensers and its end of the network.

use std::{collections::BTreeMap, path::PathBuf};

use gateway::site::{Site, enrolment::Enrolment};
use kiosk::ids::{DispenserId, SiteName};
use sync::{seal::SecretKey, vault::Vault};

use crate::{clock::Clock, dispenser::Dispenser, program::Program, town::Sim};

/// A box.
pub struct Station {
    /// The site it stands at.
    pub name: SiteName,
    /// Its program.
    pub(crate) program: Program<Site>,
    /// What it got at `join`, kept outside the database.
    pub(crate) enrolment: Option<Enrolment>,
    /// The serial of the card that its database is on.
    pub(crate) medium: [u8; 8],
    /// The database.
    pub(crate) path: PathBuf,
    /// An older copy of the card, with the time it was made.
    pub(crate) copy: Option<(PathBuf, u64)>,
    /// The network is there.
    pub(crate) network: bool,
    /// It was told to dial.
    pub(crate) dials: bool,
    /// The open connection, as this end believes.
    pub(crate) line: Option<u64>,
    pub(crate) back_off_ms: u64,
    /// Burnt or taken away: it never starts again.
    pub(crate) is_gone: bool,
    /// Its dispensers.
    pub(crate) taps: Vec<Tap>,
    /// Its SIM.
    pub(crate) sim: Option<Sim>,
    /// What the broker keeps for them.
    pub(crate) retained: BTreeMap<DispenserId, Vec<u8>>,
}

impl Station {
    pub(crate) fn new(name: SiteName, path: PathBuf, medium: [u8; 8]) -> Station {
        Station {
            name,
            program: Program::off(Clock::of_server()),
            enrolment: None,
            medium,
            path,
            copy: None,
            network: true,
            dials: false,
            line: None,
            back_off_ms: BACK_OFF_FIRST_MS,
            is_gone: false,
            taps: Vec::new(),
            sim: None,
            retained: BTreeMap::new(),
        }
    }

    /// The place of a dispenser in the list.
    pub(crate) fn tap(&self, id: &DispenserId) -> Option<usize> {
        self.taps.iter().position(|tap| tap.id == *id)
    }
}

/// The first wait before dialling again (PROTOCOL section 4).
pub(crate) const BACK_OFF_FIRST_MS: u64 = 1_000;
/// The longest.
pub(crate) const BACK_OFF_MAX_MS: u64 = 300_000;

/// A dispenser, and the person in front of it.
pub struct Tap {
    /// Unique in the world.
    pub id: DispenserId,
    /// The machine inside.
    pub machine: Dispenser,
    /// When the last message reached the gateway, and the last one reached the dispenser: they come in order.
    pub(crate) last_ms: [u64; 2],
    /// When it wakes next.
    pub(crate) wake_ms: Option<u64>,
    /// Who stands there.
    pub(crate) person: Option<usize>,
    /// How many asks it has made.
    pub(crate) asks: u64,
    /// What the person wants to take, where that is not all they asked for.
    pub(crate) wants_ml: Option<u64>,
    /// The valve is open: for which ask, and since when.
    pub(crate) open: Option<(String, u64)>,
}

impl Tap {
    pub(crate) fn new(id: DispenserId, now_ms: u64) -> Tap {
        Tap {
            machine: Dispenser::new(id.as_str(), now_ms),
            id,
            last_ms: [0; 2],
            wake_ms: None,
            person: None,
            asks: 0,
            wants_ml: None,
            open: None,
        }
    }
}

/// What every box here seals with, kept outside the database.
pub(crate) fn vault() -> Vault {
    Vault::new(&SecretKey::new([0x5a; 32]))
}
