//! Tables of single rules, worked out by hand, and what holds of every audience.

use proptest::{collection::vec, prelude::*};

use super::*;
use crate::{day::Day, phone::Country};

fn said(texts: &[(Language, &str)]) -> Vec<(Language, String)> {
    let owned = texts.iter().map(|(language, text)| (*language, (*text).to_owned()));
    owned.collect()
}

fn read(texts: &[(Language, &str)]) -> Texts {
    Texts::read(&said(texts), 3).unwrap()
}

fn phone(last: u32) -> Phone {
    Phone::parse(&format!("07000001{last:02}"), Country::Kenya).unwrap()
}

fn person(id: u64, number: u32) -> Person {
    Person {
        customer: Some(CustomerId(id)),
        phone: Some(phone(number)),
        language: Language::English,
        since: Wall(0),
        active: true,
        merged: false,
        stopped: false,
    }
}

fn fates(people: Vec<Person>) -> Vec<(u64, Result<u32, LeftOut>)> {
    let texts = read(&[(Language::English, "Closed")]);
    let fate = |recipient: Recipient| {
        let number = |(found, _)| (0..100).find(|last| phone(*last) == found).unwrap();
        (recipient.customer.unwrap().0, recipient.fate.map(number))
    };
    recipients(people, &texts).into_iter().map(fate).collect()
}

#[test]
fn a_text_is_refused_for_what_is_wrong_with_it() {
    use Language::{English, French, Swahili};
    let long = "a".repeat(460);
    // 3 parts of 153 units are 459; in UCS-2 3 parts of 67 are 201.
    let cyrillic = "я".repeat(202);
    for (typed, wrong) in [
        (vec![], BadText::NoText),
        (vec![(English, "ok"), (Swahili, " \r\n ")], BadText::Empty(Swahili)),
        (vec![(English, "a"), (English, "b")], BadText::Twice(English)),
        (vec![(French, "a\u{7}b")], BadText::Unreadable(French)),
        (
            vec![(English, long.as_str())],
            BadText::TooLong {
                language: English,
                parts: 4,
                parts_max: 3,
            },
        ),
        (
            vec![(English, "ok"), (French, cyrillic.as_str())],
            BadText::TooLong {
                language: French,
                parts: 4,
                parts_max: 3,
            },
        ),
    ] {
        assert_eq!(Texts::read(&said(&typed), 3), Err(wrong), "{typed:?}");
    }
    let fits = "a".repeat(459);
    assert!(Texts::read(&said(&[(English, &fits)]), 3).is_ok());
    let lines = read(&[(English, "  Closed\r\ntoday \n")]);
    assert_eq!(lines.iter().collect::<Vec<_>>(), [(English, "Closed\ntoday")]);
}

#[test]
fn the_hint_stands_where_it_costs_no_part() {
    let hint = |_: Language| "Stop: reply STOP".to_owned();
    // The hint and its space have 17 units: 143 + 17 are the 160 of one part.
    for (length, hinted) in [
        (1, true),
        (143, true),
        (144, false),
        (160, false),
        (161, true),
        (289, true),
        (290, false),
    ] {
        let text = "a".repeat(length);
        let texts = read(&[(Language::English, &text)]).with_hints(hint);
        let (_, sent) = texts.iter().next().unwrap();
        assert_eq!(
            sent.ends_with("aa Stop: reply STOP") || sent == "a Stop: reply STOP",
            hinted,
            "{length}"
        );
        assert_eq!(gsm7::parts(sent).len(), gsm7::parts(&text).len());
    }
}

#[test]
fn everybody_gets_their_language_or_the_first_that_was_given() {
    let texts = read(&[(Language::Swahili, "Maji"), (Language::English, "Water")]);
    for (language, place) in [(Language::Swahili, 0), (Language::English, 1), (Language::French, 0)] {
        assert_eq!(texts.place_for(language), place, "{language:?}");
    }
}

#[test]
fn who_may_not_get_it_is_left_out_for_the_first_reason_and_takes_no_number_away() {
    let blocked = Person {
        active: false,
        ..person(1, 1)
    };
    let stopped = Person {
        stopped: true,
        active: false,
        ..person(2, 2)
    };
    let merged = Person {
        merged: true,
        phone: None,
        ..person(3, 3)
    };
    let mute = Person {
        phone: None,
        stopped: true,
        ..person(4, 4)
    };
    let late = Person {
        since: Wall(5),
        ..person(0, 5)
    };
    assert_eq!(
        fates(vec![
            late,
            blocked,
            stopped,
            merged,
            mute,
            person(5, 1),
            person(6, 5),
            person(7, 5)
        ]),
        [
            (1, Err(LeftOut::Blocked)),
            (2, Err(LeftOut::Stopped)),
            (3, Err(LeftOut::Merged)),
            (4, Err(LeftOut::NoPhone)),
            // 5 has the number of 1, who is blocked.
            (5, Ok(1)),
            (6, Ok(5)),
            (7, Err(LeftOut::SameNumber)),
            // Registered last, so the number is 6's.
            (0, Err(LeftOut::SameNumber)),
        ]
    );
}

#[test]
fn the_preview_counts_people_parts_and_money() {
    let long = "a".repeat(200);
    let texts = read(&[(Language::Swahili, &long), (Language::English, "Wangarĩ ĩ → 5")]);
    let speaks = |id: u64, number, language| Person {
        language,
        ..person(id, number)
    };
    let people = vec![
        speaks(1, 1, Language::Swahili),
        speaks(2, 2, Language::French),
        speaks(3, 3, Language::English),
        speaks(4, 3, Language::English),
    ];
    let preview = Preview::new(&texts, &recipients(people, &texts));
    assert_eq!(
        preview.texts,
        [
            TextPreview {
                language: Language::Swahili,
                text: long,
                encoding: Encoding::Gsm7,
                parts: 2,
                people: 2,
                odd_letters: String::new(),
            },
            TextPreview {
                language: Language::English,
                text: "Wangarĩ ĩ → 5".to_owned(),
                encoding: Encoding::Ucs2,
                parts: 1,
                people: 1,
                odd_letters: "ĩ→".to_owned(),
            },
        ]
    );
    assert_eq!(preview.left_out, BTreeMap::from([(LeftOut::SameNumber, 1)]));
    // 2 × 2 parts and 1: five, at 0.80 each.
    assert_eq!((preview.people(), preview.parts(), preview.cost_minor(80)), (3, 5, 400));
    assert_eq!(preview.cost_minor(0), 0);
}

#[test]
fn texts_leave_in_their_hours_alone() {
    let zone = Zone::named("Africa/Nairobi").unwrap();
    let midnight = zone.begin(Day::new(2026, 11, 20).unwrap());
    let hours = Policy::default().hours;
    for (minutes, open) in [
        (0, false),
        (8 * 60 - 1, false),
        (8 * 60, true),
        (19 * 60 - 1, true),
        (19 * 60, false),
        (24 * 60 - 1, false),
    ] {
        assert_eq!(
            hours.is_open(midnight.plus_ms(minutes * 60_000), &zone),
            open,
            "{minutes}"
        );
    }
    assert_eq!(hours.to_string(), "08:00 to 19:00");
    for (from, to, right) in [(0, 24, true), (8, 8, false), (19, 8, false), (8, 25, false)] {
        assert_eq!(Hours::new(from, to).is_some(), right, "{from} {to}");
    }
}

#[test]
fn what_a_person_says_is_followed_or_answered() {
    use NotFollowed::{MayRepeat, Over};
    use State::{Cancelled, Done, Held, Paused, Running};
    let (pause, cancel) = (Order::Pause, Order::Cancel);
    let resume = Order::Resume { may_repeat: false };
    let knowing = Order::Resume { may_repeat: true };
    for (state, orders) in [
        (
            Running,
            [
                (pause, Ok(Paused)),
                (resume, Ok(Running)),
                (knowing, Ok(Running)),
                (cancel, Ok(Cancelled)),
            ],
        ),
        (
            Paused,
            [
                (pause, Ok(Paused)),
                (resume, Ok(Running)),
                (knowing, Ok(Running)),
                (cancel, Ok(Cancelled)),
            ],
        ),
        (
            Held,
            [
                (pause, Ok(Held)),
                (resume, Err(MayRepeat)),
                (knowing, Ok(Running)),
                (cancel, Ok(Cancelled)),
            ],
        ),
        (
            Cancelled,
            [
                (pause, Err(Over)),
                (resume, Err(Over)),
                (knowing, Err(Over)),
                (cancel, Ok(Cancelled)),
            ],
        ),
        (
            Done,
            [
                (pause, Err(Over)),
                (resume, Err(Over)),
                (knowing, Err(Over)),
                (cancel, Err(Over)),
            ],
        ),
    ] {
        for (order, expected) in orders {
            assert_eq!(ordered(state, order), expected, "{state:?} {order:?}");
        }
    }
}

#[test]
fn every_word_reads_back() {
    for state in State::ALL {
        assert_eq!(State::from_name(state.name()), Some(state));
        assert_eq!(state.is_over(), matches!(state, State::Cancelled | State::Done));
    }
    for why in LeftOut::ALL {
        assert_eq!(LeftOut::from_name(why.name()), Some(why));
    }
    for site in [None, Some("kibera-3".parse().unwrap())] {
        for audience in [Audience::Customers(site.clone()), Audience::Managers(site.clone())] {
            assert_eq!(audience.site(), site.as_ref());
            assert_eq!(Audience::from_name(audience.name(), site.clone()), Some(audience));
        }
    }
    assert_eq!(Audience::from_name("everybody", None), None);
}

fn anybody() -> impl Strategy<Value = Person> {
    let flags = (
        any::<bool>(),
        any::<bool>(),
        prop::bool::weighted(0.2),
        prop::bool::weighted(0.2),
    );
    let language = prop::sample::select(&Language::ALL[..]);
    (
        any::<u64>(),
        prop::option::weighted(0.9, 0_u32..6),
        language,
        0_i64..3,
        flags,
    )
        .prop_map(
            |(id, number, language, since, (active, other, merged, stopped))| Person {
                customer: other.then_some(CustomerId(id)),
                phone: number.map(phone),
                language,
                since: Wall(since),
                active,
                merged,
                stopped,
            },
        )
}

proptest! {
    #[test]
    fn nobody_is_lost_no_number_gets_two_and_each_that_may_gets_one(people in vec(anybody(), 0..40)) {
        let texts = read(&[(Language::French, "Eau"), (Language::Swahili, "Maji")]);
        let may = |person: &&Person| person.active && !person.merged && !person.stopped;
        let numbers: BTreeSet<Phone> = people.iter().filter(may).filter_map(|person| person.phone).collect();
        let all = people.len();
        let recipients = recipients(people, &texts);
        prop_assert_eq!(recipients.len(), all);
        let told: Vec<Phone> = recipients.iter().filter_map(|one| Some(one.fate.as_ref().ok()?.0)).collect();
        prop_assert_eq!(told.len(), numbers.len(), "none twice");
        prop_assert_eq!(told.iter().copied().collect::<BTreeSet<_>>(), numbers);
        let preview = Preview::new(&texts, &recipients);
        prop_assert_eq!(preview.people() as usize, told.len());
        let left_out: u32 = preview.left_out.values().sum();
        prop_assert_eq!((preview.people() + left_out) as usize, all);
    }
}

#[test]
fn hours_are_those_that_clocks_show_on_a_day_that_is_shorter_by_one() {
    // In Cairo 24 April 2026 begins at 01:00. It is 19:30 there at 16:30 UTC, and 20:30 an hour later.
    let (zone, hours) = (Zone::named("Africa/Cairo").unwrap(), Hours::new(8, 20).unwrap());
    assert!(hours.is_open(Wall(1_777_048_200_000), &zone));
    assert!(!hours.is_open(Wall(1_777_051_800_000), &zone));
}
