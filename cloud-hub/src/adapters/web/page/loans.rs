//! Loans between people, what sites asked for that waits for a person, and problems that people reported.

use ::kiosk::{
    day::Zone,
    ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer},
    loan::Lender,
    moment::Wall,
};
use axum::{
    Extension,
    extract::{RawQuery, State},
};
use maud::{Markup, html};

use super::{
    super::{App, guard::Caller},
    Shown, back_to, done,
    form::Fields,
    guarded,
    money::customer_link,
    page, show,
};
use crate::hub::{
    effect::Refusal,
    input::Request,
    store::{
        TicketRow,
        read::{self, LoanFilter, LoanRequest, LoanShown, Names},
    },
};

/// How many are shown.
const ROWS: u32 = 100;

/// `GET /loans`
pub async fn loans(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let seen = app.parts.books.read(|books| {
        let made = read::loans(books, &LoanFilter::default(), i64::MAX, ROWS)?.items;
        let asked = read::loan_requests(books, ROWS)?;
        let tickets = read::tickets(books, Some(true), i64::MAX, ROWS)?.items;
        let parties = made
            .iter()
            .flat_map(|shown| [Some(shown.loan.borrower), shown.loan.lender_known()]);
        let who = parties.flatten().chain(asked.iter().map(|loan| loan.borrower));
        let who = who.chain(tickets.iter().filter_map(|ticket| ticket.customer));
        let names = read::customer_names(books, who)?;
        Ok((made, asked, tickets, names))
    });
    let (made, asked, tickets, names) = seen.await?;
    let settings = &app.parts.settings;
    let (zone, (now, _)) = (&settings.zone, app.parts.clock.now());
    let content = html! {
        h1 { "Loans and reports" }
        (done(word))
        @if !tickets.is_empty() {
            h2 id="tickets" { "Problems that people reported" }
            (ticket_list(zone, now, &caller, &names, &tickets))
        }
        h2 { "Loans between people" }
        p { "People lend each other what is in their wallets. Only the lender's PIN, or the code that was sent to them, "
            "moves the money; what is due comes back out of deposits. With " code { "loans.enabled = false" } " nothing new is lent." }
        @if made.is_empty() { p.quiet { "None." } } @else { (loan_list(zone, now, &names, &made)) }
        @if !asked.is_empty() {
            h2 { "Asked at sites, and waiting for you" }
            p { "The hub could not ask the lender by itself: it was restored, or does not know the borrower yet. "
                "Tell whoever asked, then close it here; they can ask again." }
            (request_list(&app, &caller, now, &names, &asked))
        }
    };
    Ok(page(Some(&caller), "/loans", "Loans", content))
}

fn loan_list(zone: &Zone, now: Wall, names: &Names, made: &[LoanShown]) -> Markup {
    html! {
        table.rows data-part="loans" {
            thead { tr { th { "When" } th { "Who" } th { "From whom" } th { "Where it stands" } th.number { "Loan" } th.number { "Owed" } th.number { "Back" } } }
            tbody {
                @for shown in made {
                    @let loan = &shown.loan;
                    @let currency = loan.amount.currency.code();
                    tr {
                        td.when data-label="When" { (show::time_near(zone, shown.created, now)) }
                        td data-label="Who" { (customer_link(names, loan.borrower)) }
                        td data-label="From whom" {
                            @match loan.lender {
                                Lender::Known(lender) => (customer_link(names, lender)),
                                Lender::Invited(phone) => (phone.masked()),
                            }
                        }
                        td data-label="Where it stands" { (loan.state.name()) @if let Some(site) = &shown.site { ", asked at " (site) } }
                        td.number data-label="Loan" { (show::money(loan.amount.minor, currency)) }
                        td.number data-label="Owed" { (show::money(loan.owed().minor, currency)) }
                        td.number data-label="Back" { (show::money(loan.repayment.minor, currency)) " every " (loan.every_days) " days" }
                    }
                }
            }
        }
    }
}

fn request_list(app: &App, caller: &Caller, now: Wall, names: &Names, asked: &[LoanRequest]) -> Markup {
    let settings = &app.parts.settings;
    let (zone, currency) = (&settings.zone, settings.currency.code());
    let may_close = caller.may("POST", "/loans/close");
    html! {
        table.rows data-part="loans-asked" {
            thead { tr { th { "When" } th { "Who" } th { "Where" } th.number { "Asked" } th.number { "Back" } @if may_close { th { "" } } } }
            tbody {
                @for loan in asked {
                    tr {
                        td.when data-label="When" { (show::time_near(zone, loan.time, now)) }
                        td data-label="Who" { (customer_link(names, loan.borrower)) }
                        td data-label="Where" { (loan.site.as_ref().map_or("–", |site| site.as_str())) }
                        td.number data-label="Asked" { (show::money(loan.amount_minor, currency)) }
                        td.number data-label="Back" { (show::money(loan.repayment_minor, currency)) }
                        @if may_close { td { (close_form(caller, loan.record)) } }
                    }
                }
            }
        }
    }
}

fn ticket_list(zone: &Zone, now: Wall, caller: &Caller, names: &Names, tickets: &[TicketRow]) -> Markup {
    html! {
        ul.plain.card data-part="tickets" {
            @for ticket in tickets {
                li {
                    strong { (ticket.number) } " " (ticket.text) " "
                    span.quiet {
                        @if let Some(customer) = ticket.customer { (customer_link(names, customer)) ", " }
                        // Whoever answers it may have to call.
                        @if caller.may("POST", "/tickets/solved") { (ticket.phone.e164()) } @else { (ticket.phone.masked()) }
                        ", " (show::ago(zone, ticket.created, now))
                    }
                    @if caller.may("POST", "/tickets/solved") {
                        form method="post" action="/tickets/solved" {
                            (guarded(caller))
                            input type="hidden" name="ticket" value=(ticket.number);
                            button { "It is solved: tell them" }
                        }
                    }
                }
            }
        }
    }
}

/// `POST /tickets/solved`
pub async fn solved(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let number = fields.take("ticket").and_then(|text| text.parse().ok());
    let ticket = number.ok_or_else(|| Refusal::not_found("ticket"))?;
    let key = fields.key();
    app.parts
        .desk
        .ask(caller.actor(), key, Request::SolveTicket { ticket })
        .await?;
    Ok(back_to("/loans?done=ticket"))
}

fn close_form(caller: &Caller, loan: RecordId) -> Markup {
    html! {
        form method="post" action="/loans/close" {
            (guarded(caller))
            input type="hidden" name="box" value=(loan.log.box_id.0);
            input type="hidden" name="epoch" value=(loan.log.epoch.0);
            input type="hidden" name="seq" value=(loan.seq);
            button { "They were told: close it" }
        }
    }
}

/// `POST /loans/close`
pub async fn close(State(app): State<App>, Extension(caller): Extension<Caller>, mut fields: Fields) -> Shown {
    let mut number = |name| fields.take(name).and_then(|text| text.parse::<u64>().ok());
    let (Some(box_id), Some(epoch), Some(seq)) = (number("box"), number("epoch"), number("seq")) else {
        return Err(Refusal::not_found("open loan").into());
    };
    let loan = RecordId {
        log: LogKey {
            box_id: BoxId(box_id),
            by: Writer::Site,
            lane: Lane::Money,
            epoch: Epoch(epoch),
        },
        seq: u32::try_from(seq).map_err(|_| Refusal::not_found("open loan"))?,
    };
    let key = fields.key();
    app.parts
        .desk
        .ask(caller.actor(), key, Request::RefuseLoan { loan })
        .await?;
    Ok(back_to("/loans?done=loan"))
}
