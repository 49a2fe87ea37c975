//! A request that came before (CONTRACTS section 3, retries): the same content gets the stored answer, any other a
//! conflict.
//!
//! This must not become a way to try PINs: under the request of an ask that was approved, the stored answer would say
//! that a guess is right and a conflict that it is not, and neither would be counted. So an ask that differs in nothing
//! but the PIN is a wrong try of that customer and of that dispenser, whatever the PIN, which is not looked at; and after
//! five of them the request is used up: all that comes under it, the right PIN too, gets the same conflict. A dispenser
//! that keeps the contract never sends one.

use hmac::{Hmac, KeyInit as _, Mac as _};
use kiosk::moment::Moment;
use sha2::Sha256;

use super::{
    Site, SiteError,
    effect::{Delivery, Effect, Rejection},
    input::{Ask, Door, Who},
    parked::Repeat,
    store::{requests, requests::RequestRow},
};

/// After so many other PINs under one request it gives nothing away any more: as many as lock a customer.
pub(super) const GUESSES_MAX: u32 = 5;
/// The bytes of each half of a [`Content`].
const HALF: usize = 16;

/// What was asked, as keyed hashes under a key that is not in the database: four digits would fall to any plain hash.
pub(super) struct Content([u8; 2 * HALF]);

impl Content {
    /// The content of an ask under this key: first all but the PIN, then that and the PIN.
    fn of(key: &[u8], ask: &Ask) -> Content {
        let hash = |fields: &[&[u8]]| -> [u8; 32] {
            let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
            let mac = fields.iter().fold(mac, |mac, field| {
                mac.chain_update((field.len() as u64).to_be_bytes()).chain_update(field)
            });
            mac.finalize().into_bytes().into()
        };
        let (kind, who) = match &ask.who {
            Who::User(user) => ("user", user),
            Who::Code(code) => ("code", code),
        };
        let token = ask.token.as_deref().unwrap_or_default();
        let volume = ask.volume_ml.to_be_bytes();
        let but_pin = hash(&[kind.as_bytes(), who.as_bytes(), token.as_bytes(), &volume]);
        let whole = hash(&[&but_pin, ask.pin.as_bytes()]);
        let mut content = [0; 2 * HALF];
        content[..HALF].copy_from_slice(&but_pin[..HALF]);
        content[HALF..].copy_from_slice(&whole[..HALF]);
        Content(content)
    }

    /// As it is kept.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.0
    }

    /// Whether nothing but the PIN is other than in what was kept.
    fn differs_by_pin(&self, kept: &[u8]) -> bool {
        kept != self.0 && kept.starts_with(&self.0[..HALF])
    }
}

impl Site {
    /// What was asked; `None` before the box has joined, for there is no key.
    pub(super) fn content(&self, ask: &Ask) -> Option<Content> {
        let key = self.enrolled.as_ref()?.request_key.expose();
        Some(Content::of(key, ask))
    }

    /// The answer to an ask whose request is remembered.
    pub(super) fn repeated(
        &mut self,
        moment: &Moment,
        door: Door,
        ask: Ask,
        content: &Content,
        row: RequestRow,
    ) -> Result<Vec<Effect>, SiteError> {
        match row.answer {
            Some(answer) if row.content == content.bytes() && row.guesses < GUESSES_MAX => {
                Ok(vec![Effect::Deliver(door, Delivery::Answer(answer))])
            }
            _ if row.guesses < GUESSES_MAX && content.differs_by_pin(&row.content) => {
                requests::count_guess(self.connection(), door.dispenser(), &ask.request)?;
                self.guessed(moment, door, ask)
            }
            _ => Ok(vec![conflict(door, ask)]),
        }
    }

    /// The answer to an ask whose request waits for its decision; `None` when it does not.
    pub(super) fn repeated_parked(
        &mut self,
        moment: &Moment,
        door: &Door,
        ask: &Ask,
    ) -> Result<Option<Vec<Effect>>, SiteError> {
        Ok(match self.parked.repeat(door, ask) {
            Repeat::Unknown => None,
            Repeat::Waits => Some(Vec::new()),
            Repeat::Guess => Some(self.guessed(moment, door.clone(), ask.clone())?),
            Repeat::Conflict => Some(vec![conflict(door.clone(), ask.clone())]),
        })
    }

    /// Nothing but the PIN is other: a wrong try, told as any conflict.
    fn guessed(&mut self, moment: &Moment, door: Door, ask: Ask) -> Result<Vec<Effect>, SiteError> {
        let mut effects = Vec::new();
        if let Some(known) = self.known(&ask.who)? {
            let dispenser = self.dispenser(door.dispenser())?;
            effects = self.count_wrong(moment, &dispenser, &known.row)?;
        }
        effects.push(conflict(door, ask));
        Ok(effects)
    }
}

fn conflict(door: Door, ask: Ask) -> Effect {
    Effect::Reject(door, ask.request, Rejection::RequestConflict)
}
