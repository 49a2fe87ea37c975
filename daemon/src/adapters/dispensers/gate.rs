//! Between the front and the machine: events become inputs, effects become messages.

use bytes::Bytes;
use kiosk::{
    dispense::Reason,
    ids::{DispenserId, RequestId},
    units::Volume,
};
use runtime::{decide::Inbox, stop::Stop};
use tokio::sync::mpsc;

use super::{Event, Front, Leaf, Message, Outbound, wire};
use crate::site::{
    effect::{Answer, DispenserConfig, Receipt, Rejection},
    input::{Ask, Door, Heartbeat, Input, Report, TurnedAway, Who},
};

/// How many events are taken at once.
const EVENTS_MAX: usize = 256;

/// Turns events into inputs until the machine is gone or, after `stop`, all that had come is handed over. The front that
/// is answered here keeps the other end of `events` open, so the channel never ends by itself.
pub async fn carry(mut events: mpsc::Receiver<Event>, front: Front, inbox: Inbox<Input>, stop: Stop) {
    let mut batch = Vec::with_capacity(EVENTS_MAX);
    loop {
        let taken = tokio::select! {
            taken = events.recv_many(&mut batch, EVENTS_MAX) => taken,
            () = stop.stopped(), if !events.is_closed() => {
                events.close();
                continue;
            }
        };
        if taken == 0 {
            return;
        }
        for event in batch.drain(..) {
            match input(event) {
                Ok(Some(input)) => {
                    if inbox.send(input).await.is_err() {
                        return;
                    }
                }
                Ok(None) => {}
                Err((dispenser, error)) => {
                    front.publish(&dispenser, Outbound::Error, wire::encode_error(&error), false)
                }
            }
        }
    }
}

fn input(event: Event) -> Result<Option<Input>, (DispenserId, wire::WireError)> {
    Ok(match event {
        Event::Connected { dispenser } => Some(Input::Connected(dispenser)),
        Event::Disconnected { dispenser } => Some(Input::Disconnected(dispenser)),
        Event::Published {
            dispenser,
            leaf,
            payload,
        } => return published(dispenser, leaf, &payload),
        Event::UnknownTopic { dispenser, leaf } => {
            let detail = format!("there is no topic {leaf}");
            return Err((
                dispenser,
                wire::WireError {
                    code: wire::ErrorCode::UnknownTopic,
                    detail,
                    request: None,
                },
            ));
        }
        Event::Refused {
            user,
            peer,
            why,
            untold,
        } => {
            tracing::warn!(user = user.as_deref().unwrap_or("-"), %peer, ?why, untold, "a client was turned away or cut");
            Some(Input::TurnedAway(TurnedAway {
                user: user.map(String::from),
                from: peer.ip().to_string(),
                why: why.code(),
                untold,
            }))
        }
    })
}

/// What a payload means to the machine; `None` for what it need not know.
pub fn published(
    dispenser: DispenserId,
    leaf: Leaf,
    payload: &[u8],
) -> Result<Option<Input>, (DispenserId, wire::WireError)> {
    Ok(match leaf {
        Leaf::Ask => match wire::decode_ask(payload) {
            Ok(ask) => Some(Input::Asked(Door::Mqtt(dispenser), asked(ask))),
            Err(wire::WireError {
                request: Some(request), ..
            }) => Some(Input::Malformed(Door::Mqtt(dispenser), request)),
            Err(error) => return Err((dispenser, error)),
        },
        Leaf::Poured => match wire::decode_poured(payload).and_then(reported) {
            Ok(report) => Some(Input::Poured(Door::Mqtt(dispenser), report)),
            Err(error) => return Err((dispenser, error)),
        },
        Leaf::Heartbeat => match wire::decode_heartbeat(payload) {
            Ok(beat) => Some(Input::Heartbeat(dispenser, heartbeat(beat))),
            Err(error) => return Err((dispenser, error)),
        },
        Leaf::FirmwareProgress => match wire::decode_progress(payload) {
            Ok(progress) => {
                tracing::info!(%dispenser, ?progress, "firmware");
                None
            }
            Err(error) => return Err((dispenser, error)),
        },
        // Who is connected is told by Connected and Disconnected; the will repeats it for other listeners.
        Leaf::Status => None,
    })
}

fn asked(ask: wire::Ask) -> Ask {
    let who = match ask.customer {
        wire::Customer::User(user) => Who::User(user),
        wire::Customer::Code(code) => Who::Code(code),
    };
    Ask {
        request: ask.request,
        who,
        pin: ask.pin,
        token: ask.token,
        volume_ml: ask.volume_ml,
    }
}

fn reported(poured: wire::Poured) -> Result<Report, wire::WireError> {
    let Some(volume) = Volume::try_from_ml(poured.volume_ml) else {
        let detail = format!("volume_ml must be within 0 and {}", Volume::MAX.ml());
        return Err(wire::WireError {
            code: wire::ErrorCode::BadField,
            detail,
            request: Some(poured.request),
        });
    };
    Ok(Report {
        request: poured.request,
        volume,
        outcome: poured.outcome,
    })
}

fn heartbeat(beat: wire::Heartbeat) -> Heartbeat {
    Heartbeat {
        firmware: beat.firmware,
        config_revision: beat.config_revision.map(u64::cast_signed),
        state: beat.state.unwrap_or_default(),
        pulses_total: beat.pulses_total,
        rssi_dbm: beat.rssi_dbm,
    }
}

/// An `answer` as its bytes.
pub fn answer(answer: &Answer) -> Vec<u8> {
    let customer = answer.customer.as_ref();
    let body = wire::Answer {
        request: answer.request.as_str(),
        approved: answer.denied.is_none(),
        reason: answer.denied.map_or(Reason::VERIFIED, Reason::name),
        volume_ml: answer.volume.signed_ml(),
        balance_ml: customer.map(|customer| customer.balance.signed_ml()),
        jerrycans_left: customer.map(|customer| customer.jerrycans_left.cast_signed()),
        name: customer.map(|customer| customer.name.as_str()),
        lines: &answer.lines,
    };
    wire::encode(&body).to_vec()
}

/// A `receipt` as its bytes.
pub fn receipt(receipt: &Receipt) -> Vec<u8> {
    let body = wire::Receipt {
        request: receipt.request.as_str(),
        volume_ml: receipt.volume.signed_ml(),
        balance_ml: receipt.balance.map(Volume::signed_ml),
        receipt: &receipt.receipt,
        lines: &receipt.lines,
    };
    wire::encode(&body).to_vec()
}

/// The retained `config` of a dispenser.
pub fn configuration(dispenser: DispenserId, config: &DispenserConfig) -> Message {
    let body = wire::Config {
        revision: config.revision.unsigned_abs(),
        pulses_per_litre: u32::try_from(config.pulses_per_litre).unwrap_or(u32::MAX),
        volume_ml_max: config.volume_max.signed_ml(),
        language: &config.language,
        enabled: config.enabled,
    };
    Message {
        dispenser,
        leaf: Outbound::Config,
        payload: wire::encode(&body),
        retain: true,
    }
}

/// Something said to a dispenser now.
pub fn message(dispenser: DispenserId, leaf: Outbound, payload: Vec<u8>) -> Message {
    Message {
        dispenser,
        leaf,
        payload: Bytes::from(payload),
        retain: false,
    }
}

/// Why a payload changed nothing, as an `error`; `None` where silence makes the dispenser try again.
pub fn rejection(dispenser: DispenserId, request: RequestId, rejection: Rejection) -> Option<Message> {
    match rejection {
        Rejection::RequestConflict => {
            let detail = "this request was used before with other content".to_owned();
            let error = wire::WireError {
                code: wire::ErrorCode::RequestConflict,
                detail,
                request: Some(request),
            };
            Some(Message {
                dispenser,
                leaf: Outbound::Error,
                payload: wire::encode_error(&error),
                retain: false,
            })
        }
        Rejection::NotJoined | Rejection::NotSaved => None,
    }
}
