//! A dispenser asks, and later tells what flowed (CONTRACTS section 3).

use super::{
    Site, SiteError,
    effect::{Answer, CustomerShown, Delivery, Effect},
    input::{Ask, Door, Who},
    parked::{HubsWord, Wait},
    store::{
        dispensers::DispenserRow, people, people::CustomerRow, requests, requests::RequestRow, rights, rights::HoldRow,
        rights::OpenGrant, sales,
    },
    tally::Counted,
    tries,
};
use kiosk::{
    dispense::{self, CustomerView, DispenserView, PinVerdict, Reason, Situation, TokenVerdict, Verdict},
    fact::Purse,
    grant::{Part, Settlement},
    ids::{AccountId, HoldId, RequestId},
    moment::{Moment, Uptime},
    phone::Phone,
    pin::Pin,
    subscription::MonthlyCode,
    tariff,
    units::Volume,
};
use sync::frame::Found;

/// Asks without a request are the same when they are equal within this time (CONTRACTS section 4).
const SAME_ASK_MS: u64 = 60_000;

/// A customer who was found, with what they hold here.
pub(super) struct Known {
    pub(super) row: CustomerRow,
    pub(super) grants: Vec<OpenGrant>,
}

impl Site {
    /// Decides on an ask, or answers a repeated one with the bytes of the first time.
    pub(super) fn asked(&mut self, moment: &Moment, door: Door, ask: Ask) -> Result<Vec<Effect>, SiteError> {
        let Some(content) = self.content(&ask) else {
            // Nobody is known before the box has joined, and nothing is kept: there is no key to keep it under.
            return Ok(vec![self.denied_unremembered(
                door,
                &ask.request,
                Reason::UnknownCustomer,
            )]);
        };
        if let Some(row) = requests::find(self.connection(), door.dispenser(), &ask.request)? {
            return self.repeated(moment, door, ask, &content, row);
        }
        if let Some(effects) = self.repeated_parked(moment, &door, &ask)? {
            return Ok(effects);
        }
        if self.is_degraded()? {
            return Ok(vec![self.degraded(door, &ask.request)]);
        }
        let dispenser = self.dispenser(door.dispenser())?;
        let slowed_ms = tries::delay_ms(&dispenser, self.present(moment).stamp.uptime)?;
        if slowed_ms > 0 {
            // One at a time: a second ask of a slowed dispenser hears nothing and comes again.
            if !self.parked.is_slowed(door.dispenser()) && self.parked.has_room() {
                self.parked.put(moment, Wait::Slowed { ms: slowed_ms }, door, ask);
            }
            return Ok(Vec::new());
        }
        self.decide(moment, door, ask, &dispenser, HubsWord::MayBeAsked)
    }

    /// An ask without a request of its own is the same as an equal one of the same dispenser within a minute of uptime,
    /// until its pour is settled: then the next one is new, or its water would be free.
    pub(super) fn asked_unnamed(
        &mut self,
        moment: &Moment,
        door: Door,
        mut ask: Ask,
    ) -> Result<Vec<Effect>, SiteError> {
        let uptime = self.present(moment).stamp.uptime;
        let since = Uptime(uptime.0.saturating_sub(SAME_ASK_MS));
        let first = match (self.parked.equal(door.dispenser(), &ask), self.content(&ask)) {
            (Some(request), _) => Some(request),
            (None, Some(content)) => requests::equal(self.connection(), door.dispenser(), content.bytes(), since)?,
            (None, None) => None,
        };
        ask.request = first.unwrap_or_else(|| requests::unnamed(moment.draw.number("unnamed")));
        self.asked(moment, door, ask)
    }

    /// Decides now. What this site lacks is first asked of the hub, if that may be asked and there is a link. Who the
    /// hub knows and will not have served here lives elsewhere.
    pub(super) fn decide(
        &mut self,
        moment: &Moment,
        door: Door,
        ask: Ask,
        dispenser: &DispenserRow,
        word: HubsWord,
    ) -> Result<Vec<Effect>, SiteError> {
        let known = self.known(&ask.who)?;
        let situation = self.situation(moment, &ask, dispenser, known.as_ref())?;
        let verdict = dispense::decide(
            &dispense::Ask::Water {
                volume_ml: ask.volume_ml,
            },
            &situation,
        );
        let verdict = match (verdict, word) {
            (Verdict::Denied(Reason::UnknownCustomer), HubsWord::Said(Found::Refused)) => {
                Verdict::Denied(Reason::NotAtThisSite)
            }
            (verdict, _) => verdict,
        };
        if word == HubsWord::MayBeAsked
            && let Verdict::Denied(reason) = &verdict
            && let Some((id, effects)) = self.seek(moment, &ask, *reason, known.as_ref().map(|known| known.row.id))?
        {
            self.parked.put(moment, Wait::Hub { id }, door, ask);
            return Ok(effects);
        }
        let mut effects = Vec::new();
        if let Some(known) = &known {
            effects = self.count_tries(moment, dispenser, known, &situation)?;
        }
        let hold = match &verdict {
            Verdict::Approved { parts } => Some(self.hold(moment, &door, &ask, known.as_ref(), parts)?),
            Verdict::Denied(_) => None,
        };
        self.tally.note(Counted::Decided(verdict.reason_name()));
        let answer = self.answer(&ask, &verdict, known.as_ref(), dispenser, moment)?;
        let bytes = (self.wire.answer)(&door, &answer);
        let row = RequestRow {
            content: self
                .content(&ask)
                .map_or_else(Vec::new, |content| content.bytes().to_vec()),
            answer: Some(bytes.clone()),
            hold,
            ..RequestRow::default()
        };
        requests::insert(
            self.connection(),
            door.dispenser(),
            &ask.request,
            &row,
            self.present(moment).stamp.uptime,
        )?;
        effects.extend([Effect::Deliver(door, Delivery::Answer(bytes)), Effect::Live]);
        Ok(effects)
    }

    pub(super) fn known(&self, who: &Who) -> Result<Option<Known>, SiteError> {
        let connection = self.connection();
        let found = match who {
            Who::Code(code) => match code.parse::<MonthlyCode>() {
                Ok(code) => people::by_code(connection, &code.digits())?,
                Err(_) => None,
            },
            Who::User(user) => match user.parse::<AccountId>() {
                Ok(account) => people::by_account(connection, account)?,
                Err(_) => match Phone::parse(user, self.country()) {
                    Ok(phone) => people::by_phone(connection, &phone.e164())?,
                    Err(_) => None,
                },
            },
        };
        let Some(found) = found else { return Ok(None) };
        let row = people::after_mergers(connection, found)?;
        let grants = rights::open_grants(connection, row.id)?;
        Ok(Some(Known { row, grants }))
    }

    fn situation(
        &self,
        moment: &Moment,
        ask: &Ask,
        dispenser: &DispenserRow,
        known: Option<&Known>,
    ) -> Result<Situation, SiteError> {
        let customer = match known {
            None => None,
            Some(known) => Some(self.view(moment, ask, known)?),
        };
        Ok(Situation {
            degraded: false,
            dispenser: DispenserView {
                enabled: dispenser.enabled,
                volume_max: dispenser.volume_max,
            },
            customer,
            now: moment.wall,
            trust: moment.trust,
        })
    }

    fn view(&self, moment: &Moment, ask: &Ask, known: &Known) -> Result<CustomerView, SiteError> {
        let row = &known.row;
        let pin = match (&row.pin, ask.pin.parse::<Pin>()) {
            (None, _) => PinVerdict::NotSet,
            (Some(verifier), Ok(pin)) if self.pin_is_right(verifier, row, &pin) => PinVerdict::Right,
            _ => PinVerdict::Wrong,
        };
        let drawn_today = match row.daily_limit {
            Some(limit) if !limit.is_zero() => {
                let drawn = sales::drawn_on(self.connection(), row.id, self.today())?;
                drawn.plus(rights::held_on(self.connection(), row.id, self.today())?)
            }
            _ => Volume::ZERO,
        };
        Ok(CustomerView {
            at_this_site: row.admitted && row.account.is_some(),
            locked: tries::customer(row.pin_tries.as_deref())?.is_locked(&self.present(moment)),
            pin,
            // No site can redeem a token yet, so none is one of ours.
            token: if ask.token.is_some() {
                TokenVerdict::Invalid
            } else {
                TokenVerdict::Absent
            },
            active: row.active,
            bill_overdue: row.bill_overdue,
            daily_limit: row.daily_limit,
            drawn_today,
            subscription_until: row.subscription_until,
            rights: known.grants.iter().map(|grant| grant.right.clone()).collect(),
        })
    }

    fn pin_is_right(&self, verifier: &[u8; 16], row: &CustomerRow, pin: &Pin) -> bool {
        self.enrolled
            .as_ref()
            .is_some_and(|enrolled| enrolled.pin_key.is_right(verifier, row.id, pin))
    }

    /// The try counter moves in the same commit as the verdict.
    fn count_tries(
        &mut self,
        moment: &Moment,
        dispenser: &DispenserRow,
        known: &Known,
        situation: &Situation,
    ) -> Result<Vec<Effect>, SiteError> {
        let Some(view) = &situation.customer else {
            return Ok(Vec::new());
        };
        if !view.at_this_site || view.locked || !dispenser.enabled {
            return Ok(Vec::new());
        }
        match view.pin {
            PinVerdict::Wrong => return self.count_wrong(moment, dispenser, &known.row),
            PinVerdict::Right if known.row.pin_tries.is_some() => {
                people::put_pin_tries(self.connection(), known.row.id, None)?;
            }
            PinVerdict::Right | PinVerdict::NotSet => {}
        }
        Ok(Vec::new())
    }

    /// A wrong try of this customer at this dispenser. Where no try is taken none is counted.
    pub(super) fn count_wrong(
        &mut self,
        moment: &Moment,
        dispenser: &DispenserRow,
        row: &CustomerRow,
    ) -> Result<Vec<Effect>, SiteError> {
        let present = self.present(moment);
        let before = tries::customer(row.pin_tries.as_deref())?;
        let is_taken = row.admitted && row.account.is_some() && row.pin.is_some() && dispenser.enabled;
        if !is_taken || before.is_locked(&present) {
            return Ok(Vec::new());
        }
        let after = before.after_wrong(&present);
        people::put_pin_tries(self.connection(), row.id, Some(&tries::pack_customer(&after)))?;
        if tries::note_wrong(self.connection(), dispenser, present.stamp.uptime)? {
            let detail = format!("{} saw 30 wrong PINs within an hour and is slowed", dispenser.id);
            return self.alarm(moment, "pin_spraying", &detail);
        }
        Ok(Vec::new())
    }

    fn hold(
        &mut self,
        moment: &Moment,
        door: &Door,
        ask: &Ask,
        known: Option<&Known>,
        parts: &[Part],
    ) -> Result<HoldId, SiteError> {
        let id = self.next_hold();
        let row = HoldRow {
            dispenser: door.dispenser().clone(),
            request: Some(ask.request.clone()),
            customer: known.map(|known| known.row.id),
            held: parts.to_vec(),
            settlement: Settlement::default(),
            day: self.today(),
        };
        rights::put_hold(
            self.connection(),
            id,
            &row,
            moment.monotonic_ms + self.settings.report_within_ms,
        )?;
        for (grant, volume) in parts {
            rights::adjust(self.connection(), *grant, volume.signed_ml(), 0)?;
        }
        Ok(id)
    }

    fn answer(
        &self,
        ask: &Ask,
        verdict: &Verdict,
        known: Option<&Known>,
        dispenser: &DispenserRow,
        moment: &Moment,
    ) -> Result<Answer, SiteError> {
        let denied = match verdict {
            Verdict::Approved { .. } => None,
            Verdict::Denied(reason) => Some(*reason),
        };
        let shown = known
            .filter(|_| denied.is_none_or(Reason::tells_customer))
            .map(|known| self.shown(known, moment))
            .transpose()?;
        let volume = match (denied, Volume::try_from_ml(ask.volume_ml)) {
            (None, Some(volume)) => volume,
            _ => Volume::ZERO,
        };
        let language = self.language(known.map(|known| known.row.language.as_str()), dispenser);
        let lines = self.voice.answer(language, denied, volume, shown.as_ref());
        Ok(Answer {
            request: ask.request.clone(),
            denied,
            volume,
            customer: shown,
            lines,
        })
    }

    fn shown(&self, known: &Known, moment: &Moment) -> Result<CustomerShown, SiteError> {
        let (balance, allowance) = self.purses(&known.grants, moment);
        Ok(CustomerShown {
            name: known.row.name.split_whitespace().next().unwrap_or_default().to_owned(),
            account: known.row.account,
            balance,
            jerrycans_left: tariff::jerrycans_left(allowance, self.jerrycan()?),
        })
    }

    /// Prepaid litres, and what is left of allowances that are still honoured (CONTRACTS section 3).
    pub(super) fn purses(&self, grants: &[OpenGrant], moment: &Moment) -> (Volume, Volume) {
        let valid = |grant: &&OpenGrant| {
            !moment.trust.is_trusted() || grant.right.valid_until.is_none_or(|until| moment.wall < until)
        };
        let of = |purse: Purse| grants.iter().filter(move |grant| grant.right.purse == purse);
        let prepaid = of(Purse::Prepaid).map(|grant| grant.unspent).sum();
        (
            prepaid,
            of(Purse::Allowance).filter(valid).map(|grant| grant.unspent).sum(),
        )
    }

    /// The answer to an ask that nothing can be decided on now; it is not final, so it is not remembered.
    pub(super) fn degraded(&self, door: Door, request: &RequestId) -> Effect {
        self.denied_unremembered(door, request, Reason::GatewayDegraded)
    }

    /// The answer to an ask that cannot be read; the same bytes each time without being remembered.
    pub(super) fn denied_unremembered(&self, door: Door, request: &RequestId, reason: Reason) -> Effect {
        let lines = self
            .voice
            .answer(&self.settings.language, Some(reason), Volume::ZERO, None);
        let answer = Answer {
            request: request.clone(),
            denied: Some(reason),
            volume: Volume::ZERO,
            customer: None,
            lines,
        };
        let bytes = (self.wire.answer)(&door, &answer);
        Effect::Deliver(door, Delivery::Answer(bytes))
    }
}
