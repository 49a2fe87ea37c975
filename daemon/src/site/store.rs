//! The site's rows. All SQL of the gateway is in this folder; nothing here decides.

pub mod accounts;
pub mod asked;
pub mod audit;
pub mod dispensers;
pub mod documents;
pub mod meta;
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
const MIGRATIONS: [&str; 6] = [
    store::journal::SCHEMA,
    include_str!("schema/1.sql"),
    include_str!("schema/2.sql"),
    include_str!("schema/3.sql"),
    include_str!("schema/4.sql"),
    include_str!("schema/5.sql"),
];

/// Under this key of `meta`: free pages may still hold what is sealed by now.
const REWRITE_DUE: &str = "rewrite_due";

/// Opens the site's database at `path`. What names a person in it is sealed in this vault.
pub fn open(path: &Path, durability: Durability, vault: &Vault) -> Result<Database, StoreError> {
    let database = Database::open_sealed(path, durability, vault, &MIGRATIONS)?;
    if meta::get(database.connection(), REWRITE_DUE)?.is_some() {
        match database.rewrite() {
            Ok(()) => meta::delete(database.connection(), REWRITE_DUE)?,
            // The water must flow meanwhile; the next start tries again.
            Err(error) => tracing::warn!(%error, "free pages may still hold phones and names; no room to write anew"),
        }
    }
    Ok(database)
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
