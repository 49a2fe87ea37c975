//! What is said of the modem, over a box made up in a folder. The port is `/dev/null`, a device that everybody has.

use config::{Sources, System as Machine};

use super::*;

/// A box: processes and what udev knows.
struct Made(PathBuf);

impl Made {
    fn new(name: &str) -> Made {
        let folder = std::env::temp_dir().join(format!("kisima-doctor-{name}-{}", std::process::id()));
        fs::create_dir_all(folder.join("proc/self")).unwrap();
        fs::create_dir_all(folder.join("run/udev/data")).unwrap();
        Made(folder)
    }

    fn process(self, number: u32, name: &str, holds: &[&str]) -> Made {
        let process = self.0.join(format!("proc/{number}"));
        fs::create_dir_all(process.join("fd")).unwrap();
        fs::write(process.join("comm"), format!("{name}\n")).unwrap();
        for (place, target) in holds.iter().enumerate() {
            std::os::unix::fs::symlink(target, process.join(format!("fd/{place}"))).unwrap();
        }
        self
    }

    /// `/dev/null` is the character device 1:3 (Linux, admin-guide/devices.txt).
    fn marked(self, mark: &str) -> Made {
        let text = format!("S:null\nE:{mark}=1\nG:systemd\n");
        fs::write(self.0.join("run/udev/data/c1:3"), text).unwrap();
        self
    }

    /// What is told, one line each.
    fn told(&self, runs: bool, set: &[&str]) -> Vec<String> {
        let sources = Sources {
            files: vec![PathBuf::from("/dev/null")],
            set: set.iter().map(|assignment| (*assignment).to_owned()).collect(),
            ..Sources::default()
        };
        let config = Gateway::load(&sources, &Machine).unwrap().config;
        let found = examine(&config, &System(&self.0), runs);
        let line = |(what, found)| match found {
            Good(text) => format!("ok {what}: {text}"),
            Warn(text) => format!("warn {what}: {text}"),
            Fail(text) => format!("FAIL {what}: {text}"),
        };
        found.into_iter().map(line).collect()
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}

/// The line that begins so holds all of these words.
#[track_caller]
fn says(told: &[String], begin: &str, words: &[&str]) {
    let line = told.iter().find(|line| line.starts_with(begin));
    let line = line.unwrap_or_else(|| panic!("nothing begins with {begin}: {told:#?}"));
    assert!(words.iter().all(|word| line.contains(word)), "{words:?}: {line}");
}

const NULL: &str = "modem.port=/dev/null";

#[test]
fn a_site_without_a_modem_has_one_line() {
    let told = Made::new("none").told(true, &[]);
    assert_eq!(told.len(), 1, "{told:?}");
    says(&told, "ok modem.port", &["not set", "no SMS"]);
}

#[test]
fn a_port_is_there_and_ours_or_says_what_is_wrong() {
    let free = Made::new("free");
    says(&free.told(false, &[NULL]), "ok modem.port", &["/dev/null", "free"]);
    says(&free.told(true, &[NULL]), "ok modem.port", &["root alone"]);
    let gone = free.told(false, &["modem.port=/dev/kisima-no-such-modem"]);
    says(&gone, "FAIL modem.port", &["does not exist", "by-id"]);
    let folder = free.told(false, &["modem.port=/tmp"]);
    says(&folder, "FAIL modem.port", &["no serial device"]);
    let ours = Made::new("ours").process(7, "kisima-gateway", &["/dev/null"]);
    says(&ours.told(true, &[NULL]), "ok modem.port", &["held by the gateway"]);
    let held = Made::new("held").process(7, "kisima-gateway", &["/dev/null"]).process(
        8,
        "minicom",
        &["/dev/zero", "/dev/null"],
    );
    says(&held.told(true, &[NULL]), "FAIL modem.port", &["minicom"]);
}

#[test]
fn what_is_no_serial_device_is_named_by_its_kind_and_not_opened() {
    for (name, subsystem, begin, words) in [
        ("mem", "class/mem", "FAIL", "no serial device but of the kind mem"),
        ("tty", "class/tty", "ok", "there and free"),
        // The AT port of a modem on PCIe.
        ("wwan", "class/wwan", "ok", "there and free"),
    ] {
        let made = Made::new(name);
        let device = made.0.join("sys/dev/char/1:3");
        fs::create_dir_all(&device).unwrap();
        std::os::unix::fs::symlink(format!("../../../../{subsystem}"), device.join("subsystem")).unwrap();
        // A shell of every script has it open.
        let told = made.process(8, "bash", &[]).told(false, &[NULL]);
        says(&told, &format!("{begin} modem.port"), &["/dev/null", words]);
    }
}

/// The program behind a pseudo-terminal has its far end open, and perhaps both.
#[test]
fn a_pseudo_terminal_is_a_pretend_modem_and_who_is_behind_it_is_not_in_the_way() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    let far = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
    grantpt(&far).unwrap();
    unlockpt(&far).unwrap();
    let near = ptsname(&far, Vec::new()).unwrap().into_string().unwrap();
    let set = format!("modem.port={near}");
    let warns = |made: &Made, runs, words: &[&str]| {
        says(
            &made.told(runs, &[&set]),
            "warn modem.port",
            &[words, &["pretend modem"]].concat(),
        )
    };
    warns(&Made::new("pty-free"), false, &["is a pseudo-terminal:"]);
    for ptmx in ["/dev/ptmx", "/dev/pts/ptmx"] {
        let made = Made::new("pty").process(8, "kisima-modem", &[ptmx, &near]);
        let made = made.process(7, "kisima-gateway", &[&near]);
        warns(&made, true, &["is a pseudo-terminal of kisima-modem:"]);
    }
    let both = Made::new("pty-two").process(8, "kisima-modem", &["/dev/ptmx", &near]);
    let both = both.process(9, "minicom", &[&near]);
    says(&both.told(false, &[&set]), "FAIL modem.port", &["held by minicom too"]);
}

#[test]
fn a_name_that_will_change_is_told() {
    let made = Made::new("name");
    let told = made.told(false, &["modem.port=/dev/ttyUSB92"]);
    says(
        &told,
        "warn modem.port",
        &["/dev/serial/by-id", "60-kisima-modem.rules"],
    );
    for steady in ["/dev/kisima-modem", "/dev/serial/by-id/usb-SimTech-if02-port0"] {
        let told = made.told(false, &[&format!("modem.port={steady}")]);
        assert!(told.iter().all(|line| !line.starts_with("warn modem.port")), "{told:?}");
    }
}

#[test]
fn who_makes_the_data_connection_is_said() {
    let made = Made::new("data");
    says(&made.told(false, &[NULL]), "ok modem.data", &["none", "for texts"]);
    let ecm = made.told(false, &[NULL, "modem.data=ecm", "modem.apn=safaricom"]);
    says(&ecm, "ok modem.data", &["ecm", "the APN safaricom", "DHCP"]);
    let ecm = made.told(false, &[NULL, "modem.data=ecm"]);
    says(&ecm, "ok modem.data", &["operator's own APN"]);
    let manager = made.told(false, &[NULL, "modem.data=modemmanager"]);
    says(&manager, "ok modem.data", &["second AT port"]);
    says(&manager, "FAIL ModemManager", &["does not run", "systemctl"]);
}

#[test]
fn modem_manager_is_kept_off_what_is_ours() {
    let quiet = Made::new("no-mm").told(false, &[NULL]);
    assert!(quiet.iter().all(|line| !line.contains("ModemManager:")), "{quiet:?}");
    let grabs = Made::new("mm").process(9, "ModemManager", &[]);
    says(
        &grabs.told(false, &[NULL]),
        "FAIL ModemManager",
        &["ID_MM_DEVICE_IGNORE", "udevadm"],
    );
    says(
        &grabs.told(false, &[NULL, "modem.data=modemmanager"]),
        "warn ModemManager",
        &["kisima-modem-second", "ID_MM_PORT_IGNORE"],
    );
    let ignored = Made::new("mm-ignored")
        .process(9, "ModemManager", &[])
        .marked("ID_MM_DEVICE_IGNORE");
    says(
        &ignored.told(false, &[NULL]),
        "ok ModemManager",
        &["leaves this modem alone"],
    );
    says(
        &ignored.told(false, &[NULL, "modem.data=modemmanager"]),
        "FAIL ModemManager",
        &["take ID_MM_DEVICE_IGNORE out"],
    );
    let shared = Made::new("mm-shared")
        .process(9, "ModemManager", &[])
        .marked("ID_MM_PORT_IGNORE");
    says(
        &shared.told(false, &[NULL, "modem.data=modemmanager"]),
        "ok ModemManager",
        &["leaves this port"],
    );
}

#[test]
fn what_carries_sync_without_data_is_said() {
    let made = Made::new("thin");
    says(
        &made.told(false, &[NULL]),
        "warn thin sync",
        &["sms.hub_number", "nothing reaches"],
    );
    let number = "sms.hub_number=+254700000100";
    says(
        &made.told(false, &[NULL, number]),
        "ok thin sync",
        &["10 min", "+254700000100"],
    );
    let code = "ussd.hub_code=*384*303#";
    says(
        &made.told(false, &[NULL, code]),
        "warn thin sync",
        &["USSD", "sms.hub_number"],
    );
    says(
        &made.told(false, &[NULL, code, number]),
        "ok thin sync",
        &["USSD", "SMS"],
    );
}

#[test]
fn who_is_texted_is_said() {
    let made = Made::new("people");
    says(&made.told(false, &[NULL]), "warn technician", &["sms.technician"]);
    let told = made.told(false, &[NULL, "sms.technician=['+254700000102']"]);
    says(&told, "ok technician", &["1 phone"]);
}

#[test]
fn what_the_running_gateway_knows_is_told() {
    let told = |modem: serde_json::Value| {
        let found = standing(&serde_json::json!({ "modem": modem, "sms": { "held": false } }));
        let line = |(what, found)| match found {
            Good(text) => format!("ok {what}: {text}"),
            Warn(text) => format!("warn {what}: {text}"),
            Fail(text) => format!("FAIL {what}: {text}"),
        };
        found.into_iter().map(line).collect::<Vec<_>>()
    };
    assert!(told(serde_json::Value::Null).is_empty());
    let locked = told(serde_json::json!({ "ready": false, "trouble": "the SIM card wants a PIN" }));
    says(&locked, "FAIL SIM", &["the SIM card wants a PIN"]);
    let network = serde_json::json!({
        "registered": true, "registration": "home", "operator": "Safaricom", "operator_code": "63902", "signal_dbm": -97,
    });
    let airtime = |left: i64, low: bool| {
        serde_json::json!({
            "left_minor": left, "currency": "KES", "told_at": "2026-11-22T06:00:00Z", "low": low, "can_ask": true,
        })
    };
    let well = told(serde_json::json!({ "ready": true, "network": network, "airtime": airtime(25_000, false) }));
    says(&well, "ok network", &["Safaricom (63902)", "home", "-97 dBm"]);
    says(&well, "ok airtime", &["KES 250.00", "2026-11-22T06:00:00Z"]);
    let low = told(serde_json::json!({ "ready": true, "network": network, "airtime": airtime(1_000, true) }));
    says(&low, "warn airtime", &["KES 10.00", "top it up"]);
    let because =
        |airtime: serde_json::Value| told(serde_json::json!({ "ready": true, "network": network, "airtime": airtime }));
    for (why, words) in [
        ("not_named", ["[airtime.operators.63902]", "the operator 63902"]),
        ("not_joined", ["once this box has joined", "its hub"]),
        ("no_network", ["once the modem", "in a network"]),
        ("modem_away", ["once the modem and its SIM", "used"]),
        ("operator_untold", ["does not tell", "whose network"]),
    ] {
        let unknown = because(serde_json::json!({ "can_ask": false, "cannot_ask": why }));
        says(&unknown, "warn airtime", &words);
        let names_settings = unknown.iter().any(|line| line.contains("airtime.operators"));
        assert_eq!(names_settings, why == "not_named", "{why}: {unknown:?}");
    }
    let trouble =
        "no amount was found in the answer \"Salio lako\": see airtime.operators.63902.pattern in the settings";
    let words = ["Salio lako", "airtime.operators.63902.pattern"];
    let unread = because(serde_json::json!({ "can_ask": true, "trouble": trouble }));
    says(&unread, "warn airtime", &[words.as_slice(), &["not known"]].concat());
    let mut before = airtime(25_000, false);
    before["trouble"] = trouble.into();
    says(
        &because(before),
        "warn airtime",
        &[words.as_slice(), &["KES 250.00"]].concat(),
    );
}

#[test]
fn a_box_that_answers_no_texts_says_why() {
    let told = |answers: &str| {
        let told = serde_json::json!({ "modem": { "ready": true }, "sms": { "held": false, "answers": answers } });
        let lines = standing(&told).into_iter();
        lines.filter(|(what, _)| *what == "texts").collect::<Vec<_>>()
    };
    assert!(told("yes").is_empty());
    for (answers, words) in [("not_joined", "has not joined"), ("not_in_place", "not the box")] {
        let told = told(answers);
        assert!(
            matches!(&told[..], [(_, Warn(text))] if text.contains("not answered") && text.contains(words)),
            "{answers}"
        );
    }
}

/// The rule that is installed names what is said here.
#[test]
fn the_udev_rule_keeps_modem_manager_off_and_gives_the_names() {
    let rule = include_str!("../../../../../packaging/udev/60-kisima-modem.rules");
    for word in [
        "SYMLINK+=\"kisima-modem\"",
        "SYMLINK+=\"kisima-modem-second\"",
        "ENV{ID_MM_DEVICE_IGNORE}=\"1\"",
        "ENV{ID_MM_PORT_IGNORE}=\"1\"",
        "GROUP=\"dialout\"",
    ] {
        assert!(rule.contains(word), "{word}");
    }
    for line in rule.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        assert_eq!(line.matches('"').count() % 2, 0, "{line}");
    }
}
