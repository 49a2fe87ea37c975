//! A site as it stands after a month: joined, its customers known and credited, their sales made and sent.
//!
//! | in the directory | |
//! |---|---|
//! | `site/`, `hub/` | the data directories of the two programs, stopped |
//! | `customers.txt` | one a line: what is keyed in, a space, the PIN |
//! | `dispensers.txt` | one a line: the id, a space, the secret |

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::Args;
use serde_json::{Value, json};
use tokio::{
    task::JoinSet,
    time::{Instant, interval},
};
use world::{http::Api, programme::Programme};

use crate::{
    generator::{Customer, Login},
    rivals::fresh_directory,
    sell::{Sales, sell},
};

/// The site's name, and that of its directory.
pub const SITE: &str = "site";
/// Callers of the hub's API at once.
const CALLERS: usize = 24;
/// From one word of progress to the next.
const TELL_EVERY: Duration = Duration::from_secs(5);
/// The longest without any progress.
const STUCK_AFTER: Duration = Duration::from_secs(180);
/// So much water that no run of a bench draws it all.
pub const SEA_ML: i64 = 100_000_000_000;

/// How much there is at the site.
#[derive(Clone, Copy, Debug, Args)]
pub struct Size {
    /// Customers who may draw.
    #[arg(long, default_value_t = 10_000)]
    pub customers: usize,
    /// Sales before the site is measured: 30 days of 1,000.
    #[arg(long, default_value_t = 30_000)]
    pub sales: usize,
    /// Dispensers that make them; at most 56 (`mqtt.connections_max`).
    #[arg(long, default_value_t = 50)]
    pub dispensers: usize,
}

/// The prepared site.
#[derive(Clone, Debug)]
pub struct Prepared {
    /// Where all of it is.
    pub directory: PathBuf,
    /// Who may draw.
    pub customers: Vec<Customer>,
    /// The dispensers that the site knows.
    pub dispensers: Vec<Login>,
}

impl Prepared {
    /// What an earlier `prepare` left in a directory.
    pub fn read(directory: &Path) -> anyhow::Result<Prepared> {
        let customers = pairs(&directory.join("customers.txt"))?;
        let dispensers = pairs(&directory.join("dispensers.txt"))?;
        Ok(Prepared {
            directory: directory.to_owned(),
            customers: customers
                .into_iter()
                .map(|(user, pin)| Customer { user, pin })
                .collect(),
            dispensers: dispensers
                .into_iter()
                .map(|(id, secret)| Login {
                    id,
                    secret: Some(secret),
                })
                .collect(),
        })
    }

    /// The gateway's data directory.
    pub fn site(&self) -> PathBuf {
        self.directory.join(SITE)
    }

    fn write(&self) -> anyhow::Result<()> {
        let (mut customers, mut dispensers) = (String::new(), String::new());
        for customer in &self.customers {
            writeln!(customers, "{} {}", customer.user, customer.pin)?;
        }
        for login in &self.dispensers {
            writeln!(
                dispensers,
                "{} {}",
                login.id,
                login.secret.as_deref().unwrap_or_default()
            )?;
        }
        std::fs::write(self.directory.join("customers.txt"), customers)?;
        Ok(std::fs::write(self.directory.join("dispensers.txt"), dispensers)?)
    }
}

fn pairs(file: &Path) -> anyhow::Result<Vec<(String, String)>> {
    let text = std::fs::read_to_string(file).with_context(|| format!("read {}", file.display()))?;
    let pair = |line: &str| {
        let (first, second) = line
            .split_once(' ')
            .with_context(|| format!("{}: {line:?} is not two words", file.display()))?;
        Ok((first.to_owned(), second.trim().to_owned()))
    };
    text.lines().map(pair).collect()
}

/// Makes such a site with the programs beside this one.
pub async fn prepare(parent: &Path, size: Size) -> anyhow::Result<Prepared> {
    let directory = fresh_directory(parent, "prepared")?;
    let start = Instant::now();
    let mut programme = Programme::open(&directory, false, &[("log.level", "warn")]).await?;
    programme.add_site(&directory, SITE, size.dispensers).await?;
    println!("prepare: {} customers, credited through the hub's API", size.customers);
    let customers = enrol(&programme, SITE, size.customers, SEA_ML).await?;
    await_agreement(&programme).await?;
    println!("  {:.0} s; both sides agree", start.elapsed().as_secs_f64());
    let kiosk = &programme.sites[0];
    let dispensers: Vec<Login> = logins(&kiosk.dispensers);
    println!("prepare: {} sales from {} dispensers", size.sales, size.dispensers);
    let sales = Sales {
        server: kiosk.gateway.address("mqtt")?.to_string(),
        logins: dispensers.clone(),
        customers: customers.clone(),
        count: size.sales,
        run: "past".to_owned(),
        pause_max: Duration::ZERO,
    };
    sell(sales).await?;
    await_agreement(&programme).await?;
    println!("  {:.0} s; the hub has them all", start.elapsed().as_secs_f64());
    programme.stop().await?;
    let prepared = Prepared {
        directory,
        customers,
        dispensers,
    };
    prepared.write()?;
    Ok(prepared)
}

/// Ids and secrets as logins.
pub fn logins(dispensers: &[(String, String)]) -> Vec<Login> {
    let login = |(id, secret): &(String, String)| Login {
        id: id.clone(),
        secret: Some(secret.clone()),
    };
    dispensers.iter().map(login).collect()
}

/// Makes customers of a site and credits each.
pub async fn enrol(programme: &Programme, site: &str, count: usize, volume_ml: i64) -> anyhow::Result<Vec<Customer>> {
    let api = programme.api.at(&programme.hub.url()?);
    let next = Arc::new(AtomicUsize::new(0));
    let mut callers = JoinSet::new();
    for _ in 0..CALLERS {
        let (api, next, site) = (api.clone(), Arc::clone(&next), site.to_owned());
        callers.spawn(async move {
            loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= count {
                    return anyhow::Ok(());
                }
                enrol_one(&api, &site, number, volume_ml).await?;
            }
        });
    }
    let mut tell = interval(TELL_EVERY);
    tell.tick().await;
    loop {
        tokio::select! {
            ended = callers.join_next() => match ended {
                Some(ended) => ended.context("a caller ended badly")??,
                None => return Ok((0..count).map(customer).collect()),
            },
            _ = tell.tick() => println!("  {} of {count} customers", next.load(Ordering::Relaxed).min(count)),
        }
    }
}

async fn enrol_one(api: &Api, site: &str, number: usize, volume_ml: i64) -> anyhow::Result<()> {
    let Customer { user, pin } = customer(number);
    let body = json!({"phone": user, "name": format!("Customer {number}"), "pin": pin, "site": site});
    let made = api.post("/api/v1/customers", &body).await?.expect(201)?;
    let id = made["id"].as_str().with_context(|| made.to_string())?;
    let body = json!({"volume_ml": volume_ml, "reason": "a bench"});
    api.post(&format!("/api/v1/customers/{id}/credit"), &body)
        .await?
        .expect(201)?;
    Ok(())
}

/// The customer with this number; no PIN of theirs is among the common ones, which a hub refuses.
fn customer(number: usize) -> Customer {
    Customer {
        user: format!("07{:08}", 12_000_000 + number),
        pin: format!("{}", 8_100 + number % 700),
    }
}

/// Waits until nothing is queued on either side and both hold the same, as long as there is progress.
pub async fn await_agreement(programme: &Programme) -> anyhow::Result<()> {
    let kiosk = &programme.sites[0];
    let own = kiosk.api().await?;
    let mut tell = interval(Duration::from_millis(500));
    let (mut last, mut since, mut told) = (Value::Null, Instant::now(), Instant::now());
    loop {
        tell.tick().await;
        let status = own.get("/api/v1/status").await?.expect(200)?;
        let hub = programme.site(&kiosk.name).await?;
        let waiting = [&status["queue"]["money"], &status["queue"]["edits"], &hub["queue"]];
        if nothing(&waiting) && hub["online"] == true && hub["state_hash"] == status["state_hash"] {
            return Ok(());
        }
        let now = json!([waiting, hub["state_hash"], status["state_hash"]]);
        if now != last {
            (last, since) = (now, Instant::now());
        } else if since.elapsed() > STUCK_AFTER {
            bail!("no progress: the site says {status}, the hub {hub}");
        }
        if told.elapsed() > TELL_EVERY {
            println!("  waiting: {}", json!(waiting));
            told = Instant::now();
        }
    }
}

fn nothing(waiting: &[&Value]) -> bool {
    waiting.iter().all(|value| match value {
        Value::Object(lanes) => nothing(&lanes.values().collect::<Vec<_>>()),
        value => **value == 0,
    })
}
