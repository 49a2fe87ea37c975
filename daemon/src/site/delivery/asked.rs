//! Texts that the hub has this site send (PROTOCOL section 3, SAY). Each is on the disk under the hub's name for it before the
//! hub hears that it is taken, so one that is said again is the same text, and leaves once.
//!
//! The hub hears of each step when it is made, and of all steps of a day on every new socket: what was told of on an older
//! one may have been lost with it. What it knows already changes nothing there.
//!
//! STOP is the hub's to heed here: a SAY does not tell what its text is for, and what was asked for, or is owed to somebody
//! about their money, goes to who said STOP too. The hub hears of every STOP that is said to this SIM.

use kiosk::{
    moment::{DAY_MS, HOUR_MS, Moment},
    phone::Phone,
    talk::gsm7,
};
use sync::{
    frame::{Said as Told, SaidState, Say},
    session::Session,
};

use super::{Purpose, Said, SimText, TextState};
use crate::site::{Site, SiteError, store::outbox};

/// The most texts of the network that one of the hub's may take.
const PARTS_MAX: usize = 10;
/// How long the network may try to deliver one.
const VALID_MS: u64 = DAY_MS.unsigned_abs();
/// What moved in this time is told on a new socket: the hub takes an hour more than the day in which a text may leave for
/// the last word about it.
const TOLD_AGAIN_MS: i64 = DAY_MS + 2 * HOUR_MS;
/// The most that is told then.
const TOLD_AGAIN_MAX: u32 = 256;

/// Why a text is not taken, and whether it may be asked for again.
struct Refused(SaidState, &'static str);

impl Site {
    /// The hub has a text sent.
    pub(in crate::site) fn hub_says(&mut self, moment: &Moment, say: &Say) -> Result<(), SiteError> {
        if let Some(known) = outbox::asked(self.connection(), say.id)? {
            self.tell_hub(known.asked, known.state, &known.word);
            return Ok(());
        }
        match self.take_from_hub(moment, say)? {
            Ok(()) => self.tell_hub(say.id, TextState::Queued, ""),
            Err(Refused(state, why)) => self.to_hub.push(told(say.id, state, why)),
        }
        Ok(())
    }

    /// Queues it, or says why not: what will never do has failed, and what may do another time, or elsewhere, is refused.
    fn take_from_hub(&mut self, moment: &Moment, say: &Say) -> Result<Result<(), Refused>, SiteError> {
        let no = |why| Ok(Err(Refused(SaidState::Refused, why)));
        let never = |why| Ok(Err(Refused(SaidState::Failed, why)));
        let Some(settings) = self.settings.sim.clone() else {
            return no("no_sim");
        };
        // It may be so for weeks.
        if self.modem.trouble().is_some() {
            return no("no_sim");
        }
        if self.is_retired
            || self
                .enrolled
                .as_ref()
                .is_none_or(|enrolled| self.is_elsewhere(enrolled))
        {
            return no("not_in_place");
        }
        // It may have been asked for, and have left, in the past that is missing.
        if self.in_doubt()? {
            return Ok(Err(Refused(SaidState::Unknown, "doubt")));
        }
        if moment.trust.is_trusted() && moment.wall > say.until {
            return no("too_old");
        }
        let phone = Phone::parse(&say.phone, self.country()).map(Phone::e164);
        let Some(phone) = phone.ok().filter(|phone| *phone == say.phone) else {
            return never("bad_phone");
        };
        let parts = gsm7::parts(&say.text).len();
        if say.text.trim().is_empty() || parts > PARTS_MAX {
            return never("bad_text");
        }
        // What waits is to leave today too.
        let parts = u32::try_from(parts).unwrap_or(u32::MAX);
        let waiting = outbox::waiting_parts(self.connection(), Purpose::Hub)?;
        if waiting.saturating_add(parts) > self.text_budget(&settings)?.left_for_hub() {
            return no("budget");
        }
        let text = SimText {
            purpose: Purpose::Hub,
            to: &phone,
            body: &say.text,
            asked: Some(say.id),
            until: Some(say.until),
            validity_ms: Some(VALID_MS),
        };
        match self.say_by_sim(moment, &text)? {
            Said::Queued(_) | Said::Known => Ok(Ok(())),
            Said::NoSim => no("no_sim"),
            Said::Stopped => no("stopped"),
            Said::Full => no("full"),
        }
    }

    /// A socket is established: tells the hub where those of its texts stand that moved lately.
    pub(in crate::site) fn tell_hub_again(&mut self, moment: &Moment) -> Result<(), SiteError> {
        let since = moment.wall.plus_ms(-TOLD_AGAIN_MS);
        for text in outbox::asked_since(self.connection(), since, TOLD_AGAIN_MAX)? {
            self.tell_hub(text.asked, text.state, &text.word);
        }
        Ok(())
    }

    /// Tells the hub where a text stands that it asked for, if it is there to hear it.
    pub(super) fn tell_hub(&mut self, asked: u64, state: TextState, word: &str) {
        let state = match state {
            // That it is handed over says no more than that it is taken.
            TextState::Queued | TextState::Sending => SaidState::Taken,
            TextState::Sent => SaidState::Sent,
            TextState::Delivered => SaidState::Delivered,
            TextState::Failed => SaidState::Failed,
            TextState::Unknown => SaidState::Unknown,
        };
        if self.link.as_ref().is_some_and(Session::takes_texts) {
            self.to_hub.push(told(asked, state, word));
        }
    }
}

fn told(id: u64, state: SaidState, word: &str) -> Told {
    Told {
        id,
        state,
        reason: (!word.is_empty()).then(|| word.to_owned()),
    }
}
