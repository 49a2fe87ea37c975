//! The command line.

use std::{
    path::PathBuf,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::Context as _;
use clap::{Args, Parser, Subcommand};
use kiosk::fact::Outcome;
use world::dispenser::Ask;

/// A simulated water dispenser: talks to a gateway as the real ones do.
#[derive(Debug, Parser)]
#[command(version, name = "kisima-dispenser")]
pub struct Options {
    /// What it does.
    #[command(subcommand)]
    pub command: Command,
}

/// The subcommands of CONTRACTS section 1.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Asks for water and prints the answer.
    Ask {
        #[command(flatten)]
        box_: Box_,
        #[command(flatten)]
        ask: AskOptions,
    },
    /// Asks for water, pours it, and waits for the receipt.
    Pour {
        #[command(flatten)]
        box_: Box_,
        #[command(flatten)]
        ask: AskOptions,
        #[command(flatten)]
        pour: PourOptions,
    },
    /// Sends heartbeats.
    Heartbeat {
        #[command(flatten)]
        box_: Box_,
        /// How many.
        #[arg(long, default_value_t = 1)]
        count: u64,
        /// How long from one to the next, in milliseconds.
        #[arg(long, default_value_t = world::dispenser::HEARTBEAT_MS)]
        every_ms: u64,
    },
    /// Misbehaves: sends more than a dispenser may, and tells when it was cut off.
    Flood {
        #[command(flatten)]
        box_: Box_,
        /// Messages a second.
        #[arg(long, default_value_t = 1_000)]
        per_second: u32,
        /// For how long it goes on when nobody cuts it off.
        #[arg(long, default_value_t = 10)]
        seconds: u32,
        /// Of each message.
        #[arg(long, default_value_t = 200)]
        payload_bytes: usize,
    },
}

/// Which dispenser it plays, at which gateway.
#[derive(Debug, Args)]
pub struct Box_ {
    /// The gateway's MQTT listener.
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:1883")]
    pub server: String,
    /// The dispenser's id.
    #[arg(long)]
    pub id: String,
    /// The dispenser's secret.
    #[arg(long, conflicts_with = "secret_file", required_unless_present = "secret_file")]
    pub secret: Option<String>,
    /// A file with the secret, to keep it out of the list of processes.
    #[arg(long, value_name = "FILE")]
    pub secret_file: Option<PathBuf>,
    /// The MQTT client id; without it the id, a dot and something of its own, so that nobody is taken over.
    #[arg(long)]
    pub client_id: Option<String>,
    /// Gives up after this many seconds without what it waits for.
    #[arg(long, default_value_t = 30)]
    pub wait_s: u64,
    /// Prints one JSON object a line.
    #[arg(long)]
    pub json: bool,
}

impl Box_ {
    /// The secret, wherever it stands.
    pub fn secret(&self) -> anyhow::Result<String> {
        match (&self.secret, &self.secret_file) {
            (Some(secret), _) => Ok(secret.clone()),
            (None, Some(path)) => {
                let text = std::fs::read_to_string(path).with_context(|| format!("secret file {}", path.display()))?;
                Ok(text.trim().to_owned())
            }
            (None, None) => anyhow::bail!("--secret or --secret-file is needed"),
        }
    }

    /// Host and port of the server.
    pub fn address(&self) -> anyhow::Result<(String, u16)> {
        let parts = self
            .server
            .rsplit_once(':')
            .and_then(|(host, port)| Some((host, port.parse().ok()?)));
        let (host, port) = parts.with_context(|| format!("--server {} is not HOST:PORT", self.server))?;
        Ok((host.trim_matches(['[', ']']).to_owned(), port))
    }
}

/// Who asks for how much.
#[derive(Debug, Args)]
pub struct AskOptions {
    /// A phone, an account id, or its digits.
    #[arg(long, required_unless_present = "code", conflicts_with = "code")]
    pub user: Option<String>,
    /// A subscription code in place of the user.
    #[arg(long)]
    pub code: Option<String>,
    /// The PIN.
    #[arg(long)]
    pub pin: Option<String>,
    /// A payment token to redeem first.
    #[arg(long)]
    pub token: Option<String>,
    /// How much, in millilitres.
    #[arg(long, default_value_t = 20_000, allow_negative_numbers = true)]
    pub volume_ml: i64,
    /// The request's id, to send one a second time; without it a new one.
    #[arg(long)]
    pub request: Option<String>,
}

impl AskOptions {
    /// The ask.
    pub fn to_ask(&self) -> anyhow::Result<Ask> {
        let request = self.request.clone().map_or_else(new_request, Ok)?;
        let (user, code) = (self.user.clone(), self.code.clone());
        Ok(Ask {
            request,
            user,
            code,
            pin: self.pin.clone(),
            token: self.token.clone(),
            volume_ml: self.volume_ml,
        })
    }
}

/// How the pour goes.
#[derive(Debug, Args)]
pub struct PourOptions {
    /// How much flows; without it all that was approved.
    #[arg(long)]
    pub pour_ml: Option<u64>,
    /// How long it flows, in milliseconds.
    #[arg(long, default_value_t = 0)]
    pub duration_ms: u64,
    /// How it ends: complete, stopped, timeout, fault or power_lost.
    #[arg(long, default_value = "complete", value_parser = outcome)]
    pub outcome: Outcome,
}

fn outcome(name: &str) -> Result<Outcome, String> {
    let names = || Outcome::ALL.map(Outcome::name).join(", ");
    Outcome::from_name(name).ok_or_else(|| format!("must be one of {}", names()))
}

/// An id that no other run of this program makes.
pub fn new_request() -> anyhow::Result<String> {
    let now = SystemTime::now()
        .duration_since(UNIX_EPOCH)
        .context("the clock stands before 1970")?;
    Ok(format!("{:x}-{:x}", now.as_micros(), std::process::id()))
}
