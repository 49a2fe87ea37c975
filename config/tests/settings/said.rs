//! What is said of settings as people mistype them: the rule, and an example that can be copied.

use kisima_config::{Gateway, Sources};

use crate::pretend::{Pretend, problems, set};

const A_TEXT: &str =
    "must be a number with plus and country code such as \"+254700000100\", or a short code such as \"22384\"";
const A_CODE: &str = "must be a USSD code such as \"*144#\"";
const A_TIME: &str = "must be a whole number and a unit (ms, s, min, h, d), such as \"30 s\"";
const A_LIST: &str = "must be a list of texts in quotes such as [\"+254700000102\"]";
const PHONES: &str = "must be mobile numbers with plus and country code such as [\"+254700000102\"]";

/// The only problem of a file that sets this.
#[track_caller]
fn said(file: &str) -> String {
    let machine = Pretend::default().file("/etc/kisima/gateway.toml", file);
    let found = problems(Gateway::load(&Sources::default(), &machine));
    assert_eq!(found.len(), 1, "{file}: {found:?}");
    format!("{}: {}", found[0].key, found[0].what)
}

#[test]
fn what_is_mistyped_about_the_modem_is_told_with_the_way_out() {
    for (file, key, what) in [
        ("sms.technician = '+254700000102'", "sms.technician", A_LIST),
        ("sms.technician = 254700000102", "sms.technician", A_LIST),
        ("sms.technician = [254700000102]", "sms.technician", A_LIST),
        ("sms.technician = ['0700000102']", "sms.technician", PHONES),
        ("sms.hub_number = '0700000100'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = '254700000100'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = '00254700000100'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = '++254700000100'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = '+0700000100'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = '+2547000001001234'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = '*144#'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = 'KISIMA'", "sms.hub_number", A_TEXT),
        ("sms.hub_number = 22384", "sms.hub_number", "must be a text in quotes"),
        ("ussd.hub_code = '*384*303'", "ussd.hub_code", A_CODE),
        ("ussd.hub_code = '384#'", "ussd.hub_code", A_CODE),
        ("ussd.hub_code = '*#'", "ussd.hub_code", A_CODE),
        ("ussd.hub_code = '+254700000100'", "ussd.hub_code", A_CODE),
        ("ussd.hub_code = \"*384\\r#\"", "ussd.hub_code", A_CODE),
        ("sync.thin_after = 600", "sync.thin_after", A_TIME),
        ("sync.thin_after = '600'", "sync.thin_after", A_TIME),
        ("sync.thin_after = '0 s'", "sync.thin_after", "must be from 1 s to 30 d"),
        (
            "sms.parts_per_day = '200'",
            "sms.parts_per_day",
            "must be a whole number from 0 to 2000, without quotes",
        ),
        (
            "sms.parts_per_day = 'many'",
            "sms.parts_per_day",
            "must be a whole number from 0 to 2000",
        ),
        (
            "modem.port = 'COM3'",
            "modem.port",
            "must be a device such as \"/dev/kisima-modem\"",
        ),
        (
            "modem.data = 'ECM'",
            "modem.data",
            "must be one of ecm, modemmanager, none",
        ),
        (
            "modem.profile = ''",
            "modem.profile",
            "must be the name of a profile such as \"sim7600\", or \"auto\"",
        ),
        (
            "modem.sim_pin = 4071",
            "modem.sim_pin",
            "is not a known key; is modem.sim_pin_file meant?",
        ),
        (
            "modem.sim_pin_file = '4071'",
            "modem.sim_pin_file",
            "must be a whole path such as \"/etc/kisima/sim.pin\"",
        ),
        (
            "modem = '/dev/ttyUSB2'",
            "modem",
            "is a section: set one of its keys, such as modem.apn",
        ),
        (
            "[airtime.operators]\nsafaricom.code = '*144#'",
            "airtime.operators.safaricom.code",
            "stands under \"safaricom\", and must stand under the operator's number (country and network code), such as \
             [airtime.operators.63902]",
        ),
        (
            "[airtime.operators.63902]\ncode = '144'",
            "airtime.operators.63902.code",
            A_CODE,
        ),
        (
            "[airtime.operators.63903]\ncode = '144'",
            "airtime.operators.63903.code",
            "must be a USSD code such as \"*144#\"",
        ),
        (
            "[airtime.operators.63903]\npattern = 'Bal ([0-9]+)'",
            "airtime.operators.63903.code",
            "is missing: what is dialled for airtime, such as \"*144#\"",
        ),
        (
            "[airtime.operators.63902]\nbundle_code = 'bundles'",
            "airtime.operators.63902.bundle_code",
            A_CODE,
        ),
        (
            "[airtime.operators.63902]\npattren = '(.)'",
            "airtime.operators.63902.pattren",
            "is not a known key; is airtime.operators.63902.pattern meant?",
        ),
    ] {
        assert_eq!(said(file), format!("{key}: {what}"), "{file}");
    }
}

#[test]
fn of_several_the_wrong_one_is_named_by_its_place_and_not_by_its_number() {
    let said = said("sms.technician = ['+254700000102', '+25471']");
    assert_eq!(said, format!("sms.technician: entry 2: {PHONES}"));
}

#[test]
fn a_hub_is_texted_at_a_whole_number_or_a_short_code() {
    for (written, kept) in [
        ("+254 700-000 100", "+254700000100"),
        ("+4915112345678", "+4915112345678"),
        ("22384", "22384"),
        ("144", "144"),
    ] {
        let sources = set(&[&format!("sms.hub_number={written}")]);
        let gateway = Gateway::load(&sources, &Pretend::default()).unwrap().config;
        assert_eq!(gateway.sms.hub_number.as_deref(), Some(kept), "{written}");
    }
}

#[test]
fn codes_are_taken_as_they_are_dialled() {
    for code in ["*384*303#", "*#100#", "#123#", "**21*5#"] {
        let sources = set(&[&format!("ussd.hub_code={code}")]);
        let gateway = Gateway::load(&sources, &Pretend::default()).unwrap().config;
        assert_eq!(gateway.ussd_hub_code.as_deref(), Some(code));
    }
}
