//! The serial port under the machine: the only file here that waits. Orders and bytes take turns, events wait for their
//! reader, and while they do what the modem says waits in the kernel.

mod log;
mod note;

use std::{
    future::{pending, ready},
    io,
    path::{Path, PathBuf},
    process::Stdio,
    time::{Duration, Instant},
};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    process::Command,
    sync::mpsc,
    time::timeout,
};
use tokio_serial::{SerialPortBuilderExt, SerialStream};

use self::log::{Line, Log};
use crate::{
    event::{Event, Trouble},
    machine::{Data, Effect, Input, Machine, Settings},
    order::Order,
    pin::PinNote,
    profile::Profile,
};

/// Bytes that are read at once.
const READ_MAX: usize = 4096;
/// How long a port may take for what is written to it: a modem that takes nothing is as good as gone.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// How often it is looked whether anybody can order anything while nobody reads events.
const STILL_WANTED: Duration = Duration::from_millis(500);
/// How long the site's hook may take.
const HOOK_TIMEOUT: Duration = Duration::from_secs(60);

/// Where the modem is and how it is used. It does not print, for it holds the PIN.
#[derive(Clone)]
pub struct Options {
    /// The port: best a path under `/dev/serial/by-id` or a symlink, which is opened anew each time.
    pub port: PathBuf,
    /// Its speed in baud; a port over USB does not care.
    pub baud: u32,
    /// The profile to use; `None` asks the modem.
    pub profile: Option<&'static Profile>,
    /// The SIM's PIN.
    pub sim_pin: Option<String>,
    /// The file in which is remembered what became of it, read at the beginning. Without one a wrong PIN costs one of three
    /// tries at each restart of this program, where the modem does not tell how many are left.
    pub pin_note: Option<PathBuf>,
    /// Who brings up mobile data.
    pub data: Data,
    /// A program that cuts the modem's power for a moment, run without arguments.
    pub power_hook: Option<PathBuf>,
}

/// Speaks to a modem until nobody can order anything any more, whatever becomes of the modem meanwhile: what goes wrong
/// is told as [`Event::Down`] and tried again. Events that nobody reads stop it until somebody does; when nobody can read
/// them any more it ends too, and so it does where nobody reads them and nobody can order anything.
pub async fn run(options: Options, orders: mpsc::Receiver<Order>, events: mpsc::Sender<Event>) {
    let mut driver = Driver {
        machine: Machine::new(Settings {
            profile: options.profile,
            sim_pin: options.sim_pin.clone(),
            pin_note: options.pin_note.as_deref().and_then(note::read),
            data: options.data.clone(),
            has_power_hook: options.power_hook.is_some(),
        }),
        began: Instant::now(),
        port: None,
        open_at: None,
        options,
        orders,
        events,
        log: Log::default(),
    };
    let mut buffer = [0; READ_MAX];
    let mut still_wanted = driver.step(Input::Tick).await;
    while still_wanted {
        let deadline = driver.deadline();
        still_wanted = tokio::select! {
            order = driver.orders.recv() => match order {
                Some(order) => driver.step(Input::Order(order)).await,
                None => false,
            },
            () = until(driver.open_at) => driver.open().await,
            () = until(deadline) => driver.step(Input::Tick).await,
            read = read(driver.port.as_mut(), &mut buffer) => match read {
                Ok(count) => driver.step(Input::Bytes(&buffer[..count])).await,
                Err(error) => driver.lost(&error).await,
            },
        };
    }
}

struct Driver {
    machine: Machine,
    options: Options,
    orders: mpsc::Receiver<Order>,
    events: mpsc::Sender<Event>,
    log: Log,
    began: Instant,
    port: Option<SerialStream>,
    open_at: Option<Instant>,
}

impl Driver {
    fn now_ms(&self) -> u64 {
        u64::try_from(self.began.elapsed().as_millis()).unwrap_or(u64::MAX)
    }

    /// A tick comes a millisecond late rather than early, or it would come twice.
    fn deadline(&self) -> Option<Instant> {
        let deadline_ms = self.machine.deadline_ms()?;
        self.began
            .checked_add(Duration::from_millis(deadline_ms.saturating_add(1)))
    }

    /// Hands an input to the machine and does what it wants; whether anybody still listens.
    async fn step(&mut self, input: Input<'_>) -> bool {
        let mut effects = self.machine.handle(self.now_ms(), input);
        loop {
            let mut lost = false;
            for effect in effects {
                match effect {
                    // What came before a write that failed still holds; another write would fail as well.
                    Effect::Write(bytes) => lost = lost || !self.write(&bytes).await,
                    Effect::Tell(event) => {
                        self.say(&event);
                        if !self.tell(event).await {
                            return false;
                        }
                    }
                    Effect::Open { after_ms } => {
                        self.port = None;
                        lost = false;
                        self.open_at = Instant::now().checked_add(Duration::from_millis(after_ms));
                    }
                    Effect::Note(note) => self.note(note.as_ref()),
                    Effect::PowerHook => self.cut_power().await,
                }
            }
            if !lost {
                return true;
            }
            self.port = None;
            effects = self.machine.handle(self.now_ms(), Input::Closed(Trouble::Gone));
        }
    }

    fn say(&mut self, event: &Event) {
        let port = self.options.port.display();
        match self.log.hears(event) {
            None => {}
            Some(Line::Down { why }) => tracing::warn!(%port, why, "the modem cannot be used"),
            Some(Line::Up {
                name,
                operator,
                is_back,
            }) => {
                let change = if is_back { "is back" } else { "is ready" };
                tracing::info!(%port, model = name, operator, "the modem {change}");
            }
        }
    }

    /// Waits for room for an event; whether anybody still wants any.
    async fn tell(&self, event: Event) -> bool {
        loop {
            match timeout(STILL_WANTED, self.events.reserve()).await {
                Ok(Ok(room)) => {
                    room.send(event);
                    return true;
                }
                Ok(Err(_)) => return false,
                Err(_) if self.orders.is_closed() => return false,
                Err(_) => {}
            }
        }
    }

    async fn write(&mut self, bytes: &[u8]) -> bool {
        let Some(port) = &mut self.port else {
            return true;
        };
        match timeout(WRITE_TIMEOUT, port.write_all(bytes)).await {
            Ok(Ok(())) => true,
            Ok(Err(error)) => {
                tracing::debug!(port = %self.options.port.display(), %error, "cannot write to the modem");
                false
            }
            Err(_) => {
                tracing::debug!(port = %self.options.port.display(), "the modem takes nothing");
                false
            }
        }
    }

    async fn open(&mut self) -> bool {
        self.open_at = None;
        match open(&self.options.port, self.options.baud) {
            Ok(port) => {
                self.port = Some(port);
                self.step(Input::Opened).await
            }
            Err(error) => {
                let word = format!("{}: {error}", self.options.port.display());
                self.step(Input::Closed(Trouble::NoPort(word))).await
            }
        }
    }

    async fn lost(&mut self, error: &io::Error) -> bool {
        tracing::debug!(port = %self.options.port.display(), %error, "the modem's port is gone");
        self.port = None;
        self.step(Input::Closed(Trouble::Gone)).await
    }

    /// Without a note the PIN is said all the same: a site without texts is worse than a card with one try less.
    fn note(&self, note: Option<&PinNote>) {
        if let Some(path) = &self.options.pin_note
            && let Err(error) = note::keep(path, note)
        {
            tracing::warn!(path = %path.display(), %error, "cannot note what became of the SIM's PIN");
        }
    }

    async fn cut_power(&mut self) {
        let Some(hook) = &self.options.power_hook else {
            return;
        };
        self.port = None;
        tracing::warn!(hook = %hook.display(), "cuts the modem's power");
        let mut command = Command::new(hook);
        command.stdin(Stdio::null()).kill_on_drop(true);
        match timeout(HOOK_TIMEOUT, command.status()).await {
            Ok(Ok(status)) if status.success() => {}
            Ok(Ok(status)) => tracing::warn!(hook = %hook.display(), %status, "the power hook failed"),
            Ok(Err(error)) => tracing::warn!(hook = %hook.display(), %error, "the power hook cannot be run"),
            Err(_) => tracing::warn!(hook = %hook.display(), "the power hook takes too long and was ended"),
        }
    }
}

/// Opens a port for us alone: a second process is refused by the kernel and by a lock.
fn open(path: &Path, baud: u32) -> tokio_serial::Result<SerialStream> {
    tokio_serial::new(path.to_string_lossy(), baud)
        .exclusive(true)
        .open_native_async()
}

/// The end of a port is an error like any other.
async fn read(port: Option<&mut SerialStream>, buffer: &mut [u8]) -> io::Result<usize> {
    let Some(port) = port else {
        return pending().await;
    };
    match port.read(buffer).await? {
        0 => Err(io::ErrorKind::UnexpectedEof.into()),
        count => Ok(count),
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) if moment <= Instant::now() => ready(()).await,
        Some(moment) => tokio::time::sleep_until(moment.into()).await,
        None => pending().await,
    }
}
