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
/// After a ballast could not be made, this long it is not tried again.
const MAKE_AGAIN_AFTER: Duration = Duration::from_secs(60);
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
        let mut not_before = Instant::now();
        loop {
            let order = tokio::select! {
                _ = every.tick() => None,
                order = orders.recv() => match order {
                    Some(Order::Make) if Instant::now() < not_before => continue,
                    Some(order) => Some(order),
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
            if let Err(error) = done {
                tracing::warn!(path = %self.path().display(), ?order, %error, "the ballast file");
                not_before = Instant::now() + MAKE_AGAIN_AFTER;
            }
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
}
