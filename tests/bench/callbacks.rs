//! How fast a hub takes callbacks, each on its disk before the 200 leaves, shown by killing it in the midst: whatever was
//! answered is there afterwards.

use std::{
    collections::BTreeMap,
    path::Path,
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, ensure};
use clap::Args;
use kiosk::provider::Provider;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, MissedTickBehavior, interval},
};
use world::{
    http::Api,
    processes::wait_for,
    programme::{Programme, WEBHOOK_SECRET},
};

use crate::{
    books,
    payments::{Payer, QUERIES_PER_MINUTE, enrol, open},
    rivals::fresh_directory,
};

/// Payments of one customer, each of another amount.
const PAYMENTS_EACH: usize = 25;
/// Connections over which callbacks come.
const CONNECTIONS: usize = 32;
/// Callers of the hub's API at once while prompts are made.
const CALLERS: usize = 24;
/// Prompts on their way to M-PESA at once: it has room for so many, and none is turned away as busy.
const UNDER_WAY_MAX: usize = 500;
/// From one look at what is under way to the next.
const LOOK_EVERY: Duration = Duration::from_millis(50);
/// From one word of progress to the next.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// The hub is killed once so many of a hundred were answered.
const KILLED_AT_PERCENT: usize = 80;
/// How long all of them may take to be settled.
const SETTLED_WITHIN: Duration = Duration::from_secs(300);

/// How much is tried.
#[derive(Clone, Copy, Debug, Args)]
pub struct Flood {
    /// Callbacks, each of its own payment.
    #[arg(long, default_value_t = 20_000)]
    pub callbacks: usize,
}

/// What was found.
#[derive(Clone, Copy, Debug)]
pub struct Taken {
    /// Callbacks answered 200 in a second.
    pub rate: f64,
    /// The middle and the 99th percentile of an answer, in milliseconds.
    pub answer_ms: (f64, f64),
    /// Payments credited in a second, from the first callback to the last credit, with the kill and the start between.
    pub credited_rate: f64,
    /// Answered before the kill, and not there after it.
    pub forgotten: usize,
}

/// One callback to be sent.
struct Word {
    token: String,
    body: String,
}

/// Makes that many payments that were paid and of which no word came, then lets the words come.
pub async fn flood(parent: &Path, flood: Flood) -> anyhow::Result<Taken> {
    let directory = fresh_directory(parent, "callbacks")?;
    // Nothing is asked by the hub itself before the words come.
    let keys = [("log.level", "warn"), ("payments.query_after", "600 s")];
    let mut programme = open(&directory, &[Provider::Mpesa], &keys).await?;
    let sandbox = programme.sandbox()?;
    let silent = json!({"auto_after_ms": 1, "callbacks": 0, "queries_per_minute": QUERIES_PER_MINUTE});
    programme.behave(Provider::Mpesa, silent).await?;
    let payers = enrol(
        &programme,
        &[Provider::Mpesa],
        flood.callbacks.div_ceil(PAYMENTS_EACH).max(1),
    )
    .await?;
    println!("callbacks: {} payments, paid and not told", flood.callbacks);
    prompt(&programme, payers, flood.callbacks).await?;
    let words = words(&programme, &sandbox, flood.callbacks).await?;

    println!("callbacks: {} over {CONNECTIONS} connections", words.len());
    let words = Arc::new(words);
    let start = Instant::now();
    let goal = words.len() * KILLED_AT_PERCENT / 100;
    let (answered, mut times_ms) = send(&mut programme, &words, &[], Some(goal)).await?;
    let seconds = times_ms.1;
    programme.start_hub().await?;
    books::is_zero(&programme).await.context("after the kill")?;
    let forgotten = forgotten(&programme, &words, &answered)?;
    println!(
        "  {} answered in {seconds:.1} s, then killed; {forgotten} forgotten",
        answered.len()
    );
    send(&mut programme, &words, &answered, None).await?;
    settled(&programme, words.len()).await?;
    let credited = start.elapsed().as_secs_f64();
    books::is_zero(&programme).await?;
    programme.stop().await?;
    times_ms.0.sort_by(f64::total_cmp);
    let times = &times_ms.0;
    Ok(Taken {
        rate: answered.len() as f64 / seconds,
        answer_ms: (times[times.len() / 2], times[times.len() * 99 / 100]),
        credited_rate: words.len() as f64 / credited,
        forgotten,
    })
}

/// Buys that often by a prompt.
async fn prompt(programme: &Programme, payers: Vec<Payer>, count: usize) -> anyhow::Result<()> {
    let (api, payers) = (programme.api.at(&programme.hub.url()?), Arc::new(payers));
    let (next, under_way) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (api, payers) = (api.clone(), Arc::clone(&payers));
        let (next, under_way) = (Arc::clone(&next), Arc::clone(&under_way));
        callers.spawn(async move {
            let mut wait = interval(LOOK_EVERY);
            wait.set_missed_tick_behavior(MissedTickBehavior::Delay);
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                while under_way.load(Ordering::Relaxed) > UNDER_WAY_MAX {
                    wait.tick().await;
                }
                let volume_ml = 1_000 * (1 + number / payers.len());
                let customer = &payers[number % payers.len()].customer;
                let body = json!({"customer": customer, "kind": "topup", "volume_ml": volume_ml, "provider": "mpesa"});
                api.post("/api/v1/purchases", &body).await?.expect(202)?;
            }
        });
    }
    let (mut look, mut told) = (interval(LOOK_EVERY), Instant::now());
    look.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        look.tick().await;
        let submitting = "SELECT count(*) FROM purchase WHERE state = 'submitting'";
        let submitting = books::number(&books::open(programme)?, submitting)?;
        under_way.store(usize::try_from(submitting)?, Ordering::Relaxed);
        while let Some(ended) = callers.try_join_next() {
            ended.context("a caller ended badly")??;
        }
        if callers.is_empty() {
            return Ok(());
        }
        if told.elapsed() > TELL_EVERY {
            println!("  {} of {count} prompts", next.load(Ordering::Relaxed).min(count));
            told = Instant::now();
        }
    }
}

/// What M-PESA would have said of each payment, once it took all of them and the hub knows all their names.
async fn words(programme: &Programme, sandbox: &Api, count: usize) -> anyhow::Result<Vec<Word>> {
    let named = "SELECT count(*) FROM purchase WHERE state = 'pending' AND reference IS NOT NULL";
    wait_for("every prompt is taken", Duration::from_secs(60), async || {
        let pending = books::open(programme).and_then(|books| books::number(&books, named));
        let taken = sandbox.get("/control/ledger").await.ok()?.body["items"]
            .as_array()?
            .len();
        (pending.ok()? == count as i64 && taken == count).then_some(())
    })
    .await?;
    let told = sandbox.get("/control/ledger").await?.expect(200)?;
    let lines = told["items"].as_array().context("M-PESA's books")?;
    let books = books::open(programme)?;
    let mut read = books.prepare("SELECT reference, token FROM purchase")?;
    let rows = read.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
    let tokens: BTreeMap<String, String> = rows.collect::<Result<_, _>>()?;
    let word = |line: &serde_json::Value| {
        let name = line["checkout_request"].as_str()?;
        let item = |name: &str, value: &serde_json::Value| json!({"Name": name, "Value": value});
        let items = [
            item("Amount", &line["amount"]),
            item("MpesaReceiptNumber", &line["receipt"]),
            item("TransactionDate", &json!(20_261_121_120_000_u64)),
            item("PhoneNumber", &line["phone"]),
        ];
        let body = json!({"Body": {"stkCallback": {"MerchantRequestID": "29115-34620561-1", "CheckoutRequestID": name,
            "ResultCode": 0, "ResultDesc": "done", "CallbackMetadata": {"Item": items}}}});
        Some(Word {
            token: tokens.get(name)?.clone(),
            body: body.to_string(),
        })
    };
    lines
        .iter()
        .map(word)
        .collect::<Option<_>>()
        .context("a payment that the hub does not know")
}

/// Sends all words but those `before`; with a goal the hub is killed once so many were answered. Gives the places of those
/// that were answered 200, the time of each answer in milliseconds, and the seconds it took until the last or the kill.
async fn send(
    programme: &mut Programme,
    words: &Arc<Vec<Word>>,
    before: &[usize],
    goal: Option<usize>,
) -> anyhow::Result<(Vec<usize>, (Vec<f64>, f64))> {
    let mut left: Vec<usize> = (0..words.len()).collect();
    let known: std::collections::BTreeSet<usize> = before.iter().copied().collect();
    left.retain(|place| !known.contains(place));
    let (left, next) = (Arc::new(left), Arc::new(AtomicUsize::new(0)));
    let (count, is_over) = (Arc::new(AtomicUsize::new(0)), Arc::new(AtomicBool::new(false)));
    let http = reqwest::Client::builder()
        .no_proxy()
        .pool_max_idle_per_host(CONNECTIONS)
        .build()?;
    let base = format!("{}/payments/daraja/{WEBHOOK_SECRET}/stk/", programme.hub.url()?);
    let start = Instant::now();
    let mut senders = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (http, base, words, left) = (http.clone(), base.clone(), Arc::clone(words), Arc::clone(&left));
        let (next, count, is_over) = (Arc::clone(&next), Arc::clone(&count), Arc::clone(&is_over));
        senders.spawn(async move {
            let mut answered = Vec::new();
            while let Some(place) = left.get(next.fetch_add(1, Ordering::Relaxed)) {
                let (word, asked) = (&words[*place], Instant::now());
                let sent = http
                    .post(format!("{base}{}", word.token))
                    .body(word.body.clone())
                    .send()
                    .await;
                match sent {
                    Ok(answer) if answer.status() == 200 => {
                        answered.push((*place, asked.elapsed().as_secs_f64() * 1_000.0));
                        count.fetch_add(1, Ordering::Relaxed);
                    }
                    Ok(answer) => anyhow::bail!("a callback was answered {}", answer.status()),
                    Err(_) if is_over.load(Ordering::Relaxed) => break,
                    Err(error) => return Err(error.into()),
                }
            }
            Ok((answered, start.elapsed().as_secs_f64()))
        });
    }
    let mut seconds = 0.0_f64;
    if let Some(goal) = goal {
        wait_for("the callbacks are answered", SETTLED_WITHIN, async || {
            (count.load(Ordering::Relaxed) >= goal).then_some(())
        })
        .await?;
        is_over.store(true, Ordering::Relaxed);
        seconds = start.elapsed().as_secs_f64();
        programme.hub.kill()?;
    }
    let (mut answered, mut times) = (Vec::new(), Vec::new());
    while let Some(ended) = senders.join_next().await {
        let (own, ended) = ended.context("a sender ended badly")??;
        for (place, ms) in own {
            answered.push(place);
            times.push(ms);
        }
        seconds = if goal.is_none() { seconds.max(ended) } else { seconds };
    }
    Ok((answered, (times, seconds)))
}

/// How many of the answered are neither claimed nor settled in the books.
fn forgotten(programme: &Programme, words: &[Word], answered: &[usize]) -> anyhow::Result<usize> {
    let books = books::open(programme)?;
    let mut read =
        books.prepare("SELECT count(*) FROM purchase WHERE token = ?1 AND (claimed OR state = 'succeeded')")?;
    let mut forgotten = 0;
    for place in answered {
        let count: i64 = read.query_row([&words[*place].token], |row| row.get(0))?;
        forgotten += usize::from(count != 1);
    }
    Ok(forgotten)
}

/// Waits until all of them are credited, once each.
async fn settled(programme: &Programme, count: usize) -> anyhow::Result<()> {
    let credited = |statement: &str| books::open(programme).and_then(|books| books::number(&books, statement));
    let limit = SETTLED_WITHIN;
    let entries = "SELECT coalesce(max(id), 0) FROM entry";
    let seen = wait_for("all are credited", limit, async || {
        (credited(entries).ok()? >= count as i64).then_some(())
    });
    seen.await?;
    let sources = credited("SELECT count(DISTINCT source) FROM credit WHERE source LIKE 'mpesa:%'")?;
    let all = credited("SELECT count(*) FROM credit WHERE source LIKE 'mpesa:%'")?;
    ensure!(
        sources == count as i64 && all == sources,
        "{all} credits of {sources} payments instead of {count}"
    );
    Ok(())
}
