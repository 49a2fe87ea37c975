//! The ledger, and what the provider's statement says was paid.

use std::collections::BTreeMap;

use hub::hub::{input::Item, store::read};
use kiosk::{
    tariff::{Plan, Tariff},
    units::{Currency, Money},
};
use rusqlite::Connection;

use super::{Findings, look::rows};
use crate::{
    books::{Bought, litres_of},
    town::World,
};

pub(super) fn check(world: &World, findings: &mut Findings) {
    let Some(hub) = world.hub_rows() else { return };
    findings.rule("the ledger sums to zero");
    for (currency, accounts) in findings.got(read::ledger_balance(hub)).unwrap_or_default() {
        let total: i64 = accounts.values().sum();
        findings.unless(total == 0, || format!("{currency:?}: {total}"));
    }
    let statement = "SELECT entry, sum(minor) AS total FROM posting GROUP BY entry, currency HAVING total <> 0";
    let read = rows(hub, statement, [], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?))
    });
    for (entry, total) in findings.got(read).unwrap_or_default() {
        findings.add(format!("entry {entry} sums to {total}"));
    }
    findings.rule("the audit's chain holds");
    if let Some(Err(row)) = findings.got(read::audit_verify(hub, &world.centre.settings.master_key, &[])) {
        findings.add(format!("row {row} was changed"));
    }
    findings.rule("each payment is credited exactly once");
    statement_agrees(world, hub, findings);
}

/// Each line of the provider's statement has one credit, and no credit is without its line.
fn statement_agrees(world: &World, hub: &Connection, findings: &mut Findings) {
    let mut credited = 0;
    for line in world.till.provider.ledger() {
        let purchase = world.till.purchase_of.get(&line.checkout_request).copied();
        let sources = (
            format!("mpesa:{}", line.receipt),
            format!("mpesa:reference {}", line.checkout_request),
        );
        let statement = "SELECT count(*) FROM credit WHERE source IN (?1, ?2)";
        let count: i64 = findings
            .got(rows(hub, statement, sources, |row| row.get(0)))
            .map_or(0, |counts| counts[0]);
        credited += count;
        let is_settled = purchase.is_some_and(|purchase| is_done(world, hub, purchase));
        let what = || {
            format!(
                "receipt {} of {} stands {count} times",
                line.receipt, line.account_reference
            )
        };
        findings.unless(count == i64::from(is_settled), what);
    }
    let read = rows(
        hub,
        "SELECT count(*) FROM credit WHERE source LIKE 'mpesa:%'",
        [],
        |row| row.get(0),
    );
    let all: i64 = findings.got(read).map_or(0, |counts| counts[0]);
    findings.unless(all == credited, || format!("{all} credits for {credited} payments"));
}

/// Whether the hub owes a credit for a payment: it has settled it. One that it cannot know of waits for an operator.
fn is_done(world: &World, hub: &Connection, purchase: u64) -> bool {
    let statement = "SELECT state, reference IS NOT NULL FROM purchase WHERE id = ?1";
    let read = rows(hub, statement, [purchase.cast_signed()], |row| {
        Ok((row.get::<_, String>(0)?, row.get::<_, bool>(1)?))
    });
    let stands = read.unwrap_or_default().into_iter().next();
    match stands {
        // Only the provider and its statement know of it: the hub was restored to before it.
        None => !world
            .books
            .purchases
            .iter()
            .any(|bought| bought.purchase == Some(purchase) && bought.may_be_lost),
        Some((state, _)) if state == "needs_operator" => false,
        Some((state, has_name)) => has_name || state == "succeeded",
    }
}

/// What an item costs, in whole shillings.
fn price(item: &Item) -> i64 {
    let money = match item {
        Item::Litres(volume) => Tariff::built_in(Currency::Kes).price(*volume),
        Item::Plan(_) => Plan::monthly().price(Currency::Kes),
        Item::Deposit(minor) => Money::new(*minor, Currency::Kes),
        Item::Bill(_) => Money::new(0, Currency::Kes),
    };
    money.whole_units()
}

/// The litres that each person paid for at the provider: the least, where a restored hub may not know, and the most.
pub(super) fn paid_litres(world: &World) -> BTreeMap<usize, (u64, u64)> {
    let mut paid: BTreeMap<usize, (u64, u64)> = BTreeMap::new();
    let Some(hub) = world.hub_rows() else { return paid };
    let mut at_sites: Vec<&Bought> = world
        .books
        .purchases
        .iter()
        .filter(|bought| bought.purchase.is_none())
        .collect();
    for line in world.till.provider.ledger() {
        let purchase = world.till.purchase_of.get(&line.checkout_request).copied();
        let mut all = world.books.purchases.iter();
        let named = all.find(|bought| bought.purchase.is_some() && bought.purchase == purchase);
        // One asked at a site has no name there: it is the first of this customer at this price.
        let is_it = |bought: &&Bought| {
            let account = world.people[bought.person].account.map(|account| account.to_string());
            account.as_deref() == Some(&line.account_reference) && price(&bought.item) == line.amount
        };
        let unnamed = at_sites.iter().position(is_it).filter(|_| named.is_none());
        let Some(bought) = named.or_else(|| unnamed.map(|place| at_sites.remove(place))) else {
            continue;
        };
        let litres = litres_of(&bought.item);
        let due = paid.entry(bought.person).or_default();
        due.1 += litres;
        let is_due = !bought.may_be_lost && purchase.is_some_and(|purchase| is_done(world, hub, purchase));
        due.0 += if is_due { litres } else { 0 };
    }
    paid
}
