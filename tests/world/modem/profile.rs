//! The models a pretend modem can be. What differs is taken from the vendors' manuals and from what drivers of such
//! modems had to learn; a real one may differ with its firmware.

use std::time::Duration;

use modem::{profile, ussd::Form};

/// A model.
#[derive(Debug)]
pub struct Profile {
    /// Its name on the command line.
    pub name: &'static str,
    /// What `AT+CGMI` says.
    pub manufacturer: &'static str,
    /// What `AT+CGMM` says.
    pub model: &'static str,
    /// What `AT+CGMR` says.
    pub revision: &'static str,
    /// What asks for the number of the SIM card, and what stands before it in the answer.
    pub iccid: (&'static str, &'static str),
    /// What it says by itself when it starts.
    pub greeting: &'static [&'static str],
    /// What it says all day.
    pub chatter_lines: &'static [&'static str],
    /// How often, unless a script says otherwise.
    pub chatter: Option<Duration>,
    /// How USSD is written.
    pub ussd: Form,
    /// `+CUSD` comes before the OK of its command.
    pub ussd_before_ok: bool,
    /// A second `+CUSD: 2` follows when a session ends.
    pub ussd_releases_twice: bool,
    /// What `AT+CNMI=?` says.
    pub cnmi: &'static str,
    /// The stores that `AT+CPMS=?` offers.
    pub stores: &'static str,
    /// How long a restart takes.
    pub boot: Duration,
    /// The number of the first place for texts.
    pub first_place: usize,
    /// An empty place answers `+CMS ERROR: 321`; others say OK.
    pub empty_is_error: bool,
}

const CNMI: &str = "(0,1,2),(0,1,2,3),(0,2),(0,1,2),(0,1)";
const STORES: &str = r#"("SM","ME","SR"),("SM","ME"),("SM","ME")"#;

const GENERIC: Profile = Profile {
    name: "generic",
    manufacturer: "Kisima",
    model: "Pretend",
    revision: "1.0",
    iccid: ("+CCID", "+CCID: "),
    greeting: &[],
    chatter_lines: &[],
    chatter: None,
    ussd: Form::Plain,
    ussd_before_ok: false,
    ussd_releases_twice: false,
    cnmi: CNMI,
    stores: STORES,
    boot: Duration::from_secs(2),
    first_place: 1,
    empty_is_error: true,
};

/// All models.
pub const PROFILES: [Profile; 6] = [
    GENERIC,
    Profile {
        name: "sim7600",
        manufacturer: "SIMCOM INCORPORATED",
        model: "SIMCOM_SIM7600E",
        revision: "LE11B12SIM7600M22",
        iccid: ("+CICCID", "+ICCID: "),
        greeting: &["RDY", "+CPIN: READY", "SMS DONE", "PB DONE"],
        empty_is_error: false,
        ..GENERIC
    },
    Profile {
        name: "sim7670g",
        manufacturer: "INCORPORATED",
        model: "SIM7670G-MNGV",
        revision: "A011B05A7670M7_C",
        iccid: ("+CICCID", "+ICCID: "),
        greeting: &["*ATREADY: 1", "+CPIN: READY", "SMS DONE", "+CGEV: EPS PDN ACT 1"],
        ussd_before_ok: true,
        empty_is_error: false,
        ..GENERIC
    },
    Profile {
        name: "ec25",
        manufacturer: "Quectel",
        model: "EC25",
        revision: "EC25EFAR06A05M4G",
        iccid: ("+QCCID", "+QCCID: "),
        greeting: &["RDY", "+CPIN: READY", "+QUSIM: 1", "+CFUN: 1", "+QIND: SMS DONE"],
        chatter_lines: &["+QIND: \"csq\",20,99", "+QIND: \"act\",\"LTE\""],
        ..GENERIC
    },
    Profile {
        name: "e173",
        manufacturer: "huawei",
        model: "E173",
        revision: "11.126.16.17.00",
        iccid: ("^ICCID?", "^ICCID: "),
        greeting: &["^SRVST:2", "^SIMST:1"],
        chatter_lines: &[
            "^BOOT:20952548,0,0,0,75",
            "^RSSI:18",
            "^MODE:5,4",
            "^DSFLOWRPT:00000004,00000000,00000000,0000000000000000,0000000000000000,0003E800,0003E800",
        ],
        chatter: Some(Duration::from_secs(5)),
        ussd: Form::Packed,
        // gammu knows sticks of this maker for it.
        first_place: 0,
        ussd_releases_twice: true,
        ..GENERIC
    },
    Profile {
        name: "e3372",
        manufacturer: "huawei",
        model: "E3372",
        revision: "21.180.07.00.00",
        iccid: ("^ICCID?", "^ICCID: "),
        greeting: &["^SIMST:255,1", "^SRVST:2", "^STIN: 1, 0, 0"],
        chatter_lines: &["^HCSQ:\"LTE\",46,40,126,14", "^RSSI:21", "^LOCCHD:1"],
        chatter: Some(Duration::from_secs(5)),
        ussd: Form::Packed,
        // gammu knows sticks of this maker for it.
        first_place: 0,
        ..GENERIC
    },
];

impl Profile {
    /// The profile by which the driver drives it.
    pub fn driven_by(&self) -> &'static str {
        profile::recognise(self.manufacturer, self.model).name
    }

    /// The model of that name.
    pub fn named(name: &str) -> Option<&'static Profile> {
        static ALL: [Profile; 6] = PROFILES;
        ALL.iter().find(|profile| profile.name == name)
    }
}
