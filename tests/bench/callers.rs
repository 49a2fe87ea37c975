//! The load of people who call: each walks through one session after the other, over a connection of their own, and
//! holds every screen against what it has to say.

use std::{
    rc::Rc,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::{Context as _, ensure};
use tokio::{
    task::LocalSet,
    time::{Instant, timeout},
};
use world::programme::WEBHOOK_SECRET;

use crate::{
    form::Poster,
    generator::{Figures, Seen},
    journey::{JOURNEYS, Journey},
};

/// Known numbers of each caller, who uses them in turn: nobody may dial more than ten times a minute.
pub const PHONES_EACH: usize = 50;
/// What they dial.
const SERVICE_CODE: &str = "*384*303#";
/// The longest wait for one answer; beyond it a run has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// The first number of a customer.
const FIRST_PHONE: usize = 12_000_000;
/// From here on numbers are nobody's.
const FIRST_NEW_PHONE: usize = 50_000_000;
/// New numbers that each caller has.
const NEW_PHONES_EACH: usize = 100_000;

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// `HOST:PORT` of each server; a caller stays with one.
    pub servers: Vec<String>,
    /// Callers at once.
    pub callers: usize,
    /// Before the counting begins.
    pub warm_up: Duration,
    /// How long is counted.
    pub measured: Duration,
}

/// A session, and how many of its steps were answered after the one that dialled.
#[derive(Clone, Debug)]
pub struct Walked {
    /// The name that the network gave it.
    pub session: String,
    /// Steps, the last one perhaps not its own last.
    pub steps: usize,
}

/// Runs all callers on this thread until the time is over. Gives the figures, and where each caller stood then.
pub async fn run(plan: Plan) -> anyhow::Result<(Figures, Vec<Walked>)> {
    let run = SystemTime::now().duration_since(UNIX_EPOCH)?.as_millis();
    let plan = Rc::new(plan);
    let walking = async move {
        let mut connections = Vec::new();
        for number in 0..plan.callers {
            connections.push(Poster::open(&plan.servers[number % plan.servers.len()]).await?);
        }
        let start = Instant::now() + plan.warm_up;
        let calls = |(number, poster)| {
            let caller = Caller {
                number,
                name: format!("ATUid_{run:x}_{number:x}"),
                poster,
                is_counted_from: start,
                end: start + plan.measured,
                seen: Seen::default(),
            };
            tokio::task::spawn_local(caller.calls())
        };
        let callers: Vec<_> = connections.into_iter().enumerate().map(calls).collect();
        let (mut all, mut walked) = (Seen::default(), Vec::new());
        for caller in callers {
            let (seen, last) = caller.await.context("a caller ended badly")??;
            all.add(seen);
            walked.push(last);
        }
        Ok((all.figures(plan.measured), walked))
    };
    LocalSet::new().run_until(walking).await
}

/// Somebody who calls again and again.
struct Caller {
    number: usize,
    name: String,
    poster: Poster,
    is_counted_from: Instant,
    end: Instant,
    seen: Seen,
}

impl Caller {
    async fn calls(mut self) -> anyhow::Result<(Seen, Walked)> {
        for count in 0.. {
            // Not all do the same at the same time.
            let journey = &JOURNEYS[(self.number + count) % JOURNEYS.len()];
            let session = format!("{}_{count:x}", self.name);
            let steps = self.walks(journey, &session, count).await?;
            if Instant::now() >= self.end {
                return Ok((self.seen, Walked { session, steps }));
            }
        }
        unreachable!("nobody calls that often")
    }

    /// Walks until the session or the time is over. How many steps were answered after the one that dialled.
    async fn walks(&mut self, journey: &Journey, session: &str, count: usize) -> anyhow::Result<usize> {
        let phone = match journey.is_new {
            true => FIRST_NEW_PHONE + self.number * NEW_PHONES_EACH + count % NEW_PHONES_EACH,
            false => FIRST_PHONE + self.number * PHONES_EACH + count % PHONES_EACH,
        };
        let phone = msisdn(phone);
        let (path, mut text) = (format!("/ussd/callback/{WEBHOOK_SECRET}"), String::new());
        for (place, (typed, shown)) in journey.steps.iter().enumerate() {
            // What Africa's Talking sends is all that was typed since the dialling.
            text.push_str(if place > 1 { "*" } else { "" });
            text.push_str(typed);
            let form = form(session, &phone, &[("serviceCode", SERVICE_CODE), ("text", &text)]);
            let asked = Instant::now();
            let answer = timeout(ANSWER_WITHIN, self.poster.post(&path, &form)).await;
            let answer = answer.with_context(|| format!("{session} waited in vain"))??;
            let now = Instant::now();
            let is_shown = match shown.starts_with("CON") || shown.starts_with("END") {
                true => answer.starts_with(shown),
                false => answer.contains(shown),
            };
            ensure!(
                is_shown,
                "{session}: {shown:?} was to be shown after {text:?}: {answer:?}"
            );
            if now >= self.end {
                return Ok(place);
            }
            // A step that was sent in the warm-up is not counted.
            if asked >= self.is_counted_from {
                let word = answer[..3].to_owned();
                self.seen.count(now - asked, word);
            }
        }
        if journey.hangs_up {
            let form = form(session, &phone, &[("status", "Incomplete"), ("input", &text)]);
            let path = format!("/ussd/events/{WEBHOOK_SECRET}");
            timeout(ANSWER_WITHIN, self.poster.post(&path, &form)).await??;
        }
        Ok(journey.steps.len() - 1)
    }
}

/// A number as an aggregator writes it.
fn msisdn(number: usize) -> String {
    format!("+2547{number:08}")
}

fn form(session: &str, phone: &str, more: &[(&str, &str)]) -> String {
    let mut form = form_urlencoded::Serializer::new(String::new());
    form.append_pair("sessionId", session).append_pair("phoneNumber", phone);
    form.append_pair("networkCode", "63902").extend_pairs(more);
    form.finish()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::payments;

    #[test]
    fn forms_are_written_as_the_aggregator_does() {
        let form = form("ATUid_1", &msisdn(12_000_000), &[("text", "2*1")]);
        assert_eq!(
            form,
            "sessionId=ATUid_1&phoneNumber=%2B254712000000&networkCode=63902&text=2*1"
        );
    }

    #[test]
    fn known_numbers_are_those_of_the_customers() {
        assert_eq!(payments::phone(7), format!("07{:08}", FIRST_PHONE + 7));
    }
}
