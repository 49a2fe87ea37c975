//! Every text in every language with the longest arguments there can be, against the limits of SMS and display.

use super::*;
use crate::{
    day::{Day, Month},
    ids::Epoch,
    moment::Draw,
    receipt::ReceiptKey,
    subscription::MonthlyCode,
    units::{Currency, Money, Volume},
};

mod sms;

const LONG_NAME: &str = "Wangarĩ–Nyawira{Wanjikũ}€€€€€€€€€€€€ of Kibera";

fn money() -> Money {
    Money::new(i64::MIN + 1, Currency::Kes)
}

fn longest_screens() -> Vec<Screen> {
    let (balance, jerrycans) = (Volume::MAX, u64::MAX);
    let receipt = ReceiptKey::new([0; 32]).receipt(Epoch(1), 1);
    let mut screens: Vec<Screen> = Reason::ALL.map(Screen::Denied).into();
    // 9,999.999 litres are the longest with decimals, 10^9 the longest without.
    for volume in [Volume::MAX, Volume::from_ml(9_999_999)] {
        screens.push(Screen::Approved {
            name: LONG_NAME.to_owned(),
            volume,
            balance,
            jerrycans,
        });
        screens.push(Screen::Receipt {
            volume,
            balance,
            jerrycans,
            receipt,
        });
    }
    screens.push(Screen::Locked { for_ms: u64::MAX });
    screens
}

fn longest_texts() -> Vec<Text> {
    let amount = money();
    let receipt = "{RECEIPT}–0123456789–0123456789".to_owned();
    let last_day = Day::new(2026, 12, 20).unwrap();
    let name = LONG_NAME.to_owned();
    vec![
        Text::TopUpPaid {
            amount,
            volume: Volume::MAX,
            balance: Volume::MAX,
            receipt: receipt.clone(),
        },
        Text::DepositPaid {
            amount,
            wallet: amount,
            receipt: receipt.clone(),
        },
        Text::BillPaid {
            amount,
            receipt: receipt.clone(),
        },
        Text::BillPartPaid {
            amount,
            left: amount,
            due: last_day,
            receipt: receipt.clone(),
        },
        Text::BillIssued {
            month: Month::of(last_day).unwrap(),
            usage: Volume::MAX,
            amount,
            due: last_day,
        },
        Text::BillReminder {
            left: amount,
            due: last_day,
        },
        Text::BillOverdue {
            left: amount,
            due: last_day,
        },
        Text::RefundStarted { amount },
        Text::RefundMade {
            amount,
            receipt: receipt.clone(),
        },
        Text::RefundFailed { amount },
        Text::PinCode {
            code: "999999".parse().unwrap(),
        },
        Text::PinChanged,
        Text::Unsubscribed,
        Text::CashPaid {
            amount,
            volume: Volume::MAX,
            balance: Volume::MAX,
            receipt: ReceiptKey::new([0; 32]).receipt(Epoch(1), 1),
        },
        Text::JerrycansCollected {
            jerrycans: 999,
            site: name.clone(),
            left: 999_999,
        },
        Text::PurchaseLapsed { asked: last_day },
        Text::PurchaseRefused { asked: last_day },
        Text::PurchaseOpen { amount },
        Text::SubscriptionPaid {
            amount,
            last_day,
            jerrycans: u32::MAX,
            code: MonthlyCode::drawn(&Draw::new([1; 32]), 0),
            receipt,
        },
        Text::PaymentRetry { amount },
        Text::PaymentCancelled { amount },
        Text::PaymentExpired { amount },
        Text::SubscriptionReminder {
            name: name.clone(),
            last_day,
        },
        Text::SubscriptionEnded { name, last_day },
        Text::StopHint,
    ]
    .into_iter()
    .chain(NumberText::ALL.map(Text::Number))
    .chain(longest_alarms())
    .chain(sms::longest_answers().into_iter().map(Text::Answer))
    .chain(sms::longest_loan_texts().into_iter().map(Text::Loan))
    .collect()
}

fn longest_alarms() -> impl Iterator<Item = Text> {
    let alarms = [
        AlarmText::Doubt,
        AlarmText::OtherMedium,
        AlarmText::Retired,
        AlarmText::DiskLow,
        AlarmText::AirtimeLow(money()),
        AlarmText::AirtimeUnknown,
        AlarmText::ModemBack { minutes: u64::MAX },
        AlarmText::PinSpraying,
        AlarmText::MeterAhead,
        AlarmText::DispenserSilent {
            dispenser: "w".repeat(32),
            others: 0,
            minutes: 43_200,
        },
        AlarmText::DispenserSilent {
            dispenser: "w".repeat(32),
            others: 9_999,
            minutes: 43_200,
        },
        AlarmText::Other("{wangari_nyawira_wanjiku}".to_owned()),
    ];
    alarms.into_iter().map(|alarm| Text::Alarm {
        site: LONG_NAME.to_owned(),
        alarm,
    })
}

#[test]
fn every_screen_fits_a_display_in_every_language() {
    let talk = Talk::new();
    for language in Language::ALL {
        for screen in longest_screens() {
            let lines = talk.screen(language, &screen);
            assert!(!lines[0].is_empty(), "{language:?} {screen:?}");
            for line in lines {
                let is_plain = line.chars().all(|c| matches!(c, ' '..='}') && c != '\\' && c != '$');
                assert!(
                    is_plain && line.len() <= SCREEN_COLUMNS,
                    "{language:?} {screen:?}: {line:?}"
                );
            }
        }
    }
}

#[test]
fn no_screen_has_more_lines_than_a_display() {
    let talk = Talk::new();
    for language in Language::ALL {
        for screen in longest_screens() {
            let denial = match &screen {
                Screen::Denied(reason) => screen::denial_id(*reason),
                _ => String::new(),
            };
            let id = screen.id().unwrap_or(&denial);
            let whole = talk.format(language, id, &screen.args(language));
            assert!(whole.lines().count() <= SCREEN_LINES, "{language:?} {id}: {whole}");
        }
    }
}

#[test]
fn every_message_is_one_sms_in_every_language() {
    let talk = Talk::new();
    for language in Language::ALL {
        for text in longest_texts() {
            let said = talk.text(language, &text);
            assert_eq!(gsm7::Encoding::of(&said), gsm7::Encoding::Gsm7, "{language:?}: {said}");
            assert!(gsm7::units(&said) <= 160, "{language:?} {}: {said}", gsm7::units(&said));
            assert!(!said.contains(['{', '}']), "{language:?}: {said}");
        }
    }
}

#[test]
fn every_language_says_everything_itself() {
    let talk = Talk::new();
    let ids: Vec<String> = Reason::ALL
        .map(screen::denial_id)
        .into_iter()
        .chain(longest_screens().iter().filter_map(Screen::id).map(str::to_owned))
        .chain(longest_texts().iter().map(|text| text.id().to_owned()))
        .chain(ussd::Word::ALL.iter().map(|word| word.id().to_owned()))
        .collect();
    for (language, voice) in Language::ALL.into_iter().zip(&talk.voices) {
        for id in &ids {
            assert!(voice.bundle.has_message(id), "{language:?} lacks {id}");
        }
        let messages = language.source().lines().filter(|line| line.contains(" =")).count();
        // 16 reasons, 3 more screens, 25 texts, 6 of a number, 12 alarms, 34 answers, 23 texts of loans, the menus: nothing is
        // left over.
        assert_eq!(
            messages,
            16 + 3 + 25 + 6 + 12 + 34 + 23 + ussd::Word::ALL.len(),
            "{language:?}"
        );
    }
}

#[test]
fn what_a_language_lacks_is_said_in_english() {
    let mut sources = Language::ALL.map(Language::source);
    sources[Language::Swahili as usize] = "payment-cancelled = Umeghairi { $amount }.";
    let talk = Talk::from_sources(sources);
    let amount = Money::new(30_000, Currency::Kes);
    assert_eq!(
        talk.text(Language::Swahili, &Text::PaymentCancelled { amount }),
        "Umeghairi KES 300."
    );
    let denied = talk.screen(Language::Swahili, &Screen::Denied(Reason::WrongPin));
    assert_eq!(denied, ["Wrong PIN", "Please try again", "", ""]);
}

#[test]
fn people_read_their_own_language() {
    let talk = Talk::new();
    let approved = Screen::Approved {
        name: "Zoë Wanjikũ".to_owned(),
        volume: Volume::from_ml(20_000),
        balance: Volume::from_ml(179_500),
        jerrycans: 7,
    };
    for (language, expected) in [
        (
            Language::English,
            ["Hello Zoe", "Take 20 l", "Prepaid 179.5 l", "Jerrycans 7"],
        ),
        (
            Language::Swahili,
            ["Karibu Zoe", "Chota 20 l", "Salio 179.5 l", "Mitungi 7"],
        ),
        (
            Language::French,
            ["Bonjour Zoe", "Prenez 20 l", "Solde 179,5 l", "Bidons 7"],
        ),
    ] {
        assert_eq!(talk.screen(language, &approved), expected);
    }
    let locked = Screen::Locked {
        for_ms: 14 * 60_000 + 1,
    };
    assert_eq!(talk.screen(Language::English, &locked)[2], "15 min");
    let paid = Text::SubscriptionPaid {
        amount: Money::new(30_000, Currency::Kes),
        last_day: Day::new(2026, 12, 20).unwrap(),
        jerrycans: 30,
        code: "000-5724".parse().unwrap(),
        receipt: "SKL7XYZ123".to_owned(),
    };
    assert_eq!(
        talk.text(Language::English, &paid),
        "Paid KES 300. Subscription valid until 20/12/2026, 30 jerrycans. Your code is 000-5724. Receipt SKL7XYZ123."
    );
    let low = Text::Alarm {
        site: "Kibera 3".to_owned(),
        alarm: AlarmText::AirtimeLow(Money::new(1_250, Currency::Kes)),
    };
    assert_eq!(
        talk.text(Language::French, &low),
        "Kibera 3: il ne reste que KES 12,50 de crédit sur sa carte SIM. Veuillez la recharger."
    );
    let silent = Text::Alarm {
        site: "Kibera 3".to_owned(),
        alarm: AlarmText::DispenserSilent {
            dispenser: "tap-1".to_owned(),
            others: 2,
            minutes: 30,
        },
    };
    assert_eq!(
        talk.text(Language::French, &silent),
        "Kibera 3: la borne tap-1 se tait depuis 30 minutes, et 2 autres aussi. Voyez courant et réseau."
    );
    let other = Text::Alarm {
        site: "Kibera 3".to_owned(),
        alarm: AlarmText::of("cash_untold"),
    };
    assert_eq!(
        talk.text(Language::English, &other),
        "Kibera 3: alarm \"cash untold\". The hub's page says more, under Alarms."
    );
    let issued = Text::BillIssued {
        month: "2026-11".parse().unwrap(),
        usage: Volume::from_ml(12_500_000),
        amount: Money::new(1_700_050, Currency::Kes),
        due: Day::new(2026, 12, 15).unwrap(),
    };
    assert_eq!(
        talk.text(Language::French, &issued),
        "Votre facture d'eau de 11/2026: 12500 l, KES 17000,50. Veuillez la payer jusqu'au 15/12/2026."
    );
    for language in Language::ALL {
        assert_eq!(Language::from_code(language.code()), Some(language));
    }
    assert_eq!(Language::from_code("SW"), Some(Language::Swahili));
    assert_eq!(Language::from_code("de"), None);
}
