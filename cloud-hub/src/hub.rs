//! The hub's machine: one input, one transaction, over one SQLite file.
//!
//! | module | what it holds |
//! |---|---|
//! | [`input`] | everything that can reach it |
//! | [`effect`] | everything it wants done outside, after the commit |
//! | [`settings`] | what an operator decides once |
//! | [`side`] | the side log: what nobody could give back after a restore |
//! | [`operator`] | people and programs that ask, what they may, and the audit of what they did |
//! | `fleet` | sites, join codes, enrolments, write-offs, doubt |
//! | `link` | live sockets of gateways |
//! | `thin` | gateways that sync by SMS and USSD |
//! | `brake` | kiosks at which PINs are guessed |
//! | `ask` | requests: who may, the first answer again, the way to each rule |
//! | `repeat` | what a repeat may be told: no PIN is found out by it |
//! | `customer` | customers, their PINs, what sites are told of them |
//! | `registration` | people registered at sites, and people registered twice |
//! | `document` | what people edit on both sides |
//! | `merge` | writing and folding records, the hub's own and those of sites |
//! | `grant` | purses: credits, what is free of them, grants |
//! | `recall` | rights asked back from sites, and requests that wait for them |
//! | `parked` | who waits |
//! | `purchase` | what may be bought, what it costs, how it begins |
//! | [`money`] | money that comes without a prompt, and what became of money that we sent |
//! | `incoming` | where that money belongs, and what an operator decides about it |
//! | [`pull`] | asking providers for what they took |
//! | `payment` | payments of purchases, from the prompt to the litres |
//! | [`payout`] | money that goes out |
//! | `refund` | refunds, withdrawals, money that goes back to its payer |
//! | `delivery` | what a payment gives, and the text that says so |
//! | `loan` | loans between people |
//! | `sms` | commands by SMS, and tickets |
//! | `code` | one-time codes that texts carry |
//! | `ledger` | double entry |
//! | `float`, `cash` | how much cash a site's manager may take, and what they took |
//! | `manager` | managers of sites who work by phone, and their PIN |
//! | `number` | accounts that go along to another number |
//! | `dispense` | water drawn at the hub itself |
//! | [`bill`] | customers who pay by bill, and their bills |
//! | `daily` | what is done once a day, at each site's own time |
//! | `report` | what a day came to |
//! | [`talk`], [`inbox`], `forwarded` | texts to customers, texts from them, those that came to a site's SIM |
//! | `broadcast` | one text to many people |
//! | `ussd` | people who call by USSD: their sessions, and what the menus ask of the books |
//! | `tick` | what time brings |
//! | [`store`] | the tables; [`store::read`] is for pages |
//!
//! It keeps nothing between inputs outside its store but its run's number, the state of live sockets and requests that
//! wait some seconds for a site, and they die with the process and the socket.

mod answer;
mod ask;
pub mod bill;
mod brake;
mod broadcast;
mod cash;
mod code;
mod customer;
mod daily;
mod delivery;
mod dispense;
mod document;
pub mod effect;
mod fleet;
mod float;
mod forwarded;
mod grant;
pub mod inbox;
mod incoming;
pub mod input;
mod keys;
mod ledger;
mod link;
mod loan;
mod manager;
mod merge;
pub mod money;
mod number;
pub mod operator;
mod parked;
mod payment;
pub mod payout;
pub mod pull;
mod purchase;
mod recall;
mod receipt;
mod refund;
mod registration;
mod repeat;
mod report;
pub mod settings;
pub mod side;
mod sms;
pub mod store;
pub mod talk;
mod thin;
mod tick;
mod turn;
mod ussd;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use ::store::{Database, Durability, StoreError};
use kiosk::{ids::Epoch, moment::Moment, talk::Talk};
use runtime::machine::{Fault, Machine};
use sha2::{Digest, Sha256};

pub use self::{brake::SLOWED, parked::WAITING_FULL, turn::HubError};
use self::{
    effect::Effect,
    input::{Input, LinkId, Request},
    keys::Keys,
    link::Link,
    parked::Parking,
    settings::Settings,
    side::SideLog,
    store::{Store, audit::AuditHead},
    turn::{Turn, join_unavailable, unavailable},
};

/// The most that one payment may move, in minor units: sums of any number of them stay whole numbers.
const AMOUNT_MINOR_MAX: i64 = 1_000_000_000_000;

/// The hub's machine.
pub struct Hub {
    database: Database,
    settings: Settings,
    keys: Keys,
    talk: Talk,
    side: Box<dyn SideLog>,
    /// This run (PROTOCOL rule 3), drawn with the first input.
    run: Option<Epoch>,
    links: BTreeMap<LinkId, Link>,
    /// Links whose session was lost with a transaction: their sockets are to be closed.
    lost: BTreeSet<LinkId>,
    /// Requests that wait for a site, and those that waited when the open batch began.
    parked: Parking,
    parked_at_begin: Parking,
    /// The side log may hold what the database does not: at the start, and after anything failed.
    side_unread: bool,
    /// How many entries of the side log the database held when the open commit began; read when first asked for.
    side_held: Option<usize>,
    /// The audit's head when the open commit began.
    audit_held: Option<AuditHead>,
}

impl Hub {
    /// Opens or makes the database at `path`. The first input must be [`Input::Started`].
    pub fn open(
        path: &Path,
        durability: Durability,
        settings: Settings,
        side: Box<dyn SideLog>,
    ) -> Result<Hub, StoreError> {
        let database = Database::open(path, durability, &store::MIGRATIONS)?;
        Ok(Hub {
            keys: Keys::new(&settings.master_key),
            talk: Talk::new(),
            database,
            settings,
            side,
            run: None,
            links: BTreeMap::new(),
            lost: BTreeSet::new(),
            parked: Parking::default(),
            parked_at_begin: Parking::default(),
            side_unread: true,
            side_held: None,
            audit_held: None,
        })
    }

    /// The database, for backups and a clean end.
    pub fn database(&self) -> &Database {
        &self.database
    }

    fn decide(&mut self, moment: &Moment, input: Input) -> Result<Vec<Effect>, HubError> {
        let run = *self
            .run
            .get_or_insert_with(|| Epoch(moment.draw.number("hub epoch").max(1)));
        let (settings, keys, talk) = (&self.settings, &self.keys, &self.talk);
        let close = |link| Effect::Close {
            link,
            why: "its session was lost with a transaction",
        };
        let closing = std::mem::take(&mut self.lost);
        let side_unread = self.side_unread;
        let parked_before = self.parked.clone();
        let parked = &mut self.parked;
        let (side, links, lost) = (&mut self.side, &mut self.links, &mut self.lost);
        let (side_held, audit_held) = (&mut self.side_held, &mut self.audit_held);
        let decided = self.database.alone(|connection| {
            let audit_held = match audit_held {
                Some(held) => held,
                None => audit_held.insert(Store(connection).audit_head()?),
            };
            let mut turn = Turn {
                store: Store(connection),
                moment,
                settings,
                keys,
                talk,
                side: &mut **side,
                side_held,
                audit_held,
                links,
                lost,
                parked,
                again: None,
                waits_no_more: false,
                run,
                effects: Vec::new(),
                throws: 0,
                written: BTreeSet::new(),
                event: None,
                texts_queued: false,
            };
            if side_unread {
                turn.heed_side_log()?;
            }
            turn.handle(input)?;
            turn.finish()?;
            Ok::<_, HubError>(turn.effects)
        });
        match decided {
            Ok(decided) => {
                self.lost.clear();
                self.side_unread = false;
                Ok(closing.into_iter().map(close).chain(decided).collect())
            }
            Err(error) => {
                self.parked = parked_before;
                self.links.retain(|link, _| !self.lost.contains(link));
                self.lost.extend(closing);
                self.side_unread = true;
                Err(error)
            }
        }
    }
}

impl Machine for Hub {
    type Input = Input;
    type Effect = Effect;

    fn begin(&mut self) -> Result<(), Fault> {
        self.side_held = None;
        self.audit_held = None;
        // Before anything can fail: a batch that cannot begin is abandoned too, and leaves them as they are.
        self.parked_at_begin = self.parked.clone();
        self.database.begin().map_err(fault)
    }

    fn handle(&mut self, moment: &Moment, input: Input) -> Result<Vec<Effect>, Fault> {
        self.decide(moment, input).map_err(fault)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        self.database.commit().map_err(fault)
    }

    fn abandon(&mut self) {
        self.database.abandon();
        self.side_unread = true;
        self.parked = self.parked_at_begin.clone();
        // Every session believes that it sent what was rolled back.
        self.lost.extend(std::mem::take(&mut self.links).into_keys());
    }

    fn refusal(&self, input: &Input) -> Vec<Effect> {
        let close = |link: &LinkId| Effect::Close {
            link: *link,
            why: "the hub could not write",
        };
        match input {
            Input::Asked { reply, request, .. } if matches!(**request, Request::Join(_)) => vec![Effect::Reply {
                reply: *reply,
                answer: Err(join_unavailable()),
            }],
            Input::Asked { reply, .. }
            | Input::Callback { reply, .. }
            | Input::BadCallback { reply, .. }
            | Input::MoneyOffered { reply, .. }
            | Input::MoneySeen { reply, .. }
            | Input::OrderEnded { reply, .. }
            | Input::TextReported { reply, .. }
            | Input::TextReceived { reply, .. }
            | Input::TextsStopped { reply, .. } => vec![Effect::Reply {
                reply: *reply,
                answer: Err(unavailable()),
            }],
            Input::Linked { link } | Input::Frame { link, .. } => vec![close(link)],
            Input::Provider { purchase, event } => vec![Effect::HandInAgain {
                purchase: *purchase,
                event: event.clone(),
            }],
            Input::PaidOut { payout, word } => vec![Effect::HandInPayoutAgain {
                payout: *payout,
                word: word.clone(),
            }],
            Input::Started | Input::Unlinked { .. } | Input::Texted { .. } | Input::Pulled { .. } | Input::Tick => {
                Vec::new()
            }
        }
    }
}

/// The id of the credit that a payment gives: one per receipt of a provider (PROTOCOL rule 26).
fn credit_id(name: &str) -> u64 {
    let hash: [u8; 32] = Sha256::digest(name.as_bytes()).into();
    let [a, b, c, d, e, f, g, h, ..] = hash;
    u64::from_be_bytes([a, b, c, d, e, f, g, h])
}

fn fault(error: impl std::fmt::Display) -> Fault {
    Fault(error.to_string())
}

impl Turn<'_> {
    /// One input.
    fn handle(&mut self, input: Input) -> Result<(), HubError> {
        match input {
            Input::Started => self.started(),
            Input::Linked { link } => self.linked(link),
            Input::Frame { link, bytes } => self.frame(link, &bytes),
            Input::Unlinked { link } => self.unlinked(link),
            Input::Asked {
                reply,
                by,
                key,
                request,
            } => self.asked(reply, &by, key.as_deref(), &request),
            Input::Provider { purchase, event } => self.provider_answered(purchase, event),
            Input::Callback { reply, name, report } => self.called_back(reply, &name, report),
            Input::BadCallback { reply, service, why } => self.called_back_badly(reply, service, &why),
            Input::MoneyOffered { reply, arrival } => self.money_offered(reply, &arrival),
            Input::MoneySeen { reply, arrival, source } => self.money_seen(reply, &arrival, source),
            Input::Pulled { question, page } => self.pulled(question, page),
            Input::PaidOut { payout, word } => self.payout_answered(payout, word),
            Input::OrderEnded { reply, token, result } => self.order_ended(reply, token.as_deref(), &result),
            Input::Texted { outbox, outcome } => self.texted(outbox, &outcome),
            Input::TextReported { reply, report } => self.text_reported(reply, &report),
            Input::TextReceived { reply, text } => self.text_received(reply, &text),
            Input::TextsStopped { reply, phone } => self.texts_stopped(reply, phone),
            Input::Tick => self.tick(),
        }
    }
}
