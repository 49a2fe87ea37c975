//! What sync costs on the wire: bytes from the gateway to the hub without TLS, WebSocket framing and the way back to a
//! session included, as a proxy between them carried them.

use std::{
    io::Write as _,
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use serde_json::Value;
use tokio::time::{Instant, sleep};
use world::{
    processes::wait_for,
    programme::{Kiosk, Programme},
};

use crate::{
    prepare::{await_agreement, enrol, logins},
    rivals::fresh_directory,
    sell::{Sales, sell},
    table::median,
};

const SITE: &str = "wire";
const DISPENSERS: usize = 6;
/// The wire is quiet once nothing passed for so long.
const QUIET: Duration = Duration::from_millis(1_000);
/// Enough for everybody who draws here.
const CREDIT_ML: i64 = 2_000_000;
/// The gateway dials again within the doubled wait of what the cut lasted.
const BACK_WITHIN: Duration = Duration::from_secs(120);
/// How much faster the gateway's wall clock runs, so that a cut of seconds is a day: 1,000 sales in 30 s are 10 hours.
const HURRY: u32 = 1_200;
/// The longest pause of a dispenser between two sales in that day.
const PAUSE_MAX: Duration = Duration::from_millis(360);

/// What is sent.
#[derive(Clone, Copy, Debug, Args)]
pub struct Day {
    /// Sales made with the link cut.
    #[arg(long, default_value_t = 1_000)]
    pub cut_sales: usize,
    /// Customers who buy.
    #[arg(long, default_value_t = 300)]
    pub buyers: usize,
    /// Sales made one at a time with the link up.
    #[arg(long, default_value_t = 15)]
    pub single_sales: usize,
}

/// What it cost, in bytes.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// All sales of the cut.
    pub day: u64,
    /// The same as JSON, packed by gzip, without a request around it.
    pub day_peer: u64,
    /// One sale, the middle of several.
    pub live: f64,
    /// One of them as JSON, without a request around it.
    pub live_peer: f64,
}

/// Sells one by one, then cuts the link, sells a day, mends it and counts.
pub async fn wire(parent: &Path, day: Day) -> anyhow::Result<Cost> {
    let directory = fresh_directory(parent, "wire")?;
    let mut programme = Programme::open(&directory, false, &[("log.level", "warn")]).await?;
    programme.add_site(&directory, SITE, DISPENSERS).await?;
    let customers = enrol(&programme, SITE, day.buyers, CREDIT_ML).await?;
    await_agreement(&programme).await?;
    let mut sales = Sales {
        server: programme.sites[0].gateway.address("mqtt")?.to_string(),
        logins: logins(&programme.sites[0].dispensers),
        customers,
        count: 1,
        run: String::new(),
        pause_max: Duration::ZERO,
    };
    let mut singles = Vec::new();
    for number in 0..day.single_sales {
        let before = quiet(&programme.sites[0]).await;
        sales.run = format!("one-{number}");
        sales.logins.rotate_left(1);
        sell(sales.clone()).await?;
        await_agreement(&programme).await?;
        singles.push((quiet(&programme.sites[0]).await - before) as f64);
    }
    println!("wire: single sales, bytes: {singles:?}");
    let known = told(&programme).await?;
    hurry(&mut programme).await?;
    let sent = cut_day(&programme, sales, day.cut_sales).await?;
    let mut of_day = told(&programme).await?;
    of_day.retain(|sale| !known.contains(sale));
    ensure!(
        of_day.len() == day.cut_sales,
        "the hub tells {} sales of that day",
        of_day.len()
    );
    let mut times: Vec<&str> = of_day.iter().filter_map(|sale| sale["time"].as_str()).collect();
    times.sort_unstable();
    println!("wire: the day is {:?} to {:?}", times.first(), times.last());
    programme.stop().await?;
    Ok(Cost {
        day: sent,
        day_peer: gzip(&serde_json::to_vec(&of_day)?)?.len() as u64,
        live: median(singles),
        live_peer: serde_json::to_vec(&known)?.len() as f64 / known.len() as f64,
    })
}

/// Starts the gateway anew on a wall clock that runs fast; its monotonic clock does not.
async fn hurry(programme: &mut Programme) -> anyhow::Result<()> {
    let kiosk = &mut programme.sites[0];
    kiosk.gateway.stop(world::programme::STOP_WITHIN).await?;
    let folders = std::fs::read_dir("/usr/lib")?;
    let inside = |folder: std::fs::DirEntry| folder.path().join("faketime/libfaketimeMT.so.1");
    let library = folders.flatten().map(inside).find(|path| path.exists());
    // Its own program would stand between us and the process.
    let library = format!("LD_PRELOAD={}", library.context("faketime is not installed")?.display());
    let rate = format!("FAKETIME=+0 x{HURRY}");
    kiosk
        .gateway
        .wrap(&["env", &library, &rate, "FAKETIME_DONT_FAKE_MONOTONIC=1"]);
    kiosk.start().await?;
    let name = kiosk.name.clone();
    programme.online(&name, BACK_WITHIN).await
}

async fn cut_day(programme: &Programme, mut sales: Sales, count: usize) -> anyhow::Result<u64> {
    let kiosk = &programme.sites[0];
    sales.server = kiosk.gateway.address("mqtt")?.to_string();
    (sales.run, sales.count, sales.pause_max) = ("day".to_owned(), count, PAUSE_MAX);
    let api = kiosk.api().await?;
    kiosk.link(false);
    wait_for("the link is down", BACK_WITHIN, async || {
        let status = api.get("/api/v1/status").await.ok()?.body;
        (status["link"] == "down").then_some(())
    })
    .await?;
    let before = kiosk.line.sent();
    sell(sales).await?;
    let status = api.get("/api/v1/status").await?.expect(200)?;
    let waiting = status["queue"]["money"].as_u64().unwrap_or_default();
    ensure!(waiting >= count as u64, "{waiting} records wait, not {count}");
    ensure!(kiosk.line.sent() == before, "the cut let something pass");
    kiosk.link(true);
    await_agreement(programme).await?;
    Ok(quiet(kiosk).await - before)
}

/// Bytes sent so far, once none follow.
async fn quiet(kiosk: &Kiosk) -> u64 {
    let (mut last, mut since) = (kiosk.line.sent(), Instant::now());
    while since.elapsed() < QUIET {
        sleep(QUIET / 20).await;
        let now = kiosk.line.sent();
        if now != last {
            (last, since) = (now, Instant::now());
        }
    }
    last
}

/// The sales as the hub's API tells them: what a service that uploads JSON would send.
async fn told(programme: &Programme) -> anyhow::Result<Vec<Value>> {
    let mut sales = programme.api.list(&format!("/api/v1/transactions?site={SITE}")).await?;
    sales.retain(|sale| sale["dispenser"].is_string());
    Ok(sales)
}

/// Packs bytes as tightly as gzip can.
pub fn gzip(input: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut child = Command::new("gzip")
        .args(["-9", "-c"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .context("start gzip")?;
    let mut stdin = child.stdin.take().context("gzip has an input")?;
    let text = input.to_vec();
    let writer = std::thread::spawn(move || stdin.write_all(&text));
    let output = child.wait_with_output()?;
    writer.join().map_err(|_| anyhow::anyhow!("gzip's input broke"))??;
    ensure!(output.status.success(), "gzip: {}", output.status);
    Ok(output.stdout)
}
