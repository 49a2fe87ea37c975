//! People who call by USSD (FEATURES A1 to A7, B10 to B17, C24 to C31). The menus are [`kiosk::talk::ussd`]; here are
//! their sessions, and the books behind the counter.
//!
//! | module | what it holds |
//! |---|---|
//! | `office` | what the menus ask: [`kiosk::talk::ussd::Office`] over one transaction |
//! | `act` | what they have done, and what each refusal is to a caller |
//! | `loans` | loans, and the movements of a wallet |
//! | `account` | registering, verifying, the PIN |
//! | `manager` | what a site's manager sees of it, and does for its customers |
//! | `view` | what a customer has, drew, owes and bought |
//!
//! One step is one transaction: the office's acts, the session it leaves and the screen that answers it. So a step that
//! is delivered twice finds its answer, and a restart in the middle of a session loses nothing. A session belongs to the
//! phone that began it.

mod account;
mod act;
mod loans;
mod manager;
mod office;
mod view;

use kiosk::{
    moment::{MINUTE_MS, SECOND_MS},
    talk::{
        Language,
        ussd::{Session, apology, begin, joined::Input, step},
    },
};

use self::office::Counter;
use super::{
    effect::{Response, UssdScreen},
    input::{Actor, Aggregator, UssdName, UssdStep, UssdText},
    store::UssdRow,
    turn::{Halt, HubError, Turn},
};

/// Whoever was cut off is offered to go on for so long.
const CUT_OFFERED_MS: i64 = 15 * MINUTE_MS;
/// The stretch of time in which the sessions of a number are counted.
const BEGUN_WITHIN_MS: i64 = MINUTE_MS;
/// Steps of one session: nobody types more in the minutes that one lasts.
const STEPS_MAX: u32 = 200;
/// Where only the newest input comes, the same one again within this is the same step: nobody types so fast.
const SAME_WITHIN_MS: i64 = SECOND_MS;

impl Turn<'_> {
    /// Somebody dialled, or typed something.
    pub fn ussd(&mut self, by: &Actor, asked: &UssdStep) -> Result<Response, Halt> {
        if let Some(frame) = self.thin_ussd(asked)? {
            return Ok(frame);
        }
        let Some(row) = self.store.ussd(&asked.name)? else {
            return self.ussd_begins(by, asked);
        };
        if row.phone != asked.phone {
            return Ok(self.sorry(None));
        }
        let is_late = self.is_ussd_over_time(&row);
        match asked.form {
            // Such an aggregator may use a name again, and says nothing when somebody dials (FEATURES B18).
            UssdText::Newest if asked.text.0.is_empty() && (is_late || !self.is_ussd_repeated(&row, asked)) => {
                self.ussd_begins(by, asked)
            }
            _ if is_late => Ok(self.sorry(Some(&row.session))),
            _ => self.ussd_goes_on(by, asked, row),
        }
    }

    fn is_ussd_over_time(&self, row: &UssdRow) -> bool {
        let lasts_ms = match row.name.aggregator {
            Aggregator::Safaricom => self.settings.ussd_safaricom_session_ms,
            Aggregator::AfricasTalking | Aggregator::Test => self.settings.ussd_session_ms,
        };
        // One of a clock that was ahead would last until that time has come.
        !(-lasts_ms..=lasts_ms).contains(&(self.now().0 - row.created.0))
    }

    /// Whether a step is the last one, delivered again, where only the newest input comes. A machine that types the same
    /// twice means it where that is what a menu asks for; and nobody delivers twice what an operator tries.
    fn is_ussd_repeated(&self, row: &UssdRow, asked: &UssdStep) -> bool {
        let is_at_once = (0..SAME_WITHIN_MS).contains(&(self.now().0 - row.active.0));
        let is_same = self.keys.ussd_seen().seen(&asked.text.0) == row.seen;
        let may_be_meant = row.session.asks_again() || matches!(asked.text.0.as_str(), "0" | "9");
        is_at_once && is_same && !may_be_meant && asked.name.aggregator != Aggregator::Test
    }

    fn ussd_begins(&mut self, by: &Actor, asked: &UssdStep) -> Result<Response, Halt> {
        let (phone, service, now) = (asked.phone, asked.service, self.now());
        let begun = self.store.ussd_begun(phone, now.plus_ms(-BEGUN_WITHIN_MS))?;
        if begun >= self.settings.ussd_begun_max && asked.name.aggregator != Aggregator::Test {
            return Ok(self.sorry(None));
        }
        let left = self.store.ussd_left(phone, service, now.plus_ms(-CUT_OFFERED_MS))?;
        let cut = left.filter(|session| !session.is_over());
        let (session, answer) = begin(&mut Counter { turn: self, by }, service, phone, cut)?;
        self.store.take_up_ussd(phone, service)?;
        let row = UssdRow {
            name: asked.name.clone(),
            phone,
            session,
            seen: self.keys.ussd_seen().seen(&asked.text.0),
            screen: answer.screen,
            is_live: answer.goes_on,
            steps: 0,
            created: now,
            active: now,
        };
        self.store.put_ussd(&row)?;
        Ok(shown(&row))
    }

    fn ussd_goes_on(&mut self, by: &Actor, asked: &UssdStep, mut row: UssdRow) -> Result<Response, Halt> {
        let (key, text) = (self.keys.ussd_seen(), asked.text.0.as_str());
        let input = match asked.form {
            UssdText::Joined => Input::of(&key, Some(&row.seen), text),
            UssdText::Newest if row.session.is_over() || self.is_ussd_repeated(&row, asked) => Input::Repeated,
            UssdText::Newest => Input::New(text),
        };
        let input = match input {
            Input::Repeated => return Ok(shown(&row)),
            Input::New(input) if row.is_live && row.steps < STEPS_MAX => input,
            Input::New(_) | Input::First | Input::OutOfOrder => return Ok(self.sorry(Some(&row.session))),
        };
        let answer = step(&mut Counter { turn: self, by }, &mut row.session, input)?;
        row.seen = key.seen(text);
        row.screen = answer.screen;
        row.is_live = answer.goes_on;
        row.steps += 1;
        row.active = self.now();
        self.store.step_ussd(&row)?;
        Ok(shown(&row))
    }

    /// The network says that a session is over. One that nobody knows has nothing to end: the word may come before the
    /// first step, or after everything was forgotten.
    pub fn end_ussd(&mut self, name: &UssdName) -> Result<Response, Halt> {
        self.store.end_ussd(name)?;
        Ok(Response::Done)
    }

    /// Forgets all sessions: whoever is in one dials again.
    pub fn clear_ussd(&mut self, by: &Actor) -> Result<Response, Halt> {
        let cleared = self.store.clear_ussd()?;
        self.audit(by, "ussd sessions cleared", "", &cleared.to_string())?;
        Ok(Response::Done)
    }

    /// Forgets sessions that nobody can go on with.
    pub fn forget_ussd(&mut self) -> Result<(), HubError> {
        let settings = self.settings;
        let lasts_ms = settings.ussd_session_ms.max(settings.ussd_safaricom_session_ms);
        let kept_ms = lasts_ms.saturating_add(CUT_OFFERED_MS);
        Ok(self.store.forget_ussd(self.now().plus_ms(-kept_ms))?)
    }

    /// What somebody reads whose step is not taken. It changes nothing.
    fn sorry(&self, session: Option<&Session>) -> Response {
        let own = || Language::from_code(&self.settings.language).unwrap_or_default();
        let answer = apology(self.talk, session.map_or_else(own, Session::language));
        Response::Ussd(UssdScreen {
            screen: answer.screen,
            goes_on: answer.goes_on,
            state: session.map_or("ENDED", Session::state_name),
        })
    }
}

/// The screen that a session stands at.
fn shown(row: &UssdRow) -> Response {
    Response::Ussd(UssdScreen {
        screen: row.screen.clone(),
        goes_on: !row.session.is_over(),
        state: row.session.state_name(),
    })
}
