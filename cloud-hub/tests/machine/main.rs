//! The hub's machine, driven by hand. Expected values are worked out in the comments beside them.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod bills;
mod cash;
mod cash_cuts;
mod cash_healing;
mod corrections;
mod customers;
mod daily;
mod dispenses;
mod doubt;
mod experience;
mod fleet;
mod gateway;
mod incoming;
mod ledger;
mod manager_menu;
mod managers;
mod mergers;
mod metered;
mod numbers;
mod operations;
mod operators;
mod payments;
mod payout_seams;
mod payouts;
mod providers;
mod pulls;
mod purchases;
mod recalls;
mod receipts;
mod refunds;
mod renewals;
mod repeats;
mod replays;
mod reports;
mod sites;
mod texts;
mod ussd;
mod ussd_sessions;
mod world;
