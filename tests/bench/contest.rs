//! Contestants in turn, under the same load, and the tables of what they showed.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, bail};
use clap::Args;

use crate::{
    disk, gateway,
    generator::{self, Figures, Plan},
    prepare::Prepared,
    rivals::{self, Parts, Running},
    table::{Column, table},
};

/// How often and how long everybody runs.
#[derive(Clone, Debug, Args)]
pub struct Rounds {
    /// How many dispensers, one table each.
    #[arg(long, value_delimiter = ',', default_value = "1,6,50")]
    clients: Vec<usize>,
    /// How often each contestant runs, in turn.
    #[arg(long, default_value_t = 3)]
    pub rounds: usize,
    /// How long a run is measured.
    #[arg(long, default_value_t = 10)]
    pub seconds: u64,
    /// Before the measuring.
    #[arg(long, default_value_t = 2)]
    pub warm_up_seconds: u64,
    /// Where contestants keep their data: a directory on the disk that is to be measured.
    #[arg(long, default_value = "target/bench")]
    pub directory: PathBuf,
    /// A Python with paho-mqtt, FastAPI, uvicorn and redis-py.
    #[arg(long, default_value = "target/bench-python/bin/python")]
    pub python: PathBuf,
    /// The peer's program.
    #[arg(long, default_value = "tests/bench/peer.py")]
    pub peer: PathBuf,
}

/// Who runs.
#[derive(Clone, Debug)]
pub enum Contestant {
    /// Mosquitto, Python and SQLite.
    Peer {
        /// How long decisions wait to share a commit; 0 for none.
        batch_ms: u32,
    },
    /// Mosquitto and a client that answers at once.
    Echo,
    /// Our own; without a prepared site it knows nobody.
    Gateway {
        /// A site whose customers may draw.
        prepared: Option<Prepared>,
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
            Contestant::Gateway { prepared } => gateway::gateway(parts, clients, prepared.as_ref()).await,
        }
    }
}

/// Runs the contestants in turn and prints one table for each number of clients. Where `only` is given, any other
/// answer is an error: a denial costs less than a decision for the customer.
pub async fn compare(
    rounds: &Rounds,
    contestants: &[Contestant],
    only: Option<&str>,
) -> anyhow::Result<Vec<(usize, Vec<Column>)>> {
    let parts = Parts {
        directory: rounds.directory.clone(),
        python: rounds.python.clone(),
        peer: rounds.peer.clone(),
    };
    let mut tables = Vec::new();
    for clients in &rounds.clients {
        let mut columns: Vec<Column> = contestants
            .iter()
            .map(|contestant| Column {
                name: contestant.name(),
                rounds: Vec::new(),
            })
            .collect();
        for round in 1..=rounds.rounds {
            disk::tell(&parts.directory)?;
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
        tables.push((*clients, columns));
    }
    Ok(tables)
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
