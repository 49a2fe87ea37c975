//! Sync by texts: the dense form, what texts must not do, the examples of PROTOCOL section 9, and what a day costs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../support/air.rs"]
mod air;
#[path = "../bytes/kinds.rs"]
mod kinds;
#[path = "../support/ends.rs"]
mod support;

mod day;
mod dense;
mod endures;
mod examples;
mod refusals;
mod storm;

use air::{Air, Dice};
use kiosk::{
    fact::{
        Alarm, Answered, AnsweredState, Fact, FloatGranted, FloatSold, Forwarded, Granted, HandedIn, Hour, How, Listed,
        LoanAsked, Outcome, Poured, PurchaseAsked, PurchaseItem, Purse, Redeemed, Registered, Severity, Subscribed,
    },
    ids::{AccountId, CustomerId, Epoch, GrantId, HoldId, Lane, LogKey, ManagerId, RecordId, Writer},
    moment::Wall,
    units::Volume,
};
use kisima_sync::{
    doubt,
    frame::Reason,
    pack::{self, Known},
    record::{DocumentId, Edit, Record},
    seal::{Carrier, PairKey, SecretKey},
    session::Action,
    thin::{self, Event},
};
use support::BOX;
