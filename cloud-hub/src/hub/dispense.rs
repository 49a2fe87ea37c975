//! Water drawn at the hub itself, by kiosks without a gateway (CONTRACTS section 4). The hub spends what is free; what
//! a site holds is asked back from it first.

mod report;

use kiosk::{
    dispense::{Ask, CustomerView, DispenserView, PinVerdict, Reason, Right, Situation, TokenVerdict, Verdict, decide},
    fact::Purse,
    ids::{AccountId, CustomerId, Epoch, GrantId, RequestId, SiteName},
    moment::{Present, Stamp, Uptime, Wall},
    pin::{Lock, Pin, PinTries},
    units::Volume,
};

use super::{
    effect::{DispenseAnswer, DispenseCustomer, Response},
    input::{DispenseAsk, Secret},
    parked::{Awaited, waiting_full},
    recall::{held_at_site, not_given_back},
    repeat::Content,
    store::{CustomerRow, DrawPart, DrawRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    /// May this water be drawn?
    pub fn verify_dispense(&mut self, ask: &DispenseAsk) -> Result<Response, Halt> {
        let content = Content::of_ask(self.keys, ask);
        if let Some(known) = self.drawn_before(ask, &content)? {
            return Ok(Response::Dispense(self.dispense_answer(&known)?));
        }
        if self.again.is_none() {
            self.slow_kiosk(&ask.site)?;
        }
        let mut customer = self.customer_named(&ask.user)?;
        let (situation, keys) = self.situation(ask, customer.as_mut())?;
        let verdict = decide(
            &Ask::Water {
                volume_ml: ask.volume_ml,
            },
            &situation,
        );
        let is_short = matches!(
            verdict,
            Verdict::Denied(Reason::SubscriptionExpired | Reason::JerrycansUsed | Reason::InsufficientCredit)
        );
        let verdict = match &customer {
            Some(customer) if is_short => self.beyond_free(&ask.site, ask.volume_ml, situation, &keys, customer.id)?,
            _ => verdict,
        };
        let draw = DrawRow {
            site: ask.site.clone(),
            made_request: ask.request.is_none(),
            request: match &ask.request {
                Some(request) => request.clone(),
                None => self.made_request()?,
            },
            body_hash: content.whole,
            but_pin: content.but_secret.to_vec(),
            guesses: self.again.unwrap_or_default(),
            customer: customer.as_ref().map(|row| row.id),
            denied: match &verdict {
                Verdict::Approved { .. } => None,
                Verdict::Denied(reason) => Some(*reason),
            },
            asked: Volume::try_from_ml(ask.volume_ml).unwrap_or_default(),
            spent: None,
            by_rule: false,
            created: self.now(),
        };
        self.store.put_draw(&draw)?;
        if let Verdict::Approved { parts } = verdict {
            self.hold(&draw, &parts, &keys)?;
        }
        Ok(Response::Dispense(self.dispense_answer(&draw)?))
    }

    /// More is asked than is free here. What a linked site holds is asked back and waited for; the person is sent to a
    /// site that cannot be asked; and who has too little everywhere is denied. While in doubt the hub asks nothing back:
    /// it does not know what it granted.
    pub fn beyond_free(
        &mut self,
        site: &SiteName,
        volume_ml: i64,
        short: Situation,
        keys: &[PurseKey],
        customer: CustomerId,
    ) -> Result<Verdict, Halt> {
        let water = Ask::Water { volume_ml };
        if !self.in_doubt()?
            && let Verdict::Approved { parts } = decide(&water, &self.with_held(short.clone(), keys, true)?)
        {
            if self.waits_no_more || self.is_asked_in_vain(keys, customer)? {
                return Err(Halt::Kept(not_given_back()));
            }
            if self.again.is_none() && !self.parked.has_room(site) {
                return Err(Halt::Kept(waiting_full()));
            }
            for (right, volume) in parts {
                if let Some(key) = purse_of(keys, right) {
                    self.ask_back(key, volume)?;
                }
            }
            return Err(Halt::Waits(Awaited::Water(customer)));
        }
        match decide(&water, &self.with_held(short, keys, false)?) {
            // The PIN was right, which clears wrong tries: that stays.
            Verdict::Approved { .. } => Err(Halt::Kept(held_at_site())),
            denied @ Verdict::Denied(_) => Ok(denied),
        }
    }

    /// The situation if the hub had back what sites hold: all of them, or those that can be asked now.
    fn with_held(&self, mut situation: Situation, keys: &[PurseKey], now_only: bool) -> Result<Situation, HubError> {
        let in_doubt = self.in_doubt()?;
        for right in situation.customer.iter_mut().flat_map(|customer| &mut customer.rights) {
            let Some(key) = purse_of(keys, right.grant) else {
                continue;
            };
            let here = if in_doubt {
                right.free.signed_ml()
            } else {
                self.free_of(key)?
            };
            let all = here.saturating_add_unsigned(self.held_ml(key, now_only)?);
            right.free = Volume::try_from_ml(all.max(0)).unwrap_or(Volume::MAX);
        }
        Ok(situation)
    }

    pub fn made_request(&mut self) -> Result<RequestId, HubError> {
        let written = hex::encode(&self.throw()[..16]);
        written
            .parse()
            .map_err(|error: kiosk::ids::IdError| HubError::Journal(error.to_string()))
    }

    pub fn hold(&mut self, draw: &DrawRow, parts: &[(GrantId, Volume)], keys: &[PurseKey]) -> Result<(), HubError> {
        for (part, (right, volume)) in (0_i64..).zip(parts) {
            let Some(key) = purse_of(keys, *right) else { continue };
            let part = DrawPart {
                part,
                key,
                cost: *volume,
            };
            self.store.put_draw_part(draw, &part)?;
        }
        Ok(())
    }

    /// A phone in any accepted form, an account id, or its digits alone.
    pub fn customer_named(&self, user: &str) -> Result<Option<CustomerRow>, HubError> {
        let user = user.trim();
        if let Ok(account) = user.parse::<AccountId>() {
            return Ok(self.store.customer_by_account(account)?);
        }
        match kiosk::phone::Phone::parse(user, self.settings.country) {
            Ok(phone) => Ok(self.store.customer_by_phone(phone)?),
            Err(_) => Ok(None),
        }
    }

    /// Everything the decision depends on. A right's number is the place of its purse in the second value.
    fn situation(
        &mut self,
        ask: &DispenseAsk,
        customer: Option<&mut CustomerRow>,
    ) -> Result<(Situation, Vec<PurseKey>), HubError> {
        let mut keys = Vec::new();
        let view = match customer {
            Some(row) => {
                let mut rights = Vec::new();
                for key in self.store.purses(row.id)? {
                    if let Some(right) = self.right(key, keys.len())? {
                        rights.push(right);
                        keys.push(key);
                    }
                }
                Some(self.view(ask, row, rights)?)
            }
            None => None,
        };
        let situation = Situation {
            degraded: false,
            dispenser: DispenserView {
                enabled: true,
                volume_max: self.settings.volume_max,
            },
            customer: view,
            now: self.now(),
            trust: self.moment.trust,
        };
        Ok((situation, keys))
    }

    /// What is free of a purse; `None` when its period is over.
    pub fn right(&self, key: PurseKey, place: usize) -> Result<Option<Right>, HubError> {
        let subscription = match key.purse {
            Purse::Allowance => self.store.subscription(key.period)?,
            Purse::Prepaid => None,
        };
        if key.purse == Purse::Allowance && subscription.as_ref().is_none_or(|row| row.expired) {
            return Ok(None);
        }
        Ok(Some(Right {
            grant: GrantId {
                epoch: Epoch(0),
                number: place as u64,
            },
            purse: key.purse,
            free: self.grantable_of(key)?,
            valid_until: subscription.map(|row| row.valid_until),
        }))
    }

    fn view(&mut self, ask: &DispenseAsk, row: &mut CustomerRow, rights: Vec<Right>) -> Result<CustomerView, HubError> {
        let standing = self.standing(&ask.site, row, rights)?;
        let now = self.present();
        let tries = pin_tries(row);
        let locked = tries.is_locked(&now);
        let pin = if standing.at_this_site && !locked {
            self.check_pin(ask, row, tries, &now)?
        } else {
            PinVerdict::Wrong
        };
        Ok(CustomerView {
            locked,
            pin,
            ..standing
        })
    }

    /// How a customer stands who has proved who they are, or stands before a manager.
    pub fn standing(&self, site: &SiteName, row: &CustomerRow, rights: Vec<Right>) -> Result<CustomerView, HubError> {
        let day_began = match self.zone_of(site)? {
            Some(zone) => zone.begin(zone.day(self.now())),
            None => self.now(),
        };
        let drawn = self.store.drawn_since_ml(row.id, day_began)?;
        Ok(CustomerView {
            at_this_site: row.site.as_ref().is_none_or(|home| home == site),
            locked: false,
            pin: PinVerdict::Right,
            token: TokenVerdict::Absent,
            active: row.active,
            bill_overdue: row.bill_overdue,
            daily_limit: row.daily_limit,
            drawn_today: Volume::try_from_ml(drawn.max(0)).unwrap_or_default(),
            subscription_until: self.store.newest_subscription(row.id)?.map(|row| row.valid_until),
            rights,
        })
    }

    fn check_pin(
        &mut self,
        ask: &DispenseAsk,
        row: &mut CustomerRow,
        tries: PinTries,
        now: &Present,
    ) -> Result<PinVerdict, HubError> {
        match self.check_typed_pin(row, &ask.pin, tries, now)? {
            None => Ok(PinVerdict::NotSet),
            Some(true) => Ok(PinVerdict::Right),
            Some(false) => {
                self.note_wrong_pin(&ask.site)?;
                Ok(PinVerdict::Wrong)
            }
        }
    }

    /// Whether a customer who is not locked typed their PIN; `None` where they have none. The verdict and its counter, in one
    /// commit, before the answer (FEATURES X2).
    pub fn check_typed_pin(
        &mut self,
        row: &mut CustomerRow,
        typed: &Secret,
        tries: PinTries,
        now: &Present,
    ) -> Result<Option<bool>, HubError> {
        let Some(kept) = row.sealed_pin.as_deref().and_then(|sealed| self.keys.open_pin(sealed)) else {
            return Ok(None);
        };
        let typed = typed.0.parse::<Pin>();
        let is_right = typed.is_ok_and(|typed| self.keys.pin_matches(row.id, &kept, &typed));
        let after = match is_right {
            true => PinTries::cleared(),
            false => tries.after_wrong(now),
        };
        self.put_tries(row, after)?;
        Ok(Some(is_right))
    }

    /// Writes a customer's wrong tries.
    pub fn put_tries(&self, row: &mut CustomerRow, tries: PinTries) -> Result<(), HubError> {
        row.pin_wrong = tries.wrong;
        row.pin_lock_since = tries.lock.and_then(|lock| lock.since.wall);
        row.pin_lock_ms = tries
            .lock
            .map_or(0, |lock| i64::try_from(lock.for_ms).unwrap_or(i64::MAX));
        Ok(self.store.put_customer(row)?)
    }

    /// The present for locks: a server's wall clock counts, so a restart neither ends nor lengthens one.
    pub fn present(&self) -> Present {
        Present {
            stamp: Stamp {
                uptime: Uptime(1),
                wall: Some(self.now()),
            },
            run_began: Uptime(1),
        }
    }

    fn dispense_answer(&self, draw: &DrawRow) -> Result<DispenseAnswer, HubError> {
        let may_tell = draw.denied.is_none_or(Reason::tells_customer);
        let row = match draw.customer.filter(|_| may_tell) {
            Some(customer) => self.store.customer(customer)?,
            None => None,
        };
        let customer = match row {
            Some(CustomerRow {
                id,
                name,
                account: Some(account),
                ..
            }) => Some(DispenseCustomer {
                name,
                account,
                balance_ml: self.balance_ml(id)?,
                jerrycans_left: self.jerrycans_left(id)?,
            }),
            _ => None,
        };
        Ok(DispenseAnswer {
            request: draw.request.clone(),
            denied: draw.denied,
            customer,
        })
    }
}

/// The purse that a right of [`Turn::situation`] stands for.
fn purse_of(keys: &[PurseKey], right: GrantId) -> Option<PurseKey> {
    keys.get(usize::try_from(right.number).ok()?).copied()
}

/// The wrong tries in a row of a customer, as the rules count them.
pub(super) fn pin_tries(row: &CustomerRow) -> PinTries {
    kept_tries(row.pin_wrong, row.pin_lock_since, row.pin_lock_ms)
}

/// Wrong tries as they are kept. A lock is of before this run: the wall clock alone counts.
pub(super) fn kept_tries(wrong: u32, lock_since: Option<Wall>, lock_ms: i64) -> PinTries {
    let lock = |since| Lock {
        since: Stamp {
            uptime: Uptime(0),
            wall: Some(since),
        },
        for_ms: lock_ms.unsigned_abs(),
    };
    PinTries {
        wrong,
        lock: lock_since.map(lock),
    }
}
