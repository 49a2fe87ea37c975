//! Gateways that speak the real protocol and fold nothing: what they sell is up to the test.

use hub::hub::{effect::Enrolment, input::LinkId};
use kiosk::{
    fact::{Fact, Granted},
    ids::{Epoch, Lane, RecordId, Writer},
    moment::Moment,
};
use rusqlite::Connection;
use store::journal;
use sync::{
    frame::Say,
    journal::Pen,
    record::{Edit, Record},
    seal::{Identity, PairKey, SecretKey},
    session::{Action, Event, Session, Setup},
    thin,
};

pub fn box_seed(place: usize) -> SecretKey {
    SecretKey::new([100 + u8::try_from(place).unwrap(); 32])
}

/// A gateway: its journal and its session.
pub struct Gateway {
    pub enrolment: Enrolment,
    pub link: LinkId,
    pub session: Option<Session>,
    pub closed: bool,
    /// What it folded, in order.
    pub folded: Vec<Record>,
    /// Texts it was told to send, in order.
    pub told: Vec<Say>,
    connection: Connection,
    place: usize,
}

impl Gateway {
    pub fn new(enrolment: Enrolment, place: usize) -> Gateway {
        let connection = Connection::open_in_memory().unwrap();
        connection.execute_batch(journal::SCHEMA).unwrap();
        Gateway {
            enrolment,
            link: LinkId(0),
            session: None,
            closed: false,
            folded: Vec::new(),
            told: Vec::new(),
            connection,
            place,
        }
    }

    fn run(&self) -> Epoch {
        Epoch(0xb0 + self.place as u64)
    }

    pub fn dial(&mut self, link: LinkId) {
        self.link = link;
        self.closed = false;
        self.session = Some(Session::new(self.setup()));
    }

    fn setup(&self) -> Setup {
        Setup {
            side: Writer::Site,
            box_id: self.enrolment.box_id,
            run: self.run(),
            pair: PairKey::new(&SecretKey::new(self.enrolment.pair_key)),
            identity: Identity::from_seed(&box_seed(self.place)),
            peer_public: self.enrolment.hub_signing_key,
            medium: [3; 8],
            linger_ms: thin::LINGER_MS,
            refuse: None,
        }
    }

    /// Its sync by texts; gives the texts that it sends.
    pub fn thin(&mut self, moment: &Moment, event: thin::Event<'_>) -> thin::Outcome {
        let mut logs = journal::SqlLogs::new(&self.connection);
        let outcome = thin::handle(&self.setup(), moment, event, &mut logs).unwrap();
        for action in &outcome.actions {
            if let Action::Fold { record, .. } = action {
                self.folded.push(record.clone());
            }
        }
        outcome
    }

    pub fn write(&mut self, lane: Lane, record: &Record) -> RecordId {
        let pen = Pen {
            by: Writer::Site,
            epoch: self.run(),
        };
        let mut logs = journal::SqlLogs::new(&self.connection);
        pen.write(&mut logs, self.enrolment.box_id, lane, record).unwrap().id
    }

    /// A record in a log of its own that bears the name of another's run.
    pub fn write_as(&mut self, epoch: Epoch, record: &Record) -> RecordId {
        let by = Writer::Site;
        let mut logs = journal::SqlLogs::new(&self.connection);
        let pen = Pen { by, epoch };
        pen.write(&mut logs, self.enrolment.box_id, Lane::Money, record)
            .unwrap()
            .id
    }

    /// A record in a log that the hub never began.
    pub fn invent(&mut self, record: &Record) {
        let pen = Pen {
            by: Writer::Hub,
            epoch: Epoch(0x77),
        };
        let mut logs = journal::SqlLogs::new(&self.connection);
        pen.write(&mut logs, self.enrolment.box_id, Lane::Money, record)
            .unwrap();
    }

    pub fn event(&mut self, moment: &Moment, event: Event<'_>) -> Vec<Vec<u8>> {
        let Some(session) = &mut self.session else {
            return Vec::new();
        };
        let mut logs = journal::SqlLogs::new(&self.connection);
        let mut frames = Vec::new();
        let mut wide = None;
        for action in session.handle(moment, event, &mut logs).unwrap() {
            match action {
                Action::Send(bytes) => frames.push(bytes),
                Action::Fold { record, .. } => self.folded.push(record),
                Action::Say(say) => self.told.push(say),
                Action::Established { run, .. } => wide = Some(run),
                Action::Close(_) => self.closed = true,
                _ => {}
            }
        }
        if let Some(peer_run) = wide {
            self.thin(moment, thin::Event::WideHeard { peer_run });
        }
        frames
    }

    /// Every fact of the hub that came here.
    pub fn facts(&self) -> impl Iterator<Item = &Fact> {
        self.folded.iter().filter_map(|record| match record {
            Record::Fact(fact) => Some(fact),
            _ => None,
        })
    }

    pub fn grants(&self) -> Vec<Granted> {
        let granted = |fact: &Fact| match fact {
            Fact::Granted(granted) => Some(granted.clone()),
            _ => None,
        };
        self.facts().filter_map(granted).collect()
    }

    pub fn recalled(&self) -> Vec<kiosk::ids::GrantId> {
        let recalled = |fact: &Fact| match fact {
            Fact::Recalled { grant } => Some(*grant),
            _ => None,
        };
        self.facts().filter_map(recalled).collect()
    }

    /// Every change to a document that came here.
    pub fn changes(&self) -> Vec<Vec<u8>> {
        let change = |record: &Record| match record {
            Record::Edit(Edit::Change { bytes, .. }) => Some(bytes.clone()),
            _ => None,
        };
        self.folded.iter().filter_map(change).collect()
    }

    /// Documents that came here.
    pub fn admitted(&self) -> usize {
        let admits = |record: &&Record| matches!(record, Record::Edit(Edit::Admit { .. }));
        self.folded.iter().filter(admits).count()
    }
}
