//! How long the disk itself takes to make one page durable: the floor under every figure here.

use std::{fs::File, io::Write as _, path::Path, time::Instant};

use anyhow::Context as _;

/// Writes of one page, each flushed.
const FLUSHES: usize = 300;

/// Says what a flush costs now.
pub fn tell(directory: &Path) -> anyhow::Result<()> {
    let (p50_ms, p99_ms) = flush_ms(directory)?;
    println!("disk: one page written and flushed in {p50_ms:.2} ms (p99 {p99_ms:.2} ms)");
    Ok(())
}

/// The middle and the 99th percentile of a flush, in milliseconds.
fn flush_ms(directory: &Path) -> anyhow::Result<(f64, f64)> {
    std::fs::create_dir_all(directory).with_context(|| format!("make {}", directory.display()))?;
    let path = directory.join("flush.tmp");
    let mut file = File::create(&path).with_context(|| format!("create {}", path.display()))?;
    let mut times = Vec::with_capacity(FLUSHES);
    for _ in 0..FLUSHES {
        let start = Instant::now();
        file.write_all(&[7; 4_096])?;
        file.sync_data()?;
        times.push(start.elapsed().as_secs_f64() * 1_000.0);
    }
    std::fs::remove_file(&path)?;
    times.sort_by(f64::total_cmp);
    Ok((times[FLUSHES / 2], times[FLUSHES * 99 / 100]))
}
