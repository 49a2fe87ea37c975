//! Loans that were asked at sites. Nothing approves them yet: whoever asked is told, and the loan is closed.

use ::kiosk::ids::{BoxId, Epoch, Lane, LogKey, RecordId, Writer};
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
use crate::hub::{effect::Refusal, input::Request, store::read};

/// How many are shown.
const ROWS: u32 = 100;

/// `GET /loans`
pub async fn loans(State(app): State<App>, Extension(caller): Extension<Caller>, RawQuery(query): RawQuery) -> Shown {
    let word = query.as_deref().and_then(|query| query.strip_prefix("done="));
    let may_close = caller.may("POST", "/loans/close");
    let seen = app.parts.books.read(|books| {
        let asked = read::loan_requests(books, ROWS)?;
        let names = read::customer_names(books, asked.iter().map(|loan| loan.borrower))?;
        Ok((asked, names))
    });
    let (asked, names) = seen.await?;
    let settings = &app.parts.settings;
    let (zone, currency, (now, _)) = (&settings.zone, settings.currency.code(), app.parts.clock.now());
    let content = html! {
        h1 { "Loans asked" }
        (done(word))
        p { "These were asked at sites. This version cannot approve a loan, and no money has moved. "
            "Tell whoever asked, then close it here; to refuse new ones at once, set " code { "loans.enabled = false" } "." }
        @if asked.is_empty() { p.quiet { "None." } } @else {
            table.rows data-part="loans" {
                thead { tr { th { "When" } th { "Who" } th { "Where" } th.number { "Asked" } th.number { "Back a week" } @if may_close { th { "" } } } }
                tbody {
                    @for loan in &asked {
                        tr {
                            td.when data-label="When" { (show::time_near(zone, loan.time, now)) }
                            td data-label="Who" { (customer_link(&names, loan.borrower)) }
                            td data-label="Where" { (loan.site.as_ref().map_or("–", |site| site.as_str())) }
                            td.number data-label="Asked" { (show::money(loan.amount_minor, currency)) }
                            td.number data-label="Back a week" { (show::money(loan.repayment_minor, currency)) }
                            @if may_close { td { (close_form(&caller, loan.record)) } }
                        }
                    }
                }
            }
        }
    };
    Ok(page(Some(&caller), "/loans", "Loans", content))
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
