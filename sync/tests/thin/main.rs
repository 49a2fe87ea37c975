//! Sync by texts: the dense form, what texts must not do, the examples of PROTOCOL section 9, and what a day costs.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../support/air.rs"]
mod air;
#[path = "../support/ends.rs"]
mod support;

mod day;
mod dense;
mod examples;
mod refusals;

use air::{Air, Dice};
use kiosk::{
    fact::{Fact, How, Outcome, Poured},
    ids::{Epoch, GrantId, HoldId, Lane, LogKey, Writer},
    moment::Wall,
    units::Volume,
};
use kisima_sync::{
    doubt,
    frame::Reason,
    pack::{self, Known},
    record::Record,
    seal::{Carrier, PairKey, SecretKey},
    session::Action,
    thin::{self, Event},
};
use support::BOX;
