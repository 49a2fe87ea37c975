//! The ledger, and what the providers' own books say was paid.

use std::collections::BTreeMap;

use hub::hub::{input::Item, store::read};
use kiosk::{
    ids::CustomerId,
    provider::Provider,
    tariff::{Plan, Tariff},
    units::{Currency, Money},
};
use rusqlite::Connection;

use super::{Findings, look::rows};
use crate::{
    books::{Bought, litres_of},
    town::{Taken, World},
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
    payments_agree(world, hub, findings);
    direct_money_is_theirs(world, hub, findings);
}

/// What the hub's books hold of one payment.
#[derive(Debug)]
struct Booked {
    credits: i64,
    suspended: i64,
    /// Why it is in suspense.
    why: Option<String>,
}

impl Booked {
    fn of(hub: &Connection, taken: &Taken) -> rusqlite::Result<Booked> {
        let Taken {
            provider,
            receipt,
            prompt,
            ..
        } = taken;
        let by_prompt = prompt.as_ref().map(|name| format!("{provider}:reference {name}"));
        let statement = "SELECT count(*) FROM credit WHERE source IN (?1, ?2)";
        let credits = rows(hub, statement, (format!("{provider}:{receipt}"), by_prompt), |row| {
            row.get(0)
        })?;
        let statement = "SELECT why FROM money_seen WHERE provider = ?1 AND receipt = ?2
             AND place IN ('suspense', 'returned')";
        let why: Vec<Option<String>> = rows(hub, statement, (provider.name(), receipt), |row| row.get(0))?;
        Ok(Booked {
            credits: credits[0],
            suspended: i64::try_from(why.len()).unwrap_or(i64::MAX),
            why: why.into_iter().flatten().next(),
        })
    }

    fn times(&self) -> i64 {
        self.credits + self.suspended
    }

    /// Two payments wait for such money, so nobody can say whose it is: it lies in suspense beside them until an operator
    /// has looked.
    fn is_beside(&self) -> bool {
        self.suspended == 1 && self.credits == 1 && self.why.as_deref() == Some("two_candidates")
    }
}

/// Each payment in the providers' books is booked once, no credit is without its payment, and the tills hold what was
/// taken. M-PESA lists its payments, so none of them may be missing; of the others those are due whose purchase the hub
/// can know of.
fn payments_agree(world: &World, hub: &Connection, findings: &mut Findings) {
    findings.rule("each payment is credited exactly once");
    let (mut credited, mut tills) = (0, BTreeMap::new());
    for taken in world.till.taken() {
        let Some(booked) = findings.got(Booked::of(hub, &taken)) else {
            continue;
        };
        credited += booked.credits;
        *tills.entry(taken.provider).or_insert(0) += 100 * taken.amount * booked.times();
        let is_settled = taken.purchase.is_some_and(|purchase| is_done(world, hub, purchase));
        let due = i64::from(taken.provider == Provider::Mpesa || is_settled);
        findings.unless(booked.times() == due || booked.is_beside(), || {
            format!("{taken:?} stands {} times: {booked:?}", booked.times())
        });
    }
    let statement = "SELECT count(*) FROM credit
         WHERE source LIKE 'mpesa:%' OR source LIKE 'mtn:%' OR source LIKE 'airtel:%' OR source LIKE 'intasend:%'";
    let all: i64 = findings
        .got(rows(hub, statement, [], |row| row.get(0)))
        .map_or(0, |counts| counts[0]);
    findings.unless(all == credited, || format!("{all} credits for {credited} payments"));
    findings.rule("the tills hold what the providers took");
    for provider in Provider::ALL {
        let statement = "SELECT coalesce(sum(minor), 0) FROM balance WHERE account = ?1";
        let read = rows(hub, statement, [format!("till:{provider}")], |row| row.get(0));
        let held: i64 = findings.got(read).map_or(0, |sums| sums[0]);
        let due = tills.get(&provider).copied().unwrap_or(0);
        findings.unless(held == due, || format!("{provider}: {held}, taken were {due}"));
    }
}

/// Money that came without a prompt is in no wallet but that of whom it names.
fn direct_money_is_theirs(world: &World, hub: &Connection, findings: &mut Findings) {
    findings.rule("direct money is in the wallet of whom it names");
    let statement = "SELECT customer FROM money_seen WHERE receipt = ?1 AND place = 'wallet'";
    for taken in world.till.taken().iter().filter(|taken| taken.prompt.is_none()) {
        let read = rows(hub, statement, [&taken.receipt], |row| row.get::<_, i64>(0));
        for customer in findings.got(read).unwrap_or_default() {
            let person = world.person_of(CustomerId(customer.cast_unsigned()));
            let meant = taken.account.as_deref().unwrap_or_default();
            let is_named = person.is_some_and(|person| {
                let person = &world.people[person];
                let account = person.account.map(|account| account.to_string());
                account.as_deref() == Some(meant) || person.phone == meant
            });
            findings.unless(is_named, || format!("{taken:?} is in the wallet of {person:?}"));
        }
    }
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
    for line in world.till.taken().iter().filter(|taken| taken.prompt.is_some()) {
        let purchase = line.purchase;
        let mut all = world.books.purchases.iter();
        let named = all.find(|bought| bought.purchase.is_some() && bought.purchase == purchase);
        // One asked at a site has no name there: it is the first of this customer at this price.
        let is_it = |bought: &&Bought| {
            let account = world.people[bought.person].account.map(|account| account.to_string());
            account.is_some() && account == line.account && price(&bought.item) == line.amount
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
