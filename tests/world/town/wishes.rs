//! What a script or a storm wants of a world: sites, customers, credits, purchases, pours.

use gateway::site::{
    effect::{Refusal as SiteRefusal, Told},
    enrolment::Enrolment,
    input::{Command, Input as SiteInput, ReplyId},
};
use hub::hub::{
    effect::{Enrolment as HubEnrolment, Refusal, Response},
    input::{Actor, Item, JoinRequest, NewBilling, NewCustomer, NewPurchase, NewSite, Pay, Request, Secret},
};
use kiosk::{
    ids::{AccountId, CustomerId, SiteName},
    provider::Provider,
};
use sync::seal::{Identity, SecretKey};

use super::World;
use crate::{
    event::{Event, Node},
    station::{Station, Tap},
};

/// How long a script waits for an answer before it gives up.
const ANSWER_MS_MAX: u64 = 30 * 60_000;

/// A customer.
#[derive(Clone, Debug)]
pub struct Person {
    /// As they are called.
    pub name: String,
    /// In the form they type.
    pub phone: String,
    /// Four digits.
    pub pin: String,
    /// Where they live.
    pub home: usize,
    /// As the hub or a site calls them.
    pub id: Option<CustomerId>,
    /// The account the hub gave.
    pub account: Option<AccountId>,
}

impl World {
    /// Asks something of the hub and waits for the answer.
    pub fn ask_hub(&mut self, by: Actor, request: Request) -> Result<Response, Refusal> {
        let errand = self.errand(by, request);
        self.run_until(ANSWER_MS_MAX, |world| world.answer(errand).is_some());
        let answer = self.answer(errand).cloned();
        answer.expect("the hub answers within half an hour")
    }

    /// A new site with a box that has joined, and so many dispensers. Gives the box's place.
    pub fn found_site(&mut self, name: &str, taps: usize) -> usize {
        let site: SiteName = name.parse().expect("a name for a site");
        let new = NewSite {
            name: site.clone(),
            title: None,
            time_zone: None,
            valid_ms: None,
        };
        let code = code_of(self.ask_hub(Actor::Owner, Request::AddSite(new)));
        let station = self.new_box(&site);
        for tap in 1..=taps {
            let id = format!("{name}-{tap}").parse().expect("an id for a dispenser");
            let now_ms = self.now_ms;
            self.stations[station].taps.push(Tap::new(id, now_ms));
        }
        self.join(station, &code, false);
        self.add_taps(station);
        self.expose(station);
        station
    }

    /// A box out of its carton, switched on.
    pub(crate) fn new_box(&mut self, site: &SiteName) -> usize {
        let station = self.stations.len();
        let medium = self.random.number().to_be_bytes();
        let path = self.file(&format!("box-{station}.db"));
        self.stations.push(Station::new(site.clone(), path, medium));
        self.give_sim(station);
        self.at(self.now_ms, Event::Start(Node::Box(station)));
        self.run_for(10);
        station
    }

    /// Tells a box of its dispensers.
    pub(crate) fn add_taps(&mut self, station: usize) {
        let ids: Vec<_> = self.stations[station].taps.iter().map(|tap| tap.id.clone()).collect();
        for dispenser in ids {
            let command = Command::AddDispenser {
                dispenser,
                secret: [1; 32],
            };
            let told = self.command(station, command);
            debug_assert!(told.is_ok(), "{told:?}");
        }
        let run = self.stations[station].program.run;
        for tap in 0..self.stations[station].taps.len() {
            self.after(50, Event::TapJoins { station, run, tap });
        }
    }

    /// A box trades its code for an enrolment. False when the hub refuses.
    pub fn join(&mut self, station: usize, code: &str, replace: bool) -> bool {
        let seed = SecretKey::new(self.random.draw().bytes("identity"));
        let asked = JoinRequest {
            code: Secret(code.to_owned()),
            public_key: Identity::from_seed(&seed).public(),
            medium: self.stations[station].medium,
            replace,
        };
        match self.ask_hub(Actor::Gateway, Request::Join(asked)) {
            Ok(Response::Joined(given)) => {
                let enrolment = self.enrolment(station, &given, seed);
                self.books.joined(station, given.box_id);
                self.stations[station].enrolment = Some(enrolment.clone());
                self.give(station, SiteInput::Joined(Box::new(enrolment)));
                self.run_for(100);
                true
            }
            _ => false,
        }
    }

    fn enrolment(&self, station: usize, given: &HubEnrolment, identity_seed: SecretKey) -> Enrolment {
        Enrolment {
            box_id: given.box_id,
            site: given.site.clone(),
            title: given.title.clone(),
            time_zone: given.time_zone.clone(),
            currency: given.currency,
            language: given.language.clone(),
            medium: self.stations[station].medium,
            generation: given.generation,
            hub_url: "http://hub.example".to_owned(),
            pair_key: SecretKey::new(given.pair_key),
            pin_key: SecretKey::new(given.pin_key),
            receipt_key: SecretKey::new(given.receipt_key),
            identity_seed,
            hub_signing_key: given.hub_signing_key,
            hub_sealing_key: given.hub_sealing_key,
        }
    }

    /// Somebody at a box tells it to do something, and waits.
    pub fn command(&mut self, station: usize, command: Command) -> Result<Told, SiteRefusal> {
        self.books.commands += 1;
        let reply = self.books.commands;
        self.give(station, SiteInput::Told(ReplyId(reply), command));
        self.run_until(ANSWER_MS_MAX, |world| world.books.told.contains_key(&(station, reply)));
        self.books
            .told
            .remove(&(station, reply))
            .unwrap_or(Err(SiteRefusal::Degraded))
    }

    /// A person who is not registered anywhere yet.
    pub fn stranger(&mut self, name: &str, home: usize) -> usize {
        let person = self.people.len();
        self.people.push(Person {
            name: name.to_owned(),
            phone: format!("07{:08}", 10_000_000 + person),
            // No amount begins like that: where such a word is kept, it is a PIN.
            pin: format!("0{}", 127 + 7 * (person % 119)),
            home,
            id: None,
            account: None,
        });
        person
    }

    /// A person who was registered at a site.
    pub fn known(&mut self, name: &str, phone: &str, pin: &str, home: usize, id: CustomerId) -> usize {
        let person = self.stranger(name, home);
        let known = &mut self.people[person];
        known.phone = phone.to_owned();
        known.pin = pin.to_owned();
        known.id = Some(id);
        let account = self.customer_at_hub(person).and_then(|shown| shown.account);
        self.people[person].account = account;
        person
    }

    /// A person asks a site for litres, to be paid when the hub hears of it.
    pub fn buys_at_site(&mut self, person: usize, volume_ml: u64) {
        let now_ms = self.now_ms;
        let item = Item::Litres(kiosk::units::Volume::from_ml(volume_ml));
        self.books.bought(person, item, None, now_ms);
    }

    /// A person registered at the hub, at home at a box's site.
    pub fn settle(&mut self, name: &str, home: usize) -> usize {
        let person = self.stranger(name, home);
        let Person { name, phone, pin, .. } = self.people[person].clone();
        let new = NewCustomer {
            phone,
            name,
            pin: Some(Secret(pin)),
            city: None,
            site: Some(self.stations[home].name.clone()),
            language: None,
        };
        match self.ask_hub(Actor::Owner, Request::CreateCustomer(new)) {
            Ok(Response::Customer { customer, account }) => {
                self.people[person].id = Some(customer);
                self.people[person].account = Some(account);
            }
            other => self.books.broken(format!("a customer cannot be made: {other:?}")),
        }
        person
    }

    /// An operator gives litres, sooner or later. Gives the errand.
    pub fn credit_later(&mut self, person: usize, volume_ml: i64) -> u64 {
        let customer = self.customer(person);
        let reason = "promotion".to_owned();
        let request = Request::Credit {
            customer,
            volume_ml,
            reason,
        };
        self.errand(Actor::Owner, request)
    }

    /// An operator gives litres, now.
    pub fn credit(&mut self, person: usize, volume_ml: i64) {
        let errand = self.credit_later(person, volume_ml);
        let done = self.run_until(ANSWER_MS_MAX, |world| world.answer(errand).is_some());
        debug_assert!(done.is_some());
    }

    /// A person pays by bill from now on, and may draw so much ahead.
    pub fn trust(&mut self, person: usize, cap_ml: u64) {
        let terms = NewBilling {
            tariff: "standard".to_owned(),
            cap: kiosk::units::Volume::from_ml(cap_ml),
            metered: false,
        };
        let request = Request::SetBilling {
            customer: self.customer(person),
            terms: Some(terms),
        };
        let answer = self.ask_hub(Actor::Owner, request);
        debug_assert!(answer.is_ok(), "{answer:?}");
        self.books.trusted_ml.insert(person, cap_ml);
    }

    /// The story says that so much of what a person drew is on a bill now.
    pub fn is_billed(&mut self, person: usize, volume_ml: u64) {
        *self.books.on_bills_ml.entry(person).or_default() += volume_ml;
    }

    /// A person buys by a prompt on their phone. Gives the errand.
    pub fn buy_later(&mut self, person: usize, item: Item) -> u64 {
        self.buys(person, item, None)
    }

    /// The same by this provider.
    pub fn buy_by(&mut self, person: usize, item: Item, provider: Provider) -> u64 {
        self.buys(person, item, Some(provider))
    }

    fn buys(&mut self, person: usize, item: Item, provider: Option<Provider>) -> u64 {
        let new = NewPurchase {
            customer: self.customer(person),
            item,
            pay: Pay::Prompt,
            provider,
            phone: None,
        };
        self.errand(Actor::Owner, Request::CreatePurchase(new))
    }

    /// The id of a registered person.
    pub fn customer(&self, person: usize) -> CustomerId {
        self.people[person].id.expect("a registered person")
    }

    /// The person with this id.
    pub(crate) fn person_of(&self, customer: CustomerId) -> Option<usize> {
        self.people.iter().position(|person| person.id == Some(customer))
    }

    /// An answer of the hub is written down: from now on it is a promise.
    pub(super) fn heed_answer(&mut self, by_request: &Request, answer: &Result<Response, Refusal>) {
        let now_ms = self.now_ms;
        match (by_request, answer) {
            (
                Request::Credit {
                    customer, volume_ml, ..
                },
                Ok(Response::Credited { id, .. }),
            ) => {
                if let Some(person) = self.person_of(*customer) {
                    self.books.credited(person, *volume_ml, *id, now_ms);
                    let name = self.people[person].name.clone();
                    self.tell(|| format!("{name} is credited {volume_ml} ml"));
                }
            }
            (Request::VerifyDispense(ask), Ok(Response::Dispense(answer))) => self.heed_kiosk(ask, answer),
            (Request::ReportDispense { request, .. }, answer) => self.heed_report(request, answer),
            (Request::CreatePurchase(new), Ok(Response::Purchase { purchase, .. })) => {
                if let Some(person) = self.person_of(new.customer) {
                    let item = new.item.clone();
                    match new.pay {
                        Pay::Wallet => self.books.bought_from_wallet(person, item, purchase.0, now_ms),
                        Pay::Prompt => self.books.bought(person, item, Some(purchase.0), now_ms),
                    }
                    let name = self.people[person].name.clone();
                    self.tell(|| format!("{name} buys {:?}", new.item));
                }
            }
            _ => {}
        }
    }

    /// A person draws water: asks, waits, pours, and waits for the receipt. Gives the reason shown and what was charged.
    pub fn draw(&mut self, station: usize, tap: usize, person: usize, volume_ml: i64) -> (String, u64) {
        let pin = self.people[person].pin.clone();
        let id = self.stations[station].taps[tap].id.clone();
        let Some(request) = self.ask(station, tap, person, &pin, volume_ml) else {
            return ("busy".to_owned(), 0);
        };
        self.run_until(10 * 60_000, |world| world.stations[station].taps[tap].person.is_none());
        self.books.outcome(&id, &request)
    }
}

/// The join code that the hub made.
pub(crate) fn code_of(answer: Result<Response, Refusal>) -> String {
    match answer {
        Ok(Response::JoinCode { code, .. }) => code,
        other => panic!("no join code: {other:?}"),
    }
}
