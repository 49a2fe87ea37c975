//! A site with a page on 127.0.0.1, and a small client.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::PathBuf,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use kiosk::{
    airtime::{AIRTIME, BUNDLE, Pattern},
    fact::{FloatGranted, Granted, Listed, Purse},
    ids::{AccountId, BoxId, CustomerId, DispenserId, Epoch, GrantId, ManagerId},
    moment::{Trust, Wall},
    pin::PinKey,
    units::{Currency, Volume},
};
use runtime::{
    clock::{Clock, Saved},
    decide::{self, Inbox},
    dice::Dice,
    stop::{self, Stopper},
};
use store::Durability;
use sync::{seal::SecretKey, vault::Vault};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{
    adapters::web::{self, password::digest, replies::Replies, wire},
    site::{
        Opening, Settings, Site,
        airtime::OperatorCodes,
        care::Care,
        effect::{Effect, Refusal, Told, Wire},
        enrolment::Enrolment,
        input::{Command, Input, Role},
        sim::{SimEvent, SimIdentity, SimNetwork, SimOrder, SimSettings},
        store::{floats, people, readers::Readers, rights},
    },
};

/// Anything here takes far less; a test that waits longer has failed.
pub const LIMIT: Duration = Duration::from_secs(20);
pub const JANE: CustomerId = CustomerId(7);
pub const PHONE: &str = "0700000102";
pub const SECRET: &str = "the-secret-of-tap-1";
pub const OTHER_SECRET: &str = "the-secret-of-tap-2";

pub struct Bench {
    folder: PathBuf,
    pub address: SocketAddr,
    pub inbox: Inbox<Input>,
    pub replies: Replies,
    orders: Arc<Mutex<Vec<SimOrder>>>,
    stopper: Stopper,
    server: JoinHandle<std::io::Result<()>>,
}

/// An answer.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: BTreeMap<String, String>,
    pub body: String,
}

impl Answer {
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The code of a refusal.
    pub fn code(&self) -> String {
        self.json()["error"]["code"].as_str().unwrap_or_default().to_owned()
    }

    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map(String::as_str).unwrap_or_default()
    }

    /// The value of a hidden field of the page.
    pub fn hidden(&self, name: &str) -> String {
        let marker = format!("name=\"{name}\" value=\"");
        let rest = self.body.split_once(&marker).map(|(_, rest)| rest).unwrap_or_default();
        rest.split('"').next().unwrap_or_default().to_owned()
    }

    /// The cookie that is set, as the browser sends it back.
    pub fn cookie(&self) -> String {
        self.header("set-cookie")
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned()
    }
}

impl Bench {
    /// A joined site where Jane has 20 litres, with two dispensers.
    pub async fn new(name: &str) -> Bench {
        let bench = Bench::open(name, Some(enrolment())).await;
        for (id, secret) in [("tap-1", SECRET), ("tap-2", OTHER_SECRET)] {
            let command = Command::AddDispenser {
                dispenser: id.parse::<DispenserId>().unwrap(),
                secret: digest(secret),
            };
            assert_eq!(bench.tell(command).await, Ok(Told::Done));
        }
        bench
    }

    /// A joined site where Jane has 20 litres, with a modem whose SIM is in Safaricom's network.
    pub async fn with_modem(name: &str) -> Bench {
        Bench::open_with_modem(name, Some(enrolment())).await
    }

    /// The same modem, also in a box that has not joined.
    pub async fn open_with_modem(name: &str, enrolment: Option<Enrolment>) -> Bench {
        let sim = SimSettings {
            parts_per_day: 200,
            sync_texts_per_day: 60,
            commands_per_day: 10,
            hub_number: None,
            hub_code: None,
            thin_after_ms: 600_000,
            thin_linger_ms: 3_600_000,
        };
        let codes = OperatorCodes {
            code: "*144#".to_owned(),
            pattern: Pattern::parse(AIRTIME).unwrap(),
            bundle_code: None,
            bundle_pattern: Pattern::parse(BUNDLE).unwrap(),
        };
        let care = Care {
            technicians: Vec::new(),
            airtime_low_units: 50,
            dispenser_silent_ms: 0,
            operators: BTreeMap::from([("63902".to_owned(), codes)]),
        };
        let bench = Bench::open_with(name, enrolment, care, Some(sim)).await;
        let identity = SimIdentity {
            model: "SIMCOM SIM7600".to_owned(),
            ..SimIdentity::default()
        };
        bench.sim(SimEvent::Ready(identity)).await;
        let network = SimNetwork {
            is_registered: true,
            registration: "home",
            operator: "Safaricom".to_owned(),
            operator_code: "63902".to_owned(),
            signal_dbm: Some(-97),
            technology: "LTE",
        };
        bench.sim(SimEvent::Network(network)).await;
        bench
    }

    /// The SIM tells something.
    pub async fn sim(&self, event: SimEvent) {
        self.inbox.send(Input::Sim(event)).await.unwrap();
    }

    /// What the SIM was asked since the last time.
    pub fn orders(&self) -> Vec<SimOrder> {
        std::mem::take(&mut self.orders.lock().unwrap())
    }

    /// A site over a fresh database, served.
    pub async fn open(name: &str, enrolment: Option<Enrolment>) -> Bench {
        Bench::open_with(name, enrolment, Care::default(), None).await
    }

    async fn open_with(name: &str, enrolment: Option<Enrolment>, care: Care, sim: Option<SimSettings>) -> Bench {
        let folder = std::env::temp_dir().join(format!("kisima-web-{name}-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let path = folder.join("site.db");
        let vault = Vault::new(&SecretKey::new([0x5a; 32]));
        let site = Site::open(Opening {
            path: &path,
            durability: Durability::Relaxed,
            epoch: Epoch(2),
            settings: Settings {
                report_within_ms: 60_000,
                language: "en".to_owned(),
                volume_max: Volume::from_ml(20_000),
                pulses_per_litre: 450,
                built: Wall(0),
                hub_url: None,
                care,
                sim,
            },
            wire: Wire {
                answer: wire::answer,
                receipt: wire::receipt,
                told: wire::told,
            },
            enrolment: None,
            medium: [0; 8],
            vault: vault.clone(),
        })
        .unwrap();
        if enrolment.is_some() {
            meet_jane(&site);
        }
        let (inbox, queue) = decide::queue();
        let replies = Replies::default();
        let router = replies.clone();
        let clock = Clock::new(Wall(0), Saved::default());
        assert!(clock.hear(Trust::Hub, Wall(1_790_000_000_000)));
        let orders = Arc::new(Mutex::new(Vec::new()));
        let asked = Arc::clone(&orders);
        let emit = move |effects: Vec<_>| {
            for effect in effects {
                if let Some(Effect::Sim(order)) = router.take(effect) {
                    asked.lock().unwrap().push(order);
                }
            }
        };
        decide::spawn(site, queue, clock, Dice::from_system().unwrap(), emit, || ()).unwrap();
        inbox.send(Input::Started).await.unwrap();
        if let Some(enrolment) = enrolment {
            inbox.send(Input::Joined(Box::new(enrolment))).await.unwrap();
        }
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let (stopper, stop) = stop::token();
        let (server_inbox, server_replies) = (inbox.clone(), replies.clone());
        let readers = Readers::new(&path, vault);
        let server = tokio::spawn(async move { web::run(listener, server_inbox, server_replies, readers, stop).await });
        Bench {
            folder,
            address,
            inbox,
            replies,
            orders,
            stopper,
            server,
        }
    }

    pub async fn tell(&self, command: Command) -> Result<Told, Refusal> {
        self.replies.tell(&self.inbox, command).await.unwrap()
    }

    /// A token of this role.
    pub async fn token(&self, role: Role) -> String {
        self.token_named(&format!("test-{}", role.name()), role).await
    }

    /// A token of this name and role.
    pub async fn token_named(&self, name: &str, role: Role) -> String {
        let (token, hash) = web::password::token().unwrap();
        let command = Command::AddToken {
            name: name.to_owned(),
            role,
            hash,
        };
        assert_eq!(self.tell(command).await, Ok(Told::Done));
        token
    }

    /// A manager who has logged in and chosen a password; gives the cookie.
    pub async fn manager(&self, name: &str, role: Role) -> String {
        let (first, hash) = web::password::first_password().unwrap();
        let name = name.to_owned();
        let command = Command::ResetManager {
            name: name.clone(),
            role,
            hash,
        };
        assert_eq!(self.tell(command).await, Ok(Told::Done));
        let login = self.post("/login", &[], &format!("name={name}&password={first}")).await;
        assert_eq!(
            (login.status, login.header("location")),
            (303, "/password"),
            "{login:?}"
        );
        let cookie = login.cookie();
        let page = self.get("/password", &[("cookie", &cookie)]).await;
        let form = format!(
            "token={}&old={first}&new=better-water&again=better-water",
            page.hidden("token")
        );
        let changed = self.post("/password", &[("cookie", &cookie)], &form).await;
        assert_eq!(changed.status, 303, "{changed:?}");
        cookie
    }

    pub async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        self.request("GET", path, headers, "").await
    }

    /// A form.
    pub async fn post(&self, path: &str, headers: &[(&str, &str)], form: &str) -> Answer {
        let kind = ("content-type", "application/x-www-form-urlencoded");
        self.request("POST", path, &[&[kind], headers].concat(), form).await
    }

    /// JSON with a bearer.
    pub async fn json(&self, path: &str, bearer: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let bearer = format!("Bearer {bearer}");
        let own = [("content-type", "application/json"), ("authorization", bearer.as_str())];
        self.request("POST", path, &[&own, headers].concat(), body).await
    }

    pub async fn request(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Answer {
        let work = async {
            let mut stream = self.send(method, path, headers, body).await;
            let mut bytes = Vec::new();
            let read = stream.read_to_end(&mut bytes).await;
            // A body that is refused early may end in a reset, after the answer.
            assert!(read.is_ok() || !bytes.is_empty(), "{method} {path}: {read:?}");
            parse(&bytes)
        };
        tokio::time::timeout(LIMIT, work).await.unwrap()
    }

    /// Sends a request and gives the open connection.
    pub async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> BufReader<TcpStream> {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        let mut head = format!(
            "{method} {path} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        head += &format!("content-length: {}\r\n\r\n", body.len());
        stream.write_all(head.as_bytes()).await.unwrap();
        // The other side may refuse and close before it has read everything.
        drop(stream.write_all(body.as_bytes()).await);
        BufReader::new(stream)
    }

    /// A bearer for a GET.
    pub async fn get_as(&self, token: &str, path: &str) -> Answer {
        self.get(path, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Ends the server as a stopped program does, and says how long that took.
    pub async fn stop(self) -> Duration {
        let began = Instant::now();
        self.stopper.stop();
        tokio::time::timeout(LIMIT, self.server)
            .await
            .unwrap()
            .unwrap()
            .unwrap();
        drop(self.inbox);
        std::fs::remove_dir_all(&self.folder).unwrap();
        began.elapsed()
    }
}

fn parse(bytes: &[u8]) -> Answer {
    let text = String::from_utf8_lossy(bytes);
    let (head, body) = text
        .split_once("\r\n\r\n")
        .unwrap_or_else(|| panic!("no answer: {text}"));
    let mut lines = head.lines();
    let status = lines
        .next()
        .and_then(|line| line.split(' ').nth(1))
        .unwrap()
        .parse()
        .unwrap();
    let mut headers = BTreeMap::new();
    for (name, value) in lines.filter_map(|line| line.split_once(": ")) {
        // Of several cookies the first is the page's.
        headers.entry(name.to_lowercase()).or_insert_with(|| value.to_owned());
    }
    let is_chunked = headers.get("transfer-encoding").is_some_and(|value| value == "chunked");
    let body = if is_chunked { unchunked(body) } else { body.to_owned() };
    Answer { status, headers, body }
}

fn unchunked(mut rest: &str) -> String {
    let mut whole = String::new();
    while let Some((length, after)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length, 16).unwrap();
        whole += &after[..length];
        rest = after[length..].trim_start_matches("\r\n");
    }
    whole
}

pub fn enrolment() -> Enrolment {
    Enrolment {
        box_id: BoxId(9),
        site: "kibera-3".parse().unwrap(),
        title: "Kibera 3".to_owned(),
        time_zone: "Africa/Nairobi".to_owned(),
        currency: Currency::Kes,
        language: "en".to_owned(),
        medium: [0; 8],
        generation: 0,
        hub_url: "https://hub.example".to_owned(),
        pair_key: SecretKey::new([1; 32]),
        pin_key: SecretKey::new([5; 32]),
        receipt_key: SecretKey::new([6; 32]),
        identity_seed: SecretKey::new([2; 32]),
        hub_signing_key: [3; 32],
        hub_sealing_key: [9; 32],
    }
}

fn meet_jane(site: &Site) {
    let connection = site.connection();
    let float = FloatGranted {
        float: GrantId {
            epoch: Epoch(0x44),
            number: 9,
        },
        manager: ManagerId(0xa1),
        login: "musa".to_owned(),
        amount_minor: 10_000,
        price_per_m3_minor: 200_000,
    };
    floats::grant(connection, &float).unwrap();
    let pin = PinKey::new([5; 32]).verifier(JANE, &"4071".parse().unwrap());
    let listed = Listed {
        customer: JANE,
        generation: 0,
        revision: 1,
        account: AccountId::new(123_456).unwrap(),
        active: true,
        bill_overdue: false,
        daily_limit: None,
        pin: Some(pin),
    };
    people::list(connection, &listed).unwrap();
    people::admit(connection, JANE, true).unwrap();
    people::put_profile(connection, JANE, Some("+254700000102"), "Jane Smith", "").unwrap();
    let granted = Granted {
        grant: GrantId {
            epoch: Epoch(0x44),
            number: 1,
        },
        customer: JANE,
        purse: Purse::Prepaid,
        volume: Volume::from_ml(20_000),
        valid_until: None,
    };
    rights::grant(connection, &granted, JANE).unwrap();
}
