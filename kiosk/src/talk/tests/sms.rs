//! The answers to SMS commands and the texts of loans, with the longest arguments there can be.

use super::*;
use crate::{
    ids::AccountId,
    loan::LoanDenied,
    phone::{Country, Phone},
    talk::sms::{Answer, Command, Form, LoanText},
};

pub(super) fn longest_answers() -> Vec<Answer> {
    let (name, receipt) = (LONG_NAME.to_owned(), "{RECEIPT}–0123456789–0123456789".to_owned());
    let account = AccountId::new(AccountId::MAX).unwrap();
    let day = Day::new(2026, 12, 20).unwrap();
    let forms = Form::ALL.map(|form| Answer::NotUnderstood(Some(form)));
    let answers = [
        Answer::Registered { name, account },
        Answer::RegisteredBefore { account },
        Answer::UnknownSender,
        Answer::Subscribed {
            account,
            last_day: day,
            jerrycans: u64::MAX,
        },
        Answer::NotSubscribed { account },
        Answer::Inactive { account },
        Answer::Balance {
            water: Volume::MAX,
            wallet: money(),
        },
        Answer::BalanceHere {
            water: Volume::MAX,
            jerrycans: u64::MAX,
        },
        Answer::UsageHere {
            week: Volume::MAX,
            month: Volume::MAX,
        },
        Answer::Usage {
            week: Volume::MAX,
            month: Volume::MAX,
        },
        Answer::NoBill,
        Answer::PromptSent { amount: money() },
        Answer::ReportLogged { ticket: u64::MAX },
        Answer::ReportSolved { ticket: u64::MAX },
        Answer::ReceiptPaid {
            receipt: receipt.clone(),
            amount: money(),
            day,
        },
        Answer::ReceiptDrawn {
            receipt: receipt.clone(),
            volume: Volume::MAX,
            day,
        },
        Answer::ReceiptUnknown { receipt },
        Answer::LanguageChanged,
        Answer::Stopped,
        Answer::Help,
        Answer::CodeWrong { left: u8::MAX },
        Answer::CodeOver,
        Answer::NotUnderstood(None),
        Answer::TooLong,
        Answer::NeverSendPin,
        Answer::TooMany,
        Answer::NotNow,
        Answer::NoLoans,
        Answer::TooManyLoans,
        Answer::BeingPaid,
        Answer::NoPayments,
        Answer::ChooseSite,
        Answer::Queued,
        Answer::Forwarded,
    ];
    answers.into_iter().chain(forms).collect()
}

pub(super) fn longest_loan_texts() -> Vec<LoanText> {
    let (amount, name) = (money(), LONG_NAME.to_owned());
    let (repayment, wallet, due) = (amount, amount, Day::new(2026, 12, 20).unwrap());
    let phone = Phone::parse("0700000102", Country::Kenya).unwrap();
    // What is left of a loan is more than nothing, or the loan is repaid.
    let (left, nothing) = (Money::new(i64::MAX, Currency::Kes), Money::new(0, Currency::Kes));
    let names = || name.clone();
    let mut texts = vec![
        LoanText::Invited {
            name: names(),
            borrower: phone,
            amount,
        },
        LoanText::Given {
            name: names(),
            amount,
            wallet,
        },
        LoanText::Refused { name: names(), amount },
        LoanText::Expired { amount },
        LoanText::Cancelled { name: names(), amount },
        LoanText::PaidBack {
            name: names(),
            amount,
            left,
        },
        LoanText::PaidBack {
            name: names(),
            amount,
            left: nothing,
        },
        LoanText::CameBack {
            name: names(),
            amount,
            left,
        },
        LoanText::CameBack {
            name: names(),
            amount,
            left: nothing,
        },
        LoanText::Reminder {
            name: names(),
            amount,
            due,
        },
        LoanText::Overdue {
            name: names(),
            amount,
            due,
        },
        LoanText::Summary {
            owed: amount,
            due: amount,
            lent: amount,
            waiting: u64::MAX,
        },
        LoanText::TooSmall { minimum: amount },
        LoanText::OwnNumber,
        LoanText::NotOwed { left: amount },
        LoanText::OtherCurrency {
            currency: Currency::Kes,
        },
        LoanText::Over,
        LoanText::BadRepayment { amount },
        LoanText::WalletTooLow { wallet },
    ];
    for every_days in [7, u16::MAX] {
        texts.push(LoanText::Asked {
            lender: phone,
            amount,
            repayment,
            every_days,
        });
        texts.push(LoanText::Waiting {
            name: names(),
            borrower: phone,
            amount,
            repayment,
            every_days,
            code: "999999".parse().unwrap(),
        });
        for first in [None, Some(due)] {
            texts.push(LoanText::Approved {
                name: names(),
                amount,
                repayment,
                every_days,
                first,
            });
        }
    }
    texts
}

#[test]
fn a_message_that_was_not_understood_is_answered_with_its_form() {
    let talk = Talk::new();
    let said = |language, form| talk.text(language, &Text::Answer(Answer::NotUnderstood(form)));
    assert_eq!(
        said(Language::English, Some(Form::Loan)),
        "Not understood. Please send amount, lender and repayment: LOAN 5000 0700000102 500"
    );
    assert_eq!(
        said(Language::Swahili, Some(Form::Balance)),
        "Haijaeleweka. Tafadhali tuma tu: SALIO"
    );
    assert_eq!(
        said(Language::French, None),
        "Non compris. Pour voir ce que vous pouvez envoyer: AIDE"
    );
    // No form falls back to the general one.
    for language in Language::ALL {
        for form in Form::ALL.into_iter().filter(|form| *form != Form::Help) {
            assert_ne!(
                said(language, Some(form)),
                said(language, None),
                "{language:?} {form:?}"
            );
        }
    }
}

#[test]
fn a_denial_is_said_with_its_numbers_and_tells_a_stranger_nothing() {
    let talk = Talk::new();
    let shillings = |units: i64| Money::new(units * 100, Currency::Kes);
    for (denied, expected) in [
        (LoanDenied::Amount(shillings(100)), "A loan is at least KES 100."),
        (
            LoanDenied::WalletTooLow(shillings(40)),
            "Your wallet has KES 40, which is not enough. Nothing was moved.",
        ),
        (
            LoanDenied::NotOwed(shillings(450)),
            "You owe KES 450 on this loan. Please pay back that, or a part of it.",
        ),
        (
            LoanDenied::NotTheirs,
            "This request for a loan does not wait for you any more. Nothing was moved.",
        ),
    ] {
        let text = Text::Loan(LoanText::to_denial(&denied));
        assert_eq!(talk.text(Language::English, &text), expected);
    }
}

#[test]
fn a_loan_is_told_with_its_period() {
    let talk = Talk::new();
    let waiting = |every_days| {
        Text::Loan(LoanText::Waiting {
            name: "Jane Wanjiku".to_owned(),
            borrower: Phone::parse("0700000102", Country::Kenya).unwrap(),
            amount: Money::new(500_000, Currency::Kes),
            repayment: Money::new(50_000, Currency::Kes),
            every_days,
            code: "004827".parse().unwrap(),
        })
    };
    assert_eq!(
        talk.text(Language::English, &waiting(7)),
        "Jane Wanjiku 254700000102 asks you for KES 5000, KES 500 back every week. To lend send APPROVE 004827"
    );
    assert_eq!(
        talk.text(Language::Swahili, &waiting(14)),
        "Jane Wanjiku 254700000102 anakuomba KES 5000, rejesho KES 500 kila siku 14. Kukopesha tuma KUBALI 004827"
    );
    // The code is for the lender's phone, never for a log.
    assert!(!format!("{:?}", waiting(7)).contains("004827"));
}

/// The commands that a text shows: each from its word in capitals to the next sign or word that joins, with what they stand
/// for in the place of words such as `code`.
fn commands_shown(text: &str) -> Vec<String> {
    let stands_for = |word: &str| match word {
        "account" | "akaunti" | "compte" => "AQP123456".to_owned(),
        "receipt" | "risiti" | "recu" => "SKL7XYZ123".to_owned(),
        "code" | "msimbo" => "482913".to_owned(),
        other => other.to_owned(),
    };
    let (mut commands, mut is_open) = (Vec::<String>::new(), false);
    // The one comma that parts no commands.
    let text = [
        ("name, city", "Jane Nairobi"),
        ("jina, mji", "Jane Nairobi"),
        ("nom, ville", "Jane Nairobi"),
    ]
    .into_iter()
    .fold(text.to_owned(), |text, (words, names)| text.replace(words, names));
    for written in text.split(' ') {
        let word = written.trim_end_matches([',', ':', '.']);
        if word.len() > 2 && word.chars().all(|c| c.is_ascii_uppercase()) {
            commands.push(word.to_owned());
            is_open = true;
        } else if is_open && !["or", "au", "ou"].contains(&word) {
            let command = commands.last_mut().unwrap();
            *command = format!("{command} {}", stands_for(word));
        } else {
            is_open = false;
        }
        is_open &= word == written;
    }
    commands
}

#[test]
fn what_people_are_told_to_send_is_what_is_read() {
    let talk = Talk::new();
    for language in Language::ALL {
        let shown = |answer| commands_shown(&talk.text(language, &Text::Answer(answer)));
        let read = |command: &String| {
            let read = Command::read(command, Country::Kenya);
            read.unwrap_or_else(|wrong| panic!("{language:?}: {command}: {wrong:?}"))
        };
        let helped: Vec<Form> = shown(Answer::Help).iter().map(|command| read(command).form()).collect();
        // No room for REGISTER and APPROVE, which people are told of when it is time.
        assert_eq!(helped.len(), 12, "{language:?}: {helped:?}");
        for form in Form::ALL {
            let commands = shown(Answer::NotUnderstood(Some(form)));
            assert!(!commands.is_empty(), "{language:?} {form:?}");
            for command in &commands {
                assert_eq!(read(command).form(), form, "{language:?}: {command}");
            }
        }
        // Without an account it is about the sender's own, and HELP and the answer to a bad one agree on that.
        let accounts = |answer| {
            let of_report = |command: Command| match command {
                Command::Report { account, .. } => Some(account.is_some()),
                _ => None,
            };
            let commands = shown(answer);
            commands
                .iter()
                .filter_map(|command| of_report(read(command)))
                .collect::<Vec<bool>>()
        };
        assert_eq!(accounts(Answer::Help), [false], "{language:?}");
        let of_form = accounts(Answer::NotUnderstood(Some(Form::Report)));
        assert_eq!(of_form, [false, true], "{language:?}");
    }
}
