//! Why a client was turned away or a connection closed, and the codes that say so on the wire.

/// Why the front refused something. Closed, so that the audit and the page can name every case.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Refusal {
    /// The TLS handshake failed.
    Tls,
    /// No CONNECT within the time allowed.
    ConnectTimeout,
    /// More clients were knocking than are let wait; the one that had waited longest was dropped.
    TooManyWaiting,
    /// The first packet was not a CONNECT.
    NotConnect,
    /// Neither MQTT 3.1.1 nor MQTT 5.
    UnsupportedVersion,
    /// Bytes that are no MQTT packet.
    Malformed,
    /// A packet that may not come here.
    Protocol,
    /// Unknown user name or wrong secret.
    BadCredentials,
    /// MQTT 5 extended authentication, which is not offered.
    ExtendedAuthentication,
    /// A client id other than the dispenser's id or the id, a dot and 1 to 16 of `[a-z0-9]`.
    BadClientId,
    /// A will for another topic than the dispenser's own `status`.
    ForeignWill,
    /// The dispenser has as many connections as it may have.
    TooManyOfDispenser,
    /// The gateway has as many connections as it may have.
    TooManyInAll,
    /// A publish outside the dispenser's own prefix, or on a topic that is not plain ASCII.
    ForeignPublish,
    /// A subscription other than a topic of its own or its own `#`. The connection stays.
    ForeignSubscription,
    /// A publish on a topic with `+` or `#`.
    Wildcard,
    /// QoS 2.
    Qos2,
    /// More payload, or a longer packet, than allowed.
    TooLarge,
    /// A topic alias though none was offered.
    TopicAlias,
    /// A subscription identifier though they were declared unavailable.
    SubscriptionIdentifier,
    /// More messages a second than allowed.
    Flood,
    /// Did not read, or did not acknowledge, what was sent.
    SlowReader,
}

/// Why a connection ends without anybody being at fault, or with a fault that has a [`Refusal`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The client broke a rule.
    Refused(Refusal),
    /// Another connection took the client id.
    TakenOver,
    /// The dispenser's secret was changed or withdrawn.
    CredentialsChanged,
    /// Nothing was heard for one and a half times the keep-alive.
    KeepAlive,
    /// The gateway stops.
    Stopping,
    /// The message router cannot be had.
    Broker,
    /// The client said goodbye; its will is dropped.
    Goodbye,
    /// The socket is gone; nobody to tell.
    Gone,
}

impl Fault {
    /// Bytes that are no MQTT packet.
    pub const MALFORMED: Fault = Fault::Refused(Refusal::Malformed);
    /// A packet out of place.
    pub const PROTOCOL: Fault = Fault::Refused(Refusal::Protocol);

    /// The client broke this rule.
    pub const fn refuse(refusal: Refusal) -> Fault {
        Fault::Refused(refusal)
    }

    /// The reason code of our MQTT 5 DISCONNECT (section 3.14.2.1); none when there is nobody to tell.
    pub const fn disconnect_code(self) -> Option<u8> {
        Some(match self {
            Fault::Gone | Fault::Goodbye => return None,
            Fault::Broker => 0x83,
            Fault::TakenOver => 0x8e,
            Fault::CredentialsChanged => 0x98,
            Fault::KeepAlive => 0x8d,
            Fault::Stopping => 0x8b,
            Fault::Refused(refusal) => match refusal {
                Refusal::Malformed => 0x81,
                Refusal::Protocol | Refusal::NotConnect => 0x82,
                Refusal::ForeignPublish | Refusal::ForeignSubscription | Refusal::ForeignWill => 0x87,
                Refusal::Wildcard => 0x90,
                Refusal::TopicAlias => 0x94,
                Refusal::TooLarge => 0x95,
                Refusal::Flood => 0x96,
                Refusal::SlowReader => 0x97,
                Refusal::Qos2 => 0x9b,
                Refusal::SubscriptionIdentifier => 0xa1,
                _ => 0x80,
            },
        })
    }
}

impl Refusal {
    /// The CONNACK return code of MQTT 3.1.1 (section 3.2.2.3): 5 unless the version or our own capacity is at fault.
    pub const fn connack_v4(self) -> u8 {
        match self {
            Refusal::UnsupportedVersion => 1,
            Refusal::TooManyInAll | Refusal::TooManyOfDispenser => 3,
            _ => 5,
        }
    }

    /// The CONNACK reason code of MQTT 5 (section 3.2.2.2).
    pub const fn connack_v5(self) -> u8 {
        match self {
            Refusal::UnsupportedVersion => 0x84,
            Refusal::BadClientId => 0x85,
            Refusal::BadCredentials => 0x86,
            Refusal::ExtendedAuthentication => 0x8c,
            Refusal::TooManyInAll => 0x89,
            Refusal::TooLarge => 0x95,
            Refusal::TooManyOfDispenser => 0x97,
            Refusal::Qos2 => 0x9b,
            _ => 0x87,
        }
    }

    /// The word that stands in the audit and in the API.
    pub const fn code(self) -> &'static str {
        match self {
            Refusal::Tls => "tls",
            Refusal::ConnectTimeout => "connect_timeout",
            Refusal::TooManyWaiting => "too_many_waiting",
            Refusal::NotConnect => "not_connect",
            Refusal::UnsupportedVersion => "unsupported_version",
            Refusal::Malformed => "malformed",
            Refusal::Protocol => "protocol",
            Refusal::BadCredentials => "bad_credentials",
            Refusal::ExtendedAuthentication => "extended_authentication",
            Refusal::BadClientId => "bad_client_id",
            Refusal::ForeignWill => "foreign_will",
            Refusal::TooManyOfDispenser => "too_many_of_dispenser",
            Refusal::TooManyInAll => "too_many_in_all",
            Refusal::ForeignPublish => "foreign_publish",
            Refusal::ForeignSubscription => "foreign_subscription",
            Refusal::Wildcard => "wildcard",
            Refusal::Qos2 => "qos2",
            Refusal::TooLarge => "too_large",
            Refusal::TopicAlias => "topic_alias",
            Refusal::SubscriptionIdentifier => "subscription_identifier",
            Refusal::Flood => "flood",
            Refusal::SlowReader => "slow_reader",
        }
    }
}
