//! Whatever is typed: no panic, every screen fits, no PIN is shown or kept, a session is kept as it is.

use super::{
    office::{day, kes, phone, site},
    texts::AMOUNT_MINOR_MAX,
    *,
};
use crate::{
    loan::LoanState,
    payment::PaymentState,
    tariff::Plan,
    units::{Currency, Money, Volume},
};
use proptest::prelude::*;

const LONG_NAME: &str = "Wangarĩ–Nyawira{Wanjikũ}€€€€€€€€€€€€ of Kibera";
/// A customer, a stranger, a manager, and one who is both.
pub const CALLERS: [&str; 4] = ["0700000102", "0733000001", "0711000001", "0722000001"];

/// A town in which everything is as long as it can be.
pub fn town(language: Language, denies: Option<Denied>) -> Town {
    let mut town = Town::new();
    let most = Money::new(AMOUNT_MINOR_MAX - 1, Currency::Kes);
    town.managers.insert(phone(CALLERS[2]), site("kibera-3", LONG_NAME));
    town.managers.insert(phone(CALLERS[3]), site("kibera-3", LONG_NAME));
    town.add(CALLERS[3], LONG_NAME);
    town.sites = (0..12)
        .map(|number| site(&format!("site-{number}"), LONG_NAME))
        .collect();
    town.plans = (0..5)
        .map(|number| Plan {
            name: format!("{number} {LONG_NAME}"),
            price_minor: most.minor,
            days: u16::MAX,
            jerrycans: u32::MAX,
        })
        .collect();
    town.offline = (0..9)
        .map(|number| format!("{number}{}", "d".repeat(31)).parse().unwrap())
        .collect();
    for borrower in CALLERS {
        for lender in CALLERS.iter().filter(|lender| **lender != borrower) {
            let loan = town.asked(borrower, lender, most, most);
            *town.loan_state(loan) = [LoanState::Asked, LoanState::Repaying, LoanState::Invited][loan.0 as usize % 3];
        }
    }
    for person in town.people.values_mut() {
        LONG_NAME.clone_into(&mut person.name);
        LONG_NAME.clone_into(&mut person.city);
        person.language = language;
        person.wallet = Money::new(-10 * most.minor, Currency::Kes);
        person.water.balance = Volume::MAX;
        person.water.jerrycans = u64::MAX;
        person.water.subscription = Some(Subscription {
            site: site("kibera-3", LONG_NAME),
            code: "000-5724".parse().unwrap(),
            last_day: day(),
            is_over: false,
        });
        person.usage.week = Volume::MAX;
        person.usage.month = Volume::MAX;
        person.bill = Some(Owed {
            left: most,
            due: day(),
            is_overdue: true,
        });
        person.orders = [PaymentState::Unknown; 5]
            .map(|state| Order {
                kind: OrderKind::Litres(Volume::MAX),
                amount: most,
                ..office::order(state)
            })
            .into();
        person.movements = (0..20)
            .map(|_| Movement {
                day: day(),
                amount: Money::new(-most.minor, Currency::Kes),
                kind: MovementKind::Repayment,
            })
            .collect();
    }
    town.today = Some(Today {
        pours: u32::MAX,
        volume: Volume::MAX,
        cash: most,
        paid: most,
    });
    town.denies = denies;
    town
}

/// What networks and people send.
fn inputs() -> impl Strategy<Value = Vec<String>> {
    let digit = prop::sample::select(&["0", "1", "2", "3", "4", "5", "6", "7", "8", "9"][..]);
    let fitting = prop::sample::select(
        &[
            "1",
            "1",
            "1",
            "2",
            "9",
            "20",
            "250",
            "0733000001",
            "0700000102",
            "Wanjikũ",
            "No water",
        ][..],
    );
    let odd = prop::sample::select(
        &[
            "",
            "*",
            "#",
            "**",
            "1#",
            "😀",
            "ሰላም",
            "١",
            "-1",
            "00",
            "1e3",
            "\n",
            "\u{0}",
            "{ $name }",
        ][..],
    );
    let input = prop_oneof![
        4 => digit.prop_map(str::to_owned),
        4 => fitting.prop_map(str::to_owned),
        3 => Just(PIN.to_owned()),
        1 => odd.prop_map(str::to_owned),
        1 => any::<String>(),
        1 => Just("x".repeat(500)),
        1 => Just("7".repeat(500)),
    ];
    prop::collection::vec(input, 0..24)
}

/// Whether a PIN typed here is taken for a number that is asked for: then it is no PIN.
fn asks_for_a_number(state: &str) -> bool {
    matches!(
        state,
        "REQUEST_LOAN_AMOUNT"
            | "REQUEST_LOAN_REPAYMENT"
            | "REPAY_LOAN_AMOUNT"
            | "BUY_LITRES"
            | "DEPOSIT"
            | "BILL_AMOUNT"
            | "TAKE_CASH"
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(400))]

    #[test]
    fn any_inputs_are_answered_with_a_screen_that_fits_and_tells_no_pin(
        service in prop::sample::select(&Service::ALL[..]),
        caller in prop::sample::select(&CALLERS[..]),
        language in prop::sample::select(&Language::ALL[..]),
        denied in prop::option::weighted(0.2, prop::sample::select(Denied::all(kes(1)).to_vec())),
        inputs in inputs(),
    ) {
        let mut town = town(language, denied);
        let mut call = Call::dial(&mut town, service, caller);
        let mut typed_as_number = false;
        for input in &inputs {
            let state = call.session.state_name();
            typed_as_number |= input == PIN && asks_for_a_number(state);
            call.types(input);
            let kept = serde_json::to_string(&call.session).unwrap();
            if !typed_as_number && !inputs.iter().any(|input| input.len() > PIN.len() && input.contains(PIN)) {
                prop_assert!(!call.answer.screen.contains(PIN), "{state} {}", call.answer.screen);
                prop_assert!(!kept.contains(PIN), "{state} {kept}");
            }
            let printed = format!("{:?}", call.session);
            prop_assert!(!printed.contains(PIN), "{printed}");
            prop_assert!(kept.len() < 1_000, "{} {kept}", kept.len());
        }
    }

    #[test]
    fn whatever_a_cut_session_stood_at_it_can_be_gone_on_with(
        service in prop::sample::select(&[Service::Water, Service::Household][..]),
        caller in prop::sample::select(&CALLERS[..]),
        before in inputs(),
        after in inputs(),
    ) {
        let mut town = town(Language::French, None);
        let mut call = Call::dial(&mut town, service, caller);
        for input in &before {
            call.types(input);
        }
        let cut = call.session.clone();
        let mut call = Call::dial_after(&mut town, service, caller, Some(cut));
        for input in std::iter::once("1").chain(after.iter().map(String::as_str)) {
            call.types(input);
        }
    }
}
