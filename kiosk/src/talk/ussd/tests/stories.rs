//! The water menu, as a person walks it.

use super::{
    office::{day, kes, order},
    *,
};
use crate::{
    payment::PaymentState,
    tariff::{Plan, Tariff},
    units::{Currency, Volume},
};

const JANE: &str = "0700000102";
const NEW: &str = "0733000001";

const WATER: &str =
    "Hello Jane\n1. Buy water\n2. My water\n3. Pay bill\n4. My orders\n5. Loans\n6. Help\n7. My account\n0. Exit";

#[test]
fn a_subscription_is_bought_at_the_chosen_site_by_a_prompt() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.shows("MAIN_MENU", WATER);
    call.types_all(&["1", "1"]);
    call.shows("SUBSCRIBE_SITE", "Subscribe at:\n1. Kibera 3\n2. Soko\n0. Back");
    call.types("2");
    call.shows(
        "PAYMENT_MENU",
        "monthly, Soko: KES 300\nYour water moves there.\n1. Pay by mobile money\n2. Pay from my wallet\n0. Cancel",
    );
    call.types("1");
    call.ends("Please confirm KES 300 on your phone with your mobile money PIN. A text follows.");
    let what = Purchase::Plan {
        site: "soko".parse().unwrap(),
        plan: "monthly".to_owned(),
    };
    let price = kes(300);
    let pay = Pay::Prompt;
    assert_eq!(town.done, [Act::Buy { what, price, pay }]);
}

#[test]
fn of_two_plans_one_is_chosen() {
    let mut town = Town::new();
    town.plans.push(Plan {
        name: "weekly".to_owned(),
        price_minor: 8_000,
        days: 7,
        jerrycans: 7,
    });
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["1", "1", "1"]);
    call.shows(
        "SUBSCRIBE_PLAN",
        "SUBSCRIPTIONS\n1. monthly KES 300: 30 jerrycans, 30 days\n2. weekly KES 80: 7 jerrycans, 7 days\n0. Back",
    );
    call.types("2");
    assert!(
        call.answer.screen.starts_with("weekly, Kibera 3: KES 80\n"),
        "{}",
        call.answer.screen
    );
}

#[test]
fn litres_are_paid_from_the_wallet_after_the_pin() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["1", "2"]);
    call.shows("BUY_LITRES", "How many litres?\n20 l cost KES 40.\n0. Back");
    call.types("10001");
    call.shows(
        "BUY_LITRES",
        "Type 1 to 10000\nHow many litres?\n20 l cost KES 40.\n0. Back",
    );
    call.types_all(&["20", "2"]);
    call.shows("PIN", "Enter your PIN:\n0. Cancel");
    assert_eq!(call.town.done, []);
    call.types(PIN);
    call.shows("MAIN_MENU", "Paid KES 40. Your wallet has KES 5960 left.\n0. Back");
    let what = Purchase::Litres(Volume::from_ml(20_000));
    let price = kes(40);
    let pay = Pay::Wallet;
    assert_eq!(town.done, [Act::Buy { what, price, pay }]);
}

#[test]
fn nobody_pays_another_price_than_they_were_shown() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["1", "1", "1"]);
    call.town.plans[0].price_minor = 50_000;
    call.types("x");
    assert!(
        call.answer
            .screen
            .starts_with("Invalid choice\nmonthly, Kibera 3: KES 300\n")
    );
    call.types_all(&["2", PIN]);
    assert!(matches!(town.done[..], [Act::Buy { price, .. }] if price == kes(300)));
}

#[test]
fn what_a_customer_has_is_told() {
    let mut town = Town::new();
    town.person(JANE).usage = Usage {
        week: Volume::from_ml(60_000),
        week_before: Volume::from_ml(140_000),
        month: Volume::from_ml(320_500),
        month_before: Volume::from_ml(600_000),
    };
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["2", "3"]);
    call.shows("MY_WATER_MENU", "You have no valid subscription.\n0. Back");
    call.town.subscribe(JANE);
    for (input, screen) in [
        ("1", "Prepaid: 179.5 l\nJerrycans: 12\nWallet: KES 6000\n0. Back"),
        ("2", "12 jerrycans are left until 20/11/2026.\n0. Back"),
        (
            "3",
            "Your monthly code is 000-5724, at Kibera 3 until 20/11/2026.\n0. Back",
        ),
        (
            "4",
            "This week: 60 l\nLast week: 140 l\nThis month: 320.5 l\nLast month: 600 l\n0. Back",
        ),
    ] {
        call.types_all(&["0", input]);
        call.shows("MY_WATER_MENU", screen);
    }
    call.types_all(&["0", "0"]);
    call.shows("MAIN_MENU", WATER);
}

#[test]
fn water_moves_to_another_site_after_a_yes_and_the_pin() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["2", "5"]);
    call.shows("MOVE_WATER_SITE", "Move your water to:\n1. Soko\n0. Back");
    call.types("1");
    call.shows(
        "CONFIRM",
        "Draw your water at Soko from now on? What another site holds follows once it has given it back.\n1. Yes\n0. Cancel",
    );
    call.types_all(&["1", PIN]);
    call.shows("MAIN_MENU", "Your water moves to the new site.\n0. Back");
    let to = "soko".parse().unwrap();
    assert_eq!(town.done, [Act::MoveWater { to }]);
}

#[test]
fn a_bill_is_paid_whole_or_in_part_and_never_too_much() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types("3");
    call.shows("MAIN_MENU", "You owe nothing.\n0. Back");
    call.town.person(JANE).bill = Some(Owed {
        left: kes(500),
        due: day(),
        is_overdue: true,
    });
    call.types_all(&["0", "3"]);
    call.shows(
        "BILL",
        "Your bill: KES 500\nwas due on 20/11/2026\n1. Pay all\n2. Pay a part\n0. Back",
    );
    call.types_all(&["2", "501"]);
    call.shows("BILL_AMOUNT", "More than is owed\nEnter amount to pay (KES):\n0. Back");
    call.types_all(&["200", "1"]);
    call.ends("Please confirm KES 200 on your phone with your mobile money PIN. A text follows.");
    let (what, price) = (Purchase::Bill(kes(200)), kes(200));
    let pay = Pay::Prompt;
    assert_eq!(town.done, [Act::Buy { what, price, pay }]);
}

#[test]
fn orders_are_told_with_their_state() {
    let mut town = Town::new();
    let states = [
        PaymentState::Succeeded,
        PaymentState::Pending,
        PaymentState::Expired,
        PaymentState::Unknown,
    ];
    town.person(JANE).orders = states.map(order).into();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types("4");
    let rows = ["paid", "waiting", "not paid", "being checked"].map(|word| format!("20/11 20 l KES 40: {word}"));
    call.shows("ORDERS", &format!("MY ORDERS\n{}\n0. Back", rows.join("\n")));
}

#[test]
fn a_problem_is_reported_and_a_pin_is_no_report() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["6", "1", PIN]);
    assert!(
        call.answer.screen.starts_with("Please use words\nDescribe"),
        "{}",
        call.answer.screen
    );
    call.types(&"x".repeat(500));
    assert!(
        call.answer.screen.starts_with("Too long\nDescribe"),
        "{}",
        call.answer.screen
    );
    call.types("AQP000007 tap 2 leaks");
    call.shows(
        "MAIN_MENU",
        "Thank you. Your report has the number 17. A text follows.\n0. Back",
    );
    let text = "AQP000007 tap 2 leaks".to_owned();
    assert_eq!(town.done, [Act::Report { text }]);
}

#[test]
fn unsubscribing_needs_a_subscription_a_yes_and_the_pin() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["7", "4"]);
    call.shows("MAIN_MENU", "There is no valid subscription.\n0. Back");
    town.subscribe(JANE);
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["7", "4", "1", PIN]);
    call.shows("MAIN_MENU", "You are unsubscribed.\n0. Back");
    assert_eq!(town.done, [Act::Unsubscribe]);
}

#[test]
fn a_session_that_was_cut_is_offered_again() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["1", "2", "20"]);
    let cut = call.session.clone();
    let mut call = Call::dial_after(&mut town, Service::Water, JANE, Some(cut.clone()));
    call.shows("GO_ON", "You were cut off last time.\n1. Go on\n0. Start again");
    call.types("1");
    assert!(
        call.answer.screen.starts_with("20 l: KES 40\n"),
        "{}",
        call.answer.screen
    );
    call.types_all(&["2", PIN]);
    let mut call = Call::dial_after(&mut town, Service::Water, JANE, Some(cut.clone()));
    call.types("0");
    call.shows("MAIN_MENU", WATER);
    // Not to somebody else, and not in the menus whose first screen is given.
    let call = Call::dial_after(&mut town, Service::Water, NEW, Some(cut));
    assert_eq!(call.session.state_name(), "REGISTER_NAME");
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    let cut = call.types_all(&["1", NEW]).to_owned();
    assert_eq!(cut, "Enter loan amount (Ksh):");
    let cut = call.session.clone();
    let call = Call::dial_after(&mut town, Service::Loans, JANE, Some(cut));
    assert_eq!(call.session.state_name(), "MAIN_MENU");
}

#[test]
fn amounts_are_those_of_the_currency() {
    let mut town = Town::new();
    town.tariff = Some(Tariff::built_in(Currency::Ugx));
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["1", NEW]);
    call.shows("REQUEST_LOAN_AMOUNT", "Enter loan amount (UGX):");
    call.types_all(&["5000", "500"]);
    assert!(call.answer.screen.contains("\nAmount: UGX 5000\n"));
}

#[test]
fn inputs_are_taken_with_what_phones_put_around_them() {
    let mut town = Town::new();
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&[" 1 ", "2.", "20#", "2", "4071 #"]);
    assert_eq!(town.done.len(), 1);
}

#[test]
fn services_are_known_by_the_names_of_the_configuration() {
    // CONTRACTS section 1: the value of ussd.codes is a menu's name.
    assert_eq!(
        Service::ALL.map(Service::name),
        ["water", "loans", "services", "household"]
    );
    for service in Service::ALL {
        assert_eq!(Service::from_name(service.name()), Some(service));
    }
    assert_eq!(Service::from_name("gas"), None);
    let sorry = apology(&crate::talk::Talk::new(), Language::Swahili);
    assert_eq!(sorry.screen, "Haikufanikiwa. Tafadhali piga tena.");
    assert!(!sorry.goes_on);
}

#[test]
fn who_draws_nowhere_yet_says_where_before_they_buy_litres() {
    let mut town = Town::new();
    town.person(JANE).site = None;
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["1", "2"]);
    call.shows("HOME_SITE", "Where do you draw water?\n1. Kibera 3\n2. Soko\n0. Back");
    call.types("2");
    call.shows("BUY_LITRES", "How many litres?\n20 l cost KES 40.\n0. Back");
    let soko = || "soko".parse().unwrap();
    assert_eq!(town.done, [Act::Settle { at: soko() }]);
    // Of one site there is nothing to choose.
    town.person(JANE).site = None;
    town.sites.remove(0);
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types_all(&["1", "2"]);
    call.shows("BUY_LITRES", "How many litres?\n20 l cost KES 40.\n0. Back");
    assert_eq!(town.done[1..], [Act::Settle { at: soko() }]);
}

#[test]
fn a_decimal_comma_makes_no_bigger_number() {
    for (typed, litres) in [
        ("20,5", None),
        ("1,5", None),
        ("10,50", None),
        ("20.5", None),
        ("5,000", Some(5_000_000)),
        ("5 000", Some(5_000_000)),
        ("50 00", None),
        ("2 0", None),
    ] {
        let mut town = Town::new();
        let mut call = Call::dial(&mut town, Service::Water, JANE);
        call.types_all(&["1", "2", typed]);
        match litres {
            None => assert!(call.answer.screen.starts_with("Type 1 to 10000\n"), "{typed}"),
            Some(_) => assert!(call.answer.screen.starts_with("5000 l: KES 10000\n"), "{typed}"),
        }
    }
}
