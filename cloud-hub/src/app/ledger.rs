//! `ledger …` and `suspense …`: what the books say, read beside the hub, and whose money in suspense is.

use anyhow::{Context, bail};
use clap::Subcommand;
use kiosk::{
    day::Day,
    ids::CustomerId,
    ledger::Account,
    moment::Wall,
    phone::Country,
    units::{Currency, Money},
};

use super::{
    commands::{ask, tell},
    control::Command,
    operations::look,
    settings,
};
use crate::hub::store::read::{self, STATEMENT_MAX, Span};

/// `ledger`
#[derive(Subcommand)]
pub enum Ledger {
    /// Prints every account by currency; debits above zero, credits below, together zero.
    Balance,
    /// Prints what was booked on one account: time, amount, balance after it, what, and the event it books.
    Statement {
        /// The account, such as till:mpesa, sales or wallet:CUSTOMER-ID.
        account: String,
        /// KES, UGX, TZS or RWF; the hub's own when left out.
        #[arg(long)]
        currency: Option<String>,
        /// The first day, such as 2026-12-20, in the hub's zone.
        #[arg(long, value_name = "DAY")]
        from: Option<Day>,
        /// The last day.
        #[arg(long, value_name = "DAY")]
        to: Option<Day>,
    },
    /// Adds everything up: each entry, each account, each currency. Exits 1 and names what is off. A hub does the same at
    /// each start and raises an alarm.
    Check,
}

/// `suspense`
#[derive(Subcommand)]
pub enum Suspense {
    /// Prints what is in suspense: provider, receipt, amount, time, payer, account typed, and why nobody has it.
    List,
    /// Says whose it is.
    #[command(group = clap::ArgGroup::new("whose").required(true))]
    Allocate {
        /// mpesa, mtn, airtel or intasend.
        provider: String,
        /// The receipt, as listed.
        receipt: String,
        /// Into the wallet of this customer: account, phone or id.
        #[arg(long, group = "whose")]
        customer: Option<String>,
        /// It pays this purchase of the same amount.
        #[arg(long, group = "whose")]
        purchase: Option<String>,
        /// It was given back to the payer at the provider's own portal; say how.
        #[arg(long, group = "whose", value_name = "HOW")]
        returned: Option<String>,
    },
}

impl Ledger {
    /// Does it.
    pub fn run(self, config: &config::Hub) -> anyhow::Result<()> {
        match self {
            Ledger::Balance => balance(config),
            Ledger::Statement {
                account,
                currency,
                from,
                to,
            } => statement(config, &account, currency.as_deref(), (from, to)),
            Ledger::Check => check(config),
        }
    }
}

impl Suspense {
    /// Does it.
    pub async fn run(self, config: &config::Hub) -> anyhow::Result<()> {
        match self {
            Suspense::List => list_suspense(config),
            Suspense::Allocate {
                provider,
                receipt,
                customer,
                purchase,
                returned,
            } => {
                let customer = customer.map(|typed| named(config, &typed)).transpose()?;
                let command = Command::Allocate {
                    provider,
                    receipt,
                    customer: customer.map(|customer| customer.to_string()),
                    purchase,
                    returned,
                };
                ask(config, command).await
            }
        }
    }
}

/// Every account by currency; those of customers added up by kind.
fn balance(config: &config::Hub) -> anyhow::Result<()> {
    for (currency, accounts) in look(config, read::ledger_balance)? {
        for (account, minor) in &accounts {
            tell(&format!(
                "{account:<40}  {:>24}",
                Money::new(*minor, currency).to_string()
            ))?;
        }
        let total = Money::new(accounts.values().sum(), currency);
        tell(&format!("{:<40}  {:>24}", "together", total.to_string()))?;
    }
    Ok(())
}

/// What was booked on one account, days of the hub's zone.
fn statement(
    config: &config::Hub,
    account: &str,
    currency: Option<&str>,
    (from, to): (Option<Day>, Option<Day>),
) -> anyhow::Result<()> {
    let account: Account = account.parse().with_context(|| {
        "ledger balance shows sums; one account is such as till:mpesa, cash:SITE or wallet:ID, and the page /ledger leads \
         to each of them"
    })?;
    let currency = match currency {
        None => config.site.currency,
        Some(code) => Currency::from_code(code).with_context(|| format!("{code} is not KES, UGX, TZS or RWF"))?,
    };
    let zone = kiosk::day::Zone::named(&settings::time_zone(config))?;
    let mut span = Span {
        from: from.map_or(Wall(i64::MIN), |day| zone.begin(day)),
        to: to.map_or(Wall(i64::MAX), |day| zone.end(day)),
        after: 0,
    };
    loop {
        let found = look(config, |books| {
            read::statement(books, &account, currency, span, STATEMENT_MAX)
        })?;
        for line in found.items {
            let (amount, balance) = (
                Money::new(line.amount_minor, currency).to_string(),
                Money::new(line.balance_minor, currency).to_string(),
            );
            let (time, event) = (line.time.rfc3339(), line.event.as_deref().unwrap_or("-"));
            tell(&format!("{time}  {amount:>20}  {balance:>20}  {}  {event}", line.what))?;
        }
        match found.next {
            Some(next) => span.after = next,
            None => return Ok(()),
        }
    }
}

/// An error when anything does not add up.
fn check(config: &config::Hub) -> anyhow::Result<()> {
    let faults = look(config, read::ledger_faults)?;
    for fault in &faults {
        tell(fault)?;
    }
    match faults.len() {
        0 => tell("the ledger adds up: every entry, every account, every currency"),
        1 => bail!("the ledger has a fault; restore a backup beside this one and compare, before you sell on"),
        several => bail!("the ledger has {several} faults; restore a backup beside this one and compare"),
    }
}

/// Prints what is in suspense.
fn list_suspense(config: &config::Hub) -> anyhow::Result<()> {
    let mut after = 0;
    loop {
        let found = look(config, |books| {
            read::money_waiting_in(books, "suspense", after, read::LIMIT_MAX)
        })?;
        for money in &found.items {
            let amount = match Currency::from_code(&money.currency) {
                Some(currency) => Money::new(money.amount_minor, currency).to_string(),
                None => format!("{} {}", money.currency, money.amount_minor),
            };
            tell(&format!(
                "{:<8}  {:<20}  {amount:>20}  {}  payer {}, account {}: {}",
                money.provider,
                money.receipt,
                money.paid.rfc3339(),
                money.payer.as_deref().unwrap_or("-"),
                money.reference.as_deref().unwrap_or("-"),
                money.why.as_deref().unwrap_or("-").replace('_', " "),
            ))?;
        }
        match found.next {
            Some(next) => after = next,
            None => return Ok(()),
        }
    }
}

fn named(config: &config::Hub, typed: &str) -> anyhow::Result<CustomerId> {
    if let Ok(customer) = typed.parse() {
        return Ok(customer);
    }
    let country = Country::of_currency(config.site.currency);
    let found = look(config, |books| read::customer_named(books, typed, country))?;
    Ok(found
        .with_context(|| format!("nobody has the account or phone {typed}"))?
        .id)
}
