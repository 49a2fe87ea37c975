//! Two ends and the three examples of PROTOCOL section 9, the costs of the wire, and what a session must refuse.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../support/ends.rs"]
mod support;

mod examples;
mod healing;
mod refusals;
mod texts;
mod wire;

use kiosk::ids::{Epoch, Lane, Writer};
use kisima_sync::{
    self as sync, doubt,
    frame::{self, Frame, Reason},
    journal::{Logs as _, Stored},
    record::Record,
    seal::{Carrier, Seal},
    session::{Action, Closed, Event},
};
use support::{BOX, Pair, log};

fn settled(sales: u64, grants: u64) -> Pair {
    let mut pair = Pair::new(1);
    for _ in 0..sales {
        pair.site.write_quietly();
    }
    for _ in 0..grants {
        pair.hub.write_quietly();
    }
    pair.connect();
    pair.settle();
    pair.assert_same();
    pair
}
