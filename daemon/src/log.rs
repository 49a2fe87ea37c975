//! Logs: lines of text, lines of JSON, or the journal's own fields.

use config::common::{Log, LogFormat};
use tracing_subscriber::{filter::LevelFilter, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging as configured.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let level: LevelFilter = log.level.name().parse()?;
    let registry = tracing_subscriber::registry().with(level);
    match log.format {
        LogFormat::Text => registry
            .with(tracing_subscriber::fmt::layer().with_writer(std::io::stderr))
            .try_init()?,
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr))
            .try_init()?,
        LogFormat::Journal => registry.with(tracing_journald::layer()?).try_init()?,
    }
    Ok(())
}
