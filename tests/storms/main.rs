//! Storms for every day: a bounded number of seeded worlds, the same world twice, and worlds broken on purpose, which
//! the checker must see. `make storms SEEDS=200` runs more.

use std::process::Command;

use world::{Weather, sabotage::Sabotage, storm::Storm};

/// As many worlds are run here.
const SEEDS: u64 = 12;

/// A world of a few hours, to compare traces by.
fn short(seed: u64) -> Storm {
    Storm {
        days: 1,
        visits_per_day: 20,
        ..Storm::of_seed(seed)
    }
}

#[test]
fn every_world_keeps_its_promises() {
    let mut broken = Vec::new();
    for seed in 1..=SEEDS {
        let aftermath = Storm {
            days: 1,
            ..Storm::of_seed(seed)
        }
        .run();
        if !aftermath.violations.is_empty() {
            broken.push(format!("SEED={seed} make storm  # {}", aftermath.violations.join("; ")));
        }
    }
    assert!(broken.is_empty(), "run these again:\n{}", broken.join("\n"));
}

#[test]
fn the_same_seed_is_the_same_world() {
    let (one, other) = (short(7).run(), short(7).run());
    assert_eq!(one.trace, other.trace);
    assert_ne!(one.trace, short(11).run().trace);
}

#[test]
fn the_same_seed_is_the_same_world_in_another_process() {
    let run = || {
        let output = Command::new(env!("CARGO_BIN_EXE_kisima-storm"))
            .args(["--seed", "3", "--days", "1", "--visits", "20"])
            .output()
            .expect("kisima-storm runs");
        String::from_utf8(output.stdout).expect("kisima-storm prints text")
    };
    let here = Storm {
        days: 1,
        visits_per_day: 20,
        ..Storm::of_seed(3)
    }
    .run();
    assert!(run().ends_with(&format!("trace {}\n", here.trace)));
}

/// A calm world, spoilt once.
fn spoilt(sabotage: Sabotage) -> Vec<String> {
    let calm = Storm::of_seed(4);
    let weather = Weather {
        wifi_duplicate: 200_000,
        ..calm.weather.clone()
    };
    let storm = Storm {
        days: 0,
        visits_per_day: 150,
        sabotage: Some(sabotage),
        weather,
        ..calm
    };
    storm.run().violations
}

/// The checker must see it, and say so under this rule.
fn is_seen(sabotage: Sabotage, rule: &str) {
    let violations = spoilt(sabotage);
    assert!(
        violations.iter().any(|violation| violation.contains(rule)),
        "{sabotage:?} was not seen under {rule:?}: {violations:#?}"
    );
}

#[test]
fn a_receipt_whose_commit_was_forgotten_is_seen() {
    is_seen(Sabotage::ReceiptWithoutCommit, "receipt");
}

#[test]
fn a_credit_that_was_confirmed_and_forgotten_is_seen() {
    is_seen(Sabotage::AnswerWithoutCommit, "a credit that was confirmed");
}

#[test]
fn an_acknowledgement_before_its_commit_is_seen() {
    is_seen(Sabotage::AckBeforeCommit, "a receipted pour is known to the hub");
}

#[test]
fn an_epoch_used_twice_is_seen() {
    is_seen(Sabotage::EpochReused, "two contents");
}

#[test]
fn an_open_grant_granted_again_is_seen() {
    is_seen(Sabotage::OpenGrantRegranted, "the same state");
}

#[test]
fn a_payment_credited_twice_is_seen() {
    is_seen(Sabotage::CreditedTwice, "each payment is credited exactly once");
}

#[test]
fn a_cash_sale_credited_twice_is_seen() {
    is_seen(Sabotage::CashCreditedTwice, "each cash sale is credited exactly once");
}

#[test]
fn a_spend_counted_twice_is_seen() {
    is_seen(Sabotage::ChunkAppliedTwice, "rows say what the records say");
}

#[test]
fn a_denied_request_that_opens_a_valve_is_seen() {
    is_seen(Sabotage::DenialTurned, "a valve opened");
}

#[test]
fn an_answer_that_changes_is_seen() {
    is_seen(Sabotage::AnswerChanged, "answered in two ways");
}

#[test]
fn an_entry_with_one_side_is_seen() {
    is_seen(Sabotage::LedgerTorn, "the ledger sums to zero");
}

#[test]
fn an_altered_record_is_seen() {
    is_seen(Sabotage::RecordAltered, "two contents");
}

#[test]
fn a_success_that_is_told_before_its_record_is_seen() {
    is_seen(Sabotage::PaidWithoutCommit, "was told as paid before its record");
}

#[test]
fn a_direct_payment_booked_twice_is_seen() {
    is_seen(Sabotage::DirectBookedTwice, "each payment is credited exactly once");
}

#[test]
fn an_answer_of_another_provider_that_is_believed_is_seen() {
    is_seen(Sabotage::AnswerOfAnother, "each payment is credited exactly once");
}

#[test]
fn hundreds_of_people_call_while_links_drop_and_hubs_die() {
    for seed in [2, 3] {
        let aftermath = Storm {
            days: 1,
            visits_per_day: 10,
            callers: 150,
            calls_per_day: 3,
            ..Storm::of_seed(seed)
        }
        .run();
        assert_eq!(aftermath.violations, Vec::<String>::new(), "seed {seed}");
        // A world in which nobody gets that far would hold everything.
        assert!(aftermath.bought_by_phone > 0, "seed {seed}: nobody bought");
        assert!(aftermath.balances_told > 0, "seed {seed}: nobody was told a balance");
    }
}

#[test]
fn a_confirmed_purchase_that_is_forgotten_is_seen() {
    is_seen(Sabotage::ConfirmedForgotten, "the books know of none");
}

#[test]
fn a_confirmed_purchase_that_stands_twice_is_seen() {
    is_seen(Sabotage::ConfirmedTwice, "one confirmed screen is one purchase");
}

#[test]
fn a_screen_that_is_shown_to_another_is_seen() {
    is_seen(Sabotage::ScreenOfAnother, "was shown what is of person");
}

#[test]
fn a_balance_that_is_misstated_is_seen() {
    is_seen(Sabotage::BalanceMisstated, "l, and the books hold");
}

#[test]
fn a_pin_that_is_kept_is_seen() {
    is_seen(Sabotage::PinKept, "a session keeps the PIN");
}

#[test]
fn a_text_that_is_taken_and_forgotten_is_seen() {
    is_seen(Sabotage::TextForgotten, "a text that was taken is kept");
}
