//! What time alone brings about.

use kiosk::{
    day::{Day, SalesDay},
    ids::Lane,
    moment::{DAY_MS, MINUTE_MS, Moment, Trust, Uptime, Wall},
};
use sync::{record::Record, session::Event};

use super::{
    Site, SiteError,
    effect::Effect,
    parked::{HubsWord, Parked},
    store::{audit, audit::AuditHead, meta, requests, rights},
};

/// Under this key of `meta`: uptime over all runs, in milliseconds.
pub(super) const UPTIME: &str = "uptime_ms";
/// Under these keys of `meta`: the latest wall time that a network or the hub vouched for, and the latest that anybody did.
const FLOOR: &str = "clock_floor_ms";
const LAST: &str = "clock_last_ms";
/// Under these keys of `meta`: the day of sales.
const DAY_NUMBER: &str = "day_number";
const DAY_BEGAN: &str = "day_began_ms";
const DAY_DATE: &str = "day_date";
/// Under this key of `meta`: the rows of the audit that this enrolment's hub was told of.
pub(super) const AUDIT_TOLD: &str = "audit_told";
/// The audit's head is told at most this often: some 50 bytes each.
const AUDIT_TOLD_EVERY_MS: u64 = 15 * MINUTE_MS.unsigned_abs();
/// How often the uptime and the clock are saved; a crash loses at most this much uptime.
const SAVE_EVERY_MS: u64 = 60_000;
/// How long a request is remembered (CONTRACTS section 3).
const REQUEST_KEPT_MS: u64 = 30 * DAY_MS.unsigned_abs();
/// How many old requests are forgotten in one tick.
const FORGET_PER_TICK_MAX: u32 = 500;

impl Site {
    /// The first input of a run: limits start anew, and dispensers get their configuration again.
    pub(super) fn started(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let mut effects = self.adopt(moment, false)?;
        let connection = self.connection();
        rights::restart_limits(connection, moment.monotonic_ms + self.settings.report_within_ms)?;
        self.day = SalesDay {
            number: meta::number(connection, DAY_NUMBER)?.unwrap_or(1).unsigned_abs(),
            began: Uptime(meta::number(connection, DAY_BEGAN)?.unwrap_or(0).unsigned_abs()),
            date: match meta::get(connection, DAY_DATE)? {
                Some(text) => std::str::from_utf8(&text)
                    .ok()
                    .and_then(|text| text.parse::<Day>().ok()),
                None => None,
            },
        };
        effects.push(self.credentials()?);
        effects.extend(self.configurations()?);
        self.lose_sight_of_texts(moment)?;
        self.tell_other_medium(moment)?;
        effects.extend(self.hub_url().map(Effect::Dial));
        effects.extend(self.fold_unknown(moment)?);
        effects.extend(self.tick(moment)?);
        Ok(effects)
    }

    /// About a second went by.
    pub(super) fn tick(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let mut effects = Vec::new();
        if self.must_hang_up {
            effects.push(self.hung_up(0));
        }
        self.turn_day(moment)?;
        self.save_time(moment)?;
        let old = self.present(moment).stamp.uptime.0.saturating_sub(REQUEST_KEPT_MS);
        requests::forget(self.connection(), Uptime(old), FORGET_PER_TICK_MAX)?;
        while let Some(parked) = self.parked.due(moment) {
            effects.extend(self.decide_parked(moment, parked, HubsWord::None)?);
        }
        effects.extend(self.book_overdue(moment)?);
        effects.extend(self.silent_dispensers(moment)?);
        effects.extend(self.watch_dispensers(moment)?);
        self.note_turned_away(moment)?;
        effects.extend(self.tell_audit(moment)?);
        effects.extend(self.end_silent_call(moment)?);
        effects.extend(self.watch_modem(moment)?);
        effects.extend(self.tick_airtime(moment)?);
        effects.extend(self.feed_broadcast(moment)?);
        effects.extend(self.tick_texts(moment)?);
        effects.extend(self.tick_thin(moment)?);
        self.may_close = true;
        effects.extend(self.link_event(moment, Event::Tick)?);
        Ok(effects)
    }

    /// Decides on an ask that waited, with what is known now; a repeat meanwhile is answered once more.
    pub(super) fn decide_parked(
        &mut self,
        moment: &Moment,
        parked: Parked,
        word: HubsWord,
    ) -> Result<Vec<Effect>, SiteError> {
        let mut effects = Vec::new();
        for door in parked.doors {
            // The pour may have been reported meanwhile, by a person who went away: then the request is used up.
            let is_open = requests::find(self.connection(), door.dispenser(), &parked.ask.request)?.is_none();
            effects.extend(if is_open && !self.is_degraded()? {
                let dispenser = self.dispenser(door.dispenser())?;
                self.decide(moment, door, parked.ask.clone(), &dispenser, word, parked.guesses)?
            } else {
                self.asked(moment, door, parked.ask.clone())?
            });
        }
        Ok(effects)
    }

    /// Writes how long the audit is into the telemetry lane, when it has grown since it was last told: whoever cuts its
    /// end off would have to do so at the hub too.
    fn tell_audit(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        if self.enrolled.is_none() || moment.monotonic_ms < self.audit_due_ms {
            return Ok(Vec::new());
        }
        self.audit_due_ms = moment.monotonic_ms + AUDIT_TOLD_EVERY_MS;
        let told = meta::number(self.connection(), AUDIT_TOLD)?.unwrap_or(0).unsigned_abs();
        let Some(AuditHead { rows, chain }) = audit::head(self.connection())?.filter(|head| head.rows > told) else {
            return Ok(Vec::new());
        };
        meta::put_number(self.connection(), AUDIT_TOLD, rows.cast_signed())?;
        Ok(self
            .write(moment, Lane::Telemetry, &Record::AuditHead { rows, chain })?
            .1)
    }

    fn turn_day(&mut self, moment: &Moment) -> Result<(), SiteError> {
        let day = self.day.at(moment, self.run_began, &self.zone);
        if day == self.day {
            return self.turn_spending();
        }
        let connection = self.connection();
        meta::put_number(connection, DAY_NUMBER, day.number.cast_signed())?;
        meta::put_number(connection, DAY_BEGAN, day.began.0.cast_signed())?;
        if let Some(date) = day.date {
            meta::put(connection, DAY_DATE, date.to_string().as_bytes())?;
        }
        self.day = day;
        self.turn_spending()
    }

    fn save_time(&mut self, moment: &Moment) -> Result<(), SiteError> {
        if moment.monotonic_ms < self.save_due_ms {
            return Ok(());
        }
        self.save_due_ms = moment.monotonic_ms + SAVE_EVERY_MS;
        let connection = self.connection();
        meta::put_number(connection, UPTIME, self.present(moment).stamp.uptime.0.cast_signed())?;
        if moment.trust.is_trusted() {
            meta::put_number(connection, LAST, moment.wall.0)?;
        }
        if moment.trust > Trust::Manager {
            // What a network may take back at the next start is counted from here: it must not come down with it, start by
            // start. The hub's word sets it to less, too.
            let sure = match moment.trust {
                Trust::Hub => moment.wall,
                _ => moment.wall.max(self.clock_sure()?),
            };
            meta::put_number(connection, FLOOR, sure.0)?;
        }
        self.forget_texts(moment)?;
        self.save_spending()
    }

    /// The number of the day of sales.
    pub(super) fn today(&self) -> i64 {
        self.day.number.cast_signed()
    }

    /// The latest wall time that was believed and saved: no later run shows less, unless it is told otherwise.
    pub fn clock_floor(&self) -> Result<Wall, SiteError> {
        match meta::number(self.connection(), LAST)? {
            Some(last) => Ok(Wall(last)),
            None => self.clock_sure(),
        }
    }

    /// The latest that a network or the hub vouched for: only the hub sets the clock to less. A manager's word does not
    /// raise it, so that a year mistyped can be mended.
    pub fn clock_sure(&self) -> Result<Wall, SiteError> {
        Ok(Wall(meta::number(self.connection(), FLOOR)?.unwrap_or(0)))
    }
}
