//! Assembles the hub and takes it down again.
//!
//! | module | what it holds |
//! |---|---|
//! | [`data_dir`] | the lock, the addresses, the keys |
//! | [`side_file`] | the side log as a file |
//! | [`settings`] | from the configuration to what machine and adapters are told |
//! | [`providers`] | the payment and messaging providers that are configured |
//! | [`router`] | where effects go |
//! | [`control`] | the socket through which subcommands ask a running hub |
//! | [`commands`], [`operations`], [`reconcile`], [`register`] | the subcommands |
//! | [`check`] | what a configuration says that no single value tells |
//! | [`log`] | how log lines look |
//!
//! On the way in: lock, key, database, deciding thread, adapters, listener, addresses. On the way out, asked by SIGTERM
//! or ctrl-c: adapters take nothing new and end, the queue drains, the database is folded into one file.

pub mod check;
pub mod commands;
pub mod control;
pub mod data_dir;
pub mod floats;
pub mod ledger;
pub mod log;
pub mod managers;
pub mod operations;
pub mod providers;
pub mod readings;
pub mod reconcile;
pub mod register;
pub mod router;
pub mod settings;
pub mod side_file;

use std::{io, net::SocketAddr, path::PathBuf, thread::JoinHandle, time::Duration};

use anyhow::Context;
use kiosk::{day::Zone, talk::Language};
use runtime::{
    clock::Clock,
    decide::{self, Inbox},
    dice::Dice,
    stop::{self, Stop, Stopper},
    supervise::supervise,
};
use store::Durability;
use tokio::{
    net::TcpListener,
    runtime::Handle,
    sync::{broadcast, mpsc},
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout_at},
};

use self::{
    data_dir::{DataDir, Lock},
    providers::Surroundings,
    router::{LIVE_MAX, RETURNS_MAX, Router, carry_back},
    side_file::SideFile,
};
use crate::{
    adapters::{
        sites::{self, PROVEN_WITHIN, Sockets},
        systemd::{self, Watchdog},
        web::{
            self, Parts, WebSettings,
            books::Books,
            door::{Door, HEAD_WITHIN},
            password::Passwords,
        },
    },
    desk::{Desk, Replies},
    doors::Doors,
    hub::{Hub, input::Input},
};

/// How long the way out may take.
const STOP_WITHIN: Duration = Duration::from_secs(9);
/// How much of it adapters get.
const ADAPTERS_WITHIN: Duration = Duration::from_secs(5);
/// How often the machine hears that time passes.
const TICK_EVERY: Duration = Duration::from_secs(1);

/// The machine, opened by whoever holds the lock.
pub struct Opened {
    /// The machine.
    pub hub: Hub,
    /// Its database.
    pub database: PathBuf,
}

/// Where the database is.
pub fn database_path(config: &config::Hub, data_dir: &DataDir) -> PathBuf {
    let config::hub::StorageUrl::Sqlite(file) = &config.storage.url;
    data_dir.database(file)
}

/// Opens the machine; `_lock` shows that nobody else has it open.
pub fn open(config: &config::Hub, data_dir: &DataDir, _lock: &Lock) -> anyhow::Result<Opened> {
    let database = database_path(config, data_dir);
    let key = data_dir.master_key(database.exists())?;
    let side_log = data_dir.side_log();
    let side = SideFile::open(&side_log).with_context(|| side_log.display().to_string())?;
    let settings = settings::machine(config, key);
    let hub = Hub::open(&database, Durability::Full, settings, Box::new(side))?;
    Ok(Opened { hub, database })
}

/// A hub that runs.
pub struct Running {
    /// Where it serves.
    pub web: SocketAddr,
    /// Where it can be asked.
    pub desk: Desk,
    stopper: Stopper,
    stop: Stop,
    adapters: JoinSet<()>,
    machine: JoinHandle<Hub>,
    data_dir: DataDir,
    _lock: Lock,
}

/// Starts the hub and returns once it serves.
pub async fn start(config: &config::Hub) -> anyhow::Result<Running> {
    for doubtful in check::look(config).doubtful {
        tracing::warn!("{doubtful}");
    }
    let data_dir = DataDir::new(&config.storage.data_dir);
    data_dir.make()?;
    let lock = data_dir.lock()?;
    data_dir.remove_addresses()?;
    let Opened { hub, database } = open(config, &data_dir, &lock)?;
    let listener = listen(config.web.listen)?;
    let address = listener.local_addr()?;
    let (inbox, queue) = decide::queue();
    let (stopper, stop) = stop::token();
    let (live, _) = broadcast::channel(LIVE_MAX);
    let (returns, returned) = mpsc::channel(RETURNS_MAX);
    let (replies, sockets, clock) = (Replies::default(), Sockets::default(), Clock::of_server());
    let mut adapters = JoinSet::new();
    let around = Surroundings {
        clock: &clock,
        inbox: &inbox,
        stop: &stop,
        adapters: &mut adapters,
    };
    let providers = providers::start(config, around)?;
    let router = Router {
        replies: replies.clone(),
        sockets: sockets.clone(),
        providers: providers.calls,
        texts: providers.texts,
        live: live.clone(),
        returns,
    };
    let mut watchdog = Watchdog::new();
    let machine = decide::spawn(
        hub,
        queue,
        clock.clone(),
        Dice::from_system()?,
        move |effects| router.emit(effects),
        move || watchdog.feed(),
    )?;
    inbox.send(Input::Started).await?;
    carry_back(&Handle::current(), inbox.clone(), returned, stop.clone());
    let desk = Desk::new(inbox.clone(), replies);
    control::serve(&data_dir, desk.clone(), stop.clone(), &mut adapters)?;
    let parts = Parts {
        desk: desk.clone(),
        books: Books::new(database),
        live,
        clock,
        stop: stop.clone(),
        passwords: tokio::task::spawn_blocking(Passwords::new).await??,
        settings: web_settings(config)?,
        callbacks: providers.callbacks,
        daraja_words: providers::DARAJA_WORDS,
        text_words: providers::TEXT_WORDS,
        circuits: providers.circuits,
    };
    let router = web::router(parts, sites::route(inbox.clone(), sockets, stop.clone(), PROVEN_WITHIN));
    let doors = Doors::new(&config.web.trusted_proxies);
    adapters.spawn(serve_web(listener, doors, router, stop.clone()));
    adapters.spawn(tick(inbox, stop.clone()));
    data_dir.put_addresses(address)?;
    systemd::ready();
    tracing::info!(%address, "ready");
    Ok(Running {
        web: address,
        desk,
        stopper,
        stop,
        adapters,
        machine,
        data_dir,
        _lock: lock,
    })
}

impl Running {
    /// Waits until somebody asks for the end, or the deciding thread is gone: then the program has failed.
    pub async fn until(&self, asked: impl Future<Output = ()>) -> anyhow::Result<()> {
        let mut look = interval(TICK_EVERY);
        let died = async {
            while !self.machine.is_finished() {
                look.tick().await;
            }
        };
        tokio::select! {
            () = asked => Ok(()),
            () = died => anyhow::bail!("the deciding thread has ended by itself"),
        }
    }

    /// Takes the hub down. What is acknowledged is on disk already, so an end that takes too long loses nothing.
    pub async fn stop(self) -> anyhow::Result<()> {
        let (began, mut adapters) = (Instant::now(), self.adapters);
        systemd::stopping();
        self.stopper.stop();
        debug_assert!(self.stop.is_stopped());
        let all = async { while adapters.join_next().await.is_some() {} };
        if timeout_at(began + ADAPTERS_WITHIN, all).await.is_err() {
            tracing::warn!("some connections did not end in time and are cut");
        }
        adapters.shutdown().await;
        drop(self.desk);
        let machine = self.machine;
        let drained = tokio::task::spawn_blocking(move || machine.join());
        match timeout_at(began + STOP_WITHIN, drained).await {
            Ok(Ok(Ok(hub))) => hub.database().checkpoint()?,
            Ok(_) => anyhow::bail!("the deciding thread ended by a panic"),
            Err(_) => tracing::warn!("the queue did not drain in time"),
        }
        self.data_dir.remove_addresses()?;
        data_dir::remove(&self.data_dir.control_socket())?;
        tracing::info!("stopped");
        Ok(())
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<std::net::TcpListener> {
    let listener = std::net::TcpListener::bind(address).with_context(|| format!("cannot listen on {address}"))?;
    listener.set_nonblocking(true)?;
    Ok(listener)
}

/// Serves until the end; a listener that fails is taken up again.
async fn serve_web(listener: std::net::TcpListener, doors: Doors, router: axum::Router, stop: Stop) {
    let again = stop.clone();
    supervise("web", again, || {
        let (doors, router, stop) = (doors.clone(), router.clone(), stop.clone());
        let listener = listener.try_clone().and_then(TcpListener::from_std);
        async move {
            web::serve(Door::new(listener?, doors, HEAD_WITHIN), router, stop).await?;
            Ok::<(), io::Error>(())
        }
    })
    .await;
}

fn web_settings(config: &config::Hub) -> anyhow::Result<WebSettings> {
    let machine = settings::machine(config, sync::seal::SecretKey::new([0; 32]));
    Ok(WebSettings {
        webhook_secret: config.webhooks.secret.clone(),
        allow_unsigned: config.webhooks.allow_unsigned,
        trusted_proxies: config.web.trusted_proxies.clone(),
        texts_from: config.africastalking.as_ref().map(|own| own.callbacks_from.clone()),
        texts_via: machine.texts_via.clone(),
        ussd: config.ussd.clone(),
        language: Language::from_code(&machine.language).unwrap_or_default(),
        country: machine.country,
        currency: machine.currency,
        zone: Zone::named(&machine.time_zone)?,
        jerrycan: machine.jerrycan,
        tariff: machine.tariff,
        plans: machine.plans.into_values().collect(),
        bill_tariffs: machine.bill_tariffs.into_keys().collect(),
    })
}

async fn tick(inbox: Inbox<Input>, stop: Stop) {
    let mut ticks = interval(TICK_EVERY);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            () = stop.stopped() => return,
        }
        if inbox.send(Input::Tick).await.is_err() {
            return;
        }
    }
}
