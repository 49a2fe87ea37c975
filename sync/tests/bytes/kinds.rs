//! Every kind of record.

use super::*;

/// Every kind, by the lane and the writer it belongs to.
pub fn every_kind() -> Vec<(Writer, Lane, Record)> {
    let grant = GrantId {
        epoch: Epoch(0x41),
        number: 7,
    };
    let customer = CustomerId(0x0123_4567_89ab_cdef);
    let time = Wall::from_seconds(1_790_000_000);
    let granted = Granted {
        grant,
        customer,
        purse: Purse::Allowance,
        volume: Volume::from_ml(20_000),
        valid_until: Some(time),
    };
    let hub = [
        Fact::Granted(granted.clone()),
        Fact::Recalled { grant },
        Fact::Listed(Listed {
            customer,
            generation: 1,
            revision: 300,
            account: AccountId::new(123_456).unwrap(),
            active: true,
            bill_overdue: false,
            daily_limit: Some(Volume::from_ml(100_000)),
            pin: Some([7; 16]),
        }),
        Fact::Subscribed(Subscribed {
            customer,
            code: "4071".into(),
            valid_until: time,
        }),
        Fact::Merged {
            from: customer,
            into: CustomerId(1),
        },
        Fact::Answered(Answered {
            to: RecordId {
                log: support::log(Writer::Site, Lane::Money, 0xa1),
                seq: 70_000,
            },
            state: AnsweredState::Done,
        }),
        Fact::FloatGranted(FloatGranted {
            float: grant,
            manager: ManagerId(0xa1),
            login: "musa".into(),
            amount_minor: 500_000,
            price_per_m3_minor: 200_000,
        }),
        Fact::HandedIn(HandedIn {
            manager: ManagerId(0xa1),
            owed_minor: 4_000,
            here_minor: 4_000,
            counted_minor: 3_900,
            time,
        }),
    ];
    let site = [
        Fact::Closed { grant },
        Fact::Redeemed(Redeemed { granted, time }),
        Fact::Registered(Registered {
            customer,
            sealed_pin: vec![1; 52],
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Litres(Volume::from_ml(1)),
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Deposit(500),
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Plan("family".into()),
            time,
        }),
        Fact::PurchaseAsked(PurchaseAsked {
            customer,
            item: PurchaseItem::Bill,
            time,
        }),
        Fact::LoanAsked(LoanAsked {
            borrower: customer,
            sealed_lender: vec![2; 61],
            amount_minor: 50_000,
            repayment_minor: 5_000,
            time,
        }),
        Fact::Forwarded(Forwarded {
            sealed: vec![3; 90],
            time,
        }),
        Fact::FloatSold(FloatSold {
            parts: vec![(grant, 4_000)],
            customer,
            volume: Volume::from_ml(20_000),
            time,
            clock_trusted: true,
        }),
        Fact::Poured(Poured {
            hold: None,
            parts: vec![],
            over: Volume::from_ml(300),
            how: How::Rule,
            outcome: None,
            dispenser: "tap-1".parse().unwrap(),
            time,
            clock_trusted: false,
        }),
    ];
    let doc = DocumentId::Customer(customer);
    let place = DocumentId::Site("kibera-3".parse().unwrap());
    let edits = [
        Edit::Admit { doc: doc.clone() },
        Edit::Dropped { doc: place.clone() },
        Edit::Change {
            doc: place,
            bytes: vec![3; 3_000],
        },
        Edit::Document {
            doc: doc.clone(),
            sha256: [4; 32],
        },
        Edit::Erased {
            doc,
            tombstone: [5; 16],
        },
    ];
    let mut all: Vec<_> = hub
        .into_iter()
        .map(|fact| (Writer::Hub, Lane::Money, Record::Fact(fact)))
        .collect();
    all.extend(
        site.into_iter()
            .map(|fact| (Writer::Site, Lane::Money, Record::Fact(fact))),
    );
    all.extend(
        edits
            .into_iter()
            .map(|edit| (Writer::Hub, Lane::Edits, Record::Edit(edit))),
    );
    all.push((Writer::Site, Lane::Money, support::poured(3, 0xa1)));
    let alarm = Alarm {
        severity: Severity::Critical,
        code: "fork".into(),
        detail: "two pasts".into(),
        time,
    };
    all.push((Writer::Site, Lane::Alarms, Record::Alarm(alarm)));
    let hour = Hour {
        dispenser: "tap-1".parse().unwrap(),
        hour: time,
        heartbeats: 60,
        firmware: "1.4".into(),
        pulses_total: 9,
    };
    all.push((Writer::Site, Lane::Telemetry, Record::Hour(hour)));
    let (rows, chain) = (7, [0xcc; 32]);
    all.push((Writer::Site, Lane::Telemetry, Record::AuditHead { rows, chain }));
    let previous = vec![(Epoch(0xa1), 90), (Epoch(0xb7), 2)];
    all.push((Writer::Site, Lane::Money, Record::Began { previous }));
    all
}
