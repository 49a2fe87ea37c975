//! The pretend modem on real ptys: under gammu, which knows nothing of it, and under the driver.

#[cfg(test)]
#[path = "modem/command_line.rs"]
mod command_line;
#[path = "modem/driver.rs"]
mod driver;
#[path = "modem/gammu.rs"]
mod gammu;
#[path = "modem/sandbox.rs"]
mod sandbox;
#[cfg(test)]
#[path = "modem/site.rs"]
mod site;

use std::{path::Path, time::Duration};

use world::modem::{Modem, happening::Happening, port::Port, profile::Profile};

/// 2026-11-22 14:05:09 in Nairobi.
const START_MS: i64 = 1_795_345_509_000;

/// How long anything here may take.
const WITHIN: Duration = Duration::from_secs(60);

fn port(profile: &str, link: &Path) -> Port {
    let modem = Modem::new(Profile::named(profile).expect("a profile"), "+254700000900", START_MS);
    Port::start(modem, link, Vec::new()).expect("a pty")
}

fn text(from: &str, text: &str) -> Happening {
    Happening::Receive {
        from: from.into(),
        text: text.into(),
    }
}
