//! In what modems differ. What holds for all of them is in [`super::machine`].
//!
//! That MSM chips advertise mode 2 of `+CNMI` and fail on it is known from oFono, that Huawei packs USSD from several
//! drivers. The rest is taken from what the vendors' manuals are known to say and was not tried on a modem of each kind:
//! the commands for the card's number, for the tries of its PIN and for the clock, the lines of a start, and that
//! `+CGACT=1,1` brings data up. Each may be refused without harm: a number or a clock is then not told, a PIN is said as
//! [`super::pin`] allows without a count, a restart that is not announced shows by a list that is refused.

use crate::ussd::Form;

/// One family of modems.
#[derive(Debug, PartialEq, Eq)]
pub struct Profile {
    /// Its name in the settings.
    pub name: &'static str,
    /// How it is recognised: parts of what it says of itself, in small letters.
    pub marks: &'static [&'static str],
    /// The command for the SIM's number, and how its answer begins.
    pub iccid: (&'static str, &'static str),
    /// The command for the tries that are left for the SIM's PIN, how its answer begins, and in which field they stand.
    pub pin_tries: (&'static str, &'static str, usize),
    /// The command for the network's time and how its answer begins.
    pub clock: (&'static str, &'static str),
    /// The clock shows UTC and its zone is only told, where others show local time.
    pub clock_is_utc: bool,
    /// Lines that begin so are its own talk and never an answer.
    pub chatter: &'static [&'static str],
    /// Lines by which it says that it has started and forgotten its settings.
    pub starts: &'static [&'static str],
    /// How it takes and gives USSD texts.
    pub ussd: Form,
    /// The command that restarts it.
    pub reset: &'static str,
    /// The mode of `+CNMI`: 2 where the modem offers it, except on MSM chips, which offer it and fail.
    pub notify_mode: u16,
    /// `+CGACT=1,1` brings its data up.
    pub activates_data: bool,
}

/// A constant, for what SIMCom made since differs from it in little.
const SIM7600: Profile = Profile {
    name: "sim7600",
    marks: &["sim7600", "sim7500"],
    iccid: ("AT+CICCID", "+ICCID:"),
    pin_tries: ("AT+SPIC", "+SPIC:", 0),
    clock: ("AT+CCLK?", "+CCLK:"),
    clock_is_utc: false,
    chatter: &[
        "RDY",
        "SMS DONE",
        "PB DONE",
        "SMS READY",
        "RING",
        "MISSED_CALL",
        "OPL UPDATING",
        "PNN UPDATING",
    ],
    starts: &["RDY", "*ATREADY:"],
    ussd: Form::Plain,
    reset: "AT+CFUN=1,1",
    notify_mode: 1,
    activates_data: true,
};

static SIM7670: Profile = Profile {
    name: "sim7670",
    marks: &["sim7670", "sim7672", "a7670", "a7672", "a7600", "a7608"],
    ..SIM7600
};

static EC25: Profile = Profile {
    name: "ec25",
    marks: &["quectel", "ec25", "eg25", "ec21", "eg21"],
    iccid: ("AT+QCCID", "+QCCID:"),
    pin_tries: ("AT+QPINC=\"SC\"", "+QPINC:", 1),
    // Its +CCLK shows UTC or local time by setting; this one says UTC, and only what the network told.
    clock: ("AT+QLTS=1", "+QLTS:"),
    clock_is_utc: true,
    chatter: &[
        "RDY",
        "SMS DONE",
        "PB DONE",
        "POWERED DOWN",
        "NORMAL POWER DOWN",
        "RING",
    ],
    starts: &["RDY"],
    ussd: Form::Plain,
    reset: "AT+CFUN=1,1",
    notify_mode: 1,
    activates_data: true,
};

static HUAWEI: Profile = Profile {
    name: "huawei",
    marks: &["huawei", "e3372", "e173"],
    iccid: ("AT^ICCID?", "^ICCID:"),
    pin_tries: ("AT^CPIN?", "^CPIN:", 3),
    clock: ("AT+CCLK?", "+CCLK:"),
    clock_is_utc: false,
    chatter: &["RING"],
    starts: &[],
    ussd: Form::Packed,
    reset: "AT^RESET",
    notify_mode: 1,
    // Its data goes over a network device of its own, by commands that are not documented for all of them.
    activates_data: false,
};

static GENERIC: Profile = Profile {
    name: "generic",
    marks: &[],
    iccid: ("AT+CCID", "+CCID:"),
    pin_tries: ("AT+CPINR=\"SIM PIN\"", "+CPINR:", 1),
    clock: ("AT+CCLK?", "+CCLK:"),
    clock_is_utc: false,
    chatter: &["RDY", "RING", "SMS READY", "CALL READY"],
    starts: &["RDY"],
    ussd: Form::Plain,
    reset: "AT+CFUN=1,1",
    notify_mode: 2,
    activates_data: true,
};

impl Profile {
    /// Whether a line can be an answer without prefix, such as an IMEI.
    pub fn is_bare(&self, line: &str) -> bool {
        let is_result = line.starts_with(['+', '^', '*', '$', '%']);
        !is_result && !self.chatter.iter().any(|start| line.starts_with(start))
    }
}

static ALL: [&Profile; 5] = [&SIM7600, &SIM7670, &EC25, &HUAWEI, &GENERIC];

/// The names that the settings may say.
pub fn names() -> impl Iterator<Item = &'static str> {
    ALL.iter().map(|profile| profile.name)
}

/// The profile of that name.
pub fn by_name(name: &str) -> Option<&'static Profile> {
    ALL.into_iter().find(|profile| profile.name == name)
}

/// The profile of a modem that says this of itself (`+CGMI`, `+CGMM`); the generic one for a stranger.
pub fn recognise(manufacturer: &str, model: &str) -> &'static Profile {
    let said = format!("{manufacturer} {model}").to_ascii_lowercase();
    let knows = |profile: &&Profile| profile.marks.iter().any(|mark| said.contains(mark));
    ALL.into_iter().find(knows).unwrap_or(&GENERIC)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modems_are_recognised_by_what_they_say() {
        let table = [
            ("SIMCOM INCORPORATED", "SIMCOM_SIM7600E-H", "sim7600"),
            ("SIMCOM INCORPORATED", "SIM7670G-MNGV", "sim7670"),
            ("INCORPORATED", "A7670E-FASE", "sim7670"),
            ("Quectel", "EC25", "ec25"),
            ("huawei", "E3372", "huawei"),
            ("Huawei Technologies Co., Ltd.", "E173", "huawei"),
            ("ZTE", "MF190", "generic"),
            ("", "", "generic"),
        ];
        for (manufacturer, model, name) in table {
            assert_eq!(recognise(manufacturer, model).name, name, "{manufacturer} {model}");
        }
    }

    #[test]
    fn every_name_leads_to_its_profile() {
        assert_eq!(
            names().collect::<Vec<_>>(),
            ["sim7600", "sim7670", "ec25", "huawei", "generic"]
        );
        assert!(names().all(|name| by_name(name).is_some_and(|profile| profile.name == name)));
        assert_eq!(by_name("nokia"), None);
    }
}
