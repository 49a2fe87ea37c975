//! FEATURES C13 and C32 to C39: every state and transition, with the exact texts.

use super::{office::kes, *};
use crate::loan::LoanState;

const JANE: &str = "0700000102";
const LENDER: &str = "254702345678";

const MAIN: &str =
    "M-PESA LOANS\n1. Request Loan\n2. View My Loans\n3. Approve Loan\n4. View Balance\n5. Transactions\n0. Exit";
const PHONE: &str = "REQUEST LOAN\nEnter lender phone:";
const AMOUNT: &str = "Enter loan amount (Ksh):";
const REPAYMENT: &str = "Enter repayment per (Ksh):";
const CONFIRM: &str = "CONFIRM LOAN\nLender: 254702345678\nAmount: Ksh 5000\nRepayment: Ksh 500\n1. Confirm 0. Cancel";
const SENT: &str = "SUCCESS\nLoan request sent to 254702345678\n0. Back";
const DETAIL: &str =
    "Lender: 254702345678\nAmount: Ksh 5000\nRepayment: Ksh 500 per week\nopen\nLeft: Ksh 5000\n1. Repay\n0. Back";
const APPROVE: &str = "APPROVE LOAN\nBorrower: 254702345678\nAmount: Ksh 1000\nRepayment: Ksh 100 per week\n1. Approve 2. Refuse\n0. Cancel";

/// Jane owes one loan and is asked for another.
fn town() -> Town {
    let mut town = Town::new();
    town.add(LENDER, "Otieno");
    let open = town.asked(JANE, LENDER, kes(5_000), kes(500));
    *town.loan_state(open) = LoanState::Repaying;
    town.asked(LENDER, JANE, kes(1_000), kes(100));
    town.person(JANE).movements = vec![Movement {
        day: office::day(),
        amount: kes(-40),
        kind: MovementKind::Purchase,
    }];
    town
}

#[test]
fn every_transition_leads_where_the_table_says() {
    let table: &[(&[&str], &str, &str, &str, &str)] = &[
        // The inputs that lead there, the state there, an input, the state after it, its screen.
        (&[], "MAIN_MENU", "1", "REQUEST_LOAN_PHONE", PHONE),
        (
            &[],
            "MAIN_MENU",
            "2",
            "VIEW_LOANS_MENU",
            "MY LOANS\n1. From 254702345678 Ksh 5000: open\n2. To 254702345678 Ksh 1000: waiting\n0. Back",
        ),
        (
            &[],
            "MAIN_MENU",
            "3",
            "APPROVAL_MENU",
            "APPROVE LOAN\n1. 254702345678 Ksh 1000\n0. Back",
        ),
        (&[], "MAIN_MENU", "4", "MAIN_MENU", "BALANCE\nKsh 6000\n0. Back"),
        (&["4"], "MAIN_MENU", "0", "MAIN_MENU", MAIN),
        (
            &[],
            "MAIN_MENU",
            "5",
            "MAIN_MENU",
            "TRANSACTIONS\n20/11 Ksh -40 purchase\n0. Back",
        ),
        (&["5"], "MAIN_MENU", "0", "MAIN_MENU", MAIN),
        (&[], "MAIN_MENU", "7", "MAIN_MENU", &note("Invalid choice", MAIN)),
        (&["1"], "REQUEST_LOAN_PHONE", LENDER, "REQUEST_LOAN_AMOUNT", AMOUNT),
        (
            &["1"],
            "REQUEST_LOAN_PHONE",
            "+254702345678",
            "REQUEST_LOAN_AMOUNT",
            AMOUNT,
        ),
        (
            &["1"],
            "REQUEST_LOAN_PHONE",
            "0702345678",
            "REQUEST_LOAN_AMOUNT",
            AMOUNT,
        ),
        (
            &["1"],
            "REQUEST_LOAN_PHONE",
            "07023456",
            "REQUEST_LOAN_PHONE",
            &note("Invalid phone number", PHONE),
        ),
        (
            &["1"],
            "REQUEST_LOAN_PHONE",
            JANE,
            "REQUEST_LOAN_PHONE",
            &note("This is your number", PHONE),
        ),
        (
            &["1", LENDER],
            "REQUEST_LOAN_AMOUNT",
            "5000",
            "REQUEST_LOAN_REPAYMENT",
            REPAYMENT,
        ),
        (
            &["1", LENDER],
            "REQUEST_LOAN_AMOUNT",
            "100",
            "REQUEST_LOAN_REPAYMENT",
            REPAYMENT,
        ),
        (
            &["1", LENDER],
            "REQUEST_LOAN_AMOUNT",
            "99",
            "REQUEST_LOAN_AMOUNT",
            &note("Minimum: 100", AMOUNT),
        ),
        (
            &["1", LENDER],
            "REQUEST_LOAN_AMOUNT",
            "0",
            "REQUEST_LOAN_AMOUNT",
            &note("Invalid amount", AMOUNT),
        ),
        (
            &["1", LENDER],
            "REQUEST_LOAN_AMOUNT",
            "-500",
            "REQUEST_LOAN_AMOUNT",
            &note("Invalid amount", AMOUNT),
        ),
        (
            &["1", LENDER, "5000"],
            "REQUEST_LOAN_REPAYMENT",
            "500",
            "REQUEST_LOAN_CONFIRM",
            CONFIRM,
        ),
        (
            &["1", LENDER, "5000"],
            "REQUEST_LOAN_REPAYMENT",
            "x",
            "REQUEST_LOAN_REPAYMENT",
            &note("Invalid amount", REPAYMENT),
        ),
        (
            &["1", LENDER, "5000"],
            "REQUEST_LOAN_REPAYMENT",
            "5001",
            "REQUEST_LOAN_REPAYMENT",
            &note("More than the loan", REPAYMENT),
        ),
        (
            &["1", LENDER, "5000", "500"],
            "REQUEST_LOAN_CONFIRM",
            "1",
            "MAIN_MENU",
            SENT,
        ),
        (&["1", LENDER, "5000", "500", "1"], "MAIN_MENU", "0", "MAIN_MENU", MAIN),
        (
            &["1", LENDER, "5000", "500"],
            "REQUEST_LOAN_CONFIRM",
            "0",
            "MAIN_MENU",
            MAIN,
        ),
        (
            &["1", LENDER, "5000", "500"],
            "REQUEST_LOAN_CONFIRM",
            "",
            "REQUEST_LOAN_CONFIRM",
            &note("Invalid choice", CONFIRM),
        ),
        (&["2"], "VIEW_LOANS_MENU", "1", "VIEW_LOANS_MENU", DETAIL),
        (&["2", "1"], "VIEW_LOANS_MENU", "0", "MAIN_MENU", MAIN),
        (&["2"], "VIEW_LOANS_MENU", "0", "MAIN_MENU", MAIN),
        (&["3"], "APPROVAL_MENU", "1", "APPROVAL_CONFIRM", APPROVE),
        (&["3"], "APPROVAL_MENU", "0", "MAIN_MENU", MAIN),
        (&["3", "1"], "APPROVAL_CONFIRM", "0", "MAIN_MENU", MAIN),
        (
            &["3", "1"],
            "APPROVAL_CONFIRM",
            "2",
            "MAIN_MENU",
            "SUCCESS\nLoan refused\n0. Back",
        ),
        (
            &["3", "1"],
            "APPROVAL_CONFIRM",
            "1",
            "APPROVAL_PIN",
            "Enter your PIN:\n0. Cancel",
        ),
        (
            &["3", "1", "1"],
            "APPROVAL_PIN",
            PIN,
            "MAIN_MENU",
            "SUCCESS\nLoan approved\n0. Back",
        ),
        (
            &["3", "1", "1"],
            "APPROVAL_PIN",
            "5071",
            "APPROVAL_PIN",
            "Wrong PIN\nEnter your PIN:\n0. Cancel",
        ),
        (&["3", "1", "1", PIN], "MAIN_MENU", "0", "MAIN_MENU", MAIN),
    ];
    for (way, before, input, after, screen) in table {
        let mut town = town();
        let mut call = Call::dial(&mut town, Service::Loans, JANE);
        call.shows("MAIN_MENU", MAIN);
        call.types_all(way);
        assert_eq!(call.session.state_name(), *before, "{way:?}");
        call.types(input);
        call.shows(after, screen);
    }
}

fn note(line: &str, screen: &str) -> String {
    format!("{line}\n{screen}")
}

#[test]
fn zero_in_the_main_menu_ends_the_session() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types("0");
    call.ends("Thank you. Goodbye.");
    // A network that sends one more input does no harm.
    call.types("1");
    call.ends("Thank you. Goodbye.");
    assert_eq!(town.done, []);
}

#[test]
fn a_request_is_made_once_and_only_on_confirm() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["1", LENDER, "5000", "500"]);
    assert_eq!(call.town.done, []);
    call.types_all(&["1", "0"]);
    let request = Act::RequestLoan {
        lender: office::phone(LENDER),
        amount: kes(5_000),
        repayment: kes(500),
    };
    assert_eq!(town.done, [request]);
}

#[test]
fn money_is_lent_only_after_the_right_pin() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["3", "1", "1", "5071", "99", "not a pin"]);
    assert_eq!(call.town.done, []);
    call.types(PIN);
    let loan = call.town.loans[1].2.id;
    assert_eq!(town.done, [Act::ApproveLoan { loan }]);
}

#[test]
fn three_wrong_pins_end_the_session_and_a_lock_says_how_long() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["3", "1", "1", "5071", "5072", "5073"]);
    call.ends("Too many wrong PINs. Please dial again later.");
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["3", "1", "1", "5074", "5075", PIN]);
    call.ends("Too many wrong PINs. Try again in 15 min, or ask the manager at the kiosk.");
    assert_eq!(town.done, []);
}

#[test]
fn a_new_number_is_registered_by_dialling_and_sets_a_pin_to_lend() {
    let mut town = town();
    let loan = town.asked(JANE, "0733000001", kes(200), kes(100));
    let mut call = Call::dial(&mut town, Service::Loans, "0733000001");
    call.shows("MAIN_MENU", MAIN);
    call.types_all(&["3", "1", "1"]);
    call.shows("APPROVAL_PIN", "You have no PIN yet.\nChoose a 4-digit PIN:\n0. Cancel");
    call.types("1234");
    call.shows(
        "APPROVAL_PIN",
        "PIN easy to guess\nYou have no PIN yet.\nChoose a 4-digit PIN:\n0. Cancel",
    );
    call.types(PIN);
    call.shows("MAIN_MENU", "SUCCESS\nLoan approved\n0. Back");
    assert_eq!(town.done, [Act::ApproveLoan { loan }]);
    let person = town.person("0733000001");
    assert_eq!(person.registration, Registration::Number);
    assert_eq!(person.pin, Some(PIN.parse().unwrap()));
}

#[test]
fn a_choice_means_what_was_shown_even_when_the_list_has_changed() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types("3");
    let shown = call.town.loans[1].2.id;
    // Another request comes in before hers, and takes the first place.
    let newest = call.town.asked("0733000001", JANE, kes(9_000), kes(900));
    call.town.loans.rotate_right(1);
    call.types("1");
    call.shows("APPROVAL_CONFIRM", APPROVE);
    call.types_all(&["1", PIN]);
    assert_eq!(town.done, [Act::ApproveLoan { loan: shown }]);
    assert_eq!(*town.loan_state(newest), LoanState::Asked);
}

#[test]
fn what_was_decided_meanwhile_is_said_and_nothing_is_done() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types("3");
    let loan = call.town.loans[1].2.id;
    *call.town.loan_state(loan) = LoanState::Cancelled;
    call.types("1");
    call.shows("MAIN_MENU", "ERROR\nThis is no longer there.\n0. Back");
    assert_eq!(town.done, []);
}

#[test]
fn a_borrower_pays_back_with_the_pin_and_takes_a_request_back_without() {
    let mut town = town();
    let asked = town.asked(JANE, LENDER, kes(300), kes(100));
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["2", "1", "1"]);
    call.shows("REPAY_LOAN_AMOUNT", "Enter amount to repay (Ksh):\n0. Back");
    call.types("1,500");
    call.shows("CONFIRM", "Repay Ksh 1500?\n1. Yes\n0. Cancel");
    call.types_all(&["1", PIN]);
    call.shows("MAIN_MENU", "SUCCESS\nYou repaid Ksh 1500\n0. Back");
    call.types_all(&["0", "2", "3", "1"]);
    call.shows("MAIN_MENU", "SUCCESS\nLoan request taken back\n0. Back");
    let repaid = Act::RepayLoan {
        loan: town.loans[0].2.id,
        amount: kes(1_500),
    };
    assert_eq!(town.done, [repaid, Act::CancelLoan { loan: asked }]);
}

#[test]
fn long_lists_of_loans_go_on_with_nine() {
    let mut town = Town::new();
    for _ in 0..7 {
        town.asked(LENDER, JANE, kes(1_000), kes(100));
    }
    let ids: Vec<_> = town.loans.iter().map(|row| row.2.id).collect();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    let first = call.types("3").to_owned();
    let on_first = first.lines().count() - 3;
    assert!(first.ends_with("\n9. More\n0. Back"), "{first}");
    call.types("8");
    call.shows("APPROVAL_MENU", &note("Invalid choice", &first));
    call.types("9");
    assert_eq!(call.session.state_name(), "APPROVAL_MENU");
    // The numbers begin again, and mean the second page.
    call.types_all(&["1", "1", PIN]);
    assert_eq!(town.done, [Act::ApproveLoan { loan: ids[on_first] }]);
}

#[test]
fn a_step_that_fails_leaves_the_session_as_it_was() {
    let mut town = town();
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["1", LENDER, "5000", "500"]);
    let mut session = call.session.clone();
    town.is_broken = true;
    assert_eq!(step(&mut town, &mut session, "1"), Err(office::Broken));
    assert_eq!(session.state_name(), "REQUEST_LOAN_CONFIRM");
    town.is_broken = false;
    assert_eq!(step(&mut town, &mut session, "1").unwrap().screen, SENT);
}

#[test]
fn a_loan_is_told_as_it_stands() {
    let mut town = town();
    let loan = &mut town.loans[0].2;
    (loan.every_days, loan.is_late, loan.owed) = (14, true, kes(4_500));
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["2", "1"]);
    call.shows(
        "VIEW_LOANS_MENU",
        "Lender: 254702345678\nAmount: Ksh 5000\nRepayment: Ksh 500 per 14 days\nlate\nLeft: Ksh 4500\n1. Repay\n0. Back",
    );
    // Before it is given nothing is owed, and only who asks for it can take it back.
    let mut call = Call::dial(&mut town, Service::Loans, LENDER);
    call.types_all(&["2", "2"]);
    call.shows(
        "VIEW_LOANS_MENU",
        "Lender: 254700000102\nAmount: Ksh 1000\nRepayment: Ksh 100 per week\nwaiting\n1. Take back\n0. Back",
    );
    let mut call = Call::dial(&mut town, Service::Loans, JANE);
    call.types_all(&["2", "2", "1"]);
    assert_eq!(call.session.state_name(), "VIEW_LOANS_MENU");
    assert_eq!(town.done, []);
}
