//! Plays a transcript against a machine.
//!
//! | line | means |
//! |---|---|
//! | `> AT` | the machine says this next; `<esc>` and `<sub>` stand for ESC and Ctrl-Z |
//! | `< OK` | the modem says this, as a line |
//! | `<< \r\n> ` | the modem says exactly this |
//! | `= Ready(…)` | the machine tells this next |
//! | `~ 5000` | so many milliseconds pass |
//! | `! send 7 +2547… text` | an order: `send`, `report` (a text with a report), `forget`, `dial`, `say`, `hangup` |
//! | `! closed`, `! opened` | what becomes of the port |
//! | `? open 1000`, `? power` | the machine wants the port opened, the power cut |
//! | `@ file` | another transcript is played here |
//! | `? note …` | what is remembered of the PIN |
//! | `note …`, `pin 1234`, `ecm internet`, `hook`, `profile huawei` | settings, at the beginning |

use std::{collections::VecDeque, fs, path::Path};

use kisima_modem::{
    event::{Event, Trouble},
    machine::{Data, Effect, Input, Machine, Settings},
    order::{Order, OrderId, Outgoing, Slot},
    pin::PinNote,
    profile,
};

/// How the modem's bytes are fed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feeding {
    /// Line by line.
    Whole,
    /// Byte by byte.
    Bytes,
    /// Each command comes back first, whatever the echo was set to.
    Echo,
    /// The vendor's own talk stands between all lines.
    Talk,
}

pub struct Player {
    pub machine: Machine,
    pub now: u64,
    feeding: Feeding,
    writes: VecDeque<String>,
    events: VecDeque<Event>,
    wants: VecDeque<String>,
    echo: Vec<u8>,
    /// What is to be remembered of the PIN.
    pub note: Option<PinNote>,
}

impl Player {
    pub fn new(settings: Settings, feeding: Feeding) -> Player {
        Player {
            note: settings.pin_note.clone(),
            machine: Machine::new(settings),
            now: 1_000,
            feeding,
            writes: VecDeque::new(),
            events: VecDeque::new(),
            wants: VecDeque::new(),
            echo: Vec::new(),
        }
    }

    /// Plays a file of this folder from the opening of the port, and wants everything to be said that it says.
    pub fn play(name: &str, feeding: Feeding) {
        let lines = lines(name);
        let mut settings = Settings::default();
        for line in &lines {
            match line.split_once(' ').unwrap_or((line, "")) {
                ("pin", pin) => settings.sim_pin = Some(pin.to_owned()),
                ("note", note) => settings.pin_note = Some(note.parse().expect("a note")),
                ("ecm", apn) => settings.data = Data::Ecm { apn: apn.to_owned() },
                ("hook", _) => settings.has_power_hook = true,
                ("profile", name) => settings.profile = profile::by_name(name),
                _ => {}
            }
        }
        let mut player = Player::new(settings, feeding);
        player.open();
        for (number, line) in lines.iter().enumerate() {
            player.one(
                line,
                &format!("{name}, line {} of its play ({feeding:?}): {line}", number + 1),
            );
        }
        let rest = (&player.writes, &player.events, &player.wants);
        assert!(
            player.writes.is_empty() && player.events.is_empty() && player.wants.is_empty(),
            "{name}: left over: {rest:?}"
        );
    }

    /// The first tick asks for the port, which opens.
    pub fn open(&mut self) {
        self.input(Input::Tick);
        assert_eq!(self.wants.pop_front().as_deref(), Some("open 0"));
        self.input(Input::Opened);
    }

    pub fn input(&mut self, input: Input<'_>) {
        for effect in self.machine.handle(self.now, input) {
            match effect {
                Effect::Write(bytes) => {
                    self.echo.extend(&bytes);
                    let text = String::from_utf8(bytes).expect("commands are ASCII");
                    assert!(text.ends_with(['\r', '\u{1a}', '\u{1b}']), "{text:?} has its end");
                    let shown = text
                        .trim_end_matches('\r')
                        .replace('\u{1b}', "<esc>")
                        .replace('\u{1a}', "<sub>");
                    assert!(!shown.contains(['\r', '\n']), "{shown:?} is one command");
                    assert!(
                        !shown.starts_with("AT+CPIN=") || self.note.is_some(),
                        "a PIN is noted before it is said"
                    );
                    self.writes.push_back(shown);
                }
                Effect::Tell(event) => self.events.push_back(event),
                Effect::Open { after_ms } => self.wants.push_back(format!("open {after_ms}")),
                Effect::Note(note) => self.note = note,
                Effect::PowerHook => self.wants.push_back("power".to_owned()),
            }
        }
        let is_due = self.machine.deadline_ms().is_some_and(|deadline| deadline < self.now);
        assert!(!is_due, "a deadline that is over would make the port spin");
    }

    /// Lets time pass in the steps that the machine asks for.
    pub fn pass(&mut self, ms: u64) {
        let until = self.now + ms;
        while let Some(deadline) = self.machine.deadline_ms().filter(|deadline| *deadline < until) {
            self.now = self.now.max(deadline + 1);
            self.input(Input::Tick);
        }
        self.now = until;
        self.input(Input::Tick);
    }

    pub fn modem_says(&mut self, bytes: &[u8]) {
        match self.feeding {
            Feeding::Whole => self.input(Input::Bytes(bytes)),
            Feeding::Bytes => bytes.iter().for_each(|byte| self.input(Input::Bytes(&[*byte]))),
            Feeding::Echo => {
                let echo = std::mem::take(&mut self.echo);
                self.input(Input::Bytes(&[&echo, bytes].concat()));
            }
            Feeding::Talk => {
                self.input(Input::Bytes(bytes));
                self.input(Input::Bytes(b"\r\n^HCSQ:\"LTE\",50,40,120,26\r\n\r\n+CTZV: +12\r\n"));
            }
        }
    }

    pub fn said(&mut self) -> Option<String> {
        self.writes.pop_front()
    }

    pub fn told(&mut self) -> Vec<Event> {
        self.events.drain(..).collect()
    }

    pub fn wanted(&mut self) -> Option<String> {
        self.wants.pop_front()
    }

    fn one(&mut self, line: &str, place: &str) {
        let (mark, rest) = line.split_once(' ').unwrap_or((line, ""));
        match mark {
            ">" => assert_eq!(self.writes.pop_front().as_deref(), Some(rest), "{place}"),
            "<" => self.modem_says(format!("\r\n{}\r\n", plain(rest)).as_bytes()),
            "<<" => self.modem_says(plain(rest).as_bytes()),
            "=" => {
                let told = self.events.pop_front().map(|event| format!("{event:?}"));
                assert_eq!(told.as_deref(), Some(rest), "{place}");
            }
            "?" if rest.starts_with("note") => {
                let note = self
                    .note
                    .as_ref()
                    .map_or("note none".to_owned(), |note| format!("note {note}"));
                assert_eq!(note.trim(), rest, "{place}");
            }
            "?" => assert_eq!(self.wants.pop_front().as_deref(), Some(rest), "{place}"),
            "~" => self.pass(rest.parse().expect("milliseconds")),
            "!" => match rest {
                "opened" => self.input(Input::Opened),
                "closed" => self.input(Input::Closed(Trouble::Gone)),
                order => self.input(Input::Order(self::order(order))),
            },
            "pin" | "note" | "ecm" | "hook" | "profile" => {}
            _ => panic!("{place}: not a line of a transcript"),
        }
    }
}

fn order(text: &str) -> Order {
    let mut words = text.splitn(3, ' ');
    let mut next = || words.next().unwrap_or_default();
    let (kind, number) = (next(), next().parse().expect("a number"));
    let (id, rest) = (OrderId(number), plain(next()));
    match kind {
        "send" | "report" => {
            let (to, text) = rest.split_once(' ').expect("a number and a text");
            Order::Send(Outgoing {
                id,
                to: to.to_owned(),
                text: text.to_owned(),
                validity: None,
                wants_report: kind == "report",
            })
        }
        "forget" => Order::Forget(vec![Slot(u32::try_from(number).expect("a slot"))]),
        "dial" => Order::Dial { id, code: rest },
        "say" => Order::Say { id, text: rest },
        "hangup" => Order::HangUp { id },
        _ => panic!("no order: {text}"),
    }
}

fn plain(text: &str) -> String {
    text.replace("\\r", "\r").replace("\\n", "\n")
}

/// The lines of a file, those of the files that it names in their places, without comments.
fn lines(name: &str) -> Vec<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/transcripts")
        .join(name);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let mut lines = Vec::new();
    for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.strip_prefix("@ ") {
            Some(other) => lines.extend(self::lines(other)),
            None => lines.push(line.to_owned()),
        }
    }
    lines
}
