//! How often one address, or one subnet of IPv6, may try something.

use std::{
    collections::BTreeMap,
    net::{IpAddr, SocketAddr},
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use axum::http::HeaderMap;
use config::Network;

use crate::doors::party;

/// How many addresses are remembered; beyond it everybody waits, which only a flood brings about.
const ADDRESSES_MAX: usize = 10_000;

/// Counts tries of each address, of IPv6 each network, in a window of time.
pub struct Limits {
    tries_max: u32,
    window: Duration,
    seen: Mutex<BTreeMap<IpAddr, (Instant, u32)>>,
}

impl Limits {
    /// So many tries in each window.
    pub fn new(tries_max: u32, window: Duration) -> Limits {
        Limits {
            tries_max,
            window,
            seen: Mutex::default(),
        }
    }

    /// Counts a try; false when it is one too many.
    pub fn try_now(&self, address: IpAddr) -> bool {
        let now = Instant::now();
        // Counters: a panic elsewhere cannot leave them half-written.
        let mut seen = self.seen.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.len() >= ADDRESSES_MAX {
            seen.retain(|_, (since, _)| now.duration_since(*since) < self.window);
            if seen.len() >= ADDRESSES_MAX {
                return false;
            }
        }
        let (since, tries) = seen.entry(party(address)).or_insert((now, 0));
        if now.duration_since(*since) >= self.window {
            (*since, *tries) = (now, 0);
        }
        *tries = tries.saturating_add(1);
        *tries <= self.tries_max
    }
}

/// Who asks: the peer, or the last address in `X-Forwarded-For` that is no proxy of ours when the peer is one.
pub fn asker(peer: SocketAddr, headers: &HeaderMap, proxies: &[Network]) -> IpAddr {
    let ours = |address: IpAddr| proxies.iter().any(|network| network.contains(address));
    let mut asker = peer.ip().to_canonical();
    let forwarded = headers.get_all("x-forwarded-for").into_iter();
    let named = forwarded
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','));
    let mut named: Vec<&str> = named.map(str::trim).collect();
    while ours(asker)
        && let Some(before) = named.pop().and_then(|text| text.parse::<IpAddr>().ok())
    {
        asker = before.to_canonical();
    }
    asker
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_try_of_a_window_passes_and_the_next_does_not() {
        let limits = Limits::new(2, Duration::from_secs(3_600));
        let [one, other] = ["192.0.2.1", "192.0.2.2"].map(|text| text.parse().unwrap());
        assert_eq!(
            [one, one, one, other].map(|ip| limits.try_now(ip)),
            [true, true, false, true]
        );
        let [one, same, other] =
            ["2001:db8:1:2::1", "2001:db8:1:2::2", "2001:db8:1:3::1"].map(|text| text.parse().unwrap());
        assert_eq!(
            [one, same, one, other].map(|ip| limits.try_now(ip)),
            [true, true, false, true]
        );
        let none = Limits::new(1, Duration::ZERO);
        assert!(none.try_now(one) && none.try_now(one));
    }

    #[test]
    fn a_network_of_ipv6_has_the_tries_of_one_address() {
        let limits = Limits::new(1, Duration::from_secs(3_600));
        let tried = |text: &str| limits.try_now(text.parse().unwrap());
        assert!(tried("2001:db8:0:1::1"));
        assert!(!tried("2001:db8:0:1:ffff::2"));
        assert!(tried("2001:db8:0:2::1"));
    }

    #[test]
    fn only_our_own_proxies_are_believed() {
        let peer: SocketAddr = "10.0.0.9:1234".parse().unwrap();
        let mut headers = HeaderMap::new();
        headers.insert(
            "x-forwarded-for",
            "203.0.113.7, 198.51.100.2, 10.0.0.8".parse().unwrap(),
        );
        let proxies = ["10.0.0.0/8".parse().unwrap()];
        assert_eq!(asker(peer, &headers, &proxies).to_string(), "198.51.100.2");
        assert_eq!(asker(peer, &headers, &[]), peer.ip());
    }
}
