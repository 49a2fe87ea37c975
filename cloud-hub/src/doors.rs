//! Who may stand at the door. A connection whose other end has not said who it is takes one of a few places, so that
//! sockets that say nothing cannot keep out those who have something to say.
//!
//! Only strangers are counted: many sites dial through the one address of a carrier, and once a gateway, a program, a
//! person or a provider has proved who it is, its connection counts no more.

use std::{
    collections::BTreeMap,
    net::IpAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use config::Network;

/// Strangers from one address at once. Proxies of ours are left out: behind them is everybody.
pub const STRANGERS_OF_ADDRESS_MAX: usize = 64;
/// Strangers at once.
pub const STRANGERS_MAX: usize = 1_024;

/// The strangers who are there.
#[derive(Default)]
struct Strangers {
    all: usize,
    by_address: BTreeMap<IpAddr, usize>,
}

/// The door: counts strangers. Cheap to clone.
#[derive(Clone)]
pub struct Doors {
    strangers: Arc<Mutex<Strangers>>,
    proxies: Arc<[Network]>,
}

impl Doors {
    /// A door; `proxies` are ours.
    pub fn new(proxies: &[Network]) -> Doors {
        Doors {
            strangers: Arc::default(),
            proxies: proxies.into(),
        }
    }

    /// A place for somebody from `address`, unless there are too many strangers.
    pub fn enter(&self, address: IpAddr) -> Option<Place> {
        let address = address.to_canonical();
        let is_ours = self.proxies.iter().any(|network| network.contains(address));
        let mut strangers = self.strangers();
        let own = strangers.by_address.get(&address).copied().unwrap_or_default();
        if strangers.all >= STRANGERS_MAX || (own >= STRANGERS_OF_ADDRESS_MAX && !is_ours) {
            return None;
        }
        strangers.all += 1;
        *strangers.by_address.entry(address).or_default() += 1;
        drop(strangers);
        Some(Place(Arc::new(Taken {
            doors: self.clone(),
            address,
            is_stranger: AtomicBool::new(true),
            busy: AtomicUsize::new(0),
        })))
    }

    fn leave(&self, address: IpAddr) {
        let mut strangers = self.strangers();
        strangers.all = strangers.all.saturating_sub(1);
        if let Some(own) = strangers.by_address.get_mut(&address) {
            *own -= 1;
            if *own == 0 {
                strangers.by_address.remove(&address);
            }
        }
    }

    fn strangers(&self) -> MutexGuard<'_, Strangers> {
        // Counters: a panic elsewhere cannot leave them half-written.
        self.strangers.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The place of one connection. Cheap to clone; given back when the last clone is gone.
#[derive(Clone)]
pub struct Place(Arc<Taken>);

struct Taken {
    doors: Doors,
    address: IpAddr,
    is_stranger: AtomicBool,
    /// Requests that are being answered, and one for a socket that is no longer HTTP.
    busy: AtomicUsize,
}

impl Place {
    /// The other end has proved who it is: the connection counts no more.
    pub fn known(&self) {
        if self.0.is_stranger.swap(false, Ordering::Relaxed) {
            self.0.doors.leave(self.0.address);
        }
    }

    /// A request has come and is being answered until the value is dropped: no deadline runs.
    pub fn busy(&self) -> Busy {
        self.0.busy.fetch_add(1, Ordering::Relaxed);
        Busy(self.clone())
    }

    /// Whether something is being answered.
    pub fn is_busy(&self) -> bool {
        self.0.busy.load(Ordering::Relaxed) > 0
    }
}

impl Drop for Taken {
    fn drop(&mut self) {
        if *self.is_stranger.get_mut() {
            self.doors.leave(self.address);
        }
    }
}

/// A request under way, or a socket that has become a gateway's.
pub struct Busy(Place);

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.0.busy.fetch_sub(1, Ordering::Relaxed);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_strangers_are_counted() {
        let doors = Doors::new(&["10.0.0.0/8".parse().unwrap()]);
        let [carrier, other, proxy]: [IpAddr; 3] =
            ["192.0.2.1", "192.0.2.2", "10.0.0.9"].map(|text| text.parse().unwrap());
        let mut places: Vec<Place> = (0..STRANGERS_OF_ADDRESS_MAX)
            .map(|_| doors.enter(carrier).unwrap())
            .collect();
        assert!(doors.enter(carrier).is_none(), "one too many of an address");
        assert!(doors.enter(other).is_some());
        // Whoever has proved who they are makes room, once.
        places[0].known();
        places[0].known();
        places.push(doors.enter(carrier).unwrap());
        assert!(doors.enter(carrier).is_none());
        let behind: Vec<Place> = (0..STRANGERS_MAX).map_while(|_| doors.enter(proxy)).collect();
        assert_eq!(behind.len(), STRANGERS_MAX - STRANGERS_OF_ADDRESS_MAX);
        assert!(doors.enter(other).is_none(), "one too many in all");
        drop((places, behind));
        assert_eq!(doors.strangers().all, 0);
        assert!(doors.strangers().by_address.is_empty());
    }
}
