//! Which layer wins, and how problems are told.

use std::path::Path;

use kisima_config::{Gateway, Hub, Sources, common::LogFormat};

use crate::pretend::{Pretend, address, layer_of, problems, set};

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
    for (key, what) in [
        (
            "mqtt",
            "is a section: set one of its keys, such as mqtt.connections_max",
        ),
        ("mqtt.listen.port", "is not a known key; is mqtt.listen meant?"),
        ("web.lisen", "is not a known key; is web.listen meant?"),
        ("payments.mpesa.base_url", "is not a known key"),
        ("a.\"b c\"", "is not a known key"),
    ] {
        let found = problems(Gateway::load(&set(&[&format!("{key}=1")]), &Pretend::default()));
        assert!(found.iter().any(|p| p.key == key && p.what == what), "{key}: {found:?}");
    }
}

#[test]
fn two_listeners_may_not_share_a_port() {
    let load = |assignments: &[&str]| Gateway::load(&set(assignments), &Pretend::default());
    assert_eq!(problems(load(&["web.listen=127.0.0.1:1883"]))[0].key, "web.listen");
    assert!(load(&["web.listen=127.0.0.1:9", "mqtt.listen=127.0.0.2:9"]).is_ok());
    assert!(load(&["web.listen=127.0.0.1:0", "mqtt.listen=127.0.0.1:0"]).is_ok());
}
