//! Records of every kind but pours, value by value: numbers without their idle bits, and each long number once.
//!
//! A record is CBOR of whole numbers, bytes, texts, arrays, yes, no and nothing. Each value is three bits and what they
//! call for; who unpacks writes them as canonical CBOR again.

use kiosk::ids::{Epoch, LogKey};

use super::{
    Known, Malformed,
    bits::{BitReader, BitWriter},
};
use crate::record::RECORD_BYTES_MAX;

/// The deepest arrays in arrays.
const DEPTH_MAX: u32 = 4;
/// From here on a number is long, and named again by its place in [`Seen`].
const LONG_MIN: u64 = 1 << 32;
/// Numbers up to here are written in four bits.
const SMALL_MAX: u64 = 15;
const SMALL_BITS: u32 = 4;

/// The three bits before a value.
const SMALL: u64 = 0;
const NUMBER: u64 = 1;
const AGAIN: u64 = 2;
const BYTES: u64 = 3;
const TEXT: u64 = 4;
const ARRAY: u64 = 5;
const WORD: u64 = 6;
const EPOCH: u64 = 7;
const CODE_BITS: u32 = 3;

/// Long numbers that were written before, and those that a log is named by.
pub(super) struct Seen(Vec<u64>);

impl Seen {
    pub(super) fn new(log: &LogKey) -> Seen {
        Seen(vec![log.epoch.0, log.box_id.0])
    }

    fn width(&self) -> u32 {
        usize::BITS - (self.0.len() - 1).leading_zeros()
    }

    fn note(&mut self, number: u64) {
        if number >= LONG_MIN {
            self.0.push(number);
        }
    }
}

/// One value of a record, or the beginning of an array.
pub(super) enum Piece<'a> {
    Number(u64),
    Bytes(&'a [u8]),
    Text(&'a [u8]),
    Array(u64),
    /// 0 no, 1 yes, 2 nothing.
    Word(u64),
}

/// Takes a record apart; `None` when it has something else in it, or is not canonical.
pub(super) fn pieces(record: &[u8]) -> Option<Vec<Piece<'_>>> {
    let mut rest = record;
    let mut pieces = Vec::new();
    let mut open = vec![1_u64];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        let (major, number, after) = head(rest)?;
        rest = after;
        pieces.push(match major {
            0 => Piece::Number(number),
            2 | 3 => {
                let (bytes, after) = rest.split_at_checked(usize::try_from(number).ok()?)?;
                rest = after;
                if major == 2 {
                    Piece::Bytes(bytes)
                } else {
                    Piece::Text(bytes)
                }
            }
            4 => {
                open.push(number);
                Piece::Array(number)
            }
            7 => Piece::Word(number.checked_sub(20).filter(|word| *word <= 2)?),
            _ => return None,
        });
        if open.len() > DEPTH_MAX as usize {
            return None;
        }
    }
    let mut again = Vec::new();
    pieces.iter().for_each(|piece| put_piece(&mut again, piece));
    (rest.is_empty() && again == record).then_some(pieces)
}

/// A head of CBOR (RFC 8949, section 3): its major type, its number, and what follows.
fn head(bytes: &[u8]) -> Option<(u8, u64, &[u8])> {
    let (first, rest) = bytes.split_first()?;
    let length = match first & 0x1f {
        small @ 0..=23 => return Some((first >> 5, u64::from(small), rest)),
        long @ 24..=27 => 1 << (long - 24),
        _ => return None,
    };
    let (number, rest) = rest.split_at_checked(length)?;
    let number = number.iter().fold(0, |number, byte| number << 8 | u64::from(*byte));
    Some((first >> 5, number, rest))
}

fn put_head(bytes: &mut Vec<u8>, major: u8, number: u64) {
    let whole = number.to_be_bytes();
    let (info, length) = match number {
        0..=23 => return bytes.push(major << 5 | number as u8),
        24..=0xff => (24, 1),
        0x100..=0xffff => (25, 2),
        0x1_0000..=0xffff_ffff => (26, 4),
        _ => (27, 8),
    };
    bytes.push(major << 5 | info);
    bytes.extend(&whole[8 - length..]);
}

fn put_piece(bytes: &mut Vec<u8>, piece: &Piece<'_>) {
    match piece {
        Piece::Number(number) => put_head(bytes, 0, *number),
        Piece::Bytes(content) => {
            put_head(bytes, 2, content.len() as u64);
            bytes.extend(*content);
        }
        Piece::Text(content) => {
            put_head(bytes, 3, content.len() as u64);
            bytes.extend(*content);
        }
        Piece::Array(count) => put_head(bytes, 4, *count),
        Piece::Word(word) => put_head(bytes, 7, 20 + word),
    }
}

pub(super) fn put(bits: &mut BitWriter, pieces: &[Piece<'_>], seen: &mut Seen, known: &Known) {
    for piece in pieces {
        match piece {
            Piece::Number(number) => put_number(bits, *number, seen, known),
            Piece::Bytes(bytes) => {
                bits.put(BYTES, CODE_BITS);
                bits.golomb(bytes.len() as u64, 5);
                bits.bytes(bytes);
            }
            Piece::Text(text) => {
                bits.put(TEXT, CODE_BITS);
                bits.golomb(text.len() as u64, 3);
                bits.bytes(text);
            }
            Piece::Array(count) => {
                bits.put(ARRAY, CODE_BITS);
                bits.golomb(*count, 2);
            }
            Piece::Word(word) => {
                bits.put(WORD, CODE_BITS);
                bits.put(*word, 2);
            }
        }
    }
}

fn put_number(bits: &mut BitWriter, number: u64, seen: &mut Seen, known: &Known) {
    if number <= SMALL_MAX {
        bits.put(SMALL, CODE_BITS);
        return bits.put(number, SMALL_BITS);
    }
    if let Some(place) = seen.0.iter().position(|known| *known == number) {
        bits.put(AGAIN, CODE_BITS);
        return bits.put(place as u64, seen.width());
    }
    if number >= LONG_MIN && known.is_plain(Epoch(number)) {
        bits.put(EPOCH, CODE_BITS);
        bits.put(number, 16);
    } else {
        let length = number.ilog2();
        bits.put(NUMBER, CODE_BITS);
        bits.put(u64::from(length), 6);
        bits.put(number, length);
    }
    seen.note(number);
}

pub(super) fn get(
    bits: &mut BitReader<'_>,
    seen: &mut Seen,
    epoch: &mut dyn FnMut(u16) -> Option<Epoch>,
) -> Result<Vec<u8>, Malformed> {
    let mut record = Vec::new();
    let mut open = vec![1_u64];
    while let Some(left) = open.last_mut() {
        if *left == 0 {
            open.pop();
            continue;
        }
        *left -= 1;
        match bits.get(CODE_BITS)? {
            SMALL => put_head(&mut record, 0, bits.get(SMALL_BITS)?),
            NUMBER => {
                let length = bits.get(6)? as u32;
                let number = 1 << length | bits.get(length)?;
                seen.note(number);
                put_head(&mut record, 0, number);
            }
            AGAIN => {
                let place = bits.get(seen.width())? as usize;
                put_head(&mut record, 0, *seen.0.get(place).ok_or(Malformed)?);
            }
            EPOCH => {
                let Epoch(number) = epoch(bits.get(16)? as u16).ok_or(Malformed)?;
                seen.note(number);
                put_head(&mut record, 0, number);
            }
            BYTES => {
                let length = bits.golomb(5)?;
                put_piece(&mut record, &Piece::Bytes(&bits.bytes(length)?));
            }
            TEXT => {
                let length = bits.golomb(3)?;
                put_piece(&mut record, &Piece::Text(&bits.bytes(length)?));
            }
            ARRAY => {
                let count = bits.golomb(2)?;
                // Each value in it takes three bits at least.
                if count > bits.left() / u64::from(CODE_BITS) || open.len() >= DEPTH_MAX as usize {
                    return Err(Malformed);
                }
                put_piece(&mut record, &Piece::Array(count));
                open.push(count);
            }
            _ => match bits.get(2)? {
                word @ 0..=2 => put_piece(&mut record, &Piece::Word(word)),
                _ => return Err(Malformed),
            },
        }
        if record.len() > RECORD_BYTES_MAX {
            return Err(Malformed);
        }
    }
    Ok(record)
}
