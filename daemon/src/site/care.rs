//! Whoever looks after this site is texted what needs a person, whether or not the hub is reached: the hub shows alarms on
//! its page and texts nobody, and whoever is near the box can do most about it.

use kiosk::{
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, Moment, Uptime},
    phone::Phone,
    talk::{AlarmText, Text},
};

use super::{
    Site, SiteError,
    airtime::Codes,
    delivery::{Purpose, Said, SimText},
    effect::Effect,
    fleet::{OFFLINE_MS, Way},
    store::{care, dispensers},
};

/// The same alarm is texted to one number at most so often.
pub const SAME_ALARM_MS: u64 = 6 * HOUR_MS.unsigned_abs();
/// Texts of alarms a day, to all numbers together.
pub const ALARMS_PER_DAY_MAX: u32 = 10;
/// With so many on a day no more of silent dispensers: those that come and go in turns leave room for what is stolen.
pub const ALARMS_BEFORE_SILENT_MAX: u32 = ALARMS_PER_DAY_MAX / 2;
/// A modem that is away for so long is an alarm.
pub const MODEM_AWAY_MS: u64 = 30 * MINUTE_MS.unsigned_abs();
/// An alarm that waited for longer than this to leave tells of another time.
const VALID_MS: u64 = DAY_MS.unsigned_abs();
/// Alarms of the SIM itself: what they tell could leave only when it is no longer true.
const OF_THE_SIM: [&str; 3] = ["sim", "texts_held", "modem_down"];

/// What an operator set for those who look after the site.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Care {
    /// Who is texted.
    pub technicians: Vec<Phone>,
    /// With less airtime than this, in whole units of the site's currency, they are.
    pub airtime_low_units: u32,
    /// A dispenser that is not heard for so long is an alarm; 0 where none is.
    pub dispenser_silent_ms: u64,
    /// How operators are asked what is left.
    pub operators: Codes,
}

/// The alarm of dispensers that are not heard.
const SILENT: &str = "dispenser_silent";

/// Since when the modem is away, and whether that was said.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Away {
    since_ms: u64,
    is_told: bool,
}

impl Site {
    /// Texts an alarm to everybody who is to hear of it and has not of late.
    pub(super) fn tell_technicians(&mut self, moment: &Moment, code: &str, alarm: AlarmText) -> Result<(), SiteError> {
        let Some(enrolled) = &self.enrolled else {
            return Ok(());
        };
        if OF_THE_SIM.contains(&code) || self.settings.care.technicians.is_empty() {
            return Ok(());
        }
        let enrolment = &enrolled.enrolment;
        let site = match enrolment.title.as_str() {
            "" => enrolment.site.to_string(),
            title => title.to_owned(),
        };
        let body = self.voice.text(&self.settings.language, &Text::Alarm { site, alarm });
        let uptime = self.present(moment).stamp.uptime;
        let since = Uptime(uptime.0.saturating_sub(SAME_ALARM_MS));
        let per_day_max = match code.starts_with(SILENT) {
            true => ALARMS_BEFORE_SILENT_MAX,
            false => ALARMS_PER_DAY_MAX,
        };
        for phone in self.settings.care.technicians.clone() {
            let to = phone.e164();
            let connection = self.connection();
            // In the first six hours of a box nothing is older than that: only what was told counts.
            if care::was_told(connection, code, &to, since)? || care::told_on(connection, self.today())? >= per_day_max
            {
                continue;
            }
            let text = SimText {
                purpose: Purpose::Alarm,
                to: &to,
                body: &body,
                asked: None,
                until: None,
                validity_ms: Some(VALID_MS),
            };
            if let Said::Queued(_) = self.say_by_sim(moment, &text)? {
                let old = Uptime(uptime.0.saturating_sub(DAY_MS.unsigned_abs()));
                care::note_told(self.connection(), code, &to, self.today(), uptime, old)?;
            }
        }
        Ok(())
    }

    /// Says on start that this is not the card or disk that joined.
    pub(super) fn tell_other_medium(&mut self, moment: &Moment) -> Result<(), SiteError> {
        match &self.enrolled {
            Some(enrolled) if self.is_elsewhere(enrolled) => {
                self.tell_technicians(moment, "other_medium", AlarmText::OtherMedium)
            }
            _ => Ok(()),
        }
    }

    /// A modem that stays away is an alarm, once; that it is back is texted, for only now can it be.
    pub(super) fn watch_modem(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        if self.settings.sim.is_none() || self.enrolled.is_none() {
            return Ok(Vec::new());
        }
        if self.modem.is_ready() {
            return match self.modem_away.take() {
                Some(away) if away.is_told => {
                    let minutes = (moment.monotonic_ms - away.since_ms) / MINUTE_MS.unsigned_abs();
                    self.tell_technicians(moment, "modem_back", AlarmText::ModemBack { minutes })?;
                    Ok(Vec::new())
                }
                _ => Ok(Vec::new()),
            };
        }
        let away = self.modem_away.get_or_insert(Away {
            since_ms: moment.monotonic_ms,
            is_told: false,
        });
        if away.is_told || moment.monotonic_ms - away.since_ms < MODEM_AWAY_MS {
            return Ok(Vec::new());
        }
        away.is_told = true;
        let why = self.modem.trouble().unwrap_or("it does not answer").to_owned();
        let minutes = MODEM_AWAY_MS / MINUTE_MS.unsigned_abs();
        self.alarm(moment, "modem_down", &format!("for {minutes} minutes: {why}"))
    }

    /// A dispenser that is not heard any more is an alarm, once until it is heard again. Others that are silent by then are
    /// told with it: a switch that lost its power is one alarm. In a new run each has as long again to be heard.
    pub(super) fn watch_dispensers(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let limit_ms = self.settings.care.dispenser_silent_ms;
        // Of a box that another has taken the place of, the dispensers are silent for good.
        if limit_ms == 0 || self.enrolled.is_none() || !self.is_in_place() {
            return Ok(Vec::new());
        }
        let connection = self.connection();
        let mut silent = Vec::new();
        for dispenser in dispensers::expected(connection)? {
            let presence = self.fleet.of(&dispenser.id);
            if presence.way == Some(Way::Http) {
                dispensers::expect(connection, &dispenser.id, false)?;
                continue;
            }
            let silent_ms = moment.monotonic_ms.saturating_sub(presence.heard_monotonic_ms);
            if silent_ms <= OFFLINE_MS {
                if presence.heard.is_some() && dispenser.is_silence_told {
                    dispensers::put_silence_told(connection, &dispenser.id, false)?;
                }
            } else if !dispenser.is_silence_told {
                silent.push((silent_ms, dispenser.id));
            }
        }
        let longest = silent.iter().max_by_key(|(silent_ms, _)| *silent_ms);
        let Some((_, id)) = longest.filter(|(silent_ms, _)| *silent_ms >= limit_ms).cloned() else {
            return Ok(Vec::new());
        };
        for (_, id) in &silent {
            dispensers::put_silence_told(connection, id, true)?;
        }
        let others = silent.len() - 1;
        let minutes = limit_ms.max(OFFLINE_MS) / MINUTE_MS.unsigned_abs();
        let detail = match others {
            0 => format!("{id} has not been heard for {minutes} minutes"),
            _ => format!("{id} has not been heard for {minutes} minutes, and {others} more are silent too"),
        };
        let effects = self.alarm_hub(moment, SILENT, &detail)?;
        let alarm = AlarmText::DispenserSilent {
            dispenser: id.to_string(),
            others,
            minutes,
        };
        // Another one is other news.
        self.tell_technicians(moment, &format!("{SILENT} {id}"), alarm)?;
        Ok(effects)
    }
}
