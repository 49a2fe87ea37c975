//! The ballast file, and how much room there is beside it: 16 MiB of nothing that are given up when the disk is nearly
//! full (RELIABILITY section 4). The machine decides when; this looks and obeys.

use std::{
    fs::{self, File},
    io::{self, Write as _},
    path::{Path, PathBuf},
    time::Duration,
};

use runtime::{decide::Inbox, stop::Stop};
use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{Instant, MissedTickBehavior, interval},
};

use crate::site::{
    input::Input,
    room::{BALLAST_BYTES, Room},
};

/// Between two looks.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// An order that could not be obeyed is not tried again for this long: a file system that has become read-only lets
/// nothing be removed, and the next look would only bring the same order.
const AGAIN_AFTER: Duration = Duration::from_secs(60);
/// What is written at once.
const PIECE_BYTES: usize = 64 << 10;

/// What the machine wants done about the ballast.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Give it up.
    Free,
    /// Make it, or make it whole.
    Make,
}

/// The ballast of a data directory.
#[derive(Clone, Debug)]
pub struct Ballast {
    directory: PathBuf,
}

impl Ballast {
    /// The ballast in this directory.
    pub fn new(directory: &Path) -> Ballast {
        Ballast {
            directory: directory.to_owned(),
        }
    }

    /// Tells the machine about once a second how much room there is, and does what it orders, until `stop`.
    pub async fn run(self, inbox: Inbox<Input>, mut orders: mpsc::UnboundedReceiver<Order>, stop: Stop) {
        let mut every = interval(LOOK_EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut held_back = HeldBack::default();
        let mut is_owed = false;
        loop {
            let order = tokio::select! {
                _ = every.tick() => None,
                order = orders.recv() => match order {
                    Some(order) => match held_back.newest(order, &mut orders, Instant::now()) {
                        None => continue,
                        order => order,
                    },
                    None => return,
                },
                () = stop.stopped() => return,
            };
            let ballast = self.clone();
            let looked = spawn_blocking(move || {
                let done = order.map_or(Ok(()), |order| ballast.obey(order));
                (done, ballast.look())
            });
            let Ok((done, room)) = looked.await else { return };
            match (order, done) {
                (Some(order), Ok(())) => is_owed = order == Order::Free,
                (Some(order), Err(error)) => {
                    tracing::warn!(path = %self.path().display(), ?order, %error, "the ballast file");
                    held_back.failed(order, Instant::now());
                }
                (None, _) => {}
            }
            let room = room.map(|room| Room { is_owed, ..room });
            match room {
                Ok(room) => {
                    if inbox.send(Input::Room(room)).await.is_err() {
                        return;
                    }
                }
                Err(error) => tracing::warn!(%error, "nobody knows how much room the disk has"),
            }
        }
    }

    fn path(&self) -> PathBuf {
        self.directory.join("ballast")
    }

    /// What is free for this program, and whether the ballast is whole.
    fn look(&self) -> io::Result<Room> {
        let disk = rustix::fs::statvfs(&self.directory)?;
        Ok(Room {
            free_bytes: disk.f_bavail.saturating_mul(disk.f_frsize),
            has_ballast: self.is_whole(),
            is_owed: false,
        })
    }

    fn is_whole(&self) -> bool {
        fs::metadata(self.path()).is_ok_and(|file| file.len() == BALLAST_BYTES)
    }

    fn obey(&self, order: Order) -> io::Result<()> {
        let path = self.path();
        match order {
            // An order may come once more before the machine has heard that it was obeyed.
            Order::Free if !path.exists() => Ok(()),
            Order::Make if self.is_whole() => Ok(()),
            Order::Free => fs::remove_file(&path),
            Order::Make => make(&path).or_else(|error| {
                // Half a ballast only takes room.
                fs::remove_file(&path)?;
                Err(error)
            }),
        }
    }
}

/// The order that could not be obeyed of late: the machine gives it again after each look, and obeying at once would be
/// a loop without a rest.
#[derive(Debug, Default)]
struct HeldBack(Option<(Order, Instant)>);

impl HeldBack {
    fn failed(&mut self, order: Order, now: Instant) {
        self.0 = Some((order, now + AGAIN_AFTER));
    }

    /// The newest of `order` and those that wait behind it, unless that one is held back.
    fn newest(&self, order: Order, behind: &mut mpsc::UnboundedReceiver<Order>, now: Instant) -> Option<Order> {
        let mut newest = order;
        while let Ok(order) = behind.try_recv() {
            newest = order;
        }
        let is_held = |(order, until): (Order, Instant)| order == newest && now < until;
        (!self.0.is_some_and(is_held)).then_some(newest)
    }
}

/// Written out, for a file with holes would reserve nothing.
fn make(path: &Path) -> io::Result<()> {
    let mut file = File::create(path)?;
    let piece = [0; PIECE_BYTES];
    let mut left = BALLAST_BYTES;
    while left > 0 {
        file.write_all(&piece)?;
        left = left.saturating_sub(piece.len() as u64);
    }
    file.sync_all()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_ballast_takes_its_room_and_gives_it_back() {
        let folder = std::env::temp_dir().join(format!("kisima-ballast-{}", std::process::id()));
        fs::create_dir_all(&folder).unwrap();
        let ballast = Ballast::new(&folder);
        assert!(!ballast.look().unwrap().has_ballast);
        fs::write(ballast.path(), b"half of one, from a cut").unwrap();
        assert!(!ballast.look().unwrap().has_ballast);
        ballast.obey(Order::Make).unwrap();
        assert!(ballast.look().unwrap().has_ballast);
        let taken = std::os::unix::fs::MetadataExt::blocks(&fs::metadata(ballast.path()).unwrap()) * 512;
        assert!(taken >= BALLAST_BYTES, "{taken} bytes on the disk");
        for _ in 0..2 {
            ballast.obey(Order::Free).unwrap();
            assert!(!ballast.look().unwrap().has_ballast);
        }
        fs::remove_dir_all(folder).unwrap();
    }

    #[test]
    fn an_order_that_failed_is_held_back_and_those_that_wait_are_one() {
        let (orders, mut behind) = mpsc::unbounded_channel();
        let (now, mut held_back) = (Instant::now(), HeldBack::default());
        for order in [Order::Free, Order::Make, Order::Free] {
            orders.send(order).unwrap();
        }
        assert_eq!(held_back.newest(Order::Make, &mut behind, now), Some(Order::Free));
        assert!(behind.is_empty(), "all that waited");
        for order in [Order::Free, Order::Make] {
            held_back.failed(order, now);
            let other = if order == Order::Free { Order::Make } else { Order::Free };
            assert_eq!(held_back.newest(order, &mut behind, now), None, "{order:?}");
            assert_eq!(held_back.newest(other, &mut behind, now), Some(other));
            assert_eq!(held_back.newest(order, &mut behind, now + AGAIN_AFTER), Some(order));
        }
    }
}
