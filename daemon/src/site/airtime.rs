//! What is left on the SIM: once a day its operator is asked by USSD, and little of it, or no answer for days, is an alarm.

use std::{collections::BTreeMap, fmt};

use kiosk::{
    airtime::Pattern,
    moment::{DAY_MS, HOUR_MS, Moment, Uptime, Wall},
    talk::AlarmText,
    units::Money,
};

use super::{
    Site, SiteError,
    call::Call,
    effect::{Effect, Refusal, Told},
    manage::Outcome,
    store::{care, care::AirtimeRow},
};

/// How often the operator is asked.
pub const ASK_EVERY_MS: u64 = DAY_MS.unsigned_abs();
/// How soon after a question that found no answer.
pub const ASK_AGAIN_MS: u64 = HOUR_MS.unsigned_abs();
/// After so long without an answer that is an alarm.
pub const UNKNOWN_MS: u64 = 3 * DAY_MS.unsigned_abs();
/// Of an answer that could not be read so much is shown, in characters.
const SHOWN_MAX: usize = 120;

/// How operators are asked what is left, by country and network code.
pub type Codes = BTreeMap<String, OperatorCodes>;

/// How an operator is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OperatorCodes {
    /// What is dialled for airtime.
    pub code: String,
    /// Where the amount stands in the answer.
    pub pattern: Pattern,
    /// What is dialled for the data bundle.
    pub bundle_code: Option<String>,
    /// Where the bundle stands in the answer.
    pub bundle_pattern: Pattern,
}

/// What is known of the airtime, for the page and the API.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AirtimeStatus {
    /// What was left when the operator last told it.
    pub left: Option<Money>,
    /// When that was.
    pub told: Option<Wall>,
    /// The bundle, in megabytes.
    pub bundle_mb: Option<u64>,
    /// When that was told.
    pub bundle_told: Option<Wall>,
    /// There is less than the settings ask for.
    pub is_low: bool,
    /// Why the last question had no answer that could be read.
    pub trouble: Option<String>,
    /// Why nobody can be asked now; `None` where somebody can.
    pub cannot_ask: Option<CannotAsk>,
}

/// Why nobody can be asked what is left. Each has another way out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CannotAsk {
    /// The modem or its SIM cannot be used.
    ModemAway,
    /// The modem is in no network.
    NoNetwork,
    /// The modem is in a network and does not tell whose it is.
    OperatorUntold,
    /// The settings do not say how this operator is asked, by its country and network code.
    NotNamed(String),
    /// This box has not joined: in which currency the answer is, it does not know yet.
    NotJoined,
}

impl CannotAsk {
    /// The word in the API.
    pub const fn name(&self) -> &'static str {
        match self {
            CannotAsk::ModemAway => "modem_away",
            CannotAsk::NoNetwork => "no_network",
            CannotAsk::OperatorUntold => "operator_untold",
            CannotAsk::NotNamed(_) => "not_named",
            CannotAsk::NotJoined => "not_joined",
        }
    }
}

impl fmt::Display for CannotAsk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CannotAsk::ModemAway => write!(f, "the modem or its SIM cannot be used now"),
            CannotAsk::NoNetwork => write!(f, "the modem is in no network now"),
            CannotAsk::OperatorUntold => write!(f, "the modem does not tell whose network it is in"),
            CannotAsk::NotNamed(code) => write!(
                f,
                "the settings do not say how the operator {code} is asked (airtime.operators.{code})"
            ),
            CannotAsk::NotJoined => write!(f, "this box has not joined its hub yet"),
        }
    }
}

impl Site {
    /// Asks when it is time, the SIM can, and no other session is open.
    pub(super) fn tick_airtime(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let Ok((operator, codes)) = self.asked_operator() else {
            return Ok(Vec::new());
        };
        let uptime = self.present(moment).stamp.uptime;
        let before = care::airtime(self.connection())?.filter(|row| row.operator == operator);
        let mut row = before.unwrap_or(AirtimeRow {
            operator,
            ..AirtimeRow::default()
        });
        if uptime < row.due {
            return Ok(Vec::new());
        }
        let effects = self.dial(moment, Call::Airtime, &codes.code);
        if !effects.is_empty() {
            row.due = Uptime(uptime.0 + ASK_AGAIN_MS);
            care::put_airtime(self.connection(), &row)?;
        }
        Ok(effects)
    }

    /// The operator that is asked now and how, or what is in the way: first what keeps it all from working.
    fn asked_operator(&self) -> Result<(String, OperatorCodes), CannotAsk> {
        if !self.modem.is_ready() {
            return Err(CannotAsk::ModemAway);
        }
        if !self.modem.is_registered() {
            return Err(CannotAsk::NoNetwork);
        }
        if self.enrolled.is_none() {
            return Err(CannotAsk::NotJoined);
        }
        let operator = self.modem.operator_code().ok_or(CannotAsk::OperatorUntold)?;
        let codes = self.settings.care.operators.get(operator);
        let codes = codes.ok_or_else(|| CannotAsk::NotNamed(operator.to_owned()))?;
        Ok((operator.to_owned(), codes.clone()))
    }

    /// A person wants to know now.
    pub(super) fn ask_airtime(&mut self, moment: &Moment) -> Result<Outcome, SiteError> {
        if self.settings.sim.is_none() {
            return Ok(Err(Refusal::NoSim));
        }
        let operator = match self.asked_operator() {
            Ok((operator, _)) => operator,
            Err(why) => return Ok(Err(Refusal::CannotAsk(why))),
        };
        let before = care::airtime(self.connection())?.filter(|row| row.operator == operator);
        let row = AirtimeRow {
            operator,
            due: Uptime(0),
            ..before.unwrap_or_default()
        };
        care::put_airtime(self.connection(), &row)?;
        Ok(Ok((self.tick_airtime(moment)?, Told::Done)))
    }

    /// The operator's answer. A menu that wants another choice is hung up: a code leads to one answer.
    pub(super) fn airtime_said(&mut self, moment: &Moment, call: Call, text: &str) -> Result<Vec<Effect>, SiteError> {
        let mut effects = self.hang_up_call();
        let Ok((operator, codes)) = self.asked_operator() else {
            return Ok(effects);
        };
        let Some(mut row) = care::airtime(self.connection())?.filter(|row| row.operator == operator) else {
            return Ok(effects);
        };
        if call == Call::Bundle {
            if let Some(megabytes) = codes.bundle_pattern.megabytes(text) {
                row.bundle_mb = Some(megabytes);
                row.bundle_told = Some(moment.wall);
                care::put_airtime(self.connection(), &row)?;
            }
            effects.push(Effect::Live);
            return Ok(effects);
        }
        let currency = self.enrolled()?.enrolment.currency;
        let Some(left) = codes.pattern.money(text, currency) else {
            let shown: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
            let shown: String = shown.chars().filter(|c| !c.is_control()).take(SHOWN_MAX).collect();
            let pattern = format!("airtime.operators.{}.pattern", row.operator);
            let why = format!("no amount was found in the answer \"{shown}\": see {pattern} in the settings");
            effects.extend(self.airtime_failed(moment, Call::Airtime, &why)?);
            return Ok(effects);
        };
        effects.extend(self.airtime_told(moment, row, left)?);
        if let Some(code) = &codes.bundle_code {
            effects.extend(self.dial(moment, Call::Bundle, code));
        }
        Ok(effects)
    }

    fn airtime_told(&mut self, moment: &Moment, row: AirtimeRow, left: Money) -> Result<Vec<Effect>, SiteError> {
        let uptime = self.present(moment).stamp.uptime;
        let is_low = self.is_low(left);
        let row_now = AirtimeRow {
            left_minor: Some(left.minor),
            told: Some(moment.wall),
            due: Uptime(uptime.0 + ASK_EVERY_MS),
            failing: None,
            word: String::new(),
            is_low_told: is_low,
            is_unknown_told: false,
            ..row
        };
        care::put_airtime(self.connection(), &row_now)?;
        let mut effects = vec![Effect::Live];
        if is_low && !row.is_low_told {
            let detail = format!("{left} is left on the SIM");
            effects.extend(self.alarm_said(moment, "airtime_low", &detail, AlarmText::AirtimeLow(left))?);
        }
        Ok(effects)
    }

    fn is_low(&self, left: Money) -> bool {
        left.minor < i64::from(self.settings.care.airtime_low_units) * left.currency.minor_per_unit()
    }

    /// A question without an answer that could be read. It is asked again, and after days that is an alarm, once.
    pub(super) fn airtime_failed(&mut self, moment: &Moment, call: Call, why: &str) -> Result<Vec<Effect>, SiteError> {
        let Some(row) = care::airtime(self.connection())?.filter(|_| call == Call::Airtime) else {
            return Ok(Vec::new());
        };
        let uptime = self.present(moment).stamp.uptime;
        let failing = row.failing.unwrap_or(uptime);
        let is_unknown = uptime.since_ms(failing) >= UNKNOWN_MS;
        let row_now = AirtimeRow {
            due: Uptime(uptime.0 + ASK_AGAIN_MS),
            failing: Some(failing),
            word: why.to_owned(),
            is_unknown_told: row.is_unknown_told || is_unknown,
            ..row
        };
        care::put_airtime(self.connection(), &row_now)?;
        let mut effects = vec![Effect::Live];
        if is_unknown && !row.is_unknown_told {
            effects.extend(self.alarm_said(moment, "airtime_unknown", why, AlarmText::AirtimeUnknown)?);
        }
        Ok(effects)
    }

    /// What is known of the airtime.
    pub(super) fn airtime_status(&self) -> Result<AirtimeStatus, SiteError> {
        let row = care::airtime(self.connection())?.unwrap_or_default();
        let currency = self.enrolled.as_ref().map(|enrolled| enrolled.enrolment.currency);
        let left = row
            .left_minor
            .zip(currency)
            .map(|(minor, currency)| Money::new(minor, currency));
        Ok(AirtimeStatus {
            left,
            told: row.told,
            bundle_mb: row.bundle_mb,
            bundle_told: row.bundle_told,
            is_low: left.is_some_and(|left| self.is_low(left)),
            trouble: Some(row.word).filter(|word| !word.is_empty()),
            cannot_ask: self.asked_operator().err(),
        })
    }
}
