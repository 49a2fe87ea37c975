//! Bytes of the facts about cash that managers take.

use kiosk::{
    fact::{FloatGranted, FloatSold, HandedIn},
    float::{AMOUNT_MINOR_MAX, PARTS_MAX},
    ids::{CustomerId, ManagerId},
};

use super::{
    LOGIN_BYTES_MAX, RecordError,
    money::{grant_id, signed, unsigned},
    seconds, volume, wall,
};
use crate::cbor;

/// epoch, number, manager, login, amount_minor, price_per_m3_minor
type GrantedFields = (u16, u64, u64, u64, String, u64, u32);
/// parts of (epoch, number, amount_minor), customer, volume_ml, time, clock_trusted
type SoldFields = (u16, Vec<(u64, u64, u64)>, u64, u64, u64, bool);
/// manager, owed_minor, here_minor, counted_minor, time
type HandedInFields = (u16, u64, u64, u64, u64, u64);

/// An amount that a float may have: more than nothing.
fn amount(minor: u64) -> Result<i64, RecordError> {
    let minor = signed(minor)?;
    match (1..=AMOUNT_MINOR_MAX).contains(&minor) {
        true => Ok(minor),
        false => Err(RecordError::OutOfRange("an amount")),
    }
}

pub(super) fn encode_granted(granted: &FloatGranted) -> Vec<u8> {
    cbor::encode::<GrantedFields>(&(
        13,
        granted.float.epoch.0,
        granted.float.number,
        granted.manager.0,
        granted.login.clone(),
        unsigned(granted.amount_minor),
        granted.price_per_m3_minor,
    ))
}

pub(super) fn decode_granted(bytes: &[u8]) -> Result<FloatGranted, RecordError> {
    let (kind, epoch, number, manager, login, minor, price_per_m3_minor) = cbor::decode::<GrantedFields>(bytes)?;
    if !(1..=LOGIN_BYTES_MAX).contains(&login.len()) {
        return Err(RecordError::OutOfRange("a manager's account"));
    }
    Ok(FloatGranted {
        float: grant_id((kind, epoch, number)),
        manager: ManagerId(manager),
        login,
        amount_minor: amount(minor)?,
        price_per_m3_minor,
    })
}

pub(super) fn encode_sold(sold: &FloatSold) -> Vec<u8> {
    let parts = sold
        .parts
        .iter()
        .map(|(float, minor)| (float.epoch.0, float.number, unsigned(*minor)));
    cbor::encode::<SoldFields>(&(
        14,
        parts.collect(),
        sold.customer.0,
        sold.volume.ml(),
        seconds(sold.time),
        sold.clock_trusted,
    ))
}

/// A sale names one to eight floats, each once: what names none or one twice is no sale.
pub(super) fn decode_sold(bytes: &[u8]) -> Result<FloatSold, RecordError> {
    let (_, parts, customer, ml, time, clock_trusted) = cbor::decode::<SoldFields>(bytes)?;
    let part = |(epoch, number, minor)| Ok((grant_id((0, epoch, number)), amount(minor)?));
    let parts = parts.into_iter().map(part).collect::<Result<Vec<_>, RecordError>>()?;
    let is_twice = |place: usize| parts[..place].iter().any(|(float, _)| *float == parts[place].0);
    if !(1..=PARTS_MAX).contains(&parts.len()) || (0..parts.len()).any(is_twice) {
        return Err(RecordError::OutOfRange("the floats of a sale"));
    }
    let volume = volume(ml)?;
    if volume.is_zero() {
        return Err(RecordError::OutOfRange("a volume"));
    }
    Ok(FloatSold {
        parts,
        customer: CustomerId(customer),
        volume,
        time: wall(time)?,
        clock_trusted,
    })
}

pub(super) fn encode_handed_in(handed_in: &HandedIn) -> Vec<u8> {
    cbor::encode::<HandedInFields>(&(
        15,
        handed_in.manager.0,
        unsigned(handed_in.owed_minor),
        unsigned(handed_in.here_minor),
        unsigned(handed_in.counted_minor),
        seconds(handed_in.time),
    ))
}

pub(super) fn decode_handed_in(bytes: &[u8]) -> Result<HandedIn, RecordError> {
    let (_, manager, owed, here, counted, time) = cbor::decode::<HandedInFields>(bytes)?;
    let (owed_minor, here_minor, counted_minor) = (signed(owed)?, signed(here)?, signed(counted)?);
    if owed_minor == 0 || here_minor > owed_minor || counted_minor > AMOUNT_MINOR_MAX {
        return Err(RecordError::OutOfRange("an amount"));
    }
    Ok(HandedIn {
        manager: ManagerId(manager),
        owed_minor,
        here_minor,
        counted_minor,
        time: wall(time)?,
    })
}
