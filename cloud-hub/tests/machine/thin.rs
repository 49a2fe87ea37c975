//! Two ends over texts: a hub, and a gateway whose data is gone. What is lost on the way is up to the test.

use hub::hub::{
    effect::{Effect, OutboxId},
    input::{Input, Request, TextOutcome, UssdText},
    settings::Settings,
    side::SideLog,
    store::read,
};
use kiosk::{
    fact::{Fact, How},
    ids::{CustomerId, GrantId},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS},
    phone::{Country, Phone},
    talk::ussd::Service,
};
use sync::{seal::Carrier, thin::Event};

use crate::{fleet::pour, ussd::sent, world::World};

/// The SIM of the gateway.
const SIM: &str = "0700000900";

/// How often the hub's clock ticks here.
const TICK_MS: i64 = 10_000;

struct Sold {
    world: World,
    site: usize,
    customer: CustomerId,
    grant: GrantId,
}

/// A gateway that was linked and is not any more, and a customer who has 100 litres there.
fn cut() -> Sold {
    cut_with(|_| ())
}

fn cut_with(change: impl FnOnce(&mut Settings)) -> Sold {
    let mut world = World::with(change);
    let site = world.site("kibera-3");
    let customer = world.customer("0700000102", Some("kibera-3"));
    world.credit(customer, 100_000);
    let grant = world.gateways[site].grants()[0].grant;
    world.unlink(site);
    Sold {
        world,
        site,
        customer,
        grant,
    }
}

impl Sold {
    /// So many sales of 100 ml.
    fn sells(&mut self, from: u64, count: u64) {
        for hold in from..from + count {
            let fact = pour(&self.world, self.site, hold, self.grant, 100, How::Report);
            self.world.site_writes(self.site, fact);
        }
    }

    /// What the gateway has to say now.
    fn says(&mut self, carrier: Carrier) -> Vec<String> {
        let moment = self.world.moment();
        let tick = Event::Tick { carrier, texts_max: 50 };
        let outcome = self.world.gateways[self.site].thin(&moment, tick);
        outcome.texts.into_iter().map(|text| text.text).collect()
    }

    /// What the gateway has to say within an hour.
    fn says_in_an_hour(&mut self) -> Vec<String> {
        let mut texts = self.says(Carrier::Sms);
        self.world.pass(HOUR_MS);
        texts.extend(self.says(Carrier::Sms));
        texts
    }

    /// The same, and it reaches the hub.
    fn texts(&mut self) -> Vec<String> {
        let texts = self.says_in_an_hour();
        texts.iter().for_each(|text| self.comes(SIM, text));
        texts
    }

    /// A text reaches the hub.
    fn comes(&mut self, from: &str, text: &str) {
        static IDS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
        let id = IDS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        self.world.text(&format!("thin-{id}"), from, text);
    }

    /// Time passes; the hub ticks meanwhile.
    fn passes(&mut self, ms: i64) {
        for _ in 0..ms / TICK_MS {
            self.world.pass(TICK_MS);
        }
    }

    /// Time passes, and what the hub texts meanwhile reaches the gateway.
    fn hears(&mut self, ms: i64) -> Vec<String> {
        let before = self.frames(SIM).len();
        self.passes(ms);
        let texts = self.frames(SIM).split_off(before);
        for text in &texts {
            let moment = self.world.moment();
            let carrier = Carrier::Sms;
            let outcome = self.world.gateways[self.site].thin(&moment, Event::Text { carrier, text });
            assert!(outcome.verified, "{text}");
        }
        texts
    }

    /// All texts that left for a number.
    fn frames(&self, to: &str) -> Vec<String> {
        let to = Phone::parse(to, Country::Kenya).unwrap();
        let text = |effect: &Effect| match effect {
            Effect::Text { phone, text, .. } if *phone == to => Some(text.clone()),
            _ => None,
        };
        self.world.seen.iter().filter_map(text).collect()
    }

    /// The row of the frame that left last.
    fn newest_frame(&self) -> OutboxId {
        let frame = |effect: &Effect| match effect {
            Effect::Text { outbox, text, .. } if text.starts_with('=') => Some(*outbox),
            _ => None,
        };
        self.world.seen.iter().rev().find_map(frame).unwrap()
    }

    /// Where a row of the outbox stands, while there is one.
    fn state(&self, outbox: OutboxId) -> Option<String> {
        let state = "SELECT max(state) FROM outbox WHERE id = ?1";
        self.world
            .read()
            .query_row(state, [outbox.0], |row| row.get(0))
            .unwrap()
    }

    fn drawn_ml(&self) -> i64 {
        100_000 - self.world.balance_ml(self.customer)
    }

    fn reached(&self) -> Option<read::ThinSite> {
        let name = "kibera-3".parse().unwrap();
        read::site(&self.world.read(), &name).unwrap().unwrap().thin
    }
}

#[test]
fn thirty_sales_arrive_and_a_grant_and_a_block_go_down() {
    let mut sold = cut();
    sold.sells(1, 30);
    let texts = sold.texts();
    assert!(texts.len() <= 2, "{}", texts.len());
    assert_eq!(sold.drawn_ml(), 3_000);
    let answers = sold.hears(MINUTE_MS);
    assert_eq!(answers.len(), 1);
    assert_eq!(sold.texts(), Vec::<String>::new());
    let john = sold.world.customer("0700000103", Some("kibera-3"));
    sold.world.credit(john, 20_000);
    let active = false;
    let customer = sold.customer;
    sold.world.ask(Request::SetActive { customer, active }).unwrap();
    let down = sold.hears(MINUTE_MS);
    assert!((1..=3).contains(&down.len()), "{}", down.len());
    let gateway = &sold.world.gateways[sold.site];
    assert!(gateway.grants().iter().any(|granted| granted.customer == john));
    let blocks = |fact: &Fact| match fact {
        Fact::Listed(listed) => listed.customer == customer && !listed.active,
        _ => false,
    };
    assert!(gateway.facts().any(blocks));
    let shown = read::outbox(&sold.world.read(), 50).unwrap();
    assert!(shown.iter().all(|row| !row.text.starts_with('=')));
    assert!(read::inbox(&sold.world.read(), 50).unwrap().is_empty());
    assert_eq!(read::texts_waiting(&sold.world.read()).unwrap(), 0);
}

#[test]
fn what_the_socket_would_have_made_is_what_texts_make() {
    let mut sold = cut();
    sold.sells(1, 30);
    sold.texts();
    sold.hears(MINUTE_MS);
    let digest = |sold: &Sold| read::sites(&sold.world.read()).unwrap()[0].state_hash.clone();
    let by_text = (digest(&sold), sold.world.ledger(), sold.drawn_ml());
    sold.world.link(sold.site);
    assert_eq!((digest(&sold), sold.world.ledger(), sold.drawn_ml()), by_text);
}

#[test]
fn replays_and_forgeries_change_nothing_and_are_answered_nowhere() {
    let mut sold = cut();
    sold.sells(1, 20);
    let texts = sold.texts();
    sold.hears(MINUTE_MS);
    let before = (sold.drawn_ml(), sold.frames(SIM).len());
    let stranger = "0700000666";
    texts.iter().for_each(|text| sold.comes(stranger, text));
    let forged = forged(&texts[0]);
    for _ in 0..3 {
        sold.comes(stranger, &forged);
        sold.world.pass(1);
    }
    // What the hub said comes back to it.
    let own = sold.frames(SIM).remove(0);
    sold.comes(stranger, &own);
    sold.passes(MINUTE_MS);
    assert_eq!(sold.drawn_ml(), before.0);
    assert_eq!(sold.frames(stranger), Vec::<String>::new(), "only news move a box");
    let refused = |sold: &Sold| read::thin_refused(&sold.world.read()).unwrap();
    assert_eq!(refused(&sold), 4);
    // One row an hour.
    assert_eq!(rows(&sold), 1);
    sold.passes(HOUR_MS);
    sold.comes(stranger, &forged);
    assert_eq!((refused(&sold), rows(&sold)), (5, 2));
    sold.comes(stranger, "HELP");
    assert_eq!(sold.frames(stranger).len(), 1);
}

/// The same frame with one letter of its seal changed.
fn forged(text: &str) -> String {
    let (rest, last) = text.split_at(text.len() - 4);
    let other = if last.starts_with('A') { "B" } else { "A" };
    format!("{rest}{other}{}", &last[1..])
}

/// How often it is written down that a text was of no box.
fn rows(sold: &Sold) -> i64 {
    let count = "SELECT count(*) FROM audit WHERE action = 'sync text refused'";
    sold.world.read().query_row(count, [], |row| row.get(0)).unwrap()
}

#[test]
fn news_from_another_number_move_the_answers_there() {
    let mut sold = cut();
    sold.sells(1, 20);
    sold.texts();
    sold.hears(MINUTE_MS);
    assert!(!sold.frames(SIM).is_empty());
    sold.sells(21, 20);
    let other = "0700000901";
    for text in sold.says_in_an_hour() {
        sold.comes(other, &text);
    }
    let before = sold.frames(SIM).len();
    sold.passes(MINUTE_MS);
    assert_eq!(sold.frames(SIM).len(), before);
    assert_eq!(sold.frames(other).len(), 1);
}

#[test]
fn a_socket_ends_the_texts_and_nothing_is_texted_before_the_box_texts_again() {
    let mut sold = cut();
    sold.sells(1, 20);
    sold.texts();
    sold.hears(MINUTE_MS);
    assert!(sold.reached().unwrap().since.is_some());
    sold.world.link(sold.site);
    assert_eq!(sold.reached().unwrap().since, None);
    sold.world.unlink(sold.site);
    let before = sold.frames(SIM).len();
    let john = sold.world.customer("0700000103", Some("kibera-3"));
    sold.world.credit(john, 20_000);
    sold.passes(HOUR_MS);
    assert_eq!(sold.frames(SIM).len(), before);
    sold.sells(21, 20);
    sold.texts();
    sold.hears(MINUTE_MS);
    let grants = sold.world.gateways[sold.site].grants();
    assert!(grants.iter().any(|granted| granted.customer == john));
}

#[test]
fn a_frame_waits_in_the_outbox_for_minutes_and_is_never_tried_again() {
    let mut sold = cut();
    sold.sells(1, 20);
    sold.texts();
    sold.passes(MINUTE_MS);
    let first = sold.newest_frame();
    let before = sold.frames(SIM).len();
    let outcome = TextOutcome::Failed("ServerError".to_owned());
    sold.world.give(Input::Texted { outbox: first, outcome });
    sold.passes(MINUTE_MS);
    assert_eq!(sold.frames(SIM).len(), before, "the sync repeats by itself");
    // One that the provider did not take is dropped after ten minutes: by then the sync says it anew.
    let john = sold.world.customer("0700000103", Some("kibera-3"));
    sold.world.credit(john, 20_000);
    sold.passes(MINUTE_MS);
    let second = sold.newest_frame();
    assert_ne!(first, second);
    let held = || TextOutcome::Held("InsufficientBalance".to_owned());
    for wait_ms in [5 * MINUTE_MS, 5 * MINUTE_MS + 1] {
        let (outbox, outcome) = (second, held());
        sold.world.give(Input::Texted { outbox, outcome });
        assert_eq!(sold.state(second).as_deref(), Some("queued"));
        sold.world.pass(wait_ms);
    }
    assert_eq!(sold.state(second).as_deref(), Some("failed"));
    sold.world.pass(DAY_MS);
    assert_eq!(sold.state(second), None, "frames are not kept");
}

#[test]
fn a_box_costs_so_many_texts_a_day_and_an_alarm_says_when_they_are_spent() {
    let mut sold = cut_with(|settings| settings.sync_texts_per_day = 1);
    sold.sells(1, 20);
    sold.texts();
    // Far more to say than one text holds.
    for number in 0..40 {
        let customer = sold.world.customer(&format!("07000002{number:02}"), Some("kibera-3"));
        sold.world.credit(customer, 20_000);
    }
    assert_eq!(sold.hears(MINUTE_MS).len(), 1);
    assert_eq!(sold.reached().unwrap().sent, 1);
    let john = sold.world.customer("0700000103", Some("kibera-3"));
    sold.world.credit(john, 20_000);
    assert_eq!(sold.hears(MINUTE_MS), Vec::<String>::new());
    sold.hears(HOUR_MS);
    let spent = |sold: &Sold| {
        sold.world
            .alarms()
            .iter()
            .filter(|code| **code == "sync_texts_spent")
            .count()
    };
    assert_eq!(spent(&sold), 1, "once");
    // What it sells arrives all the same.
    sold.sells(21, 20);
    sold.texts();
    assert_eq!(sold.drawn_ml(), 4_000);
    // At midnight.
    sold.hears(12 * HOUR_MS);
    assert_eq!(sold.frames(SIM).len(), 2);
}

#[test]
fn a_retired_box_is_told_so() {
    let mut sold = cut();
    sold.sells(1, 20);
    let site = "kibera-3".parse().unwrap();
    sold.world.ask(Request::RevokeSite { site }).unwrap();
    sold.texts();
    assert_eq!(sold.drawn_ml(), 0, "what it still hands over is not taken");
    sold.passes(MINUTE_MS);
    let said = sold.frames(SIM);
    assert_eq!(said.len(), 1);
    let moment = sold.world.moment();
    let (carrier, text) = (Carrier::Sms, said[0].as_str());
    let outcome = sold.world.gateways[sold.site].thin(&moment, Event::Text { carrier, text });
    assert_eq!(outcome.goodbye, Some(sync::frame::Reason::Retired));
    sold.passes(HOUR_MS);
    assert_eq!(sold.frames(SIM).len(), 1, "once for each of its texts");
}

#[test]
fn a_restored_hub_hears_by_text_what_it_lost_and_grants_nothing_twice() {
    let mut sold = cut();
    sold.world.site("mathare");
    sold.world.backup();
    sold.world.link(sold.site);
    // A credit that the restored hub has forgotten, and its grant at the site.
    let john = sold.world.customer("0700000103", Some("kibera-3"));
    sold.world.credit(john, 20_000);
    sold.world.unlink(sold.site);
    sold.sells(1, 20);
    // `kisima-hub restore` writes it there.
    sold.world.side.clone().append("generation 1").unwrap();
    sold.world.restore();
    let mut heard = false;
    for _ in 0..12 {
        sold.texts();
        sold.hears(MINUTE_MS);
        sold.hears(MINUTE_MS);
        heard |= sold.drawn_ml() == 2_000;
    }
    assert!(heard, "{}", sold.drawn_ml());
    assert!(sold.world.alarms().contains(&"hub_in_doubt"));
    // The other site has not been heard: what looks free is not granted.
    assert!(read::in_doubt(&sold.world.read()).unwrap());
    let before = sold.world.gateways[sold.site].grants().len();
    sold.world.credit(sold.customer, 50_000);
    sold.texts();
    sold.hears(MINUTE_MS);
    assert_eq!(sold.world.gateways[sold.site].grants().len(), before);
}

#[test]
fn a_ussd_session_carries_one_frame_a_step_and_is_no_persons() {
    let mut sold = cut();
    sold.sells(1, 20);
    sold.passes(HOUR_MS);
    let frames = sold.says(Carrier::Ussd);
    // The network says that somebody dialled before anybody types.
    let menu = sent(&mut sold.world, "s1", SIM, Service::Water, "", UssdText::Joined);
    assert!(menu.goes_on);
    let mut typed = String::new();
    let mut answers = Vec::new();
    for frame in &frames {
        if !typed.is_empty() {
            typed.push('*');
        }
        typed.push_str(frame);
        let screen = sent(&mut sold.world, "s1", SIM, Service::Water, &typed, UssdText::Joined);
        answers.push(screen.screen);
    }
    assert_eq!(sold.drawn_ml(), 2_000);
    let mut verified = 0;
    for text in answers.iter().filter(|text| !text.is_empty()) {
        let moment = sold.world.moment();
        let carrier = Carrier::Ussd;
        let outcome = sold.world.gateways[sold.site].thin(&moment, Event::Text { carrier, text });
        assert!(outcome.verified, "{text}");
        verified += 1;
    }
    assert!(verified > 0);
    // The gateway heard that all arrived.
    assert_eq!(sold.texts(), Vec::<String>::new());
    let since = sold.world.now.plus_ms(-DAY_MS);
    let is_open = |sold: &Sold| read::ussd_sessions_count(&sold.world.read(), since).unwrap();
    assert_eq!(is_open(&sold), 0, "it is no session of a person");
    // Nobody is offered to go on with it, and a frame that no box sealed ends a session with nothing.
    let again = sent(&mut sold.world, "s2", SIM, Service::Water, "", UssdText::Joined);
    assert_eq!(again.screen, menu.screen);
    let forged = forged(&frames[0]);
    let none = sent(&mut sold.world, "s2", SIM, Service::Water, &forged, UssdText::Joined);
    assert_eq!((none.screen.as_str(), none.goes_on), ("", false));
}

#[test]
fn a_ussd_session_goes_on_while_the_hub_has_more_to_say() {
    let mut sold = cut();
    sold.sells(1, 20);
    sold.texts();
    sold.hears(MINUTE_MS);
    sold.sells(21, 1);
    // Too much for one frame.
    for number in 0..40 {
        let customer = sold.world.customer(&format!("07000002{number:02}"), Some("kibera-3"));
        sold.world.credit(customer, 20_000);
    }
    let frames = sold.says(Carrier::Ussd);
    let first = sent(&mut sold.world, "s1", SIM, Service::Water, &frames[0], UssdText::Newest);
    assert!(first.goes_on && first.screen.starts_with('='), "{first:?}");
}
