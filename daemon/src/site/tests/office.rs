//! The hub's end of carriers, as far as a site notices: the same logs, a session, texts.

use std::collections::VecDeque;

use kiosk::ids::LogKey;
use store::Database;
use sync::{
    frame::{Said, Say},
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
    /// What the site said of texts that it was asked for.
    said: Vec<Said>,
}

impl Office {
    pub(super) fn of(bench: &mut Bench) -> Office {
        let path = bench.folder.join("hub.db");
        let database = super::super::store::open(&path, Durability::Relaxed, &vault()).unwrap();
        let office = Office {
            database,
            session: None,
            pen: bench.hub,
            said: Vec::new(),
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
            linger_ms: thin::LINGER_HUB_MS,
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
        let mut effects = bench.give(Input::LinkUp(1));
        for frame in self.frames(opened) {
            effects.extend(bench.give(Input::LinkFrame(frame)));
        }
        let orders = self.carry(bench, effects);
        assert!(bench.status().link_up);
        let peer_run = bench.site().pen.epoch;
        self.thin(bench, thin::Event::WideHeard { peer_run });
        orders
    }

    /// Something comes to the site while the socket is open.
    pub(super) fn give(&mut self, bench: &mut Bench, input: Input) -> Vec<SimOrder> {
        let effects = bench.give(input);
        self.carry(bench, effects)
    }

    /// The frame in which the hub has the site send a text.
    pub(super) fn ask(&mut self, bench: &mut Bench, say: &Say) -> Input {
        let moment = bench.moment();
        let session = self.session.as_mut().unwrap();
        let event = session::Event::Say(say.clone());
        let actions = session
            .handle(&moment, event, &mut logs(self.database.connection()))
            .unwrap();
        Input::LinkFrame(self.frames(actions).remove(0))
    }

    /// What the site said of texts that it was asked for, since this was last asked.
    pub(super) fn heard(&mut self) -> Vec<Said> {
        std::mem::take(&mut self.said)
    }

    /// What the site says to the hub and the hub to it, in the order in which it was said, until nobody says anything.
    fn carry(&mut self, bench: &mut Bench, effects: Vec<Effect>) -> Vec<SimOrder> {
        let mut effects = VecDeque::from(effects);
        let mut orders = Vec::new();
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
                    for frame in self.frames(actions) {
                        effects.extend(bench.give(Input::LinkFrame(frame)));
                    }
                }
                _ => {}
            }
        }
        orders
    }

    fn frames(&mut self, actions: Vec<Action>) -> Vec<Vec<u8>> {
        let mut frames = Vec::new();
        for action in actions {
            match action {
                Action::Send(bytes) => frames.push(bytes),
                Action::Said(said) => self.said.push(said),
                Action::Close(closed) => panic!("the hub closes: {closed:?}"),
                _ => {}
            }
        }
        frames
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
