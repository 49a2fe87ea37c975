//! What holds for any set of lines in any order and with repeats.

use super::*;
use crate::units::Currency;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const PHONES: [Msisdn; 2] = [Msisdn(254_708_374_149), Msisdn(254_700_000_102)];

fn candidates() -> impl Strategy<Value = Candidate> {
    let state = prop::sample::select(&PaymentState::ALL);
    let receipt = prop::option::weighted(0.3, (0..12_usize, any::<bool>()));
    let life = (0..3_i64, 0..3_i64);
    (state, receipt, 0..2_usize, 1..3_i64, any::<bool>(), life).prop_map(
        |(state, receipt, who, amount, mismatched, (day, days))| Candidate {
            id: PurchaseId(0),
            customer: CustomerId(who as u64),
            provider: Provider::Mpesa,
            short_code: "600100".parse().expect("fixed"),
            state,
            booked: state == PaymentState::Succeeded,
            mismatched,
            amount: Money::new(amount * 100, Currency::Kes),
            payer: PHONES[who],
            reference: format!("AQP00000{who}"),
            receipt: receipt.map(|(number, _)| name(number)),
            receipt_proven: state == PaymentState::Succeeded && receipt.is_some_and(|(_, proven)| proven),
            made: Wall(day * DAY_MS),
            last: Wall((day + days) * DAY_MS),
        },
    )
}

fn name(receipt: usize) -> ProviderReceipt {
    format!("R{receipt}").parse().expect("fixed")
}

/// A receipt has one amount, time and payer, and is reported proven or claimed, more than once.
fn lines() -> impl Strategy<Value = Vec<Line>> {
    let money = (1..3_i64, 0..3_i64, 0..4_usize, 0..5_usize);
    let reports = prop::collection::vec((0..12_usize, any::<bool>()), 0..40);
    (prop::collection::vec(money, 12), reports).prop_map(|(money, reports)| {
        let line = |(receipt, proven): (usize, bool)| {
            let (amount, days, payer, reference) = money[receipt];
            let payers = ["2547 ***** 149", "25470****102", "254708374149", ""];
            let references = ["", "AQP000000", "aqp 000001", "AQP000007", "water"];
            Line {
                provider: Provider::Mpesa,
                short_code: "600100".parse().expect("fixed"),
                receipt: name(receipt),
                amount: Money::new(amount * 100, Currency::Kes),
                payer: Payer::read(payers[payer]),
                reference: references[reference].to_owned(),
                time: Wall(days * DAY_MS),
                proof: if proven { Proof::Proven } else { Proof::Claimed },
            }
        };
        reports.into_iter().map(line).collect()
    })
}

/// The hub's books, as far as this rule needs them.
#[derive(Default)]
struct Hub {
    purchases: Vec<Candidate>,
    /// Where the money of a receipt went.
    booked: BTreeMap<ProviderReceipt, (&'static str, i64)>,
}

impl Hub {
    fn take(&mut self, line: &Line) -> Result<Place, TestCaseError> {
        let named = match line.reference.as_str() {
            "" => Named::Nothing,
            "AQP000000" => Named::Customer(CustomerId(0)),
            "aqp 000001" => Named::Customer(CustomerId(1)),
            _ => Named::Nobody,
        };
        let books = Books {
            receipt_is_known: self.booked.contains_key(&line.receipt),
            purchases: self.purchases.clone(),
            named,
        };
        let place = place(line, &books);
        let kind = match (place, line.proof) {
            (Place::AlreadyBooked | Place::AskProvider, _) | (Place::Confirm(_), Proof::Claimed) => return Ok(place),
            (_, Proof::Claimed) => return Err(TestCaseError::fail(format!("{place:?} on a claim"))),
            (Place::AttachReceipt(id), _) => {
                let purchase = &mut self.purchases[id.0 as usize];
                prop_assert!(waits_for_receipt(purchase) || is_told_a_receipt(purchase));
                purchase.receipt = Some(line.receipt.clone());
                purchase.receipt_proven = true;
                "attached"
            }
            (Place::Confirm(id), _) => {
                let purchase = &mut self.purchases[id.0 as usize];
                prop_assert!(is_unsettled(purchase) && purchase.amount == line.amount && !purchase.mismatched);
                purchase.state = PaymentState::Succeeded;
                purchase.booked = true;
                purchase.receipt = Some(line.receipt.clone());
                purchase.receipt_proven = true;
                "booked"
            }
            (Place::Deposit(_), _) => "booked",
            (Place::Suspense(_), _) => "suspense",
        };
        let before = self.booked.insert(line.receipt.clone(), (kind, line.amount.minor));
        prop_assert_eq!(before, None, "{} twice", &line.receipt);
        Ok(place)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_048))]

    #[test]
    fn each_receipt_books_once_and_nothing_proven_is_left_out(
        mut purchases in prop::collection::vec(candidates(), 0..6),
        lines in lines(),
    ) {
        let mut settled = BTreeSet::new();
        for (number, purchase) in purchases.iter_mut().enumerate() {
            purchase.id = PurchaseId(number as u64);
            // A receipt belongs to one payment; the index sees to it.
            if purchase.receipt.as_ref().is_some_and(|receipt| !settled.insert(receipt.clone())) {
                purchase.receipt = None;
            }
        }
        let known = |purchase: &&Candidate| purchase.state == PaymentState::Succeeded && purchase.receipt_proven;
        // With another amount it is other money: an operator typed that receipt.
        let booked = |purchase: &Candidate| Some((purchase.receipt.clone()?, purchase.amount.minor));
        let before: BTreeSet<_> = purchases.iter().filter(known).filter_map(booked).collect();
        let mut hub = Hub { purchases, ..Hub::default() };
        let mut proven = BTreeMap::new();
        for line in &lines {
            hub.take(line)?;
            if line.proof == Proof::Proven && !before.contains(&(line.receipt.clone(), line.amount.minor)) {
                proven.insert(line.receipt.clone(), line.amount.minor);
            }
        }
        let sum_of = |kind| -> i64 { hub.booked.values().filter(|(of, _)| *of == kind).map(|(_, minor)| minor).sum() };
        let sum = sum_of("booked") + sum_of("attached") + sum_of("suspense");
        prop_assert_eq!(sum, proven.values().sum::<i64>());
        // A second reading of everything moves nothing.
        let booked = hub.booked.clone();
        for line in lines.iter().rev().filter(|line| line.proof == Proof::Proven) {
            prop_assert_eq!(hub.take(line)?, Place::AlreadyBooked);
        }
        prop_assert_eq!(booked, hub.booked);
        // No two purchases share a receipt that settled them.
        let receipts = hub.purchases.iter().filter(known).filter_map(|purchase| purchase.receipt.as_ref());
        let mut seen = BTreeSet::new();
        for receipt in receipts {
            prop_assert!(seen.insert(receipt), "{} twice", receipt);
        }
    }
}
