//! The machine alone: what a dispenser asks and reports, decided over a real database.

use std::path::PathBuf;

use kiosk::{
    fact::{Fact, Granted, Listed, Outcome, Purse},
    ids::{AccountId, BoxId, CustomerId, Epoch, GrantId, Lane, Writer},
    moment::{Draw, Moment, Trust, Wall},
    pin::PinKey,
    units::{Currency, Volume},
};
use runtime::machine::{Machine as _, run_batch};
use store::Durability;
use sync::{
    journal::Pen,
    record::{DocumentId, Edit, Record},
    seal::{Identity, SecretKey, sealing_public},
    vault::Vault,
};

use super::{
    Opening, Settings, Site,
    care::Care,
    effect::{Answer, Delivery, Effect, Receipt, Refusal, Rendered, Told, Wire},
    enrolment::Enrolment,
    input::{Ask, Door, Input, Report, Who},
    sim::SimSettings,
    store::read,
};

mod accounts;
mod asked;
mod broadcast;
mod care;
mod cash;
mod commands;
mod doubt;
mod limits;
mod office;
mod repeats;
mod rollback;
mod sealing;
mod silent;
mod sim;
mod standing;
mod stops;
mod storage;
mod tally;
mod texts;
mod thin;
mod turned_away;

const JANE: CustomerId = CustomerId(7);
const PHONE: &str = "+254700000102";
const HUB_SEED: SecretKey = SecretKey::new([7; 32]);
const HUB_SEALING_SECRET: SecretKey = SecretKey::new([8; 32]);

/// A site in a folder of its own, and the hand that plays its hub.
struct Bench {
    folder: PathBuf,
    site: Option<Site>,
    epoch: u64,
    monotonic_ms: u64,
    /// For how long the box was off.
    off_ms: i64,
    hub: Pen,
    granted: u64,
    sim: Option<SimSettings>,
    care: Care,
}

impl Bench {
    fn new(name: &str) -> Bench {
        Bench::with(name, Care::default(), None)
    }

    fn with(name: &str, care: Care, sim: Option<SimSettings>) -> Bench {
        let mut bench = Bench::unjoined(name, care, sim);
        bench.give(Input::Joined(Box::new(enrolment())));
        bench
    }

    /// A box before it joins: it may not restart.
    fn unjoined(name: &str, care: Care, sim: Option<SimSettings>) -> Bench {
        let folder = std::env::temp_dir().join(format!("kisima-site-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let hub = Pen {
            by: Writer::Hub,
            epoch: Epoch(0x44),
        };
        let mut bench = Bench {
            folder,
            site: None,
            epoch: 1,
            monotonic_ms: 0,
            off_ms: 0,
            hub,
            granted: 0,
            sim,
            care,
        };
        bench.restart();
        bench
    }

    /// The process is killed and starts again.
    fn restart(&mut self) {
        self.site = None;
        self.epoch += 1;
        self.monotonic_ms = 0;
        let opening = Opening {
            path: &self.folder.join("site.db"),
            durability: Durability::Relaxed,
            epoch: Epoch(self.epoch),
            settings: Settings {
                report_within_ms: 60_000,
                language: "en".to_owned(),
                volume_max: Volume::from_ml(20_000),
                pulses_per_litre: 450,
                built: Wall(0),
                hub_url: None,
                care: self.care.clone(),
                sim: self.sim.clone(),
            },
            wire: Wire { answer, receipt, told },
            enrolment: (self.epoch > 2).then(enrolment),
            medium: [0; 8],
            vault: vault(),
        };
        self.site = Some(Site::open(opening).unwrap());
        self.give(Input::Started);
    }

    fn site(&mut self) -> &mut Site {
        self.site.as_mut().unwrap()
    }

    fn moment(&mut self) -> Moment {
        self.monotonic_ms += 10;
        let wall = Wall(1_790_000_000_000 + self.off_ms + i64::try_from(self.monotonic_ms).unwrap());
        let mut draw = [0; 32];
        draw[..8].copy_from_slice(&self.monotonic_ms.to_be_bytes());
        Moment {
            wall,
            trust: Trust::Hub,
            monotonic_ms: self.monotonic_ms,
            draw: Draw::new(draw),
        }
    }

    fn give(&mut self, input: Input) -> Vec<Effect> {
        let moment = self.moment();
        run_batch(self.site(), [(moment, input)], |fault| panic!("{fault}"))
    }

    /// The hub says something, as if it had come over the link.
    fn hear(&mut self, lane: Lane, record: Record) {
        let moment = self.moment();
        let hub = self.hub;
        let site = self.site();
        site.begin().unwrap();
        let written = hub
            .write(&mut super::store::logs(site.connection()), BoxId(9), lane, &record)
            .unwrap();
        site.fold(&moment, written.id, written.record).unwrap();
        site.commit().unwrap();
    }

    fn meet_jane(&mut self) {
        let pin = PinKey::new([3; 32]).verifier(JANE, &"4071".parse().unwrap());
        self.hear(Lane::Money, Record::Fact(Fact::Listed(listed(Some(pin)))));
        let doc = DocumentId::Customer(JANE);
        self.hear(Lane::Edits, Record::Edit(Edit::Admit { doc }));
        super::store::people::put_profile(self.site().connection(), JANE, Some(PHONE), "Jane Smith", "").unwrap();
    }

    fn grant(&mut self, ml: u64) -> GrantId {
        self.granted += 1;
        let grant = GrantId {
            epoch: Epoch(0x44),
            number: self.granted,
        };
        let granted = Granted {
            grant,
            customer: JANE,
            purse: Purse::Prepaid,
            volume: Volume::from_ml(ml),
            valid_until: None,
        };
        self.hear(Lane::Money, Record::Fact(Fact::Granted(granted)));
        grant
    }

    fn ask(&mut self, request: &str, pin: &str, volume_ml: i64) -> String {
        let ask = Ask {
            request: request.parse().unwrap(),
            who: Who::User("0700000102".to_owned()),
            pin: pin.to_owned(),
            token: None,
            volume_ml,
        };
        delivered(self.give(Input::Asked(door(), ask)))
    }

    fn pour(&mut self, request: &str, ml: u64) -> String {
        let report = Report {
            request: request.parse().unwrap(),
            volume: Volume::from_ml(ml),
            outcome: Outcome::Complete,
        };
        delivered(self.give(Input::Poured(door(), report)))
    }

    fn balance_ml(&mut self) -> u64 {
        let now = self.moment().wall;
        let shown = read::customer_shown(self.site().connection(), JANE, Some(now)).unwrap();
        shown.unwrap().balance.ml()
    }

    fn sales(&mut self) -> Vec<(String, i64)> {
        let sales = read::sales(self.site().connection(), &read::SaleFilter::default(), 100).unwrap();
        sales
            .into_iter()
            .rev()
            .map(|sale| (sale.kind, sale.volume_ml))
            .collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.site = None;
        std::fs::remove_dir_all(&self.folder).unwrap();
    }
}

fn listed(pin: Option<[u8; 16]>) -> Listed {
    Listed {
        customer: JANE,
        generation: 0,
        revision: 1,
        account: AccountId::new(123_456).unwrap(),
        active: true,
        bill_overdue: false,
        daily_limit: None,
        pin,
    }
}

fn vault() -> Vault {
    Vault::new(&SecretKey::new([0x5a; 32]))
}

fn enrolment() -> Enrolment {
    Enrolment {
        box_id: BoxId(9),
        site: "kibera-3".parse().unwrap(),
        title: "Kibera 3".to_owned(),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: Currency::Kes,
        language: "en".to_owned(),
        medium: [0; 8],
        generation: 0,
        hub_url: "http://hub.example".to_owned(),
        pair_key: SecretKey::new([1; 32]),
        pin_key: SecretKey::new([3; 32]),
        receipt_key: SecretKey::new([4; 32]),
        identity_seed: SecretKey::new([2; 32]),
        hub_signing_key: Identity::from_seed(&HUB_SEED).public(),
        hub_sealing_key: sealing_public(&HUB_SEALING_SECRET),
    }
}

fn door() -> Door {
    Door::Mqtt("tap-1".parse().unwrap())
}

fn answer(_: &Door, answer: &Answer) -> Vec<u8> {
    let reason = answer.denied.map_or("verified", |reason| reason.name());
    let balance = answer.customer.as_ref().map(|customer| customer.balance.ml());
    format!("{reason} {} {balance:?}", answer.volume.ml()).into_bytes()
}

fn receipt(_: &Door, receipt: &Receipt) -> Vec<u8> {
    format!("receipt {} {:?}", receipt.volume.ml(), receipt.balance.map(Volume::ml)).into_bytes()
}

fn told(told: &Result<Told, Refusal>) -> Rendered {
    Rendered {
        status: if told.is_ok() { 200 } else { 400 },
        body: format!("{told:?}").into_bytes(),
    }
}

fn delivered(effects: Vec<Effect>) -> String {
    let text = effects.into_iter().find_map(|effect| match effect {
        Effect::Deliver(_, Delivery::Answer(bytes) | Delivery::Receipt(bytes)) => {
            Some(String::from_utf8(bytes).unwrap())
        }
        Effect::Reject(_, _, rejection) => Some(format!("{rejection:?}")),
        _ => None,
    });
    text.unwrap_or_default()
}

fn ready(name: &str) -> Bench {
    let mut bench = Bench::new(name);
    let command = super::input::Command::AddDispenser {
        dispenser: "tap-1".parse().unwrap(),
        secret: [0; 32],
    };
    bench.give(Input::Told(super::input::ReplyId(1), command));
    bench.meet_jane();
    bench
}

#[test]
fn a_pour_is_held_charged_and_receipted_once() {
    let mut bench = ready("once");
    bench.grant(20_000);
    assert_eq!(bench.ask("a1", "4071", 5_000), "verified 5000 Some(20000)");
    assert_eq!(bench.pour("a1", 4_500), "receipt 4500 Some(15500)");
    assert_eq!(
        bench.pour("a1", 4_500),
        "receipt 4500 Some(15500)",
        "a repeat gets the first receipt"
    );
    assert_eq!(
        bench.pour("a1", 1_000),
        "receipt 4500 Some(15500)",
        "the first report wins"
    );
    assert_eq!(bench.balance_ml(), 15_500);
    assert_eq!(bench.sales(), [("dispense".to_owned(), 4_500)]);
}

#[test]
fn the_same_request_gets_the_same_answer_and_another_content_is_a_conflict() {
    let mut bench = ready("retry");
    bench.grant(20_000);
    let first = bench.ask("a1", "4071", 15_000);
    assert_eq!(bench.ask("a1", "4071", 15_000), first, "one hold, not two");
    bench.restart();
    assert_eq!(bench.ask("a1", "4071", 15_000), first, "also after a crash");
    assert_eq!(bench.ask("a1", "4071", 15_001), "RequestConflict");
    assert_eq!(bench.ask("a1", "4072", 15_000), "RequestConflict");
    assert_eq!(
        bench.ask("a2", "4071", 6_000),
        "insufficient_credit 0 Some(20000)",
        "15 of 20 litres are held"
    );
    assert_eq!(bench.ask("a3", "4071", 5_000), "verified 5000 Some(20000)");
}

#[test]
fn what_is_denied_opens_no_hold() {
    let mut bench = ready("denied");
    assert_eq!(bench.ask("a1", "4071", 1_000), "insufficient_credit 0 Some(0)");
    bench.grant(20_000);
    assert_eq!(bench.ask("a2", "0000", 1_000), "wrong_pin 0 None");
    for (request, volume_ml) in [("b1", 0), ("b2", -1), ("b3", 20_001), ("b4", 1_000_000_000_000_000_000)] {
        assert_eq!(
            bench.ask(request, "4071", volume_ml),
            "volume_out_of_range 0 None",
            "{volume_ml}"
        );
    }
    assert_eq!(
        bench.ask("a4", "4071", 20_000),
        "verified 20000 Some(20000)",
        "everything was still free"
    );
}

#[test]
fn more_than_the_hold_is_the_sites_loss() {
    let mut bench = ready("over");
    bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    assert_eq!(bench.pour("a1", 5_300), "receipt 5000 Some(15000)");
    assert_eq!(bench.balance_ml(), 15_000);
}

#[test]
fn a_pour_without_an_ask_is_a_loss_with_a_receipt() {
    let mut bench = ready("stray");
    bench.grant(20_000);
    assert_eq!(bench.pour("z9", 700), "receipt 700 None");
    assert_eq!(bench.pour("z9", 700), "receipt 700 None");
    assert_eq!(bench.balance_ml(), 20_000);
    assert_eq!(bench.sales(), [("loss".to_owned(), 700)]);
    assert_eq!(bench.ask("z9", "4071", 700), "RequestConflict");
}

#[test]
fn no_report_in_time_is_charged_in_full_and_a_late_one_corrects_downwards() {
    let mut bench = ready("late");
    bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    bench.monotonic_ms += 61_000;
    bench.give(Input::Tick);
    assert_eq!(bench.balance_ml(), 15_000);
    assert_eq!(bench.pour("a1", 1_200), "receipt 1200 Some(18800)");
    assert_eq!(
        bench.sales(),
        [("dispense".to_owned(), 5_000), ("correction".to_owned(), -3_800)]
    );
}

#[test]
fn a_restart_starts_the_limit_of_an_open_hold_anew() {
    let mut bench = ready("anew");
    bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    bench.monotonic_ms += 59_000;
    bench.restart();
    bench.monotonic_ms += 59_000;
    bench.give(Input::Tick);
    assert_eq!(bench.balance_ml(), 20_000);
    bench.monotonic_ms += 2_000;
    bench.give(Input::Tick);
    assert_eq!(bench.balance_ml(), 15_000);
}

#[test]
fn a_recalled_grant_closes_when_its_last_hold_settles() {
    let mut bench = ready("recall");
    let grant = bench.grant(20_000);
    bench.ask("a1", "4071", 5_000);
    bench.hear(Lane::Money, Record::Fact(Fact::Recalled { grant }));
    assert_eq!(
        bench.ask("a2", "4071", 1_000),
        "insufficient_credit 0 Some(0)",
        "no new hold on it"
    );
    bench.give(Input::Tick);
    let state = |bench: &mut Bench| -> i64 {
        bench
            .site()
            .connection()
            .query_row("SELECT state FROM grants", [], |row| row.get(0))
            .unwrap()
    };
    assert_eq!(state(&mut bench), 1, "a hold is open");
    bench.pour("a1", 2_000);
    assert_eq!(state(&mut bench), 2);
}
