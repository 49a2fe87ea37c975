//! The sandbox: pretend payment providers and a pretend messenger for tests, the demo and a newcomer's first hour.
//!
//! | module | what it holds |
//! |---|---|
//! | [`mpesa`] | Daraja as a state machine; no socket, no clock |
//! | [`wallets`] | MTN MoMo, Airtel Money and IntaSend, the same way |
//! | [`texts`] | Africa's Talking for texts and, in [`texts::calls`], for calls to service codes, the same way |
//! | `prompts` | the prompts of any of them |
//! | `server` | the socket and the clock around it |
//! | `deliveries` | how callbacks are delivered, and the steps of callers |
//! | `control` | the JSON API by which tests change what the providers do and read their books |
//! | `pages` | the same for people: a control page, and a page for each pretend phone, with its screen and keys |
//!
//! | address | what |
//! |---|---|
//! | `/mpesa/…` | Daraja; give `…/mpesa` to the hub as `payments.mpesa.base_url` |
//! | `/mtn/…`, `/airtel/…`, `/intasend/…` | the others; give each to the hub as `payments.NAME.base_url` |
//! | `/africastalking/…` | Africa's Talking; give it to the hub as `messaging.africastalking.base_url` |
//! | `GET /control` | behaviour, prompts and deliveries of all providers |
//! | `POST /control` | `{"mpesa":{…}}` changes the named fields of [`mpesa::Behaviour`], `{"mtn":{…}}` and so on of [`wallets::Behaviour`], `{"africastalking":{…}}` of [`texts::Behaviour`] |
//! | `POST /control/{provider}/phones/{phone}` | the same for one phone alone; also `"balance"` in whole units |
//! | `POST /control/africastalking/phones/{phone}/text` | the person writes to the hub: `{"text"}`, or with `"to"` to another phone or a modem's SIM; `…/stop` opts out |
//! | `GET /control/africastalking/phones/{phone}/texts?after=N` | what came to the phone: `{"items":[…],"next":N}`; a pretend modem asks for its SIM's |
//! | `POST /control/africastalking/sims/{phone}` | a modem has the SIM of that number: `{"title"}`; the phone pages offer to text it |
//! | `POST /control/africastalking/phones/{phone}/dial` | the person calls: `{"code":"*384*303#"}`; answers with [`texts::calls::Call`], what the phone then shows |
//! | `POST /control/africastalking/phones/{phone}/type` | … and types: `{"input"}`; answers the same, or 409 when no session waits for it; `…/hang-up` ends it |
//! | `POST /control/mpesa/phones/{phone}/pay` | the person pays a till or paybill: `{"shortcode","reference","amount"}` |
//! | `GET /control/mpesa/statement.csv` | the statement of the organisation portal |
//! | `POST /control/{provider}/prompts/{id}/approve`, `…/cancel` | the person at the phone; optional `{"pin":"1234"}` |
//! | `POST /control/{provider}/forget-token` | ends the token that is out |
//! | `GET /control/ledger` | what the pretend phones paid: `{"items":[…],"total":…}` |
//! | `/`, `/phone/{phone}` | the pages |

mod control;
mod deliveries;
pub mod mpesa;
mod pages;
mod prompts;
mod server;
pub mod texts;
pub mod wallets;

pub use deliveries::{Callback, Delivery};
pub use server::{Sandbox, SandboxError};
