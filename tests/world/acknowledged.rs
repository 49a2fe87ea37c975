//! What was acknowledged, kept by those who heard it, and compared with what both sides say afterwards (invariants I1
//! and I3 of RELIABILITY: nothing acknowledged is lost, nothing counts twice).

use std::collections::{BTreeMap, BTreeSet};

use anyhow::Context as _;
use serde_json::Value;

use crate::{
    programme::{Customer, Programme},
    tap::Sale,
};

/// A pour whose receipt was heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Poured {
    /// The customer, by the hub's id.
    pub customer: String,
    /// What the receipt says was booked.
    pub volume_ml: i64,
    /// The eight characters.
    pub receipt: String,
}

impl Poured {
    /// Whether a side's row is this pour. One of nothing spends no grant, and by its grant alone the hub knows whose it is.
    fn is(&self, row: &Value) -> bool {
        let same_customer =
            row["customer"] == self.customer.as_str() || self.volume_ml == 0 && row["customer"].is_null();
        row["volume_ml"] == self.volume_ml && same_customer
    }
}

/// What was acknowledged so far.
#[derive(Clone, Debug, Default)]
pub struct Acknowledged {
    /// Millilitres credited or bought, per customer: each was answered with success.
    pub credited: BTreeMap<String, i64>,
    /// By site, dispenser and request.
    pub poured: BTreeMap<(String, String, String), Poured>,
    /// What went wrong on the way.
    pub findings: Vec<String>,
}

impl Acknowledged {
    /// Litres were acknowledged.
    pub fn credit(&mut self, customer: &Customer, volume_ml: i64) {
        *self.credited.entry(customer.id.clone()).or_default() += volume_ml;
    }

    /// A sale came to its end.
    pub fn sale(&mut self, site: &str, dispenser: &str, customer: &Customer, sale: &Sale) {
        let Some(receipt) = &sale.receipt else { return };
        let place = (site.to_owned(), dispenser.to_owned(), receipt.request.clone());
        let poured = Poured {
            customer: customer.id.clone(),
            volume_ml: i64::try_from(receipt.volume_ml).unwrap_or(i64::MAX),
            receipt: receipt.receipt.clone(),
        };
        if let Some(before) = self.poured.insert(place.clone(), poured) {
            self.findings
                .push(format!("{place:?} got a second sale; the first was {before:?}"));
        }
    }

    /// The same question must have got the same bytes, however often it was asked.
    pub fn heard(&mut self, dispenser: &str, heard: &[(String, Vec<u8>)]) {
        let mut first: BTreeMap<(String, String), &[u8]> = BTreeMap::new();
        for (leaf, payload) in heard {
            let body: Value = serde_json::from_slice(payload).unwrap_or_default();
            let request = body["request"].as_str().unwrap_or_default().to_owned();
            // This alone is not final.
            if body["reason"] == "gateway_degraded" {
                continue;
            }
            let before = *first.entry((leaf.clone(), request)).or_insert(payload);
            if before != payload.as_slice() {
                let texts = [before, payload].map(String::from_utf8_lossy);
                self.findings
                    .push(format!("{dispenser}: {leaf} {} and then {}", texts[0], texts[1]));
            }
        }
    }

    /// Millilitres in all receipts.
    pub fn volume_ml(&self) -> i64 {
        self.poured.values().map(|poured| poured.volume_ml).sum()
    }

    /// Compares with what the hub and every site say. All links must be up and quiet. Returns what does not agree.
    pub async fn audit(&self, programme: &Programme) -> anyhow::Result<Vec<String>> {
        let mut findings = self.findings.clone();
        for site in &programme.sites {
            let own = site.api().await?.list("/api/v1/transactions").await?;
            let hub = programme
                .api
                .list(&format!("/api/v1/transactions?site={}", site.name))
                .await?;
            self.compare_sales(&site.name, &own, &hub, &mut findings);
        }
        self.compare_balances(programme, &mut findings).await?;
        let ledger = programme.api.get("/api/v1/ledger/balance").await?.expect(200)?;
        for (currency, book) in ledger.as_object().context("a ledger")? {
            if book["total"] != 0 {
                findings.push(format!("the ledger in {currency} does not add up to zero: {book}"));
            }
        }
        Ok(findings)
    }

    fn compare_sales(&self, site: &str, own: &[Value], hub: &[Value], findings: &mut Vec<String>) {
        let at_hub = by_receipt(hub, findings, "the hub");
        let mut own_left = by_receipt(own, findings, site);
        for ((_, dispenser, request), poured) in self.poured.iter().filter(|((at, ..), _)| at == site) {
            let what = format!("{site} {dispenser} {request} {}", poured.receipt);
            let Some(row) = own_left.remove(poured.receipt.as_str()) else {
                findings.push(format!("{what}: the site has lost it"));
                continue;
            };
            if row["request"] != request.as_str() || row["dispenser"] != dispenser.as_str() {
                findings.push(format!("{what}: the site has it as {row}"));
            }
            for (side, row) in [
                ("the site", Some(&row)),
                ("the hub", at_hub.get(poured.receipt.as_str())),
            ] {
                match row {
                    Some(row) if !poured.is(row) => {
                        findings.push(format!("{what}: {side} has {row} instead of {poured:?}"));
                    }
                    Some(_) => {}
                    None => findings.push(format!("{what}: {side} has lost it")),
                }
            }
        }
        // Somebody may draw at a tap of their own meanwhile: that is no sale of ours, and both sides must have it.
        let taps: BTreeSet<&str> = (self.poured.keys())
            .filter(|(at, ..)| at == site)
            .map(|(_, dispenser, _)| dispenser.as_str())
            .collect();
        for (receipt, row) in own_left {
            if row["dispenser"]
                .as_str()
                .is_some_and(|dispenser| taps.contains(dispenser))
            {
                findings.push(format!("{site}: nobody heard of {receipt}: {row}"));
            }
        }
        let own = by_receipt(own, &mut Vec::new(), site);
        // What a manager sold by phone is a row of the hub alone, and names no dispenser.
        let both = |receipt: &&str| own.contains_key(receipt) && at_hub.contains_key(receipt);
        let of_hub_alone = |row: &Value| row["dispenser"].is_null() && row["kind"] == "cash";
        let left_at_hub = at_hub
            .iter()
            .filter(|(receipt, row)| !both(receipt) && !of_hub_alone(row))
            .count();
        let left_there = own.keys().filter(|receipt| !both(receipt)).count();
        if left_there + left_at_hub > 0 {
            findings.push(format!(
                "{site}: {left_there} sales there that the hub has not, {left_at_hub} at the hub that it has not"
            ));
        }
    }

    async fn compare_balances(&self, programme: &Programme, findings: &mut Vec<String>) -> anyhow::Result<()> {
        let mut left = self.credited.clone();
        for poured in self.poured.values() {
            *left.entry(poured.customer.clone()).or_default() -= poured.volume_ml;
        }
        for (customer, left) in left {
            let path = format!("/api/v1/customers/{customer}");
            let shown = programme.api.get(&path).await?.expect(200)?;
            if shown["balance_ml"] != left {
                findings.push(format!(
                    "{customer} should have {left} ml left, and the hub says {shown}"
                ));
            }
            if left < 0 {
                findings.push(format!("{customer} drew {} ml more than there was", -left));
            }
        }
        Ok(())
    }
}

/// The rows that are sales, by their receipt.
fn by_receipt<'a>(rows: &'a [Value], findings: &mut Vec<String>, side: &str) -> BTreeMap<&'a str, &'a Value> {
    let mut found = BTreeMap::new();
    for row in rows {
        let Some(receipt) = row["receipt"].as_str() else {
            continue;
        };
        if let Some(other) = found.insert(receipt, row) {
            findings.push(format!("{side} has {receipt} twice: {other} and {row}"));
        }
    }
    found
}
