//! Accepting: from listeners to tasks, and the end of all tasks.

use std::{future::poll_fn, io, net::SocketAddr, sync::Arc, task::Poll, time::Duration};

use bytes::BytesMut;
use rustls::ServerConfig;
use tokio::{
    io::{AsyncRead, AsyncWrite, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::watch,
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, timeout, timeout_at},
};
use tokio_rustls::TlsAcceptor;

use super::{
    Shared,
    broker::BrokerError,
    connection::Connection,
    door::{self, TurnedAway},
    encode,
    packet::Version,
    reason::{Fault, Refusal},
    registry::Knock,
};

/// How often the message router is looked after and what could not be told is told again.
const TEND_EVERY: Duration = Duration::from_secs(1);
/// How long to pause when the system has no more sockets to give.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// Why the front cannot serve.
#[derive(Debug, thiserror::Error)]
pub enum FrontError {
    /// The message router did not start.
    #[error(transparent)]
    Broker(#[from] BrokerError),
}

/// A socket that dispensers connect to.
pub struct Listener {
    tcp: TcpListener,
    tls: Option<TlsAcceptor>,
}

impl Listener {
    /// MQTT over plain TCP.
    pub fn plain(tcp: TcpListener) -> Listener {
        Listener { tcp, tls: None }
    }

    /// MQTT over TLS.
    pub fn tls(tcp: TcpListener, config: Arc<ServerConfig>) -> Listener {
        Listener {
            tcp,
            tls: Some(config.into()),
        }
    }

    /// The address it listens at.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.tcp.local_addr()
    }
}

pub(super) async fn run(
    shared: &Arc<Shared>,
    listeners: &[Listener],
    mut stop: watch::Receiver<bool>,
) -> Result<(), FrontError> {
    let mut changes = shared.credentials.changes();
    let mut tend = interval(TEND_EVERY);
    tend.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut tasks = JoinSet::new();
    loop {
        tokio::select! {
            biased;
            () = stopped(&mut stop) => break,
            Some(ended) = tasks.join_next(), if !tasks.is_empty() => {
                if let Err(error) = ended {
                    tracing::error!("a dispenser's connection failed: {error}");
                }
            }
            // The sender lives in `shared`, so this cannot fail.
            Ok(()) = changes.changed() => credentials_changed(shared),
            _ = tend.tick() => tend_all(shared).await,
            (stream, peer, tls) = accept(listeners) => {
                let shared = shared.clone();
                tasks.spawn(async move { welcome(shared, stream, peer, tls).await });
            }
        }
    }
    shared.registry.end_all(Fault::Stopping);
    let all = async { while tasks.join_next().await.is_some() {} };
    if timeout(shared.settings.stop_within, all).await.is_err() {
        tracing::warn!("{} connections did not end in time and are dropped", tasks.len());
        tasks.shutdown().await;
    }
    Ok(())
}

/// Waits for the word to stop, or until nobody is left to say it.
async fn stopped(stop: &mut watch::Receiver<bool>) {
    if stop.wait_for(|stop| *stop).await.is_err() {
        tracing::debug!("nobody is left who could stop the front");
    }
}

fn credentials_changed(shared: &Shared) {
    shared.registry.end_withdrawn();
    for dispenser in shared.broker.retaining() {
        if !shared.credentials.knows(&dispenser) {
            shared.broker.forget(&dispenser);
        }
    }
}

/// What a run that was dropped, or a gateway that was too busy, has left undone.
async fn tend_all(shared: &Shared) {
    shared.broker.tend();
    shared.registry.prune();
    for dispenser in shared.registry.dispensers() {
        if timeout(ACCEPT_PAUSE, shared.announce(&dispenser)).await.is_err() {
            return;
        }
    }
}

/// The next client of any listener.
async fn accept(listeners: &[Listener]) -> (TcpStream, SocketAddr, Option<TlsAcceptor>) {
    loop {
        let accepted = poll_fn(|context| {
            for listener in listeners {
                if let Poll::Ready(accepted) = listener.tcp.poll_accept(context) {
                    return Poll::Ready(accepted.map(|(stream, peer)| (stream, peer, listener.tls.clone())));
                }
            }
            Poll::Pending
        });
        match accepted.await {
            Ok(accepted) => return accepted,
            Err(error) => {
                // Out of file handles, or a client that left again; existing connections go on meanwhile.
                tracing::warn!("accept: {error}");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn welcome(shared: Arc<Shared>, stream: TcpStream, peer: SocketAddr, tls: Option<TlsAcceptor>) {
    let knock = shared.registry.knock();
    let deadline = Instant::now() + shared.settings.connect_within;
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!("{peer}: no delay: {error}");
    }
    match tls {
        None => enter(shared, stream, peer, knock, deadline).await,
        Some(acceptor) => {
            let handshake = async {
                // Who leaves without a byte only looked whether the port answers, as `doctor` does: nothing was tried.
                match stream.peek(&mut [0]).await {
                    Ok(1..) => Some(acceptor.accept(stream).await),
                    Ok(0) | Err(_) => None,
                }
            };
            let handshake = tokio::select! {
                handshake = timeout_at(deadline, handshake) => handshake,
                () = knock.evicted() => return shared.refused(None, peer, Refusal::TooManyWaiting),
            };
            match handshake {
                Ok(None) => tracing::debug!("{peer}: left without a word"),
                Ok(Some(Ok(stream))) => enter(shared, stream, peer, knock, deadline).await,
                Ok(Some(Err(error))) => {
                    tracing::debug!("{peer}: TLS: {error}");
                    shared.refused(None, peer, Refusal::Tls);
                }
                Err(_) => shared.refused(None, peer, Refusal::ConnectTimeout),
            }
        }
    }
}

/// Until the CONNACK, and while a refused client is given time to read why, it counts as knocking.
async fn enter<S>(shared: Arc<Shared>, mut stream: S, peer: SocketAddr, knock: Knock, deadline: Instant)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let mut input = BytesMut::with_capacity(1024);
    let asking = async {
        let connect = door::read_connect(&mut stream, &mut input, &shared.settings, &shared.credentials);
        let admitted = match timeout_at(deadline, connect).await {
            Ok(Ok(admitted)) => admitted,
            Ok(Err(Some(turned_away))) => {
                turn_away(&shared, &mut stream, peer, turned_away).await;
                return None;
            }
            Ok(Err(None)) => return None,
            Err(_) => {
                shared.refused(None, peer, Refusal::ConnectTimeout);
                return None;
            }
        };
        let dispenser = admitted.dispenser.clone();
        match shared
            .registry
            .enter(dispenser, &admitted.client_id, admitted.secret)
            .await
        {
            Ok(seat) => Some((seat, admitted)),
            Err(why) => {
                let user = Some(admitted.dispenser.as_str().into());
                let version = Some(admitted.version);
                turn_away(&shared, &mut stream, peer, TurnedAway { why, version, user }).await;
                None
            }
        }
    };
    let entered = tokio::select! {
        entered = asking => entered,
        () = knock.evicted() => return shared.refused(None, peer, Refusal::TooManyWaiting),
    };
    drop(knock);
    if let Some((seat, admitted)) = entered {
        Connection::new(shared, stream, seat, peer, admitted).serve(input).await;
    }
}

/// Says no as far as the client can understand it.
async fn turn_away<S>(shared: &Shared, stream: &mut S, peer: SocketAddr, turned_away: TurnedAway)
where
    S: AsyncRead + AsyncWrite + Unpin,
{
    let TurnedAway { why, version, user } = turned_away;
    shared.refused(user, peer, why);
    let mut output = BytesMut::new();
    match version {
        Some(Version::V4) => encode::connack_refuse(&mut output, Version::V4, why.connack_v4()),
        Some(Version::V5) => encode::connack_refuse(&mut output, Version::V5, why.connack_v5()),
        None => return,
    }
    if let Ok(Ok(())) = timeout(shared.settings.linger, stream.write_all_buf(&mut output)).await {
        door::linger(stream, &shared.settings).await;
    }
}
