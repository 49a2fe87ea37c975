//! What a gateway with a month's data weighs: memory, an idle minute, and how soon it answers after a start.

use std::{path::Path, time::Duration};

use anyhow::Context as _;
use clap::Args;
use tokio::time::{Instant, sleep};
use world::{processes::Program, programme::STOP_WITHIN};

use crate::{
    gateway::copy,
    mqtt::Connection,
    prepare::Prepared,
    rivals::fresh_directory,
    sell::{Sales, sell},
    table::median,
};

/// Ticks of a processor's clock in a second, as `/proc` counts them on Linux.
const TICKS_PER_SECOND: f64 = 100.0;
/// Until the last stir of a load is over.
const SETTLE: Duration = Duration::from_secs(10);

/// How a gateway is weighed.
#[derive(Clone, Copy, Debug, Args)]
pub struct Scale {
    /// Sales with the link up before its memory is read.
    #[arg(long, default_value_t = 2_000)]
    pub live_sales: usize,
    /// How long its idle processor is watched.
    #[arg(long, default_value_t = 60)]
    pub idle_seconds: u64,
    /// How often it is started.
    #[arg(long, default_value_t = 5)]
    pub starts: usize,
}

/// What it weighs.
#[derive(Clone, Copy, Debug)]
pub struct Weight {
    /// From the start of the program to the first receipt, the middle of several, in milliseconds.
    pub first_receipt_ms: f64,
    /// Resident memory once it has started and is linked, in megabytes of a million bytes.
    pub resident_start_mb: f64,
    /// The same after live sales.
    pub resident_mb: f64,
    /// The most it ever was.
    pub resident_peak_mb: f64,
    /// Of one processor, in hundredths, with the link up and all dispensers connected.
    pub idle_percent: f64,
}

/// Weighs a copy of a prepared site, beside a copy of its hub.
pub async fn weigh(parent: &Path, prepared: &Prepared, scale: Scale) -> anyhow::Result<Weight> {
    let directory = fresh_directory(parent, "weigh")?;
    for name in ["hub", "site"] {
        std::fs::create_dir_all(directory.join(name))?;
        copy(&prepared.directory.join(name), &directory.join(name))?;
    }
    let mut starts = Vec::new();
    let mut gateway = Program::gateway(&directory.join("site"))?;
    gateway.set("log.level", "warn");
    for number in 0..scale.starts {
        let start = Instant::now();
        gateway.start().await?;
        first_sale(&gateway, prepared, number).await?;
        starts.push(start.elapsed().as_secs_f64() * 1_000.0);
        gateway.stop(STOP_WITHIN).await?;
    }
    println!("weigh: starts to the first receipt, ms: {starts:.0?}");
    let mut hub = Program::hub(&directory.join("hub"))?;
    hub.set("log.level", "warn").start().await?;
    gateway.set("hub.url", &hub.url()?);
    gateway.start().await?;
    sleep(SETTLE).await;
    let id = gateway.id().context("the gateway runs")?;
    let (resident_start_mb, _) = resident_mb(id)?;
    let sales = Sales {
        server: gateway.address("mqtt")?.to_string(),
        logins: prepared.dispensers.clone(),
        customers: prepared.customers.clone(),
        count: scale.live_sales,
        run: "live".to_owned(),
        pause_max: Duration::ZERO,
    };
    sell(sales).await?;
    let mut idle = Vec::new();
    for login in &prepared.dispensers {
        let credentials = login.secret.as_deref().map(|secret| (login.id.as_str(), secret));
        let server = gateway.address("mqtt")?.to_string();
        idle.push(Connection::open(&server, &login.id, credentials).await?);
    }
    sleep(SETTLE).await;
    let before = processor_seconds(id)?;
    let watched = Instant::now();
    sleep(Duration::from_secs(scale.idle_seconds)).await;
    let idle_percent = (processor_seconds(id)? - before) / watched.elapsed().as_secs_f64() * 100.0;
    let (resident_mb, resident_peak_mb) = resident_mb(id)?;
    drop(idle);
    gateway.stop(STOP_WITHIN).await?;
    hub.stop(STOP_WITHIN).await?;
    Ok(Weight {
        first_receipt_ms: median(starts),
        resident_start_mb,
        resident_mb,
        resident_peak_mb,
        idle_percent,
    })
}

/// One dispenser sells once: its receipt comes after its answer.
async fn first_sale(gateway: &Program, prepared: &Prepared, number: usize) -> anyhow::Result<()> {
    let sales = Sales {
        server: gateway.address("mqtt")?.to_string(),
        logins: prepared.dispensers[..1].to_vec(),
        customers: prepared.customers[..1].to_vec(),
        count: 1,
        run: format!("first-{number}"),
        pause_max: Duration::ZERO,
    };
    sell(sales).await
}

/// Resident memory now and at its highest (proc(5), `VmRSS` and `VmHWM`).
pub fn resident_mb(id: u32) -> anyhow::Result<(f64, f64)> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status"))?;
    let field = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        let kib = line.and_then(|line| line.split_whitespace().next());
        let kib: f64 = kib.with_context(|| format!("/proc has no {name}"))?.parse()?;
        anyhow::Ok(kib * 1_024.0 / 1_000_000.0)
    };
    Ok((field("VmRSS:")?, field("VmHWM:")?))
}

/// Seconds of processor that a process has used (proc(5), fields 14 and 15 of `stat`).
fn processor_seconds(id: u32) -> anyhow::Result<f64> {
    let stat = std::fs::read_to_string(format!("/proc/{id}/stat"))?;
    // The name in brackets may hold spaces; behind it the third field begins.
    let (_, rest) = stat.rsplit_once(')').context("stat has a name in brackets")?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    let ticks: f64 = fields[11].parse::<f64>()? + fields[12].parse::<f64>()?;
    Ok(ticks / TICKS_PER_SECOND)
}
