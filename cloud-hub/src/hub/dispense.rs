//! Water drawn at the hub itself, by kiosks without a gateway (CONTRACTS section 4). The hub spends what is free; what
//! a site holds is asked back from it first.

use kiosk::{
    dispense::{Ask, CustomerView, DispenserView, PinVerdict, Reason, Right, Situation, TokenVerdict, Verdict, decide},
    fact::{Outcome, Purse},
    ids::{AccountId, CustomerId, Epoch, GrantId, RequestId, SiteName},
    moment::{Present, Stamp, Uptime, Wall},
    pin::{Lock, Pin, PinTries},
    units::Volume,
};

use super::{
    effect::{DispenseAnswer, DispenseCustomer, Refusal, Response},
    input::{DispenseAsk, Secret},
    ledger::Event,
    parked::{Awaited, waiting_full},
    recall::{held_at_site, not_given_back},
    repeat::Content,
    store::{CustomerRow, DrawPart, DrawRow, PurseKey},
    turn::{Halt, HubError, Turn},
};

/// Draws without a report that one tick books by rule.
const BATCH_MAX: u32 = 100;

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

    /// What flowed. The first report stands; one that comes after a booking by rule corrects it downwards.
    pub fn report_dispense(
        &mut self,
        site: &SiteName,
        request: &RequestId,
        volume_ml: i64,
        outcome: Outcome,
    ) -> Result<Response, Halt> {
        let volume = Volume::try_from_ml(volume_ml)
            .ok_or_else(|| Refusal::invalid("volume_ml", "out_of_range", "0 or more millilitres"))?;
        let approved = self.store.draw(site, request)?.filter(|draw| draw.denied.is_none());
        let mut draw = approved.ok_or_else(|| Refusal::not_found("approved request"))?;
        if draw.spent.is_none() || draw.by_rule {
            let over = volume.less(draw.asked);
            let (lost, event) = (
                self.worth_minor(over.signed_ml()),
                Event::Draw(site.clone(), request.clone()),
            );
            self.about(event, |turn| {
                turn.book_change("water lost", lost, kiosk::ledger::Postings::lost)
            })?;
            let charged = volume.min(draw.asked);
            self.settle_draw(&mut draw, charged, false, Some(outcome))?;
        }
        let customer = draw.customer.ok_or_else(|| Refusal::not_found("approved request"))?;
        Ok(Response::Reported {
            request: request.clone(),
            charged: draw.spent.unwrap_or_default(),
            balance_ml: self.balance_ml(customer)?,
        })
    }

    pub fn settle_draw(
        &mut self,
        draw: &mut DrawRow,
        volume: Volume,
        by_rule: bool,
        outcome: Option<Outcome>,
    ) -> Result<(), HubError> {
        let is_correction = draw.spent.is_some();
        let before = draw.spent.unwrap_or_default();
        let mut rest = volume;
        for mut part in self.store.draw_parts(draw)? {
            let spent_before = if is_correction { part.cost } else { Volume::ZERO };
            part.cost = part.cost.min(rest);
            rest = rest.less(part.cost);
            self.store.put_draw_part(draw, &part)?;
            let change = part.cost.signed_ml() - spent_before.signed_ml();
            let event = Event::Draw(draw.site.clone(), draw.request.clone());
            self.about(event, |turn| turn.add_spent(part.key, change))?;
            self.settle_purse(part.key)?;
        }
        draw.spent = Some(volume);
        draw.by_rule = by_rule;
        self.store.put_draw(draw)?;
        let Some(customer) = draw.customer else {
            return Ok(());
        };
        self.store.add_history(&super::store::HistoryRow {
            site: Some(draw.site.clone()),
            record: None,
            customer: Some(customer),
            dispenser: None,
            kind: if is_correction { "correction" } else { "dispense" },
            volume_ml: volume.signed_ml() - before.signed_ml(),
            amount_minor: 0,
            currency: self.settings.currency.code(),
            time: self.now(),
            clock_trusted: self.moment.trust.is_trusted(),
            outcome: outcome.map(Outcome::name),
            receipt: None,
            grant: None,
        })?;
        self.live_customer(customer);
        Ok(())
    }

    /// Draws whose report has not come are booked in full.
    pub fn settle_unreported_draws(&mut self) -> Result<(), HubError> {
        let before = self.now().plus_ms(-self.settings.report_within_ms);
        for mut draw in self.store.unreported_draws(before, BATCH_MAX)? {
            let asked = draw.asked;
            self.settle_draw(&mut draw, asked, true, None)?;
        }
        Ok(())
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
