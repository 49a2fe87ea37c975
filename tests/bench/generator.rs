//! The load: so many dispensers, each with one ask in flight, and what they saw.

use std::{collections::BTreeMap, rc::Rc, time::Duration};

use anyhow::Context as _;
use serde::Deserialize;
use tokio::{
    task::LocalSet,
    time::{Instant, timeout},
};

use crate::mqtt::Connection;

/// Longest wait for one answer; beyond it a run has failed.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);

/// A dispenser's login; without a secret the broker asks for none.
#[derive(Clone, Debug)]
pub struct Login {
    /// The dispenser's id.
    pub id: String,
    /// Its secret.
    pub secret: Option<String>,
}

/// Who asks: the customer with this number, who exists at every contestant.
#[derive(Clone, Debug)]
pub struct Customer {
    /// As it is keyed in.
    pub user: String,
    /// The PIN.
    pub pin: String,
}

/// The customers that `peer.py` makes, by the same rule.
pub fn peer_customer(number: usize) -> Customer {
    Customer {
        user: format!("07{number:08}"),
        pin: format!("{}", 1_000 + number % 9_000),
    }
}

/// One run.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Begins every request's id: unique to this run, so that a contestant with a memory does not answer from it.
    pub run: String,
    /// `HOST:PORT` of the broker.
    pub server: String,
    /// One client each.
    pub logins: Vec<Login>,
    /// As many; the n-th client asks for the n-th.
    pub customers: Vec<Customer>,
    /// Asked each time.
    pub volume_ml: i64,
    /// Before the counting begins.
    pub warm_up: Duration,
    /// How long is counted.
    pub measured: Duration,
}

/// What a run showed.
#[derive(Clone, Debug, Default)]
pub struct Figures {
    /// Answers a second.
    pub rate: f64,
    /// Half the answers came within this, in milliseconds.
    pub p50_ms: f64,
    /// 99 of 100 came within this, in milliseconds.
    pub p99_ms: f64,
    /// How often each reason was given.
    pub reasons: BTreeMap<String, u64>,
}

#[derive(Deserialize)]
struct Answer {
    request: String,
    reason: String,
}

/// What clients saw, answer by answer.
#[derive(Default)]
pub struct Seen {
    micros: Vec<u32>,
    reasons: BTreeMap<String, u64>,
}

impl Seen {
    /// Counts an answer and how long it took.
    pub fn count(&mut self, took: Duration, reason: String) {
        self.micros.push(u32::try_from(took.as_micros()).unwrap_or(u32::MAX));
        *self.reasons.entry(reason).or_default() += 1;
    }

    /// Takes over what another client saw.
    pub fn add(&mut self, other: Seen) {
        self.micros.extend(other.micros);
        for (reason, count) in other.reasons {
            *self.reasons.entry(reason).or_default() += count;
        }
    }

    /// What all that comes to over the time that was counted.
    pub fn figures(mut self, measured: Duration) -> Figures {
        self.micros.sort_unstable();
        Figures {
            rate: self.micros.len() as f64 / measured.as_secs_f64(),
            p50_ms: percentile(&self.micros, 50),
            p99_ms: percentile(&self.micros, 99),
            reasons: self.reasons,
        }
    }
}

/// Runs all clients on this thread and returns once the time is over.
pub async fn run(plan: Plan) -> anyhow::Result<Figures> {
    let plan = Rc::new(plan);
    LocalSet::new()
        .run_until(async move {
            let mut connections = Vec::new();
            for login in &plan.logins {
                let credentials = login.secret.as_deref().map(|secret| (login.id.as_str(), secret));
                let mut connection = Connection::open(&plan.server, &login.id, credentials).await?;
                connection.subscribe(&format!("kisima/v1/{}/answer", login.id)).await?;
                connections.push(connection);
            }
            let start = Instant::now() + plan.warm_up;
            let spawn =
                |(number, connection)| tokio::task::spawn_local(client(Rc::clone(&plan), number, connection, start));
            let clients: Vec<_> = connections.into_iter().enumerate().map(spawn).collect();
            let mut all = Seen::default();
            for client in clients {
                all.add(client.await.context("a client ended badly")??);
            }
            Ok(all.figures(plan.measured))
        })
        .await
}

async fn client(plan: Rc<Plan>, number: usize, mut connection: Connection, start: Instant) -> anyhow::Result<Seen> {
    let (login, customer) = (&plan.logins[number], &plan.customers[number]);
    let (ask_topic, end) = (format!("kisima/v1/{}/ask", login.id), start + plan.measured);
    let run = &plan.run;
    let mut seen = Seen::default();
    let mut count = 0_u64;
    loop {
        count += 1;
        let request = format!("{run}-{number:x}-{count:x}");
        let payload = format!(
            "{{\"request\":\"{request}\",\"user\":\"{}\",\"pin\":\"{}\",\"volume_ml\":{}}}",
            customer.user, customer.pin, plan.volume_ml
        );
        let asked = Instant::now();
        connection.publish(&ask_topic, payload.as_bytes());
        connection.flush().await?;
        let reason = timeout(ANSWER_WITHIN, answer(&mut connection, &request))
            .await
            .with_context(|| format!("{} waited in vain", login.id))??;
        let now = Instant::now();
        if now >= end {
            return Ok(seen);
        }
        // An ask that was sent in the warm-up is not counted.
        if asked >= start {
            seen.count(now - asked, reason);
        }
    }
}

async fn answer(connection: &mut Connection, request: &str) -> anyhow::Result<String> {
    loop {
        let message = connection.message().await?;
        let answer: Answer = serde_json::from_slice(message.payload)
            .with_context(|| format!("{}: {}", message.topic, String::from_utf8_lossy(message.payload)))?;
        if answer.request == request {
            return Ok(answer.reason);
        }
    }
}

/// The nearest-rank percentile of sorted microseconds, in milliseconds.
fn percentile(sorted: &[u32], percent: usize) -> f64 {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted
        .get(rank - 1)
        .map_or(f64::NAN, |micros| f64::from(*micros) / 1_000.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_by_nearest_rank() {
        let sorted: Vec<u32> = (1..=200).map(|ms| ms * 1_000).collect();
        assert_eq!((percentile(&sorted, 50), percentile(&sorted, 99)), (100.0, 198.0));
        assert_eq!(percentile(&[7_000], 99), 7.0);
        assert!(percentile(&[], 50).is_nan());
    }
}
