//! What a day of sales costs in texts, where a site has no data: real machines of a site and of the hub in the simulated
//! world, whose mobile network is good or bad. The peers are the same sales as JSON: one text each, and all of them packed
//! by gzip at the day's end.

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::json;
use world::{Setting, Weather, World, random::Random};

use crate::wire::gzip;

const TAPS: usize = 6;
/// Between two sales: 300 of them are ten hours.
const SALE_EVERY_MS: u64 = 120_000;
/// How long the site's data is away before it texts.
const THIN_AFTER_MS: u64 = 10 * 60_000;
/// Until the site has heard of everybody.
const SETTLES_MS: u64 = 60_000;
/// When the last text must have come.
const DONE_WITHIN_MS: u64 = 24 * 3_600_000;
/// Enough for every sale of one customer.
const CREDIT_ML: i64 = 200_000;
/// Characters of a text in parts (3GPP TS 23.040), and of one that stands alone.
const PART_CHARS: usize = 153;
const TEXT_CHARS: usize = 160;

/// What is sold, and under which weathers.
#[derive(Clone, Copy, Debug, Args)]
pub struct TextDay {
    /// Sales of the day.
    #[arg(long, default_value_t = 300)]
    pub text_sales: usize,
    /// Who buys them.
    #[arg(long, default_value_t = 150)]
    pub text_buyers: usize,
    /// So many bad networks, each with its own dice.
    #[arg(long, default_value_t = 5)]
    pub text_seeds: u64,
}

/// Texts from the site until the hub knew every sale.
#[derive(Clone, Copy, Debug)]
pub struct Texts {
    /// Where none is lost.
    pub calm: u64,
    /// Where one in ten is lost and one in twenty comes twice: the most of all dice.
    pub lossy: u64,
    /// All sales as JSON, packed by gzip and written in base64, where none is lost.
    pub gzip: u64,
    /// Sales, each a text of its own.
    pub sales: u64,
}

/// Sells a day in a calm network, and one in each bad network.
pub fn texts(day: TextDay) -> anyhow::Result<Texts> {
    let (calm, sold) = sell(day, 1, Weather::calm())?;
    let mut lossy = Vec::new();
    for seed in 1..=day.text_seeds {
        let weather = Weather {
            text_loss: 100_000,
            text_twice: 50_000,
            ..Weather::calm()
        };
        lossy.push(sell(day, seed, weather)?.0);
    }
    println!("texts: {} sales in {calm}; in bad networks {lossy:?}", sold.len());
    let one = serde_json::to_string(sold.first().context("a sale")?)?;
    ensure!(one.len() <= TEXT_CHARS, "a sale as JSON fits no text: {one}");
    let packed = gzip(&serde_json::to_vec(&sold)?)?;
    Ok(Texts {
        calm,
        lossy: lossy.into_iter().max().context("one bad network at least")?,
        gzip: packed.len().div_ceil(3).saturating_mul(4).div_ceil(PART_CHARS) as u64,
        sales: sold.len() as u64,
    })
}

/// A day at a site without data. Gives its texts, and the sales as the hub then tells them.
fn sell(day: TextDay, seed: u64, weather: Weather) -> anyhow::Result<(u64, Vec<serde_json::Value>)> {
    let setting = Setting {
        thin_after_ms: Some(THIN_AFTER_MS),
        ..Setting::default()
    };
    let mut world = World::with(seed, setting);
    let site = world.found_site("kibera-3", TAPS);
    let buyers: Vec<usize> = (0..day.text_buyers)
        .map(|number| world.settle(&format!("Buyer-{number}"), site))
        .collect();
    for buyer in &buyers {
        world.credit(*buyer, CREDIT_ML);
    }
    world.run_for(SETTLES_MS);
    world.set_weather(weather);
    world.set_network(site, false);
    world.run_for(THIN_AFTER_MS);
    let mut dice = Random::new(seed);
    for sale in 0..day.text_sales {
        let began_ms = world.now_ms();
        let buyer = buyers[usize::try_from(dice.below(buyers.len() as u64))?];
        // Mostly jerrycans of 20 litres, and some odd buckets.
        let volume_ml = match dice.below(5) {
            0 => 10 * dice.within((50, 1_999)).cast_signed(),
            _ => 20_000,
        };
        let (reason, _) = world.draw(site, sale % TAPS, buyer, volume_ml);
        ensure!(reason == "verified", "a sale was denied: {reason}");
        world.run_for(SALE_EVERY_MS.saturating_sub(world.now_ms() - began_ms));
    }
    let known = world.run_until(DONE_WITHIN_MS, |world| world.sales_at_hub().len() == day.text_sales);
    ensure!(
        known.is_some(),
        "after a day the hub knows {} sales",
        world.sales_at_hub().len()
    );
    let sold = world.sales_at_hub().into_iter();
    let told = sold.map(|sale| {
        json!({
            "receipt": sale.receipt, "customer": sale.customer, "dispenser": sale.dispenser,
            "volume_ml": sale.volume_ml, "time": sale.time.rfc3339(), "outcome": sale.outcome,
        })
    });
    Ok((world.texts_of_sync(site), told.collect()))
}
