//! What the pretend modem answers to commands that are about itself (3GPP TS 27.007).

use std::time::Duration;

use modem::pdu::Stamp;

use super::{Modem, Out};

/// How a command ends.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// `OK`.
    Ok,
    /// `ERROR`.
    Error,
    /// `+CME ERROR`, as `AT+CMEE` has it.
    Cme(u16),
    /// `+CMS ERROR`.
    Cms(u16),
    /// The prompt for a PDU.
    Prompt,
    /// Nothing, or something that comes later.
    Later,
}

/// Lines and an end.
pub(super) type Reply = (Vec<String>, End);

/// What a terminal sets, and a restart forgets.
#[derive(Debug)]
pub(super) struct Setting {
    pub(super) echo: bool,
    errors: u8,
    registration: [u8; 3],
    operator_format: u8,
    alphabet: String,
    functionality: u8,
    context: String,
    context_is_active: bool,
}

impl Default for Setting {
    fn default() -> Setting {
        Setting {
            echo: true,
            errors: 0,
            registration: [0; 3],
            operator_format: 0,
            alphabet: "IRA".to_owned(),
            functionality: 1,
            context: "internet".to_owned(),
            context_is_active: false,
        }
    }
}

/// So long the OK of a restart has to leave before the port goes.
const RESTARTS_AFTER: Duration = Duration::from_millis(100);

/// No SIM, a PIN is wanted, a PUK is wanted, the PIN is wrong, not in the table (27.007 section 9.2).
const NO_SIM: u16 = 10;
const PIN_WANTED: u16 = 11;
const PUK_WANTED: u16 = 12;
const WRONG_PIN: u16 = 16;
const ODD_PARAMETER: u16 = 50;

pub(super) fn ok(line: impl Into<String>) -> Reply {
    (vec![line.into()], End::Ok)
}

pub(super) fn only(end: End) -> Reply {
    (Vec::new(), end)
}

/// The values of `=1,"a b",3`, without their quotes.
pub(super) fn values(text: &str) -> Vec<String> {
    let (mut values, mut is_quoted) = (vec![String::new()], false);
    for c in text.chars() {
        match c {
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => values.push(String::new()),
            c => values.last_mut().expect("one at least").push(c),
        }
    }
    values.into_iter().map(|value| value.trim().to_owned()).collect()
}

/// A line's commands: `AT+CMEE=1;+CSQ` has two.
fn commands(line: &str) -> Vec<String> {
    let (mut commands, mut is_quoted) = (vec![String::new()], false);
    for c in line.chars() {
        is_quoted ^= c == '"';
        match c {
            ';' if !is_quoted => commands.push(String::new()),
            c => commands.last_mut().expect("one at least").push(c),
        }
    }
    commands
}

impl Modem {
    /// Carries out a line. What does not begin with AT is noise, and is not answered.
    pub(super) fn command(&mut self, line: &str) {
        let line = line.trim();
        let is_command = line.get(..2).is_some_and(|head| head.eq_ignore_ascii_case("AT"));
        if !is_command {
            return;
        }
        let mut lines = Vec::new();
        for command in commands(&line[2..]) {
            let (more, end) = self.answer(command.trim());
            lines.extend(more);
            if end != End::Ok {
                return self.finish(Duration::ZERO, &lines, end);
            }
        }
        self.finish(Duration::ZERO, &lines, End::Ok);
    }

    /// Writes lines and an end.
    pub(super) fn finish(&mut self, delay: Duration, lines: &[String], end: End) {
        let mut text: String = lines.iter().map(|line| format!("\r\n{line}\r\n")).collect();
        match end {
            End::Ok => text.push_str("\r\nOK\r\n"),
            End::Error => text.push_str("\r\nERROR\r\n"),
            End::Cme(code) => text.push_str(&match self.setting.errors {
                0 => "\r\nERROR\r\n".to_owned(),
                1 => format!("\r\n+CME ERROR: {code}\r\n"),
                _ => format!("\r\n+CME ERROR: {}\r\n", words(code)),
            }),
            End::Cms(code) => text.push_str(&format!("\r\n+CMS ERROR: {code}\r\n")),
            End::Prompt => text.push_str("\r\n> "),
            End::Later => {}
        }
        if !text.is_empty() {
            self.put(delay, Out::Bytes(text.into_bytes()));
        }
    }

    /// Answers one command without its `AT`.
    fn answer(&mut self, command: &str) -> Reply {
        let upper = command.to_uppercase();
        if let Some(line) = self.answers.get(&upper) {
            return match line.as_str() {
                "ERROR" => only(End::Error),
                line => ok(line),
            };
        }
        if !upper.starts_with(['+', '^', '*', '$']) {
            return self.basic(&upper);
        }
        let end = command.find(['=', '?']).unwrap_or(command.len());
        let (name, rest) = (&upper[..upper.len().min(end)], &command[end..]);
        if upper == self.profile.iccid.0 {
            return match self.sim.is_in {
                true => ok(format!("{}{}", self.profile.iccid.1, self.iccid())),
                false => only(End::Cme(NO_SIM)),
            };
        }
        let of_texts = || {
            name.starts_with("+CM") && name != "+CMEE"
                || matches!(name, "+CSMS" | "+CNMI" | "+CNMA" | "+CPMS" | "+CSCA")
        };
        let needs_sim = of_texts() || matches!(name, "+CUSD" | "+CIMI" | "+CPBS" | "+CNUM");
        if let Some(end) = needs_sim.then(|| self.locked(of_texts())).flatten() {
            return only(end);
        }
        match name {
            "+CUSD" => self.answer_ussd(rest),
            _ if of_texts() => self.answer_texts(name, rest),
            "+CPIN" => self.pin(rest),
            "+CREG" | "+CGREG" | "+CEREG" => self.registration(name, rest),
            "+COPS" => self.operator(rest),
            _ => self.simple(name, rest),
        }
    }

    /// Why the SIM cannot be asked, where it cannot: told as an error of texts or of equipment.
    fn locked(&self, of_texts: bool) -> Option<End> {
        let (cms, cme) = match (&self.sim, self.sim.tries_left) {
            (sim, _) if !sim.is_in => (310, NO_SIM),
            (sim, _) if sim.is_open => return None,
            (_, 0) => (316, PUK_WANTED),
            _ => (311, PIN_WANTED),
        };
        Some(if of_texts { End::Cms(cms) } else { End::Cme(cme) })
    }

    /// `E0`, `I`, `Z` and their like, of which a line may hold several.
    fn basic(&mut self, letters: &str) -> Reply {
        let mut rest = letters.chars().filter(|c| !c.is_whitespace()).peekable();
        let mut lines = Vec::new();
        while let Some(letter) = rest.next() {
            let letter = if letter == '&' {
                rest.next().unwrap_or('&')
            } else {
                letter
            };
            let mut value = String::new();
            while let Some(digit) = rest.next_if(char::is_ascii_digit) {
                value.push(digit);
            }
            match (letter, value.as_str()) {
                ('E', value) => self.setting.echo = value == "1",
                ('Z' | 'F', _) => self.setting.echo = true,
                ('I', _) => {
                    let profile = self.profile;
                    lines.push(format!("Manufacturer: {}", profile.manufacturer));
                    lines.push(format!("Model: {}", profile.model));
                    lines.push(format!("Revision: {}", profile.revision));
                    lines.push(format!("IMEI: {}", self.imei()));
                }
                ('V' | 'Q' | 'X' | 'C' | 'D' | 'S' | 'H' | 'W', _) => {}
                _ => return (lines, End::Error),
            }
        }
        (lines, End::Ok)
    }

    fn simple(&mut self, name: &str, rest: &str) -> Reply {
        let profile = self.profile;
        let value = rest.strip_prefix('=').map(values).unwrap_or_default();
        let first = value.first().and_then(|value| value.parse::<u8>().ok());
        match (name, rest) {
            ("+CGMI" | "+GMI", "") => ok(profile.manufacturer),
            ("+CGMM" | "+GMM", "") => ok(profile.model),
            ("+CGMR" | "+GMR", "") => ok(profile.revision),
            ("+CGSN" | "+GSN", "") => ok(self.imei()),
            ("+CIMI", "") => ok(format!("{}{:010}", self.air.operator_code, 1_234_567)),
            ("+CNUM", "") => ok(format!("+CNUM: \"\",\"{}\",145", self.sim.number)),
            ("+CMEE", "?") => ok(format!("+CMEE: {}", self.setting.errors)),
            ("+CMEE", "=?") => ok("+CMEE: (0,1,2)"),
            ("+CMEE", _) if first.is_some_and(|mode| mode <= 2) => {
                self.setting.errors = first.unwrap_or(0);
                only(End::Ok)
            }
            ("+CSQ", "") => {
                let rssi = self.air.signal_dbm.map_or(99, |dbm| ((dbm + 113) / 2).clamp(0, 31));
                ok(format!("+CSQ: {rssi},99"))
            }
            ("+CCLK", "?") => ok(format!("+CCLK: \"{}+12\"", self.clock(12))),
            // The quartet of vendors for the tries that a PIN has left.
            ("+SPIC", "") => ok(format!("+SPIC: {},10,0,10", self.sim.tries_left)),
            ("+CPINR", _) => ok(format!("+CPINR: SIM PIN,{},3", self.sim.tries_left)),
            ("^CPIN", "?") => ok(format!("^CPIN: SIM PIN,10,10,{},10,3", self.sim.tries_left)),
            ("+QPINC", _) => ok(format!("+QPINC: \"SC\",{},10", self.sim.tries_left)),
            ("+QLTS", _) => ok(format!("+QLTS: \"20{}+12,0\"", self.clock(0))),
            ("+CSCS", "?") => ok(format!("+CSCS: \"{}\"", self.setting.alphabet)),
            ("+CSCS", "=?") => ok(r#"+CSCS: ("IRA","GSM","UCS2")"#),
            ("+CSCS", _) => match value.first().map(String::as_str) {
                Some(alphabet @ ("IRA" | "GSM" | "UCS2")) => {
                    self.setting.alphabet = alphabet.to_owned();
                    only(End::Ok)
                }
                _ => only(End::Cme(ODD_PARAMETER)),
            },
            ("+CFUN", "?") => ok(format!("+CFUN: {}", self.setting.functionality)),
            ("+CFUN", "=?") => ok("+CFUN: (0,1,4),(0,1)"),
            ("+CFUN", _) => self.functionality(first, value.get(1).map(String::as_str)),
            ("^RESET", "") => {
                self.put(RESTARTS_AFTER, Out::Off);
                only(End::Ok)
            }
            ("+CGATT", "?") => ok(format!("+CGATT: {}", u8::from(self.is_registered()))),
            ("+CGDCONT", "?") => ok(format!(
                "+CGDCONT: 1,\"IP\",\"{}\",\"0.0.0.0\",0,0",
                self.setting.context
            )),
            ("+CGDCONT", _) if value.len() >= 3 => {
                self.setting.context = value[2].clone();
                only(End::Ok)
            }
            ("+CGACT", "?") => ok(format!("+CGACT: 1,{}", u8::from(self.setting.context_is_active))),
            ("+CGACT", _) if first.is_some() => {
                self.setting.context_is_active = first == Some(1);
                only(End::Ok)
            }
            ("+CGPADDR", _) => ok(r#"+CGPADDR: 1,"10.20.30.40""#),
            (
                "+CTZU" | "+CTZR" | "^CURC" | "^PORTSEL" | "+QURCCFG" | "+CRC" | "+CLIP" | "+CGEREP" | "+CPMUTE"
                | "+CSDH" | "+CRSL",
                _,
            ) => only(End::Ok),
            ("+CPAS", "") => ok("+CPAS: 0"),
            ("+CPBS", "?") => ok(r#"+CPBS: "SM",0,250"#),
            ("+CPBS", "=?") => ok(r#"+CPBS: ("SM")"#),
            ("+CPBS", _) => only(End::Ok),
            ("+CBC", "") => ok("+CBC: 0,100"),
            _ => only(End::Error),
        }
    }

    fn functionality(&mut self, level: Option<u8>, reset: Option<&str>) -> Reply {
        let Some(level @ (0 | 1 | 4)) = level else {
            return only(End::Cme(ODD_PARAMETER));
        };
        if reset == Some("1") {
            self.put(RESTARTS_AFTER, Out::Off);
            return only(End::Ok);
        }
        self.setting.functionality = level;
        self.air.is_on = level == 1;
        if level == 1 {
            self.put(Duration::from_secs(1), Out::Deliver);
        }
        only(End::Ok)
    }

    fn registration(&mut self, name: &str, rest: &str) -> Reply {
        let place = match name {
            "+CREG" => 0,
            "+CGREG" => 1,
            _ => 2,
        };
        let stat = if self.sim.is_in && self.sim.is_open && self.air.is_on {
            self.air.registration
        } else {
            0
        };
        match (rest, rest.strip_prefix('=').and_then(|mode| mode.parse::<u8>().ok())) {
            ("?", _) => {
                let mode = self.setting.registration[place];
                let cell = if mode == 2 && matches!(stat, 1 | 5) {
                    ",\"1A2B\",\"01C3D4E5\",7"
                } else {
                    ""
                };
                ok(format!("{name}: {mode},{stat}{cell}"))
            }
            ("=?", _) => ok(format!("{name}: (0-2)")),
            (_, Some(mode)) if mode <= 2 => {
                self.setting.registration[place] = mode;
                only(End::Ok)
            }
            _ => only(End::Cme(ODD_PARAMETER)),
        }
    }

    /// Says a changed registration to whoever asked to hear of it.
    pub(super) fn tell_registration(&mut self) {
        for (place, name) in ["+CREG", "+CGREG", "+CEREG"].into_iter().enumerate() {
            if self.setting.registration[place] > 0 {
                self.unsolicited(Duration::ZERO, &format!("{name}: {}", self.air.registration));
            }
        }
    }

    fn operator(&mut self, rest: &str) -> Reply {
        if rest == "?" {
            let name = match self.setting.operator_format {
                2 => &self.air.operator_code,
                _ => &self.air.operator,
            };
            return match self.is_registered() {
                true => ok(format!("+COPS: 0,{},\"{name}\",7", self.setting.operator_format)),
                false => ok("+COPS: 0"),
            };
        }
        let value = rest.strip_prefix('=').map(values).unwrap_or_default();
        match (
            value.first().map(String::as_str),
            value.get(1).and_then(|format| format.parse().ok()),
        ) {
            (Some("3"), Some(format @ 0..=2)) => {
                self.setting.operator_format = format;
                only(End::Ok)
            }
            (Some("0" | "1" | "2"), _) => only(End::Ok),
            _ => only(End::Cme(ODD_PARAMETER)),
        }
    }

    fn pin(&mut self, rest: &str) -> Reply {
        if !self.sim.is_in {
            return only(End::Cme(NO_SIM));
        }
        if rest == "?" {
            return ok(match (self.sim.is_open, self.sim.tries_left) {
                (true, _) => "+CPIN: READY",
                (false, 0) => "+CPIN: SIM PUK",
                (false, _) => "+CPIN: SIM PIN",
            });
        }
        let typed = rest.strip_prefix('=').map(values).unwrap_or_default();
        let end = match (typed.first(), self.sim.tries_left) {
            _ if self.sim.is_open => End::Cme(3),
            (_, 0) => End::Cme(PUK_WANTED),
            (typed, _) if typed == self.sim.pin.as_ref() => {
                self.sim.is_open = true;
                self.sim.tries_left = 3;
                self.put(Duration::from_millis(500), Out::Deliver);
                End::Ok
            }
            _ => {
                self.sim.tries_left -= 1;
                End::Cme(if self.sim.tries_left == 0 {
                    PUK_WANTED
                } else {
                    WRONG_PIN
                })
            }
        };
        only(end)
    }

    fn imei(&self) -> &'static str {
        "860000000000007"
    }

    fn iccid(&self) -> &'static str {
        "8925402000000000017"
    }

    /// The network's time in a zone, as `+CCLK` writes it.
    fn clock(&self, zone_quarters: i8) -> String {
        let stamp = Stamp {
            zone_quarters,
            ..self.stamp()
        };
        let two = |octet: u8| format!("{}{}", octet & 0xf, octet >> 4);
        let [year, month, day, hour, minute, second, _] = stamp.encode().map(two);
        format!("{year}/{month}/{day},{hour}:{minute}:{second}")
    }

    pub(super) fn stamp(&self) -> Stamp {
        let since = i64::try_from(self.now.as_millis()).unwrap_or(0);
        Stamp {
            at_ms: self.air.start_ms + since,
            zone_quarters: 12,
        }
    }
}

/// The words of an error (27.007 section 9.2).
fn words(code: u16) -> &'static str {
    match code {
        3 => "operation not allowed",
        4 => "operation not supported",
        NO_SIM => "SIM not inserted",
        PIN_WANTED => "SIM PIN required",
        PUK_WANTED => "SIM PUK required",
        13 => "SIM failure",
        14 => "SIM busy",
        WRONG_PIN => "incorrect password",
        30 => "no network service",
        ODD_PARAMETER => "incorrect parameters",
        _ => "unknown error",
    }
}
