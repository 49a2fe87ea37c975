//! A hub in a temporary folder, driven by hand, and gateways that speak the real protocol and fold nothing.

use std::{
    collections::BTreeMap,
    path::PathBuf,
    sync::atomic::{AtomicU64, Ordering},
};

use hub::hub::{
    Hub,
    effect::{Effect, Prompt, Refusal, Response},
    input::{
        Actor, CallbackName, IncomingText, Input, JoinRequest, LinkId, NewCustomer, NewSite, ReplyId, Request, Secret,
    },
    settings::Settings,
    side::MemorySideLog,
    store::read,
};
use kiosk::{
    fact::Fact,
    ids::{CustomerId, Epoch, Lane, RecordId, Writer},
    moment::{Draw, Moment, Trust, Wall},
    phone::Phone,
    provider::Provider,
    units::Volume,
};
use runtime::machine::run_batch;
use rusqlite::Connection;
use store::{Database, Durability, journal::SqlLogs};
use sync::{
    journal::Pen,
    record::Record,
    seal::{Identity, SecretKey},
    session::Event,
};

use crate::gateway::{Gateway, box_seed};

/// Noon in Nairobi on 20 November 2026.
pub const NOON: Wall = Wall(1_795_165_200_000);

/// How a callback of M-PESA names its purchase.
pub fn mpesa_token(token: String) -> CallbackName {
    let provider = Provider::Mpesa;
    CallbackName::Token { provider, token }
}

static FOLDERS: AtomicU64 = AtomicU64::new(0);

/// A hub and its surroundings.
pub struct World {
    pub hub: Hub,
    pub side: MemorySideLog,
    pub folder: PathBuf,
    database: PathBuf,
    pub now: Wall,
    /// Who vouches for it.
    pub trust: Trust,
    pub settings: Settings,
    /// Effects that were neither frames nor answers, in order.
    pub seen: Vec<Effect>,
    pub gateways: Vec<Gateway>,
    /// Every answer so far.
    said: BTreeMap<ReplyId, Result<Response, Refusal>>,
    inputs: u64,
    replies: u64,
    links: u64,
}

impl Drop for World {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

impl World {
    pub fn new() -> World {
        World::with(|_| ())
    }

    pub fn with(change: impl FnOnce(&mut Settings)) -> World {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("kisima-hub-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let mut settings = Settings::new(SecretKey::new([7; 32]));
        change(&mut settings);
        let side = MemorySideLog::default();
        let hub = open(&folder, &settings, &side);
        let mut world = World {
            hub,
            side,
            database: folder.join("hub.db"),
            folder,
            now: NOON,
            trust: Trust::Ntp,
            settings,
            seen: Vec::new(),
            gateways: Vec::new(),
            said: BTreeMap::new(),
            inputs: 0,
            replies: 0,
            links: 0,
        };
        world.give(Input::Started);
        world
    }

    /// The process ends and starts again: all sockets are gone.
    pub fn restart(&mut self) {
        self.reopen();
        self.give(Input::Started);
    }

    /// A subcommand has the machine for one request: nobody tells it that it started.
    pub fn reopen(&mut self) {
        self.gateways.iter_mut().for_each(|gateway| gateway.session = None);
        self.hub = open(&self.folder, &self.settings, &self.side);
    }

    /// Copies the database as it is now.
    pub fn backup(&self) {
        self.hub.database().backup(&self.folder.join("backup.db")).unwrap();
    }

    /// The machine of the hub burnt; the backup is put on another. The side log was kept apart.
    pub fn restore(&mut self) {
        self.gateways.iter_mut().for_each(|gateway| gateway.session = None);
        let path = self.folder.join("restored");
        std::fs::create_dir_all(&path).unwrap();
        std::fs::rename(self.folder.join("backup.db"), path.join("hub.db")).unwrap();
        self.hub = open(&path, &self.settings, &self.side);
        self.database = path.join("hub.db");
        self.give(Input::Started);
    }

    pub fn moment(&mut self) -> Moment {
        self.inputs += 1;
        let mut seed = [0; 32];
        seed[..8].copy_from_slice(&self.inputs.to_be_bytes());
        Moment {
            wall: self.now,
            trust: self.trust,
            monotonic_ms: (self.now.0 - NOON.0).unsigned_abs(),
            draw: Draw::new(seed),
        }
    }

    /// Gives the hub an input and carries frames until nothing moves.
    pub fn give(&mut self, input: Input) -> Vec<Effect> {
        let mut effects = self.step(input);
        let mut answers = Vec::new();
        while !effects.is_empty() {
            let mut next = Vec::new();
            for effect in effects {
                match effect {
                    Effect::Send { link, bytes } => next.extend(self.carry_to_gateway(link, &bytes)),
                    Effect::Close { link, .. } => {
                        let cut = |gateway: &&mut Gateway| gateway.link == link;
                        self.gateways.iter_mut().filter(cut).for_each(|gateway| {
                            gateway.session = None;
                            gateway.closed = true;
                        });
                    }
                    Effect::Reply { reply, answer } => {
                        let first = self.said.insert(reply, answer.clone());
                        let is_ours = reply.0 <= self.replies;
                        assert!(first.is_none() || !is_ours, "{reply:?} was answered twice: {answer:?}");
                        answers.push(Effect::Reply { reply, answer });
                    }
                    other => self.seen.push(other),
                }
            }
            effects = next;
        }
        answers
    }

    fn step(&mut self, input: Input) -> Vec<Effect> {
        let moment = self.moment();
        run_batch(&mut self.hub, [(moment, input)], |fault| panic!("{fault}"))
    }

    fn carry_to_gateway(&mut self, link: LinkId, bytes: &[u8]) -> Vec<Effect> {
        let moment = self.moment();
        let Some(gateway) = self.gateways.iter_mut().find(|gateway| gateway.link == link) else {
            return Vec::new();
        };
        let frames = gateway.event(&moment, Event::Frame(bytes));
        self.carry_to_hub(link, frames)
    }

    fn carry_to_hub(&mut self, link: LinkId, frames: Vec<Vec<u8>>) -> Vec<Effect> {
        let frames = frames.into_iter();
        frames
            .flat_map(|bytes| self.step(Input::Frame { link, bytes }))
            .collect()
    }

    /// Asks as the owner.
    pub fn ask(&mut self, request: Request) -> Result<Response, Refusal> {
        self.ask_as(Actor::Owner, None, request)
    }

    pub fn ask_as(&mut self, by: Actor, key: Option<&str>, request: Request) -> Result<Response, Refusal> {
        let reply = self.ask_patiently(by, key, request);
        self.said(reply).expect("an answer")
    }

    /// Asks something that may be answered later.
    pub fn ask_patiently(&mut self, by: Actor, key: Option<&str>, request: Request) -> ReplyId {
        self.replies += 1;
        let reply = ReplyId(self.replies);
        self.give(Input::Asked {
            reply,
            by,
            key: key.map(str::to_owned),
            request: Box::new(request),
        });
        reply
    }

    /// The answer, once it is there.
    pub fn said(&self, reply: ReplyId) -> Option<Result<Response, Refusal>> {
        self.said.get(&reply).cloned()
    }

    /// A text comes from a number, under the provider's id of it.
    pub fn text(&mut self, id: &str, from: &str, text: &str) {
        let text = IncomingText {
            id: id.to_owned(),
            phone: Phone::parse(from, self.settings.country).unwrap(),
            text: text.to_owned(),
        };
        let (reply, answer) = (ReplyId(9_000), Ok(Response::Done));
        let answers = self.give(Input::TextReceived { reply, text });
        assert!(answers.contains(&Effect::Reply { reply, answer }), "{answers:?}");
    }

    pub fn customer(&mut self, phone: &str, site: Option<&str>) -> CustomerId {
        let new = NewCustomer {
            phone: phone.to_owned(),
            name: "Jane Wanjiku".to_owned(),
            pin: Some(Secret("4071".to_owned())),
            city: None,
            site: site.map(|site| site.parse().unwrap()),
            language: None,
        };
        match self.ask(Request::CreateCustomer(new)) {
            Ok(Response::Customer { customer, .. }) => customer,
            other => panic!("{other:?}"),
        }
    }

    pub fn credit(&mut self, customer: CustomerId, volume_ml: i64) -> i64 {
        let request = Request::Credit {
            customer,
            volume_ml,
            reason: "test".to_owned(),
        };
        match self.ask(request) {
            Ok(Response::Credited { balance_ml, .. }) => balance_ml,
            other => panic!("{other:?}"),
        }
    }

    pub fn add_site(&mut self, name: &str) -> String {
        let new = NewSite {
            name: name.parse().unwrap(),
            title: None,
            time_zone: None,
            valid_ms: None,
        };
        match self.ask(Request::AddSite(new)) {
            Ok(Response::JoinCode { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    pub fn replace_code(&mut self, name: &str) -> String {
        let request = Request::ReplaceSite {
            site: name.parse().unwrap(),
            valid_ms: None,
        };
        match self.ask(request) {
            Ok(Response::JoinCode { code, .. }) => code,
            other => panic!("{other:?}"),
        }
    }

    pub fn try_join(&mut self, code: &str) -> Result<Response, Refusal> {
        let request = Request::Join(JoinRequest {
            code: Secret(code.to_owned()),
            public_key: Identity::from_seed(&box_seed(self.gateways.len())).public(),
            medium: [3; 8],
            replace: false,
        });
        self.ask_as(Actor::Gateway, None, request)
    }

    /// Joins a new gateway to a site and links it; returns its place.
    pub fn join(&mut self, code: &str) -> usize {
        let place = self.gateways.len();
        match self.try_join(code) {
            Ok(Response::Joined(enrolment)) => self.gateways.push(Gateway::new(*enrolment, place)),
            other => panic!("{other:?}"),
        }
        self.link(place);
        place
    }

    /// A site with a gateway that is linked.
    pub fn site(&mut self, name: &str) -> usize {
        let code = self.add_site(name);
        self.join(&code)
    }

    /// The gateway dials.
    pub fn link(&mut self, place: usize) {
        self.links += 1;
        let link = LinkId(self.links);
        let moment = self.moment();
        let gateway = &mut self.gateways[place];
        gateway.dial(link);
        let frames = gateway.event(&moment, Event::Opened);
        self.give(Input::Linked { link });
        for bytes in frames {
            self.give(Input::Frame { link, bytes });
        }
    }

    /// The gateway's socket breaks.
    pub fn unlink(&mut self, place: usize) {
        let link = self.gateways[place].link;
        self.gateways[place].session = None;
        self.give(Input::Unlinked { link });
    }

    /// The gateway writes a fact and, when linked, sends it.
    pub fn site_writes(&mut self, place: usize, fact: Fact) -> RecordId {
        self.gateway_writes(place, Lane::Money, Record::Fact(fact))
    }

    /// The gateway tells the hub something on its socket.
    pub fn gateway_tells(&mut self, place: usize, event: Event<'_>) {
        let moment = self.moment();
        let link = self.gateways[place].link;
        for bytes in self.gateways[place].event(&moment, event) {
            self.give(Input::Frame { link, bytes });
        }
    }

    pub fn gateway_writes(&mut self, place: usize, lane: Lane, record: Record) -> RecordId {
        let id = self.gateways[place].write(lane, &record);
        self.gateway_tells(place, Event::Written);
        id
    }

    /// The gateway sends a fact in a log that bears the name of another's run.
    pub fn forge(&mut self, place: usize, epoch: Epoch, fact: Fact) -> RecordId {
        let id = self.gateways[place].write_as(epoch, &Record::Fact(fact));
        self.gateway_tells(place, Event::Written);
        id
    }

    /// An older version of the hub took this fact of a gateway and did not know its kind; then the hub is this version.
    pub fn kept_unknown(&mut self, place: usize, fact: Fact) {
        let log = Pen {
            by: Writer::Site,
            epoch: Epoch(0x99),
        };
        let books = Connection::open(&self.database).unwrap();
        let mut logs = SqlLogs::new(&books);
        let box_id = self.gateways[place].enrolment.box_id;
        let id = log
            .write(&mut logs, box_id, Lane::Money, &Record::Fact(fact))
            .unwrap()
            .id;
        let place = (box_id.0.cast_signed(), 0, 0, id.log.epoch.0.cast_signed(), id.seq);
        books
            .execute(
                "INSERT INTO unknown_record (box, writer, lane, epoch, seq) VALUES (?1, ?2, ?3, ?4, ?5)",
                place,
            )
            .unwrap();
        self.restart();
    }

    pub fn read(&self) -> Connection {
        Database::open_read_only(&self.database).unwrap()
    }

    pub fn balance_ml(&self, customer: CustomerId) -> i64 {
        self.shown(customer).balance_ml
    }

    pub fn shown(&self, customer: CustomerId) -> read::Customer {
        read::customer(&self.read(), customer).unwrap().unwrap()
    }

    /// The ledger's accounts in shillings' cents; every total must be zero.
    pub fn ledger(&self) -> BTreeMap<String, i64> {
        let ledger = read::ledger_balance(&self.read()).unwrap();
        for (currency, accounts) in &ledger {
            assert_eq!(accounts.values().sum::<i64>(), 0, "{currency}: {accounts:?}");
        }
        ledger.into_values().next().unwrap_or_default()
    }

    /// The prompts that left.
    pub fn prompts(&self) -> Vec<Prompt> {
        let prompt = |effect: &Effect| match effect {
            Effect::Submit(prompt) => Some(prompt.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(prompt).collect()
    }

    /// The texts that left.
    pub fn texts(&self) -> Vec<String> {
        let text = |effect: &Effect| match effect {
            Effect::Text { text, .. } => Some(text.clone()),
            _ => None,
        };
        self.seen.iter().filter_map(text).collect()
    }

    pub fn alarms(&self) -> Vec<&'static str> {
        let alarm = |effect: &Effect| match effect {
            Effect::Live(hub::hub::effect::LiveEvent::Alarm { code, .. }) => Some(*code),
            _ => None,
        };
        self.seen.iter().filter_map(alarm).collect()
    }

    /// Time passes, and the hub notices.
    pub fn pass(&mut self, ms: i64) {
        self.now = self.now.plus_ms(ms);
        self.give(Input::Tick);
    }
}

fn open(folder: &std::path::Path, settings: &Settings, side: &MemorySideLog) -> Hub {
    let side = Box::new(side.clone());
    Hub::open(&folder.join("hub.db"), Durability::Relaxed, settings.clone(), side).unwrap()
}

pub fn ml(volume: u64) -> Volume {
    Volume::from_ml(volume)
}
