//! JSON and CSV of the HTTP door, in and out. Pure: values in, bytes out.

pub(super) mod texts;

use kiosk::{
    day::Zone,
    dispense::Reason,
    ids::{Epoch, Lane},
    moment::{Trust, Wall},
    phone::Country,
    units::{Currency, Money, Volume},
};
use serde_json::{Map, Value, json};

use crate::site::{
    effect::{Answer, DispenserStatus, Receipt, Refusal, Rendered, Status, Told, Way},
    input::Door,
    store::{
        floats::Standing,
        read::{AskedShown, CustomerShown, SaleShown},
    },
};

use super::problem::Problem;

/// The first line of a journal as CSV (CONTRACTS section 8).
pub const CSV_COLUMNS: &str = "site,epoch,seq,time,clock_trusted,kind,request,customer,dispenser,volume_ml,\
                               amount_minor,currency,outcome,receipt";

/// The decision on a verification, for the HTTP door (CONTRACTS section 4).
pub fn answer(_door: &Door, answer: &Answer) -> Vec<u8> {
    let reason = answer.denied.map_or(Reason::VERIFIED, Reason::name);
    let user_data = answer.customer.as_ref().map(|customer| {
        json!({
            "name": customer.name,
            "account_id": customer.account.map(|account| account.to_string()),
            "balance_ml": customer.balance.ml(),
            "jerrycans_left": customer.jerrycans_left,
        })
    });
    let body = json!({
        "request": answer.request.as_str(),
        "approved": answer.denied.is_none(),
        "reason": reason,
        "user_data": user_data,
    });
    body.to_string().into_bytes()
}

/// The acknowledgement of a report, for the HTTP door.
pub fn receipt(_door: &Door, receipt: &Receipt) -> Vec<u8> {
    let body = json!({
        "request": receipt.request.as_str(),
        "volume_ml": receipt.volume.ml(),
        "balance_ml": receipt.balance.map(Volume::ml),
        "receipt": receipt.receipt,
    });
    body.to_string().into_bytes()
}

/// What a caller of the API is told of a change.
pub fn told(told: &Result<Told, Refusal>) -> Rendered {
    let (status, body) = match told {
        Ok(Told::Again(rendered)) => return rendered.clone(),
        Ok(Told::Registered(customer)) => (201, json!({ "id": customer.to_string(), "account_id": null })),
        Ok(Told::Waiting(record)) => (
            202,
            json!({ "id": place(record.log.epoch, record.seq), "state": "waiting" }),
        ),
        Ok(Told::CashTaken(sale)) => (
            201,
            json!({
                "id": place(sale.record.log.epoch, sale.record.seq),
                "receipt": sale.receipt,
                "volume_ml": sale.volume.ml(),
                "amount_minor": sale.amount.minor,
                "currency": sale.amount.currency.code(),
                "float_left_minor": sale.left.minor,
            }),
        ),
        Ok(Told::BroadcastPlan(plan)) => (200, texts::plan(plan)),
        Ok(Told::Broadcast { id, people, parts }) => (201, json!({ "id": id, "people": people, "parts": parts })),
        Ok(Told::Done | Told::Status(_) | Told::Login { .. } | Told::Caller(_)) => (200, json!({ "done": true })),
        Err(refusal) => {
            let problem = Problem::from(refusal.clone());
            (problem.status.as_u16(), problem.body())
        }
    };
    Rendered {
        status,
        body: body.to_string().into_bytes(),
    }
}

/// `epoch:seq`, the epoch as 16 hexadecimal digits.
fn place(epoch: Epoch, seq: u32) -> String {
    format!("{epoch}:{seq}")
}

/// Where and when something is shown.
#[derive(Clone, Debug)]
pub(super) struct Here {
    /// The site's name; empty before joining.
    pub site: String,
    pub currency: Option<Currency>,
    pub zone: Zone,
    pub now: Wall,
    pub is_trusted: bool,
}

impl Here {
    pub(super) fn of(status: &Status) -> Result<Here, Problem> {
        let site = status.site.as_ref().map(|(name, _)| name.to_string());
        Ok(Here {
            site: site.unwrap_or_default(),
            currency: status.currency,
            zone: Zone::named(&status.time_zone).map_err(|_| Problem::unreadable())?,
            now: status.wall,
            is_trusted: status.trust.is_trusted(),
        })
    }

    /// The time by which things expire; none while the clock is not trusted.
    pub(super) fn clock(&self) -> Option<Wall> {
        self.is_trusted.then_some(self.now)
    }

    pub(super) fn country(&self) -> Country {
        self.currency.map_or(Country::Kenya, Country::of_currency)
    }

    /// An amount here; nothing where there is none, or no currency yet.
    pub(super) fn money(&self, minor: Option<i64>) -> Option<Money> {
        Some(Money::new(minor?, self.currency?))
    }

    fn currency_code(&self) -> Option<&'static str> {
        self.currency.map(Currency::code)
    }
}

/// How the site stands, as JSON. The site itself queues nothing in the bulk lane.
pub(super) fn status(status: &Status, state_hash: &str, sales: u64, volume: Volume) -> Value {
    let lanes = Lane::ALL.iter().zip(status.queue);
    let mut queue: Map<String, Value> = lanes
        .map(|(lane, count)| (lane.name().to_owned(), json!(count)))
        .collect();
    queue.insert("bulk".to_owned(), json!(0));
    json!({
        "site": status.site.as_ref().map(|(name, _)| name.to_string()),
        "title": status.site.as_ref().map(|(_, title)| title),
        "hub_url": status.hub_url,
        "link": if status.link_up { "up" } else { "down" },
        "link_since": status.link_since.map(Wall::rfc3339),
        "last_heard": status.last_heard.map(Wall::rfc3339),
        "queue": queue,
        "journal_through": status
            .journal_through
            .map(|(epoch, seq)| json!({ "epoch": epoch.to_string(), "seq": seq })),
        "spent_today": {
            "bytes": { "sync_sent": status.spent.sync_sent, "sync_received": status.spent.sync_received },
            "sms": status.sim.as_ref().map_or(0, |sim| sim.parts_today),
        },
        "modem": texts::modem(status.sim.as_ref()),
        "sms": texts::sms(status.sim.as_ref()),
        "degraded": status.degraded,
        "disk": status.room.map(|room| json!({
            "free_bytes": room.free_bytes,
            "ballast": room.has_ballast,
            "low": room.is_tight(),
        })),
        "clock": {
            "time": status.wall.rfc3339(),
            "trust": trust(status.trust),
            "trusted": status.trust.is_trusted(),
        },
        "today": { "sales": sales, "volume_ml": volume.ml() },
        "dispensers": status.dispensers.iter().map(dispenser).collect::<Vec<_>>(),
        "state_hash": state_hash,
    })
}

/// The same without what only the database tells, for `doctor`.
pub fn standing(standing: &Status) -> String {
    status(standing, "", 0, Volume::ZERO).to_string()
}

fn dispenser(status: &DispenserStatus) -> Value {
    let beat = status.presence.heartbeat.as_ref();
    json!({
        "id": status.id.as_str(),
        "enabled": status.config.enabled,
        "online": status.online,
        "last_heard": status.presence.heard.map(Wall::rfc3339),
        "heard_by": status.presence.way.map(Way::name),
        "volume_ml_max": status.config.volume_max.ml(),
        "pulses_per_litre": status.config.pulses_per_litre,
        "language": status.config.language,
        "config_revision": status.config.revision,
        "firmware": beat.map(|beat| &beat.firmware),
        "state": beat.map(|beat| &beat.state),
        "rssi_dbm": beat.and_then(|beat| beat.rssi_dbm),
    })
}

/// Who vouches for the clock, as a word.
pub(super) const fn trust(trust: Trust) -> &'static str {
    match trust {
        Trust::None => "none",
        Trust::Manager => "manager",
        Trust::Modem => "modem",
        Trust::Ntp => "ntp",
        Trust::Hub => "hub",
    }
}

/// A row of sales as JSON (CONTRACTS section 6).
pub(super) fn sale(here: &Here, sale: &SaleShown) -> Value {
    json!({
        "id": format!("{}:{}", here.site, place(sale.epoch, sale.seq)),
        "site": here.site,
        "customer": sale.customer.map(|customer| customer.to_string()),
        "dispenser": (!sale.dispenser.is_empty()).then_some(&sale.dispenser),
        "kind": sale.kind,
        "request": sale.request,
        "volume_ml": sale.volume_ml,
        "amount_minor": sale.amount_minor,
        "currency": here.currency_code(),
        "time": sale.time.rfc3339(),
        "clock_trusted": sale.clock_trusted,
        "outcome": sale.outcome,
        "receipt": sale.receipt,
    })
}

/// A row of sales as a line of CSV, line end included. No field of it can hold a comma or a quote.
pub fn csv_line(site: &str, currency: Option<Currency>, sale: &SaleShown) -> String {
    let customer = sale.customer.map(|customer| customer.to_string()).unwrap_or_default();
    format!(
        "{site},{},{},{},{},{},{},{customer},{},{},{},{},{},{}\r\n",
        sale.epoch,
        sale.seq,
        sale.time.rfc3339(),
        sale.clock_trusted,
        sale.kind,
        sale.request.as_deref().unwrap_or_default(),
        sale.dispenser,
        sale.volume_ml,
        sale.amount_minor.map(|minor| minor.to_string()).unwrap_or_default(),
        currency.map(Currency::code).unwrap_or_default(),
        sale.outcome.as_deref().unwrap_or_default(),
        sale.receipt,
    )
}

/// A customer as JSON.
pub(super) fn customer(here: &Here, customer: &CustomerShown) -> Value {
    let subscription = customer.subscription_until.map(|until| {
        let is_over = here.clock().is_some_and(|now| until <= now);
        json!({
            "site": here.site,
            "state": if is_over { "expired" } else { "valid" },
            "valid_until": here.zone.last_day(until).to_string(),
        })
    });
    json!({
        "id": customer.id.to_string(),
        "account_id": customer.account.map(|account| account.to_string()),
        "phone": customer.phone,
        "name": customer.name,
        "language": customer.language,
        "site": here.site,
        "balance_ml": customer.balance.ml(),
        "jerrycans_left": customer.jerrycans_left,
        "currency": here.currency_code(),
        "active": customer.active,
        "admitted": customer.admitted,
        "wrong_pins": customer.has_wrong_pins,
        "subscription": subscription,
    })
}

/// How the caller stands with their cash, as JSON.
pub(super) fn float(here: &Here, login: &str, standing: &Standing, today: (u64, i64)) -> Value {
    json!({
        "manager": login,
        "known": standing.is_known,
        "left_minor": standing.left_minor(),
        "drawer_minor": standing.drawer_minor,
        "price_per_m3_minor": standing.price_per_m3_minor(),
        "currency": here.currency_code(),
        "today": { "sales": today.0, "amount_minor": today.1 },
    })
}

/// Something asked of the hub, as JSON; the fields of FEATURES C27 in this API's spelling.
pub(super) fn asked(asked: &AskedShown) -> Value {
    json!({
        "id": place(asked.epoch, asked.seq),
        "type": asked_type(&asked.kind),
        "customer": asked.customer.to_string(),
        "data": asked.detail,
        "queued_at": asked.time.rfc3339(),
        "state": asked.state,
        "synced": asked.state != "waiting",
    })
}

/// The same in the spelling of FEATURES C27.
pub(super) fn asked_c27(asked: &AskedShown) -> Value {
    json!({
        "id": place(asked.epoch, asked.seq),
        "type": asked_type(&asked.kind),
        "data": asked.detail,
        "queuedAt": asked.time.0,
        "synced": asked.state != "waiting",
    })
}

fn asked_type(kind: &str) -> &'static str {
    match kind {
        "loan" => "LOAN_REQUEST",
        _ => "PURCHASE",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn csv_has_as_many_columns_as_its_head() {
        let sale = SaleShown {
            epoch: Epoch(1),
            seq: 2,
            time: Wall(0),
            clock_trusted: true,
            kind: "dispense".to_owned(),
            request: None,
            customer: None,
            dispenser: "tap".to_owned(),
            volume_ml: 500,
            amount_minor: None,
            outcome: None,
            receipt: "7K3F9QXA".to_owned(),
        };
        let line = csv_line("kibera", Some(Currency::Kes), &sale);
        assert_eq!(
            line,
            "kibera,0000000000000001,2,1970-01-01T00:00:00Z,true,dispense,,,tap,500,,KES,,7K3F9QXA\r\n"
        );
        assert_eq!(line.matches(',').count(), CSV_COLUMNS.matches(',').count());
    }
}
