//! USSD at the real hub beside the smallest peer of the older stack: FastAPI, uvicorn and Redis. Contestants run in turn
//! under the same callers, who walk through the same screens.
//!
//! What the hub answered is looked for in its database after `kill -9`.

use std::{
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use kiosk::provider::Provider;
use rusqlite::OptionalExtension as _;
use tokio::process::{Child, Command};
use world::programme::Programme;

use crate::{
    books,
    callers::{self, PHONES_EACH, Plan, Walked},
    contest::Rounds,
    disk,
    gateway::copy,
    generator::Figures,
    payments::{enrol, open},
    rivals::{free_port, fresh_directory, wait_for},
    table::{Column, table},
};

/// How many call.
#[derive(Clone, Debug, Args)]
pub struct Crowd {
    /// Callers at once, each in one session.
    #[arg(long, default_value_t = 200)]
    pub callers: usize,
    /// Processes of the peer's service, each with as many of the callers; the older stack was started as one.
    #[arg(long, default_value_t = 1)]
    pub workers: usize,
    /// The peer's program.
    #[arg(long, default_value = "tests/bench/ussd_peer.py")]
    pub ussd_peer: PathBuf,
}

/// What was found: FastAPI over Redis that flushes before every answer, the same flushing each second, the hub.
pub struct Answered {
    /// In that order.
    pub columns: Vec<Column>,
    /// Steps that the hub answered and had not after the kill.
    pub forgotten: usize,
}

/// When Redis flushes its log to the disk.
#[derive(Clone, Copy, Debug)]
enum Flushed {
    BeforeEachAnswer,
    EachSecond,
}

impl Flushed {
    fn policy(self) -> &'static str {
        match self {
            Flushed::BeforeEachAnswer => "always",
            Flushed::EachSecond => "everysec",
        }
    }
}

/// Runs everybody in turn and prints the table.
pub async fn compare(rounds: &Rounds, crowd: &Crowd) -> anyhow::Result<Answered> {
    let people = crowd.callers * PHONES_EACH;
    let prepared = prepare(&rounds.directory, people).await?;
    let peers = [Flushed::BeforeEachAnswer, Flushed::EachSecond];
    let names = peers.map(|flushed| format!("FastAPI + Redis, appendfsync {}", flushed.policy()));
    let names = names.into_iter().chain(["kisima-hub".to_owned()]);
    let column = |name| Column {
        name,
        rounds: Vec::new(),
    };
    let mut columns: Vec<Column> = names.map(column).collect();
    let mut forgotten = 0;
    for round in 1..=rounds.rounds {
        disk::tell(&rounds.directory)?;
        for (place, column) in columns.iter_mut().enumerate() {
            let run = async {
                match peers.get(place) {
                    Some(flushed) => peer(rounds, crowd, *flushed).await,
                    None => {
                        let (figures, lost) = hub(rounds, crowd, &prepared).await?;
                        forgotten += lost;
                        Ok(figures)
                    }
                }
            };
            let figures = run.await.with_context(|| format!("{}, round {round}", column.name))?;
            println!(
                "round {round}, {} callers, {}: {:.0}/s, p50 {:.2} ms, p99 {:.2} ms",
                crowd.callers, column.name, figures.rate, figures.p50_ms, figures.p99_ms
            );
            column.rounds.push(figures);
        }
    }
    println!("\n{}", table(crowd.callers, &columns));
    Ok(Answered { columns, forgotten })
}

fn plan(rounds: &Rounds, crowd: &Crowd, servers: Vec<String>) -> Plan {
    Plan {
        servers,
        callers: crowd.callers,
        warm_up: Duration::from_secs(rounds.warm_up_seconds),
        measured: Duration::from_secs(rounds.seconds),
    }
}

/// A hub that knows so many people, at rest: every run begins with a copy.
async fn prepare(parent: &Path, people: usize) -> anyhow::Result<PathBuf> {
    println!("ussd: {people} customers");
    let directory = fresh_directory(parent, "ussd-prepared")?;
    let mut programme = open(&directory, &[], &[("log.level", "warn")]).await?;
    enrol(&programme, &[Provider::Mpesa], people).await?;
    programme.stop().await?;
    Ok(directory)
}

async fn hub(rounds: &Rounds, crowd: &Crowd, prepared: &Path) -> anyhow::Result<(Figures, usize)> {
    let directory = fresh_directory(&rounds.directory, "ussd-hub")?;
    copy(prepared, &directory)?;
    // Connections that have shown no secret yet are few of each address; an aggregator's proxy is ours, like this one.
    let keys = [("log.level", "warn"), ("web.trusted_proxies", "[\"127.0.0.1\"]")];
    let mut programme = open(&directory, &[], &keys).await?;
    let server = programme.hub.address("web")?.to_string();
    let (figures, walked) = callers::run(plan(rounds, crowd, vec![server])).await?;
    programme.hub.kill()?;
    let forgotten = forgotten(&programme, &walked)?;
    Ok((figures, forgotten))
}

/// Sessions whose last answered step is not in the database.
fn forgotten(programme: &Programme, walked: &[Walked]) -> anyhow::Result<usize> {
    let books = books::open(programme)?;
    let mut read = books.prepare("SELECT steps FROM ussd_session WHERE id = ?1")?;
    let mut forgotten = 0;
    for Walked { session, steps } in walked {
        let kept: Option<i64> = read.query_row([session], |row| row.get(0)).optional()?;
        forgotten += usize::from(kept.is_none_or(|kept| kept < *steps as i64));
    }
    Ok(forgotten)
}

async fn peer(rounds: &Rounds, crowd: &Crowd, flushed: Flushed) -> anyhow::Result<Figures> {
    let directory = fresh_directory(&rounds.directory, "ussd-peer")?;
    let (mut programs, port) = redis(&directory, flushed).await?;
    let mut filling = python(rounds, port);
    filling.arg(&crowd.ussd_peer);
    filling.args(["--customers", &(crowd.callers * PHONES_EACH).to_string()]);
    let status = filling.status().await.context("start ussd_peer.py")?;
    ensure!(status.success(), "ussd_peer.py: {status}");
    let folder = crowd.ussd_peer.parent().context("ussd_peer.py lies in a folder")?;
    let mut servers = Vec::new();
    for _ in 0..crowd.workers {
        let own = free_port()?;
        let mut service = python(rounds, port);
        service.args([
            "-m",
            "uvicorn",
            "ussd_peer:app",
            "--no-access-log",
            "--log-level",
            "warning",
        ]);
        service.args(["--port", &own.to_string()]).arg("--app-dir").arg(folder);
        programs.push(service.spawn().context("start uvicorn")?);
        wait_for(own).await?;
        servers.push(format!("127.0.0.1:{own}"));
    }
    let ran = callers::run(plan(rounds, crowd, servers)).await;
    for program in programs.iter_mut().rev() {
        program.kill().await.context("stop a contestant")?;
    }
    Ok(ran?.0)
}

fn python(rounds: &Rounds, redis_port: u16) -> Command {
    let mut command = Command::new(&rounds.python);
    command
        .env("PEER_REDIS_PORT", redis_port.to_string())
        // Nothing of it stays beside its source.
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .kill_on_drop(true);
    command
}

async fn redis(directory: &Path, flushed: Flushed) -> anyhow::Result<(Vec<Child>, u16)> {
    let port = free_port()?;
    let mut redis = Command::new("redis-server");
    redis.args(["--port", &port.to_string(), "--bind", "127.0.0.1"]);
    // Its log alone is what is durable; snapshots beside it would only hold it back.
    redis.args(["--appendonly", "yes", "--appendfsync", flushed.policy(), "--save", ""]);
    redis.arg("--dir").arg(directory);
    redis.stdin(Stdio::null()).stdout(Stdio::null()).kill_on_drop(true);
    let child = redis.spawn().context("start redis-server")?;
    wait_for(port).await?;
    Ok((vec![child], port))
}
