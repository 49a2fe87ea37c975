//! Logs: lines of text, lines of JSON, or the journal's own fields.

use std::io::IsTerminal as _;

use config::common::{Log, LogFormat};
use tracing_subscriber::{filter::Targets, layer::SubscriberExt as _, util::SubscriberInitExt as _};

/// Starts logging as configured.
pub fn start(log: &Log) -> anyhow::Result<()> {
    let level: tracing::Level = log.level.name().parse()?;
    // The router tells of every subscription; only what it warns of concerns a site.
    let targets = Targets::new()
        .with_default(level)
        .with_target("rumqttd", level.min(tracing::Level::WARN));
    let registry = tracing_subscriber::registry().with(targets);
    let is_terminal = std::io::stderr().is_terminal();
    match log.format {
        LogFormat::Text => registry
            .with(
                tracing_subscriber::fmt::layer()
                    .with_ansi(is_terminal)
                    .with_writer(std::io::stderr),
            )
            .try_init()?,
        LogFormat::Json => registry
            .with(tracing_subscriber::fmt::layer().json().with_writer(std::io::stderr))
            .try_init()?,
        LogFormat::Journal => registry.with(tracing_journald::layer()?).try_init()?,
    }
    Ok(())
}
