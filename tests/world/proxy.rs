//! A network with a switch: a TCP proxy on loopback between two programs.
//!
//! It keeps one address while the program behind it comes back on other ports. [`Weather`] says what it does.

use std::{
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
    sync::watch,
    task::{JoinHandle, JoinSet},
};

/// Bytes taken at once.
const PIECE: usize = 4_096;

/// What the network does.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Everything passes.
    Open,
    /// Connections are reset, new ones too.
    Cut,
    /// Connections stand, and nothing passes: a black hole.
    Silent,
    /// Each connection is reset once so many bytes went either way.
    ResetAfter(u64),
}

struct Shared {
    weather: watch::Sender<Weather>,
    target: watch::Sender<Option<SocketAddr>>,
    carried: AtomicU64,
    sent: AtomicU64,
    connections: AtomicU64,
}

/// The proxy; it ends when dropped.
pub struct Proxy {
    address: SocketAddr,
    shared: Arc<Shared>,
    accepting: JoinHandle<()>,
}

impl Proxy {
    /// A proxy that leads nowhere yet.
    pub async fn start() -> std::io::Result<Proxy> {
        let listener = TcpListener::bind(SocketAddr::from(([127, 0, 0, 1], 0))).await?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            weather: watch::channel(Weather::Open).0,
            target: watch::channel(None).0,
            carried: AtomicU64::new(0),
            sent: AtomicU64::new(0),
            connections: AtomicU64::new(0),
        });
        let accepting = tokio::spawn(accept(listener, shared.clone()));
        Ok(Proxy {
            address,
            shared,
            accepting,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The same as the base of a web address.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Leads new connections there.
    pub fn lead_to(&self, target: SocketAddr) {
        self.shared.target.send_replace(Some(target));
    }

    /// Changes the weather, for connections that stand too.
    pub fn set(&self, weather: Weather) {
        self.shared.weather.send_replace(weather);
    }

    /// Bytes that passed, both ways together.
    pub fn carried(&self) -> u64 {
        self.shared.carried.load(Ordering::Relaxed)
    }

    /// Bytes that passed from those who dial to the target.
    pub fn sent(&self) -> u64 {
        self.shared.sent.load(Ordering::Relaxed)
    }

    /// Connections that were taken so far.
    pub fn connections(&self) -> u64 {
        self.shared.connections.load(Ordering::Relaxed)
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut carriers = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((near, _)) => {
                    shared.connections.fetch_add(1, Ordering::Relaxed);
                    carriers.spawn(carry(near, shared.clone()));
                }
                Err(error) => tracing::info!(%error, "a connection was not taken"),
            },
            Some(_) = carriers.join_next() => {}
        }
    }
}

/// Both ways of one connection, until either ends or the weather ends it.
async fn carry(near: TcpStream, shared: Arc<Shared>) {
    let weather = *shared.weather.borrow();
    let target = *shared.target.borrow();
    let far = match target {
        Some(target) if weather != Weather::Cut => TcpStream::connect(target).await.ok(),
        _ => None,
    };
    let Some(far) = far else {
        reset(&near);
        return;
    };
    for stream in [&near, &far] {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(%error, "small pieces may wait");
        }
    }
    let (near_in, near_out) = near.into_split();
    let (far_in, far_out) = far.into_split();
    let (passed, ignored) = (AtomicU64::new(0), AtomicU64::new(0));
    let there = pass(near_in, far_out, &shared, [&passed, &shared.carried, &shared.sent]);
    let back = pass(far_in, near_out, &shared, [&passed, &shared.carried, &ignored]);
    tokio::pin!(there, back);
    // A goodbye of one side leaves the other way open; a break ends both.
    tokio::select! {
        end = &mut there => if end == End::Orderly { back.await; },
        end = &mut back => if end == End::Orderly { there.await; },
    }
}

/// How one way ended.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// The sender said goodbye, and that was passed on.
    Orderly,
    /// The connection broke, or the weather broke it: both sides are reset.
    Broken,
}

fn reset(stream: &TcpStream) {
    if let Err(error) = stream.set_zero_linger() {
        tracing::debug!(%error, "this connection will end politely");
    }
}

/// What passed, by the connection, by all of them, and by all in one direction.
type Counts<'a> = [&'a AtomicU64; 3];

/// One way: reads, and writes on as the weather allows.
async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared, counts: Counts<'_>) -> End {
    let end = pass_until_end(&mut from, &mut to, shared, counts).await;
    if end == End::Broken {
        reset(from.as_ref());
        reset(to.as_ref());
    }
    end
}

async fn pass_until_end(from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf, shared: &Shared, counts: Counts<'_>) -> End {
    let mut weather = shared.weather.subscribe();
    let mut piece = [0; PIECE];
    loop {
        let now = *weather.borrow_and_update();
        let taken = match now {
            Weather::Cut => return End::Broken,
            Weather::Silent => {
                if weather.changed().await.is_err() {
                    return End::Broken;
                }
                continue;
            }
            Weather::Open | Weather::ResetAfter(_) => tokio::select! {
                taken = from.read(&mut piece) => taken,
                changed = weather.changed() => if changed.is_ok() { continue } else { return End::Broken },
            },
        };
        let taken = match taken {
            Ok(0) if to.shutdown().await.is_ok() => return End::Orderly,
            Ok(taken @ 1..) => taken,
            Ok(_) | Err(_) => return End::Broken,
        };
        let left = match now {
            Weather::ResetAfter(limit) => limit.saturating_sub(counts[0].load(Ordering::Relaxed)),
            _ => u64::MAX,
        };
        let share = usize::try_from(left).unwrap_or(usize::MAX).min(taken);
        if to.write_all(&piece[..share]).await.is_err() || share < taken {
            return End::Broken;
        }
        for count in counts {
            count.fetch_add(share as u64, Ordering::Relaxed);
        }
    }
}

#[cfg(test)]
mod tests;
