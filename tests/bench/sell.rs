//! Whole sales: an ask, what is poured, and the receipt, from several dispensers at once.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use serde_json::Value;
use tokio::{
    task::JoinSet,
    time::{Instant, interval, sleep, timeout},
};
use world::random::Random;

use crate::{
    generator::{Customer, Login},
    mqtt::Connection,
};

/// Longest wait for an answer or a receipt.
const ANSWER_WITHIN: Duration = Duration::from_secs(30);
/// From one word of progress to the next.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// What people ask for: mostly a jerrycan.
const VOLUMES_ML: [i64; 6] = [20_000, 20_000, 20_000, 10_000, 5_000, 1_500];

/// Who sells what to whom.
#[derive(Clone, Debug)]
pub struct Sales {
    /// `HOST:PORT` of the gateway's broker.
    pub server: String,
    /// One connection each.
    pub logins: Vec<Login>,
    /// They come in an order that looks like none.
    pub customers: Vec<Customer>,
    /// How many sales.
    pub count: usize,
    /// Begins every request's id.
    pub run: String,
    /// The longest pause of a dispenser between two sales; zero for none.
    pub pause_max: Duration,
}

/// Sells until `count` customers have their receipts.
pub async fn sell(sales: Sales) -> anyhow::Result<()> {
    let (sales, next) = (Arc::new(sales), Arc::new(AtomicUsize::new(0)));
    let mut dispensers = JoinSet::new();
    for login in sales.logins.iter().cloned() {
        dispensers.spawn(dispenser(Arc::clone(&sales), login, Arc::clone(&next)));
    }
    let start = Instant::now();
    let mut tell = interval(TELL_EVERY);
    tell.tick().await;
    loop {
        tokio::select! {
            ended = dispensers.join_next() => match ended {
                Some(ended) => ended.context("a dispenser ended badly")??,
                None => break,
            },
            _ = tell.tick() => println!("  {} of {} sales", next.load(Ordering::Relaxed).min(sales.count), sales.count),
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    if sales.count > 1 {
        println!(
            "  {} sales in {seconds:.1} s, {:.0}/s",
            sales.count,
            sales.count as f64 / seconds
        );
    }
    Ok(())
}

async fn dispenser(sales: Arc<Sales>, login: Login, next: Arc<AtomicUsize>) -> anyhow::Result<()> {
    let credentials = login.secret.as_deref().map(|secret| (login.id.as_str(), secret));
    let mut connection = Connection::open(&sales.server, &login.id, credentials).await?;
    for leaf in ["answer", "receipt"] {
        connection.subscribe(&format!("kisima/v1/{}/{leaf}", login.id)).await?;
    }
    loop {
        let number = next.fetch_add(1, Ordering::Relaxed);
        if number >= sales.count {
            return Ok(());
        }
        let mut random = Random::new(number as u64);
        if !sales.pause_max.is_zero() {
            sleep(sales.pause_max.mul_f64(random.below(1_000) as f64 / 1_000.0)).await;
        }
        let customer = &sales.customers[random.below(sales.customers.len() as u64) as usize];
        let volume_ml = VOLUMES_ML[random.below(VOLUMES_ML.len() as u64) as usize];
        // Every eighth person stops before the end.
        let poured_ml = match random.below(8) {
            0 => volume_ml / 1_000 * 700 + random.below(300) as i64,
            _ => volume_ml,
        };
        let sale = Sale {
            request: format!("{}-{number:x}", sales.run),
            volume_ml,
            poured_ml,
        };
        sale.make(&mut connection, &login.id, customer)
            .await
            .with_context(|| format!("{}, sale {number}", login.id))?;
    }
}

struct Sale {
    request: String,
    volume_ml: i64,
    poured_ml: i64,
}

impl Sale {
    async fn make(&self, connection: &mut Connection, id: &str, customer: &Customer) -> anyhow::Result<()> {
        let Sale {
            request,
            volume_ml,
            poured_ml,
        } = self;
        let ask = format!(
            "{{\"request\":\"{request}\",\"user\":\"{}\",\"pin\":\"{}\",\"volume_ml\":{volume_ml}}}",
            customer.user, customer.pin
        );
        let answer = self.said(connection, &format!("kisima/v1/{id}/ask"), &ask).await?;
        ensure!(answer["approved"] == true, "{} was denied: {answer}", customer.user);
        let outcome = if poured_ml == volume_ml { "complete" } else { "stopped" };
        let poured = format!(
            "{{\"request\":\"{request}\",\"volume_ml\":{poured_ml},\"pulses\":{},\"duration_ms\":{},\"outcome\":\"{outcome}\"}}",
            poured_ml * 450 / 1_000,
            poured_ml * 3
        );
        let receipt = self
            .said(connection, &format!("kisima/v1/{id}/poured"), &poured)
            .await?;
        ensure!(receipt["receipt"].is_string(), "no receipt: {receipt}");
        Ok(())
    }

    /// Publishes and waits for the message that names this request.
    async fn said(&self, connection: &mut Connection, topic: &str, payload: &str) -> anyhow::Result<Value> {
        connection.publish(topic, payload.as_bytes());
        connection.flush().await?;
        let heard = async {
            loop {
                let message = connection.message().await?;
                let body: Value = serde_json::from_slice(message.payload)?;
                if body["request"] == self.request.as_str() {
                    return anyhow::Ok(body);
                }
            }
        };
        match timeout(ANSWER_WITHIN, heard).await {
            Ok(heard) => heard,
            Err(_) => bail!("{topic} waited in vain"),
        }
    }
}
