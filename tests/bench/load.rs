//! `kisima-bench`: the gateway's figures, each beside a peer in the same run, under the same load.
//!
//! | module | what it holds |
//! |---|---|
//! | [`generator`] | N dispensers with one ask in flight each, and what they saw |
//! | [`mqtt`] | as much of the protocol as that takes |
//! | [`rivals`] | Mosquitto with a Python service, Mosquitto with an echo |
//! | [`gateway`] | our own side |
//! | [`disk`] | what one flush costs here |
//! | [`mod@table`] | rounds side by side |

mod disk;
mod gateway;
mod generator;
mod mqtt;
mod rivals;
mod table;

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use clap::{Args, Parser, Subcommand};

use generator::{Customer, Figures, Plan};
use rivals::{Parts, Running};
use table::{Column, table};

/// Measures a gateway beside its peers.
#[derive(Debug, Parser)]
#[command(version, name = "kisima-bench")]
struct Options {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Decisions, each on the disk before its answer: Mosquitto + Python + SQLite, the same with shared commits, and
    /// the gateway where --gateway and --prepared name one.
    Site {
        #[command(flatten)]
        rounds: Rounds,
        /// The data directory of a stopped gateway that was joined and whose customers may draw.
        #[arg(long, requires = "gateway", requires = "customers")]
        prepared: Option<PathBuf>,
        /// Its customers, one a line: what is keyed in, a space, the PIN.
        #[arg(long, requires = "prepared")]
        customers: Option<PathBuf>,
    },
    /// The round trip through the broker: Mosquitto with an echo client at QoS 1, and the gateway answering by itself.
    Front {
        #[command(flatten)]
        rounds: Rounds,
    },
    /// What one flush of the disk costs.
    Disk {
        /// A directory on that disk.
        #[arg(long, default_value = "target/bench")]
        directory: PathBuf,
    },
    /// Answers asks at a broker and stores nothing; started by `front`.
    Echo {
        /// `HOST:PORT`
        #[arg(long)]
        server: String,
    },
}

#[derive(Debug, Args)]
struct Rounds {
    /// How many dispensers, one table each.
    #[arg(long, value_delimiter = ',', default_value = "1,6,50")]
    clients: Vec<usize>,
    /// How often each contestant runs, in turn.
    #[arg(long, default_value_t = 3)]
    rounds: usize,
    /// How long a run is measured.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Before the measuring.
    #[arg(long, default_value_t = 2)]
    warm_up_seconds: u64,
    /// Where contestants keep their data: a directory on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    directory: PathBuf,
    /// A Python with paho-mqtt.
    #[arg(long, default_value = "target/bench-python/bin/python")]
    python: PathBuf,
    /// The peer's program.
    #[arg(long, default_value = "tests/bench/peer.py")]
    peer: PathBuf,
    /// A kisima-gateway, built for release.
    #[arg(long)]
    gateway: Option<PathBuf>,
}

/// Who runs.
#[derive(Clone, Debug)]
enum Contestant {
    Peer {
        batch_ms: u32,
    },
    Echo,
    Gateway {
        program: PathBuf,
        prepared: Option<(PathBuf, Vec<Customer>)>,
    },
}

impl Contestant {
    fn name(&self) -> String {
        match self {
            Contestant::Peer { batch_ms: 0 } => "Mosquitto + Python + SQLite".to_owned(),
            Contestant::Peer { batch_ms } => format!("the same, commits shared for {batch_ms} ms"),
            Contestant::Echo => "Mosquitto + echo".to_owned(),
            Contestant::Gateway { .. } => "kisima-gateway".to_owned(),
        }
    }

    async fn start(&self, parts: &Parts, clients: usize) -> anyhow::Result<Running> {
        match self {
            Contestant::Peer { batch_ms } => rivals::peer(parts, clients, *batch_ms).await,
            Contestant::Echo => rivals::echo(parts, clients).await,
            Contestant::Gateway { program, prepared } => {
                let prepared = prepared
                    .as_ref()
                    .map(|(directory, customers)| (directory.as_path(), customers.clone()));
                gateway::gateway(parts, program, clients, prepared).await
            }
        }
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<()> {
    match Options::parse().command {
        Command::Site {
            rounds,
            prepared,
            customers,
        } => {
            let mut contestants = vec![Contestant::Peer { batch_ms: 0 }, Contestant::Peer { batch_ms: 10 }];
            if let (Some(program), Some(directory), Some(file)) = (rounds.gateway.clone(), prepared, customers) {
                let prepared = Some((directory, read_customers(&file)?));
                contestants.push(Contestant::Gateway { program, prepared });
            }
            compare(&rounds, &contestants, Some("verified")).await
        }
        Command::Front { rounds } => {
            let ours = rounds.gateway.clone().map(|program| Contestant::Gateway {
                program,
                prepared: None,
            });
            let contestants: Vec<Contestant> = [Contestant::Echo].into_iter().chain(ours).collect();
            compare(&rounds, &contestants, None).await
        }
        Command::Disk { directory } => tell_disk(&directory),
        Command::Echo { server } => rivals::serve_echo(&server).await,
    }
}

fn tell_disk(directory: &std::path::Path) -> anyhow::Result<()> {
    let (p50_ms, p99_ms) = disk::flush_ms(directory)?;
    println!("disk: one page written and flushed in {p50_ms:.2} ms (p99 {p99_ms:.2} ms)");
    Ok(())
}

/// Runs the contestants in turn and prints one table for each number of clients. Where `only` is given, any other
/// answer is an error: a denial costs less than a decision for the customer.
async fn compare(rounds: &Rounds, contestants: &[Contestant], only: Option<&str>) -> anyhow::Result<()> {
    let parts = Parts {
        directory: rounds.directory.clone(),
        python: rounds.python.clone(),
        peer: rounds.peer.clone(),
    };
    for clients in &rounds.clients {
        let mut columns: Vec<Column> = contestants
            .iter()
            .map(|contestant| Column {
                name: contestant.name(),
                rounds: Vec::new(),
            })
            .collect();
        for round in 1..=rounds.rounds {
            tell_disk(&parts.directory)?;
            for (contestant, column) in contestants.iter().zip(&mut columns) {
                let figures = measure(rounds, contestant, &parts, *clients)
                    .await
                    .with_context(|| format!("{}, {clients} clients, round {round}", contestant.name()))?;
                println!(
                    "round {round}, {clients} clients, {}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
                    column.name, figures.rate, figures.p50_ms, figures.p99_ms
                );
                if let Some(other) = figures
                    .reasons
                    .keys()
                    .find(|reason| only.is_some_and(|only| only != *reason))
                {
                    bail!("{} answered {other}", contestant.name());
                }
                column.rounds.push(figures);
            }
        }
        println!("\n{}", table(*clients, &columns));
    }
    Ok(())
}

async fn measure(rounds: &Rounds, contestant: &Contestant, parts: &Parts, clients: usize) -> anyhow::Result<Figures> {
    let running = contestant.start(parts, clients).await?;
    let plan = Plan {
        run: format!("{:x}", SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis()),
        server: running.server.clone(),
        logins: running.logins.clone(),
        customers: running.customers.clone(),
        volume_ml: 500,
        warm_up: Duration::from_secs(rounds.warm_up_seconds),
        measured: Duration::from_secs(rounds.seconds),
    };
    let figures = generator::run(plan).await;
    running.stop().await?;
    figures
}

fn read_customers(file: &std::path::Path) -> anyhow::Result<Vec<Customer>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let customer = |line: &str| {
        let (user, pin) = line
            .split_once(' ')
            .with_context(|| format!("{}: {line:?} is not USER PIN", file.display()))?;
        Ok(Customer {
            user: user.to_owned(),
            pin: pin.trim().to_owned(),
        })
    };
    text.lines().map(customer).collect()
}
