//! So many connections at once, so many of one address, and none that only sits there.
//!
//! An open live page is counted by `live` instead, so that pages left open take no place from those that ask.

use std::{
    collections::BTreeMap,
    io,
    net::{IpAddr, SocketAddr},
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{Router, extract::Request};
use hyper::{
    server::conn::http1,
    service::{Service as _, service_fn},
};
use hyper_util::{
    rt::{TokioIo, TokioTimer},
    service::TowerToHyperService,
};
use runtime::stop::Stop;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    sync::{OwnedSemaphorePermit, Semaphore},
    task::JoinSet,
    time::{Instant, Sleep, sleep},
};

/// A pause after a connection that could not be taken: out of handles, mostly.
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);

/// The limits of the listener.
#[derive(Clone, Copy, Debug)]
pub(in crate::adapters::web) struct Limits {
    /// Connections at once; one more waits until another ends.
    pub connections_max: usize,
    /// Connections of one address; one more is closed at once.
    pub of_address_max: usize,
    /// The same for this box itself, where a proxy in front of the pages would run.
    pub of_loopback_max: usize,
    /// From the accept, or from the last answer, to the end of a request's head: no client reads its way in byte by byte,
    /// and none that is done keeps its place.
    pub head_within: Duration,
    /// A connection on which nothing moves for so long is cut, whatever it waits for. Live pages are kept awake more often.
    pub idle_max: Duration,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits {
            connections_max: 128,
            of_address_max: 16,
            of_loopback_max: 64,
            head_within: Duration::from_secs(10),
            idle_max: Duration::from_secs(40),
        }
    }
}

/// Serves `router` until `stop`; requests that are being answered then are answered to their end. Each request carries
/// its connection's [`Place`].
pub(super) async fn serve(listener: TcpListener, limits: Limits, router: Router, stop: Stop) {
    let gate = Gate {
        listener,
        limits,
        places: Arc::new(Semaphore::new(limits.connections_max)),
        peers: Arc::default(),
    };
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            (guest, place) = gate.accept() => {
                connections.spawn(converse(guest, place, limits, router.clone(), stop.clone()));
            }
            Some(_) = connections.join_next() => {}
            () = stop.stopped() => break,
        }
    }
    drop(gate);
    while connections.join_next().await.is_some() {}
}

async fn converse(guest: Guest, place: Arc<Place>, limits: Limits, router: Router, stop: Stop) {
    let held = Arc::clone(&place);
    let router = TowerToHyperService::new(router);
    let service = service_fn(move |request| {
        let mut request = Request::from(request);
        request.extensions_mut().insert(Arc::clone(&place));
        router.call(request)
    });
    let mut connection = std::pin::pin!(
        http1::Builder::new()
            .timer(TokioTimer::new())
            .header_read_timeout(limits.head_within)
            .serve_connection(TokioIo::new(guest), service)
    );
    let ended = tokio::select! {
        ended = &mut connection => ended,
        () = stop.stopped() => {
            connection.as_mut().graceful_shutdown();
            connection.await
        }
    };
    if let Err(error) = ended {
        tracing::debug!(peer = %held.peer, %error, "a connection ended");
    }
}

/// The listener with its places.
struct Gate {
    listener: TcpListener,
    limits: Limits,
    places: Arc<Semaphore>,
    peers: Peers,
}

impl Gate {
    /// The next client that gets a place.
    async fn accept(&self) -> (Guest, Arc<Place>) {
        loop {
            let permit = Arc::clone(&self.places).acquire_owned().await;
            let permit = permit.expect("the semaphore is never closed");
            let (stream, address) = self.next().await;
            let peer = address.ip().to_canonical();
            let of_peer_max = if peer.is_loopback() {
                self.limits.of_loopback_max
            } else {
                self.limits.of_address_max
            };
            let Some(counted) = Counted::of(&self.peers, peer, of_peer_max) else {
                tracing::debug!(%peer, "too many connections of one address");
                continue;
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "TCP_NODELAY");
            }
            let place = Place {
                peer,
                held: Mutex::new(Some((permit, counted))),
            };
            return (Guest::new(stream, self.limits.idle_max), Arc::new(place));
        }
    }

    async fn next(&self) -> (TcpStream, SocketAddr) {
        loop {
            match self.listener.accept().await {
                Ok(accepted) => return accepted,
                Err(error) => {
                    tracing::debug!(%error, "accept");
                    sleep(ACCEPT_PAUSE).await;
                }
            }
        }
    }
}

/// How many connections each address has. An address without any has no entry.
type Peers = Arc<Mutex<BTreeMap<IpAddr, usize>>>;

/// One connection of an address, counted until dropped.
#[derive(Debug)]
struct Counted {
    peers: Peers,
    peer: IpAddr,
}

impl Counted {
    /// Counts one more, unless there are `count_max` already.
    fn of(peers: &Peers, peer: IpAddr, count_max: usize) -> Option<Counted> {
        let mut counts = peers.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(peer).or_default();
        if *count >= count_max {
            return None;
        }
        *count += 1;
        Some(Counted {
            peers: Arc::clone(peers),
            peer,
        })
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        let mut counts = self.peers.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.peer) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.peer);
            }
        }
    }
}

/// A connection's place among all, and who has it.
#[derive(Debug)]
pub(super) struct Place {
    /// Where the client is.
    pub peer: IpAddr,
    held: Mutex<Option<(OwnedSemaphorePermit, Counted)>>,
}

impl Place {
    /// Gives the place up while the connection stays: somebody else counts it from now on.
    pub(super) fn give_up(&self) {
        drop(self.held.lock().unwrap_or_else(PoisonError::into_inner).take());
    }
}

/// A connection that is cut when nothing moves on it.
struct Guest {
    stream: TcpStream,
    idle_max: Duration,
    idle: Pin<Box<Sleep>>,
}

impl Guest {
    fn new(stream: TcpStream, idle_max: Duration) -> Guest {
        Guest {
            stream,
            idle_max,
            idle: Box::pin(sleep(idle_max)),
        }
    }

    fn moved(&mut self) {
        let until = Instant::now() + self.idle_max;
        self.idle.as_mut().reset(until);
    }

    /// Something is awaited: not for ever.
    fn waiting<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        match self.idle.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Guest {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            Poll::Ready(result) => {
                self.moved();
                Poll::Ready(result)
            }
            Poll::Pending => self.waiting(context),
        }
    }
}

impl AsyncWrite for Guest {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(result) => {
                self.moved();
                Poll::Ready(result)
            }
            Poll::Pending => self.waiting(context),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
