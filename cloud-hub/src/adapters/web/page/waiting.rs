//! Money that came without a prompt: nobody has said yet whose it is.

use axum::{Extension, extract::State};
use maud::html;

use super::{
    super::{App, guard::Caller},
    Shown, page, show,
};
use crate::hub::store::read;

/// How many payments are shown.
const ROWS: u32 = 100;

/// `GET /waiting`
pub async fn waiting(State(app): State<App>, Extension(caller): Extension<Caller>) -> Shown {
    let waiting = app.parts.books.read(|books| read::money_waiting(books, ROWS)).await?;
    let (zone, (now, _)) = (&app.parts.settings.zone, app.parts.clock.now());
    let content = html! {
        h1 { "Money that waits" }
        p { "Paid to the till or the paybill without a prompt, as the provider tells it. Nothing of it is booked or credited. "
            "Look into the provider's statement before you credit anybody by hand." }
        div data-part="waiting" {
            @if waiting.is_empty() { p.quiet { "None." } } @else {
                table.rows {
                    thead { tr { th { "When" } th { "Receipt" } th.number { "Amount" } th { "Account" } th { "Payer" } th { "Paid to" } } }
                    tbody {
                        @for money in &waiting {
                            tr {
                                td data-label="When" { (show::time_near(zone, money.paid, now)) }
                                td data-label="Receipt" { code { (money.receipt) } }
                                td.number data-label="Amount" { (show::money(money.amount_minor, &money.currency)) }
                                td data-label="Account" { (money.reference.as_deref().unwrap_or("–")) }
                                td data-label="Payer" { (money.payer.as_deref().unwrap_or("–")) }
                                td data-label="Paid to" { (money.short_code) }
                            }
                        }
                    }
                }
            }
        }
    };
    Ok(page(Some(&caller), "/purchases", "Money that waits", content))
}
