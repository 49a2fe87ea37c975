//! The one place that assembles the gateway: files, sockets, threads, adapters.

pub mod check;
pub mod doctor;
pub mod files;
pub mod medium;
mod route;
pub mod tls;
pub mod vault_key;

use std::{collections::HashMap, path::Path, sync::Arc, thread::JoinHandle, time::Duration};

use config::{
    Loaded,
    gateway::{Gateway, Modem},
};
use kiosk::{
    ids::{DispenserId, Epoch},
    units::Volume,
};
use runtime::{
    clock::{BUILT, Clock, Saved},
    decide::{self, Inbox},
    dice::Dice,
    stop::{self, Stop},
    supervise::supervise,
};
use rustls::ServerConfig;
use store::Durability;
use sync::vault::Vault;
use tokio::{
    net::TcpListener,
    sync::{mpsc, watch},
    task::JoinSet,
    time::{MissedTickBehavior, interval, timeout},
};

pub use crate::adapters::web::{password as secrets, replies::Replies, wire::standing};
use crate::{
    adapters::{
        ballast::{self, Ballast},
        control,
        dispensers::{self, Credentials, Front, Listener, SecretHash, gate},
        hub, modem, systemd, web,
    },
    site::{
        Opening, Settings, Site, SiteError,
        airtime::OperatorCodes,
        care::Care,
        effect::Wire,
        input::Input,
        sim::{SimOrder, SimSettings},
        store::readers::Readers,
    },
};
use files::{Addresses, DataDir, FilesError};

/// Between two ticks of the machine.
const TICK_EVERY: Duration = Duration::from_secs(1);
/// How many events of dispensers may wait to become inputs.
const EVENTS_MAX: usize = 512;
/// How long the adapters may take to end.
const STOP_WITHIN: Duration = Duration::from_secs(8);
/// What a new dispenser is configured with until the site's settings say otherwise.
const VOLUME_MAX: Volume = Volume::from_ml(20_000);
const PULSES_PER_LITRE: i64 = 450;

/// Why the gateway cannot run.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// A file of the data directory.
    #[error(transparent)]
    Files(#[from] FilesError),
    /// The machine.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The broker's front.
    #[error(transparent)]
    Front(#[from] dispensers::FrontError),
    /// An address cannot be listened at.
    #[error("{key}: cannot listen at {address}")]
    Listen {
        /// The key of the configuration.
        key: &'static str,
        /// The address.
        address: std::net::SocketAddr,
        /// What the system said.
        source: std::io::Error,
    },
    /// The system has no randomness.
    #[error("the system gives no randomness: {0}")]
    Dice(String),
    /// The certificates for dispensers.
    #[error("certificates: {0}")]
    Tls(String),
    /// The deciding thread.
    #[error("the deciding thread: {0}")]
    Thread(String),
}

/// Opens the machine over the files of a data directory, as `run` and the subcommands do.
pub fn open_site(data: &DataDir, config: &Gateway, vault: &Vault) -> Result<(Site, Dice), AppError> {
    let mut dice = Dice::from_system().map_err(|error| AppError::Dice(error.to_string()))?;
    let settings = Settings {
        report_within_ms: u64::try_from(config.dispense_report_within.as_millis()).unwrap_or(u64::MAX),
        language: config.site.language.to_owned(),
        volume_max: VOLUME_MAX,
        pulses_per_litre: PULSES_PER_LITRE,
        built: BUILT,
        hub_url: config.hub_url.as_ref().map(|url| url.as_str().to_owned()),
        care: care(config),
        sim: sim_settings(config),
    };
    let opening = Opening {
        path: &data.database(),
        durability: Durability::Full,
        epoch: Epoch(dice.roll().number("epoch")),
        settings,
        wire: Wire {
            answer: route::answer,
            receipt: route::receipt,
            told: web::wire::told,
        },
        enrolment: data.enrolment()?,
        medium: medium::serial(data.path()),
        vault: vault.clone(),
    };
    Ok((Site::open(opening)?, dice))
}

/// What the SIM may do; nothing where there is no modem.
fn sim_settings(config: &Gateway) -> Option<SimSettings> {
    config.modem.port.as_ref()?;
    Some(SimSettings {
        parts_per_day: config.sms.parts_per_day,
        sync_texts_per_day: config.sync.texts_per_day,
        commands_per_day: config.sms.commands_per_day,
        hub_number: config.sms.hub_number.clone(),
        hub_code: config.ussd_hub_code.clone(),
        thin_after_ms: u64::try_from(config.sync.thin_after.as_millis()).unwrap_or(u64::MAX),
        thin_linger_ms: u64::try_from(config.sync.thin_linger.as_millis()).unwrap_or(u64::MAX),
    })
}

/// Who is texted when something is wrong, and how airtime is asked.
fn care(config: &Gateway) -> Care {
    let codes = |operator: &config::gateway::Operator| OperatorCodes {
        code: operator.code.clone(),
        pattern: operator.pattern.clone(),
        bundle_code: operator.bundle_code.clone(),
        bundle_pattern: operator.bundle_pattern.clone(),
    };
    let operators = config.airtime.operators.iter();
    Care {
        technicians: config.sms.technician.clone(),
        airtime_low_units: config.airtime.low_units,
        dispenser_silent_ms: u64::try_from(config.sms.dispenser_silent_after.as_millis()).unwrap_or(u64::MAX),
        operators: operators
            .map(|(name, operator)| (name.clone(), codes(operator)))
            .collect(),
    }
}

/// The clock, with what earlier runs of this site knew of the time.
pub fn clock(site: &Site) -> Result<Clock, SiteError> {
    let saved = Saved {
        last: site.clock_floor()?,
        sure: site.clock_sure()?,
    };
    Ok(Clock::new(BUILT, saved))
}

/// Runs the gateway until it is asked to stop.
pub async fn run(loaded: Loaded<Gateway>) -> Result<(), AppError> {
    let config = loaded.config;
    check::look(&config).log();
    let data = DataDir::open(&config.storage.data_dir)?;
    let _lock = data.lock()?;
    data.forget_addresses()?;
    let vault = vault_key::vault(&data, config.storage.key_file.as_deref())?;
    let (site, dice) = open_site(&data, &config, &vault)?;
    let clock = clock(&site)?;
    let sockets = Sockets::open(&config).await?;
    let tls = tls::server(&data)?;

    let (stopper, stop) = stop::token();
    let (rooms, thread) = assemble(site, dice, clock, &config)?;
    let mut adapters = JoinSet::new();
    let died = {
        let mut ended = std::pin::pin!(ended(&thread));
        tokio::select! {
            died = &mut ended => died,
            rooms = begun(rooms) => {
                let addresses = sockets.addresses();
                rooms.serve(&mut adapters, sockets, tls, (&data, vault), &stop);
                data.write_addresses(&addresses)?;
                tracing::info!(addresses = %addresses, "ready");
                systemd::ready("serving");
                ended.as_mut().await
            }
        }
    };
    systemd::stopping();
    stopper.stop();
    finish(adapters, thread).await?;
    data.forget_addresses()?;
    if died {
        Err(AppError::Thread("it ended by itself".to_owned()))
    } else {
        Ok(())
    }
}

/// The sockets that are listened at.
struct Sockets {
    mqtt: TcpListener,
    mqtts: TcpListener,
    web: TcpListener,
}

impl Sockets {
    async fn open(config: &Gateway) -> Result<Sockets, AppError> {
        Ok(Sockets {
            mqtt: listen("mqtt.listen", config.mqtt.listen).await?,
            mqtts: listen("mqtts.listen", config.mqtts_listen).await?,
            web: listen("web.listen", config.web_listen).await?,
        })
    }

    fn addresses(&self) -> Addresses {
        Addresses::new(&[("mqtt", &self.mqtt), ("mqtts", &self.mqtts), ("web", &self.web)])
    }
}

/// What the adapters need, before they are started.
struct Rooms {
    inbox: Inbox<Input>,
    front: Front,
    events: mpsc::Receiver<dispensers::Event>,
    known: watch::Receiver<HashMap<DispenserId, SecretHash>>,
    orders: mpsc::UnboundedReceiver<hub::Order>,
    ballast: mpsc::UnboundedReceiver<ballast::Order>,
    /// The modem's settings, and its orders.
    modem: (Modem, mpsc::Receiver<SimOrder>),
    address: watch::Receiver<Option<String>>,
    replies: Replies,
    clock: Clock,
}

/// Starts the deciding thread, and lays out the channels between it and the adapters.
fn assemble(site: Site, dice: Dice, clock: Clock, config: &Gateway) -> Result<(Rooms, JoinHandle<Site>), AppError> {
    let (inbox, queue) = decide::queue();
    let (events, events_out) = mpsc::channel(EVENTS_MAX);
    let credentials = Credentials::default();
    let known = credentials.changes();
    let settings = dispensers::Settings {
        connections_max: config.mqtt.connections_max as usize,
        messages_per_second_max: config.mqtt.messages_per_second_max,
        ..dispensers::Settings::default()
    };
    let front = Front::new(settings, credentials.clone(), events)?;
    let (orders, orders_out) = mpsc::unbounded_channel();
    let (ballast, ballast_out) = mpsc::unbounded_channel();
    let (dial, address) = watch::channel(None);
    let (sim, sim_out) = mpsc::channel(modem::QUEUE_MAX);
    let replies = Replies::default();
    let router = route::Router {
        front: front.clone(),
        credentials,
        orders,
        ballast,
        sim,
        dial,
        clock: clock.clone(),
        replies: replies.clone(),
    };
    let emit = move |effects| router.route(effects);
    let thread = decide::spawn(site, queue, clock.clone(), dice, emit, watchdog())
        .map_err(|error| AppError::Thread(error.to_string()))?;
    let rooms = Rooms {
        inbox,
        front,
        events: events_out,
        known,
        orders: orders_out,
        ballast: ballast_out,
        modem: (config.modem.clone(), sim_out),
        address,
        replies,
        clock,
    };
    Ok((rooms, thread))
}

impl Rooms {
    /// Starts every adapter.
    fn serve(
        self,
        adapters: &mut JoinSet<()>,
        sockets: Sockets,
        tls: Arc<ServerConfig>,
        (data, vault): (&DataDir, Vault),
        stop: &Stop,
    ) {
        let Rooms {
            inbox,
            front,
            events,
            orders,
            ballast,
            modem,
            address,
            replies,
            clock,
            ..
        } = self;
        let listeners = Arc::new([Listener::plain(sockets.mqtt), Listener::tls(sockets.mqtts, tls)]);
        adapters.spawn(gate::carry(events, front.clone(), inbox.clone(), stop.clone()));
        adapters.spawn(serve_dispensers(front, listeners, stop.clone()));
        adapters.spawn(hub::Link::new(inbox.clone(), orders, address).run(stop.clone()));
        adapters.spawn(Ballast::new(data.path()).run(inbox.clone(), ballast, stop.clone()));
        let (modem, sim_orders) = modem;
        adapters.spawn(modem::run(
            modem,
            data.path().to_owned(),
            sim_orders,
            inbox.clone(),
            stop.clone(),
        ));
        adapters.spawn(serve_pages(
            sockets.web,
            inbox.clone(),
            replies.clone(),
            Readers::new(&data.database(), vault),
            stop.clone(),
        ));
        adapters.spawn(tick(inbox.clone(), clock, stop.clone()));
        match control::bind(&data.control()) {
            Ok(listener) => {
                adapters.spawn(control::serve(listener, data.clone(), inbox, replies, stop.clone()));
            }
            Err(error) => tracing::error!(%error, "no control socket: subcommands will not work"),
        }
    }
}

/// Lets the adapters end, the queue drain and the database close.
async fn finish(mut adapters: JoinSet<()>, thread: JoinHandle<Site>) -> Result<(), AppError> {
    let ended = timeout(STOP_WITHIN, async { while adapters.join_next().await.is_some() {} }).await;
    if ended.is_err() {
        tracing::warn!("an adapter did not end in time");
    }
    adapters.shutdown().await;
    match tokio::task::spawn_blocking(move || thread.join()).await {
        Ok(Ok(site)) => Ok(site.close()?),
        _ => Err(AppError::Thread("it panicked".to_owned())),
    }
}

async fn listen(key: &'static str, address: std::net::SocketAddr) -> Result<TcpListener, AppError> {
    TcpListener::bind(address)
        .await
        .map_err(|source| AppError::Listen { key, address, source })
}

/// Has the machine take up its work, again and again while its store fails. Only then are dispensers let in: before, the
/// machine has not told the front whom it knows, and a dispenser with the right secret would be turned away.
///
/// Owns the rooms meanwhile: who is asked to end before this has happened keeps no door to the machine open.
async fn begun(mut rooms: Rooms) -> Rooms {
    let mut every = interval(TICK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            changed = rooms.known.changed() => if changed.is_ok() { return rooms },
            _ = every.tick() => if rooms.inbox.send(Input::Started).await.is_err() {
                tracing::error!("the deciding thread ended at once");
            },
        }
    }
}

async fn serve_dispensers(front: Front, listeners: Arc<[Listener; 2]>, stop: Stop) {
    supervise("dispensers", stop.clone(), || {
        let (front, listeners, stop) = (front.clone(), listeners.clone(), stop.clone());
        async move { front.run(listeners.as_slice(), stop.receiver()).await }
    })
    .await;
}

/// Pages are not what a site lives by: without them water flows, so their end is told and not fatal.
async fn serve_pages(listener: TcpListener, inbox: Inbox<Input>, replies: Replies, readers: Readers, stop: Stop) {
    if let Err(error) = web::run(listener, inbox, replies, readers, stop).await {
        tracing::error!(%error, "the pages are gone until the next start");
    }
}

async fn tick(inbox: Inbox<Input>, clock: Clock, stop: Stop) {
    let mut every = interval(TICK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = every.tick() => {}
            () = stop.stopped() => return,
        }
        clock.check_ntp();
        if inbox.send(Input::Tick).await.is_err() {
            return;
        }
    }
}

/// Tells the watchdog about once a second, from the deciding thread.
fn watchdog() -> impl FnMut() + Send + 'static {
    let mut told = std::time::Instant::now();
    move || {
        if told.elapsed() >= TICK_EVERY {
            told = std::time::Instant::now();
            systemd::alive();
        }
    }
}

/// Waits until somebody asks for the end, or the deciding thread is gone. Returns whether it is gone.
async fn ended(thread: &JoinHandle<Site>) -> bool {
    use tokio::signal::unix::{SignalKind, signal};
    let (Ok(mut terminate), Ok(mut interrupt)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
    else {
        return true;
    };
    let mut every = interval(TICK_EVERY);
    loop {
        tokio::select! {
            _ = terminate.recv() => return false,
            _ = interrupt.recv() => return false,
            _ = every.tick() => if thread.is_finished() { return true },
        }
    }
}

/// The data directory of this configuration, for the subcommands.
pub fn data_dir(config: &Gateway) -> &Path {
    &config.storage.data_dir
}
