//! Sockets of gateways: one binary message is one frame, both ways. What the frames mean is the machine's business.
//!
//! A gateway that reads too slowly is cut: its queue is bounded, and nothing that was for it is lost, because the
//! session of the next socket sends what the box does not hold.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use axum::{
    Extension,
    extract::{
        State, WebSocketUpgrade,
        ws::{CloseFrame, Message, WebSocket, close_code},
    },
    http::StatusCode,
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use futures_util::{SinkExt, StreamExt, stream::SplitSink, stream::SplitStream};
use runtime::{decide::Inbox, stop::Stop};
use sync::frame::FRAME_BYTES_MAX;
use tokio::{
    sync::{Notify, mpsc},
    time::timeout,
};

use crate::{
    doors::Place,
    hub::input::{Input, LinkId},
};

/// How many sockets there may be.
pub const SOCKETS_MAX: usize = 4_096;
/// How many frames may wait for one gateway; one that falls further behind is cut.
pub const QUEUE_MAX: usize = 1_024;
/// How long one frame may take to leave.
const WRITE_WITHIN: Duration = Duration::from_secs(60);
/// How long a gateway may take to prove who it is. A slow link is given its time; pings do not lengthen it.
pub const PROVEN_WITHIN: Duration = Duration::from_secs(60);

/// What a socket is told.
enum Outgoing {
    Frame(Vec<u8>),
    Close(&'static str),
}

struct Entry {
    queue: mpsc::Sender<Outgoing>,
    cut: Arc<Notify>,
    proven: Arc<Notify>,
    place: Option<Place>,
}

/// A new socket, for whoever serves it.
struct Added {
    link: LinkId,
    queue: mpsc::Receiver<Outgoing>,
    cut: Arc<Notify>,
    proven: Arc<Notify>,
}

/// The open sockets. Cheap to clone.
#[derive(Clone, Default)]
pub struct Sockets {
    open: Arc<Mutex<BTreeMap<LinkId, Entry>>>,
    last: Arc<AtomicU64>,
}

impl Sockets {
    /// A frame for a gateway. Never blocks: a gateway that is too slow is cut.
    pub fn send(&self, link: LinkId, frame: Vec<u8>) {
        let mut open = self.open();
        let Some(entry) = open.get(&link) else { return };
        if entry.queue.try_send(Outgoing::Frame(frame)).is_err() {
            tracing::warn!(link = link.0, "a gateway reads too slowly: its socket is cut");
            entry.cut.notify_one();
            open.remove(&link);
        }
    }

    /// Ends a socket after what was sent on it.
    pub fn close(&self, link: LinkId, why: &'static str) {
        if let Some(entry) = self.open().remove(&link) {
            tracing::info!(link = link.0, why, "socket closed");
            if entry.queue.try_send(Outgoing::Close(why)).is_err() {
                entry.cut.notify_one();
            }
        }
    }

    /// A gateway has proved who it is: its socket may last.
    pub fn prove(&self, link: LinkId) {
        if let Some(entry) = self.open().get(&link) {
            entry.proven.notify_one();
            if let Some(place) = &entry.place {
                place.known();
            }
        }
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.open().len()
    }

    /// A new socket, unless there are too many.
    fn add(&self, place: Option<Place>) -> Option<Added> {
        let mut open = self.open();
        if open.len() >= SOCKETS_MAX {
            return None;
        }
        let link = LinkId(self.last.fetch_add(1, Ordering::Relaxed) + 1);
        let (queue, receiver) = mpsc::channel(QUEUE_MAX);
        let (cut, proven) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
        let entry = Entry {
            queue,
            cut: Arc::clone(&cut),
            proven: Arc::clone(&proven),
            place,
        };
        open.insert(link, entry);
        Some(Added {
            link,
            queue: receiver,
            cut,
            proven,
        })
    }

    fn open(&self) -> MutexGuard<'_, BTreeMap<LinkId, Entry>> {
        // Plain entries: a panic elsewhere cannot leave the map half-written.
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the route needs.
#[derive(Clone)]
struct Door {
    inbox: Inbox<Input>,
    sockets: Sockets,
    stop: Stop,
    within: Duration,
}

/// The route of `/sync`. A gateway that has not proved who it is `within` this, usually [`PROVEN_WITHIN`], is cut.
pub fn route<S: Clone + Send + Sync + 'static>(
    inbox: Inbox<Input>,
    sockets: Sockets,
    stop: Stop,
    within: Duration,
) -> MethodRouter<S> {
    get(upgrade).with_state(Door {
        inbox,
        sockets,
        stop,
        within,
    })
}

async fn upgrade(State(door): State<Door>, place: Option<Extension<Place>>, upgrade: WebSocketUpgrade) -> Response {
    let place = place.map(|Extension(place)| place);
    if door.stop.is_stopped() || door.sockets.count() >= SOCKETS_MAX {
        return StatusCode::SERVICE_UNAVAILABLE.into_response();
    }
    upgrade
        .max_message_size(FRAME_BYTES_MAX)
        .max_frame_size(FRAME_BYTES_MAX)
        .on_upgrade(|socket| serve(door, socket, place))
}

/// One socket from its first byte to its last.
async fn serve(door: Door, socket: WebSocket, place: Option<Place>) {
    // From here on the session has deadlines of its own.
    let _busy = place.as_ref().map(Place::busy);
    let Some(added) = door.sockets.add(place) else {
        return;
    };
    let Added {
        link,
        queue,
        cut,
        proven,
    } = added;
    if door.inbox.send(Input::Linked { link }).await.is_ok() {
        let (sink, stream) = socket.split();
        tokio::select! {
            () = write(sink, queue) => {}
            () = read(&door.inbox, link, stream) => {}
            () = cut.notified() => {}
            () = stays_unproven(link, &proven, door.within) => {}
            () = door.stop.stopped() => {}
        }
        if door.inbox.send(Input::Unlinked { link }).await.is_err() {
            tracing::debug!(link = link.0, "the machine has stopped");
        }
    }
    door.sockets.open().remove(&link);
}

/// Ends when a gateway has not proved who it is in time.
async fn stays_unproven(link: LinkId, proven: &Notify, within: Duration) {
    if timeout(within, proven.notified()).await.is_ok() {
        std::future::pending::<()>().await;
    }
    tracing::info!(link = link.0, "a socket did not prove whose it is");
}

/// Frames out, until the socket is to be closed or does not take any more.
async fn write(mut sink: SplitSink<WebSocket, Message>, mut queue: mpsc::Receiver<Outgoing>) {
    while let Some(outgoing) = queue.recv().await {
        let (message, last) = match outgoing {
            Outgoing::Frame(frame) => (Message::Binary(frame.into()), false),
            Outgoing::Close(why) => (Message::Close(Some(goodbye(why))), true),
        };
        match timeout(WRITE_WITHIN, sink.send(message)).await {
            Ok(Ok(())) if !last => {}
            Ok(_) => return,
            Err(_) => {
                tracing::warn!("a gateway took no frame for {WRITE_WITHIN:?}: its socket is cut");
                return;
            }
        }
    }
}

fn goodbye(why: &'static str) -> CloseFrame {
    CloseFrame {
        code: close_code::NORMAL,
        reason: why.into(),
    }
}

/// Frames in, until the socket ends. Anything but a frame ends it.
async fn read(inbox: &Inbox<Input>, link: LinkId, mut stream: SplitStream<WebSocket>) {
    loop {
        match stream.next().await {
            Some(Ok(Message::Binary(frame))) => {
                let bytes = frame.to_vec();
                if inbox.send(Input::Frame { link, bytes }).await.is_err() {
                    return;
                }
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
            Some(Ok(Message::Close(_))) | None => return,
            Some(Ok(Message::Text(_))) => return tracing::info!(link = link.0, "a text is no frame"),
            Some(Err(error)) => return tracing::debug!(link = link.0, %error, "socket ended"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_reader_is_cut_and_the_others_are_not() {
        let sockets = Sockets::default();
        let Added {
            link: slow,
            queue: _unread,
            cut,
            ..
        } = sockets.add(None).unwrap();
        let Added {
            link: other,
            queue: mut read,
            ..
        } = sockets.add(None).unwrap();
        for _ in 0..=QUEUE_MAX {
            sockets.send(slow, vec![0]);
        }
        assert_eq!(sockets.count(), 1);
        sockets.send(other, vec![1]);
        assert!(matches!(read.try_recv(), Ok(Outgoing::Frame(frame)) if frame == [1]));
        // The permit of the cut is there: whoever waits for it is woken at once.
        let mut woken = std::pin::pin!(cut.notified());
        assert!(woken.as_mut().enable());
    }

    #[test]
    fn a_closed_socket_gets_what_was_sent_before() {
        let sockets = Sockets::default();
        let Added { link, queue, .. } = sockets.add(None).unwrap();
        let mut read = queue;
        sockets.send(link, vec![7]);
        sockets.close(link, "done");
        sockets.send(link, vec![8]);
        assert!(matches!(read.try_recv(), Ok(Outgoing::Frame(frame)) if frame == [7]));
        assert!(matches!(read.try_recv(), Ok(Outgoing::Close("done"))));
        assert_eq!(sockets.count(), 0);
    }
}
