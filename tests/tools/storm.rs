//! `kisima-storm`: seeded worlds until one breaks a promise, or one world with its story.

use std::{io::Write as _, process::ExitCode};

use clap::Parser;
use world::storm::{Aftermath, Storm};

/// Runs simulated worlds, each made by its seed, and holds them against every promise.
#[derive(Parser)]
#[command(name = "kisima-storm", version)]
struct Options {
    /// Run one world.
    #[arg(long, conflicts_with = "seeds")]
    seed: Option<u64>,
    /// Run so many worlds, from seed 1 on.
    #[arg(long)]
    seeds: Option<u64>,
    /// Tell what happens in it.
    #[arg(long, requires = "seed")]
    story: bool,
    /// Sites, in place of what the seed says.
    #[arg(long)]
    sites: Option<usize>,
    /// Days, in place of what the seed says.
    #[arg(long)]
    days: Option<u64>,
    /// Visits a site and day, in place of what the seed says.
    #[arg(long)]
    visits: Option<u64>,
    /// People who register by phone, in place of what the seed says.
    #[arg(long)]
    callers: Option<usize>,
}

impl Options {
    fn storm(&self, seed: u64) -> Storm {
        let storm = Storm::of_seed(seed);
        Storm {
            is_told: self.story,
            sites: self.sites.unwrap_or(storm.sites),
            days: self.days.unwrap_or(storm.days),
            visits_per_day: self.visits.unwrap_or(storm.visits_per_day),
            callers: self.callers.unwrap_or(storm.callers),
            ..storm
        }
    }
}

fn main() -> anyhow::Result<ExitCode> {
    let options = Options::parse();
    let mut out = std::io::stdout().lock();
    if let Some(seed) = options.seed {
        let aftermath = options.storm(seed).run();
        for sentence in &aftermath.story {
            writeln!(out, "{sentence}")?;
        }
        writeln!(out, "{}", summary(seed, &aftermath))?;
        for violation in &aftermath.violations {
            writeln!(out, "BROKEN  {violation}")?;
        }
        writeln!(out, "trace {}", aftermath.trace)?;
        return Ok(exit(aftermath.violations.is_empty()));
    }
    let mut broken = Vec::new();
    for seed in 1..=options.seeds.unwrap_or(20) {
        let aftermath = options.storm(seed).run();
        if !aftermath.violations.is_empty() {
            writeln!(out, "seed {seed} broke: {}", aftermath.violations.join("; "))?;
            writeln!(out, "  again: SEED={seed} make storm")?;
            broken.push(seed);
        }
    }
    let count = options.seeds.unwrap_or(20);
    writeln!(
        out,
        "{} of {count} worlds kept every promise",
        count - broken.len() as u64
    )?;
    Ok(exit(broken.is_empty()))
}

fn summary(seed: u64, aftermath: &Aftermath) -> String {
    let Aftermath {
        sales,
        events,
        calamities,
        bought_by_phone,
        balances_told,
        texts_of_sync,
        ..
    } = aftermath;
    format!(
        "seed {seed}: {sales} pours, {bought_by_phone} purchases and {balances_told} balances by phone, {texts_of_sync} texts of sync, {events} events, {calamities} calamities"
    )
}

fn exit(good: bool) -> ExitCode {
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
