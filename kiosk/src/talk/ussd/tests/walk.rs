//! Every screen there is, reached by a walk through all menus, in every language with everything at its longest.

use super::{
    office::{kes, phone},
    storm::{CALLERS, town},
    *,
};
use std::collections::{BTreeMap, BTreeSet};

/// What is typed where something is chosen.
const CHOICES: [&str; 11] = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "x"];
/// What is typed where something is entered, right and wrong.
const TYPED: [&str; 10] = [
    "0",
    "1",
    "20",
    "5000",
    "0733000009",
    "0700000102",
    "Wanjiku",
    "",
    PIN,
    "552190",
];
/// More sessions than a walk comes to.
const SESSIONS_MAX: usize = 20_000;

/// All states that there are: FEATURES C32 to C39, and those of the other menus.
const STATES: &str = "\
    ACCOUNT_MENU APPROVAL_CONFIRM APPROVAL_MENU APPROVAL_PIN BILL BILL_AMOUNT BROADCAST BUY_LITRES BUY_MENU \
    COLLECT_JERRYCANS CONFIRM DEPOSIT ENDED FIND_CUSTOMER GO_ON HELP_MENU LANGUAGE_MENU LOANS_MENU MAIN_MENU \
    MANAGER_MENU MOVE_WATER_SITE MY_WATER_MENU NEW_PIN OFFLINE_DISPENSERS OLD_PHONE OLD_PHONE_NAME OLD_PHONE_PIN \
    OLD_PIN ORDERS PAYMENT_MENU PIN PIN_AGAIN PIN_CODE PIN_FORGOTTEN_MENU REGISTER_CITY REGISTER_NAME REGISTER_PIN \
    REGISTER_REVIEW REPAY_LOAN_AMOUNT REPORT REQUEST_LOAN_AMOUNT REQUEST_LOAN_CONFIRM REQUEST_LOAN_PHONE \
    REQUEST_LOAN_REPAYMENT ROLE_MENU SUBSCRIBE_PLAN SUBSCRIBE_SITE TAKE_CASH VIEW_LOANS_MENU";

/// Walks from the first screen to every session that these inputs lead to. Each step is taken in the town as it was at
/// first, so that nothing runs out on the way.
fn walk(town: &Town, service: Service, caller: &str, cut: Option<Session>) -> BTreeMap<&'static str, Session> {
    let mut start = town.clone();
    let call = Call::dial_after(&mut start, service, caller, cut);
    let (mut known, mut open, mut states) = (BTreeSet::new(), vec![call.session.clone()], BTreeMap::new());
    while let Some(session) = open.pop() {
        let name = session.state_name();
        states.insert(name, session.clone());
        let chooses = !matches!(session.state, State::Entry(_) | State::Pin(_));
        for input in if chooses { &CHOICES[..] } else { &TYPED[..] } {
            let mut town = town.clone();
            let mut call = Call {
                town: &mut town,
                session: session.clone(),
                answer: Answer {
                    screen: String::new(),
                    goes_on: true,
                },
            };
            call.types(input);
            // The count of wrong PINs makes no other screen.
            call.session.pins_wrong = 0;
            if known.insert(serde_json::to_string(&call.session).unwrap()) {
                open.push(call.session);
            }
        }
        assert!(known.len() < SESSIONS_MAX, "{name}");
    }
    states
}

#[test]
fn every_screen_of_every_menu_fits_in_every_language() {
    let mut names = BTreeSet::new();
    for language in Language::ALL {
        let mut town = town(language, None);
        town.add("0755000001", "Otieno");
        town.person("0755000001").registration = Registration::Unverified;
        for caller in CALLERS {
            let states = walk(&town, Service::Water, caller, None);
            let cut = states.get("PAYMENT_MENU").cloned();
            names.extend(states.into_keys());
            if cut.is_some() {
                let (_, answer) = begin(&mut town, Service::Water, phone(caller), cut).unwrap();
                texts::assert_fits(&answer.screen);
                names.insert("GO_ON");
            }
        }
        names.extend(walk(&town, Service::Water, "0755000001", None).into_keys());
        for service in [Service::Loans, Service::Services, Service::Household] {
            names.extend(walk(&town, service, CALLERS[0], None).into_keys());
        }
    }
    assert_eq!(
        names.into_iter().collect::<Vec<_>>(),
        STATES.split_whitespace().collect::<Vec<_>>()
    );
}

#[test]
fn every_denial_is_told_in_every_language() {
    for language in Language::ALL {
        for denied in Denied::all(kes(9_999_999_999)) {
            let mut town = town(language, Some(denied));
            let mut call = Call::dial(&mut town, Service::Loans, CALLERS[0]);
            call.types_all(&["1", "0733000009", "5000", "500", "1"]);
            assert_eq!(call.session.state_name(), "MAIN_MENU");
            assert!(call.answer.screen.lines().count() >= 3, "{}", call.answer.screen);
            let mut call = Call::dial(&mut town, Service::Water, CALLERS[0]);
            call.types_all(&["1", "2", "20", "2", PIN]);
            assert_eq!(call.session.state_name(), "MAIN_MENU");
        }
    }
}
