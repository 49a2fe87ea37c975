//! Single keys: their spelling and their rules.

use std::time::Duration;

use kisima_config::{Gateway, Hub, Sources, gateway::ModemData, hub::SafaricomText};

use crate::pretend::{Pretend, layer_of, problems, set};

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
