//! What `doctor` says of the modem: its port, who else wants it, who makes its data connection, and what it is asked for.

use std::{
    fs,
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
    let holders = system.holders(port);
    let ours = |name: &String| name.starts_with("kisima-gateway");
    match holders.iter().find(|name| !ours(name)) {
        Some(other) => Fail(format!(
            "{shown} is held by {other} too: two cannot talk to one modem; stop {other}"
        )),
        None if runs && holders.is_empty() => Good(format!("{shown} is there; who holds it, root alone can see")),
        None if runs => Good(format!("{shown} is held by the gateway")),
        None => Good(format!("{shown} is there and free")),
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
    let airtime = &modem["airtime"];
    found.push((
        "airtime",
        match (airtime["left_minor"].as_i64(), airtime["low"] == true) {
            (None, _) if airtime["can_ask"] == true => Warn("not known yet; it is asked once a day".to_owned()),
            (None, _) => Warn(format!(
                "nobody can ask for it: say in airtime.operators how the operator {} is asked",
                text(&network["operator_code"])
            )),
            (Some(minor), is_low) => {
                let currency = Currency::from_code(&text(&airtime["currency"]));
                let left =
                    currency.map_or_else(|| minor.to_string(), |currency| Money::new(minor, currency).to_string());
                let left = format!("{left}, as told at {}", text(&airtime["told_at"]));
                if is_low {
                    Warn(format!("{left}; top it up"))
                } else {
                    Good(left)
                }
            }
        },
    ));
    let sms = &told["sms"];
    if sms["held"] == true {
        found.push((
            "texts",
            Fail("the network refuses them; look at the SIM's airtime and its message centre".to_owned()),
        ));
    }
    found
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

    /// The names of those who have a device open, as far as this user may see.
    fn holders(&self, port: &Path) -> Vec<String> {
        let Ok(real) = fs::canonicalize(port) else {
            return Vec::new();
        };
        let holds = |process: &Path| {
            let open = fs::read_dir(process.join("fd")).into_iter().flatten().flatten();
            open.filter_map(|entry| fs::read_link(entry.path()).ok())
                .any(|target| target == real)
        };
        let mut names: Vec<String> = self
            .processes()
            .into_iter()
            .filter(|(process, _)| holds(process))
            .map(|(_, name)| name)
            .collect();
        names.sort();
        names.dedup();
        names
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
