//! Durations, web addresses and networks: how a person spells them.

use std::{fmt, net::IpAddr, str::FromStr, time::Duration};

/// Why a text is not the value it was taken for: the rule it breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct ValueError(pub &'static str);

/// The units of a duration; the longest that divides a duration is the one it is written in.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("min", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// Reads `"30 s"`, `"24 h"`, `"10 min"`, `"500 ms"`, `"7 d"`: a whole number and a unit.
pub fn duration(text: &str) -> Result<Duration, ValueError> {
    const RULE: ValueError = ValueError("must be a whole number and a unit (ms, s, min, h, d), such as \"30 s\"");
    let text = text.trim();
    let digits = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| RULE)?;
    let (_, unit_ms) = UNITS.iter().find(|(name, _)| *name == unit.trim()).ok_or(RULE)?;
    number.checked_mul(*unit_ms).map(Duration::from_millis).ok_or(RULE)
}

/// Writes a duration as [`duration`] reads it, in the longest unit that divides it.
pub fn spelled(duration: Duration) -> String {
    let ms = u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let (unit, unit_ms) = UNITS
        .iter()
        .find(|(_, unit_ms)| ms > 0 && ms.is_multiple_of(*unit_ms))
        .unwrap_or(&UNITS[3]);
    format!("{} {unit}", ms / unit_ms)
}

/// The base of a web service, `http(s)://host[:port][/path]`, kept without a slash at its end.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebAddress(Box<str>);

impl WebAddress {
    /// The address without a slash at its end; a path is appended as it is.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether what is sent there is encrypted.
    pub fn is_https(&self) -> bool {
        self.0.starts_with("https://")
    }
}

impl fmt::Display for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl FromStr for WebAddress {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<WebAddress, ValueError> {
        const RULE: ValueError = ValueError("must be a web address such as \"https://hub.example\"");
        const EXTRA: ValueError = ValueError("must be a web address without user name, query or fragment");
        let rest = text
            .strip_prefix("https://")
            .or_else(|| text.strip_prefix("http://"))
            .ok_or(RULE)?;
        let authority = rest.split('/').next().unwrap_or_default();
        if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
            return Err(RULE);
        }
        if authority.contains('@') || rest.contains(['?', '#']) {
            return Err(EXTRA);
        }
        let host = match authority.strip_prefix('[') {
            Some(v6) => {
                let (host, port) = v6.split_once(']').ok_or(RULE)?;
                host.parse::<std::net::Ipv6Addr>().map_err(|_| RULE)?;
                check_port(port.strip_prefix(':'), port.is_empty()).ok_or(RULE)?;
                host
            }
            None => match authority.split_once(':') {
                Some((host, port)) => {
                    check_port(Some(port), false).ok_or(RULE)?;
                    host
                }
                None => authority,
            },
        };
        if host.is_empty() {
            return Err(RULE);
        }
        Ok(WebAddress(text.trim_end_matches('/').into()))
    }
}

fn check_port(port: Option<&str>, absent_allowed: bool) -> Option<()> {
    match port {
        None => absent_allowed.then_some(()),
        Some(port) => port.parse::<u16>().ok().filter(|port| *port > 0).map(|_| ()),
    }
}

/// An address or a network such as `10.0.0.0/8`, for lists of proxies that are believed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    address: IpAddr,
    prefix_bits: u8,
}

impl Network {
    /// Whether `peer` belongs to it. An IPv4 peer that arrives over IPv6 counts as what it is.
    pub fn contains(&self, peer: IpAddr) -> bool {
        match (self.address, peer.to_canonical()) {
            (IpAddr::V4(own), IpAddr::V4(peer)) => same_prefix(own.to_bits().into(), peer.to_bits().into(), 32, self),
            (IpAddr::V6(own), IpAddr::V6(peer)) => same_prefix(own.to_bits(), peer.to_bits(), 128, self),
            _ => false,
        }
    }
}

fn same_prefix(own: u128, peer: u128, bits: u8, network: &Network) -> bool {
    let ignored = u32::from(bits - network.prefix_bits);
    own.checked_shr(ignored).unwrap_or(0) == peer.checked_shr(ignored).unwrap_or(0)
}

impl FromStr for Network {
    type Err = ValueError;

    fn from_str(text: &str) -> Result<Network, ValueError> {
        const RULE: ValueError = ValueError("must be IP addresses or networks such as \"10.0.0.0/8\"");
        let (address, prefix) = text
            .split_once('/')
            .map_or((text, None), |(address, bits)| (address, Some(bits)));
        let address: IpAddr = address.parse().map_err(|_| RULE)?;
        let bits_max = if address.is_ipv4() { 32 } else { 128 };
        let prefix_bits = prefix.map_or(Ok(bits_max), |bits| bits.parse().map_err(|_| RULE))?;
        if prefix_bits > bits_max {
            Err(RULE)
        } else {
            Ok(Network { address, prefix_bits })
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        let cases = [
            ("30 s", 30_000),
            ("24 h", 86_400_000),
            ("10 min", 600_000),
            ("5ms", 5),
            (" 7  d ", 604_800_000),
        ];
        for (text, ms) in cases {
            assert_eq!(duration(text), Ok(Duration::from_millis(ms)), "{text:?}");
        }
        for text in [
            "",
            "30",
            "s",
            "-1 s",
            "1.5 h",
            "10 minutes",
            "1 s 1 s",
            "99999999999999 d",
        ] {
            assert!(duration(text).is_err(), "{text:?}");
        }
    }

    #[test]
    fn durations_are_written_as_they_are_read() {
        for (text, written) in [
            ("24 h", "1 d"),
            ("90 s", "90 s"),
            ("60 s", "1 min"),
            ("0 h", "0 s"),
            ("1500 ms", "1500 ms"),
        ] {
            let parsed = duration(text).unwrap();
            assert_eq!(spelled(parsed), written);
            assert_eq!(duration(written), Ok(parsed));
        }
    }

    #[test]
    fn web_addresses() {
        for (text, kept) in [
            ("https://hub.example", "https://hub.example"),
            ("http://127.0.0.1:8000/mpesa/", "http://127.0.0.1:8000/mpesa"),
            ("https://[::1]:443", "https://[::1]:443"),
            ("http://[::1]", "http://[::1]"),
        ] {
            assert_eq!(
                text.parse::<WebAddress>().map(|a| a.as_str().to_owned()),
                Ok(kept.to_owned())
            );
        }
        for text in [
            "",
            "hub.example",
            "ftp://x",
            "https://",
            "https:///x",
            "https://h:0",
            "https://h:x",
            "https://h:",
            "https://[::1",
            "https://[x]",
            "https://[::1]8",
            "https://a b",
            "https://u@h",
            "https://h/?q",
            "https://h/#f",
        ] {
            assert!(text.parse::<WebAddress>().is_err(), "{text:?}");
        }
        assert!("https://h".parse::<WebAddress>().unwrap().is_https());
        assert!(!"http://h".parse::<WebAddress>().unwrap().is_https());
    }

    #[test]
    fn networks() {
        let contains = |network: &str, peer: &str| network.parse::<Network>().unwrap().contains(peer.parse().unwrap());
        assert!(contains("10.0.0.0/8", "10.255.0.1"));
        assert!(!contains("10.0.0.0/8", "11.0.0.1"));
        assert!(contains("0.0.0.0/0", "203.0.113.7"));
        assert!(!contains("0.0.0.0/0", "2001:db8::1"));
        assert!(contains("127.0.0.1", "::ffff:127.0.0.1"));
        assert!(!contains("127.0.0.1", "127.0.0.2"));
        assert!(contains("::/0", "2001:db8::1"));
        assert!(contains("2001:db8::/32", "2001:db8:1::1"));
        for text in ["", "10.0.0.0/33", "10.0.0.0/", "host", "::/129"] {
            assert!(text.parse::<Network>().is_err(), "{text:?}");
        }
    }
}
