//! Many numbers of one sort, in the shortest of four ways.

use super::{
    Malformed,
    bits::{BitReader, BitWriter, golomb_bits},
};

/// Orders of the codes that parameters are written in.
const SAME_ORDER: u32 = 0;
const BASE_ORDER: u32 = 8;
const USUAL_ORDER: u32 = 4;
/// Bits of a width or an order.
const WIDTH_BITS: u32 = 6;
/// Bits that say which way.
const WAY_BITS: u32 = 2;

/// The ways, by their number on the wire.
#[derive(Clone, Copy)]
enum Way {
    /// 0: all are this one.
    Same(u64),
    /// 1: above a base, in a fixed width.
    Fixed(u64, u32),
    /// 2: in the Exp-Golomb code of this order.
    Golomb(u32),
    /// 3: mostly this one, by a bit each; the others by Exp-Golomb.
    Usual(u64, u32),
}

impl Way {
    fn cost(self, values: &[u64]) -> u64 {
        let each = |bits: &dyn Fn(u64) -> u64| values.iter().map(|value| bits(*value)).sum::<u64>();
        u64::from(WAY_BITS)
            + match self {
                Way::Same(value) => golomb_bits(value, SAME_ORDER),
                Way::Fixed(base, width) => {
                    golomb_bits(base, BASE_ORDER) + u64::from(WIDTH_BITS) + u64::from(width) * values.len() as u64
                }
                Way::Golomb(order) => u64::from(WIDTH_BITS) + each(&|value| golomb_bits(value, order)),
                Way::Usual(usual, order) => {
                    let bits = |value| {
                        if value == usual {
                            1
                        } else {
                            1 + golomb_bits(value, order)
                        }
                    };
                    golomb_bits(usual, USUAL_ORDER) + u64::from(WIDTH_BITS) + each(&bits)
                }
            }
    }

    fn all(values: &[u64]) -> Vec<Way> {
        let (Some(least), Some(most)) = (values.iter().min(), values.iter().max()) else {
            return Vec::new();
        };
        if least == most {
            return vec![Way::Same(*least)];
        }
        let width = u64::BITS - (most - least).leading_zeros();
        let mut ways = Vec::new();
        if width < 1 << WIDTH_BITS {
            ways.push(Way::Fixed(*least, width));
        }
        let count = |value: &u64| values.iter().filter(|other| *other == value).count();
        let usual = values
            .iter()
            .max_by_key(|value| (count(value), **value))
            .unwrap_or(least);
        for order in 0..u64::BITS - most.leading_zeros() {
            ways.extend([Way::Golomb(order), Way::Usual(*usual, order)]);
        }
        ways
    }
}

/// Writes numbers whose count the reader knows. Of none nothing is written.
pub(super) fn put_column(bits: &mut BitWriter, values: &[u64]) {
    let Some(way) = Way::all(values).into_iter().min_by_key(|way| way.cost(values)) else {
        return;
    };
    match way {
        Way::Same(value) => {
            bits.put(0, WAY_BITS);
            bits.golomb(value, SAME_ORDER);
        }
        Way::Fixed(base, width) => {
            bits.put(1, WAY_BITS);
            bits.golomb(base, BASE_ORDER);
            bits.put(u64::from(width), WIDTH_BITS);
            values.iter().for_each(|value| bits.put(value - base, width));
        }
        Way::Golomb(order) => {
            bits.put(2, WAY_BITS);
            bits.put(u64::from(order), WIDTH_BITS);
            values.iter().for_each(|value| bits.golomb(*value, order));
        }
        Way::Usual(usual, order) => {
            bits.put(3, WAY_BITS);
            bits.golomb(usual, USUAL_ORDER);
            bits.put(u64::from(order), WIDTH_BITS);
            for value in values {
                bits.put(u64::from(*value != usual), 1);
                if *value != usual {
                    bits.golomb(*value, order);
                }
            }
        }
    }
}

/// Reads `count` numbers. The caller bounds the count: a column that is all the same takes no bits for each.
pub(super) fn get_column(bits: &mut BitReader<'_>, count: usize) -> Result<Vec<u64>, Malformed> {
    if count == 0 {
        return Ok(Vec::new());
    }
    match bits.get(WAY_BITS)? {
        0 => Ok(vec![bits.golomb(SAME_ORDER)?; count]),
        1 => {
            let base = bits.golomb(BASE_ORDER)?;
            let width = bits.get(WIDTH_BITS)? as u32;
            let value = |_| base.checked_add(bits.get(width)?).ok_or(Malformed);
            (0..count).map(value).collect()
        }
        2 => {
            let order = bits.get(WIDTH_BITS)? as u32;
            (0..count).map(|_| bits.golomb(order)).collect()
        }
        _ => {
            let usual = bits.golomb(USUAL_ORDER)?;
            let order = bits.get(WIDTH_BITS)? as u32;
            let value = |_| match bits.get(1)? {
                0 => Ok(usual),
                _ => bits.golomb(order),
            };
            (0..count).map(value).collect()
        }
    }
}
