//! The modem: what the driver tells becomes inputs, and the machine's orders become the driver's. Decides nothing.

pub mod settings;

use std::{path::PathBuf, time::Duration};

use config::gateway::Modem;
use kiosk::moment::Wall;
use modem::{
    event::{Body, Event, Fate, Identity, Incoming, Network, Registration, Then, Trouble},
    machine::ORDERS_MAX,
    order::{Order, OrderId, Outgoing, Slot},
    port::{self, Options},
};
use runtime::{decide::Inbox, stop::Stop};
use tokio::sync::mpsc;

use crate::site::{
    delivery,
    input::Input,
    sim::{CallId, Received, SimEvent, SimIdentity, SimNetwork, SimOrder, TextId},
};

/// Orders of the machine that may wait here; the machine never hands over as many texts at once.
pub const QUEUE_MAX: usize = 64;
/// Events that may wait to become inputs; then the modem waits.
const EVENTS_MAX: usize = 64;

/// Drives the modem of this configuration until `stop`, and keeps what must outlive this program in the folder `data`.
/// Settings that are wrong are told as a modem's trouble: water flows without texts.
pub async fn run(config: Modem, data: PathBuf, orders: mpsc::Receiver<SimOrder>, inbox: Inbox<Input>, stop: Stop) {
    let Some(port) = config.port.clone() else { return };
    match settings::options(port, &config, &data) {
        Ok(options) => drive(options, orders, inbox, stop).await,
        Err(error) => {
            tracing::error!(%error, "the modem is not used");
            let down = SimEvent::Down {
                why: error.to_string(),
                needs_person: true,
            };
            if inbox.send(Input::Sim(down)).await.is_ok() {
                stop.stopped().await;
            }
        }
    }
}

async fn drive(options: Options, mut orders: mpsc::Receiver<SimOrder>, inbox: Inbox<Input>, stop: Stop) {
    let (asked, to_modem) = mpsc::channel(ORDERS_MAX);
    let (events, mut told) = mpsc::channel(EVENTS_MAX);
    let ask = async {
        while let Some(order) = orders.recv().await {
            if asked.send(self::order(order)).await.is_err() {
                return;
            }
        }
    };
    let tell = async {
        while let Some(event) = told.recv().await {
            if inbox.send(Input::Sim(self::event(event))).await.is_err() {
                return;
            }
        }
    };
    tokio::select! {
        () = port::run(options, to_modem, events) => tracing::error!("nobody drives the modem any more"),
        () = ask => {}
        () = tell => {}
        () = stop.stopped() => {}
    }
}

fn order(order: SimOrder) -> Order {
    match order {
        SimOrder::Send {
            id,
            to,
            body,
            validity_ms,
            wants_report,
        } => Order::Send(Outgoing {
            id: OrderId(id.0),
            to,
            text: body,
            validity: validity_ms.map(Duration::from_millis),
            wants_report,
        }),
        SimOrder::Forget(slots) => Order::Forget(slots.into_iter().map(Slot).collect()),
        SimOrder::Dial { id, code } => Order::Dial {
            id: OrderId(id.0),
            code,
        },
        SimOrder::Say { id, text } => Order::Say {
            id: OrderId(id.0),
            text,
        },
        SimOrder::HangUp(id) => Order::HangUp { id: OrderId(id.0) },
    }
}

fn event(event: Event) -> SimEvent {
    match event {
        Event::Ready(identity) => SimEvent::Ready(self::identity(identity)),
        Event::Down(trouble) => SimEvent::Down {
            needs_person: needs_person(&trouble),
            why: trouble.to_string(),
        },
        Event::Network(network) => SimEvent::Network(self::network(network)),
        Event::Time { at_ms, is_zoned } => SimEvent::Time {
            wall: Wall(at_ms),
            is_zoned,
        },
        Event::Room { used, total } => SimEvent::Room { used, total },
        Event::Received(text) => SimEvent::Received(received(text)),
        Event::Sent { id, references } => SimEvent::Sent {
            id: TextId(id.0),
            references,
        },
        Event::NotSent { id, why } => SimEvent::NotSent {
            id: TextId(id.0),
            word: why.word,
            then: match why.then {
                Then::TryLater => delivery::Then::TryLater,
                Then::TryRarely => delivery::Then::TryRarely,
                Then::GiveUp => delivery::Then::GiveUp,
                Then::AskPerson => delivery::Then::AskPerson,
            },
        },
        Event::Unsure { id } => SimEvent::Unsure(TextId(id.0)),
        Event::Reported { reference, to, fate } => SimEvent::Reported {
            reference,
            to,
            fate: match fate {
                Fate::Delivered => delivery::Fate::Delivered,
                Fate::Trying => delivery::Fate::Trying,
                Fate::Failed => delivery::Fate::Failed,
            },
        },
        Event::Ussd { id, text, is_open } => SimEvent::Said {
            id: id.map(|id| CallId(id.0)),
            text,
            is_open,
        },
        Event::UssdEnded { id, why } => SimEvent::Ended {
            id: CallId(id.0),
            why: why.to_string(),
        },
    }
}

fn identity(identity: Identity) -> SimIdentity {
    SimIdentity {
        model: identity.title(),
        revision: identity.revision,
        profile: identity.profile.to_owned(),
        imei: identity.imei,
        imsi: identity.imsi,
        iccid: identity.iccid,
    }
}

/// A port that vanished comes back by itself; a card does not.
fn needs_person(trouble: &Trouble) -> bool {
    match trouble {
        Trouble::NoPort(_) | Trouble::Gone | Trouble::Mute => false,
        Trouble::NoSim
        | Trouble::PinWanted
        | Trouble::PinWrong { .. }
        | Trouble::PinSpared { .. }
        | Trouble::PukWanted
        | Trouble::BadSim(_) => true,
    }
}

fn network(network: Network) -> SimNetwork {
    let (is_registered, registration) = match network.registration {
        Registration::Not => (false, "not in a network"),
        Registration::Searching => (false, "searching"),
        Registration::Home => (true, "home"),
        Registration::Roaming => (true, "roaming"),
        Registration::Denied => (false, "turned away"),
    };
    SimNetwork {
        is_registered,
        registration,
        operator: network.operator,
        operator_code: network.operator_code,
        signal_dbm: network.signal_dbm,
        technology: network.technology,
    }
}

fn received(text: Incoming) -> Received {
    Received {
        slots: text.slots.into_iter().map(|slot| slot.0).collect(),
        from: text.from,
        body: match text.body {
            Body::Text(words) => Ok(words),
            Body::Data(bytes) => Err(bytes),
        },
        stamp_ms: text.sent_at_ms,
        is_incomplete: text.is_incomplete,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn orders_and_what_becomes_of_them_keep_their_names() {
        let send = SimOrder::Send {
            id: TextId(7),
            to: "+254700000102".to_owned(),
            body: "water".to_owned(),
            validity_ms: Some(3_600_000),
            wants_report: true,
        };
        let Order::Send(outgoing) = order(send) else { panic!() };
        assert_eq!(
            (outgoing.id, outgoing.to.as_str(), outgoing.text.as_str()),
            (OrderId(7), "+254700000102", "water")
        );
        assert_eq!(
            (outgoing.validity, outgoing.wants_report),
            (Some(Duration::from_secs(3_600)), true)
        );
        assert_eq!(
            order(SimOrder::Forget(vec![3, 9])),
            Order::Forget(vec![Slot(3), Slot(9)])
        );
        let sent = Event::Sent {
            id: OrderId(7),
            references: vec![1, 2],
        };
        assert_eq!(
            event(sent),
            SimEvent::Sent {
                id: TextId(7),
                references: vec![1, 2]
            }
        );
        assert_eq!(event(Event::Unsure { id: OrderId(8) }), SimEvent::Unsure(TextId(8)));
    }

    #[test]
    fn only_what_does_not_come_back_by_itself_needs_a_person() {
        for (trouble, expected) in [
            (Trouble::Gone, false),
            (Trouble::NoPort("busy".to_owned()), false),
            (Trouble::Mute, false),
            (Trouble::PinWrong { left: Some(2) }, true),
            (Trouble::PinSpared { left: None }, true),
            (Trouble::NoSim, true),
        ] {
            assert_eq!(needs_person(&trouble), expected, "{trouble}");
        }
    }
}
