//! Purchases and their payments.

use kiosk::{
    ids::{BoxId, CustomerId, Epoch, Lane, LogKey, ProviderReceipt, ProviderReference, RecordId, SiteName, Writer},
    moment::Wall,
    payment::{Failure, Msisdn, Payment, PaymentState},
    provider::Provider,
    units::{Currency, Money, Volume},
};
use rusqlite::{Row, params};

use super::{Store, Stored, customer::maybe_volume, id, maybe_id, maybe_parsed, maybe_wall, signed, wrong};
use crate::hub::input::{Pay, PurchaseId};

/// What a purchase gives.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) enum PurchaseKind {
    /// Prepaid litres.
    Topup(Volume),
    /// Money into the wallet.
    Deposit,
    /// Money that the open bills take from first; what they leave goes into the wallet.
    Bill,
    /// A subscription to a site, and what it was when it was priced.
    Subscription {
        plan: String,
        site: SiteName,
        terms: Option<Terms>,
    },
}

/// What a plan gave when it was sold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::hub) struct Terms {
    pub days: u16,
    pub jerrycans: u32,
    pub allowance: Volume,
    pub zone: String,
}

impl PurchaseKind {
    /// The word in the API and the audit.
    pub const fn name(&self) -> &'static str {
        match self {
            PurchaseKind::Topup(_) => "topup",
            PurchaseKind::Deposit => "deposit",
            PurchaseKind::Bill => "bill",
            PurchaseKind::Subscription { .. } => "subscription",
        }
    }
}

/// A purchase and its payment.
#[derive(Clone, Debug)]
pub(in crate::hub) struct PurchaseRow {
    pub id: PurchaseId,
    pub customer: CustomerId,
    pub kind: PurchaseKind,
    pub pay: Pay,
    pub provider: Option<Provider>,
    pub token: String,
    pub payment: Payment,
    pub asked: Option<RecordId>,
    pub created: Wall,
    pub settled: Option<Wall>,
}

fn read_kind(row: &Row<'_>) -> rusqlite::Result<PurchaseKind> {
    let kind: String = row.get("kind")?;
    Ok(match kind.as_str() {
        "topup" => PurchaseKind::Topup(maybe_volume(row, "volume_ml")?.ok_or_else(|| wrong(row, "volume_ml"))?),
        "deposit" if row.get("for_bills")? => PurchaseKind::Bill,
        "deposit" => PurchaseKind::Deposit,
        _ => PurchaseKind::Subscription {
            plan: row.get("plan")?,
            site: maybe_parsed(row, "site")?.ok_or_else(|| wrong(row, "site"))?,
            terms: read_terms(row)?,
        },
    })
}

fn read_terms(row: &Row<'_>) -> rusqlite::Result<Option<Terms>> {
    let (days, jerrycans) = (row.get("plan_days")?, row.get("plan_jerrycans")?);
    let (allowance, zone) = (maybe_volume(row, "plan_allowance_ml")?, row.get("plan_zone")?);
    let (Some(days), Some(jerrycans), Some(allowance), Some(zone)) = (days, jerrycans, allowance, zone) else {
        return Ok(None);
    };
    Ok(Some(Terms {
        days,
        jerrycans,
        allowance,
        zone,
    }))
}

fn read_payment(row: &Row<'_>) -> rusqlite::Result<Payment> {
    let currency: String = row.get("currency")?;
    let currency = Currency::from_code(&currency).ok_or_else(|| wrong(row, "currency"))?;
    let state: String = row.get("state")?;
    let failure: Option<String> = row.get("failure")?;
    Ok(Payment {
        amount: Money::new(row.get("amount_minor")?, currency),
        payer: Msisdn(id(row, "payer")?),
        state: PaymentState::from_name(&state).ok_or_else(|| wrong(row, "state"))?,
        failure: failure
            .map(|name| Failure::from_name(&name).ok_or_else(|| wrong(row, "failure")))
            .transpose()?,
        reference: maybe_parsed(row, "reference")?,
        receipt: maybe_parsed(row, "receipt")?,
        receipt_proven: row.get("receipt_proven")?,
        claimed: row.get("claimed")?,
        mismatched: row.get("mismatched")?,
        told: row.get("told")?,
        since: Wall(row.get("since_ms")?),
        queries: row.get("queries")?,
        retries: row.get("retries")?,
        due: maybe_wall(row, "due_ms")?,
    })
}

fn read_asked(row: &Row<'_>) -> rusqlite::Result<Option<RecordId>> {
    let (Some(box_id), Some(epoch)) = (maybe_id(row, "asked_box")?, maybe_id(row, "asked_epoch")?) else {
        return Ok(None);
    };
    let log = LogKey {
        box_id: BoxId(box_id),
        by: Writer::Site,
        lane: Lane::Money,
        epoch: Epoch(epoch),
    };
    Ok(Some(RecordId {
        log,
        seq: row.get("asked_seq")?,
    }))
}

pub(super) fn read_purchase(row: &Row<'_>) -> rusqlite::Result<PurchaseRow> {
    let pay: String = row.get("pay")?;
    let provider: Option<String> = row.get("provider")?;
    Ok(PurchaseRow {
        id: PurchaseId(id(row, "id")?),
        customer: CustomerId(id(row, "customer")?),
        kind: read_kind(row)?,
        pay: if pay == "wallet" { Pay::Wallet } else { Pay::Prompt },
        provider: provider
            .map(|name| Provider::from_name(&name).ok_or_else(|| wrong(row, "provider")))
            .transpose()?,
        token: row.get("token")?,
        payment: read_payment(row)?,
        asked: read_asked(row)?,
        created: Wall(row.get("created_ms")?),
        settled: maybe_wall(row, "settled_ms")?,
    })
}

impl Store<'_> {
    /// A purchase by id.
    pub fn purchase(&self, purchase: PurchaseId) -> Stored<Option<PurchaseRow>> {
        self.one(
            "SELECT * FROM purchase WHERE id = ?1",
            [signed(purchase.0)],
            read_purchase,
        )
    }

    /// The purchase whose callback's address ends with this token.
    pub fn purchase_by_token(&self, token: &str) -> Stored<Option<PurchaseRow>> {
        self.one("SELECT * FROM purchase WHERE token = ?1", [token], read_purchase)
    }

    /// The purchase that a provider knows by this reference.
    pub fn purchase_by_reference(
        &self,
        provider: Provider,
        reference: &ProviderReference,
    ) -> Stored<Option<PurchaseRow>> {
        self.one(
            "SELECT * FROM purchase WHERE provider = ?1 AND reference = ?2",
            [provider.name(), reference.as_str()],
            read_purchase,
        )
    }

    /// The purchase that a provider printed this receipt for, or the newest that a callback told so.
    pub fn purchase_by_receipt(&self, provider: Provider, receipt: &ProviderReceipt) -> Stored<Option<PurchaseRow>> {
        self.one(
            "SELECT * FROM purchase WHERE provider = ?1 AND receipt = ?2
             ORDER BY receipt_proven DESC, created_ms DESC, id LIMIT 1",
            [provider.name(), receipt.as_str()],
            read_purchase,
        )
    }

    /// Another purchase that was settled under this receipt, whoever said so.
    pub fn settled_under(
        &self,
        provider: Provider,
        receipt: &ProviderReceipt,
        but: PurchaseId,
    ) -> Stored<Option<PurchaseRow>> {
        self.one(
            "SELECT * FROM purchase WHERE provider = ?1 AND receipt = ?2 AND id IS NOT ?3 AND settled_ms IS NOT NULL
             ORDER BY receipt_proven DESC, created_ms DESC, id LIMIT 1",
            params![provider.name(), receipt.as_str(), signed(but.0)],
            read_purchase,
        )
    }

    /// The purchases of a customer that may still come to something, or were settled since a moment, the newest first.
    pub fn recent_purchases(&self, customer: CustomerId, settled_since: Wall) -> Stored<Vec<PurchaseRow>> {
        self.all(
            "SELECT * FROM purchase WHERE customer = ?1
             AND (state IN ('created', 'submitting', 'pending', 'unknown', 'needs_operator') OR settled_ms >= ?2)
             ORDER BY created_ms DESC, id",
            [signed(customer.0), settled_since.0],
            read_purchase,
        )
    }

    /// The newest purchases of a customer, whatever became of them.
    pub fn newest_purchases(&self, customer: CustomerId, limit: u32) -> Stored<Vec<PurchaseRow>> {
        self.all(
            "SELECT * FROM purchase WHERE customer = ?1 ORDER BY created_ms DESC, id LIMIT ?2",
            params![signed(customer.0), limit],
            read_purchase,
        )
    }

    /// Purchases whose payment wants a tick: what is due, and what a clock that ran ahead put off beyond the longest wait.
    pub fn purchases_due(&self, now: Wall, wait_ms_max: i64, limit: u32) -> Stored<Vec<PurchaseRow>> {
        self.all(
            "SELECT * FROM purchase WHERE due_ms <= ?1
             UNION ALL SELECT * FROM purchase WHERE due_ms > ?2
             ORDER BY due_ms, id LIMIT ?3",
            [now.0, now.plus_ms(wait_ms_max).0, i64::from(limit)],
            read_purchase,
        )
    }

    /// Writes a purchase, new or changed; what was bought and by whom never changes.
    pub fn put_purchase(&self, row: &PurchaseRow) -> Stored<()> {
        let (volume, plan, site) = match &row.kind {
            PurchaseKind::Topup(volume) => (Some(volume.signed_ml()), None, None),
            PurchaseKind::Deposit | PurchaseKind::Bill => (None, None, None),
            PurchaseKind::Subscription { plan, site, .. } => (None, Some(plan.as_str()), Some(site.as_str())),
        };
        let terms = match &row.kind {
            PurchaseKind::Subscription { terms, .. } => terms.as_ref(),
            PurchaseKind::Topup(_) | PurchaseKind::Deposit | PurchaseKind::Bill => None,
        };
        let payment = &row.payment;
        self.execute(
            "INSERT INTO purchase (id, customer, kind, volume_ml, plan, site, amount_minor, currency, pay, provider,
                                   payer, token, state, failure, reference, receipt, claimed, mismatched, told,
                                   since_ms, queries, retries, due_ms, asked_box, asked_epoch, asked_seq, created_ms,
                                   settled_ms, plan_days, plan_jerrycans, plan_allowance_ml, plan_zone,
                                   receipt_proven, for_bills, counts_at)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21,
                     ?22, ?23, ?24, ?25, ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34,
                     coalesce(?6, (SELECT coalesce(stays.site, own.site) FROM customer AS own
                         LEFT JOIN customer AS stays ON stays.id = own.merged_into WHERE own.id = ?2), ''))
             ON CONFLICT (id) DO UPDATE SET
                 state = excluded.state, failure = excluded.failure, reference = excluded.reference,
                 receipt = excluded.receipt, receipt_proven = excluded.receipt_proven, claimed = excluded.claimed, mismatched = excluded.mismatched,
                 told = excluded.told, since_ms = excluded.since_ms, queries = excluded.queries,
                 retries = excluded.retries, due_ms = excluded.due_ms, settled_ms = excluded.settled_ms",
            params![
                signed(row.id.0),
                signed(row.customer.0),
                match &row.kind {
                    PurchaseKind::Bill => PurchaseKind::Deposit.name(),
                    kind => kind.name(),
                },
                volume,
                plan,
                site,
                payment.amount.minor,
                payment.amount.currency.code(),
                match row.pay {
                    Pay::Prompt => "prompt",
                    Pay::Wallet => "wallet",
                },
                row.provider.map(Provider::name),
                signed(payment.payer.0),
                row.token,
                payment.state.name(),
                payment.failure.map(Failure::name),
                payment.reference.as_ref().map(ProviderReference::as_str),
                payment.receipt.as_ref().map(ProviderReceipt::as_str),
                payment.claimed,
                payment.mismatched,
                payment.told,
                payment.since.0,
                payment.queries,
                payment.retries,
                payment.due.map(|due| due.0),
                row.asked.map(|record| signed(record.log.box_id.0)),
                row.asked.map(|record| signed(record.log.epoch.0)),
                row.asked.map(|record| record.seq),
                row.created.0,
                row.settled.map(|settled| settled.0),
                terms.map(|terms| terms.days),
                terms.map(|terms| terms.jerrycans),
                terms.map(|terms| terms.allowance.signed_ml()),
                terms.map(|terms| terms.zone.as_str()),
                payment.receipt_proven,
                row.kind == PurchaseKind::Bill,
            ],
        )
        .map(drop)
    }
}
