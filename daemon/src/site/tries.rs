//! Wrong PINs as bytes in the database: of a customer here, and of a dispenser.

use kiosk::{
    moment::{Stamp, Uptime, Wall},
    pin::{DispenserTries, Lock, PinTries},
};
use store::{Connection, StoreError};

use super::store::dispensers::{self, DispenserRow};

/// A customer's wrong tries: the count and, once locked, the lock's uptime, wall time or `i64::MIN`, and length.
pub(super) fn pack_customer(tries: &PinTries) -> Vec<u8> {
    let mut bytes = tries.wrong.to_be_bytes().to_vec();
    if let Some(lock) = tries.lock {
        bytes.extend(lock.since.uptime.0.to_be_bytes());
        bytes.extend(lock.since.wall.map_or(i64::MIN, |wall| wall.0).to_be_bytes());
        bytes.extend(lock.for_ms.to_be_bytes());
    }
    bytes
}

/// Reads [`pack_customer`] back; nothing stored is no wrong try.
pub(super) fn customer(bytes: Option<&[u8]>) -> Result<PinTries, StoreError> {
    let Some(bytes) = bytes else {
        return Ok(PinTries::cleared());
    };
    let (wrong, lock) = bytes.split_first_chunk().ok_or(StoreError::Row("wrong tries"))?;
    let lock = match lock.as_chunks::<8>() {
        ([], []) => None,
        ([uptime, wall, for_ms], []) => {
            let wall = i64::from_be_bytes(*wall);
            let since = Stamp {
                uptime: Uptime(u64::from_be_bytes(*uptime)),
                wall: (wall != i64::MIN).then_some(Wall(wall)),
            };
            Some(Lock {
                since,
                for_ms: u64::from_be_bytes(*for_ms),
            })
        }
        _ => return Err(StoreError::Row("a lock")),
    };
    Ok(PinTries {
        wrong: u32::from_be_bytes(*wrong),
        lock,
    })
}

/// How much later this dispenser is answered now.
pub(super) fn delay_ms(row: &DispenserRow, now: Uptime) -> Result<u64, StoreError> {
    Ok(of_dispenser(row)?.delay_ms(now))
}

/// A wrong PIN was typed at this dispenser. Returns whether that is the one that slows it.
pub(super) fn note_wrong(connection: &Connection, row: &DispenserRow, now: Uptime) -> Result<bool, StoreError> {
    let mut tries = of_dispenser(row)?;
    let was_slowed = tries.delay_ms(now) > 0;
    tries.note_wrong(now);
    let bytes: Vec<u8> = tries.wrong().flat_map(|uptime| uptime.0.to_be_bytes()).collect();
    dispensers::put_wrong_pins(connection, &row.id, &bytes)?;
    Ok(!was_slowed && tries.delay_ms(now) > 0)
}

fn of_dispenser(row: &DispenserRow) -> Result<DispenserTries, StoreError> {
    let bytes = row.wrong_pins.as_deref().unwrap_or_default();
    match bytes.as_chunks::<8>() {
        (uptimes, []) => Ok(DispenserTries::restored(
            uptimes.iter().map(|bytes| Uptime(u64::from_be_bytes(*bytes))),
        )),
        _ => Err(StoreError::Row("wrong PINs of a dispenser")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tries_read_back() {
        let lock = Lock {
            since: Stamp {
                uptime: Uptime(9),
                wall: None,
            },
            for_ms: 900_000,
        };
        for tries in [
            PinTries { wrong: 4, lock: None },
            PinTries {
                wrong: 5,
                lock: Some(lock),
            },
            PinTries {
                wrong: 6,
                lock: Some(Lock {
                    since: Stamp {
                        wall: Some(Wall(-1)),
                        ..lock.since
                    },
                    ..lock
                }),
            },
        ] {
            assert_eq!(customer(Some(&pack_customer(&tries))).unwrap(), tries);
        }
        assert_eq!(customer(None).unwrap(), PinTries::cleared());
        assert!(customer(Some(&[0; 5])).is_err());
    }
}
