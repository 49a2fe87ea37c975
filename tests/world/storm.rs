//! A storm: seeded people who draw, pay and err for some days under some weather, then quiet, then the checker.

use hub::hub::input::Item;
use kiosk::{provider::Provider, units::Volume};

use crate::{
    check::check,
    event::{Event, Node},
    sabotage::Sabotage,
    town::{Setting, World},
    weather::Weather,
};

const DAY_MS: u64 = 24 * 3_600_000;
/// How long everything that is owed may need to settle.
const QUIET_MS_MAX: u64 = 2 * DAY_MS;

/// How much cash each manager may take.
const FLOAT_MINOR: i64 = 40_000;
/// How long a site with a SIM waits for data before it texts.
const THIN_AFTER_MS: u64 = 10 * 60_000;
/// How often it is looked whether everything is settled.
const LOOK_EVERY_MS: u64 = 5 * 60_000;

/// How people behave.
#[derive(Clone, Copy, Debug)]
pub struct Habits {
    /// The mean time between two visits of one person.
    pub visit_every_ms: u64,
    /// The mean time between two calls of one person.
    pub call_every_ms: u64,
}

/// A storm to be.
#[derive(Clone, Debug)]
pub struct Storm {
    /// The dice.
    pub seed: u64,
    /// The weather.
    pub weather: Weather,
    /// How many sites there are.
    pub sites: usize,
    /// Dispensers at each.
    pub taps: usize,
    /// People at each.
    pub people: usize,
    /// For how many days it lasts.
    pub days: u64,
    /// Visits a site and day, on the mean.
    pub visits_per_day: u64,
    /// People who are known to nobody and register by phone.
    pub callers: usize,
    /// Calls and texts of one person in a day, on the mean.
    pub calls_per_day: u64,
    /// Sites have SIMs, and text with the hub after so long without data.
    pub thin_after_ms: Option<u64>,
    /// What is broken on purpose.
    pub sabotage: Option<Sabotage>,
    /// Whether its story is kept.
    pub is_told: bool,
}

/// What a storm left behind.
#[derive(Clone, Debug)]
pub struct Aftermath {
    /// The rules that were broken; empty when all is well.
    pub violations: Vec<String>,
    /// The hash over all that happened.
    pub trace: String,
    /// How much happened.
    pub events: u64,
    /// Pours with a receipt.
    pub sales: u64,
    /// Purchases that callers confirmed and were told of.
    pub bought_by_phone: u64,
    /// Balances that callers were told.
    pub balances_told: u64,
    /// Texts of sync that left sites.
    pub texts_of_sync: u64,
    /// Large misfortunes.
    pub calamities: u64,
    /// The story, if it was kept.
    pub story: Vec<String>,
}

impl Storm {
    /// The storm of a seed: a small programme, whose weather the seed chooses too.
    pub fn of_seed(seed: u64) -> Storm {
        let weather = match seed % 4 {
            0 => Weather::calm(),
            1 | 2 => Weather::rural(),
            _ => Weather::wild(),
        };
        Storm {
            seed,
            weather,
            sites: 2 + usize::try_from(seed % 2).unwrap_or(0),
            taps: 2,
            people: 5,
            days: 2,
            visits_per_day: 60,
            callers: 8,
            calls_per_day: 6,
            // Two weathers of each kind have SIMs, and two have none.
            thin_after_ms: (seed % 8 < 4).then_some(THIN_AFTER_MS),
            sabotage: None,
            is_told: false,
        }
    }

    /// Lets it rage, and looks what is left.
    pub fn run(self) -> Aftermath {
        let setting = Setting {
            thin_after_ms: self.thin_after_ms,
            sabotage: self.sabotage,
            ..Setting::default()
        };
        let mut world = World::with(self.seed, setting);
        if self.is_told {
            world.trace().begin_story();
        }
        let homes: Vec<usize> = (1..=self.sites)
            .map(|site| world.found_site(&format!("site-{site}"), self.taps))
            .collect();
        for home in &homes {
            for person in 1..=self.people {
                let person = world.settle(&format!("Person-{home}.{person}"), *home);
                world.credit(person, 40_000);
            }
        }
        for home in &homes {
            let given = world.give_float(*home, FLOAT_MINOR);
            debug_assert!(given.is_ok(), "{given:?}");
        }
        world.habits = Some(Habits {
            visit_every_ms: DAY_MS * self.people as u64 / self.visits_per_day.max(1),
            call_every_ms: DAY_MS / self.calls_per_day.max(1),
        });
        world.set_weather(self.weather.clone());
        for person in 0..world.people.len() {
            world.visit_later(person);
        }
        for caller in 0..self.callers {
            world.stranger(&format!("Caller-{caller} Odhiambo"), homes[caller % homes.len()]);
        }
        for person in 0..world.people.len() {
            world.call_later(person);
        }
        if self.sabotage.is_some() {
            world.run_for(DAY_MS / 4);
            world.keep_card(homes[0]);
            world.run_for(DAY_MS / 4);
            world.plot(homes[0]);
        }
        world.run_for(self.days * DAY_MS);
        world.calm_down();
        let violations = check(&mut world);
        Aftermath {
            violations,
            sales: world
                .books
                .visits
                .values()
                .filter(|visit| visit.receipt.is_some())
                .count() as u64,
            bought_by_phone: world.calls.bought,
            balances_told: world.calls.balances,
            texts_of_sync: (0..world.stations.len())
                .map(|station| world.texts_of_sync(station))
                .sum(),
            calamities: world.books.calamities,
            events: world.trace().events(),
            trace: world.trace().hash(),
            story: world.trace().take_story(),
        }
    }
}

impl World {
    fn visit_later(&mut self, person: usize) {
        if let Some(habits) = self.habits {
            let ms = self.random.around(habits.visit_every_ms);
            self.after(ms, Event::Visit { person });
        }
    }

    pub(crate) fn call_later(&mut self, person: usize) {
        if let Some(habits) = self.habits {
            let ms = self.random.around(habits.call_every_ms);
            self.after(ms, Event::Rings { person });
        }
    }

    /// A person comes by: most draw, some pay first.
    pub(crate) fn visit(&mut self, person: usize) {
        if self.habits.is_none() {
            return;
        }
        self.visit_later(person);
        match self.random.below(20) {
            0 | 1 => {
                let volume_ml = 1_000 * self.random.within((5, 60)).cast_signed();
                self.credit_later(person, volume_ml);
            }
            2 | 3 => {
                let volume = Volume::from_ml(1_000 * self.random.within((5, 40)));
                let provider = Provider::ALL[usize::try_from(self.random.below(4)).unwrap_or(0)];
                self.buy_by(person, Item::Litres(volume), provider);
            }
            4 if self.random.chance(100_000) => {
                self.buy_later(person, Item::Plan("monthly".to_owned()));
            }
            5 => {
                let volume_ml = 500 * self.random.within((1, 40));
                let wants_ml = self.random.within((0, volume_ml));
                self.draw_at_hub_later(person, volume_ml, wants_ml);
            }
            6 => self.pays_at_the_counter(person),
            7 => self.pays_cash(person),
            _ => self.goes_drawing(person),
        }
    }

    /// A person pays the manager of their site; now and then the manager hands in what is in the drawer, or a little less.
    fn pays_cash(&mut self, person: usize) {
        let Some(station) = self.box_at(self.people[person].home) else {
            return;
        };
        let volume_ml = 1_000 * self.random.within((5, 40));
        self.sell_for_cash_later(station, person, volume_ml);
        if self.random.chance(300_000) {
            let drawer = self.manager_at_box(station).map_or(0, |(_, drawer)| drawer);
            let missing = 100 * i64::try_from(self.random.below(2)).unwrap_or(0);
            self.hand_in_later(station, (drawer - missing).max(0));
        }
    }

    /// A person pays the paybill by themselves, and mostly types what belongs there. What litres cost is even, and this is
    /// odd, so that it is never the money of a prompt.
    fn pays_at_the_counter(&mut self, person: usize) {
        let amount = 2 * self.random.within((5, 60)).cast_signed() + 1;
        let own = &self.people[person];
        let (account, phone) = (own.account.map(|account| account.to_string()), own.phone.clone());
        let typed = match self.random.below(10) {
            0 => String::new(),
            1 => "AQP000000".to_owned(),
            2 => phone,
            _ => account.unwrap_or_default(),
        };
        self.pays_directly(person, amount, &typed);
    }

    fn goes_drawing(&mut self, person: usize) {
        let home = self.people[person].home;
        let elsewhere = self.random.chance(20_000);
        let place = if elsewhere {
            usize::try_from(self.random.below(4)).unwrap_or(0)
        } else {
            home
        };
        let Some(station) = self.box_at(place) else { return };
        let taps = self.stations[station].taps.len() as u64;
        if taps == 0 {
            return;
        }
        let tap = usize::try_from(self.random.below(taps)).unwrap_or(0);
        let pin = match self.random.chance(20_000) {
            true => "9021".to_owned(),
            false => self.people[person].pin.clone(),
        };
        let volume_ml = 500 * self.random.within((1, 41)).cast_signed();
        if self.random.chance(200_000) {
            self.stations[station].taps[tap].wants_ml = Some(self.random.below(volume_ml.unsigned_abs()));
        } else {
            self.stations[station].taps[tap].wants_ml = None;
        }
        self.ask(station, tap, person, &pin, volume_ml);
    }

    /// The box that stands now where the box at `place` stood first.
    pub(crate) fn box_at(&self, place: usize) -> Option<usize> {
        let name = &self.stations.get(place)?.name;
        self.stations
            .iter()
            .rposition(|box_| box_.name == *name && !box_.is_gone)
    }

    /// The weather ends, everybody goes home, and what is owed is settled.
    pub fn calm_down(&mut self) {
        self.habits = None;
        self.set_weather(Weather::calm());
        self.calm_providers();
        self.tell(|| "the storm is over".to_owned());
        self.after(1, Event::Start(Node::Hub));
        for station in 0..self.stations.len() {
            self.set_network(station, true);
            self.after(1, Event::Start(Node::Box(station)));
        }
        let settle_ms = self.report_within_ms() + 3_600_000;
        self.run_for(settle_ms);
        for _ in 0..QUIET_MS_MAX / LOOK_EVERY_MS {
            if self.is_quiet() {
                break;
            }
            self.run_for(LOOK_EVERY_MS);
        }
        self.run_for(3_600_000);
        self.decide_cash_sales();
        self.run_for(3_600_000);
    }
}
