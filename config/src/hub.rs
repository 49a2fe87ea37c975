//! The settings of `kisima-hub`.

use std::{collections::BTreeMap, net::SocketAddr, path::PathBuf, time::Duration};

use jiff::tz::TimeZone;
use kiosk::{
    bill::{BLOCKS_MAX, Block, BlockTariff},
    ids::SiteName,
    talk::{broadcast, ussd::Service},
    units::{Currency, Money, Volume},
};

use crate::{
    ConfigError, Loaded, Network, Secret, Sources, Surroundings,
    common::{self, Log},
    layers::{Key, Layers, Program},
    providers::{AfricasTalking, Airtel, Intasend, Mpesa, Mtn},
    reader::Reader,
};

/// The largest price that can be set, in minor units: ten million of a currency with cents.
const PRICE_MINOR_MAX: i64 = 1_000_000_000;

/// The shortest webhook secret that is taken, in hexadecimal digits; `openssl rand -hex 16` makes one of 32.
const WEBHOOK_SECRET_DIGITS_MIN: usize = 8;

/// Everything the hub is told. The file `config/hub.toml` explains each key.
#[derive(Clone, Debug, PartialEq)]
pub struct Hub {
    /// `[site]`: what holds for sites that say nothing else.
    pub site: Site,
    /// `[web]`
    pub web: Web,
    /// `[storage]`
    pub storage: Storage,
    /// `[webhooks]`
    pub webhooks: Webhooks,
    /// `[ussd]`
    pub ussd: Ussd,
    /// `tariff.price_per_m3_minor`: of a thousand litres.
    pub price_per_m3: Money,
    /// `[plans.NAME]` by name; `monthly` is built in.
    pub plans: BTreeMap<String, Plan>,
    /// `loans.enabled`
    pub loans_enabled: bool,
    /// `loans.answer_within`: how long a lender may take.
    pub loans_answer_within: Duration,
    /// `loans.every_days`: days from one repayment to the next, of new loans.
    pub loans_every_days: u16,
    /// `sms.commands_per_day`: of one number.
    pub sms_commands_per_day: u32,
    /// `sms.via`
    pub sms_via: SmsVia,
    /// `sms.sites`: all that have a gateway when empty.
    pub sms_sites: Vec<SiteName>,
    /// `sync.texts_per_day`: that one box may cost.
    pub sync_texts_per_day: u32,
    /// `subscriptions.remind_days`: how many days before the end a reminder goes out.
    pub subscriptions_remind_days: Vec<u32>,
    /// `[billing]`
    pub billing: Billing,
    /// `purchases.asked_within`: how old what was asked at a site without a link may be when it arrives.
    pub purchases_asked_within: Duration,
    /// `[payments]`
    pub payments: Payments,
    /// `[messaging.broadcasts]`: texts to many people.
    pub broadcasts: broadcast::Policy,
    /// `[messaging.africastalking]`; `None` when not configured.
    pub africastalking: Option<AfricasTalking>,
    /// `[log]`
    pub log: Log,
}

/// `sms.via`: who carries texts to customers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmsVia {
    /// The messaging provider.
    Provider,
    /// The SIM of the customer's home site.
    Sites,
}

/// `[site]`
#[derive(Clone, Debug, PartialEq)]
pub struct Site {
    /// `site.currency`
    pub currency: Currency,
    /// `site.time_zone`: where days begin and subscriptions end.
    pub time_zone: TimeZone,
    /// `site.language`: `en`, `sw` or `fr`; for pages and people who chose none.
    pub language: &'static str,
}

/// `[web]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Web {
    /// `web.listen`: sync, webhooks, API and pages.
    pub listen: SocketAddr,
    /// `web.trusted_proxies`: whose `X-Forwarded-For` is believed.
    pub trusted_proxies: Vec<Network>,
}

/// `[storage]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    /// `storage.data_dir`
    pub data_dir: PathBuf,
    /// `storage.url`
    pub url: StorageUrl,
}

/// Where the hub keeps its facts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum StorageUrl {
    /// `sqlite:FILE`; a relative file lies in `storage.data_dir`.
    Sqlite(PathBuf),
}

/// `[webhooks]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhooks {
    /// `webhooks.secret`: the segment every webhook's path must hold; `None` refuses them all, unless unsigned ones
    /// are allowed.
    pub secret: Option<Secret>,
    /// `webhooks.allow_unsigned`: serve the paths without the secret too.
    pub allow_unsigned: bool,
}

/// `[ussd]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ussd {
    /// `ussd.codes`: the menu by service code, the code without its last `#`. See [`Ussd::menu`].
    pub codes: BTreeMap<String, Service>,
    /// `ussd.session`: how long a session may last.
    pub session: Duration,
    /// `ussd.safaricom.session`: the same of those that Safaricom carries.
    pub safaricom_session: Duration,
    /// `ussd.sessions_per_minute`: how many sessions one number may begin in a minute.
    pub sessions_per_minute: u32,
    /// `ussd.test`: open the test routes without a token, for development.
    pub test: bool,
    /// `ussd.safaricom.text`
    pub safaricom_text: SafaricomText,
    /// `ussd.safaricom.callbacks_from`: who may call that handler; anybody with the secret when empty.
    pub safaricom_from: Vec<Network>,
}

impl Ussd {
    /// The menu behind a service code as an aggregator writes it; an unknown code gets the one of water.
    pub fn menu(&self, service_code: &str) -> Service {
        let known = self.codes.get(service_code.trim_end_matches('#'));
        known.copied().unwrap_or(Service::Water)
    }
}

/// What `text` holds in the JSON of `/api/ussd/handler`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SafaricomText {
    /// The newest input alone.
    Newest,
    /// All inputs of the session, joined with `*`.
    Joined,
}

/// `[plans.NAME]`: a subscription that can be bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Plan {
    /// `price_minor`
    pub price: Money,
    /// `days` it is valid.
    pub days: u32,
    /// `jerrycans` that can be collected in that time.
    pub jerrycans: u32,
}

/// `[billing]`: customers who pay by bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Billing {
    /// `billing.due_days`: a bill is to be paid within so many days after the day on which it was made.
    pub due_days: u16,
    /// `billing.remind_days`: how many days before it is due a reminder goes out.
    pub remind_days: Vec<u16>,
    /// `[billing.tariffs.NAME]` by name; `standard` is built in.
    pub tariffs: BTreeMap<String, BlockTariff>,
}

/// `[payments]`
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Payments {
    /// `payments.query_after`: how long after the prompt, and after each query, the provider is asked.
    pub query_after: Duration,
    /// `payments.queries_max`: how often it is asked while the customer waits.
    pub queries_max: u32,
    /// `[payments.mpesa]`; `None` when not configured.
    pub mpesa: Option<Mpesa>,
    /// `[payments.mtn]`; `None` when not configured.
    pub mtn: Option<Mtn>,
    /// `[payments.airtel]`; `None` when not configured.
    pub airtel: Option<Airtel>,
    /// `[payments.intasend]`; `None` when not configured.
    pub intasend: Option<Intasend>,
}

impl Hub {
    /// Reads all layers and checks every value; the error names all problems at once.
    pub fn load(sources: &Sources, surroundings: &dyn Surroundings) -> Result<Loaded<Hub>, ConfigError> {
        let mut reader = Reader::new(Layers::collect(Program::Hub, sources, surroundings));
        let site = Site {
            currency: reader.choice(
                "site.currency",
                "KES",
                &Currency::ALL.map(|currency| (currency.code(), currency)),
            ),
            time_zone: common::time_zone(&mut reader),
            language: common::language(&mut reader),
        };
        let price = reader.integer("tariff.price_per_m3_minor", 200_000, 1..=PRICE_MINOR_MAX);
        let hub = Hub {
            web: Web {
                listen: reader.address("web.listen", "0.0.0.0:8000"),
                trusted_proxies: reader.list("web.trusted_proxies", "[\"10.0.0.0/8\"]"),
            },
            storage: Storage {
                data_dir: common::data_dir(&mut reader, "/var/lib/kisima/hub"),
                url: reader.checked_text("storage.url", "sqlite:hub.db", storage_url),
            },
            webhooks: Webhooks {
                secret: reader.hidden("webhooks.secret", webhook_secret),
                allow_unsigned: reader.boolean("webhooks.allow_unsigned", false),
            },
            ussd: Ussd::read(&mut reader),
            price_per_m3: Money::new(price, site.currency),
            plans: plans(&mut reader, site.currency),
            loans_enabled: reader.boolean("loans.enabled", true),
            loans_answer_within: reader.duration("loans.answer_within", "72 h", minutes(60)..=minutes(30 * 24 * 60)),
            loans_every_days: reader.integer("loans.every_days", 7, 1..=365),
            sms_commands_per_day: reader.integer("sms.commands_per_day", 10, 0..=10_000),
            sms_via: reader.choice(
                "sms.via",
                "provider",
                &[("provider", SmsVia::Provider), ("sites", SmsVia::Sites)],
            ),
            sms_sites: reader.list("sms.sites", "[\"kibera-3\"]"),
            sync_texts_per_day: reader.integer("sync.texts_per_day", 60, 0..=10_000),
            subscriptions_remind_days: reader.integers("subscriptions.remind_days", &[3, 1], 0..=365),
            billing: Billing {
                due_days: reader.integer("billing.due_days", 14, 1..=365),
                remind_days: reader.integers("billing.remind_days", &[3, 1], 0..=365),
                tariffs: tariffs(&mut reader, site.currency, price),
            },
            purchases_asked_within: reader.duration(
                "purchases.asked_within",
                "24 h",
                minutes(1)..=minutes(30 * 24 * 60),
            ),
            payments: Payments {
                query_after: reader.duration("payments.query_after", "30 s", Duration::from_millis(1)..=minutes(10)),
                queries_max: reader.integer("payments.queries_max", 4, 1..=100),
                mpesa: Mpesa::read(&mut reader),
                mtn: Mtn::read(&mut reader),
                airtel: Airtel::read(&mut reader),
                intasend: Intasend::read(&mut reader),
            },
            broadcasts: broadcasts(&mut reader),
            africastalking: AfricasTalking::read(&mut reader),
            log: Log::read(&mut reader),
            site,
        };
        reader.finish(hub)
    }
}

impl Ussd {
    fn read(reader: &mut Reader) -> Ussd {
        let texts = [("newest", SafaricomText::Newest), ("joined", SafaricomText::Joined)];
        Ussd {
            codes: codes(reader),
            session: reader.duration("ussd.session", "180 s", Duration::from_secs(1)..=minutes(60)),
            safaricom_session: reader.duration("ussd.safaricom.session", "180 s", Duration::from_secs(1)..=minutes(60)),
            sessions_per_minute: reader.integer("ussd.sessions_per_minute", 10, 1..=1_000_000),
            test: reader.boolean("ussd.test", false),
            safaricom_text: reader.choice("ussd.safaricom.text", "newest", &texts),
            safaricom_from: reader.list("ussd.safaricom.callbacks_from", "[\"192.0.2.0/24\"]"),
        }
    }
}

fn broadcasts(reader: &mut Reader) -> broadcast::Policy {
    let built_in = broadcast::Policy::default();
    let from = reader.integer("messaging.broadcasts.from_hour", 8, 0..=23);
    let to = reader.integer("messaging.broadcasts.to_hour", 19, 1..=24);
    let hours = broadcast::Hours::new(from, to);
    if hours.is_none() {
        reader.problem(
            "messaging.broadcasts.to_hour",
            "must be later than from_hour".to_owned(),
        );
    }
    broadcast::Policy {
        price_per_part_minor: reader.integer("messaging.broadcasts.price_per_part_minor", 0, 0..=1_000_000),
        parts_max: reader.integer("messaging.broadcasts.parts_max", 3, 1..=10),
        hours: hours.unwrap_or(built_in.hours),
    }
}

fn codes(reader: &mut Reader) -> BTreeMap<String, Service> {
    let mut codes = BTreeMap::new();
    for name in reader.names("ussd.codes") {
        let key = Key::under("ussd.codes", &[&name]);
        let menu = reader.optional(key.clone(), menu_name);
        let code = name.trim_end_matches('#').to_owned();
        if !code.starts_with('*') || common::ussd_code(&format!("{code}#")).is_err() {
            reader.problem(key, "must be a service code such as \"*384*303#\"".to_owned());
        } else if let Some(menu) = menu
            && codes.insert(code, menu).is_some()
        {
            reader.problem(key, "stands twice, with and without '#'".to_owned());
        }
    }
    codes
}

fn menu_name(text: &str) -> Result<Service, String> {
    Service::from_name(text).ok_or_else(|| {
        let names = Service::ALL.map(Service::name).join(", ");
        format!("must be one of {names}")
    })
}

fn plans(reader: &mut Reader, currency: Currency) -> BTreeMap<String, Plan> {
    const BUILT_IN: &str = "monthly";
    let mut names = reader.names("plans");
    names.insert(BUILT_IN.to_owned());
    let mut plans = BTreeMap::new();
    for name in names {
        let keys = ["price_minor", "days", "jerrycans"].map(|part| Key::under("plans", &[&name, part]));
        let missing: Vec<Key> = keys.iter().filter(|key| !reader.has(key)).cloned().collect();
        let [price, days, jerrycans] = keys.clone();
        let plan = Plan {
            price: Money::new(reader.integer(price, 30_000, 1..=PRICE_MINOR_MAX), currency),
            days: reader.integer(days, 30, 1..=3_660),
            jerrycans: reader.integer(jerrycans, 30, 1..=100_000),
        };
        for key in missing.into_iter().filter(|_| name != BUILT_IN) {
            reader.problem(
                key,
                "is missing: a plan needs price_minor, days and jerrycans".to_owned(),
            );
        }
        match lower_case_name(&name, "a plan's name") {
            Ok(name) => {
                plans.insert(name, plan);
            }
            Err(what) => reader.problem(keys[0].clone(), what),
        }
    }
    plans
}

/// The tariffs of bills; `standard` charges each litre what prepaid litres cost, unless it says otherwise.
fn tariffs(reader: &mut Reader, currency: Currency, price_per_m3_minor: i64) -> BTreeMap<String, BlockTariff> {
    const BUILT_IN: &str = "standard";
    const SECTION: &str = "billing.tariffs";
    const BLOCK_LITRES_MAX: i64 = 1_000_000_000;
    let mut names = reader.names(SECTION);
    names.insert(BUILT_IN.to_owned());
    let mut tariffs = BTreeMap::new();
    for name in names {
        let [sizes, prices] = ["block_litres", "price_per_m3_minor"].map(|part| Key::under(SECTION, &[&name, part]));
        let is_priced = name == BUILT_IN || reader.has(&prices);
        let litres: Vec<u64> = reader.integers(sizes.clone(), &[], 1..=BLOCK_LITRES_MAX);
        let each: Vec<u32> = reader.integers(prices.clone(), &[price_per_m3_minor], 0..=PRICE_MINOR_MAX);
        let last = std::iter::once(None);
        let sizes_of = litres.iter().map(|litres| Some(Volume::from_ml(litres * 1_000)));
        let blocks = sizes_of.chain(last).zip(&each).map(|(size, price)| Block {
            size,
            price_per_m3_minor: *price,
        });
        let tariff = BlockTariff::new(blocks.collect(), currency);
        match (lower_case_name(&name, "a tariff's name"), tariff) {
            (Err(what), _) => reader.problem(prices, what),
            _ if !is_priced => reader.problem(prices, "is missing: a tariff needs a price for each block".to_owned()),
            (Ok(name), Ok(tariff)) if each.len() == litres.len() + 1 => {
                tariffs.insert(name, tariff);
            }
            _ => reader.problem(
                prices,
                format!(
                    "must be one price for each of block_litres and one more for all that is left, at most {BLOCKS_MAX}"
                ),
            ),
        }
    }
    tariffs
}

/// A name beginning with a letter, for in `BUY litres|plan` a number means litres.
fn lower_case_name(text: &str, what: &str) -> Result<String, String> {
    let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let starts = text.starts_with(|c: char| c.is_ascii_lowercase());
    match starts && text.len() <= 32 && text.chars().all(known) {
        true => Ok(text.to_owned()),
        false => Err(format!(
            "{what} must be 1 to 32 of a-z, 0-9, '-' and '_', a letter first"
        )),
    }
}

fn storage_url(text: &str) -> Result<StorageUrl, String> {
    if text.starts_with("postgres://") || text.starts_with("postgresql://") {
        return Err("PostgreSQL is not built yet: use sqlite:FILE".to_owned());
    }
    match text.strip_prefix("sqlite:") {
        Some(file) if !file.is_empty() => Ok(StorageUrl::Sqlite(PathBuf::from(file))),
        _ => Err("must be sqlite:FILE".to_owned()),
    }
}

fn webhook_secret(text: &str) -> Result<Secret, String> {
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    match text.chars().all(hex) && (WEBHOOK_SECRET_DIGITS_MIN..=128).contains(&text.len()) {
        true => Ok(Secret::new(text)),
        false => Err(format!("must be {WEBHOOK_SECRET_DIGITS_MIN} to 128 of 0-9 and a-f")),
    }
}

const fn minutes(number: u64) -> Duration {
    Duration::from_secs(number * 60)
}
