//! Many payments through the four pretend providers against the real hub, with callbacks that are missing, late and
//! doubled, while the hub is killed at random. Afterwards the providers' books and the hub's are compared line by line.
//!
//! The seat of every figure is the hub on SQLite with its usual durability. No site is connected.

use std::{
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use kiosk::provider::Provider;
use reqwest::Method;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval, sleep},
};
use world::{
    http::Api,
    programme::{Programme, in_shillings},
    random::Random,
};

use crate::{
    books::{self, Verdict},
    rivals::fresh_directory,
};

/// Payments of one customer, each of another amount.
const PAYMENTS_EACH: usize = 25;
/// Callers of the hub's API at once.
const CALLERS: usize = 48;
/// Payments under way at once: every provider has room for all of them, so that none is turned away as busy.
const OPEN_MAX: usize = 2_000;
/// M-PESA takes as many questions as come.
pub const QUERIES_PER_MINUTE: u32 = 1_000_000_000;
/// How long a phone takes to pay.
const PAYS_AFTER_MS: u64 = 1_000;
/// How long after the prompt the hub asks by itself.
const QUERY_AFTER: &str = "2 s";
/// How late a late callback is: after the hub's own question.
const LATE_MS: u64 = 10_000;
/// From one look at the books to the next.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// From one word of progress to the next.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// The longest without any progress. A prompt that was under way when the hub died is unknown for a minute.
const STUCK_AFTER: Duration = Duration::from_secs(300);
/// How long an operator's reconciliation may take.
const RECONCILED_WITHIN: Duration = Duration::from_secs(600);
/// What the providers are told of every payment is a number under this seed.
const SEED: u64 = 7;

/// How much is tried.
#[derive(Clone, Copy, Debug, Args)]
pub struct Trial {
    /// Payments through the pretend providers.
    #[arg(long, default_value_t = 100_000)]
    pub payments: usize,
    /// How often the hub is killed meanwhile.
    #[arg(long, default_value_t = 20)]
    pub kills: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Outcome {
    /// Payments settled in a second, kills and restarts included.
    pub rate: f64,
    /// Kills, each followed by a start with a ledger of zero.
    pub kills: usize,
    /// The comparison of the books.
    pub verdict: Verdict,
}

/// One who pays.
pub struct Payer {
    /// The customer's id at the hub.
    pub customer: String,
    /// Who collects.
    pub provider: Provider,
}

struct Shop {
    api: Api,
    payers: Vec<Payer>,
    count: usize,
    next: AtomicUsize,
    open: AtomicUsize,
}

/// Pays, kills, and compares.
pub async fn pay(parent: &Path, trial: Trial) -> anyhow::Result<Outcome> {
    let directory = fresh_directory(parent, "payments")?;
    let keys = [("log.level", "warn"), ("payments.query_after", QUERY_AFTER)];
    let mut programme = open(&directory, &Provider::ALL, &keys).await?;
    let sandbox = programme.sandbox()?;
    for provider in Provider::ALL {
        let mut behaviour = json!({"auto_after_ms": PAYS_AFTER_MS});
        if provider == Provider::Mpesa {
            behaviour["queries_per_minute"] = json!(QUERIES_PER_MINUTE);
        }
        programme.behave(provider, behaviour).await?;
    }
    let payers = trial.payments.div_ceil(PAYMENTS_EACH).max(1);
    println!("payments: {payers} customers");
    let payers = enrol(&programme, &Provider::ALL, payers).await?;
    odd_ways(&sandbox, payers.len()).await?;
    println!(
        "payments: {} at {}, {} kills; of ten callbacks one is missing, one late, one doubled",
        trial.payments,
        Provider::ALL.map(Provider::title).join(", "),
        trial.kills
    );
    let start = Instant::now();
    let kills = work(&mut programme, payers, trial).await?;
    settled(&programme, &sandbox).await?;
    let seconds = start.elapsed().as_secs_f64();
    reconcile(&programme, &sandbox, &directory).await?;
    books::is_zero(&programme).await?;
    let verdict = books::compare(&programme, &sandbox).await?;
    println!(
        "  {} taken by the providers in {seconds:.0} s: {} credited once, {} double, {} lost, {} on the operator's list; \
         {} credits without a payment; tills off by {}",
        verdict.taken,
        verdict.once,
        verdict.double,
        verdict.lost,
        verdict.with_operator,
        verdict.unpaid,
        verdict.till_difference
    );
    programme.stop().await?;
    Ok(Outcome {
        rate: verdict.taken as f64 / seconds,
        kills,
        verdict,
    })
}

/// A hub that collects shillings by these providers.
pub async fn open(directory: &Path, providers: &[Provider], keys: &[(&str, &str)]) -> anyhow::Result<Programme> {
    let mut all = in_shillings(providers);
    all.extend_from_slice(keys);
    Programme::collecting(directory, providers, &all).await
}

/// The provider of the customer with this number.
fn provider_of(providers: &[Provider], number: usize) -> Provider {
    providers[number % providers.len()]
}

/// The number of the customer with this number.
pub fn phone(number: usize) -> String {
    format!("07{:08}", 12_000_000 + number)
}

/// Makes customers through the API.
pub async fn enrol(programme: &Programme, providers: &[Provider], count: usize) -> anyhow::Result<Vec<Payer>> {
    let api = programme.api.at(&programme.hub.url()?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS / 2 {
        let (api, next) = (api.clone(), Arc::clone(&next));
        callers.spawn(async move {
            let mut made = Vec::new();
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(made);
                }
                let pin = format!("{}", 8_100 + number % 700);
                let body = json!({"phone": phone(number), "name": format!("Customer {number}"), "pin": pin});
                let told = api.post("/api/v1/customers", &body).await?.expect(201)?;
                let id = told["id"].as_str().with_context(|| told.to_string())?;
                made.push((number, id.to_owned()));
            }
        });
    }
    let mut all = Vec::new();
    while let Some(made) = callers.join_next().await {
        all.extend(made??);
    }
    all.sort();
    let payer = |(number, customer)| Payer {
        customer,
        provider: provider_of(providers, number),
    };
    Ok(all.into_iter().map(payer).collect())
}

/// Of ten customers of each provider the callbacks of one are missing, of one late, and of one doubled.
async fn odd_ways(sandbox: &Api, payers: usize) -> anyhow::Result<()> {
    for number in 0..payers {
        let way = match number / Provider::ALL.len() % 10 {
            0 => json!({"callbacks": 0}),
            1 => json!({"callback_delay_ms": LATE_MS}),
            2 => json!({"callbacks": 2}),
            _ => continue,
        };
        let msisdn = format!("254{}", &phone(number)[1..]);
        let path = format!("/control/{}/phones/{msisdn}", provider_of(&Provider::ALL, number));
        sandbox.post(&path, &way).await?.expect(200)?;
    }
    Ok(())
}

/// Everybody pays while the hub is killed at random. Gives how often it was.
async fn work(programme: &mut Programme, payers: Vec<Payer>, trial: Trial) -> anyhow::Result<usize> {
    let shop = Arc::new(Shop {
        api: programme.api.clone(),
        payers,
        count: trial.payments,
        next: AtomicUsize::new(0),
        open: AtomicUsize::new(0),
    });
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        callers.spawn(buy(Arc::clone(&shop)));
    }
    let mut random = Random::new(SEED);
    let mut goals: Vec<u64> = (0..trial.kills)
        .map(|_| random.below(trial.payments as u64 * 97 / 100))
        .collect();
    goals.sort_unstable();
    let mut kills = 0;
    let (mut told, mut since, mut last) = (Instant::now(), Instant::now(), 0);
    let mut look = interval(LOOK_EVERY);
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        while let Some(ended) = callers.try_join_next() {
            ended.context("a caller ended badly")??;
        }
        let (settled, open) = books::progress(programme)?;
        shop.open.store(open, Ordering::Relaxed);
        if settled != last {
            (last, since) = (settled, Instant::now());
        } else if since.elapsed() > STUCK_AFTER {
            bail!(
                "no progress: {settled} settled, {open} open\n{}",
                programme.hub.log_end()
            );
        }
        if told.elapsed() > TELL_EVERY {
            println!("  {settled} of {} settled, {open} open, {kills} kills", trial.payments);
            told = Instant::now();
        }
        if goals.get(kills).is_some_and(|goal| *goal <= settled as u64) {
            sleep(Duration::from_millis(random.below(50))).await;
            programme.hub.kill()?;
            programme.start_hub().await?;
            books::is_zero(programme).await.context("after a kill")?;
            kills += 1;
        }
        if callers.is_empty() && kills == goals.len() {
            return Ok(kills);
        }
    }
}

/// One caller: purchases one after the other, each asked for with its key until it is answered.
async fn buy(shop: Arc<Shop>) -> anyhow::Result<()> {
    let mut wait = interval(Duration::from_millis(20));
    wait.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        let number = shop.next.fetch_add(1, Ordering::Relaxed);
        if number >= shop.count {
            return Ok(());
        }
        while shop.open.load(Ordering::Relaxed) > OPEN_MAX {
            wait.tick().await;
        }
        let payer = &shop.payers[number % shop.payers.len()];
        let body = json!({"customer": payer.customer, "kind": "topup", "provider": payer.provider.name(),
            "volume_ml": 1_000 * (1 + number / shop.payers.len())});
        let key = format!("payment-{number}");
        loop {
            let headers = [("Idempotency-Key", key.as_str())];
            let answer = shop
                .api
                .call(Method::POST, "/api/v1/purchases", Some(&body), &headers)
                .await;
            match answer {
                Ok(answer) if answer.status == 202 => break,
                Ok(answer) if answer.status < 500 && answer.status != 429 => bail!("{key}: {}", answer.text),
                _ => {
                    wait.tick().await;
                }
            }
        }
    }
}

/// Waits until every payment that a provider took is credited or on an operator's list. What never reached a provider stays
/// open for days and is not waited for.
async fn settled(programme: &Programme, sandbox: &Api) -> anyhow::Result<()> {
    let (mut last, mut since) = (usize::MAX, Instant::now());
    let mut look = interval(Duration::from_secs(5));
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let verdict = books::compare(programme, sandbox).await?;
        if verdict.lost == 0 {
            return Ok(());
        }
        if verdict.lost != last {
            println!("  {} paid and not yet credited", verdict.lost);
            (last, since) = (verdict.lost, Instant::now());
        }
        ensure!(since.elapsed() < STUCK_AFTER, "{} are lost", verdict.lost);
    }
}

/// What an operator does at the end of a day: M-PESA's statement beside the books. It brings the receipts of payments that
/// were settled without one, and the payments whose name the hub never heard.
async fn reconcile(programme: &Programme, sandbox: &Api, directory: &Path) -> anyhow::Result<()> {
    let statement = sandbox.get("/control/mpesa/statement.csv").await?;
    ensure!(statement.status == 200, "{}", statement.text);
    let file = directory.join("statement.csv");
    std::fs::write(&file, statement.text)?;
    let file = file.display().to_string();
    let start = Instant::now();
    let words = ["reconcile", "--statement", &file, "--provider", "mpesa", "--book"];
    let told = programme.hub.run_within(&words, RECONCILED_WITHIN).await?;
    let (said, complaint) = (String::from_utf8(told.stdout)?, String::from_utf8(told.stderr)?);
    ensure!(told.status.success(), "reconcile: {complaint}");
    let booked = said.lines().filter(|line| line.starts_with("booked ")).count();
    let last = said.lines().last().unwrap_or_default();
    println!(
        "  reconciled in {:.0} s: {booked} lines of the statement booked; {last}",
        start.elapsed().as_secs_f64()
    );
    Ok(())
}
