//! A whole programme of kiosks on this machine: a hub, sites with their dispensers, pretend M-PESA, and a network with a
//! switch for each site. Tests of the wires and the demo run the same one.
//!
//! ```text
//! taps ── MQTT ── gateway ── line (a switch) ──┐
//!                    └── pty ── modem ── texts ── hub ── pretend M-PESA and messenger
//! callers ── HTTP ── front door (a switch) ────┘
//! ```

mod around;
mod modem;

use std::{net::SocketAddr, path::Path, time::Duration};

use anyhow::{Context as _, ensure};
use kiosk::{provider::Provider, talk::ussd::Service};
use serde_json::{Value, json};
use tokio::{sync::watch, time::Instant};

use self::around::{configure, configure_texts, messengers_portal};
pub use self::modem::SiteModem;
use crate::{
    caller::Caller,
    http::Api,
    processes::{Program, wait_for},
    proxy::{Proxy, Weather},
    sandbox::texts,
    tap::Tap,
};

/// How long a program may take to end when asked to (DESIGN section 9).
pub const STOP_WITHIN: Duration = Duration::from_secs(10);
/// What the hub's webhooks must hold in their path.
pub const WEBHOOK_SECRET: &str = "0a1b2c3d4e5f60718293a4b5c6d7e8f9";

/// What the phones of a texting programme can dial.
pub const SERVICE_CODES: [(&str, Service, &str); 4] = [
    ("*384*303#", Service::Water, "Water"),
    ("*384*304#", Service::Loans, "Loans"),
    ("*384*305#", Service::Services, "Services"),
    ("*384*306#", Service::Household, "Household"),
];

/// The hub and what is around it.
pub struct Programme {
    /// The program.
    pub hub: Program,
    /// The pretend providers, when there are any.
    pub sandbox: Option<Program>,
    /// One address for the hub that stays, for callers and callbacks.
    pub door: Proxy,
    /// The hub's API with an administrator's token, through [`Programme::door`].
    pub api: Api,
    /// The sites.
    pub sites: Vec<Kiosk>,
}

/// One site.
pub struct Kiosk {
    /// Its name at the hub.
    pub name: String,
    /// The program.
    pub gateway: Program,
    /// The way to the hub.
    pub line: Proxy,
    /// The dispensers: id and secret.
    pub dispensers: Vec<(String, String)>,
    /// The modem, where it has one.
    pub modem: Option<SiteModem>,
    mqtt: watch::Sender<Option<SocketAddr>>,
}

/// Somebody who buys water.
#[derive(Clone, Debug)]
pub struct Customer {
    /// The hub's id.
    pub id: String,
    /// What people read out.
    pub account: String,
    /// The phone, as she keys it in.
    pub phone: String,
    /// The PIN.
    pub pin: String,
}

impl Programme {
    /// A hub under `folder`, with pretend M-PESA when asked for, and no site yet.
    pub async fn open(folder: &Path, with_sandbox: bool, keys: &[(&str, &str)]) -> anyhow::Result<Programme> {
        let providers: &[Provider] = if with_sandbox { &[Provider::Mpesa] } else { &[] };
        Programme::collecting(folder, providers, keys).await
    }

    /// A hub under `folder` that collects by these pretend providers, and no site yet. MTN and Airtel are Uganda's.
    pub async fn collecting(folder: &Path, providers: &[Provider], keys: &[(&str, &str)]) -> anyhow::Result<Programme> {
        Programme::assemble(folder, providers, false, keys).await
    }

    /// The same, whose texts and calls a pretend messenger carries, both ways.
    pub async fn texting(folder: &Path, providers: &[Provider], keys: &[(&str, &str)]) -> anyhow::Result<Programme> {
        Programme::assemble(folder, providers, true, keys).await
    }

    async fn assemble(
        folder: &Path,
        providers: &[Provider],
        texts: bool,
        keys: &[(&str, &str)],
    ) -> anyhow::Result<Programme> {
        let door = Proxy::start().await?;
        let mut hub = Program::hub(&folder.join("hub"))?;
        hub.set("webhooks.secret", WEBHOOK_SECRET);
        let mut sandbox = None;
        if !providers.is_empty() {
            let mut program = Program::sandbox(&folder.join("sandbox"))?;
            program.start().await?;
            for provider in providers {
                configure(&mut hub, folder, *provider, &program.url()?, &door.url())?;
            }
            if texts {
                configure_texts(&mut hub, folder, &program.url()?)?;
                let body = json!({ texts::NAME: messengers_portal(&door.url()) });
                Api::new(&program.url()?)?.post("/control", &body).await?.expect(200)?;
            }
            sandbox = Some(program);
        }
        for (key, value) in keys {
            hub.set(key, value);
        }
        hub.start().await?;
        door.lead_to(hub.address("web")?);
        let token = hub.last_word(&["token", "programme", "--role", "admin"]).await?;
        let api = Api::new(&door.url())?.with_token(&token);
        Ok(Programme {
            hub,
            sandbox,
            door,
            api,
            sites: Vec::new(),
        })
    }

    /// The control API of the pretend providers.
    pub fn sandbox(&self) -> anyhow::Result<Api> {
        let sandbox = self.sandbox.as_ref().context("there are no pretend providers")?;
        Api::new(&sandbox.url()?)
    }

    /// All texts in the pretend messenger's network, the oldest first.
    pub async fn texts(&self) -> anyhow::Result<Vec<Value>> {
        let control = self.sandbox()?.get("/control").await?.expect(200)?;
        let messages = control[texts::NAME]["messages"].as_array();
        messages.cloned().context("messages")
    }

    /// The texts that came to a pretend phone, the oldest first.
    pub async fn texts_on(&self, phone: u64) -> anyhow::Result<Vec<String>> {
        let texts = self.texts().await?.into_iter();
        let theirs = texts.filter(|text| text["phone"] == phone && text["from_phone"] == false);
        Ok(theirs
            .filter_map(|text| Some(text["text"].as_str()?.to_owned()))
            .collect())
    }

    /// The person at a pretend phone writes to a number.
    pub async fn write(&self, phone: u64, to: &str, text: &str) -> anyhow::Result<()> {
        let path = format!("/control/{}/phones/{phone}/text", texts::NAME);
        let body = json!({ "to": to, "text": text });
        self.sandbox()?.post(&path, &body).await?.expect(200).map(drop)
    }

    /// The person at a pretend phone, who dials.
    pub fn caller(&self, phone: u64) -> anyhow::Result<Caller> {
        Ok(Caller::new(self.sandbox()?, phone))
    }

    /// Has a pretend provider behave so, and know what a person would enter in its portal.
    pub async fn behave(&self, provider: Provider, behaviour: Value) -> anyhow::Result<()> {
        let mut behaviour = behaviour;
        if provider != Provider::Mpesa {
            let portal = format!("{}/payments/{provider}/{WEBHOOK_SECRET}", self.door.url());
            behaviour["callback_url"] = json!(portal);
            behaviour["callback_key"] = json!("pretend-callback_key");
            behaviour["challenge"] = json!("pretend-challenge");
        }
        let body = json!({ provider.name(): behaviour });
        self.sandbox()?.post("/control", &body).await?.expect(200).map(drop)
    }

    /// A site whose box has joined and is connected, with so many dispensers `tap-1`, `tap-2` …
    pub async fn add_site(&mut self, folder: &Path, name: &str, dispensers: usize) -> anyhow::Result<usize> {
        let gateway = Program::gateway(&folder.join(name))?;
        self.open_site((name, gateway, None), dispensers).await
    }

    /// The same with a modem, whose SIM is in the pretend messenger's network, and with these settings more.
    pub async fn add_texting_site(
        &mut self,
        folder: &Path,
        name: &str,
        dispensers: usize,
        keys: &[(&str, &str)],
    ) -> anyhow::Result<usize> {
        let sandbox = self.sandbox.as_ref().context("there is no pretend messenger")?;
        let modem = SiteModem::start_new(folder, name, self.sites.len(), &sandbox.url()?).await?;
        let mut gateway = Program::gateway(&folder.join(name))?;
        modem.configure(&mut gateway);
        for (key, value) in keys {
            gateway.set(key, value);
        }
        self.open_site((name, gateway, Some(modem)), dispensers).await
    }

    async fn open_site(
        &mut self,
        (name, mut gateway, modem): (&str, Program, Option<SiteModem>),
        dispensers: usize,
    ) -> anyhow::Result<usize> {
        let line = Proxy::start().await?;
        line.lead_to(self.hub.address("web")?);
        let code = self.hub.last_word(&["site", "add", name]).await?;
        gateway.set("mqtt.messages_per_second_max", "10000");
        gateway.start().await?;
        gateway.last_word(&["join", &line.url(), &code]).await?;
        let mut secrets = Vec::new();
        for number in 1..=dispensers {
            let id = format!("tap-{number}");
            let secret = gateway.last_word(&["dispenser", "add", &id]).await?;
            secrets.push((id, secret));
        }
        let mqtt = watch::channel(Some(gateway.address("mqtt")?)).0;
        self.sites.push(Kiosk {
            name: name.to_owned(),
            gateway,
            line,
            dispensers: secrets,
            modem,
            mqtt,
        });
        self.online(name, Duration::from_secs(20)).await?;
        Ok(self.sites.len() - 1)
    }

    /// What the hub says of a site.
    pub async fn site(&self, name: &str) -> anyhow::Result<Value> {
        let sites = self.api.list("/api/v1/sites").await?;
        let site = sites.into_iter().find(|site| site["name"] == name);
        site.with_context(|| format!("the hub knows no site {name}"))
    }

    /// Waits until the hub has a site's link.
    pub async fn online(&self, name: &str, limit: Duration) -> anyhow::Result<()> {
        let what = format!("{name} is online");
        let seen = wait_for(&what, limit, async || {
            let site = self.site(name).await.ok()?;
            (site["online"] == true).then_some(())
        });
        seen.await.with_context(|| self.hub.log_end())
    }

    /// A new customer of a site.
    pub async fn register(&self, site: &str, name: &str, phone: &str, pin: &str) -> anyhow::Result<Customer> {
        let body = json!({"phone": phone, "name": name, "pin": pin, "site": site});
        let made = self.api.post("/api/v1/customers", &body).await?.expect(201)?;
        let text = |field: &str| {
            made[field]
                .as_str()
                .map(str::to_owned)
                .with_context(|| made.to_string())
        };
        Ok(Customer {
            id: text("id")?,
            account: text("account_id")?,
            phone: phone.to_owned(),
            pin: pin.to_owned(),
        })
    }

    /// Litres without money. Tells the balance after them.
    pub async fn credit(&self, customer: &Customer, volume_ml: i64) -> anyhow::Result<i64> {
        let path = format!("/api/v1/customers/{}/credit", customer.id);
        let body = json!({"volume_ml": volume_ml, "reason": "a test"});
        let made = self.api.post(&path, &body).await?.expect(201)?;
        made["balance_ml"].as_i64().with_context(|| made.to_string())
    }

    /// The hub's view of a customer.
    pub async fn customer(&self, customer: &Customer) -> anyhow::Result<Value> {
        let path = format!("/api/v1/customers/{}", customer.id);
        self.api.get(&path).await?.expect(200)
    }

    /// Starts the hub again after it ended; those who knew its address find it at the new one.
    pub async fn start_hub(&mut self) -> anyhow::Result<()> {
        self.hub.start().await?;
        let address = self.hub.address("web")?;
        self.door.lead_to(address);
        for site in &self.sites {
            site.line.lead_to(address);
        }
        Ok(())
    }

    /// Waits until a site and the hub hold the same: nothing queued, hashes equal.
    pub async fn agree(&self, index: usize, limit: Duration) -> anyhow::Result<Value> {
        let site = &self.sites[index];
        let own = site.api().await?;
        let mut last = (Value::Null, Value::Null);
        let agreed = wait_for("both sides agree", limit, async || {
            let status = own.get("/api/v1/status").await.ok()?.body;
            let seen = self.site(&site.name).await.ok()?;
            last = (status.clone(), seen.clone());
            let queued = status["queue"]["money"] == 0 && status["queue"]["edits"] == 0;
            let same = !seen["state_hash"].is_null() && seen["state_hash"] == status["state_hash"];
            (status["link"] == "up" && seen["online"] == true && queued && same).then_some(seen)
        })
        .await;
        agreed.with_context(|| format!("the site: {}\nthe hub: {}", last.0, last.1))
    }

    /// Asks everything to end; each has to say 0 in time.
    pub async fn stop(&mut self) -> anyhow::Result<()> {
        let mut programs = Vec::new();
        for site in &mut self.sites {
            programs.push(&mut site.gateway);
            programs.extend(site.modem.as_mut().map(|modem| &mut modem.program));
        }
        programs.push(&mut self.hub);
        programs.extend(self.sandbox.as_mut());
        for program in programs.iter().filter(|program| program.id().is_some()) {
            program.signal("TERM")?;
        }
        for program in programs {
            if program.id().is_some() {
                let status = program.ended(STOP_WITHIN).await?;
                ensure!(status.success(), "{status}: {}", program.log_end());
            }
        }
        Ok(())
    }
}

impl Kiosk {
    /// A dispenser of this site; it finds the gateway again after every restart.
    pub fn tap(&self, number: usize) -> Tap {
        let (id, secret) = &self.dispensers[number];
        Tap::new(id, secret, self.mqtt.subscribe())
    }

    /// Cuts the link to the hub, or mends it.
    pub fn link(&self, is_up: bool) {
        self.line.set(if is_up { Weather::Open } else { Weather::Cut });
    }

    /// Starts the gateway again after it ended.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        self.mqtt.send_replace(None);
        self.gateway.start().await?;
        self.mqtt.send_replace(Some(self.gateway.address("mqtt")?));
        Ok(())
    }

    /// The gateway's API with a manager's token, made anew.
    pub async fn api(&self) -> anyhow::Result<Api> {
        let token = self.gateway.last_word(&["token", "programme"]).await?;
        Ok(Api::new(&self.gateway.url()?)?.with_token(&token))
    }
}

impl Customer {
    /// An ask for so much.
    pub fn ask(&self, request: &str, volume_ml: i64) -> crate::dispenser::Ask {
        crate::dispenser::Ask::by_pin(request, &self.phone, &self.pin, volume_ml)
    }
}

/// Settings with which several of these providers collect the shillings of one hub: Airtel is Kenya's, and of MTN, which
/// Kenya has not, it is the sandbox, which takes any amount as euros.
pub fn in_shillings(providers: &[Provider]) -> Vec<(&'static str, &'static str)> {
    let mut keys = Vec::new();
    if providers.contains(&Provider::Mtn) {
        keys.push(("payments.mtn.target_environment", "sandbox"));
        keys.push(("payments.mtn.currency", "EUR"));
    }
    if providers.contains(&Provider::Airtel) {
        keys.push(("payments.airtel.country", "KE"));
    }
    keys
}

/// A time from now, for those who wait until a limit.
pub fn within(seconds: u64) -> Instant {
    Instant::now() + Duration::from_secs(seconds)
}
