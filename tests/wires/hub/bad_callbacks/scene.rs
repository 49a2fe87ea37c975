//! A hub that collects by all four pretend providers, and what these tests do at it.

use kiosk::provider::Provider;
use rusqlite::Connection;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::TcpStream,
    time::timeout,
};
use world::{
    http::Api,
    processes::{Folder, wait_for},
    programme::{Customer, Programme, WEBHOOK_SECRET, in_shillings},
};

use super::WITHIN;

/// A purchase by a prompt.
#[derive(Clone, Debug)]
pub struct Purchase {
    /// The hub's id.
    pub id: String,
    /// Who collects.
    pub provider: Provider,
    /// The last part of its callback's address at M-PESA, and its name in IntaSend's callback.
    pub token: String,
    /// Its name at the provider; empty until the hub knows it.
    pub reference: String,
    /// The phone.
    pub phone: u64,
    /// Whole shillings.
    pub amount: i64,
}

impl Purchase {
    /// Where its callback comes to.
    pub fn path(&self) -> String {
        match self.provider {
            Provider::Mpesa => format!("/payments/daraja/{WEBHOOK_SECRET}/stk/{}", self.token),
            provider => format!("/payments/{provider}/{WEBHOOK_SECRET}"),
        }
    }

    /// A receipt that is its own.
    pub fn receipt(&self) -> String {
        self.token[..10].to_ascii_uppercase()
    }
}

/// The hub and all around it.
pub struct Scene {
    programme: Programme,
    sandbox: Api,
    jane: Customer,
    http: reqwest::Client,
    bought: i64,
    folder: Folder,
}

impl Scene {
    /// Everything runs; nobody has bought anything.
    pub async fn open() -> Scene {
        let folder = Folder::new("bad-callbacks").unwrap();
        let mut keys = in_shillings(&Provider::ALL);
        // Nothing is asked but what a callback makes the hub ask.
        keys.push(("payments.query_after", "600 s"));
        let programme = Programme::collecting(folder.path(), &Provider::ALL, &keys)
            .await
            .unwrap();
        let body = json!({"phone": "0708374149", "name": "Jane Smith", "pin": "4071"});
        let made = programme
            .api
            .post("/api/v1/customers", &body)
            .await
            .unwrap()
            .expect(201)
            .unwrap();
        let text = |name: &str| made[name].as_str().unwrap().to_owned();
        let jane = Customer {
            id: text("id"),
            account: text("account_id"),
            phone: "0708374149".to_owned(),
            pin: "4071".to_owned(),
        };
        Scene {
            sandbox: programme.sandbox().unwrap(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            programme,
            jane,
            bought: 0,
            folder,
        }
    }

    /// A provider behaves so; an open prompt is told as open.
    pub async fn behave(&self, provider: Provider, behaviour: Value) {
        let mut all = json!({"callbacks": 1, "push_fault": "none", "query_fault": "none", "auto_after_ms": 20});
        if provider == Provider::Mpesa {
            all["in_flight"] = json!("code4999");
        }
        for (name, value) in behaviour.as_object().unwrap() {
            all[name] = value.clone();
        }
        self.programme.behave(provider, all).await.unwrap();
    }

    /// The same, and phones pay by themselves.
    pub async fn pays_by_itself(&self, provider: Provider, behaviour: Value) {
        let mut behaviour = behaviour;
        behaviour["auto"] = json!(true);
        self.behave(provider, behaviour).await;
    }

    /// Starts a purchase of an amount of its own.
    pub async fn start(&mut self, provider: Provider) -> Purchase {
        self.bought += 1;
        let body = json!({"customer": self.jane.id, "kind": "topup", "volume_ml": 1_000 * self.bought,
            "provider": provider.name()});
        let made = self.programme.api.post("/api/v1/purchases", &body).await.unwrap();
        let id = made.expect(202).unwrap()["id"].as_str().unwrap().to_owned();
        self.look(&id, provider)
    }

    /// Starts a purchase, and waits until the provider has taken it.
    pub async fn buy(&mut self, provider: Provider) -> Purchase {
        let started = self.start(provider).await;
        wait_for("the prompt is taken", WITHIN, async || {
            let purchase = self.look(&started.id, provider);
            let is_taken = self.state(&purchase) != "submitting" && !purchase.reference.is_empty();
            is_taken.then_some(purchase)
        })
        .await
        .unwrap()
    }

    fn look(&self, id: &str, provider: Provider) -> Purchase {
        let number = u64::from_str_radix(id, 16).unwrap().cast_signed();
        let sql = "SELECT token, coalesce(reference, ''), payer, amount_minor FROM purchase WHERE id = ?1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Purchase {
                id: id.to_owned(),
                provider,
                token: row.get(0)?,
                reference: row.get(1)?,
                phone: row.get::<_, i64>(2)?.unsigned_abs(),
                amount: row.get::<_, i64>(3)? / 100,
            })
        };
        self.books().query_row(sql, [number], read).unwrap()
    }

    fn books(&self) -> Connection {
        store::Database::open_read_only(&self.folder.path().join("hub/hub.db")).unwrap()
    }

    /// One number of the hub's books.
    pub fn number(&self, sql: &str) -> i64 {
        self.books().query_row(sql, [], |row| row.get(0)).unwrap()
    }

    /// How many rows the audit has.
    pub fn audit_rows(&self) -> i64 {
        self.number("SELECT count(*) FROM audit")
    }

    /// Where a purchase stands.
    pub fn state(&self, purchase: &Purchase) -> String {
        let number = u64::from_str_radix(&purchase.id, 16).unwrap().cast_signed();
        let sql = "SELECT state FROM purchase WHERE id = ?1";
        self.books().query_row(sql, [number], |row| row.get(0)).unwrap()
    }

    /// Jane's account number.
    pub fn account(&self) -> String {
        self.jane.account.clone()
    }

    /// Posts bytes to the hub, and tells the status.
    pub async fn post(&self, path: &str, body: &str) -> u16 {
        let url = format!("{}{path}", self.programme.hub.url().unwrap());
        let sent = self.http.post(url).body(body.to_owned()).send().await.unwrap();
        sent.status().as_u16()
    }

    /// Waits until the provider has the money.
    pub async fn paid(&self, purchase: &Purchase) {
        wait_for("it is paid", WITHIN, async || {
            let ledger = self.sandbox.get("/control/ledger").await.ok()?.body;
            let lines = ledger["items"].as_array()?.clone();
            let is_it = |line: &Value| {
                let provider = line["provider"].as_str().unwrap_or("mpesa");
                provider == purchase.provider.name() && line["amount"] == purchase.amount
            };
            lines.iter().any(is_it).then_some(())
        })
        .await
        .unwrap();
    }

    /// Waits until a purchase has succeeded, and looks that it was credited once and the books are in order.
    pub async fn credited_once(&self, purchase: &Purchase) {
        let what = format!("{} purchase {} is credited", purchase.provider, purchase.id);
        wait_for(&what, WITHIN, async || {
            (self.state(purchase) == "succeeded").then_some(())
        })
        .await
        .unwrap_or_else(|error| panic!("{error}: {}\n{}", self.state(purchase), self.programme.hub.log_end()));
        let of_it = format!(
            "SELECT count(*) FROM credit WHERE volume_ml = {}",
            500 * purchase.amount
        );
        assert_eq!(self.number(&of_it), 1, "{what}");
        let torn = "SELECT count(*) FROM (SELECT 1 FROM posting GROUP BY entry, currency HAVING sum(minor) <> 0)";
        assert_eq!(self.number(torn), 0);
    }

    /// Sends a body of so many bytes, its length told or in chunks, until the hub has answered. Gives the status and how
    /// many bytes went out.
    pub async fn flood(&self, path: &str, bytes: usize, is_told: bool) -> (u16, usize) {
        let address = self.programme.hub.address("web").unwrap();
        let stream = TcpStream::connect(address).await.unwrap();
        let (mut reading, mut writing) = stream.into_split();
        let size = match is_told {
            true => format!("content-length: {bytes}"),
            false => "transfer-encoding: chunked".to_owned(),
        };
        let head = format!("POST {path} HTTP/1.1\r\nhost: hub\r\n{size}\r\n\r\n");
        let sending = tokio::spawn(async move {
            let piece = vec![b' '; 65_536];
            let mut sent = 0;
            if writing.write_all(head.as_bytes()).await.is_err() {
                return sent;
            }
            while sent < bytes {
                if !is_told && writing.write_all(b"10000\r\n").await.is_err() {
                    break;
                }
                if writing.write_all(&piece).await.is_err() {
                    break;
                }
                sent += piece.len();
                if !is_told && writing.write_all(b"\r\n").await.is_err() {
                    break;
                }
            }
            sent
        });
        let mut head = [0; 12];
        timeout(WITHIN, reading.read_exact(&mut head)).await.unwrap().unwrap();
        // Nobody reads on; the other end hears that when its writes fail.
        drop(reading);
        let status = std::str::from_utf8(&head[9..12]).unwrap().parse().unwrap();
        let sent = timeout(WITHIN, sending).await.unwrap().unwrap();
        (status, sent)
    }

    /// The most memory that the hub ever held, in kibibytes (proc(5), `VmHWM`).
    pub fn memory_most_kb(&self) -> u64 {
        let file = format!("/proc/{}/status", self.programme.hub.id().unwrap());
        let status = std::fs::read_to_string(file).unwrap();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.split_whitespace().next().unwrap().parse().unwrap()
    }

    /// Takes everything down in good order.
    pub async fn close(mut self) {
        self.programme.stop().await.unwrap();
    }
}
