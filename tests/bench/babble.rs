//! Memory of a gateway whose modem's port babbles as fast as it is read: noise, and lines of a megabyte that no line end ends
//! sooner, in turn.

use std::{io, path::Path, time::Duration};

use anyhow::Context as _;
use clap::Args;
use rustix::{
    fs::{Mode, OFlags, fcntl_getfl, fcntl_setfl, open},
    io::{Errno, write},
    pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt},
    termios::{OptionalActions, ioctl_tiocnxcl, tcgetattr, tcsetattr},
};
use tokio::time::{Instant, sleep};
use world::{processes::Program, programme::STOP_WITHIN, random::Random};

use crate::{rivals::fresh_directory, weigh::resident_mb};

/// Until the gateway has started and opened the port.
const SETTLE: Duration = Duration::from_secs(3);
/// How long it is not written to a port that takes no more.
const REST: Duration = Duration::from_millis(1);
/// How often the memory is read.
const LOOK_EVERY: Duration = Duration::from_millis(100);
/// One long line.
const LINE_BYTES: usize = 1_000_000;

/// How long it babbles.
#[derive(Clone, Copy, Debug, Args)]
pub struct Noise {
    /// Seconds of it.
    #[arg(long, default_value_t = 10)]
    pub babble_seconds: u64,
}

/// What came of it.
#[derive(Clone, Copy, Debug)]
pub struct Babble {
    /// What the gateway read, in megabytes of a million bytes.
    pub read_mb: f64,
    /// Its resident memory before.
    pub before_mb: f64,
    /// How much more it was at the most.
    pub more_mb: f64,
}

/// Babbles at a gateway that has no hub.
pub async fn babble(parent: &Path, noise: Noise) -> anyhow::Result<Babble> {
    let directory = fresh_directory(parent, "babble")?;
    let ours = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY)?;
    grantpt(&ours)?;
    unlockpt(&ours)?;
    let name = ptsname(&ours, Vec::new())?;
    let mode = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
    // Held open, so that the port stays while the gateway opens it anew.
    let theirs = open(name.as_c_str(), mode, Mode::empty())?;
    let mut attributes = tcgetattr(&theirs)?;
    attributes.make_raw();
    tcsetattr(&theirs, OptionalActions::Now, &attributes)?;
    fcntl_setfl(&ours, fcntl_getfl(&ours)? | OFlags::NONBLOCK)?;

    let mut gateway = Program::gateway(&directory.join("site"))?;
    gateway.set("modem.port", name.to_str().context("a port has a plain name")?);
    gateway.set("log.level", "error").start().await?;
    let id = gateway.id().context("the gateway runs")?;
    sleep(SETTLE).await;
    let (before_mb, _) = resident_mb(id)?;
    let (mut most_mb, mut written) = (before_mb, 0);
    let (end, mut look) = (
        Instant::now() + Duration::from_secs(noise.babble_seconds),
        Instant::now(),
    );
    let pieces = [garbage(), vec![b'x'; LINE_BYTES], b"\r\n".to_vec()];
    let mut all = pieces.iter().cycle();
    let mut rest: &[u8] = &[];
    while Instant::now() < end {
        if rest.is_empty() {
            rest = all.next().context("they go round")?;
        }
        match write(&ours, rest) {
            Ok(taken) => {
                written += taken;
                rest = &rest[taken..];
            }
            Err(Errno::AGAIN) => sleep(REST).await,
            Err(error) => return Err(io::Error::from(error)).context("the pty"),
        }
        if look <= Instant::now() {
            ioctl_tiocnxcl(&theirs)?;
            most_mb = most_mb.max(resident_mb(id)?.0);
            look = Instant::now() + LOOK_EVERY;
        }
    }
    gateway.stop(STOP_WITHIN).await?;
    Ok(Babble {
        read_mb: written as f64 / 1_000_000.0,
        before_mb,
        more_mb: most_mb - before_mb,
    })
}

/// A megabyte of everything, line ends and prompts among it.
fn garbage() -> Vec<u8> {
    let mut random = Random::new(1);
    (0..LINE_BYTES).map(|_| random.below(256) as u8).collect()
}
