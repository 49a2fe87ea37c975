//! From a fresh socket to a connection that may speak: CONNECT, its checks and its CONNACK.

use bytes::{Buf, Bytes, BytesMut};
use kiosk::ids::DispenserId;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::{
    Settings,
    credentials::{Credentials, SecretHash},
    packet::{self, Connect, Version},
    reason::{Fault, Refusal},
    topics::{self, Leaf},
};

/// A CONNECT that has passed every check that needs nothing but itself and the credentials.
#[derive(Debug)]
pub struct Admitted {
    /// The protocol spoken.
    pub version: Version,
    /// Who it is.
    pub dispenser: DispenserId,
    /// The secret it showed, hashed.
    pub secret: SecretHash,
    /// Its client id.
    pub client_id: Box<str>,
    /// Seconds after which silence means gone; 0 never.
    pub keep_alive_s: u16,
    /// What to say on `status` when it vanishes.
    pub will: Option<Will>,
    /// Messages that may be open towards it.
    pub receive_max: u16,
    /// The longest packet it takes, in bytes.
    pub packet_bytes_max: u32,
    /// It asked for a session that outlives the connection.
    pub asked_to_be_kept: bool,
}

/// A will on the dispenser's own `status`.
#[derive(Debug, PartialEq, Eq)]
pub struct Will {
    /// The body.
    pub payload: Bytes,
    /// Keep as the topic's last value.
    pub retain: bool,
}

/// A CONNECT that was turned away.
#[derive(Debug, PartialEq, Eq)]
pub struct TurnedAway {
    /// Why.
    pub why: Refusal,
    /// In which protocol to say so; none when none is known to be spoken.
    pub version: Option<Version>,
    /// The user name, if one was given.
    pub user: Option<Box<str>>,
}

/// Reads the CONNECT packet; what follows it stays in `input`. `Err(None)` when the client went away.
pub async fn read_connect<S: AsyncRead + Unpin>(
    stream: &mut S,
    input: &mut BytesMut,
    settings: &Settings,
    credentials: &Credentials,
) -> Result<Admitted, Option<TurnedAway>> {
    loop {
        if let Some(admitted) = take_connect(input, settings, credentials)? {
            return Ok(admitted);
        }
        input.reserve(1024);
        match stream.read_buf(input).await {
            Ok(0) | Err(_) => return Err(None),
            Ok(_) => {}
        }
    }
}

/// Takes the CONNECT packet from what was read; `None` while bytes are missing. `Err(None)` where nothing is to be said.
pub fn take_connect(
    input: &mut BytesMut,
    settings: &Settings,
    credentials: &Credentials,
) -> Result<Option<Admitted>, Option<TurnedAway>> {
    // The type is known from the first byte: who does not start with CONNECT need not be listened to.
    if input.first().is_some_and(|first| *first != 0x10) {
        return Err(Some(TurnedAway {
            why: Refusal::NotConnect,
            version: None,
            user: None,
        }));
    }
    let header = packet::header(input, settings.packet_bytes_max).map_err(|fault| turned_away(fault, None))?;
    let Some(header) = header.filter(|header| header.total_bytes <= input.len()) else {
        return Ok(None);
    };
    let admitted = match packet::connect(header, &input[..header.total_bytes]) {
        Ok(connect) => admit(&connect, settings, credentials).map_err(Some),
        // MQTT 3.1.1's CONNACK is what clients of unknown versions are most likely to read.
        Err(fault @ Fault::Refused(Refusal::UnsupportedVersion)) => Err(turned_away(fault, Some(Version::V4))),
        Err(fault) => Err(turned_away(fault, None)),
    };
    input.advance(header.total_bytes);
    admitted.map(Some)
}

fn turned_away(fault: Fault, version: Option<Version>) -> Option<TurnedAway> {
    match fault {
        Fault::Refused(why) => Some(TurnedAway {
            why,
            version,
            user: None,
        }),
        _ => None,
    }
}

/// Everything about a CONNECT that needs no other connection.
fn admit(connect: &Connect<'_>, settings: &Settings, credentials: &Credentials) -> Result<Admitted, TurnedAway> {
    let refuse = |why| {
        let user = (!connect.user.is_empty()).then(|| connect.user.chars().take(64).collect::<String>().into());
        Err(TurnedAway {
            why,
            version: Some(connect.version),
            user,
        })
    };
    if connect.extended_authentication {
        return refuse(Refusal::ExtendedAuthentication);
    }
    let Some((dispenser, secret)) = credentials.check(connect.user, connect.password) else {
        return refuse(Refusal::BadCredentials);
    };
    if !topics::client_id_belongs(&dispenser, connect.client_id) {
        return refuse(Refusal::BadClientId);
    }
    if let Some(will) = &connect.will {
        if will.topic != topics::topic(&dispenser, Leaf::Status.name()) {
            return refuse(Refusal::ForeignWill);
        }
        if will.qos > 1 {
            return refuse(Refusal::Qos2);
        }
        if will.payload.len() > settings.payload_bytes_max {
            return refuse(Refusal::TooLarge);
        }
    }
    Ok(Admitted {
        version: connect.version,
        secret,
        client_id: connect.client_id.into(),
        keep_alive_s: connect.keep_alive_s,
        will: connect.will.as_ref().map(|will| Will {
            payload: Bytes::copy_from_slice(will.payload),
            retain: will.retain,
        }),
        receive_max: connect.receive_max,
        packet_bytes_max: connect.packet_bytes_max,
        asked_to_be_kept: connect.asked_to_be_kept,
        dispenser,
    })
}

/// Says goodbye and reads on for a while: closing with unread bytes would reset the connection and lose what was said.
pub async fn linger<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S, settings: &Settings) {
    let farewell = async {
        if stream.shutdown().await.is_err() {
            return;
        }
        let mut waste = [0u8; 4096];
        let mut left = settings.linger_bytes_max;
        while let Ok(count @ 1..) = stream.read(&mut waste).await {
            left = left.saturating_sub(count);
            if left == 0 {
                return;
            }
        }
    };
    if tokio::time::timeout(settings.linger, farewell).await.is_err() {
        tracing::debug!("a client kept its socket open after goodbye");
    }
}
