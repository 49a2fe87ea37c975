//! What `doctor` says of the modem: its port, who else wants it, who makes its data connection, and what it is asked for.

use std::{
    fs,
    ops::RangeInclusive,
    os::unix::fs::{FileTypeExt as _, MetadataExt as _},
    path::{Path, PathBuf},
};

use config::gateway::{Gateway, ModemData};
use kiosk::units::{Currency, Money};
use rustix::fs::{Access, access, major, minor};
use serde_json::Value;

use super::Found::{self, Fail, Ok as Good, Warn};

/// Names that stay when the modem is reset and comes back as another device.
const STEADY: [&str; 2] = ["/dev/serial/by-id/", "/dev/serial/by-path/"];
/// Names that change then.
const FLEETING: [&str; 3] = ["/dev/ttyUSB", "/dev/ttyACM", "/dev/ttyHS"];
/// The line that keeps ModemManager off a device.
const UDEV_LINE: &str = "install packaging/udev/60-kisima-modem.rules as /etc/udev/rules.d/60-kisima-modem.rules, or for another \
                         modem a line such as ATTRS{idVendor}==\"1e0e\", ATTRS{idProduct}==\"9001\", \
                         ENV{ID_MM_DEVICE_IGNORE}=\"1\"; then udevadm control --reload && udevadm trigger";

/// The major numbers of the near ends of pseudo-terminals, `/dev/pts/N` (Linux, admin-guide/devices.txt).
const PSEUDO_MAJORS: RangeInclusive<u32> = 136..=143;
/// What the system calls devices that take AT commands: serial ports, and those of modems that have no serial port.
const SPEAKS_AT: [&str; 2] = ["tty", "wwan"];

/// Of what kind a character device is.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Kind {
    /// A serial port, as far as the system tells.
    Serial,
    /// A pseudo-terminal: a program is its other end.
    Pseudo,
    /// Something else, in the system's word.
    Other(String),
}

/// Who has a device open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Holder {
    name: String,
    /// It has far ends of pseudo-terminals open, too, so it may be what is behind one.
    makes_terminals: bool,
}

/// Where the system tells of itself: `/`, or what a test put in its place.
pub(super) struct System<'a>(pub(super) &'a Path);

/// Looks at all that concerns the modem; nothing but its absence where none is configured.
pub(super) fn examine(config: &Gateway, system: &System<'_>, runs: bool) -> Vec<(&'static str, Found)> {
    let Some(port) = &config.modem.port else {
        return vec![(
            "modem.port",
            Good("not set: this site has no SMS and no USSD, and syncs by data alone".to_owned()),
        )];
    };
    let mut found = vec![("modem.port", port_found(port, system, runs))];
    found.extend(name(port).map(|advice| ("modem.port", advice)));
    found.push(("modem.data", data(config)));
    found.extend(modem_manager(config.modem.data, port, system).map(|found| ("ModemManager", found)));
    found.push(("thin sync", thin(config)));
    found.push(("technician", technician(config)));
    found
}

fn port_found(port: &Path, system: &System<'_>, runs: bool) -> Found {
    let shown = port.display();
    let metadata = match fs::metadata(port) {
        Ok(metadata) => metadata,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            return Fail(format!(
                "{shown} does not exist; is the modem plugged in and powered? dmesg and ls /dev/serial/by-id tell its name"
            ));
        }
        Err(error) => return Fail(format!("{shown}: {error}")),
    };
    if !metadata.file_type().is_char_device() {
        return Fail(format!(
            "{shown} is no serial device; set modem.port to the modem's AT port"
        ));
    }
    if access(port, Access::READ_OK | Access::WRITE_OK).is_err() {
        return Fail(format!(
            "{shown} may not be opened by this user; run this as the owner, and put the user kisima into the group dialout"
        ));
    }
    let kind = system.kind(metadata.rdev());
    if let Kind::Other(kind) = &kind {
        return Fail(format!(
            "{shown} is no serial device but of the kind {kind}; set modem.port to the modem's AT port"
        ));
    }
    let holders = system.holders(port);
    let ours = |name: &String| name.starts_with("kisima-gateway");
    // A pseudo-terminal has a program behind it, which may hold both of its ends.
    let behind = |holder: &Holder| kind == Kind::Pseudo && holder.makes_terminals;
    if let Some(other) = holders.iter().find(|holder| !ours(&holder.name) && !behind(holder)) {
        let other = &other.name;
        return Fail(format!(
            "{shown} is held by {other} too: two cannot talk to one modem; stop {other}"
        ));
    }
    if kind == Kind::Pseudo {
        let by = holders.iter().find(|holder| behind(holder));
        let by = by.map(|holder| format!(" of {}", holder.name)).unwrap_or_default();
        return Warn(format!(
            "{shown} is a pseudo-terminal{by}: a pretend modem, or one that a program brings here; a modem that is plugged \
             in has a name in /dev/serial/by-id"
        ));
    }
    match runs {
        true if holders.is_empty() => Good(format!("{shown} is there; who holds it, root alone can see")),
        true => Good(format!("{shown} is held by the gateway")),
        false => Good(format!("{shown} is there and free")),
    }
}

/// Advice where the name will change.
fn name(port: &Path) -> Option<Found> {
    let text = port.to_str().unwrap_or_default();
    let is_fleeting = FLEETING.iter().any(|start| text.starts_with(start));
    (is_fleeting && !STEADY.iter().any(|start| text.starts_with(start))).then(|| {
        Warn(format!(
            "{text} may come back under another name when the modem is reset; set a name of /dev/serial/by-id, or \
             /dev/kisima-modem with packaging/udev/60-kisima-modem.rules"
        ))
    })
}

/// Which way to data applies, and what that means.
fn data(config: &Gateway) -> Found {
    let apn = match &config.modem.apn {
        Some(apn) => format!("the APN {apn}"),
        None => "the operator's own APN (modem.apn is not set)".to_owned(),
    };
    Good(match config.modem.data {
        ModemData::Ecm => format!(
            "ecm: the gateway has the modem connect with {apn}; it is a network card, to which the system gives an address \
             (DHCP), and ModemManager must leave it alone"
        ),
        ModemData::ModemManager => {
            "modemmanager: it makes the connection; the gateway only texts and needs the modem's second AT port for itself"
                .to_owned()
        }
        ModemData::None => "none: the modem is for texts; data comes by another way, or not at all".to_owned(),
    })
}

/// Whether ModemManager runs and would take the port; `None` where it cannot matter.
fn modem_manager(data: ModemData, port: &Path, system: &System<'_>) -> Option<Found> {
    let runs = system.processes().into_iter().any(|(_, name)| name == "ModemManager");
    let ignored = |tag| system.udev_says(port, tag);
    Some(match (data, runs) {
        (ModemData::ModemManager, false) => Fail(
            "does not run, and modem.data = \"modemmanager\" needs it: systemctl enable --now ModemManager".to_owned(),
        ),
        (_, false) => return None,
        (ModemData::ModemManager, true) if ignored("ID_MM_DEVICE_IGNORE") => Fail(
            "is told to ignore this modem, and modem.data = \"modemmanager\" needs it: take ID_MM_DEVICE_IGNORE out of the udev \
             rule"
            .to_owned(),
        ),
        (ModemData::ModemManager, true) if ignored("ID_MM_PORT_IGNORE") => {
            Good("runs, and leaves this port to the gateway".to_owned())
        }
        (ModemData::ModemManager, true) => Warn(
            "runs, and talks on this port too: set modem.port = \"/dev/kisima-modem-second\" with \
             packaging/udev/60-kisima-modem.rules, or give the port ENV{ID_MM_PORT_IGNORE}=\"1\""
                .to_owned(),
        ),
        (_, true) if ignored("ID_MM_DEVICE_IGNORE") || ignored("ID_MM_PORT_IGNORE") => {
            Good("runs, and leaves this modem alone".to_owned())
        }
        (_, true) => Fail(format!("runs, and would talk to this modem too: {UDEV_LINE}")),
    })
}

/// What carries urgent facts when data is away.
fn thin(config: &Gateway) -> Found {
    let after = config::values::spelled(config.sync.thin_after);
    match (&config.sms.hub_number, &config.ussd_hub_code) {
        (Some(number), None) => Good(format!(
            "after {after} without data, sales go by SMS to {number}; there is no ussd.hub_code"
        )),
        (Some(number), Some(code)) => Good(format!(
            "after {after} without data, sales go by USSD ({code}), or by SMS to {number}"
        )),
        (None, Some(code)) => Warn(format!(
            "after {after} without data, sales go by USSD ({code}) alone; set sms.hub_number so that texts carry them too"
        )),
        (None, None) => Warn(
            "neither sms.hub_number nor ussd.hub_code is set: without data nothing reaches the hub until the link is back"
                .to_owned(),
        ),
    }
}

fn technician(config: &Gateway) -> Found {
    match config.sms.technician.len() {
        0 => Warn("sms.technician is empty: nobody is texted when something here needs a person".to_owned()),
        1 => Good("1 phone is texted when something here needs a person".to_owned()),
        count => Good(format!("{count} phones are texted when something here needs a person")),
    }
}

/// What the running gateway knows of the SIM, its network and its airtime.
pub(super) fn standing(told: &Value) -> Vec<(&'static str, Found)> {
    let modem = &told["modem"];
    if modem.is_null() {
        return Vec::new();
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    if modem["ready"] != true {
        let why = modem["trouble"].as_str().unwrap_or("it has not answered yet");
        return vec![("SIM", Fail(format!("no texts: {why}")))];
    }
    let network = &modem["network"];
    let registration = match network["registered"].as_bool() {
        None => Warn("the modem has not told yet whether it is in a network".to_owned()),
        Some(false) => Warn(format!(
            "not in a network ({}); look at the antenna, and whether the SIM is active",
            text(&network["registration"])
        )),
        Some(true) => Good(format!(
            "in {} ({}), {}{}",
            text(&network["operator"]),
            text(&network["operator_code"]),
            text(&network["registration"]),
            network["signal_dbm"]
                .as_i64()
                .map(|dbm| format!(", {dbm} dBm"))
                .unwrap_or_default(),
        )),
    };
    let mut found = vec![("SIM", Good("ready".to_owned())), ("network", registration)];
    found.push(("airtime", airtime(&modem["airtime"], &text(&network["operator_code"]))));
    let sms = &told["sms"];
    if sms["held"] == true {
        found.push((
            "texts",
            Fail("the network refuses them; look at the SIM's airtime and its message centre".to_owned()),
        ));
    }
    found.extend(answers(sms).map(|found| ("texts", found)));
    found
}

/// What is left on the SIM, or why that is not known and what to do about it.
fn airtime(told: &Value, operator: &str) -> Found {
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let trouble = told["trouble"].as_str();
    let Some(minor) = told["left_minor"].as_i64() else {
        return Warn(match (told["cannot_ask"].as_str(), trouble) {
            (Some("not_named"), _) => format!(
                "not known: the settings do not say how the operator {operator} is asked; say it in \
                 [airtime.operators.{operator}]"
            ),
            (Some("not_joined"), _) => "not known: it is asked once this box has joined its hub".to_owned(),
            (Some("no_network"), _) => "not known: it is asked once the modem is in a network".to_owned(),
            (Some("modem_away"), _) => "not known: it is asked once the modem and its SIM can be used".to_owned(),
            (Some("operator_untold"), _) => {
                "not known: the modem does not tell whose network it is in, so nobody knows what to dial".to_owned()
            }
            (Some(other), _) => format!("not known: nobody can be asked ({other})"),
            (None, Some(trouble)) => format!("not known: {trouble}; it is asked again within an hour"),
            (None, None) => "not known yet; it is asked once a day".to_owned(),
        });
    };
    let currency = Currency::from_code(&text(&told["currency"]));
    let left = currency.map_or_else(|| minor.to_string(), |currency| Money::new(minor, currency).to_string());
    let left = format!("{left}, as told at {}", text(&told["told_at"]));
    match (told["low"] == true, trouble) {
        (false, None) => Good(left),
        (true, None) => Warn(format!("{left}; top it up")),
        (false, Some(trouble)) => Warn(format!("{left}; the last question failed: {trouble}")),
        (true, Some(trouble)) => Warn(format!("{left}; top it up; the last question failed: {trouble}")),
    }
}

/// Why texts of people are kept and not answered; `None` where they are answered.
fn answers(sms: &Value) -> Option<Found> {
    match sms["answers"].as_str() {
        Some("not_joined") => Some(Warn(
            "those that come are kept and not answered: this box has not joined its hub, and knows nobody".to_owned(),
        )),
        Some("not_in_place") => Some(Warn(
            "those that come are kept and not answered: this is not the box, or not the card, that joined".to_owned(),
        )),
        _ => None,
    }
}

impl System<'_> {
    /// Who runs, by number and name; those that ended meanwhile are left out.
    fn processes(&self) -> Vec<(PathBuf, String)> {
        let entries = fs::read_dir(self.0.join("proc")).into_iter().flatten().flatten();
        let numbered = entries.map(|entry| entry.path()).filter(|path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            !name.is_empty() && name.bytes().all(|b| b.is_ascii_digit())
        });
        numbered
            .filter_map(|path| {
                let name = fs::read_to_string(path.join("comm")).ok()?;
                Some((path, name.trim_end().to_owned()))
            })
            .collect()
    }

    /// Of what kind a character device is, by its numbers: to open it would toggle the lines of a modem.
    fn kind(&self, device: u64) -> Kind {
        let (major, minor) = (major(device), minor(device));
        if PSEUDO_MAJORS.contains(&major) {
            return Kind::Pseudo;
        }
        let subsystem = format!("sys/dev/char/{major}:{minor}/subsystem");
        let subsystem = fs::read_link(self.0.join(subsystem)).unwrap_or_default();
        match subsystem.file_name().and_then(|name| name.to_str()) {
            Some(name) if !SPEAKS_AT.contains(&name) => Kind::Other(name.to_owned()),
            // Where nothing is told nothing is held against it.
            _ => Kind::Serial,
        }
    }

    /// Those who have a device open, as far as this user may see.
    fn holders(&self, port: &Path) -> Vec<Holder> {
        let Ok(real) = fs::canonicalize(port) else {
            return Vec::new();
        };
        let holder = |(process, name): (PathBuf, String)| {
            let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
            let open: Vec<PathBuf> = open.filter_map(|entry| fs::read_link(entry.path()).ok()).collect();
            open.contains(&real).then(|| Holder {
                name,
                makes_terminals: open.iter().any(|target| target.ends_with("ptmx")),
            })
        };
        let mut holders: Vec<Holder> = self.processes().into_iter().filter_map(holder).collect();
        holders.sort();
        holders.dedup();
        holders
    }

    /// Whether udev's database has this mark at a device.
    fn udev_says(&self, port: &Path, mark: &str) -> bool {
        let Ok(metadata) = fs::metadata(port) else {
            return false;
        };
        let device = format!("c{}:{}", major(metadata.rdev()), minor(metadata.rdev()));
        let text = fs::read_to_string(self.0.join("run/udev/data").join(device)).unwrap_or_default();
        text.lines().any(|line| line == format!("E:{mark}=1"))
    }
}

#[cfg(test)]
mod tests;
