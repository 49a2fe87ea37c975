//! The same for loans between people, tickets, and what pages hear live.

use super::Line;

/// One line for each route, behind those of `lines`.
pub(super) const LINES: &[Line] = &[
    (
        "POST",
        "/api/v1/loans",
        "Asks for a loan for a customer: lender is a phone, and its owner is told, registered or not.",
        "borrower lender amount_minor repayment_minor",
    ),
    (
        "GET",
        "/api/v1/loans",
        "Loans between people, newest first; customer lists those of either side.",
        "?state ?customer ?limit ?after",
    ),
    ("GET", "/api/v1/loans/{id}", "A loan, and what was paid back of it.", ""),
    (
        "POST",
        "/api/v1/loans/{id}/approve",
        "The lender has typed their PIN: the money moves at once, if it is there.",
        "pin",
    ),
    ("POST", "/api/v1/loans/{id}/refuse", "The lender said no.", ""),
    (
        "POST",
        "/api/v1/loans/{id}/cancel",
        "The borrower no longer wants it.",
        "",
    ),
    (
        "POST",
        "/api/v1/loans/{id}/repay",
        "The borrower has typed their PIN: so much is paid back, all that is owed when left out.",
        "amount_minor? pin",
    ),
    (
        "GET",
        "/api/ussd/queue/{phone}",
        "What sites asked for this number without a link, and what became of it.",
        "",
    ),
    (
        "POST",
        "/api/ussd/sync",
        "Looks again at what sites asked for this number.",
        "phoneNumber",
    ),
    (
        "GET",
        "/api/v1/tickets",
        "Problems that people reported, newest first; open=true lists those that are not solved.",
        "?open ?limit ?after",
    ),
    (
        "POST",
        "/api/v1/tickets/{number}/solve",
        "A problem is solved, and whoever reported it is told.",
        "",
    ),
    (
        "POST",
        "/api/v1/customers/{id}/allow-texts",
        "A customer who sent STOP wants news again.",
        "",
    ),
    (
        "GET",
        "/events",
        "Server-sent events: site, poured, purchase, payout, customer, alarm.",
        "",
    ),
];
