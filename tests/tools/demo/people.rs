//! The people who come for water all day long.

use std::{
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context as _;
use tokio::{task::JoinSet, time::Instant};
use world::{
    acknowledged::Acknowledged,
    programme::{Customer, Programme},
    tap::Tap,
};

/// How long one sale may take; a dispenser knows no end by itself.
const SALE_WITHIN: Duration = Duration::from_secs(60);
/// From one customer of a dispenser to the next.
const PAUSE: Duration = Duration::from_secs(2);
/// What each has at the start, from the operator, and draws each time.
const STOCK_ML: i64 = 5_000_000;
const DRAW_ML: i64 = 5_000;

/// What everybody shares.
#[derive(Default)]
pub struct People {
    books: Mutex<Acknowledged>,
    is_over: AtomicBool,
    cut: Mutex<Option<String>>,
    offline: AtomicUsize,
}

impl People {
    fn lock(&self) -> MutexGuard<'_, Acknowledged> {
        // A map of what was heard is whole between any two calls.
        self.books.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What was acknowledged so far.
    pub fn books(&self) -> Acknowledged {
        self.lock().clone()
    }

    /// Litres were acknowledged.
    pub fn credited(&self, customer: &Customer, volume_ml: i64) {
        self.lock().credit(customer, volume_ml);
    }

    /// Says which site's link is cut just now.
    pub fn cut(&self, site: Option<&str>) {
        *self.cut.lock().unwrap_or_else(PoisonError::into_inner) = site.map(str::to_owned);
    }

    /// A sale came to its end.
    pub fn sold(&self, site: &str, tap: &Tap, customer: &Customer, sale: &world::tap::Sale) {
        self.lock().sale(site, tap.id(), customer, sale);
        let cut = self.cut.lock().unwrap_or_else(PoisonError::into_inner);
        if sale.receipt.is_some() && cut.as_deref() == Some(site) {
            self.offline.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Answers and receipts as they came.
    pub fn heard(&self, tap: &Tap) {
        self.lock().heard(tap.id(), &tap.heard);
    }

    /// Sales with a link cut.
    pub fn offline(&self) -> usize {
        self.offline.load(Ordering::Relaxed)
    }

    /// Nobody comes any more.
    pub fn close(&self) {
        self.is_over.store(true, Ordering::Relaxed);
    }
}

/// One customer for every dispenser but the first of each site, who come again and again until [`People::close`].
pub async fn crowd(
    programme: &Programme,
    people: &std::sync::Arc<People>,
) -> anyhow::Result<JoinSet<anyhow::Result<()>>> {
    let mut crowd = JoinSet::new();
    for (index, site) in programme.sites.iter().enumerate() {
        for number in 1..site.dispensers.len() {
            let phone = format!("07110{index}{number:04}");
            let customer = programme.register(&site.name, "Wanjiru Njeri", &phone, "2580").await?;
            programme.credit(&customer, STOCK_ML).await?;
            people.credited(&customer, STOCK_ML);
            let tap = site.tap(number);
            crowd.spawn(come_and_go(people.clone(), site.name.clone(), tap, customer));
        }
    }
    Ok(crowd)
}

async fn come_and_go(
    people: std::sync::Arc<People>,
    site: String,
    mut tap: Tap,
    customer: Customer,
) -> anyhow::Result<()> {
    for number in 0.. {
        if people.is_over.load(Ordering::Relaxed) {
            break;
        }
        let ask = customer.ask(&format!("d-{number}"), DRAW_ML);
        let limit = Instant::now() + SALE_WITHIN;
        let sale = tap.buy(ask, None, limit).await;
        let sale = sale.with_context(|| format!("{site}, {}", tap.id()))?;
        people.sold(&site, &tap, &customer, &sale);
        let pause = Instant::now() + PAUSE;
        tap.rest(pause).await?;
    }
    people.heard(&tap);
    Ok(())
}
