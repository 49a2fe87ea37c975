//! `kisima-bench`: the figures of `make bench`, each beside a peer in the same run, under the same load.
//!
//! | module | what it holds |
//! |---|---|
//! | [`prepare`] | a site after a month: the data that the others measure |
//! | [`contest`], [`mod@table`] | contestants in turn, rounds side by side |
//! | [`generator`], [`sell`] | dispensers that only ask, and dispensers that sell |
//! | [`mqtt`] | as much of the protocol as that takes |
//! | [`rivals`] | Mosquitto with a Python service, Mosquitto with an echo |
//! | [`gateway`] | our own side |
//! | [`wire`] | bytes from a gateway to its hub |
//! | [`texts`] | the same by SMS, where there is no data |
//! | [`weigh`] | memory, idle processor, start |
//! | [`payments`], [`callbacks`], [`books`] | a hub that takes money, is killed, and has its books compared |
//! | [`ussd`] | people who call a hub, and FastAPI with Redis |
//! | [`callers`], [`journey`], [`form`] | what they do, and as much of HTTP as that takes |
//! | [`disk`] | what one flush costs here |
//! | [`targets`] | what was hoped for, beside what was found |

mod books;
mod callbacks;
mod callers;
mod contest;
mod disk;
mod form;
mod gateway;
mod generator;
mod journey;
mod mqtt;
mod payments;
mod prepare;
mod rivals;
mod sell;
mod table;
mod targets;
mod texts;
mod ussd;
mod weigh;
mod wire;

use std::{
    path::{Path, PathBuf},
    time::Instant,
};

use anyhow::{Context as _, ensure};
use clap::{Args, Parser, Subcommand};

use callbacks::Flood;
use contest::{Contestant, Rounds, compare};
use payments::Trial;
use prepare::{Prepared, Size};
use targets::Targets;
use texts::TextDay;
use ussd::Crowd;
use weigh::Scale;
use wire::Day;

/// Measures a gateway beside its peers.
#[derive(Debug, Parser)]
#[command(version, name = "kisima-bench")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Everything, and at the end what was hoped for beside what was found.
    All(Box<All>),
    /// Makes a joined site with its customers and a month of sales, for `site` and `weigh`.
    Prepare {
        #[command(flatten)]
        size: Size,
        #[command(flatten)]
        place: Place,
    },
    /// Decisions, each on the disk before its answer: Mosquitto + Python + SQLite, the same with shared commits, and
    /// the gateway over the prepared site.
    Site {
        #[command(flatten)]
        rounds: Rounds,
    },
    /// The round trip through the broker: Mosquitto with an echo client at QoS 1, and the gateway answering by itself.
    Front {
        #[command(flatten)]
        rounds: Rounds,
    },
    /// Bytes from a gateway to its hub.
    Wire {
        #[command(flatten)]
        day: Day,
        #[command(flatten)]
        place: Place,
    },
    /// Texts from a site without data to its hub.
    Texts {
        #[command(flatten)]
        day: TextDay,
    },
    /// Memory, idle processor and start of a gateway over the prepared site.
    Weigh {
        #[command(flatten)]
        scale: Scale,
        #[command(flatten)]
        place: Place,
    },
    /// How fast worlds are simulated.
    Storm {
        #[command(flatten)]
        world: World,
    },
    /// Payments through the four pretend providers while the hub is killed, and how fast a hub takes callbacks.
    Payments {
        #[command(flatten)]
        trial: Trial,
        #[command(flatten)]
        flood: Flood,
        #[command(flatten)]
        place: Place,
    },
    /// Steps of USSD, each on the disk before its answer: FastAPI + Redis, the same flushing each second, and the hub.
    Ussd {
        #[command(flatten)]
        crowd: Crowd,
        #[command(flatten)]
        rounds: Rounds,
    },
    /// What one flush of the disk costs.
    Disk {
        #[command(flatten)]
        place: Place,
    },
    /// Answers asks at a broker and stores nothing; started by `front`.
    Echo {
        /// `HOST:PORT`
        #[arg(long)]
        server: String,
    },
}

#[derive(Debug, Args)]
struct All {
    #[command(flatten)]
    rounds: Rounds,
    #[command(flatten)]
    size: Size,
    #[command(flatten)]
    day: Day,
    #[command(flatten)]
    texts: TextDay,
    #[command(flatten)]
    scale: Scale,
    #[command(flatten)]
    world: World,
    #[command(flatten)]
    trial: Trial,
    #[command(flatten)]
    flood: Flood,
    #[command(flatten)]
    crowd: Crowd,
}

#[derive(Debug, Args)]
struct Place {
    /// Where data is kept: a directory on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    directory: PathBuf,
}

#[derive(Clone, Copy, Debug, Args)]
struct World {
    /// Its sites.
    #[arg(long, default_value_t = 10)]
    storm_sites: u32,
    /// Its days.
    #[arg(long, default_value_t = 7)]
    storm_days: u32,
    /// Visits a site and day.
    #[arg(long, default_value_t = 200)]
    storm_visits: u32,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    let mut targets = Targets::default();
    match Options::parse().command {
        Command::All(all) => run_all(*all, &mut targets).await?,
        Command::Prepare { size, place } => {
            prepare::prepare(&place.directory, size).await?;
        }
        Command::Site { rounds } => site(&rounds, &mut targets).await?,
        Command::Front { rounds } => front(&rounds, &mut targets).await?,
        Command::Wire { day, place } => targets.wire(wire::wire(&place.directory, day).await?),
        Command::Texts { day } => targets.texts(texts::texts(day)?),
        Command::Weigh { scale, place } => {
            let prepared = prepared(&place.directory)?;
            targets.weight(weigh::weigh(&place.directory, &prepared, scale).await?);
        }
        Command::Storm { world } => storm(world, &mut targets).await?,
        Command::Payments { trial, flood, place } => money(&place.directory, trial, flood, &mut targets).await?,
        Command::Ussd { crowd, rounds } => phones(&rounds, &crowd, &mut targets).await?,
        Command::Disk { place } => disk::tell(&place.directory)?,
        Command::Echo { server } => return rivals::serve_echo(&server).await,
    }
    println!("{targets}");
    Ok(())
}

async fn run_all(all: All, targets: &mut Targets) -> anyhow::Result<()> {
    let place = all.rounds.directory.clone();
    disk::tell(&place)?;
    println!("\n== a site after a month");
    let prepared = prepare::prepare(&place, all.size).await?;
    println!("\n== memory, idle processor, start");
    targets.weight(weigh::weigh(&place, &prepared, all.scale).await?);
    println!("\n== bytes on the wire");
    targets.wire(wire::wire(&place, all.day).await?);
    println!("\n== texts of a site without data");
    targets.texts(texts::texts(all.texts)?);
    println!("\n== decisions, each on the disk before its answer");
    site(&all.rounds, targets).await?;
    println!("\n== the round trip through the broker");
    front(&all.rounds, targets).await?;
    println!("\n== storms");
    storm(all.world, targets).await?;
    println!("\n== USSD, each step on the disk before its answer");
    phones(&all.rounds, &all.crowd, targets).await?;
    println!("\n== money");
    money(&place, all.trial, all.flood, targets).await
}

fn prepared(directory: &Path) -> anyhow::Result<Prepared> {
    Prepared::read(&directory.join("prepared")).context("kisima-bench prepare makes what is missing")
}

async fn site(rounds: &Rounds, targets: &mut Targets) -> anyhow::Result<()> {
    let ours = Contestant::Gateway {
        prepared: Some(prepared(&rounds.directory)?),
    };
    let contestants = [
        Contestant::Peer { batch_ms: 0 },
        Contestant::Peer { batch_ms: 10 },
        ours,
    ];
    for (clients, columns) in compare(rounds, &contestants, Some("verified")).await? {
        targets.decisions(clients, &columns);
    }
    Ok(())
}

async fn front(rounds: &Rounds, targets: &mut Targets) -> anyhow::Result<()> {
    let contestants = [Contestant::Echo, Contestant::Gateway { prepared: None }];
    for (clients, columns) in compare(rounds, &contestants, None).await? {
        targets.front(clients, &columns);
    }
    Ok(())
}

async fn storm(world: World, targets: &mut Targets) -> anyhow::Result<()> {
    let start = Instant::now();
    let mut program = tokio::process::Command::new(world::processes::binary("kisima-storm")?);
    let numbers = [world.storm_sites, world.storm_days, world.storm_visits].map(|number| number.to_string());
    program.args(["--seed", "7", "--sites", &numbers[0]]);
    program.args(["--days", &numbers[1], "--visits", &numbers[2]]);
    let status = program.kill_on_drop(true).status().await?;
    ensure!(status.success(), "kisima-storm: {status}");
    targets.storm(start.elapsed().as_secs_f64());
    Ok(())
}

async fn money(directory: &Path, trial: Trial, flood: Flood, targets: &mut Targets) -> anyhow::Result<()> {
    disk::tell(directory)?;
    targets.callbacks(callbacks::flood(directory, flood).await?);
    targets.payments(payments::pay(directory, trial).await?);
    Ok(())
}

async fn phones(rounds: &Rounds, crowd: &Crowd, targets: &mut Targets) -> anyhow::Result<()> {
    targets.ussd(crowd.callers, &ussd::compare(rounds, crowd).await?);
    Ok(())
}
