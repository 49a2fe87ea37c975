//! Each customer's litres, by arithmetic on what was seen: bought, charged, and left.

use hub::hub::store::read;
use rusqlite::Connection;

use super::{Findings, look::rows, money::paid_litres};
use crate::{books::litres_of, town::World};

pub(super) fn check(world: &World, findings: &mut Findings) {
    let Some(hub) = world.hub_rows() else { return };
    let paid = paid_litres(world);
    for person in 0..world.people.len() {
        let (Some(id), name) = (world.people[person].id, world.people[person].name.clone()) else {
            continue;
        };
        let mut due = Due::of(world, person);
        due.credited.1 += paid.get(&person).map_or(0, |paid| paid.1).cast_signed();
        due.credited.0 += paid.get(&person).map_or(0, |paid| paid.0).cast_signed();
        let on_bills = world.books.on_bills_ml.get(&person).copied().unwrap_or(0).cast_signed();
        due.credited.0 += on_bills;
        due.credited.1 += on_bills;
        findings.rule("nobody draws more than was bought");
        let limit = due.credited.1.max(0).unsigned_abs()
            + world.books.cap_ml(person)
            + world.books.slack_ml.get(&person).copied().unwrap_or(0);
        findings.unless(due.drawn_ml <= limit, || {
            format!(
                "{name} drew {} ml, of {} ml and {} ml of slack",
                due.drawn_ml, due.credited.1, limit
            )
        });
        let Some(Some(shown)) = findings.got(read::customer(hub, id)) else {
            continue;
        };
        let Some((credited, spent)) = findings.got(purses(hub, shown.id.0)) else {
            continue;
        };
        findings.rule("each customer is credited what was bought");
        findings.unless((due.credited.0..=due.credited.1).contains(&credited), || {
            format!("{name}: {credited} ml, due are {:?}", due.credited)
        });
        findings.rule("each customer is charged what was drawn");
        findings.unless((due.charged.0..=due.charged.1).contains(&spent), || {
            format!("{name}: {spent} ml, due are {:?}", due.charged)
        });
        findings.rule("after quiet, the site shows the hub's balance");
        let home = shown.site.as_ref().and_then(|site| {
            let mut standing = world.standing().into_iter();
            standing.find(|(station, _)| world.stations[*station].name == *site)
        });
        if let Some((station, _)) = home {
            let there = world
                .box_balance_ml(station, person)
                .map(|(prepaid, _)| prepaid.cast_signed());
            let cap = world.books.cap_ml(person).cast_signed();
            let here = (shown.balance_ml + cap).max(0);
            findings.unless(there == Some(here), || {
                format!("{name}: the site {there:?}, the hub {here} ml")
            });
        }
    }
}

/// What is due to a person, from the least to the most.
struct Due {
    credited: (i64, i64),
    charged: (i64, i64),
    /// What flowed for them, by what their dispensers' meters had approved.
    drawn_ml: u64,
}

impl Due {
    fn of(world: &World, person: usize) -> Due {
        let mut due = Due {
            credited: (0, 0),
            charged: (0, 0),
            drawn_ml: 0,
        };
        for credit in world.books.credits.iter().filter(|credit| credit.person == person) {
            due.credited.1 += credit.volume_ml;
            due.credited.0 += if credit.may_be_lost { 0 } else { credit.volume_ml };
        }
        for sale in world.books.cash.iter().filter(|sale| sale.person == person) {
            let (least, most) = sale.due_ml();
            due.credited.0 += least.cast_signed();
            due.credited.1 += most.cast_signed();
        }
        let bought = world.books.purchases.iter().filter(|bought| bought.person == person);
        for bought in bought.filter(|bought| bought.from_wallet) {
            let litres_ml = litres_of(&bought.item).cast_signed();
            due.credited.1 += litres_ml;
            due.credited.0 += if bought.may_be_lost { 0 } else { litres_ml };
        }
        for visit in world.books.visits.values().filter(|visit| visit.person == person) {
            let (least, most) = visit.charge_ml();
            due.charged.0 += least.cast_signed();
            due.charged.1 += most.cast_signed();
            let held = visit.held_ml.unwrap_or(0);
            due.drawn_ml += visit.flowed_ml.unwrap_or(0).min(held);
        }
        for draw in world.books.hub_draws.values().filter(|draw| draw.person == person) {
            let (least, most) = draw.charge_ml();
            due.charged.0 += least.cast_signed();
            due.charged.1 += most.cast_signed();
            due.drawn_ml += draw.flowed_ml();
        }
        due
    }
}

/// Credited and spent over all purses of a customer, as the hub's rows have it.
fn purses(hub: &Connection, customer: u64) -> rusqlite::Result<(i64, i64)> {
    let statement = "SELECT coalesce(sum(credited_ml), 0), coalesce(sum(spent_ml), 0) FROM purse WHERE customer = ?1";
    let read = rows(hub, statement, [customer.cast_signed()], |row| {
        Ok((row.get(0)?, row.get(1)?))
    })?;
    Ok(read[0])
}
