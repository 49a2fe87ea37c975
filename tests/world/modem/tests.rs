//! The pretend modem under the real driver's machine, in pretended time.

use modem::{
    event::{Body, Event, Fate, Registration, Trouble, UssdEnd},
    machine::{Effect, Input, Machine, Settings},
    order::{Order, OrderId, Outgoing},
};

use super::{happening::Happening, profile::PROFILES, *};

/// 2026-11-22 14:05:09 in Nairobi.
const START_MS: i64 = 1_795_345_509_000;

/// A driver and a modem with a cable between them.
struct Desk {
    machine: Machine,
    modem: Modem,
    now_ms: u64,
    is_open: bool,
    open_at: Option<u64>,
    events: Vec<Event>,
    told: Vec<Told>,
}

impl Desk {
    fn new(profile: &str) -> Desk {
        Desk::with(profile, Settings::default())
    }

    fn with(profile: &str, settings: Settings) -> Desk {
        let modem = Modem::new(Profile::named(profile).expect("a profile"), "+254700000900", START_MS);
        let machine = Machine::new(settings);
        let (events, told) = (Vec::new(), Vec::new());
        let mut desk = Desk {
            machine,
            modem,
            now_ms: 0,
            is_open: false,
            open_at: None,
            events,
            told,
        };
        desk.input(Input::Tick);
        desk
    }

    fn now(&self) -> Duration {
        Duration::from_millis(self.now_ms)
    }

    fn input(&mut self, input: Input<'_>) {
        for effect in self.machine.handle(self.now_ms, input) {
            match effect {
                Effect::Write(bytes) if self.is_open => self.modem.hear(self.now(), &bytes),
                Effect::Write(_) | Effect::PowerHook | Effect::Note(_) => {}
                Effect::Open { after_ms } => {
                    self.is_open = false;
                    self.open_at = Some(self.now_ms + after_ms);
                }
                Effect::Tell(event) => self.events.push(event),
            }
        }
    }

    fn happen(&mut self, happening: Happening) {
        self.modem.happen(self.now(), happening);
    }

    fn order(&mut self, order: Order) {
        self.input(Input::Order(order));
    }

    /// Goes on to the next thing that is due.
    fn step(&mut self) {
        let modem = self
            .modem
            .due()
            .map(|due| u64::try_from(due.as_millis()).expect("soon") + 1);
        let next = [modem, self.machine.deadline_ms(), self.open_at]
            .into_iter()
            .flatten()
            .min();
        self.now_ms = self.now_ms.max(next.expect("something is due"));
        for out in self.modem.take(self.now()) {
            match out {
                Out::Bytes(bytes) if self.is_open => self.input(Input::Bytes(&bytes)),
                Out::Vanish if self.is_open => {
                    self.is_open = false;
                    self.input(Input::Closed(Trouble::Gone));
                }
                Out::Tell(told) => self.told.push(told),
                _ => {}
            }
        }
        if self.open_at.is_some_and(|at| at <= self.now_ms) {
            self.open_at = None;
            self.is_open = self.modem.is_there;
            match self.is_open {
                true => self.input(Input::Opened),
                false => self.input(Input::Closed(Trouble::NoPort("no such file".into()))),
            }
        }
        self.input(Input::Tick);
    }

    /// Runs until an event is told, for ten pretended minutes at most; those before it are gone then.
    fn until<T>(&mut self, what: &str, pick: impl Fn(&Event) -> Option<T>) -> T {
        let end_ms = self.now_ms + 600_000;
        loop {
            if let Some(place) = self.events.iter().position(|event| pick(event).is_some()) {
                let event = self.events.drain(..=place).next_back().expect("found");
                return pick(&event).expect("found");
            }
            assert!(self.now_ms < end_ms, "no {what}; told: {:?}", self.events);
            self.step();
        }
    }

    fn ready(profile: &str) -> Desk {
        let mut desk = Desk::new(profile);
        desk.until("Ready", |event| matches!(event, Event::Ready(_)).then_some(()));
        desk
    }

    fn send(&mut self, id: u64, text: &str) {
        self.order(Order::Send(Outgoing {
            id: OrderId(id),
            to: "+254700000101".into(),
            text: text.into(),
            validity: None,
            wants_report: true,
        }));
    }
}

fn received(event: &Event) -> Option<modem::event::Incoming> {
    match event {
        Event::Received(incoming) => Some(incoming.clone()),
        _ => None,
    }
}

fn down(event: &Event) -> Option<Trouble> {
    match event {
        Event::Down(trouble) => Some(trouble.clone()),
        _ => None,
    }
}

fn text(from: &str, text: &str) -> Happening {
    Happening::Receive {
        from: from.into(),
        text: text.into(),
    }
}

#[test]
fn every_model_is_recognised_and_set_up() {
    for profile in &PROFILES {
        let mut desk = Desk::new(profile.name);
        let identity = desk.until("Ready", |event| match event {
            Event::Ready(identity) => Some(identity.clone()),
            _ => None,
        });
        assert_eq!(identity.model, profile.model);
        assert_eq!(
            (identity.imei.len(), identity.imsi.len(), identity.iccid.len()),
            (15, 15, 19),
            "{identity:?}"
        );
        let network = desk.until("Network", |event| match event {
            Event::Network(network) if network.operator == "Safaricom" && network.signal_dbm.is_some() => {
                Some(network.clone())
            }
            _ => None,
        });
        assert_eq!(
            (network.registration, network.signal_dbm),
            (Registration::Home, Some(-73)),
            "{}",
            profile.name
        );
    }
}

#[test]
fn the_networks_time_is_told() {
    for profile in ["generic", "ec25"] {
        let mut desk = Desk::new(profile);
        let time = desk.until("Time", |event| match event {
            Event::Time { at_ms, is_zoned: true } => Some(*at_ms),
            _ => None,
        });
        let passed = time - START_MS;
        assert!(
            (0..=i64::try_from(desk.now_ms).expect("soon")).contains(&passed),
            "{profile}: {passed} ms"
        );
    }
}

#[test]
fn a_text_comes_in_and_its_places_are_freed_when_told() {
    for profile in &PROFILES {
        let mut desk = Desk::ready(profile.name);
        let long = "Maji ".repeat(60);
        for (from, said) in [
            ("+254700000101", "BALANCE"),
            ("MPESA", "Confirmed. €5 {ok}"),
            ("22384", &long),
            ("+254700000101", "ሰላም"),
        ] {
            desk.happen(text(from, said));
            let incoming = desk.until("Received", received);
            assert_eq!(
                (incoming.from.as_str(), &incoming.body),
                (from, &Body::Text(said.into())),
                "{}",
                profile.name
            );
            assert!(incoming.sent_at_ms.is_some_and(|ms| ms >= START_MS), "{incoming:?}");
            assert!(!desk.modem.stored().is_empty());
            desk.order(Order::Forget(incoming.slots));
            while !desk.modem.stored().is_empty() {
                desk.step();
            }
        }
    }
}

#[test]
fn a_text_goes_out_and_its_delivery_is_reported() {
    for profile in &PROFILES {
        let mut desk = Desk::ready(profile.name);
        let said = "Umelipa KSh 300. ".repeat(12);
        desk.send(7, &said);
        let references = desk.until("Sent", |event| match event {
            Event::Sent {
                id: OrderId(7),
                references,
            } => Some(references.clone()),
            _ => None,
        });
        assert_eq!(references.len(), 2);
        for reference in references {
            let fate = desk.until("Reported", |event| match event {
                Event::Reported {
                    reference: told, fate, ..
                } if *told == reference => Some(*fate),
                _ => None,
            });
            assert_eq!(fate, Fate::Delivered);
        }
        assert_eq!(
            desk.told,
            [Told::Text {
                to: "+254700000101".into(),
                text: said
            }],
            "{}",
            profile.name
        );
    }
}

#[test]
fn a_menu_is_walked_through() {
    for profile in &PROFILES {
        let mut desk = Desk::ready(profile.name);
        let menu = |path: &[&str], said: &str| {
            Happening::Menu(path.iter().map(|word| (*word).to_owned()).collect(), said.into())
        };
        desk.happen(menu(&["*100#"], "Bundles:\n1. Day"));
        desk.happen(menu(&["*100#", "1"], "You have \"50 MB\"."));
        let id = OrderId(3);
        desk.order(Order::Dial {
            id,
            code: "*100#".into(),
        });
        let screen = |event: &Event| match event {
            Event::Ussd {
                id: Some(OrderId(3)),
                text,
                is_open,
            } => Some((text.clone(), *is_open)),
            _ => None,
        };
        assert_eq!(
            desk.until("Ussd", screen),
            ("Bundles:\n1. Day".into(), true),
            "{}",
            profile.name
        );
        desk.order(Order::Say { id, text: "1".into() });
        assert_eq!(
            desk.until("Ussd", screen),
            ("You have \"50 MB\".".into(), false),
            "{}",
            profile.name
        );
        // A code that no network knows.
        desk.order(Order::Dial {
            id: OrderId(4),
            code: "*999#".into(),
        });
        let why = desk.until("UssdEnded", |event| match event {
            Event::UssdEnded { id: OrderId(4), why } => Some(why.clone()),
            _ => None,
        });
        assert_eq!(why, UssdEnd::NotSupported, "{}", profile.name);
    }
}

#[test]
fn a_modem_that_is_pulled_out_is_found_again() {
    let mut desk = Desk::ready("sim7600");
    desk.happen(Happening::Remove);
    assert_eq!(desk.until("Down", down), Trouble::Gone);
    desk.happen(text("+254700000101", "while it was out"));
    desk.happen(Happening::Plug);
    desk.until("Ready", |event| matches!(event, Event::Ready(_)).then_some(()));
    assert_eq!(
        desk.until("Received", received).body,
        Body::Text("while it was out".into())
    );
}

#[test]
fn a_wrong_pin_is_tried_once_and_the_right_one_opens() {
    let with = |pin: &str| Settings {
        sim_pin: Some(pin.into()),
        ..Settings::default()
    };
    let mut desk = Desk::with("ec25", with("0000"));
    desk.happen(Happening::Pin("1234".into()));
    assert_eq!(desk.until("Down", down), Trouble::PinWrong { left: Some(2) });
    let end_ms = desk.now_ms + 3_600_000;
    while desk.now_ms < end_ms {
        desk.step();
    }
    assert_eq!(desk.modem.sim.tries_left, 2);
    let mut desk = Desk::with("ec25", with("1234"));
    desk.happen(Happening::Pin("1234".into()));
    desk.until("Ready", |event| matches!(event, Event::Ready(_)).then_some(()));
    // Without one, or without a card, it says so.
    let mut desk = Desk::new("ec25");
    desk.happen(Happening::Pin("1234".into()));
    assert_eq!(desk.until("Down", down), Trouble::PinWanted);
    let mut desk = Desk::new("ec25");
    desk.happen(Happening::Sim(false));
    assert_eq!(desk.until("Down", down), Trouble::NoSim);
}

#[test]
fn a_full_store_holds_back_and_lets_come() {
    let mut desk = Desk::ready("generic");
    desk.happen(Happening::Places(2));
    for said in ["one", "two", "three"] {
        desk.happen(text("+254700000101", said));
    }
    assert_eq!(desk.modem.stored().len(), 2);
    for said in ["one", "two", "three"] {
        let incoming = desk.until("Received", received);
        assert_eq!(incoming.body, Body::Text(said.into()));
        desk.order(Order::Forget(incoming.slots));
    }
}

#[test]
fn noise_and_a_line_without_end_are_survived() {
    let mut desk = Desk::ready("e173");
    desk.happen(Happening::Garbage(Duration::from_secs(60)));
    desk.happen(Happening::LongLine(1_000_000));
    let end_ms = desk.now_ms + 60_000;
    while desk.now_ms < end_ms {
        desk.step();
    }
    desk.happen(text("+254700000101", "after the storm"));
    assert_eq!(
        desk.until("Received", received).body,
        Body::Text("after the storm".into())
    );
}

#[test]
fn what_the_network_refuses_or_never_answers_is_told_as_that() {
    let mut desk = Desk::ready("generic");
    desk.happen(Happening::Refuse(Some((38, false))));
    desk.send(1, "refused");
    let word = desk.until("NotSent", |event| match event {
        Event::NotSent { id: OrderId(1), why } => Some(why.word.clone()),
        _ => None,
    });
    assert_eq!(word, "+CMS ERROR: 38");
    desk.happen(Happening::SilentNext);
    desk.send(2, "nobody knows");
    desk.until("Unsure", |event| {
        matches!(event, Event::Unsure { id: OrderId(2) }).then_some(())
    });
    assert_eq!(
        desk.told,
        [Told::Text {
            to: "+254700000101".into(),
            text: "nobody knows".into()
        }]
    );
    // The prompt that never comes: nothing is sent, and the next one is.
    desk.happen(Happening::NoPromptNext);
    desk.send(3, "no prompt");
    desk.send(4, "next");
    desk.until("Sent", |event| {
        matches!(event, Event::Sent { id: OrderId(4), .. }).then_some(())
    });
}

#[test]
fn scripts_are_read_and_told_what_is_wrong_with_them() {
    let parsed =
        script::parse("# remark\nsignal -97\nat 5s receive +254700000101 \"a \\\"b\\\"\\n\"\nafter 500ms remove\n");
    let second = Duration::from_secs(1);
    assert_eq!(
        parsed,
        Ok(vec![
            (Duration::ZERO, Happening::Signal(Some(-97))),
            (5 * second, text("+254700000101", "a \"b\"\n")),
            (Duration::from_millis(5_500), Happening::Remove),
        ])
    );
    for (line, what) in [
        ("fly", "fly is not known"),
        ("at soon remove", "soon is no time"),
        ("at 5h remove", "5h is no time"),
        ("lose 101%", "101 % is more than all"),
        ("receive +254 \"open", "a quote is not closed"),
        ("registration gone", "registration is home"),
        ("at 5s", "a time, and nothing"),
    ] {
        let error = script::parse(&format!("\n{line}")).expect_err(line);
        assert!(error.line == 2 && error.what.starts_with(what), "{line}: {error}");
    }
}
