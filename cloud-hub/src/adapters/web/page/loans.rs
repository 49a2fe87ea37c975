//! Loans that were asked at sites. They are kept; nothing approves them yet.

use axum::{Extension, extract::State};
use maud::html;

use super::{
    super::{App, guard::Caller},
    Shown,
    money::customer_link,
    page, show,
};
use crate::hub::store::read;

/// How many are shown.
const ROWS: u32 = 100;

/// `GET /loans`
pub async fn loans(State(app): State<App>, Extension(caller): Extension<Caller>) -> Shown {
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
        p { "These were asked at sites. This version cannot approve a loan: each stays as it is, and no money has moved. "
            "Whoever asked should be told; to refuse new ones at once, set " code { "loans.enabled = false" } "." }
        @if asked.is_empty() { p.quiet { "None." } } @else {
            table.rows data-part="loans" {
                thead { tr { th { "When" } th { "Who" } th { "Where" } th.number { "Asked" } th.number { "Back a week" } } }
                tbody {
                    @for loan in &asked {
                        tr {
                            td.when data-label="When" { (show::time_near(zone, loan.time, now)) }
                            td data-label="Who" { (customer_link(&names, loan.borrower)) }
                            td data-label="Where" { (loan.site.as_ref().map_or("–", |site| site.as_str())) }
                            td.number data-label="Asked" { (show::money(loan.amount_minor, currency)) }
                            td.number data-label="Back a week" { (show::money(loan.repayment_minor, currency)) }
                        }
                    }
                }
            }
        }
    };
    Ok(page(Some(&caller), "/loans", "Loans", content))
}
