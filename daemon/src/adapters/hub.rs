//! The socket to the hub: dialled again and again, one binary message a frame (PROTOCOL section 4).

use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use runtime::{decide::Inbox, stop::Stop};
use tokio::{
    sync::{mpsc, watch},
    time::{Instant, sleep, timeout},
};
use tokio_tungstenite::{
    connect_async_with_config,
    tungstenite::{Message, protocol::WebSocketConfig},
};

use crate::site::input::Input;

/// The first wait before dialling again, and the longest (PROTOCOL section 4, state Down).
const BACK_OFF_FIRST: Duration = Duration::from_secs(1);
const BACK_OFF_MAX: Duration = Duration::from_secs(300);
/// The longest wait while a cut is young: a dial that reaches nobody costs little, and what waits here should move as
/// soon as the cut is mended.
const BACK_OFF_YOUNG_MAX: Duration = Duration::from_secs(8);
/// So long a cut is young.
const YOUNG: Duration = Duration::from_secs(600);
/// A link that lasted this long was a good one.
const LIVED: Duration = Duration::from_secs(10);
/// How many frames a hub sends that does not serve this box.
const FRAMES_OF_A_REFUSAL: u32 = 2;
/// How long dialling and a single write may take.
const DIAL_WITHIN: Duration = Duration::from_secs(20);
const WRITE_WITHIN: Duration = Duration::from_secs(20);
/// The longest message taken: a frame is at most 4 kB compressed.
const MESSAGE_BYTES_MAX: usize = 8 * 1024;

/// What the machine wants of the socket with this number.
#[derive(Debug)]
pub enum Order {
    /// Send a frame.
    Send {
        /// Which socket; orders for an older one are forgotten.
        socket: u64,
        /// The frame.
        bytes: Vec<u8>,
    },
    /// Close it and dial again after this many seconds, zero for the usual back-off.
    HangUp {
        /// Which socket.
        socket: u64,
        /// Seconds.
        retry_after_s: u32,
    },
}

/// The link's own state between dials.
pub struct Link {
    inbox: Inbox<Input>,
    orders: mpsc::UnboundedReceiver<Order>,
    address: watch::Receiver<Option<String>>,
    socket: u64,
    back_off: BackOff,
}

/// How a dial ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum End {
    /// Nobody was reached, or the network broke the link.
    Cut,
    /// A hub was reached, and ended the link: it may have sent this box away.
    SentAway,
    /// The hub, or the machine, named the time to wait.
    RetryAfter(Duration),
}

/// How long to wait between dials.
struct BackOff {
    wait: Duration,
    /// When the link was last good, or the program began.
    cut: Instant,
}

impl BackOff {
    /// A cut begins.
    fn new(cut: Instant) -> BackOff {
        BackOff {
            wait: BACK_OFF_FIRST,
            cut,
        }
    }

    /// The wait after a dial that ended so, before it is jittered.
    fn after(&mut self, end: End, now: Instant) -> Duration {
        let wait_max = match end {
            End::RetryAfter(wait) => return wait,
            End::Cut if now.duration_since(self.cut) < YOUNG => BACK_OFF_YOUNG_MAX,
            End::Cut | End::SentAway => BACK_OFF_MAX,
        };
        let wait = self.wait.min(wait_max);
        self.wait = (wait * 2).min(BACK_OFF_MAX);
        wait
    }
}

impl Link {
    /// A link to the hub whose base address is in `address`, once the box has joined.
    pub fn new(
        inbox: Inbox<Input>,
        orders: mpsc::UnboundedReceiver<Order>,
        address: watch::Receiver<Option<String>>,
    ) -> Link {
        Link {
            inbox,
            orders,
            address,
            socket: 0,
            back_off: BackOff::new(Instant::now()),
        }
    }

    /// Keeps the link up as far as the network allows, until `stop`.
    pub async fn run(mut self, stop: Stop) {
        loop {
            let Some(url) = self.joined(&stop).await else { return };
            let end = tokio::select! {
                end = self.session(&url) => end,
                () = stop.stopped() => return,
            };
            let wait = self.back_off.after(end, Instant::now());
            let wait = if matches!(end, End::RetryAfter(_)) {
                wait
            } else {
                jittered(wait)
            };
            tokio::select! {
                () = sleep(wait) => {}
                changed = self.address.changed() => if changed.is_err() { return },
                () = stop.stopped() => return,
            }
        }
    }

    /// The address to dial, once there is one.
    async fn joined(&mut self, stop: &Stop) -> Option<String> {
        tokio::select! {
            address = self.address.wait_for(Option::is_some) => sync_url(address.ok()?.as_deref()?),
            () = stop.stopped() => None,
        }
    }

    /// One socket from dialling to its end.
    async fn session(&mut self, url: &str) -> End {
        let config = WebSocketConfig::default()
            .max_message_size(Some(MESSAGE_BYTES_MAX))
            .max_frame_size(Some(MESSAGE_BYTES_MAX));
        let dialled = timeout(DIAL_WITHIN, connect_async_with_config(url, Some(config), true)).await;
        let stream = match dialled {
            Ok(Ok((stream, _))) => stream,
            Ok(Err(error)) => {
                tracing::info!(%url, %error, "the hub cannot be reached");
                return End::Cut;
            }
            Err(_) => {
                tracing::info!(%url, "the hub does not answer");
                return End::Cut;
            }
        };
        self.socket += 1;
        let opened = Instant::now();
        let mut frames = 0;
        if self.inbox.send(Input::LinkUp(self.socket)).await.is_err() {
            return End::Cut;
        }
        let (mut sink, mut source) = stream.split();
        let mut end = End::SentAway;
        loop {
            tokio::select! {
                message = source.next() => match message {
                    Some(Ok(Message::Binary(bytes))) => {
                        frames += 1;
                        if self.inbox.send(Input::LinkFrame(bytes.to_vec())).await.is_err() { break }
                    }
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    Some(Ok(_)) | None => break,
                    Some(Err(error)) => {
                        tracing::info!(%error, "the link broke");
                        end = End::Cut;
                        break;
                    }
                },
                order = self.orders.recv() => match order {
                    Some(Order::Send { socket, bytes }) if socket == self.socket => {
                        let sent = timeout(WRITE_WITHIN, sink.send(Message::Binary(bytes.into()))).await;
                        if !matches!(sent, Ok(Ok(()))) {
                            end = End::Cut;
                            break;
                        }
                    }
                    Some(Order::HangUp { socket, retry_after_s }) if socket == self.socket => {
                        if retry_after_s > 0 {
                            end = End::RetryAfter(Duration::from_secs(u64::from(retry_after_s)));
                        }
                        break;
                    }
                    Some(_) => {}
                    None => break,
                },
            }
        }
        // A hub that sends this box away does so at once, with HELLO and GOODBYE: only a link that lived, or carried more
        // than that, begins anew with the first wait.
        if opened.elapsed() >= LIVED || frames > FRAMES_OF_A_REFUSAL {
            self.back_off = BackOff::new(Instant::now());
        }
        if timeout(WRITE_WITHIN, sink.close()).await.is_err() {
            tracing::debug!("the hub did not take the end of the link");
        }
        if self.inbox.send(Input::LinkDown).await.is_err() {
            tracing::debug!("the machine is gone");
        }
        end
    }
}

/// Half to one and a half of `wait`, so that sites that lost the hub together do not come back together.
fn jittered(wait: Duration) -> Duration {
    let mut byte = [0; 1];
    let share = getrandom::fill(&mut byte).map_or(128, |()| u32::from(byte[0]));
    wait / 2 + wait * share / 255
}

/// `http(s)://HUB` as `ws(s)://HUB/sync`.
fn sync_url(base: &str) -> Option<String> {
    let rest = base.strip_prefix("http")?;
    Some(format!("ws{}/sync", rest.trim_end_matches('/')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_sync_address_follows_from_the_hubs() {
        assert_eq!(
            sync_url("https://hub.example").as_deref(),
            Some("wss://hub.example/sync")
        );
        assert_eq!(
            sync_url("http://127.0.0.1:8000/").as_deref(),
            Some("ws://127.0.0.1:8000/sync")
        );
        assert_eq!(sync_url("hub.example"), None);
    }

    #[test]
    fn a_young_cut_is_tried_often_and_a_hub_that_sends_away_ever_more_rarely() {
        let began = Instant::now();
        let mut back_off = BackOff::new(began);
        let mut after = |end, seconds| back_off.after(end, began + Duration::from_secs(seconds)).as_secs();
        let young: Vec<u64> = (0..6).map(|dial| after(End::Cut, dial)).collect();
        assert_eq!(young, [1, 2, 4, 8, 8, 8]);
        let old: Vec<u64> = (0..7).map(|dial| after(End::Cut, 600 + dial)).collect();
        assert_eq!(old, [16, 32, 64, 128, 256, 300, 300]);
        assert_eq!(after(End::RetryAfter(Duration::from_secs(3_600)), 700), 3_600);
        let mut back_off = BackOff::new(began);
        let sent_away: Vec<u64> = (0..5).map(|_| back_off.after(End::SentAway, began).as_secs()).collect();
        assert_eq!(sent_away, [1, 2, 4, 8, 16], "a hub is not pestered");
        assert_eq!(back_off.after(End::Cut, began).as_secs(), 8, "it is gone altogether");
    }

    #[test]
    fn jitter_stays_within_a_half_and_one_and_a_half() {
        for _ in 0..100 {
            let wait = jittered(Duration::from_secs(10));
            assert!(
                (Duration::from_secs(5)..=Duration::from_secs(15)).contains(&wait),
                "{wait:?}"
            );
        }
    }
}
