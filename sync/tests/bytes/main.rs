//! Bytes of records, frames and keys: golden vectors that another CBOR crate reads alike, and no bytes that panic.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on stops")]

#[path = "../support/ends.rs"]
mod support;

mod frames;
mod kinds;
mod records;

use ciborium::Value;
use kiosk::{
    fact::{
        Alarm, Answered, AnsweredState, Fact, FloatGranted, FloatSold, Forwarded, Granted, HandedIn, Hour, How, Listed,
        LoanAsked, Outcome, Poured, PurchaseAsked, PurchaseItem, Purse, Redeemed, Registered, Severity, Subscribed,
    },
    ids::{AccountId, BoxId, CustomerId, Epoch, GrantId, HoldId, Lane, ManagerId, RecordId, SiteName, Writer},
    moment::Wall,
    units::Volume,
};
use kisima_sync::{
    frame::{self, Ack, Chunk, Found, Frame, FrameError, Hello, Marks, Reason, Said, SaidState, Say, Seek, Tip, Whom},
    journal::Stored,
    record::{DocumentId, Edit, Record, RecordError},
    seal::{Carrier, Identity, PairKey, Seal, SecretKey, SiteKey, open_sealed, seal_to_hub, sealing_public, verify},
};
use proptest::prelude::*;
