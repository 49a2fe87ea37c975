//! Requests that came before (CONTRACTS sections 4 and 6): the same content gets the first answer, any other a conflict.
//!
//! This must not become a way to try PINs: under the request of an ask that was approved, the first answer would say that
//! a guess is right and a conflict that it is not, and neither would be counted. So a request that differs in nothing but
//! its secret is a guess, whatever the secret, which is not looked at: of an ask it is a wrong try of that customer and of
//! that kiosk. After as many of them as lock a customer the request is used up: all that comes under it, the right PIN
//! too, gets the same conflict. That holds for the request of an ask, for an `Idempotency-Key`, and while an ask waits for
//! a site.

use kiosk::{moment::MINUTE_MS, pin::TRIES_BEFORE_LOCK};

use super::{
    ask::Decided,
    dispense::pin_tries,
    effect::Refusal,
    input::{Actor, DispenseAsk, Request},
    keys::Keys,
    store::{AnswerRow, DrawRow},
    turn::{Halt, HubError, Turn},
};

/// Equal asks without a request are one ask for so long (CONTRACTS section 4).
const EQUAL_WITHIN_MS: i64 = MINUTE_MS;

/// What was asked, as hashes under a key that is not in the database: four digits would fall to any plain hash.
#[derive(Clone, Copy, Debug)]
pub(super) struct Content {
    /// All but the secret.
    pub but_secret: [u8; 32],
    /// All of it.
    pub whole: [u8; 32],
}

/// What a request is to one that came before under the same name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Likeness {
    /// The same.
    Same,
    /// The same but for its secret.
    Guess,
    /// Another, or the name is used up.
    Other,
}

impl Content {
    /// Of any request.
    pub fn of(keys: &Keys, request: &Request) -> Content {
        let hash = |secret: &str| keys.keyed_hash(format!("request {request:?}\0{secret}").as_bytes());
        Content {
            but_secret: hash(""),
            whole: hash(request.secret().unwrap_or_default()),
        }
    }

    /// Of an ask for water, whatever its request is called.
    pub fn of_ask(keys: &Keys, ask: &DispenseAsk) -> Content {
        let hash = |pin: &str| {
            let mut body = ask.volume_ml.to_be_bytes().to_vec();
            for field in [ask.site.as_str(), ask.user.trim(), pin] {
                body.extend((field.len() as u64).to_be_bytes());
                body.extend(field.as_bytes());
            }
            keys.keyed_hash(&body)
        };
        Content {
            but_secret: hash(""),
            whole: hash(&ask.pin.0),
        }
    }

    /// What it is to one that came before and was guessed at so often.
    pub fn likeness(&self, whole: &[u8], but_secret: &[u8], guesses: u32) -> Likeness {
        if guesses >= TRIES_BEFORE_LOCK {
            Likeness::Other
        } else if whole == self.whole {
            Likeness::Same
        } else if but_secret == self.but_secret {
            Likeness::Guess
        } else {
            Likeness::Other
        }
    }
}

/// The refusal of another content under the request of an ask.
pub(super) fn request_conflict() -> Refusal {
    Refusal::conflict("request_conflict", "this request was made with another content")
}

/// The refusal of another content under a key.
pub(super) fn key_reused() -> Refusal {
    Refusal::conflict("key_reused", "this Idempotency-Key was used for another request")
}

impl Turn<'_> {
    /// The draw that this ask repeats.
    pub fn drawn_before(&mut self, ask: &DispenseAsk, content: &Content) -> Result<Option<DrawRow>, Halt> {
        let Some(request) = &ask.request else {
            let since = self.now().plus_ms(-EQUAL_WITHIN_MS);
            // With another PIN it is an ask of its own, whose PIN is looked at and counted: that goes on here as well.
            self.store.count_guesses(&ask.site, content, since)?;
            return Ok(self
                .store
                .equal_draw(&ask.site, content.whole, TRIES_BEFORE_LOCK, since)?);
        };
        let Some(mut known) = self.store.draw(&ask.site, request)? else {
            return Ok(None);
        };
        match content.likeness(&known.body_hash, &known.but_pin, known.guesses) {
            Likeness::Same => Ok(Some(known)),
            Likeness::Other => Err(request_conflict().into()),
            Likeness::Guess => {
                known.guesses += 1;
                self.store.put_draw(&known)?;
                self.count_guess(ask)?;
                Err(Halt::Kept(request_conflict()))
            }
        }
    }

    /// The answer to a request under a key that was used before.
    pub fn answered_before(
        &mut self,
        by: &Actor,
        key: &str,
        request: &Request,
        mut first: AnswerRow,
    ) -> Result<Decided, HubError> {
        let content = Content::of(self.keys, request);
        Ok(Decided::Given(
            match content.likeness(&first.request_hash, &first.but_secret, first.guesses) {
                Likeness::Same => self.first_again(&first),
                Likeness::Other => Err(key_reused()),
                Likeness::Guess => {
                    first.guesses += 1;
                    self.store.put_answer(&by.name(), key, &first)?;
                    if let Some(ask) = request.as_ask() {
                        self.count_guess(ask)?;
                    }
                    Err(key_reused())
                }
            },
        ))
    }

    /// What becomes of a request under the name of one that waits; `None` when it is decided by itself.
    pub fn repeats_parked(
        &mut self,
        by: &Actor,
        key: Option<&str>,
        request: &Request,
    ) -> Result<Option<Decided>, HubError> {
        let content = Content::of(self.keys, request);
        let Some(found) = self.parked.named(by, key, request, &content) else {
            return Ok(None);
        };
        let (place, refusal) = (found.place, found.refusal);
        Ok(match (found.likeness, refusal) {
            (Likeness::Same, _) => Some(Decided::Joins(place)),
            (Likeness::Other, refusal) => refusal.map(|refusal| Decided::Given(Err(refusal))),
            (Likeness::Guess, refusal) => {
                self.parked.count_guess(place);
                if let (Some(_), Some(ask)) = (&refusal, request.as_ask()) {
                    self.count_guess(ask)?;
                }
                refusal.map(|refusal| Decided::Given(Err(refusal)))
            }
        })
    }

    /// Nothing but the PIN is other: a wrong try, told as any conflict.
    fn count_guess(&mut self, ask: &DispenseAsk) -> Result<(), HubError> {
        let Some(mut row) = self.customer_named(&ask.user)? else {
            return Ok(());
        };
        let (now, tries) = (self.present(), pin_tries(&row));
        let is_here = row.site.as_ref().is_none_or(|home| *home == ask.site);
        if !is_here || row.sealed_pin.is_none() || tries.is_locked(&now) {
            return Ok(());
        }
        self.put_tries(&mut row, tries.after_wrong(&now))?;
        self.note_wrong_pin(&ask.site)
    }
}
