//! Who is connected: one member per client id, the connections of each dispenser, and who is still knocking.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use kiosk::ids::DispenserId;
use tokio::{
    sync::{Notify, watch},
    time::{Instant, timeout},
};

use super::{
    Settings,
    bucket::{Bucket, Turn},
    credentials::{Credentials, SecretHash},
    reason::{Fault, Refusal},
    session::Delivery,
};

/// What all connections of one dispenser share.
#[derive(Debug)]
pub struct Dispenser {
    /// Its id.
    pub id: DispenserId,
    bucket: Mutex<Bucket>,
    /// Whether the gateway was told that it is connected. Held while telling, so that the tellings keep their order.
    pub announced: tokio::sync::Mutex<bool>,
}

impl Dispenser {
    /// Counts one message, or says how long it has to wait, or that the dispenser floods.
    pub fn turn(&self, now: Instant) -> Turn {
        lock(&self.bucket).turn(now)
    }
}

#[derive(Debug, Default)]
struct Mailbox {
    deliveries: VecDeque<Delivery>,
    fault: Option<Fault>,
}

/// One connection as the others see it.
#[derive(Debug)]
pub struct Member {
    /// Its client id.
    pub client_id: Box<str>,
    /// The dispenser it belongs to.
    pub dispenser: Arc<Dispenser>,
    /// The secret it came in with.
    pub secret: SecretHash,
    /// A number below the connection limit, its own while it lives.
    pub slot: usize,
    mailbox: Mutex<Mailbox>,
    mailbox_max: usize,
    mail: Notify,
    ended: watch::Sender<bool>,
}

impl Member {
    /// Asks the connection to end; the first reason stays.
    pub fn end(&self, fault: Fault) {
        lock(&self.mailbox).fault.get_or_insert(fault);
        self.mail.notify_one();
    }

    /// Puts messages into the mailbox. A full one belongs to a slow reader, who is cut.
    pub fn post(&self, delivery: Delivery) {
        {
            let mut mailbox = lock(&self.mailbox);
            if mailbox.deliveries.len() < self.mailbox_max {
                mailbox.deliveries.push_back(delivery);
            } else {
                mailbox.fault.get_or_insert(Fault::refuse(Refusal::SlowReader));
            }
        }
        self.mail.notify_one();
    }

    /// Waits for mail or for the wish to end.
    pub async fn mail(&self) {
        self.mail.notified().await;
    }

    /// Takes all mail by swapping it with an emptied queue.
    pub fn collect(&self, into: &mut VecDeque<Delivery>) -> Result<(), Fault> {
        let mut mailbox = lock(&self.mailbox);
        if let Some(fault) = mailbox.fault {
            return Err(fault);
        }
        std::mem::swap(&mut mailbox.deliveries, into);
        Ok(())
    }

    /// Waits until it is to end, whatever mail comes.
    pub async fn must_end(&self) -> Fault {
        loop {
            if let Some(fault) = lock(&self.mailbox).fault {
                return fault;
            }
            self.mail.notified().await;
        }
    }
}

#[derive(Debug, Default)]
struct Members {
    by_client: HashMap<Box<str>, Arc<Member>>,
    by_dispenser: HashMap<DispenserId, (Arc<Dispenser>, Vec<Arc<Member>>)>,
    slots: Vec<bool>,
    knocking: VecDeque<(u64, Arc<Notify>)>,
    knocks: u64,
}

/// All connections.
#[derive(Debug)]
pub struct Registry {
    settings: Settings,
    credentials: Credentials,
    members: Mutex<Members>,
}

impl Registry {
    /// Nobody yet.
    pub fn new(settings: Settings, credentials: Credentials) -> Registry {
        let members = Members {
            slots: vec![false; settings.connections_max],
            ..Members::default()
        };
        Registry {
            settings,
            credentials,
            members: Mutex::new(members),
        }
    }

    /// Lets a connection in. An older one with the same client id ends first.
    pub async fn enter(
        self: &Arc<Registry>,
        dispenser: DispenserId,
        client_id: &str,
        secret: SecretHash,
    ) -> Result<Seat, Refusal> {
        let member = timeout(self.settings.takeover_within, async {
            loop {
                let older = match self.try_enter(&dispenser, client_id, secret) {
                    Ok(entered) => return entered,
                    Err(older) => older,
                };
                older.end(Fault::TakenOver);
                // An error means that the sender is gone, and with it the member.
                if older.ended.subscribe().wait_for(|ended| *ended).await.is_err() {
                    tracing::debug!("the older connection of {client_id} was dropped");
                }
            }
        });
        let member = member.await.unwrap_or(Err(Refusal::TooManyOfDispenser))?;
        let seat = Seat {
            registry: self.clone(),
            member,
        };
        // The secret may have changed between the check and the entry, after the sweep for such changes.
        if self.credentials.holds(&seat.member.dispenser.id, &secret) {
            Ok(seat)
        } else {
            Err(Refusal::BadCredentials)
        }
    }

    fn try_enter(
        &self,
        id: &DispenserId,
        client_id: &str,
        secret: SecretHash,
    ) -> Result<Result<Arc<Member>, Refusal>, Arc<Member>> {
        let mut members = lock(&self.members);
        if let Some(older) = members.by_client.get(client_id) {
            return Err(older.clone());
        }
        let Some(slot) = members.slots.iter().position(|taken| !taken) else {
            return Ok(Err(Refusal::TooManyInAll));
        };
        let (dispenser, connections) = members.by_dispenser.entry(id.clone()).or_insert_with(|| {
            let bucket = Mutex::new(Bucket::new(self.settings.messages_per_second_max, Instant::now()));
            let announced = tokio::sync::Mutex::new(false);
            (
                Arc::new(Dispenser {
                    id: id.clone(),
                    bucket,
                    announced,
                }),
                Vec::new(),
            )
        });
        if connections.len() >= self.settings.connections_per_dispenser_max {
            return Ok(Err(Refusal::TooManyOfDispenser));
        }
        let member = Arc::new(Member {
            client_id: client_id.into(),
            dispenser: dispenser.clone(),
            secret,
            slot,
            mailbox: Mutex::default(),
            mailbox_max: self.settings.waiting_max,
            mail: Notify::new(),
            ended: watch::Sender::new(false),
        });
        connections.push(member.clone());
        members.by_client.insert(member.client_id.clone(), member.clone());
        members.slots[slot] = true;
        Ok(Ok(member))
    }

    /// Puts a message into the mailboxes of a dispenser's connections.
    pub fn post(&self, id: &DispenserId, delivery: Delivery) {
        let members = lock(&self.members);
        if let Some((last, others)) = members
            .by_dispenser
            .get(id)
            .and_then(|(_, connections)| connections.split_last())
        {
            for other in others {
                other.post(delivery.clone());
            }
            last.post(delivery);
        }
    }

    /// Whether a dispenser has a connection.
    pub fn is_connected(&self, id: &DispenserId) -> bool {
        lock(&self.members)
            .by_dispenser
            .get(id)
            .is_some_and(|(_, connections)| !connections.is_empty())
    }

    /// Every dispenser that was ever connected and is still known.
    pub fn dispensers(&self) -> Vec<Arc<Dispenser>> {
        lock(&self.members)
            .by_dispenser
            .values()
            .map(|(dispenser, _)| dispenser.clone())
            .collect()
    }

    /// Ends every connection whose secret no longer holds.
    pub fn end_withdrawn(&self) {
        let members = lock(&self.members);
        for member in members.by_client.values() {
            if !self.credentials.holds(&member.dispenser.id, &member.secret) {
                member.end(Fault::CredentialsChanged);
            }
        }
    }

    /// Forgets dispensers that are neither known nor connected.
    pub fn prune(&self) {
        let mut members = lock(&self.members);
        members
            .by_dispenser
            .retain(|id, (_, connections)| !connections.is_empty() || self.credentials.knows(id));
    }

    /// Ends every connection.
    pub fn end_all(&self, fault: Fault) {
        for member in lock(&self.members).by_client.values() {
            member.end(fault);
        }
    }

    /// Counts a client in that has yet to show who it is. If too many are waiting, the one that has waited longest goes,
    /// so that a flood of silent sockets cannot keep a dispenser out.
    pub fn knock(self: &Arc<Registry>) -> Knock {
        let mut members = lock(&self.members);
        if members.knocking.len() >= self.settings.handshakes_max
            && let Some((_, longest)) = members.knocking.pop_front()
        {
            longest.notify_one();
        }
        members.knocks += 1;
        let evicted = Arc::new(Notify::new());
        let number = members.knocks;
        members.knocking.push_back((number, evicted.clone()));
        Knock {
            registry: self.clone(),
            number,
            evicted,
        }
    }
}

/// A client that has yet to show who it is; gone from the count when dropped.
pub struct Knock {
    registry: Arc<Registry>,
    number: u64,
    evicted: Arc<Notify>,
}

impl Knock {
    /// Waits until others have pushed it out.
    pub async fn evicted(&self) {
        self.evicted.notified().await;
    }
}

impl Drop for Knock {
    fn drop(&mut self) {
        let mut members = lock(&self.registry.members);
        if let Ok(place) = members
            .knocking
            .binary_search_by_key(&self.number, |(number, _)| *number)
        {
            members.knocking.remove(place);
        }
    }
}

/// A member's place, given back when dropped, however the connection ended.
pub struct Seat {
    registry: Arc<Registry>,
    /// The connection.
    pub member: Arc<Member>,
}

impl Seat {
    /// Takes the connection out of its dispenser's, but keeps client id and slot until the seat is dropped: a newer
    /// connection with the same client id enters only after that.
    pub fn retire(&self) {
        let mut members = lock(&self.registry.members);
        if let Some((_, connections)) = members.by_dispenser.get_mut(&self.member.dispenser.id) {
            connections.retain(|other| !Arc::ptr_eq(other, &self.member));
        }
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.retire();
        let mut members = lock(&self.registry.members);
        members.by_client.remove(&self.member.client_id);
        members.slots[self.member.slot] = false;
        drop(members);
        self.member.ended.send_replace(true);
    }
}

/// A poisoned lock only means that another thread panicked; the tables change in single steps and stay whole.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
