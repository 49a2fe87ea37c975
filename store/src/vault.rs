//! Sealed values in SQL: three functions over a [`Vault`], so that a statement says at sight what it seals.
//!
//! | function | gives |
//! |---|---|
//! | `sealed(place, row, value)` | the value, a text or bytes, sealed for this row of this place; NULL stays NULL |
//! | `opened(place, row, sealed)` | its bytes again; an error where they were altered or moved |
//! | `keyed(label, values…)` | 32 bytes that only the holder of the key can make of these values; NULL when one is NULL |
//!
//! `place` is `table.column`. `row` is what tells the rows of a table apart: a whole number or a text. A text that was
//! sealed is read as `CAST(opened(…) AS TEXT)`. A database whose values are sealed says under which key in
//! `journal_meta`: its migration puts `keyed('vault', 'kisima')` there under the name `vault`.

use rusqlite::{
    Connection, Error, OptionalExtension as _,
    functions::{Context, FunctionFlags},
    types::ValueRef,
};
use sync::vault::Vault;

use crate::StoreError;

/// Gives a connection the functions.
pub fn install(connection: &Connection, vault: &Vault) -> Result<(), StoreError> {
    // Direct only: no view and no trigger of a file that somebody prepared can have values opened.
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_DIRECTONLY;
    let own = vault.clone();
    connection.create_scalar_function("sealed", 3, flags, move |context| {
        let place = place(context)?;
        let value = plain(context.get_raw(2))?;
        Ok(value.map(|value| own.seal(&place, value)))
    })?;
    let own = vault.clone();
    connection.create_scalar_function("opened", 3, flags, move |context| {
        let place = place(context)?;
        let sealed = plain(context.get_raw(2))?;
        sealed
            .map(|sealed| own.open(&place, sealed))
            .transpose()
            .map_err(failed)
    })?;
    let own = vault.clone();
    connection.create_scalar_function("keyed", -1, flags, move |context| keyed(&own, context))?;
    Ok(())
}

/// Whether what is sealed in this database, if anything is, was sealed under the key of the installed functions.
pub(crate) fn is_own(connection: &Connection) -> Result<bool, StoreError> {
    let exists = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'journal_meta')";
    if !connection.query_row(exists, [], |row| row.get(0))? {
        return Ok(true);
    }
    let same = "SELECT value = keyed('vault', 'kisima') FROM journal_meta WHERE name = 'vault'";
    Ok(connection
        .query_row(same, [], |row| row.get(0))
        .optional()?
        .unwrap_or(true))
}

/// Table, column and row as one run of bytes.
fn place(context: &Context<'_>) -> rusqlite::Result<Vec<u8>> {
    let mut place = Vec::new();
    push(&mut place, context.get_raw(0))?;
    push(&mut place, context.get_raw(1))?;
    Ok(place)
}

/// A value with its type and its length, so that no two rows of values look alike.
fn push(bytes: &mut Vec<u8>, value: ValueRef<'_>) -> rusqlite::Result<()> {
    let number;
    let (kind, value) = match value {
        ValueRef::Integer(integer) => {
            number = integer.to_be_bytes();
            (1, number.as_slice())
        }
        ValueRef::Text(text) => (2, text),
        ValueRef::Blob(blob) => (3, blob),
        ValueRef::Null | ValueRef::Real(_) => return Err(failed(StoreError::Row("the place of a sealed value"))),
    };
    bytes.push(kind);
    bytes.extend((value.len() as u64).to_be_bytes());
    bytes.extend(value);
    Ok(())
}

/// What may be sealed: a text, bytes, or nothing.
fn plain(value: ValueRef<'_>) -> rusqlite::Result<Option<&[u8]>> {
    match value {
        ValueRef::Null => Ok(None),
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => Ok(Some(bytes)),
        ValueRef::Integer(_) | ValueRef::Real(_) => Err(failed(StoreError::Row("a sealed value"))),
    }
}

fn keyed(vault: &Vault, context: &Context<'_>) -> rusqlite::Result<Option<Vec<u8>>> {
    let mut label = Vec::new();
    push(&mut label, context.get_raw(0))?;
    let mut values = Vec::new();
    for at in 1..context.len() {
        match context.get_raw(at) {
            ValueRef::Null => return Ok(None),
            value => push(&mut values, value)?,
        }
    }
    Ok(Some(vault.keyed(&label, &values).to_vec()))
}

fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::UserFunctionError(Box::new(error))
}
