//! People who call by USSD and send texts, over aggregators that deliver twice, late, out of turn or not at all.
//!
//! A caller reads the screen and types what leads on: [`Wish`] is why somebody calls, and [`Call::leads_on`] what they
//! type at each screen; [`hold`] is what each screen is held against. An act that the menus learn is one wish more and the screens on its way.

mod hold;
mod texts;

use std::path::Path;

use ::kiosk::{phone::Country, talk::ussd::Service, units::Volume};
use hub::hub::{
    effect::{Refusal, Response, UssdScreen},
    input::{Actor, Aggregator, Input, Item, ReplyId, Request, Secret, UssdName, UssdStep, UssdText},
};
use rusqlite::Connection;

pub(super) use texts::FIRST_TEXT;
use texts::Written;

use super::World;
use crate::{check::rows, event::Event};

/// Answers to steps come under this number and the step's place.
pub(super) const FIRST_STEP: u64 = 1 << 62;
/// An aggregator that hears nothing delivers the step again, so often.
const TRIES_MAX: u32 = 3;
/// After so long.
const AGAIN_AFTER_MS: u64 = 6_000;
/// How long somebody reads before they type.
const READS_MS: (u64, u64) = (1_500, 9_000);
/// Nobody goes on for more steps than this.
const STEPS_MAX: usize = 30;
/// Litres of the first purchase by phone: more than anybody buys otherwise, and each purchase is for a litre more.
pub(crate) const FIRST_LITRES: u64 = 100;
/// How late the word may come that a session is over.
const LATE_MS: u64 = 4 * 60_000;
/// A PIN that is nobody's.
const WRONG_PIN: &str = "9021";

/// Why somebody calls.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Wish {
    /// To hear what they have.
    Balance,
    /// To buy litres.
    Litres,
    /// Nothing that a menu has: they type their PIN where none is asked for.
    Astray,
}

/// One session, as the caller and the network see it.
#[derive(Debug)]
struct Call {
    person: usize,
    name: String,
    wish: Wish,
    /// All that was typed.
    text: String,
    /// The last screen.
    screen: String,
    /// What is being bought, in litres.
    litres: Option<u64>,
    steps: usize,
    is_over: bool,
}

/// What somebody typed, on its way to the hub.
#[derive(Debug)]
struct Step {
    call: usize,
    text: String,
    /// It is the PIN of who calls, or somebody's.
    is_pin: bool,
    /// It confirms the purchase of so many litres.
    confirms: Option<u64>,
    /// How often it was given to a hub that ran.
    handed: u32,
    said: Option<UssdScreen>,
    /// What the caller had before the batch that held it.
    had_ml: Option<i64>,
}

/// Everything by phone.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    calls: Vec<Call>,
    steps: Vec<Step>,
    pub(crate) texts: Vec<Written>,
    /// Purchases that callers were told of, and balances.
    pub(crate) bought: u64,
    pub(crate) balances: u64,
    purchases: u64,
    restores: u64,
}

impl Call {
    /// What is typed at this screen: the input, whether it is a PIN, and what it confirms. `None` hangs up.
    fn leads_on(&mut self, pin: &str, name: &str, dice: u64, litres: u64) -> Option<(String, bool, Option<u64>)> {
        let key = |key: &str| Some((key.to_owned(), false, None));
        let screen = self.screen.as_str();
        // Behind a line that says what was wrong the screen is the same.
        let holds = |words: &str| screen.starts_with(words) || screen.contains(&format!("\n{words}"));
        if self.steps > STEPS_MAX {
            return None;
        }
        if holds("Enter your PIN") {
            let typed = if dice == 0 { WRONG_PIN } else { pin };
            return Some((typed.to_owned(), true, self.litres));
        }
        if let Some((litres, _)) = screen.split_once(" l: KES") {
            let litres: Option<u64> = litres.lines().last().and_then(|line| line.parse().ok());
            self.litres = litres;
            return match dice {
                0 => None,
                1..=5 => Some(("1".to_owned(), false, litres)),
                _ => key("2"),
            };
        }
        match self.wish {
            _ if holds("Hello ") && self.steps > STEPS_MAX / 2 => key("0"),
            Wish::Balance if holds("Hello ") => key("2"),
            Wish::Litres if holds("Hello ") => key("1"),
            Wish::Astray if holds("Hello ") => Some((pin.to_owned(), true, None)),
            Wish::Balance if holds("MY WATER") => key("1"),
            _ if holds("MY WATER") || holds("Account created") => key("0"),
            _ if holds("BUY\n") => key("2"),
            _ if holds("How many litres?") => key(&litres.to_string()),
            _ if holds("You were cut off") => key(if dice < 5 { "1" } else { "0" }),
            _ if holds("Enter your name") => key(name),
            _ if holds("Enter your city") => key("Kisumu"),
            _ if holds("Enter 4-digit PIN") || holds("Enter the PIN again") => Some((pin.to_owned(), true, None)),
            _ if holds("Name: ") => key("1"),
            _ => None,
        }
    }
}

impl World {
    /// Somebody calls, or writes a text.
    pub(crate) fn rings(&mut self, person: usize) {
        if self.habits.is_none() {
            return;
        }
        self.call_later(person);
        if self.random.below(8) == 0 {
            return self.writes(person);
        }
        let wish = match self.random.below(10) {
            0 => Wish::Astray,
            1..=4 => Wish::Balance,
            _ => Wish::Litres,
        };
        let place = self.calls.calls.len();
        let mut name = format!("ATUid_{place}");
        let others = self.calls.calls.len() as u64;
        if others > 0 && self.random.chance(self.weather.name_reused) {
            let other = usize::try_from(self.random.below(others)).unwrap_or(0);
            name.clone_from(&self.calls.calls[other].name);
        }
        self.calls.calls.push(Call {
            person,
            name,
            wish,
            text: String::new(),
            screen: String::new(),
            litres: None,
            steps: 0,
            is_over: false,
        });
        if self.random.chance(self.weather.end_astray) {
            // The network says that it is over before it is, or before it began.
            let ms = self.random.below(20_000);
            self.after(ms, Event::CallEnds { call: place });
        }
        self.types(place, String::new(), false, None);
    }

    /// Somebody has read the screen.
    pub(super) fn reads(&mut self, call: usize) {
        let (dice, litres) = (self.random.below(10), FIRST_LITRES + self.calls.purchases);
        let person = &self.people[self.calls.calls[call].person];
        let (pin, name) = (person.pin.clone(), person.name.clone());
        let own = &mut self.calls.calls[call];
        if own.is_over {
            return;
        }
        match own.leads_on(&pin, &name, dice, litres) {
            Some((typed, is_pin, confirms)) => {
                self.calls.purchases += u64::from(typed == litres.to_string());
                self.types(call, typed, is_pin, confirms);
            }
            None => self.hangs_up(call),
        }
    }

    fn types(&mut self, call: usize, typed: String, is_pin: bool, confirms: Option<u64>) {
        let own = &mut self.calls.calls[call];
        own.text.push_str(if own.steps > 1 { "*" } else { "" });
        own.text.push_str(&typed);
        own.steps += 1;
        let step = self.calls.steps.len();
        self.calls.steps.push(Step {
            call,
            text: own.text.clone(),
            is_pin,
            confirms,
            handed: 0,
            said: None,
            had_ml: None,
        });
        let tries = if self.random.chance(self.weather.step_twice) {
            2
        } else {
            1
        };
        for _ in 0..tries {
            let ms = self.random.within(self.weather.latency_ms);
            self.after(ms, Event::Step { step, tries: 1 });
        }
    }

    fn hangs_up(&mut self, call: usize) {
        self.calls.calls[call].is_over = true;
        if self.random.chance(self.weather.end_astray) {
            // That it is over is lost, or comes late.
            let ms = self.random.below(2 * LATE_MS);
            if ms < LATE_MS {
                self.after(ms, Event::CallEnds { call });
            }
            return;
        }
        let ms = self.random.within(self.weather.latency_ms);
        self.after(ms, Event::CallEnds { call });
    }

    /// The network says that a session is over.
    pub(super) fn call_ends(&mut self, call: usize) {
        let name = name(&self.calls.calls[call].name);
        self.give_hub(Input::Asked {
            reply: ReplyId(FIRST_STEP - 1),
            by: Actor::Ussd,
            key: None,
            request: Box::new(Request::EndUssd { name }),
        });
    }

    /// A step reaches the hub, if it is up; without an answer it comes again.
    pub(super) fn step_arrives(&mut self, step: usize, tries: u32) {
        let own = &self.calls.steps[step];
        if own.said.is_some() && tries > 1 {
            return;
        }
        let call = &self.calls.calls[own.call];
        let asked = UssdStep {
            name: name(&call.name),
            phone: self.phone(call.person),
            service: Service::Water,
            text: Secret(own.text.clone()),
            form: UssdText::Joined,
        };
        if self.centre.program.machine.is_some() {
            self.calls.steps[step].handed += 1;
            self.give_hub(Input::Asked {
                reply: ReplyId(FIRST_STEP + step as u64),
                by: Actor::Ussd,
                key: None,
                request: Box::new(Request::Ussd(asked)),
            });
        }
        if tries < TRIES_MAX {
            self.after(AGAIN_AFTER_MS, Event::Step { step, tries: tries + 1 });
        } else if self.calls.steps[step].said.is_none() {
            self.after(
                AGAIN_AFTER_MS,
                Event::CallEnds {
                    call: self.calls.steps[step].call,
                },
            );
        }
    }

    fn phone(&self, person: usize) -> ::kiosk::phone::Phone {
        let typed = &self.people[person].phone;
        ::kiosk::phone::Phone::parse(typed, Country::Kenya).expect("people have numbers")
    }

    /// The steps that wait for the hub: what their callers have now is what they may be told.
    pub(super) fn steps_waiting(&mut self) -> Vec<usize> {
        let step_of = |input: &Input| match input {
            Input::Asked { reply, .. } => usize::try_from(reply.0.checked_sub(FIRST_STEP)?).ok(),
            _ => None,
        };
        let waiting = self.centre.program.inbox.iter().filter_map(step_of);
        let waiting: Vec<usize> = waiting.filter(|step| *step < self.calls.steps.len()).collect();
        for step in &waiting {
            let person = self.calls.calls[self.calls.steps[*step].call].person;
            let had_ml = self.people[person].id.and_then(|_| self.hub_balance_ml(person));
            self.calls.steps[*step].had_ml = had_ml;
        }
        waiting
    }

    /// Whether one of them confirms a purchase.
    pub(super) fn is_confirmed(&self, steps: &[usize]) -> bool {
        steps.iter().any(|step| self.calls.steps[*step].confirms.is_some())
    }

    /// What was confirmed and stands in the hub's rows is bought, whether or not anybody hears of it.
    pub(super) fn note_confirmed(&mut self, steps: &[usize]) {
        for step in steps {
            let own = &self.calls.steps[*step];
            let (Some(litres), person) = (own.confirms, self.calls.calls[own.call].person) else {
                continue;
            };
            for (purchase, pay) in self.bought_by_phone(litres) {
                let purchase = purchase.cast_unsigned();
                let is_new = |id: u64| self.books.purchases.iter().all(|bought| bought.purchase != Some(id));
                if is_new(purchase) {
                    let (item, now_ms) = (Item::Litres(Volume::from_ml(litres * 1_000)), self.now_ms);
                    match pay.as_str() {
                        "wallet" => self.books.bought_from_wallet(person, item, purchase, now_ms),
                        _ => self.books.bought(person, item, Some(purchase), now_ms),
                    }
                }
            }
        }
    }

    /// The purchases of so many litres, and how they are paid, in the hub's file when it is down.
    fn bought_by_phone(&self, litres: u64) -> Vec<(i64, String)> {
        let statement = "SELECT id, pay FROM purchase WHERE kind = 'topup' AND volume_ml = ?1";
        let volume_ml = (litres * 1_000).cast_signed();
        let read = |hub: &Connection| rows(hub, statement, [volume_ml], |row| Ok((row.get(0)?, row.get(1)?)));
        let path: &Path = &self.centre.path;
        match self.hub_rows() {
            Some(hub) => read(hub).unwrap_or_default(),
            None => Connection::open(path).and_then(|hub| read(&hub)).unwrap_or_default(),
        }
    }

    /// The hub answers a step.
    pub(super) fn step_answered(&mut self, reply: u64, answer: Result<Response, Refusal>) {
        let step = reply
            .checked_sub(FIRST_STEP)
            .and_then(|step| usize::try_from(step).ok());
        let step = step.unwrap_or(usize::MAX);
        let (Some(own), Ok(Response::Ussd(mut shown))) = (self.calls.steps.get(step), answer) else {
            // An end, or an apology of the adapter: whoever waits is delivered again.
            return;
        };
        let call = own.call;
        let person = self.calls.calls[call].person;
        self.spoil_screen(person, &mut shown);
        if let Some(first) = &self.calls.steps[step].said {
            let is_same = first.screen == shown.screen || is_apology(first) || is_apology(&shown);
            if !is_same && self.calls.restores == 0 {
                let what = format!("{}: a step was answered in two ways", self.people[person].name);
                self.books.broken(what);
            }
            return;
        }
        self.hold_screen(step, person, &shown);
        if self.random.chance(self.weather.step_lost) {
            return;
        }
        self.calls.steps[step].said = Some(shown.clone());
        let own = &mut self.calls.calls[call];
        own.screen = shown.screen;
        if !shown.goes_on {
            own.is_over = true;
            return;
        }
        let ms = self.random.within(READS_MS);
        self.after(ms, Event::Reads { call });
    }

    /// The hub forgets what it alone knew since then.
    pub(super) fn calls_forget(&mut self, since_ms: u64) {
        self.calls.restores += 1;
        for text in self.calls.texts.iter_mut().filter(|text| text.at_ms >= since_ms) {
            text.may_be_lost = true;
        }
    }

    /// The PINs that people typed or have.
    pub(crate) fn pins(&self) -> impl Iterator<Item = &str> {
        self.people.iter().map(|person| person.pin.as_str())
    }
}

fn name(session: &str) -> UssdName {
    UssdName {
        aggregator: Aggregator::AfricasTalking,
        session: session.to_owned(),
    }
}

fn is_apology(shown: &UssdScreen) -> bool {
    shown.screen.starts_with("This did not work.")
}
