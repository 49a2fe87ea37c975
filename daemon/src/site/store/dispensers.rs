//! Dispensers of this site.

use kiosk::{ids::DispenserId, units::Volume};
use rusqlite::{Connection, OptionalExtension, Row};
use store::StoreError;

use super::volume;

/// A dispenser's row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DispenserRow {
    /// Its id.
    pub id: DispenserId,
    /// Whether it sells.
    pub enabled: bool,
    /// The most it may be asked for at once.
    pub volume_max: Volume,
    /// Pulses of its flow meter per litre.
    pub pulses_per_litre: i64,
    /// The same as a manager measured it here; `None` where it follows the site's settings.
    pub pulses_measured: Option<i64>,
    /// Its display's language.
    pub language: String,
    /// Grows with every change of its configuration.
    pub config_revision: i64,
    /// Wrong PINs typed here of late, as the PIN rules keep them.
    pub wrong_pins: Option<Vec<u8>>,
}

/// The dispenser with this id.
pub fn find(connection: &Connection, id: &DispenserId) -> Result<Option<DispenserRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, enabled, volume_max_ml, pulses_per_litre, language, config_revision, wrong_pins,
                pulses_measured FROM dispenser
         WHERE id = ?1",
    )?;
    statement
        .query_row([id.as_str()], |row| Ok(read(row)))
        .optional()?
        .transpose()
}

/// All dispensers, by id.
pub fn all(connection: &Connection) -> Result<Vec<DispenserRow>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT id, enabled, volume_max_ml, pulses_per_litre, language, config_revision, wrong_pins,
                pulses_measured FROM dispenser
         ORDER BY id",
    )?;
    let rows = statement.query_map([], |row| Ok(read(row)))?;
    rows.map(|row| row?).collect()
}

/// The id and the hashed secret of each dispenser.
pub fn secrets(connection: &Connection) -> Result<Vec<(DispenserId, [u8; 32])>, StoreError> {
    let mut statement = connection.prepare_cached("SELECT id, secret FROM dispenser ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, [u8; 32]>(1)?)))?;
    rows.map(|row| {
        let (id, secret) = row?;
        Ok((id.parse().map_err(|_| StoreError::Row("a dispenser's id"))?, secret))
    })
    .collect()
}

/// Adds a dispenser, or gives an existing one a new secret.
pub fn add(connection: &Connection, row: &DispenserRow, secret: &[u8; 32]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "INSERT INTO dispenser (id, secret, enabled, volume_max_ml, pulses_per_litre, language) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET secret = excluded.secret",
    )?;
    let values = (
        row.id.as_str(),
        secret,
        row.enabled,
        row.volume_max.signed_ml(),
        row.pulses_per_litre,
        &row.language,
    );
    Ok(statement.execute(values).map(drop)?)
}

/// Switches a dispenser on or off; its configuration gets a new revision. Returns whether there is such a dispenser.
pub fn enable(connection: &Connection, id: &DispenserId, enabled: bool) -> Result<bool, StoreError> {
    let mut statement = connection
        .prepare_cached("UPDATE dispenser SET enabled = ?2, config_revision = config_revision + 1 WHERE id = ?1")?;
    Ok(statement.execute((id.as_str(), enabled))? == 1)
}

/// Sets what a manager measured, or takes it back to `pulses_per_litre` of the site. Returns whether there is such a dispenser.
pub fn measure(
    connection: &Connection,
    id: &DispenserId,
    measured: Option<i64>,
    pulses_per_litre: i64,
) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE dispenser SET pulses_per_litre_before = max(coalesce(pulses_per_litre_before, 0), pulses_per_litre),
                pulses_measured = ?2, pulses_per_litre = coalesce(?2, ?3), config_revision = config_revision + 1
         WHERE id = ?1",
    )?;
    Ok(statement.execute((id.as_str(), measured, pulses_per_litre))? == 1)
}

/// Applies the site's settings to every dispenser that differs; a meter that was measured stays. Returns whether any did.
pub fn apply_settings(connection: &Connection, pulses_per_litre: i64, language: &str) -> Result<bool, StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE dispenser SET pulses_per_litre_before = max(coalesce(pulses_per_litre_before, 0), pulses_per_litre),
                pulses_per_litre = coalesce(pulses_measured, ?1), language = ?2,
                config_revision = config_revision + 1
         WHERE pulses_per_litre <> coalesce(pulses_measured, ?1) OR language <> ?2",
    )?;
    Ok(statement.execute((pulses_per_litre, language))? > 0)
}

/// Remembers the wrong PINs typed at a dispenser.
pub fn put_wrong_pins(connection: &Connection, id: &DispenserId, wrong_pins: &[u8]) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE dispenser SET wrong_pins = ?2 WHERE id = ?1")?;
    Ok(statement.execute((id.as_str(), wrong_pins)).map(drop)?)
}

fn read(row: &Row<'_>) -> Result<DispenserRow, StoreError> {
    let id: String = row.get(0)?;
    Ok(DispenserRow {
        id: id.parse().map_err(|_| StoreError::Row("a dispenser's id"))?,
        enabled: row.get(1)?,
        volume_max: volume(row.get(2)?)?,
        pulses_per_litre: row.get(3)?,
        language: row.get(4)?,
        config_revision: row.get(5)?,
        wrong_pins: row.get(6)?,
        pulses_measured: row.get(7)?,
    })
}

/// Keeps the meter of a dispenser as its heartbeat told it, and the configuration it says it measures by. Until it has
/// the newest, what flows may still be measured with an older one.
pub fn put_pulses(
    connection: &Connection,
    id: &DispenserId,
    pulses_total: u64,
    config_revision: Option<i64>,
) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached(
        "UPDATE dispenser SET pulses_total = ?2, since_ml = 0,
                pulses_per_litre_before = CASE WHEN config_revision IS ?3 THEN NULL ELSE pulses_per_litre_before END
         WHERE id = ?1",
    )?;
    let pulses_total = i64::try_from(pulses_total).unwrap_or(i64::MAX);
    Ok(statement
        .execute((id.as_str(), pulses_total, config_revision))
        .map(drop)?)
}

/// Counts water that was booked after the last heartbeat.
pub fn count_since(connection: &Connection, id: &DispenserId, volume: Volume) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE dispenser SET since_ml = since_ml + ?2 WHERE id = ?1")?;
    Ok(statement.execute((id.as_str(), volume.signed_ml())).map(drop)?)
}

/// What is known of a meter.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Meter {
    /// Its total at the last heartbeat.
    pub pulses_total: u64,
    /// What was booked since then.
    pub booked: Volume,
    /// The most pulses a litre with which that may have been measured.
    pub pulses_per_litre_max: u64,
}

/// The meter of a dispenser; `None` before the first heartbeat.
pub fn meter(connection: &Connection, id: &DispenserId) -> Result<Option<Meter>, StoreError> {
    let mut statement = connection.prepare_cached(
        "SELECT pulses_total, since_ml, max(pulses_per_litre, coalesce(pulses_per_litre_before, 0)) FROM dispenser
         WHERE id = ?1",
    )?;
    let row: Option<(Option<i64>, i64, i64)> = statement
        .query_row([id.as_str()], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .optional()?;
    let Some((Some(pulses_total), since_ml, pulses_per_litre_max)) = row else {
        return Ok(None);
    };
    Ok(Some(Meter {
        pulses_total: pulses_total.unsigned_abs(),
        booked: volume(since_ml)?,
        pulses_per_litre_max: pulses_per_litre_max.unsigned_abs(),
    }))
}

/// A dispenser that is expected to be heard: it sells, and told heartbeats.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Expected {
    /// Which.
    pub id: DispenserId,
    /// Its silence was told.
    pub is_silence_told: bool,
}

/// Those that are expected to be heard, by id.
pub fn expected(connection: &Connection) -> Result<Vec<Expected>, StoreError> {
    let mut statement =
        connection.prepare_cached("SELECT id, silence_told FROM dispenser WHERE enabled AND expected ORDER BY id")?;
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get(1)?)))?;
    rows.map(|row| {
        let (id, is_silence_told) = row?;
        let id = id.parse().map_err(|_| StoreError::Row("a dispenser's id"))?;
        Ok(Expected { id, is_silence_told })
    })
    .collect()
}

/// Whether a dispenser is expected to be heard from now on.
pub fn expect(connection: &Connection, id: &DispenserId, expected: bool) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("UPDATE dispenser SET expected = ?2 WHERE id = ?1 AND expected <> ?2")?;
    Ok(statement.execute((id.as_str(), expected)).map(drop)?)
}

/// Whether its silence was told.
pub fn put_silence_told(connection: &Connection, id: &DispenserId, told: bool) -> Result<(), StoreError> {
    let mut statement = connection.prepare_cached("UPDATE dispenser SET silence_told = ?2 WHERE id = ?1")?;
    Ok(statement.execute((id.as_str(), told)).map(drop)?)
}
