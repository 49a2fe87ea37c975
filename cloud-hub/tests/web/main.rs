//! The hub as a whole on a port of its own: API, guard, pages, callbacks, gateways' sockets, and the program itself.

#![expect(clippy::unwrap_used, reason = "a test fails where it cannot go on")]

mod alarms;
mod api;
mod bills;
mod books;
mod broadcasts;
mod doors;
mod floats;
mod guard;
mod hooks;
mod house;
mod http;
mod loans;
mod managers;
mod numbers;
mod odd_ussd;
mod operator;
mod pages;
mod payouts;
mod program;
mod providers;
mod reconcile;
mod sync_socket;
mod texts;
mod thin;
mod ussd;
mod words;
