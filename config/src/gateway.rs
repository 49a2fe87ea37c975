//! The settings of `kisima-gateway`.

use std::{cell::Cell, collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use jiff::tz::TimeZone;
use kiosk::{
    airtime::{self, Pattern},
    phone::{Country, Phone},
};

use crate::{
    ConfigError, Loaded, Sources, Surroundings, WebAddress,
    common::{self, Log},
    layers::{Key, Layers, Program},
    reader::Reader,
};

/// Everything the site daemon is told. The file `config/gateway.toml` explains each key.
#[derive(Clone, Debug, PartialEq)]
pub struct Gateway {
    /// `[site]`
    pub site: Site,
    /// `[mqtt]`
    pub mqtt: Mqtt,
    /// `mqtts.listen`: where dispensers that speak TLS connect.
    pub mqtts_listen: SocketAddr,
    /// `web.listen`: pages, API and images of firmware.
    pub web_listen: SocketAddr,
    /// `hub.url`: over the address that `join` stored; `None` leaves that one.
    pub hub_url: Option<WebAddress>,
    /// `[modem]`
    pub modem: Modem,
    /// `dispense.report_within`: after this long without a report a hold is booked in full.
    pub dispense_report_within: Duration,
    /// `[sync]`
    pub sync: Sync,
    /// `[sms]`
    pub sms: Sms,
    /// `[airtime]`
    pub airtime: Airtime,
    /// `ussd.hub_code`: what is dialled for a session with the hub; `None` where the operator offers none.
    pub ussd_hub_code: Option<String>,
    /// `[storage]`
    pub storage: Storage,
    /// `[log]`
    pub log: Log,
}

/// `[site]`
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// `site.time_zone`: where days begin and subscriptions end.
    pub time_zone: TimeZone,
    /// `site.language`: `en`, `sw` or `fr`; for pages and people who chose none.
    pub language: &'static str,
}

/// `[mqtt]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mqtt {
    /// `mqtt.listen`: where dispensers without TLS connect.
    pub listen: SocketAddr,
    /// `mqtt.connections_max`: over both listeners.
    pub connections_max: u32,
    /// `mqtt.messages_per_second_max`: of one dispenser; more waits, and who goes on is cut.
    pub messages_per_second_max: u32,
}

/// `[modem]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Modem {
    /// `modem.port`: the serial device; `None` for a site without a modem.
    pub port: Option<PathBuf>,
    /// `modem.baud`
    pub baud: u32,
    /// `modem.profile`: the vendor's quirks; `auto` asks the modem.
    pub profile: String,
    /// `modem.data`
    pub data: ModemData,
    /// `modem.apn`: `None` leaves the operator's own.
    pub apn: Option<String>,
    /// `modem.sim_pin_file`: a file with the SIM's PIN; `None` for a SIM without one.
    pub sim_pin_file: Option<PathBuf>,
    /// `modem.power_hook`: a program that takes the modem's power away and gives it back; `None` where nothing can.
    pub power_hook: Option<PathBuf>,
}

/// Who makes the modem's data connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ModemData {
    /// The gateway, by AT command; the modem appears as a network card.
    Ecm,
    /// ModemManager; the gateway only texts.
    ModemManager,
    /// Nobody: the modem is for texts.
    None,
}

/// `[airtime]`
#[derive(Clone, Debug, PartialEq)]
pub struct Airtime {
    /// `airtime.low`: with less than this, in whole units of the site's currency, somebody is told.
    pub low_units: u32,
    /// `airtime.operators`: how each is asked, by its number (country and network code, such as `63902`).
    pub operators: BTreeMap<String, Operator>,
}

/// How an operator is asked what is left.
#[derive(Clone, Debug, PartialEq)]
pub struct Operator {
    /// `code`: what is dialled for airtime.
    pub code: String,
    /// `pattern`: where the amount stands in the answer.
    pub pattern: Pattern,
    /// `bundle_code`: what is dialled for the data bundle; `None` asks for none.
    pub bundle_code: Option<String>,
    /// `bundle_pattern`: where the bundle stands in the answer.
    pub bundle_pattern: Pattern,
}

/// `[sync]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sync {
    /// `sync.thin_after`: after this long without data, SMS and USSD carry sync.
    pub thin_after: Duration,
    /// `sync.thin_linger`: how long an ordinary sale then waits for others that share its text.
    pub thin_linger: Duration,
    /// `sync.texts_per_day`: texts of sync that may be sent.
    pub texts_per_day: u32,
}

/// `[sms]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sms {
    /// `sms.hub_number`: where texts to the hub go; `None` until known.
    pub hub_number: Option<String>,
    /// `sms.parts_per_day`: texts of the network that may be sent in all, a long one counted as its parts.
    pub parts_per_day: u32,
    /// `sms.commands_per_day`: of one number.
    pub commands_per_day: u32,
    /// `sms.technician`: who is texted when something at the site needs a person.
    pub technician: Vec<Phone>,
    /// `sms.dispenser_silent_after`: a dispenser that is not heard for so long does; never where it is zero.
    pub dispenser_silent_after: Duration,
}

/// `[storage]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// `storage.data_dir`
    pub data_dir: PathBuf,
    /// `storage.key_file`: the key of what is sealed in the database; `None` for one made in the data directory.
    pub key_file: Option<PathBuf>,
}

impl Gateway {
    /// Reads all layers and checks every value; the error names all problems at once.
    pub fn load(sources: &Sources, surroundings: &dyn Surroundings) -> Result<Loaded<Gateway>, ConfigError> {
        let mut reader = Reader::new(Layers::collect(Program::Gateway, sources, surroundings));
        let gateway = Gateway {
            site: Site {
                time_zone: common::time_zone(&mut reader),
                language: common::language(&mut reader),
            },
            mqtt: Mqtt {
                listen: reader.address("mqtt.listen", "0.0.0.0:1883"),
                connections_max: reader.integer("mqtt.connections_max", 64, 1..=10_000),
                messages_per_second_max: reader.integer("mqtt.messages_per_second_max", 100, 1..=1_000_000),
            },
            mqtts_listen: reader.address("mqtts.listen", "0.0.0.0:8883"),
            web_listen: reader.address("web.listen", "0.0.0.0:8080"),
            hub_url: reader.optional("hub.url", |text| text.parse().map_err(|error| format!("{error}"))),
            modem: Modem::read(&mut reader),
            dispense_report_within: reader.duration("dispense.report_within", "24 h", seconds(1)..=days(30)),
            sync: Sync {
                thin_after: reader.duration("sync.thin_after", "10 min", seconds(1)..=days(30)),
                thin_linger: reader.duration("sync.thin_linger", "1 h", seconds(1)..=days(1)),
                texts_per_day: reader.integer("sync.texts_per_day", 60, 0..=2_000),
            },
            sms: Sms {
                hub_number: reader.optional("sms.hub_number", common::texted),
                parts_per_day: reader.integer("sms.parts_per_day", 200, 0..=2_000),
                commands_per_day: reader.integer("sms.commands_per_day", 10, 0..=10_000),
                technician: reader.list_of("sms.technician", "[\"+254700000102\"]", technician),
                dispenser_silent_after: reader.duration(
                    "sms.dispenser_silent_after",
                    "30 min",
                    Duration::ZERO..=days(30),
                ),
            },
            airtime: Airtime::read(&mut reader),
            ussd_hub_code: reader.optional("ussd.hub_code", common::ussd_code),
            storage: Storage {
                data_dir: common::data_dir(&mut reader, "/var/lib/kisima/gateway"),
                key_file: reader.optional("storage.key_file", |text| match text.starts_with('/') {
                    true => Ok(PathBuf::from(text)),
                    false => Err("must be a whole path such as \"/media/key/vault.key\"".to_owned()),
                }),
            },
            log: Log::read(&mut reader),
        };
        gateway.check_listeners(&mut reader);
        reader.finish(gateway)
    }

    fn check_listeners(&self, reader: &mut Reader) {
        let listeners = [
            ("mqtt.listen", self.mqtt.listen),
            ("mqtts.listen", self.mqtts_listen),
            ("web.listen", self.web_listen),
        ];
        for (place, (key, address)) in listeners.iter().enumerate() {
            let same = |(_, other): &&(&str, SocketAddr)| {
                let any = address.ip().is_unspecified() || other.ip().is_unspecified();
                address.port() != 0 && address.port() == other.port() && (any || address.ip() == other.ip())
            };
            if let Some((other, _)) = listeners[..place].iter().find(same) {
                reader.problem(*key, format!("has the port of {other}"));
            }
        }
    }
}

impl Modem {
    fn read(reader: &mut Reader) -> Modem {
        let ways = [
            ("ecm", ModemData::Ecm),
            ("modemmanager", ModemData::ModemManager),
            ("none", ModemData::None),
        ];
        Modem {
            port: reader.optional("modem.port", |text| match text.starts_with('/') {
                true => Ok(PathBuf::from(text)),
                false => Err("must be a device such as \"/dev/kisima-modem\"".to_owned()),
            }),
            baud: reader.integer("modem.baud", 115_200, 300..=4_000_000),
            // Which there are, the driver knows: whoever uses it tells of a name that is none of them.
            profile: reader.checked_text("modem.profile", "auto", |text| {
                match (1..=32).contains(&text.chars().count()) {
                    true => Ok(text.to_owned()),
                    false => Err("must be the name of a profile such as \"sim7600\", or \"auto\"".to_owned()),
                }
            }),
            data: reader.choice("modem.data", "none", &ways),
            // 100 octets: the limit of an APN in 3GPP TS 23.003 section 9.1. No quote, for it goes into an AT command.
            apn: reader.optional("modem.apn", |text| {
                let known = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '-' | '_');
                match text.len() <= 100 && text.chars().all(known) {
                    true => Ok(text.to_owned()),
                    false => Err("must be at most 100 letters, digits, '.', '-' and '_'".to_owned()),
                }
            }),
            sim_pin_file: reader.optional("modem.sim_pin_file", |text| match text.starts_with('/') {
                true => Ok(PathBuf::from(text)),
                false => Err("must be a whole path such as \"/etc/kisima/sim.pin\"".to_owned()),
            }),
            power_hook: reader.optional("modem.power_hook", |text| match text.starts_with('/') {
                true => Ok(PathBuf::from(text)),
                false => Err("must be the whole path of a program such as \"/usr/local/bin/modem-power\"".to_owned()),
            }),
        }
    }
}

impl Airtime {
    fn read(reader: &mut Reader) -> Airtime {
        /// Safaricom. Of the others' codes none is known so surely that every box should dial it.
        const BUILT_IN: (&str, &str) = ("63902", "*144#");
        const SECTION: &str = "airtime.operators";
        let mut names = reader.names(SECTION);
        names.insert(BUILT_IN.0.to_owned());
        let mut operators = BTreeMap::new();
        for name in names {
            let key = |part| Key::under(SECTION, &[&name, part]);
            let is_number = matches!(name.len(), 5 | 6) && name.bytes().all(|b| b.is_ascii_digit());
            let built_in = if name == BUILT_IN.0 { BUILT_IN.1 } else { "" };
            // One that is wrong is not missing, too.
            let is_written = Cell::new(false);
            let operator = Operator {
                code: reader.checked_text(key("code"), built_in, |text| match text {
                    "" => Ok(String::new()),
                    text => {
                        is_written.set(true);
                        common::ussd_code(text)
                    }
                }),
                pattern: reader.checked_text(key("pattern"), airtime::AIRTIME, pattern),
                bundle_code: reader.optional(key("bundle_code"), common::ussd_code),
                bundle_pattern: reader.checked_text(key("bundle_pattern"), airtime::BUNDLE, pattern),
            };
            if !is_number {
                let what = format!(
                    "stands under {name:?}, and must stand under the operator's number (country and network code), such as \
                     [airtime.operators.63902]"
                );
                reader.problem(key("code"), what);
            } else if !operator.code.is_empty() {
                operators.insert(name, operator);
            } else if name != BUILT_IN.0 && !is_written.get() {
                reader.problem(
                    key("code"),
                    "is missing: what is dialled for airtime, such as \"*144#\"".to_owned(),
                );
            }
        }
        Airtime {
            low_units: reader.integer("airtime.low", 50, 0..=1_000_000),
            operators,
        }
    }
}

fn pattern(text: &str) -> Result<Pattern, String> {
    Pattern::parse(text).map_err(|error| error.to_string())
}

fn technician(text: &str) -> Result<Phone, String> {
    // The number itself is not said: what is wrong with a configuration ends up in a log.
    let rule = || "must be mobile numbers with plus and country code such as [\"+254700000102\"]".to_owned();
    match text.starts_with('+') {
        true => Phone::parse(text, Country::Kenya).map_err(|_| rule()),
        false => Err(rule()),
    }
}

const fn seconds(number: u64) -> Duration {
    Duration::from_secs(number)
}

const fn days(number: u64) -> Duration {
    Duration::from_secs(number * 86_400)
}
