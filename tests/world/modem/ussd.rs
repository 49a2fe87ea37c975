//! USSD: menus of the script, and the network's for what the script does not know (3GPP TS 27.007 section 7.15).

use std::{collections::BTreeMap, time::Duration};

use modem::ussd;

use super::{
    Modem, Out, Told,
    answers::{End, Reply, only, values},
};

/// How a session stands, as `+CUSD` numbers it.
const OVER: u8 = 0;
const OPEN: u8 = 1;
const RELEASED: u8 = 2;
const NOT_SUPPORTED: u8 = 4;
const LATE: u8 = 5;

/// Sessions and menus.
#[derive(Debug, Default)]
pub(super) struct Ussd {
    /// What is said where: the dialled code, then the answers.
    pub(super) menus: BTreeMap<Vec<String>, String>,
    /// Where the open session is.
    session: Option<Session>,
    /// How long the network takes.
    pub(super) delay: Duration,
    /// The next answer never comes: the network ends it late.
    pub(super) late_next: bool,
    /// What the script does not know is asked of the network behind.
    pub(super) has_network: bool,
}

#[derive(Debug, PartialEq, Eq)]
enum Session {
    /// In a menu of the script.
    Menu(Vec<String>),
    /// In one of the network behind it.
    Network,
}

impl Ussd {
    pub(super) fn end(&mut self) {
        self.session = None;
    }

    fn is_open(&self, path: &[String]) -> bool {
        self.menus
            .keys()
            .any(|other| other.len() == path.len() + 1 && other.starts_with(path))
    }
}

impl Modem {
    pub(super) fn answer_ussd(&mut self, rest: &str) -> Reply {
        let value = rest.strip_prefix('=').map(values).unwrap_or_default();
        match (rest, value.first().map(String::as_str), value.get(1)) {
            ("?", ..) => (vec!["+CUSD: 1".to_owned()], End::Ok),
            ("=?", ..) => (vec!["+CUSD: (0,1,2)".to_owned()], End::Ok),
            (_, Some("0" | "1"), Some(text)) => {
                let coding = value.get(2).and_then(|coding| coding.parse().ok());
                let said = ussd::decode(text.as_bytes(), coding, self.profile.ussd);
                if !self.is_registered() {
                    return only(End::Cme(30));
                }
                if self.profile.ussd == ussd::Form::Packed && said == *text && text.contains(['*', '#']) {
                    // A stick of that kind takes letters for hex, and finds none.
                    return only(End::Cme(100));
                }
                self.say_ussd(&said);
                only(if self.profile.ussd_before_ok {
                    End::Later
                } else {
                    End::Ok
                })
            }
            (_, Some("0" | "1"), None) => only(End::Ok),
            (_, Some("2"), _) => {
                if self.ussd.session.take() == Some(Session::Network) {
                    self.put(Duration::ZERO, Out::Tell(Told::HangUp));
                }
                only(End::Ok)
            }
            _ => only(End::Cme(50)),
        }
    }

    /// A person dials, or answers in the open session.
    fn say_ussd(&mut self, said: &str) {
        let delay = Duration::from_millis(300) + self.ussd.delay;
        if std::mem::take(&mut self.ussd.late_next) {
            self.ussd.end();
            return self.screen(Duration::from_secs(30), LATE, None);
        }
        let path = match self.ussd.session.take() {
            Some(Session::Network) => {
                self.ussd.session = Some(Session::Network);
                self.put(delay, Out::Tell(Told::Type(said.to_owned())));
                return self.acknowledge(delay);
            }
            Some(Session::Menu(path)) => [path, vec![said.to_owned()]].concat(),
            None => vec![said.to_owned()],
        };
        match self.ussd.menus.get(&path).cloned() {
            Some(text) => {
                let is_open = self.ussd.is_open(&path);
                self.ussd.session = is_open.then_some(Session::Menu(path));
                self.screen(delay, if is_open { OPEN } else { OVER }, Some(&text));
            }
            None if path.len() == 1 && self.ussd.has_network => {
                self.ussd.session = Some(Session::Network);
                self.put(delay, Out::Tell(Told::Dial(said.to_owned())));
                self.acknowledge(delay);
            }
            None if path.len() == 1 => self.screen(delay, NOT_SUPPORTED, None),
            None => self.screen(delay, RELEASED, Some("Invalid choice")),
        }
    }

    /// The OK of a command whose `+CUSD` should have come before it, but comes from afar.
    fn acknowledge(&mut self, delay: Duration) {
        if self.profile.ussd_before_ok {
            self.finish(delay, &[], End::Ok);
        }
    }

    /// The network behind shows something.
    pub(super) fn network_screen(&mut self, text: &str, is_open: bool) {
        if self.ussd.session.is_some() || is_open {
            self.ussd.session = is_open.then_some(Session::Network);
            let mode = if is_open { OPEN } else { OVER };
            self.unsolicited_screen(Duration::ZERO, mode, Some(text));
        }
    }

    /// The network begins by itself.
    pub(super) fn push_ussd(&mut self, text: &str, is_open: bool) {
        self.ussd.session = is_open.then(|| Session::Menu(vec![String::new()]));
        self.unsolicited_screen(Duration::ZERO, if is_open { OPEN } else { OVER }, Some(text));
    }

    /// What answers a command: before its OK, or after it.
    fn screen(&mut self, delay: Duration, mode: u8, text: Option<&str>) {
        self.unsolicited_screen(delay, mode, text);
        self.acknowledge(delay);
    }

    fn unsolicited_screen(&mut self, delay: Duration, mode: u8, text: Option<&str>) {
        let line = match text {
            None => format!("+CUSD: {mode}"),
            Some(text) => {
                let (text, coding) = written(text, self.profile.ussd);
                format!("+CUSD: {mode},\"{text}\",{coding}")
            }
        };
        self.unsolicited(delay, &line);
        if mode != OPEN && self.profile.ussd_releases_twice {
            self.unsolicited(delay, "+CUSD: 2");
        }
    }
}

/// As a network's text stands between the quotes: letters, also with line ends and quotes in them, where the form is
/// plain and the alphabet has them; hex otherwise.
fn written(text: &str, form: ussd::Form) -> (String, u8) {
    let is_plain = matches!(form, ussd::Form::Plain | ussd::Form::Unknown) && text.is_ascii();
    match ussd::encode(text, form) {
        _ if is_plain => (text.to_owned(), ussd::GSM7),
        Ok(written) => written,
        Err(_) => (text.chars().filter(char::is_ascii).collect(), ussd::GSM7),
    }
}
