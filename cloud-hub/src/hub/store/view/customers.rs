//! Customers with their purses, and their transactions.

use kiosk::{
    ids::{AccountId, CustomerId, Epoch, SiteName},
    moment::Wall,
    phone::Phone,
    units::{Currency, Volume},
};
use rusqlite::{Row, params};

use super::{ROWS_MAX, Reader};
use crate::hub::store::{
    Stored,
    customer::{maybe_phone, maybe_volume},
    id, maybe_id, maybe_parsed, signed, wrong,
};

/// A customer as pages and the API show them.
#[derive(Clone, Debug)]
pub struct CustomerView {
    /// The id.
    pub id: CustomerId,
    /// The account number; none until the hub has confirmed a registration.
    pub account: Option<AccountId>,
    /// The phone; none once merged.
    pub phone: Option<Phone>,
    /// As they are called.
    pub name: String,
    /// Where they live.
    pub city: String,
    /// `en`, `sw` or `fr`.
    pub language: String,
    /// The home site.
    pub site: Option<SiteName>,
    /// False: blocked.
    pub active: bool,
    /// Whether there is a PIN.
    pub has_pin: bool,
    /// The most they may draw in a day.
    pub daily_limit: Option<Volume>,
    /// Prepaid litres: credited less all spends known.
    pub balance_ml: i64,
    /// What is left of the month's allowance.
    pub allowance_ml: i64,
    /// Money in the wallet, by currency.
    pub wallet_minor: i64,
    /// Whom they were merged into.
    pub merged_into: Option<CustomerId>,
    /// When they were registered.
    pub created: Wall,
}

/// The subscription that counts: the one that ends last.
#[derive(Clone, Debug)]
pub struct SubscriptionView {
    /// For which site.
    pub site: SiteName,
    /// The plan's name.
    pub plan: String,
    /// The month's code.
    pub code: String,
    /// The first moment at which it is over.
    pub end: Wall,
    /// The site's time zone, in which days end.
    pub time_zone: String,
}

/// What a list of customers is narrowed to; what is `None` does not narrow.
#[derive(Clone, Debug, Default)]
pub struct CustomerFilter {
    /// Exactly this phone.
    pub phone: Option<Phone>,
    /// Exactly this account.
    pub account: Option<AccountId>,
    /// A part of the name.
    pub name: Option<String>,
    /// The home site.
    pub site: Option<SiteName>,
}

/// A row of the history.
#[derive(Clone, Debug)]
pub struct TransactionView {
    /// Its place in the list.
    pub row: i64,
    /// The record of a site: epoch and sequence.
    pub record: Option<(Epoch, u32)>,
    /// Where.
    pub site: Option<SiteName>,
    /// Whose; nobody's for a loss.
    pub customer: Option<CustomerId>,
    /// The dispenser.
    pub dispenser: Option<String>,
    /// What it was.
    pub kind: String,
    /// Millilitres.
    pub volume_ml: i64,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// When.
    pub time: Wall,
    /// Whether the clock that said so was trusted.
    pub clock_trusted: bool,
    /// How a pour ended.
    pub outcome: Option<String>,
    /// The receipt.
    pub receipt: Option<String>,
}

impl TransactionView {
    /// `SITE:EPOCH:SEQ` for a record of a site, `hub:ID` for a row of the hub's own (CONTRACTS section 6).
    pub fn id(&self) -> String {
        match (&self.site, self.record) {
            (Some(site), Some((epoch, seq))) => format!("{site}:{epoch}:{seq}"),
            _ => format!("hub:{}", self.row),
        }
    }
}

const CUSTOMER: &str = "SELECT customer.*,
    (SELECT coalesce(sum(credited_ml - spent_ml), 0) FROM purse
      WHERE purse.customer = customer.id AND purse.purse = 1) AS balance_ml,
    (SELECT coalesce(sum(credited_ml - spent_ml), 0) FROM purse
      JOIN subscription ON subscription.id = purse.period AND subscription.state = 'valid'
      WHERE purse.customer = customer.id AND purse.purse = 0) AS allowance_ml,
    (SELECT coalesce(sum(-minor), 0) FROM balance
      WHERE balance.account = printf('wallet:%016x', customer.id) AND balance.currency = ?1) AS wallet_minor
    FROM customer";

fn read_customer(row: &Row<'_>) -> rusqlite::Result<CustomerView> {
    Ok(CustomerView {
        id: CustomerId(id(row, "id")?),
        account: row.get::<_, Option<u32>>("account")?.and_then(AccountId::new),
        phone: maybe_phone(row, "phone")?,
        name: row.get("name")?,
        city: row.get("city")?,
        language: row.get("language")?,
        site: maybe_parsed(row, "site")?,
        active: row.get("active")?,
        has_pin: row.get::<_, Option<Vec<u8>>>("sealed_pin")?.is_some(),
        daily_limit: maybe_volume(row, "daily_limit_ml")?,
        balance_ml: row.get("balance_ml")?,
        allowance_ml: row.get("allowance_ml")?,
        wallet_minor: row.get("wallet_minor")?,
        merged_into: maybe_id(row, "merged_into")?.map(CustomerId),
        created: Wall(row.get("created_ms")?),
    })
}

fn read_transaction(row: &Row<'_>) -> rusqlite::Result<TransactionView> {
    let record = match (maybe_id(row, "epoch")?, row.get::<_, Option<u32>>("seq")?) {
        (Some(epoch), Some(seq)) => Some((Epoch(epoch), seq)),
        (None, None) => None,
        _ => return Err(wrong(row, "seq")),
    };
    Ok(TransactionView {
        row: row.get("id")?,
        record,
        site: maybe_parsed(row, "site")?,
        customer: maybe_id(row, "customer")?.map(CustomerId),
        dispenser: row.get("dispenser")?,
        kind: row.get("kind")?,
        volume_ml: row.get("volume_ml")?,
        amount_minor: row.get("amount_minor")?,
        currency: row.get("currency")?,
        time: Wall(row.get("time_ms")?),
        clock_trusted: row.get("clock_trusted")?,
        outcome: row.get("outcome")?,
        receipt: row.get("receipt")?,
    })
}

impl Reader {
    /// A customer by id; one who was merged is shown as whoever they count as.
    pub fn customer(&self, customer: CustomerId, currency: Currency) -> Stored<Option<CustomerView>> {
        let mut next = customer;
        loop {
            let found = self.one(
                &format!("{CUSTOMER} WHERE id = ?2"),
                params![currency.code(), signed(next.0)],
                read_customer,
            )?;
            match found.as_ref().and_then(|found| found.merged_into) {
                Some(into) => next = into,
                None => return Ok(found),
            }
        }
    }

    /// Customers in the order of their account numbers, after the one with the number `after`.
    pub fn customers(
        &self,
        filter: &CustomerFilter,
        currency: Currency,
        after: Option<u32>,
        limit: u32,
    ) -> Stored<Vec<CustomerView>> {
        let like = filter.name.as_deref().map(|name| {
            let escaped = name.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("%{escaped}%")
        });
        self.all(
            &format!(
                "{CUSTOMER} WHERE merged_into IS NULL AND account IS NOT NULL
                 AND (?2 IS NULL OR account > ?2) AND (?3 IS NULL OR phone = ?3) AND (?4 IS NULL OR account = ?4)
                 AND (?5 IS NULL OR name LIKE ?5 ESCAPE '\\') AND (?6 IS NULL OR site = ?6)
                 ORDER BY account LIMIT ?7"
            ),
            params![
                currency.code(),
                after,
                filter.phone.map(Phone::e164),
                filter.account.map(AccountId::number),
                like,
                filter.site.as_ref().map(SiteName::as_str),
                limit.min(ROWS_MAX + 1),
            ],
            read_customer,
        )
    }

    /// The subscription of a customer that ends last.
    pub fn subscription(&self, customer: CustomerId) -> Stored<Option<SubscriptionView>> {
        self.one(
            "SELECT subscription.*, site.time_zone FROM subscription
             JOIN site ON site.name = subscription.site
             WHERE customer = ?1 ORDER BY valid_until_ms DESC, id DESC LIMIT 1",
            [signed(customer.0)],
            |row| {
                Ok(SubscriptionView {
                    site: maybe_parsed(row, "site")?.ok_or_else(|| wrong(row, "site"))?,
                    plan: row.get("plan")?,
                    code: row.get("code")?,
                    end: Wall(row.get("valid_until_ms")?),
                    time_zone: row.get("time_zone")?,
                })
            },
        )
    }

    /// Transactions, the newest first, of those before the row `before`.
    pub fn transactions(
        &self,
        site: Option<&SiteName>,
        customer: Option<CustomerId>,
        before: Option<i64>,
        limit: u32,
    ) -> Stored<Vec<TransactionView>> {
        // One statement for each narrowing, so that each walks along its own index.
        let narrowed = match (site, customer) {
            (_, Some(_)) => "customer = ?2 AND (?1 IS NULL OR site = ?1)",
            (Some(_), None) => "site = ?1 AND ?2 IS NULL",
            (None, None) => "?1 IS NULL AND ?2 IS NULL",
        };
        self.all(
            &format!("SELECT * FROM history WHERE {narrowed} AND id < ?3 ORDER BY id DESC LIMIT ?4"),
            params![
                site.map(SiteName::as_str),
                customer.map(|customer| signed(customer.0)),
                before.unwrap_or(i64::MAX),
                limit.min(ROWS_MAX + 1),
            ],
            read_transaction,
        )
    }
}
