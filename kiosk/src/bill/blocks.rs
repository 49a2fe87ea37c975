//! Tariffs in blocks: the first litres of a month at one price, the next at another.

use crate::{
    tariff::Tariff,
    units::{Currency, Money, Volume},
};

/// The most blocks that a tariff has: a bill must be readable on a phone.
pub const BLOCKS_MAX: usize = 8;

/// Millilitres in a cubic metre.
const ML_PER_M3: u128 = 1_000_000;

/// Some litres of each month at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Block {
    /// How much of a month it takes in; `None` for all that is left, in the last block and in no other.
    pub size: Option<Volume>,
    /// Minor units for a cubic metre.
    pub price_per_m3_minor: u32,
}

/// Why there is no such tariff.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    /// None, or more than [`BLOCKS_MAX`].
    #[error("a tariff has 1 to {BLOCKS_MAX} blocks")]
    Count,
    /// A block before the last without a size, or of no water.
    #[error("block {0}: every block but the last has a size of more than 0 ml")]
    Size(usize),
    /// The last block ends.
    #[error("the last block takes all that is left and has no size")]
    Last,
}

/// What the water of a month costs by the amount drawn.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlockTariff {
    blocks: Vec<Block>,
    currency: Currency,
}

/// One block's part of a bill.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Line {
    /// The water in it.
    pub volume: Volume,
    /// Minor units for a cubic metre.
    pub price_per_m3_minor: u32,
    /// What it comes to.
    pub amount: Money,
}

impl BlockTariff {
    /// A tariff of these blocks, the first litres first.
    pub fn new(blocks: Vec<Block>, currency: Currency) -> Result<BlockTariff, BlockError> {
        if !(1..=BLOCKS_MAX).contains(&blocks.len()) {
            return Err(BlockError::Count);
        }
        let last = blocks.len() - 1;
        if let Some(place) = blocks[..last]
            .iter()
            .position(|block| block.size.is_none_or(Volume::is_zero))
        {
            return Err(BlockError::Size(place + 1));
        }
        match blocks[last].size {
            None => Ok(BlockTariff { blocks, currency }),
            Some(_) => Err(BlockError::Last),
        }
    }

    /// Its blocks, the first litres first.
    pub fn blocks(&self) -> &[Block] {
        &self.blocks
    }

    /// One price for every litre.
    pub fn plain(tariff: Tariff) -> BlockTariff {
        let block = Block {
            size: None,
            price_per_m3_minor: tariff.price_per_m3_minor,
        };
        BlockTariff {
            blocks: vec![block],
            currency: tariff.currency,
        }
    }

    /// The parts of a month's usage, those without water left out. Amounts are whole minor units: up to each line's end
    /// the exact price is rounded up once, so the lines add up to [`BlockTariff::price`] to the last cent.
    pub fn lines(&self, usage: Volume) -> Vec<Line> {
        let mut lines = Vec::new();
        let (mut left, mut exact, mut charged) = (usage, 0_u128, 0_u128);
        for block in &self.blocks {
            let volume = block.size.map_or(left, |size| size.min(left));
            if volume.is_zero() {
                break;
            }
            left = left.less(volume);
            // At most 10^12 ml at 2^32 minor units in all, far inside of u128, and in minor units inside of i64.
            exact += u128::from(volume.ml()) * u128::from(block.price_per_m3_minor);
            let minor = exact.div_ceil(ML_PER_M3) - charged;
            charged += minor;
            lines.push(Line {
                volume,
                price_per_m3_minor: block.price_per_m3_minor,
                amount: Money::new(i64::try_from(minor).unwrap_or(i64::MAX), self.currency),
            });
        }
        lines
    }

    /// What a month's usage comes to, in minor units rounded up once. It is not rounded to whole units, as a prompt is:
    /// what is paid over a bill goes into the wallet.
    pub fn price(&self, usage: Volume) -> Money {
        let minor = self.lines(usage).into_iter().map(|line| line.amount.minor);
        Money::new(minor.fold(0, i64::saturating_add), self.currency)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn block(litres: Option<u64>, price_per_m3_minor: u32) -> Block {
        Block {
            size: litres.map(|litres| Volume::from_ml(litres * 1_000)),
            price_per_m3_minor,
        }
    }

    /// 6 m3 at KES 1000, 4 m3 at 1500, the rest at 2000.
    fn three() -> BlockTariff {
        let blocks = vec![
            block(Some(6_000), 100_000),
            block(Some(4_000), 150_000),
            block(None, 200_000),
        ];
        BlockTariff::new(blocks, Currency::Kes).unwrap()
    }

    #[test]
    fn each_block_has_its_own_price() {
        for (litres, amounts) in [
            (0, vec![]),
            (3_000, vec![300_000]),
            (6_000, vec![600_000]),
            (6_001, vec![600_000, 150]),
            (10_000, vec![600_000, 600_000]),
            (12_500, vec![600_000, 600_000, 500_000]),
        ] {
            let usage = Volume::from_ml(litres * 1_000);
            let lines: Vec<i64> = three().lines(usage).iter().map(|line| line.amount.minor).collect();
            assert_eq!(lines, amounts, "{litres} l");
            assert_eq!(three().price(usage), Money::new(amounts.iter().sum(), Currency::Kes));
        }
    }

    #[test]
    fn a_fraction_of_a_cent_is_charged_once_and_not_for_each_line() {
        // 1 ml at 0.5 minor units and 1 ml at 0.25 are 0.75: one cent in all, not two.
        let tariff = vec![
            Block {
                size: Some(Volume::from_ml(1)),
                price_per_m3_minor: 500_000,
            },
            block(None, 250_000),
        ];
        let tariff = BlockTariff::new(tariff, Currency::Kes).unwrap();
        let lines: Vec<i64> = tariff
            .lines(Volume::from_ml(2))
            .iter()
            .map(|line| line.amount.minor)
            .collect();
        assert_eq!(lines, [1, 0]);
        let dear = BlockTariff::new(vec![block(None, u32::MAX)], Currency::Kes).unwrap();
        assert_eq!(dear.price(Volume::MAX).minor, 4_294_967_295_000_000);
    }

    #[test]
    fn tariffs_that_leave_water_without_a_price_are_refused() {
        let make = |blocks| BlockTariff::new(blocks, Currency::Kes).err();
        let (some, rest) = (block(Some(1), 1), block(None, 1));
        assert_eq!(make(vec![]), Some(BlockError::Count));
        assert_eq!(make(vec![some]), Some(BlockError::Last));
        assert_eq!(make(vec![rest, rest]), Some(BlockError::Size(1)));
        assert_eq!(make(vec![some, block(Some(0), 1), rest]), Some(BlockError::Size(2)));
        assert_eq!(
            make([vec![some; BLOCKS_MAX], vec![rest]].concat()),
            Some(BlockError::Count)
        );
        assert_eq!(make([vec![some; BLOCKS_MAX - 1], vec![rest]].concat()), None);
    }

    proptest! {
        #[test]
        fn lines_hold_all_the_water_and_a_plain_price_is_one_block(
            sizes in prop::collection::vec((1..5_000_000_u64, 0..1_000_000_u32), 0..7),
            last in 0..1_000_000_u32,
            ml in 0..50_000_000_u64,
        ) {
            let usage = Volume::from_ml(ml);
            let blocks = sizes.iter().map(|(ml, price)| Block { size: Some(Volume::from_ml(*ml)), price_per_m3_minor: *price });
            let blocks = blocks.chain([block(None, last)]).collect();
            let tariff = BlockTariff::new(blocks, Currency::Kes).unwrap();
            let lines = tariff.lines(usage);
            prop_assert_eq!(lines.iter().map(|line| line.volume).sum::<Volume>(), usage);
            // More water never costs less.
            prop_assert!(tariff.price(usage.plus(Volume::from_ml(1))).minor >= tariff.price(usage).minor);
            let plain = Tariff { price_per_m3_minor: last, currency: Currency::Kes };
            // A prepaid price is the same, rounded up to whole units.
            prop_assert_eq!(BlockTariff::plain(plain).price(usage).rounded_up(), plain.price(usage));
        }
    }
}
