//! Sabotage of the hub's rows, behind the machine's back.

use super::World;
use crate::{check::rows, sabotage::Sabotage};

/// One change to the hub's rows, and whether there is something to change yet.
const CHANGES: [(Sabotage, &str, &str); 8] = [
    (
        Sabotage::OpenGrantRegranted,
        "SELECT count(*) FROM grants WHERE NOT closed AND spent_ml > 0 AND spent_ml < volume_ml",
        "UPDATE grants SET closed = 1 WHERE (epoch, number) =
             (SELECT epoch, number FROM grants WHERE NOT closed AND spent_ml > 0 AND spent_ml < volume_ml LIMIT 1)",
    ),
    (
        Sabotage::CreditedTwice,
        "SELECT count(*) FROM credit WHERE source LIKE 'mpesa:%'",
        "INSERT INTO credit SELECT id + 1, customer, purse, period, volume_ml, amount_minor, source, reason, time_ms
             FROM credit WHERE source LIKE 'mpesa:%' LIMIT 1",
    ),
    (
        Sabotage::CashCreditedTwice,
        "SELECT count(*) FROM credit WHERE source LIKE 'cash:%'",
        "INSERT INTO credit SELECT id + 1, customer, purse, period, volume_ml, amount_minor, source, reason, time_ms
             FROM credit WHERE source LIKE 'cash:%' LIMIT 1",
    ),
    (
        Sabotage::DirectBookedTwice,
        "SELECT count(*) FROM money_seen WHERE place = 'wallet'",
        "INSERT INTO credit SELECT id + 1, customer, purse, period, volume_ml, amount_minor, source, reason, time_ms
             FROM credit WHERE source = (SELECT 'mpesa:' || receipt FROM money_seen WHERE place = 'wallet' LIMIT 1)",
    ),
    (
        Sabotage::ChunkAppliedTwice,
        "SELECT count(*) FROM grants WHERE spent_ml > 0",
        "UPDATE grants SET spent_ml = 2 * spent_ml WHERE (epoch, number) =
             (SELECT epoch, number FROM grants WHERE spent_ml > 0 LIMIT 1)",
    ),
    (
        Sabotage::LedgerTorn,
        "SELECT count(*) FROM posting",
        "UPDATE posting SET minor = minor + 100 WHERE rowid = (SELECT min(rowid) FROM posting)",
    ),
    (
        Sabotage::RecordAltered,
        "SELECT count(*) FROM journal_records JOIN journal_logs ON number = log WHERE writer = 0 AND seq > 1",
        "UPDATE journal_records SET bytes = CAST(bytes || x'00' AS BLOB) WHERE rowid =
             (SELECT journal_records.rowid FROM journal_records JOIN journal_logs ON number = log
              WHERE writer = 0 AND seq > 1 LIMIT 1)",
    ),
    (
        Sabotage::ConfirmedTwice,
        "SELECT count(*) FROM purchase WHERE volume_ml >= 100000 AND settled_ms IS NOT NULL",
        "CREATE TEMP TABLE again AS SELECT * FROM purchase WHERE volume_ml >= 100000 AND settled_ms IS NOT NULL LIMIT 1;
         UPDATE again SET id = id + 1, token = token || 'again', reference = NULL;
         INSERT INTO purchase SELECT * FROM again",
    ),
];

impl World {
    /// Changes rows as the sabotage says, once there is something to change.
    pub(super) fn spoil_hub(&mut self) {
        let Some((sabotage, ready, change)) = CHANGES.iter().find(|(sabotage, ..)| self.sabotage == Some(*sabotage))
        else {
            return;
        };
        let Some(hub) = self.hub_rows().filter(|_| !self.books.spoilt) else {
            return;
        };
        let count: i64 = rows(hub, ready, [], |row| row.get(0)).map_or(0, |counts| counts[0]);
        if count > 0 && self.spoils(*sabotage) {
            let changed = self.hub_rows().map(|hub| hub.execute_batch(change));
            if let Some(Err(error)) = changed {
                self.books.broken(format!("sabotage failed: {error}"));
            }
        }
    }
}
