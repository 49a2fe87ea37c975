//! `kisima-fuzz`: damages good inputs and gives them to whatever reads what others wrote.

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{Duration, Instant},
};

use anyhow::Context;
use clap::Parser;
use world::{
    command_line,
    fuzz::{TARGETS, Target, fuzz, read},
};

/// Damages good inputs and gives them to whatever reads what others wrote: PDUs, lines of a modem, USSD, SMS commands,
/// records, frames and texts of sync, MQTT at the broker's front. Exits 1 when one panics, writes the input to a file and prints its path.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// One target alone; without it, all of them share the time.
    #[arg(long)]
    target: Option<String>,
    /// For how long, altogether.
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// Another seed tries other inputs.
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// Where failing inputs go.
    #[arg(long, default_value = ".")]
    out: PathBuf,
    /// Gives this file to the target, once, and nothing else.
    #[arg(long, requires = "target")]
    input: Option<PathBuf>,
    /// Lists the targets.
    #[arg(long)]
    list: bool,
}

fn main() -> ExitCode {
    let arguments: Arguments = match command_line::arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    let is_chosen = |target: &&Target| arguments.target.as_deref().is_none_or(|name| name == target.name);
    let chosen: Vec<&Target> = TARGETS.iter().filter(is_chosen).collect();
    if arguments.list || chosen.is_empty() {
        TARGETS
            .iter()
            .for_each(|target| println!("{:8} {}", target.name, target.about));
        return if arguments.list {
            ExitCode::SUCCESS
        } else {
            ExitCode::from(command_line::EXIT_USAGE)
        };
    }
    match run(&arguments, &chosen) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            eprintln!("kisima-fuzz: {error:#}");
            ExitCode::FAILURE
        }
    }
}

/// Whether nothing panicked.
fn run(arguments: &Arguments, targets: &[&Target]) -> anyhow::Result<bool> {
    let each = Duration::from_secs(arguments.seconds) / u32::try_from(targets.len())?;
    let mut is_good = true;
    for target in targets {
        let start = Instant::now();
        let tried = match &arguments.input {
            Some(path) => read(target, &fs::read(path).with_context(|| path.display().to_string())?).map(|()| 1),
            None => fuzz(target, arguments.seed, |_| start.elapsed() < each),
        };
        match tried {
            Ok(count) => println!("{:8} {count} inputs, seed {}, no panic", target.name, arguments.seed),
            Err(found) => {
                is_good = false;
                let path = arguments
                    .out
                    .join(format!("fuzz-{}-{}.bin", target.name, arguments.seed));
                fs::write(&path, &found.input).with_context(|| path.display().to_string())?;
                println!("{:8} PANIC: {}: {}", target.name, found.said, path.display());
            }
        }
    }
    Ok(is_good)
}
