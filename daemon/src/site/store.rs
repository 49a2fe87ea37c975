//! The site's rows. All SQL of the gateway is in this folder; nothing here decides.

pub mod accounts;
pub mod asked;
pub mod audit;
pub mod broadcasts;
pub mod care;
pub mod dispensers;
pub mod documents;
pub mod floats;
pub mod inbox;
pub mod meta;
pub mod outbox;
pub mod people;
pub mod read;
pub mod readers;
pub mod requests;
pub mod rights;
pub mod sales;
pub mod unknown;

use std::path::Path;

use kiosk::{
    grant::Charge,
    ids::{CustomerId, Epoch, GrantId},
    units::Volume,
};
use store::{Connection, Database, Durability, StoreError, journal::SqlLogs};
use sync::vault::Vault;

/// The schema, oldest first. A released step is never edited: add one.
const MIGRATIONS: [&str; 11] = [
    store::journal::SCHEMA,
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
    include_str!("schema/6.sql"),
    include_str!("schema/7.sql"),
    include_str!("schema/8.sql"),
    include_str!("schema/9.sql"),
    include_str!("schema/10.sql"),
];

/// Under this key of `meta`: free pages may still hold what is sealed by now. The value is one byte, the number of the
/// next start that might rewrite the file.
const REWRITE_DUE: &str = "rewrite_due";
/// So many starts in a row try it; then every so many-th, for a start that always ends in it sells nothing.
const REWRITE_TRIES_MAX: u8 = 3;
const REWRITE_EVERY: u8 = 10;

/// Opens the site's database at `path`. What names a person in it is sealed in this vault.
pub fn open(path: &Path, durability: Durability, vault: &Vault) -> Result<Database, StoreError> {
    let database = Database::open_sealed(path, durability, vault, &MIGRATIONS)?;
    rewrite_if_due(&database)?;
    Ok(database)
}

/// Whether free pages of the file may still hold phones and names in the clear.
pub fn is_rewrite_due(connection: &Connection) -> Result<bool, StoreError> {
    Ok(meta::get(connection, REWRITE_DUE)?.is_some())
}

/// Counts the try before it is made: one that a power cut or the system ends is a try too.
fn rewrite_if_due(database: &Database) -> Result<(), StoreError> {
    let connection = database.connection();
    let Some(value) = meta::get(connection, REWRITE_DUE)? else {
        return Ok(());
    };
    let number = value.first().copied().unwrap_or(1);
    let next = number.checked_add(1).unwrap_or(REWRITE_TRIES_MAX + 1);
    meta::put(connection, REWRITE_DUE, &[next])?;
    if number > REWRITE_TRIES_MAX && !number.is_multiple_of(REWRITE_EVERY) {
        return Ok(());
    }
    match database.rewrite() {
        Ok(()) => meta::delete(connection, REWRITE_DUE),
        // The water must flow meanwhile; a later start tries again.
        Err(error) => {
            tracing::warn!(%error, "free pages may still hold phones and names; the file could not be written anew");
            Ok(())
        }
    }
}

/// The logs of this box, the edits sealed.
pub fn logs(connection: &Connection) -> SqlLogs<'_> {
    SqlLogs::sealed(connection)
}

/// A random id as SQLite's signed integer: the same 64 bits.
pub(crate) const fn signed(id: u64) -> i64 {
    id.cast_signed()
}

/// The id in a signed column.
pub(crate) const fn unsigned(column: i64) -> u64 {
    column.cast_unsigned()
}

/// A volume column; negative or absurd values are damage.
pub(crate) fn volume(column: i64) -> Result<Volume, StoreError> {
    Volume::try_from_ml(column).ok_or(StoreError::Row("a volume"))
}

/// Parts of a hold as bytes: grant epoch, grant number, volume, each 8 bytes, big-endian.
pub(crate) fn pack_parts(parts: &[(GrantId, Volume)]) -> Vec<u8> {
    let words = parts
        .iter()
        .flat_map(|(grant, volume)| [grant.epoch.0, grant.number, volume.ml()]);
    words.flat_map(u64::to_be_bytes).collect()
}

/// Reads [`pack_parts`] back.
pub(crate) fn unpack_parts(bytes: &[u8]) -> Result<Vec<(GrantId, Volume)>, StoreError> {
    let (words, rest) = bytes.as_chunks::<8>();
    let (parts, words_left) = words.as_chunks::<3>();
    if !rest.is_empty() || !words_left.is_empty() {
        return Err(StoreError::Row("the parts of a hold"));
    }
    let part = |[epoch, number, volume]: &[[u8; 8]; 3]| {
        let grant = GrantId {
            epoch: Epoch(u64::from_be_bytes(*epoch)),
            number: u64::from_be_bytes(*number),
        };
        (grant, Volume::from_ml(u64::from_be_bytes(*volume)))
    };
    Ok(parts.iter().map(part).collect())
}

/// A charge as bytes: what went over, then its parts.
pub(crate) fn pack_charge(charge: &Charge) -> Vec<u8> {
    [&charge.over.ml().to_be_bytes()[..], &pack_parts(&charge.parts)].concat()
}

/// Reads [`pack_charge`] back.
pub(crate) fn unpack_charge(bytes: &[u8]) -> Result<Charge, StoreError> {
    let (over, parts) = bytes.split_first_chunk().ok_or(StoreError::Row("a charge"))?;
    Ok(Charge {
        parts: unpack_parts(parts)?,
        over: Volume::from_ml(u64::from_be_bytes(*over)),
    })
}

/// A customer column.
pub(crate) const fn customer(column: i64) -> CustomerId {
    CustomerId(unsigned(column))
}

#[cfg(test)]
mod tests;
