//! How log lines look: text for a person, JSON for a collector, fields for journald.

use config::common::{Log, LogFormat};
use tracing_subscriber::{EnvFilter, Layer, fmt, layer::SubscriberExt, registry::Registry, util::SubscriberInitExt};

/// Begins to log, to standard error or to journald. `Err` when that cannot be, with the reason.
pub fn begin(log: &Log) -> anyhow::Result<()> {
    let level = log.level.name();
    // Libraries tell a great deal below "warn"; what they tell is for whoever asked for everything.
    let filter = match level {
        "debug" | "trace" => EnvFilter::new(level),
        _ => EnvFilter::new(format!("{level},hyper=warn,reqwest=warn")),
    };
    let lines: Box<dyn Layer<Registry> + Send + Sync> = match log.format {
        LogFormat::Text => Box::new(fmt::layer().with_writer(std::io::stderr).with_ansi(is_terminal())),
        LogFormat::Json => Box::new(fmt::layer().json().with_writer(std::io::stderr)),
        LogFormat::Journal => Box::new(tracing_journald::layer()?),
    };
    tracing_subscriber::registry()
        .with(lines.with_filter(filter))
        .try_init()?;
    Ok(())
}

fn is_terminal() -> bool {
    std::io::IsTerminal::is_terminal(&std::io::stderr())
}
