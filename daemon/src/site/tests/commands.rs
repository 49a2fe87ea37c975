//! What people write to the site's own number, and what they are told (CONTRACTS section 7).

use kiosk::fact::{PurchaseItem, Subscribed};
use sync::{
    document::{Actor, Document},
    seal::open_sealed,
};

use super::{
    super::{
        sim::{Answers, Received, SimEvent, SimOrder},
        store::inbox,
    },
    texts::{received, sent, settings, with_sim},
    *,
};

const AMINA: &str = "+254711222333";

impl Bench {
    /// Somebody writes; gives what they are told, and takes it as sent.
    fn write(&mut self, from: &str, words: &str) -> Vec<String> {
        self.monotonic_ms += 1_000;
        let stamp = i64::try_from(self.monotonic_ms).unwrap();
        let orders = self.sim(received(from, words, stamp));
        assert!(orders.contains(&SimOrder::Forget(vec![3])), "its place is freed");
        let said = sent(&orders);
        for (id, to, _) in &said {
            assert_eq!(to, from);
            self.sim(SimEvent::Sent {
                id: *id,
                references: Vec::new(),
            });
        }
        said.into_iter().map(|(_, _, body)| body).collect()
    }

    /// What travels to the hub, opened.
    fn forwarded(&mut self) -> Vec<String> {
        let open = |record| match record {
            Record::Fact(Fact::Forwarded(forwarded)) => {
                let plain = open_sealed(&HUB_SEALING_SECRET, &forwarded.sealed).unwrap();
                Some(String::from_utf8(plain).unwrap())
            }
            _ => None,
        };
        self.written(Lane::Money).into_iter().filter_map(open).collect()
    }
}

const NETWORK_AWAY: &str = "Written down. The network is away now: the office gets your message when the network is back. No need to send it again.";
const QUEUED: &str = "Written down. The network is away now: it is asked for when the network is back, and you hear of it then. No need to send it again.";

#[test]
fn what_the_site_knows_is_answered_here() {
    let mut bench = with_sim("sms-here", settings());
    bench.grant(20_000);
    let pour = Ask {
        request: "a1".parse().unwrap(),
        who: Who::User("0700000102".to_owned()),
        pin: "4071".to_owned(),
        token: None,
        volume_ml: 5_000,
    };
    bench.give(Input::Asked(door(), pour));
    bench.pour("a1", 4_500);
    assert_eq!(
        bench.write(PHONE, "balance"),
        ["At this kiosk you have 15.5 l of water and 0 jerrycans, as far as it knows now."]
    );
    assert_eq!(
        bench.write(PHONE, "USAGE"),
        ["At this kiosk you drew 4.5 l this week and 4.5 l this month."]
    );
    assert_eq!(
        bench.write(PHONE, "Status"),
        ["Account AQP123456: no valid subscription. For your litres send BALANCE."]
    );
    let receipt = read::sales(bench.site().connection(), &read::SaleFilter::default(), 1).unwrap()[0]
        .receipt
        .clone();
    // 21 September 2026, half past three in the afternoon in Nairobi.
    assert_eq!(
        bench.write(AMINA, &format!("CHECK {receipt}")),
        [format!("Receipt {receipt}: 4.5 l of water were drawn on 21/09/2026.")]
    );
    assert_eq!(bench.forwarded(), [] as [String; 0]);
}

#[test]
fn a_subscription_is_told_until_its_last_day() {
    let mut bench = with_sim("sms-status", settings());
    let subscribed = Subscribed {
        customer: JANE,
        code: "000-5724".to_owned(),
        valid_until: Wall(1_790_000_000_000 + 86_400_000),
    };
    bench.hear(Lane::Money, Record::Fact(Fact::Subscribed(subscribed)));
    assert_eq!(
        bench.write(PHONE, "STATUS"),
        ["Account AQP123456: subscription valid until 22/09/2026, 0 jerrycans left."]
    );
    bench.monotonic_ms += 86_400_000;
    assert_eq!(
        bench.write(PHONE, "STATUS"),
        ["Account AQP123456: no valid subscription. For your litres send BALANCE."]
    );
}

#[test]
fn people_are_answered_in_their_language_and_lang_changes_it() {
    let mut bench = with_sim("sms-lang", settings());
    let mut document = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    let profile = [("phone", Some(PHONE)), ("name", Some("Jane Smith"))];
    let bytes = document.edit(&profile).unwrap().unwrap();
    let doc = DocumentId::Customer(JANE);
    bench.hear(Lane::Edits, Record::Edit(Edit::Change { doc, bytes }));
    assert_eq!(
        bench.write(PHONE, "LANG sw"),
        ["Kuanzia sasa tutazungumza nawe kwa Kiswahili."]
    );
    assert_eq!(
        bench.written(Lane::Edits).len(),
        2,
        "an edit, behind the record that begins its log"
    );
    assert_eq!(
        bench.write(PHONE, "SALIO"),
        ["Kwenye kioski hiki una lita 0 za maji na mitungi 0, kama kioski kinavyojua sasa."]
    );
    bench.write(PHONE, "LANG sw");
    assert_eq!(bench.written(Lane::Edits).len(), 2, "no change, no edit");
}

#[test]
fn what_is_wanted_waits_for_the_hub_and_that_is_said() {
    let mut bench = with_sim("sms-buy", settings());
    assert_eq!(bench.write(PHONE, "BUY 20"), [QUEUED]);
    assert_eq!(bench.write(PHONE, "buy monthly"), [QUEUED]);
    assert_eq!(bench.write(PHONE, "PAY"), [QUEUED]);
    assert_eq!(bench.write(PHONE, "LOAN 500 0711222333 100"), [QUEUED]);
    let asked: Vec<_> = bench
        .written(Lane::Money)
        .into_iter()
        .filter_map(|record| match record {
            Record::Fact(Fact::PurchaseAsked(asked)) => Some(format!("{:?}", asked.item)),
            Record::Fact(Fact::LoanAsked(asked)) => {
                let lender = open_sealed(&HUB_SEALING_SECRET, &asked.sealed_lender).unwrap();
                Some(format!(
                    "{} {} {}",
                    String::from_utf8(lender).unwrap(),
                    asked.amount_minor,
                    asked.repayment_minor
                ))
            }
            _ => None,
        })
        .collect();
    let expected = [
        format!("{:?}", PurchaseItem::Litres(Volume::from_ml(20_000))),
        format!("{:?}", PurchaseItem::Plan("monthly".to_owned())),
        format!("{:?}", PurchaseItem::Bill),
        "+254711222333 50000 10000".to_owned(),
    ];
    assert_eq!(asked, expected);
    // The form is right: the reason is told, as the hub tells it.
    assert_eq!(
        bench.write(PHONE, "LOAN 50 0711222333 10"),
        ["A loan is at least KES 100."]
    );
    assert_eq!(
        bench.write(PHONE, "LOAN 500 0711222333 5000"),
        ["The repayment must be more than nothing and no more than the loan of KES 500."]
    );
}

#[test]
fn what_only_the_hub_can_answer_travels_there_sealed() {
    let mut bench = with_sim("sms-forward", settings());
    for words in [
        "REPORT no water",
        "REGISTER Amina, Mathare",
        "BALANCE",
        "APPROVE 123456",
        "CHECK SKL7XYZ123",
    ] {
        assert_eq!(bench.write(AMINA, words), [NETWORK_AWAY], "{words}");
    }
    for words in ["BILL", "LOANS", "approve"] {
        assert_eq!(bench.write(PHONE, words), [NETWORK_AWAY], "{words}");
    }
    let long = format!("REPORT {}", "\u{e9}".repeat(200));
    bench.write(AMINA, &long);
    let forwarded = bench.forwarded();
    assert_eq!(
        forwarded[..8],
        [
            "+254711222333\nREPORT no water",
            "+254711222333\nREGISTER Amina, Mathare",
            "+254711222333\nBALANCE",
            "+254711222333\nAPPROVE 123456",
            "+254711222333\nCHECK SKL7XYZ123",
            "+254700000102\nBILL",
            "+254700000102\nLOANS",
            "+254700000102\napprove",
        ]
    );
    // 14 bytes of number and line feed, 7 of the word, and 139 letters of two bytes: one more would be 301.
    assert_eq!(forwarded[8].len(), 299);
    let kept = inbox::newest(bench.site().connection(), 10).unwrap();
    assert!(kept.iter().any(|text| text.words.as_deref() == Some("APPROVE ******")));
    assert_eq!(
        bench.write(PHONE, "REGISTER Jane, Kibera"),
        ["This number is registered already. Its account is AQP123456."]
    );
}

#[test]
fn so_many_texts_a_day_travel_to_the_hub_whoever_seems_to_send_them() {
    let mut bench = with_sim("sms-forwarded-max", settings());
    let most = super::super::sms::FORWARDED_PER_DAY_MAX;
    for number in 0..most + 1 {
        bench.write(&format!("+2547112{number:05}"), "REPORT dry");
    }
    assert_eq!(bench.forwarded().len(), most as usize);
    let last = inbox::newest(bench.site().connection(), 1).unwrap();
    assert_eq!(last[0].kind, "read");
    // STOP that the hub does not hear of is answered here, with a link too.
    super::office::Office::of(&mut bench).link(&mut bench);
    let said = bench.write(AMINA, "STOP");
    assert!(said[0].starts_with("No more news by SMS."), "{said:?}");
}

#[test]
fn a_pin_is_refused_and_kept_nowhere() {
    let mut bench = with_sim("sms-pin", settings());
    let said = bench.write(AMINA, "BALANCE 4071 PIN 4071");
    assert!(said[0].starts_with("Never send your PIN by SMS."), "{said:?}");
    assert_eq!(bench.forwarded(), [] as [String; 0]);
    let kept = inbox::newest(bench.site().connection(), 1).unwrap();
    assert_eq!(kept[0].words.as_deref(), Some("BALANCE **** PIN ****"));
}

#[test]
fn ten_a_day_are_answered_the_eleventh_is_told_once_and_stop_is_heard_always() {
    let mut bench = with_sim("sms-limit", settings());
    for _ in 0..10 {
        assert_eq!(bench.write(AMINA, "HELP").len(), 1);
    }
    let eleventh = bench.write(AMINA, "HELP");
    assert!(eleventh[0].starts_with("Those were too many messages"), "{eleventh:?}");
    assert_eq!(bench.write(AMINA, "HELP"), [] as [String; 0]);
    assert_eq!(bench.kinds().len(), 11, "nothing more is kept");
    bench.restart();
    bench.sim_up();
    assert_eq!(
        bench.write(AMINA, "HELP"),
        [] as [String; 0],
        "a restart gives no second ration"
    );
    assert_eq!(bench.write(AMINA, "STOP"), [] as [String; 0]);
    assert!(inbox::is_stopped(bench.site().connection(), AMINA).unwrap());
    assert_eq!(bench.forwarded(), ["+254711222333\nSTOP"], "the hub hears of it, once");
    bench.write(AMINA, "STOP");
    assert_eq!(bench.forwarded().len(), 1);
    bench.monotonic_ms += 86_400_000;
    assert_eq!(bench.write(AMINA, "HELP").len(), 1, "another day");
}

#[test]
fn stop_ends_news_from_here_at_once_and_answers_still_come() {
    use super::super::delivery::{Purpose, Said, SimText};
    let mut bench = with_sim("sms-stop", settings());
    let text = SimText {
        purpose: Purpose::Broadcast,
        to: AMINA,
        body: "news",
        asked: None,
        until: None,
        validity_ms: None,
    };
    bench.sim(super::texts::network(false));
    let moment = bench.moment();
    assert!(matches!(
        bench.site().say_by_sim(&moment, &text).unwrap(),
        Said::Queued(_)
    ));
    bench.sim(received(AMINA, "STOP", 77));
    assert_eq!(bench.site().say_by_sim(&moment, &text).unwrap(), Said::Stopped);
    let said = sent(&bench.sim(super::texts::network(true)));
    assert_eq!(said.len(), 1, "what waited is given up");
    assert!(said[0].2.starts_with("No more news by SMS."), "{}", said[0].2);
    assert_eq!(bench.write(AMINA, "HELP").len(), 1);
}

#[test]
fn machines_names_and_the_hub_are_not_answered() {
    let mut settings = settings();
    settings.hub_number = Some("0700000100".to_owned());
    let mut bench = with_sim("sms-machines", settings);
    for from in [
        "MPESA",
        "144",
        "22384",
        "+254700000100",
        "0700000100",
        "+4915112345678",
        "",
    ] {
        let stamp = i64::try_from(bench.monotonic_ms).unwrap();
        let orders = bench.sim(received(from, "BALANCE", stamp));
        assert_eq!(orders, [SimOrder::Forget(vec![3])], "{from}");
    }
    let mut odd = |body, is_incomplete| {
        bench.sim(SimEvent::Received(Received {
            slots: vec![1, 2],
            from: PHONE.to_owned(),
            body,
            stamp_ms: Some(9),
            is_incomplete,
        }))
    };
    assert_eq!(odd(Err(vec![0, 255]), false), [SimOrder::Forget(vec![1, 2])]);
    assert_eq!(
        odd(Ok("LOAN 500".to_owned()), true),
        [SimOrder::Forget(vec![1, 2])],
        "half a command is none"
    );
    assert_eq!(
        bench.kinds(),
        [
            "ignored", "ignored", "ignored", "ignored", "ignored", "ignored", "ignored", "data", "ignored"
        ]
    );
    assert_eq!(bench.forwarded(), [] as [String; 0]);
}

#[test]
fn who_is_blocked_or_at_home_elsewhere_is_told_nothing_of_water_here() {
    let mut bench = with_sim("sms-blocked", settings());
    let blocked = Listed {
        active: false,
        revision: 2,
        ..listed(None)
    };
    bench.hear(Lane::Money, Record::Fact(Fact::Listed(blocked)));
    assert_eq!(
        bench.write(PHONE, "BALANCE"),
        ["Account AQP123456 is not active. Please ask at the kiosk."]
    );
    bench.hear(
        Lane::Edits,
        Record::Edit(Edit::Dropped {
            doc: DocumentId::Customer(JANE),
        }),
    );
    assert_eq!(bench.write(PHONE, "BALANCE"), [NETWORK_AWAY]);
}

#[test]
fn while_the_hub_is_there_it_answers_itself_and_nobody_is_told_twice() {
    let mut bench = with_sim("sms-linked", settings());
    let mut office = super::office::Office::of(&mut bench);
    office.link(&mut bench);
    // STOP is written into her document, from which her row is made.
    let mut document = Document::new(DocumentId::Customer(JANE), Actor::hub(Epoch(0x44)));
    bench.hub_edits(&mut document, &[("phone", Some(PHONE))]);
    for words in ["REPORT no water", "BUY 20", "BILL", "STOP"] {
        assert_eq!(bench.write(PHONE, words), [] as [String; 0], "{words}");
    }
    assert_eq!(bench.forwarded().len(), 3);
    assert_eq!(
        bench.write(PHONE, "BALANCE").len(),
        1,
        "what is known here is answered here"
    );
}

#[test]
fn a_box_that_was_replaced_answers_nobody() {
    let mut bench = with_sim("sms-retired", settings());
    bench.site().is_retired = true;
    assert_eq!(bench.write(PHONE, "BALANCE"), [] as [String; 0]);
    assert_eq!(bench.kinds(), ["not_in_place"]);
    assert_eq!(bench.sim_status().answers, Answers::NotInPlace);
}

#[test]
fn a_box_that_has_not_joined_answers_nobody_and_says_so() {
    let mut bench = Bench::unjoined("sms-unjoined", Care::default(), Some(settings()));
    bench.sim_up();
    assert_eq!(bench.sim_status().answers, Answers::NotJoined);
    assert_eq!(bench.write(PHONE, "HELP"), [] as [String; 0]);
    assert_eq!(bench.kinds(), ["not_joined"]);
    bench.give(Input::Joined(Box::new(enrolment())));
    assert_eq!(bench.sim_status().answers, Answers::Yes);
    assert_eq!(bench.write(PHONE, "HELP").len(), 1);
}
