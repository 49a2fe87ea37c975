//! The listener of the hub: lets in whom [`Doors`] has room for, and ends connections that keep it waiting.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    extract::connect_info::Connected,
    serve::{IncomingStream, Listener},
};
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::{TcpListener, TcpStream},
    time::{Instant, Sleep, sleep, sleep_until},
};

use crate::doors::{Doors, Place};

/// How long the head of a request may take, an idle connection be kept, and an answer wait to be read on.
pub const HEAD_WITHIN: Duration = Duration::from_secs(30);
/// How long nobody is let in after the system refused to accept a connection.
const AGAIN_AFTER: Duration = Duration::from_secs(1);

/// The other end of a connection.
#[derive(Clone)]
pub struct Peer {
    /// Its address.
    pub address: SocketAddr,
    /// Its place.
    pub place: Place,
}

impl Connected<IncomingStream<'_, Door>> for Peer {
    fn connect_info(stream: IncomingStream<'_, Door>) -> Peer {
        stream.remote_addr().clone()
    }
}

impl std::fmt::Debug for Peer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.address.fmt(f)
    }
}

/// A listener that lets in whom [`Doors`] has room for; others find the connection closed.
pub struct Door {
    listener: TcpListener,
    doors: Doors,
    within: Duration,
}

impl Door {
    /// The listener behind a door; a connection that keeps it waiting ends after `within`, usually [`HEAD_WITHIN`].
    pub fn new(listener: TcpListener, doors: Doors, within: Duration) -> Door {
        Door {
            listener,
            doors,
            within,
        }
    }
}

impl Listener for Door {
    type Io = Watched;
    type Addr = Peer;

    async fn accept(&mut self) -> (Watched, Peer) {
        loop {
            match self.listener.accept().await {
                Ok((stream, address)) => {
                    if let Some(place) = self.doors.enter(address.ip()) {
                        return (
                            Watched::new(stream, place.clone(), self.within),
                            Peer { address, place },
                        );
                    }
                    tracing::debug!(%address, "too many strangers at the door");
                }
                Err(error) => {
                    tracing::warn!(%error, "cannot accept a connection");
                    sleep(AGAIN_AFTER).await;
                }
            }
        }
    }

    fn local_addr(&self) -> io::Result<Peer> {
        let address = self.listener.local_addr()?;
        let place = Doors::new(&[]).enter(address.ip());
        let place = place.ok_or_else(|| io::Error::other("an empty house has no room"))?;
        Ok(Peer { address, place })
    }
}

/// A connection that ends by itself when the other end takes too long over the head of a request, keeps it idle, or
/// does not read on. While a request is being answered no deadline runs here.
pub struct Watched {
    stream: TcpStream,
    place: Place,
    deadline: Pin<Box<Sleep>>,
    within: Duration,
    was_busy: bool,
}

impl Watched {
    fn new(stream: TcpStream, place: Place, within: Duration) -> Watched {
        Watched {
            stream,
            place,
            deadline: Box::pin(sleep_until(Instant::now() + within)),
            within,
            was_busy: false,
        }
    }

    /// The deadline begins anew.
    fn moved_on(&mut self) {
        let anew = Instant::now() + self.within;
        self.deadline.as_mut().reset(anew);
    }

    /// What waiting comes to: more waiting, or the end.
    fn wait<T>(&mut self, context: &mut Context<'_>) -> Poll<io::Result<T>> {
        if self.place.is_busy() {
            self.was_busy = true;
            return Poll::Pending;
        }
        if std::mem::take(&mut self.was_busy) {
            self.moved_on();
        }
        match self.deadline.as_mut().poll(context) {
            Poll::Ready(()) => Poll::Ready(Err(io::ErrorKind::TimedOut.into())),
            Poll::Pending => Poll::Pending,
        }
    }
}

impl AsyncRead for Watched {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        match Pin::new(&mut self.stream).poll_read(context, buffer) {
            // Bytes that trickle in do not move the deadline.
            Poll::Ready(read) => Poll::Ready(read),
            Poll::Pending => self.wait(context),
        }
    }
}

impl AsyncWrite for Watched {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match Pin::new(&mut self.stream).poll_write(context, bytes) {
            Poll::Ready(written) => {
                self.moved_on();
                Poll::Ready(written)
            }
            Poll::Pending => self.wait(context),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }
}
