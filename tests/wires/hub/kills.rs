//! `kill -9` of either program at any moment, under load: what was acknowledged is there afterwards, and counted once
//! (RELIABILITY row 3, invariants I1 to I3). The long run of it is for `make endure`.

use std::{
    collections::BTreeMap,
    env,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use reqwest::Method;
use serde_json::json;
use tokio::{
    task::JoinSet,
    time::{Instant, interval, timeout},
};
use world::{
    acknowledged::Acknowledged,
    http::Api,
    processes::{Folder, wait_for},
    programme::{Customer, Programme},
    tap::Tap,
};

/// Kills in all, of both programs; `KILLS` sets another number.
const KILLS: usize = 60;
/// Dispensers at work.
const TAPS: usize = 4;
/// How long the whole may take.
const LIMIT: Duration = Duration::from_secs(85);

/// What everybody at work shares.
struct Shift {
    books: Mutex<Acknowledged>,
    is_over: AtomicBool,
    sales: std::sync::atomic::AtomicUsize,
}

/// A dispenser at work: one sale after the other, whatever happens, until the shift is over and its memory empty.
async fn work(shift: Arc<Shift>, site: String, mut tap: Tap, customer: Customer, end: Instant) -> Result<(), String> {
    for number in 0.. {
        if shift.is_over.load(Ordering::Relaxed) {
            break;
        }
        // Now and then less than was approved, so that holds settle at what flowed.
        let pour = (number % 3 == 0).then_some(number % 7 * 50);
        let ask = customer.ask(&format!("s-{number}"), 500);
        match tap.buy(ask, pour, end).await {
            Ok(sale) => {
                let mut books = shift.books.lock().map_err(|error| error.to_string())?;
                books.sale(&site, tap.id(), &customer, &sale);
                shift.sales.fetch_add(1, Ordering::Relaxed);
            }
            Err(error) => return Err(format!("{error:#}")),
        }
    }
    let mut books = shift.books.lock().map_err(|error| error.to_string())?;
    books.heard(tap.id(), &tap.heard);
    Ok(())
}

/// Somebody at the hub: credits, each repeated with its key until it was answered.
async fn credit(shift: Arc<Shift>, api: Api, customers: Vec<Customer>, end: Instant) -> Result<(), String> {
    for (number, customer) in (0..).zip(customers.iter().cycle()) {
        if shift.is_over.load(Ordering::Relaxed) {
            break;
        }
        let (key, path) = (
            format!("credit-{number}"),
            format!("/api/v1/customers/{}/credit", customer.id),
        );
        let body = json!({"volume_ml": 700, "reason": "a test"});
        let mut pace = interval(Duration::from_millis(20));
        loop {
            pace.tick().await;
            if Instant::now() > end {
                return Err(format!("{key} was never answered"));
            }
            let answer = api
                .call(Method::POST, &path, Some(&body), &[("Idempotency-Key", &key)])
                .await;
            match answer {
                Ok(answer) if answer.status == 201 => break,
                Ok(answer) if answer.status < 500 && answer.status != 429 => return Err(answer.text),
                _ => {}
            }
        }
        shift
            .books
            .lock()
            .map_err(|error| error.to_string())?
            .credit(customer, 700);
    }
    Ok(())
}

/// Kills one program or the other, each after some more sales than before, and starts it again.
async fn kill(shift: &Shift, programme: &mut Programme, kills: usize, end: Instant) -> BTreeMap<&'static str, usize> {
    let mut done = BTreeMap::new();
    for number in 0..kills {
        // At a different point of the work each time; a fraction of a second when nothing can be sold just now.
        let goal = shift.sales.load(Ordering::Relaxed) + number % 5;
        let more = wait_for(
            "some sales",
            Duration::from_millis(40 + 37 * (number as u64 % 11)),
            async || (shift.sales.load(Ordering::Relaxed) > goal).then_some(()),
        );
        // Nothing may be sold in this time; then it is killed in the midst of something else.
        more.await.ok();
        if Instant::now() > end {
            break;
        }
        if number % 5 < 3 {
            programme.sites[0].gateway.kill().unwrap();
            programme.sites[0].start().await.unwrap();
            *done.entry("gateway").or_default() += 1;
        } else {
            programme.hub.kill().unwrap();
            programme.start_hub().await.unwrap();
            *done.entry("hub").or_default() += 1;
        }
    }
    done
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn kills_at_any_moment_lose_nothing_acknowledged_and_count_nothing_twice() {
    let kills = env::var("KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(KILLS);
    let limit = LIMIT.max(Duration::from_millis(1_200 * kills as u64));
    timeout(limit + Duration::from_secs(30), run(kills, Instant::now() + limit))
        .await
        .unwrap();
}

async fn run(kills: usize, end: Instant) {
    let folder = Folder::new("kills").unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    programme.add_site(folder.path(), "kibera-3", TAPS).await.unwrap();
    let shift = Arc::new(Shift {
        books: Mutex::default(),
        is_over: AtomicBool::new(false),
        sales: Default::default(),
    });
    let mut customers = Vec::new();
    for number in 0..TAPS {
        let phone = format!("070000020{number}");
        let customer = programme
            .register("kibera-3", "Jane Smith", &phone, "4071")
            .await
            .unwrap();
        programme.credit(&customer, 400_000).await.unwrap();
        shift.books.lock().unwrap().credit(&customer, 400_000);
        customers.push(customer);
    }
    programme.agree(0, Duration::from_secs(20)).await.unwrap();

    let mut people = JoinSet::new();
    for (number, customer) in customers.iter().enumerate() {
        let tap = programme.sites[0].tap(number);
        people.spawn(work(shift.clone(), "kibera-3".to_owned(), tap, customer.clone(), end));
    }
    people.spawn(credit(shift.clone(), programme.api.clone(), customers, end));
    let started = Instant::now();
    let last_kill = end - Duration::from_secs(25);
    let done = kill(&shift, &mut programme, kills, last_kill).await;
    shift.is_over.store(true, Ordering::Relaxed);
    let took = started.elapsed();
    while let Some(ended) = people.join_next().await {
        ended
            .unwrap()
            .unwrap_or_else(|error| panic!("{error}\n{}", programme.sites[0].gateway.log_end()));
    }
    programme.agree(0, Duration::from_secs(60)).await.unwrap();
    let books = shift.books.lock().unwrap().clone();
    let findings = books.audit(&programme).await.unwrap();
    println!(
        "{done:?} killed in {took:.1?}; {} sales of {} ml, {} ml credited",
        books.poured.len(),
        books.volume_ml(),
        books.credited.values().sum::<i64>()
    );
    assert!(
        findings.is_empty(),
        "{} findings:\n{}",
        findings.len(),
        findings.join("\n")
    );
    assert_eq!(
        done.values().sum::<usize>(),
        kills,
        "there was no time for all kills: {done:?}"
    );
    assert!(books.poured.len() >= kills, "only {} sales", books.poured.len());
    // Whoever was killed last still ends well.
    programme.stop().await.unwrap();
}
