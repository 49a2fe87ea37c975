//! Single keys: their spelling and their rules.

use std::time::Duration;

use kiosk::{phone::Country, units::Currency};
use kisima_config::{Gateway, Hub, Sources, gateway::ModemData, hub::SafaricomText, providers::AirtelHash};

use crate::pretend::{Pretend, layer_of, problems, set};

#[test]
fn what_is_dialled_stays_a_text() {
    let sources = set(&[
        "sms.hub_number=+254700000100",
        "ussd.hub_code=*384*303#",
        "modem.data=ecm",
    ]);
    let gateway = Gateway::load(&sources, &Pretend::default()).unwrap().config;
    assert_eq!(gateway.sms.hub_number.as_deref(), Some("+254700000100"));
    assert_eq!(gateway.ussd_hub_code.as_deref(), Some("*384*303#"));
    assert_eq!(gateway.modem.data, ModemData::Ecm);
    assert!(Gateway::load(&set(&["sms.hub_number=call me"]), &Pretend::default()).is_err());
}

#[test]
fn operators_add_to_the_built_in_one() {
    let load = |assignments: &[&str]| Gateway::load(&set(assignments), &Pretend::default());
    let built_in = load(&[]).unwrap().config.airtime;
    assert_eq!(built_in.low_units, 50);
    assert_eq!(built_in.operators.keys().collect::<Vec<_>>(), ["63902"]);
    assert_eq!(built_in.operators["63902"].code, "*144#");
    assert_eq!(built_in.operators["63902"].bundle_code, None);
    let file = Pretend::default().file(
        "/etc/kisima/gateway.toml",
        "[airtime.operators.64110]\ncode = '*131#'\npattern = 'Main ([0-9.]+)'\nbundle_code = '*131*2#'",
    );
    let more = Gateway::load(&Sources::default(), &file).unwrap().config.airtime;
    assert_eq!(more.operators.keys().collect::<Vec<_>>(), ["63902", "64110"]);
    let answer = "Main 45.00 Bonus 300";
    let found = more.operators["64110"].pattern.money(answer, Currency::Ugx);
    assert_eq!(found.map(|money| money.minor), Some(45));
    assert_eq!(more.operators["64110"].bundle_code.as_deref(), Some("*131*2#"));
    // Whoever wants no daily question says so.
    let none = load(&["airtime.operators.63902.code="]).unwrap().config.airtime;
    assert!(none.operators.is_empty());
    for (bad, key) in [
        (
            "airtime.operators.64110.pattern='([0-9]+)'",
            "airtime.operators.64110.code",
        ),
        ("airtime.operators.64110.code=", "airtime.operators.64110.code"),
        ("airtime.operators.63902.code='call me'", "airtime.operators.63902.code"),
        ("airtime.operators.63902.code='*144#\"'", "airtime.operators.63902.code"),
        (
            "airtime.operators.63902.pattern='[0-9]+'",
            "airtime.operators.63902.pattern",
        ),
        (
            "airtime.operators.63902.bundle_pattern='('",
            "airtime.operators.63902.bundle_pattern",
        ),
        (
            "airtime.operators.safaricom.code='*144#'",
            "airtime.operators.safaricom.code",
        ),
        ("airtime.low=-1", "airtime.low"),
    ] {
        let keys: Vec<String> = problems(load(&[bad])).into_iter().map(|p| p.key).collect();
        assert_eq!(keys, [key], "{bad}");
    }
}

#[test]
fn technicians_have_whole_numbers() {
    let load = |assignments: &[&str]| Gateway::load(&set(assignments), &Pretend::default());
    let two = load(&["sms.technician=['+254700000102', '+256 770 000 103']"])
        .unwrap()
        .config;
    let numbers: Vec<String> = two.sms.technician.iter().map(|phone| phone.e164()).collect();
    assert_eq!(numbers, ["+254700000102", "+256770000103"]);
    assert!(load(&[]).unwrap().config.sms.technician.is_empty());
    for bad in [
        "['0700000102']",
        "['+25470']",
        "['call me']",
        "'+254700000102'",
        "[254700000102]",
    ] {
        assert!(load(&[&format!("sms.technician={bad}")]).is_err(), "{bad}");
    }
}

#[test]
fn a_program_is_named_by_its_whole_path() {
    let load = |assignments: &[&str]| Gateway::load(&set(assignments), &Pretend::default());
    let modem = load(&["modem.power_hook=/usr/local/bin/modem-power"])
        .unwrap()
        .config
        .modem;
    assert_eq!(modem.power_hook.unwrap().to_str(), Some("/usr/local/bin/modem-power"));
    assert!(load(&["modem.power_hook=modem-power"]).is_err());
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
        assert_eq!(ussd.menu(code).name(), menu, "{code}");
    }
    assert_eq!(ussd.safaricom_text, SafaricomText::Joined);
    for bad in [
        "ussd.codes.water=water",
        "ussd.codes.\"*1#\"=\"No Menu\"",
        "ussd.codes.\"*1#\"=5 6",
        "ussd.codes.\"*1#\"=watre",
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
fn tariffs_of_bills_have_a_price_for_each_block_and_the_rest() {
    let load = |assignments: &[&str]| Hub::load(&set(assignments), &Pretend::default());
    let prices = |hub: &Hub, name: &str| {
        let blocks = hub.billing.tariffs[name].blocks().iter();
        let block = |block: &kiosk::bill::Block| (block.size.map(|size| size.ml()), block.price_per_m3_minor);
        blocks.map(block).collect::<Vec<_>>()
    };
    // Who says nothing charges what prepaid litres cost.
    let hub = load(&["tariff.price_per_m3_minor=150000"]).unwrap().config;
    assert_eq!(prices(&hub, "standard"), [(None, 150_000)]);
    let blocks = "billing.tariffs.household={block_litres=[6000,4000],price_per_m3_minor=[100000,150000,200000]}";
    let hub = load(&[blocks]).unwrap().config;
    assert_eq!(
        prices(&hub, "household"),
        [(Some(6_000_000), 100_000), (Some(4_000_000), 150_000), (None, 200_000)]
    );
    for bad in [
        "billing.tariffs.poor={block_litres=[6000]}",
        "billing.tariffs.poor={block_litres=[6000],price_per_m3_minor=[1]}",
        "billing.tariffs.poor={price_per_m3_minor=[1,2]}",
        "billing.tariffs.poor={block_litres=[0],price_per_m3_minor=[1,2]}",
        "billing.tariffs.Poor={price_per_m3_minor=[1]}",
        "billing.tariffs.poor={price_per_m3_minor=[]}",
        "billing.tariffs.poor={price_per_m3_minor=[1],colour=2}",
        "billing.due_days=0",
    ] {
        assert!(load(&[bad]).is_err(), "{bad}");
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
fn the_messenger_is_in_use_once_it_is_named_and_not_by_its_built_in_values() {
    let africastalking = |assignments: &[&str]| Hub::load(&set(assignments), &Pretend::default());
    let built_in = [
        "messaging.africastalking.bulk=false",
        "messaging.africastalking.callbacks_from=[]",
    ];
    assert_eq!(africastalking(&built_in).unwrap().config.africastalking, None);
    let own = [
        "messaging.africastalking.username=kisima",
        "messaging.africastalking.api_key_file=/s/a",
        "messaging.africastalking.sender=KISIMA",
        "messaging.africastalking.bulk=true",
        "messaging.africastalking.callbacks_from=[\"192.0.2.0/24\"]",
    ];
    let own = africastalking(&own).unwrap().config.africastalking.unwrap();
    assert_eq!(
        (own.base_url.as_str(), own.bulk),
        ("https://api.africastalking.com", true)
    );
    let ours = own
        .callbacks_from
        .iter()
        .map(|network| network.contains([192, 0, 2, 7].into()));
    assert_eq!(ours.collect::<Vec<_>>(), [true]);
    let listed = africastalking(&["messaging.africastalking.callbacks_from=[\"192.0.2.0/24\"]"]);
    assert_eq!(problems(listed).len(), 2, "in use, and without its name and key");
    let odd = africastalking(&[
        "messaging.africastalking.username=kisima",
        "messaging.africastalking.api_key_file=/s/a",
        "messaging.africastalking.callbacks_from=[\"everybody\"]",
    ]);
    assert_eq!(problems(odd)[0].key, "messaging.africastalking.callbacks_from");
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

/// The assignments that a provider cannot do without, and then `more`.
fn whole(provider: &str, files: &[&str], more: &[&str]) -> Sources {
    let mut all = vec![
        format!("payments.{provider}.base_url=http://127.0.0.1:9/{provider}"),
        format!("payments.{provider}.callback_url=https://hub.example"),
    ];
    all.extend(files.iter().map(|file| format!("payments.{provider}.{file}=/s/{file}")));
    all.extend(more.iter().map(|more| format!("payments.{provider}.{more}")));
    set(&all.iter().map(String::as_str).collect::<Vec<_>>())
}

const MTN: [&str; 3] = ["subscription_key_file", "api_user_file", "api_key_file"];
const AIRTEL: [&str; 2] = ["client_id_file", "client_secret_file"];
const INTASEND: [&str; 3] = ["publishable_key_file", "secret_token_file", "challenge_file"];

#[test]
fn each_target_of_mtn_takes_its_own_currency_and_the_sandbox_euros() {
    for (target, currency, wire, collects) in [
        ("mtnuganda", None, "UGX", Some(Currency::Ugx)),
        ("mtnrwanda", None, "RWF", Some(Currency::Rwf)),
        ("sandbox", None, "EUR", None),
        ("sandbox", Some("currency=EUR"), "EUR", None),
    ] {
        let target = format!("target_environment={target}");
        let more: Vec<&str> = [target.as_str()].into_iter().chain(currency).collect();
        let loaded = Hub::load(&whole("mtn", &MTN, &more), &Pretend::default()).unwrap();
        let mtn = loaded.config.payments.mtn.unwrap();
        assert_eq!((mtn.wire_currency.as_str(), mtn.currency), (wire, collects), "{more:?}");
    }
    for (more, key) in [
        (["target_environment=mtnkenya", ""], "target_environment"),
        (["target_environment=mtnuganda", "currency=EUR"], "currency"),
        (["target_environment=mtnuganda", "currency=RWF"], "currency"),
        (["target_environment=sandbox", "currency=UGX"], "currency"),
        (["target_environment=mtnuganda", "currency=KES"], "currency"),
    ] {
        let more: Vec<&str> = more.into_iter().filter(|more| !more.is_empty()).collect();
        let found = problems(Hub::load(&whole("mtn", &MTN, &more), &Pretend::default()));
        assert_eq!(found[0].key, format!("payments.mtn.{key}"), "{more:?} {found:?}");
    }
}

#[test]
fn airtel_belongs_to_a_country_and_its_hash_has_one_form() {
    let load = |more: &[&str]| Hub::load(&whole("airtel", &AIRTEL, more), &Pretend::default());
    let airtel = load(&["country=TZ"]).unwrap().config.payments.airtel.unwrap();
    assert_eq!((airtel.country, airtel.currency), (Country::Tanzania, Currency::Tzs));
    assert_eq!(
        (airtel.callback_key_file, airtel.callback_hash),
        (None, AirtelHash::Document)
    );
    assert!(
        !airtel.signing
            && load(&["country=TZ", "signing=true"])
                .unwrap()
                .config
                .payments
                .airtel
                .unwrap()
                .signing
    );
    let other = load(&["country=TZ", "callback_hash=transaction"])
        .unwrap()
        .config
        .payments
        .airtel;
    assert_eq!(other.unwrap().callback_hash, AirtelHash::Transaction);
    for (more, key) in [
        (vec!["country=ZM"], "country"),
        (vec!["country=TZ", "currency=KES"], "currency"),
        (vec!["country=TZ", "callback_hash=both"], "callback_hash"),
        (vec![], "country"),
    ] {
        let found = problems(load(&more));
        assert_eq!(found[0].key, format!("payments.airtel.{key}"), "{more:?} {found:?}");
    }
    // The built-in form of the hash alone does not mean that Airtel is used.
    let only_hash = set(&[
        "payments.airtel.callback_hash=document",
        "payments.airtel.signing=false",
    ]);
    assert_eq!(
        Hub::load(&only_hash, &Pretend::default())
            .unwrap()
            .config
            .payments
            .airtel,
        None
    );
}

#[test]
fn each_provider_is_whole_or_absent() {
    let loaded = Hub::load(&whole("intasend", &INTASEND, &[]), &Pretend::default()).unwrap();
    assert!(loaded.config.payments.intasend.is_some());
    for (one, missing) in [("mtn.base_url", 5), ("airtel.base_url", 4), ("intasend.base_url", 4)] {
        let sources = set(&[&format!("payments.{one}=http://127.0.0.1:9")]);
        assert_eq!(
            problems(Hub::load(&sources, &Pretend::default())).len(),
            missing,
            "{one}"
        );
    }
}
