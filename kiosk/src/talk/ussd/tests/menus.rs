//! The services and household menus, a site manager's, and who is both.

use super::{
    office::{day, kes, phone, site},
    *,
};
use crate::{
    ids::CustomerId,
    tariff::Tariff,
    units::{Currency, Volume},
};

const JANE: &str = "0700000102";
const MANAGER: &str = "0711000001";

#[test]
fn the_services_menu_ends_at_an_unknown_option() {
    const SERVICES: &str =
        "Hello Jane\n1. Make a deposit\n2. Order status\n3. Account balance\n4. Contact customer care\n0. Exit";
    let mut town = Town::new();
    for unknown in ["5", "10", "x", "*", "😀"] {
        let mut call = Call::dial(&mut town, Service::Services, JANE);
        call.shows("MAIN_MENU", SERVICES);
        call.types(unknown);
        call.ends("invalid input");
    }
    let mut call = Call::dial(&mut town, Service::Services, JANE);
    call.types("");
    call.shows("MAIN_MENU", SERVICES);
    call.types("2");
    call.shows("ORDERS", "You have no orders yet.\n0. Back");
    call.types_all(&["0", "3"]);
    call.shows("MAIN_MENU", "Prepaid: 179.5 l\nJerrycans: 0\nWallet: KES 6000\n0. Back");
    call.types_all(&["0", "4"]);
    call.shows(
        "MAIN_MENU",
        "We will call you back. Your request has the number 17.\n0. Back",
    );
    call.types_all(&["0", "1", "250"]);
    call.ends("Please confirm KES 250 on your phone with your mobile money PIN. A text follows.");
    let (what, price) = (Purchase::Deposit(kes(250)), kes(250));
    let pay = Pay::Prompt;
    assert_eq!(town.done, [Act::CallBack, Act::Buy { what, price, pay }]);
}

#[test]
fn a_household_sees_its_usage_pays_and_reports() {
    const HOUSEHOLD: &str = "Hello Jane\n1. Check water consumption\n2. Pay pending bills\n3. Report an issue\n0. Exit";
    let mut town = Town::new();
    town.person(JANE).bill = Some(Owed {
        left: kes(500),
        due: day(),
        is_overdue: false,
    });
    let mut call = Call::dial(&mut town, Service::Household, JANE);
    call.shows("MAIN_MENU", HOUSEHOLD);
    call.types("1");
    call.shows(
        "MAIN_MENU",
        "This week: 0 l\nLast week: 0 l\nThis month: 0 l\nLast month: 0 l\n0. Back",
    );
    call.types_all(&["0", "2"]);
    call.shows(
        "BILL",
        "Your bill: KES 500\nto pay by 20/11/2026\n1. Pay all\n2. Pay a part\n0. Back",
    );
    call.types_all(&["0", "3", "No water since Monday"]);
    call.types_all(&["0", "2", "1", "2", PIN]);
    call.shows("MAIN_MENU", "Paid KES 500. Your wallet has KES 5500 left.\n0. Back");
    call.types("0");
    call.shows("MAIN_MENU", HOUSEHOLD);
    assert_eq!(town.done.len(), 2);
}

#[test]
fn a_manager_verifies_collects_takes_cash_and_speaks_to_all() {
    let mut town = Town::new();
    town.managers.insert(phone(MANAGER), site("kibera-3", "Kibera 3"));
    let menu = "SITE Kibera 3\n1. Check subscription\n2. Hand out jerrycans\n3. Take cash\n4. Today\n5. Offline taps\n6. Message to customers\n0. Exit";
    town.subscribe(JANE);
    town.offline = vec!["tap-2".parse().unwrap()];
    let mut call = Call::dial(&mut town, Service::Water, MANAGER);
    call.shows("MANAGER_MENU", menu);
    call.types_all(&["1", "000-5725"]);
    call.shows(
        "FIND_CUSTOMER",
        "Not understood\nPhone, account or code of the customer:\n0. Back",
    );
    call.types(JANE);
    call.shows(
        "MANAGER_MENU",
        "Jane Smith: valid at Kibera 3 until 20/11/2026, 12 jerrycans left. Prepaid 179.5 l.\n0. Back",
    );
    call.types_all(&["0", "2", JANE, "3"]);
    call.shows("CONFIRM", "Jane Smith: 3 jerrycans\n1. Confirm\n0. Cancel");
    call.types_all(&["1", PIN]);
    call.shows("MANAGER_MENU", "Handed out. 27 jerrycans are left.\n0. Back");
    call.types_all(&["0", "3", JANE, "100"]);
    call.shows("CONFIRM", "Jane Smith: KES 100 for 50 l\n1. Confirm\n0. Cancel");
    call.types_all(&["1", PIN]);
    assert!(call.answer.screen.starts_with("Sold 50 l. Receipt "));
    call.types_all(&["0", "4"]);
    call.shows(
        "MANAGER_MENU",
        "TODAY\nPoured 12 times, 240 l\nCash KES 120\nPaid by phone KES 360\n0. Back",
    );
    call.types_all(&["0", "5"]);
    call.shows("OFFLINE_DISPENSERS", "OFFLINE TAPS\ntap-2\n0. Back");
    call.types_all(&["0", "6", "No water “today”"]);
    call.shows("CONFIRM", "To 120 customers, 1 SMS each\n1. Send\n0. Cancel");
    call.types_all(&["1", PIN]);
    call.shows("MANAGER_MENU", "Your message goes out in the hours for texts.\n0. Back");
    let site: crate::ids::SiteName = "kibera-3".parse().unwrap();
    let customer = CustomerId(1);
    let expected = [
        Act::Collect {
            site: site.clone(),
            customer,
            jerrycans: 3,
        },
        Act::TakeCash {
            site: site.clone(),
            customer,
            amount: kes(100),
            volume: Volume::from_ml(50_000),
        },
        Act::Broadcast {
            site,
            text: "No water \"today\"".to_owned(),
        },
    ];
    assert_eq!(town.done, expected);
}

#[test]
fn a_site_that_cannot_be_asked_sends_the_manager_to_the_page() {
    let mut town = Town::new();
    town.managers.insert(phone(MANAGER), site("kibera-3", "Kibera 3"));
    town.denies = Some(Denied::HeldAtSite);
    let mut call = Call::dial(&mut town, Service::Water, MANAGER);
    call.types_all(&["2", JANE, "3", "1", PIN]);
    call.shows(
        "MANAGER_MENU",
        "Please use the page at the kiosk: it is held there.\n0. Back",
    );
    call.types("0");
    // Who is no manager any more gets no further.
    call.town.managers.clear();
    call.types("1");
    call.ends("You may not do this.");
    assert_eq!(town.done, []);
}

#[test]
fn a_manager_changes_the_first_pin_before_anything_else() {
    let mut town = Town::new();
    town.managers.insert(phone(MANAGER), site("kibera-3", "Kibera 3"));
    town.has_first_pins = true;
    let mut call = Call::dial(&mut town, Service::Water, MANAGER);
    call.shows("OLD_PIN", "Enter the first PIN that the office gave you:\n0. Cancel");
    // There is no way around it.
    call.types("0");
    call.ends("Thank you. Goodbye.");
    let mut call = Call::dial(&mut town, Service::Water, MANAGER);
    call.types_all(&[PIN, "0"]);
    call.shows("OLD_PIN", "Enter the first PIN that the office gave you:\n0. Cancel");
    call.types_all(&[PIN, "2580", "2580"]);
    assert!(
        call.answer.screen.starts_with("Your PIN has been changed."),
        "{:?}",
        call.answer
    );
    // Who is no customer has no other menu, and is not asked to become one.
    call.types("0");
    assert!(call.answer.screen.starts_with("SITE Kibera 3\n"), "{:?}", call.answer);
}

#[test]
fn a_first_pin_pays_for_nothing_in_any_menu_and_is_not_chosen_again() {
    let mut town = Town::new();
    town.managers.insert(phone(JANE), site("kibera-3", "Kibera 3"));
    town.has_first_pins = true;
    town.person(JANE).bill = Some(Owed {
        left: kes(500),
        due: day(),
        is_overdue: true,
    });
    let mut call = Call::dial(&mut town, Service::Household, JANE);
    call.types_all(&["2", "1", "2"]);
    call.shows("OLD_PIN", "Enter the first PIN that the office gave you:\n0. Cancel");
    call.types_all(&[PIN, PIN]);
    call.shows("NEW_PIN", "Take another PIN\nEnter 4-digit PIN\n0. Cancel");
    assert_eq!(town.done, []);
}

#[test]
fn what_came_of_a_managers_act_is_seen_again_until_the_site_is_taken_away() {
    let mut town = Town::new();
    town.managers.insert(phone(MANAGER), site("kibera-3", "Kibera 3"));
    let mut call = Call::dial(&mut town, Service::Water, MANAGER);
    call.types("4");
    let (cut, told) = (call.session.clone(), call.answer.screen.clone());
    assert!(told.starts_with("TODAY"), "{told}");
    let mut call = Call::dial_after(&mut town, Service::Water, MANAGER, Some(cut.clone()));
    assert_eq!(call.session.state_name(), "GO_ON");
    assert_eq!(call.types("1"), told);
    town.managers.clear();
    let call = Call::dial_after(&mut town, Service::Water, MANAGER, Some(cut));
    assert_eq!(call.session.state_name(), "REGISTER_NAME");
}

#[test]
fn who_is_both_chooses() {
    let mut town = Town::new();
    town.managers.insert(phone(JANE), site("soko", "Soko"));
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.shows("ROLE_MENU", "Hello Jane\n1. My own water\n2. Site Soko\n0. Exit");
    call.types("1");
    assert!(call.answer.screen.starts_with("Hello Jane\n1. Buy water\n"));
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types("2");
    assert!(call.answer.screen.starts_with("SITE Soko\n"));
}

#[test]
fn where_no_loans_are_offered_nobody_is_led_into_them() {
    let mut town = Town::new();
    town.lends_not = true;
    let call = Call::dial(&mut town, Service::Loans, "0733000001");
    call.ends("ERROR\nLoans are not possible here or with this number.");
    // Nor is anybody registered by that.
    assert_eq!(town.people.len(), 1);
    let mut call = Call::dial(&mut town, Service::Water, JANE);
    call.types("5");
    call.shows("MAIN_MENU", "Loans are not possible here or with this number.\n0. Back");
}

#[test]
fn no_cash_is_taken_that_buys_no_water() {
    let mut town = Town::new();
    town.managers.insert(phone(MANAGER), site("kibera-3", "Kibera 3"));
    // Free water, and a shilling for less than a millilitre.
    for price_per_m3_minor in [0, 200_000_000] {
        town.tariff = Some(Tariff {
            price_per_m3_minor,
            currency: Currency::Kes,
        });
        let mut call = Call::dial(&mut town, Service::Water, MANAGER);
        call.types_all(&["3", JANE, "1"]);
        call.shows("TAKE_CASH", "Invalid amount\nCash from Jane Smith (KES):\n0. Back");
    }
}
