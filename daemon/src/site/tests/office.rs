//! The hub's end of carriers, as far as a site notices: the same logs, a session, texts.

use std::collections::VecDeque;

use kiosk::ids::LogKey;
use store::Database;
use sync::{
    journal::{Logs as _, Stored},
    seal::{Carrier, Identity, PairKey},
    session::{self, Action, Session, Setup},
    thin,
};

use super::{
    super::{sim::SimOrder, store::logs},
    *,
};

/// A hub with one site, which holds what the bench played as the hub's word so far.
pub(super) struct Office {
    database: Database,
    session: Option<Session>,
    pen: Pen,
}

impl Office {
    pub(super) fn of(bench: &mut Bench) -> Office {
        let path = bench.folder.join("hub.db");
        let database = super::super::store::open(&path, Durability::Relaxed, &vault()).unwrap();
        let office = Office {
            database,
            session: None,
            pen: bench.hub,
        };
        for lane in [Lane::Money, Lane::Edits] {
            let key = LogKey {
                box_id: BoxId(9),
                by: Writer::Hub,
                lane,
                epoch: office.pen.epoch,
            };
            for stored in logs(bench.site().connection()).read(&key, 1, 1_000_000).unwrap() {
                let Stored::Bytes(bytes) = stored else { continue };
                let record = Record::decode(Writer::Hub, lane, &bytes).unwrap();
                if !matches!(record, Record::Began { .. }) {
                    office.say(lane, &record);
                }
            }
        }
        office
    }

    /// The hub writes something for this box.
    pub(super) fn say(&self, lane: Lane, record: &Record) {
        let mut logs = logs(self.database.connection());
        self.pen.write(&mut logs, BoxId(9), lane, record).unwrap();
    }

    fn setup(&self) -> Setup {
        Setup {
            side: Writer::Hub,
            box_id: BoxId(9),
            run: self.pen.epoch,
            pair: PairKey::new(&SecretKey::new([1; 32])),
            identity: Identity::from_seed(&HUB_SEED),
            peer_public: Identity::from_seed(&SecretKey::new([2; 32])).public(),
            medium: [0; 8],
            refuse: None,
        }
    }

    /// The socket is opened and both ends are established.
    pub(super) fn link(&mut self, bench: &mut Bench) -> Vec<SimOrder> {
        let mut session = Session::new(self.setup());
        let moment = bench.moment();
        let opened = session
            .handle(&moment, session::Event::Opened, &mut logs(self.database.connection()))
            .unwrap();
        self.session = Some(session);
        let mut effects = VecDeque::from(bench.give(Input::LinkUp(1)));
        let mut orders = Vec::new();
        for frame in frames(opened) {
            effects.extend(bench.give(Input::LinkFrame(frame)));
        }
        // In the order in which they were said, until nobody says anything.
        while let Some(effect) = effects.pop_front() {
            match effect {
                Effect::Sim(order) => orders.push(order),
                Effect::Send { bytes, .. } => {
                    let moment = bench.moment();
                    let mut logs = logs(self.database.connection());
                    let session = self.session.as_mut().unwrap();
                    let actions = session
                        .handle(&moment, session::Event::Frame(&bytes), &mut logs)
                        .unwrap();
                    for frame in frames(actions) {
                        effects.extend(bench.give(Input::LinkFrame(frame)));
                    }
                }
                _ => {}
            }
        }
        assert!(bench.status().link_up);
        orders
    }

    /// A text, or a word in a session, came; gives whether it was the box's.
    pub(super) fn hear(&self, bench: &mut Bench, carrier: Carrier, text: &str) -> bool {
        self.thin(bench, thin::Event::Text { carrier, text }).verified
    }

    /// What the hub says in texts now.
    pub(super) fn tick(&self, bench: &mut Bench, carrier: Carrier) -> Vec<String> {
        let said = self.thin(bench, thin::Event::Tick { carrier, texts_max: 10 });
        said.texts.into_iter().map(|text| text.text).collect()
    }

    fn thin(&self, bench: &mut Bench, event: thin::Event<'_>) -> thin::Outcome {
        let moment = bench.moment();
        thin::handle(&self.setup(), &moment, event, &mut logs(self.database.connection())).unwrap()
    }

    /// Whether the hub holds the site's money log of this run, byte for byte; and how long it is.
    pub(super) fn holds_all(&self, bench: &mut Bench) -> (bool, usize) {
        let key = LogKey {
            box_id: BoxId(9),
            by: Writer::Site,
            lane: Lane::Money,
            epoch: bench.site().pen.epoch,
        };
        let there = logs(self.database.connection()).read(&key, 1, 1_000_000).unwrap();
        let here = logs(bench.site().connection()).read(&key, 1, 1_000_000).unwrap();
        (here == there, there.len())
    }
}

fn frames(actions: Vec<Action>) -> Vec<Vec<u8>> {
    let frame = |action| match action {
        Action::Send(bytes) => Some(bytes),
        _ => None,
    };
    actions.into_iter().filter_map(frame).collect()
}
