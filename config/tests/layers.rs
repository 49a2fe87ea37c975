//! The layers, the checks and the two files, as the programs see them.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    time::Duration,
};

use kisima_config::{
    ConfigError, Gateway, Hub, Loaded, Problem, Sources, Surroundings, common::LogFormat, gateway::ModemData,
    hub::SafaricomText,
};

/// A machine made of a few texts.
#[derive(Default)]
struct Pretend {
    files: BTreeMap<PathBuf, String>,
    variables: Vec<(String, String)>,
}

impl Pretend {
    fn file(mut self, path: &str, text: &str) -> Pretend {
        self.files.insert(PathBuf::from(path), text.to_owned());
        self
    }

    fn variable(mut self, name: &str, value: &str) -> Pretend {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }
}

impl Surroundings for Pretend {
    fn read(&self, path: &Path) -> io::Result<String> {
        self.files
            .get(path)
            .cloned()
            .ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<PathBuf>> {
        let inside: Vec<PathBuf> = self
            .files
            .keys()
            .rev()
            .filter(|path| path.parent() == Some(directory))
            .cloned()
            .collect();
        if inside.is_empty() {
            Err(io::ErrorKind::NotFound.into())
        } else {
            Ok(inside)
        }
    }

    fn variables(&self) -> Vec<(String, String)> {
        self.variables.clone()
    }
}

fn set(assignments: &[&str]) -> Sources {
    Sources {
        set: assignments.iter().map(|text| (*text).to_owned()).collect(),
        ..Sources::default()
    }
}

fn address(text: &str) -> SocketAddr {
    text.parse().expect("an address")
}

fn problems<C: std::fmt::Debug>(loaded: Result<Loaded<C>, ConfigError>) -> Vec<Problem> {
    loaded.expect_err("a problem was expected").problems
}

fn layer_of<C>(loaded: &Loaded<C>, key: &str) -> (String, String) {
    let row = loaded
        .values()
        .iter()
        .find(|row| row.key == key)
        .unwrap_or_else(|| panic!("{key} is not shown"));
    (row.value.clone(), row.layer.clone())
}

#[test]
fn each_layer_lies_over_the_one_before() {
    let machine = Pretend::default()
        .file(
            "/etc/kisima/gateway.toml",
            "web.listen = '1.0.0.1:1'\nmqtt.listen = '1.0.0.1:2'\nmqtts.listen='1.0.0.1:3'\nmodem.baud=1200",
        )
        .file(
            "/etc/kisima/gateway.d/10-first.toml",
            "[mqtt]\nlisten = '1.0.0.2:2'\n[mqtts]\nlisten='1.0.0.2:3'\n[modem]\nbaud=2400",
        )
        .file(
            "/etc/kisima/gateway.d/20-second.toml",
            "[mqtts]\nlisten='1.0.0.3:3'\n[modem]\nbaud=4800",
        )
        .file("/etc/kisima/gateway.d/notes.txt", "not read")
        .variable("KISIMA_MODEM__BAUD", "9600")
        .variable("HOME", "/root");
    let before = Gateway::load(&Sources::default(), &machine).unwrap();
    assert_eq!(before.config.modem.baud, 9600);
    let loaded = Gateway::load(&set(&["modem.baud=19200"]), &machine).unwrap();
    let gateway = &loaded.config;
    assert_eq!(gateway.web_listen, address("1.0.0.1:1"));
    assert_eq!(gateway.mqtt.listen, address("1.0.0.2:2"));
    assert_eq!(gateway.mqtts_listen, address("1.0.0.3:3"));
    assert_eq!(gateway.modem.baud, 19_200);
    for (key, value, layer) in [
        ("web.listen", "\"1.0.0.1:1\"", "/etc/kisima/gateway.toml"),
        ("mqtt.listen", "\"1.0.0.2:2\"", "/etc/kisima/gateway.d/10-first.toml"),
        ("mqtts.listen", "\"1.0.0.3:3\"", "/etc/kisima/gateway.d/20-second.toml"),
        ("modem.baud", "19200", "--set"),
        ("dispense.report_within", "\"24 h\"", "built-in"),
        ("hub.url", "(not set)", "built-in"),
    ] {
        assert_eq!(layer_of(&loaded, key), (value.to_owned(), layer.to_owned()), "{key}");
    }
    assert_eq!(layer_of(&before, "modem.baud").1, "KISIMA_MODEM__BAUD");
}

#[test]
fn a_file_on_the_command_line_keeps_etc_out() {
    let machine = Pretend::default()
        .file("/etc/kisima/hub.toml", "nonsense")
        .file("/a.toml", "web.listen = '127.0.0.1:1'\nloans.enabled = false")
        .file("/b.toml", "web.listen = '127.0.0.1:2'");
    let sources = Sources {
        files: vec!["/a.toml".into(), "/b.toml".into()],
        ..Sources::default()
    };
    let hub = Hub::load(&sources, &machine).unwrap().config;
    assert_eq!(hub.web.listen, address("127.0.0.1:2"));
    assert!(!hub.loans_enabled);
    let missing = Sources {
        files: vec!["/c.toml".into()],
        ..Sources::default()
    };
    assert_eq!(problems(Hub::load(&missing, &machine))[0].key, "/c.toml");
}

#[test]
fn options_of_their_own_win() {
    let sources = Sources {
        data_dir: Some("/srv/42".into()),
        log_format: Some("journal".to_owned()),
        ..set(&["storage.data_dir=/elsewhere", "log.format=json"])
    };
    let loaded = Gateway::load(&sources, &Pretend::default()).unwrap();
    assert_eq!(loaded.config.storage.data_dir, Path::new("/srv/42"));
    assert_eq!(loaded.config.log.format, LogFormat::Journal);
    assert_eq!(layer_of(&loaded, "storage.data_dir").1, "--data-dir");
}

#[test]
fn all_problems_are_told_at_once_with_key_and_layer() {
    let machine = Pretend::default()
        .file(
            "/etc/kisima/gateway.toml",
            "web.listen = 'nowhere'\n[mqqt]\n[modem]\nport = 'ttyUSB2'\napn = 'a\"b'",
        )
        .file("/etc/kisima/gateway.d/broken.toml", "a = 1\nb = = 2")
        .variable("KISIMA_MODEM__DATA", "ppp")
        .variable("KISIMA_WEB_LISTEN", "0.0.0.0:1");
    let sources = set(&[
        "dispense.report_within=30",
        "mqtt.connections_max=0",
        "nonsense",
        "site.time_zone=Mars/Base",
    ]);
    let error = Gateway::load(&sources, &machine).unwrap_err();
    let told: Vec<(&str, &str)> = error
        .problems
        .iter()
        .map(|p| (p.key.as_str(), p.layer.as_str()))
        .collect();
    let mut sorted = told.clone();
    sorted.sort_unstable();
    let etc = "/etc/kisima/gateway.toml";
    assert_eq!(
        sorted,
        [
            ("/etc/kisima/gateway.d/broken.toml", "line 2"),
            ("dispense.report_within", "--set"),
            ("modem.apn", etc),
            ("modem.data", "KISIMA_MODEM__DATA"),
            ("modem.port", etc),
            ("mqqt", etc),
            ("mqtt.connections_max", "--set"),
            ("nonsense", "--set"),
            ("site.time_zone", "--set"),
            ("web.listen", etc),
            ("web_listen", "KISIMA_WEB_LISTEN"),
        ]
    );
    let text = error.to_string();
    assert!(text.starts_with("the configuration has 11 problems:\n"), "{text}");
    assert!(
        text.contains("\n  modem.data: must be one of ecm, modemmanager, none (KISIMA_MODEM__DATA)"),
        "{text}"
    );
}

#[test]
fn unknown_keys_are_errors() {
    for key in [
        "mqtt",
        "mqtt.listen.port",
        "web.lisen",
        "payments.mpesa.base_url",
        "a.\"b c\"",
    ] {
        let found = problems(Gateway::load(&set(&[&format!("{key}=1")]), &Pretend::default()));
        assert!(
            found.iter().any(|p| p.key == key && p.what == "is not a known key"),
            "{key}: {found:?}"
        );
    }
}

#[test]
fn two_listeners_may_not_share_a_port() {
    let load = |assignments: &[&str]| Gateway::load(&set(assignments), &Pretend::default());
    assert_eq!(problems(load(&["web.listen=127.0.0.1:1883"]))[0].key, "web.listen");
    assert!(load(&["web.listen=127.0.0.1:9", "mqtt.listen=127.0.0.2:9"]).is_ok());
    assert!(load(&["web.listen=127.0.0.1:0", "mqtt.listen=127.0.0.1:0"]).is_ok());
}

#[test]
fn what_is_dialled_stays_a_text() {
    let sources = set(&[
        "sms.hub_number=+254700000100",
        "ussd.hub_code=*384*303#",
        "modem.data=ecm",
    ]);
    let gateway = Gateway::load(&sources, &Pretend::default()).unwrap().config;
    assert_eq!(gateway.sms_hub_number.as_deref(), Some("+254700000100"));
    assert_eq!(gateway.ussd_hub_code.as_deref(), Some("*384*303#"));
    assert_eq!(gateway.modem.data, ModemData::Ecm);
    assert!(Gateway::load(&set(&["sms.hub_number=call me"]), &Pretend::default()).is_err());
}

#[test]
fn an_empty_text_takes_an_optional_value_away() {
    let machine = Pretend::default().file("/etc/kisima/gateway.toml", "hub.url = 'https://a.example/'");
    let load = |assignments: &[&str]| Gateway::load(&set(assignments), &machine).unwrap();
    assert_eq!(load(&[]).config.hub_url.unwrap().as_str(), "https://a.example");
    let emptied = load(&["hub.url="]);
    assert_eq!(emptied.config.hub_url, None);
    assert_eq!(
        layer_of(&emptied, "hub.url"),
        ("(not set)".to_owned(), "--set".to_owned())
    );
}

#[test]
fn service_codes_lead_to_menus() {
    let sources = set(&[
        "ussd.codes.\"*383#\"=loans",
        "ussd.codes.'*123'=services",
        "ussd.safaricom.text=joined",
    ]);
    let ussd = Hub::load(&sources, &Pretend::default()).unwrap().config.ussd;
    for (code, menu) in [
        ("*383#", "loans"),
        ("*383", "loans"),
        ("*123#", "services"),
        ("*999#", "water"),
    ] {
        assert_eq!(ussd.menu(code), menu, "{code}");
    }
    assert_eq!(ussd.safaricom_text, SafaricomText::Joined);
    for bad in [
        "ussd.codes.water=water",
        "ussd.codes.\"*1#\"=\"No Menu\"",
        "ussd.codes.\"*1#\"=5 6",
    ] {
        assert!(Hub::load(&set(&[bad]), &Pretend::default()).is_err(), "{bad}");
    }
    let twice = set(&["ussd.codes.\"*383#\"=loans", "ussd.codes.\"*383\"=water"]);
    assert!(Hub::load(&twice, &Pretend::default()).is_err());
}

#[test]
fn plans_add_to_the_built_in_one() {
    let sources = set(&[
        "plans.weekly={price_minor=9000,days=7,jerrycans=7}",
        "plans.monthly.price_minor=25000",
    ]);
    let plans = Hub::load(&sources, &Pretend::default()).unwrap().config.plans;
    let numbers = |name: &str| (plans[name].price.minor, plans[name].days, plans[name].jerrycans);
    assert_eq!(plans.len(), 2);
    assert_eq!(numbers("monthly"), (25_000, 30, 30));
    assert_eq!(numbers("weekly"), (9_000, 7, 7));
    let lacking: Vec<String> = problems(Hub::load(&set(&["plans.weekly.days=7"]), &Pretend::default()))
        .into_iter()
        .map(|p| p.key)
        .collect();
    assert_eq!(lacking, ["plans.weekly.price_minor", "plans.weekly.jerrycans"]);
    for bad in [
        "plans.7.days=7",
        "plans.monthly.litres=5",
        "plans.monthly=5",
        "plans.monthly.days=0",
    ] {
        assert!(Hub::load(&set(&[bad]), &Pretend::default()).is_err(), "{bad}");
    }
}

#[test]
fn a_provider_is_whole_or_absent() {
    assert_eq!(
        Hub::load(&Sources::default(), &Pretend::default())
            .unwrap()
            .config
            .payments
            .mpesa,
        None
    );
    let keys: Vec<String> = problems(Hub::load(
        &set(&["payments.mpesa.shortcode=174379"]),
        &Pretend::default(),
    ))
    .into_iter()
    .map(|p| p.key)
    .collect();
    let rest = [
        "passkey_file",
        "consumer_key_file",
        "consumer_secret_file",
        "callback_url",
    ];
    assert_eq!(keys, rest.map(|key| format!("payments.mpesa.{key}")));
    let whole = set(&[
        "payments.mpesa.base_url=http://127.0.0.1:9/mpesa",
        "payments.mpesa.shortcode=174379",
        "payments.mpesa.passkey_file=/s/a",
        "payments.mpesa.consumer_key_file=/s/b",
        "payments.mpesa.consumer_secret_file=/s/c",
        "payments.mpesa.callback_url=https://hub.example",
    ]);
    let mpesa = Hub::load(&whole, &Pretend::default())
        .unwrap()
        .config
        .payments
        .mpesa
        .unwrap();
    assert_eq!((mpesa.shortcode.as_str(), mpesa.till), ("174379", None));
    assert_eq!(mpesa.base_url.as_str(), "http://127.0.0.1:9/mpesa");
    let only_base = set(&["messaging.africastalking.base_url=http://127.0.0.1:9"]);
    assert_eq!(problems(Hub::load(&only_base, &Pretend::default())).len(), 2);
}

#[test]
fn the_webhook_secret_is_taken_and_never_shown() {
    let loaded = Hub::load(&set(&["webhooks.secret=12345678"]), &Pretend::default()).unwrap();
    assert!(loaded.config.webhooks.secret.as_ref().unwrap().is("12345678"));
    assert_eq!(
        layer_of(&loaded, "webhooks.secret"),
        ("(hidden)".to_owned(), "--set".to_owned())
    );
    assert!(!format!("{loaded:?}{}", loaded.show()).contains("12345678"));
    for bad in ["ABCDEF0123456789", "abc", "not hexadecimal"] {
        let error = Hub::load(&set(&[&format!("webhooks.secret={bad}")]), &Pretend::default()).unwrap_err();
        assert!(!error.to_string().contains(bad), "{error}");
    }
}

#[test]
fn storage_that_is_not_built_says_so() {
    let found = problems(Hub::load(
        &set(&["storage.url=postgres://db/kisima"]),
        &Pretend::default(),
    ));
    assert!(found[0].what.contains("not built"), "{found:?}");
}

#[test]
fn times_are_read_with_their_unit() {
    let sources = set(&["payments.query_after=250 ms", "ussd.session=3 min"]);
    let hub = Hub::load(&sources, &Pretend::default()).unwrap().config;
    assert_eq!(hub.payments.query_after, Duration::from_millis(250));
    assert_eq!(hub.ussd.session, Duration::from_secs(180));
    assert!(Hub::load(&set(&["ussd.session=3 d"]), &Pretend::default()).is_err());
}

/// Takes the comment sign off the examples: lines that begin with `#` and no space.
fn with_examples(file: &str) -> String {
    file.lines()
        .map(|line| match line.strip_prefix('#') {
            Some(example) if !example.is_empty() && !example.starts_with(' ') => example,
            _ => line,
        })
        .collect::<Vec<_>>()
        .join("\n")
}

fn check_file<C: PartialEq + std::fmt::Debug>(
    name: &str,
    text: &str,
    load: impl Fn(&Sources, &dyn Surroundings) -> Result<Loaded<C>, ConfigError>,
) {
    let etc = format!("/etc/kisima/{name}.toml");
    let built_in = load(&Sources::default(), &Pretend::default()).expect("no problem");
    let from_file = load(&Sources::default(), &Pretend::default().file(&etc, text)).expect("no problem");
    assert_eq!(
        from_file.config, built_in.config,
        "{name}.toml differs from what is built in"
    );
    for (file, own) in from_file.values().iter().zip(built_in.values()) {
        assert_eq!((&file.key, &file.value), (&own.key, &own.value));
        let layer = if own.value == "(not set)" {
            "built-in"
        } else {
            etc.as_str()
        };
        assert_eq!(file.layer, layer, "{name}.toml does not hold {}", file.key);
    }
    let examples = load(
        &Sources::default(),
        &Pretend::default().file(&etc, &with_examples(text)),
    )
    .expect("no problem");
    for row in examples.values() {
        assert_eq!(row.layer, etc, "{name}.toml has no example of {}", row.key);
    }
}

#[test]
fn the_files_are_complete_and_equal_to_what_is_built_in() {
    check_file("gateway", include_str!("../gateway.toml"), Gateway::load);
    check_file("hub", include_str!("../hub.toml"), Hub::load);
}

#[test]
#[should_panic(expected = "does not hold modem.baud")]
fn a_file_that_lacks_a_key_is_noticed() {
    let text = include_str!("../gateway.toml").replace("baud = 115200\n", "");
    check_file("gateway", &text, Gateway::load);
}

#[test]
fn what_is_shown_can_be_read_back() {
    let loaded = Gateway::load(&set(&["hub.url=https://hub.example"]), &Pretend::default()).unwrap();
    let shown: String = loaded
        .show()
        .lines()
        .filter(|line| !line.contains("(not set)"))
        .map(|line| format!("{line}\n"))
        .collect();
    assert!(shown.contains("# built-in\n") && shown.contains("# --set\n"), "{shown}");
    let again = Gateway::load(
        &Sources::default(),
        &Pretend::default().file("/etc/kisima/gateway.toml", &shown),
    )
    .unwrap();
    assert_eq!(again.config, loaded.config);
}
