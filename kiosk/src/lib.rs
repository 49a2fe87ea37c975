//! The rules of a water kiosk: values in, values out.
//!
//! Nothing in this crate knows a clock, a file, a socket or a thread. Both programs, the gateway at a site and the
//! hub, ask these rules and so decide alike.
//!
//! | module | what it holds |
//! |---|---|
//! | [`units`] | volumes in millilitres, money in minor units with its currency |
//! | [`ids`] | the names of things: boxes, logs, records, customers, grants, holds |
//! | [`moment`] | what time it is, how far that is to be believed, and the dice |
//! | [`fact`] | what happened, as it travels between a site and the hub |
//! | [`payment`] | one payment at a mobile-money provider, from the prompt to the credit |
//! | [`dispense`] | may this person draw this water here and now |
//! | [`grant`] | rights to draw: what a pour costs them, what they cost the hub |
//! | [`float`] | cash that a site's manager may take |
//! | [`pin`] | PINs: their verifier, and the locks that wrong tries bring |
//! | [`incoming`] | money that a provider reports beside our own prompts: whose it is |
//! | [`payout`] | money that goes out to a person, from the booking to the provider's word |
//! | [`refund`] | what of a purchase can be given back |
//! | [`loan`] | loans between people, from the request to the last repayment |
//! | [`provider`] | the mobile-money providers |
//! | [`phone`] | mobile numbers of the four countries, and the network behind each |
//! | [`day`] | the local day of a moment, and days of sales without a trusted clock |
//! | [`tariff`] | what water costs: plans and litres |
//! | [`bill`] | what a month of water drawn before it was paid comes to, and who owes it |
//! | [`daily`] | what is to be done once on a site's local day |
//! | [`damm`] | the check digit of numbers keyed in by hand |
//! | [`subscription`] | how long a subscription lasts, its monthly code, its reminders |
//! | [`crockford`] | letters and digits that are keyed in without confusion |
//! | [`receipt`] | eight characters that name one record |
//! | [`otp`] | one-time codes that come back by SMS in place of a PIN |
//! | [`account`] | who a customer is: the newest listing, and mergers |
//! | [`ledger`] | double entry: postings that sum to zero |
//! | [`airtime`] | what is left on a SIM card, as its operator tells it |
//! | [`talk`] | what is said to people, in their language, and the menus by USSD |
//! | [`digest`] | what two ends compare to see that they know the same |

pub mod account;
pub mod airtime;
pub mod bill;
pub mod crockford;
pub mod daily;
pub mod damm;
pub mod day;
pub mod digest;
pub mod dispense;
pub mod fact;
pub mod float;
pub mod grant;
pub mod ids;
pub mod incoming;
pub mod ledger;
pub mod loan;
pub mod moment;
pub mod otp;
pub mod payment;
pub mod payout;
pub mod phone;
pub mod pin;
pub mod provider;
pub mod receipt;
pub mod refund;
pub mod subscription;
pub mod talk;
pub mod tariff;
pub mod units;
