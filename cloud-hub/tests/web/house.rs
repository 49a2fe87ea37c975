//! A whole hub in a folder of its own, with a token for each role.

use std::{
    collections::BTreeMap,
    io,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::atomic::{AtomicU64, Ordering},
};

use config::{Sources, Surroundings};
use hub::{
    adapters::web::password,
    app::{self, Running},
    hub::{
        effect::Response,
        input::{Actor, NewSite, Request, Secret},
        operator::Role,
    },
};
use rusqlite::Connection;
use serde_json::{Value, json};
use store::Database;

use crate::http::{Answer, send};

/// The webhooks' secret of these tests.
pub const WEBHOOK_SECRET: &str = "0123456789abcdef";

static FOLDERS: AtomicU64 = AtomicU64::new(0);

/// No file and no variable of the machine that runs the tests.
struct Nothing;

impl Surroundings for Nothing {
    fn read(&self, _: &Path) -> io::Result<String> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn list(&self, _: &Path) -> io::Result<Vec<PathBuf>> {
        Err(io::ErrorKind::NotFound.into())
    }

    fn variables(&self) -> Vec<(String, String)> {
        Vec::new()
    }
}

/// A folder that goes with its test.
pub struct Folder(pub PathBuf);

impl Folder {
    pub fn new() -> Folder {
        let number = FOLDERS.fetch_add(1, Ordering::Relaxed);
        let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("web-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&path).unwrap();
        Folder(path)
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.0).unwrap();
    }
}

/// A hub that runs.
pub struct House {
    pub running: Option<Running>,
    pub web: SocketAddr,
    pub folder: Folder,
    tokens: BTreeMap<Role, String>,
}

impl House {
    pub async fn open() -> House {
        House::with(&[]).await
    }

    /// With these settings over the tests' own.
    pub async fn with(set: &[&str]) -> House {
        let folder = Folder::new();
        let own = [
            "web.listen=127.0.0.1:0".to_owned(),
            format!("webhooks.secret='{WEBHOOK_SECRET}'"),
        ];
        let sources = Sources {
            set: own.into_iter().chain(set.iter().map(|set| (*set).to_owned())).collect(),
            data_dir: Some(folder.0.join("data")),
            ..Sources::default()
        };
        let loaded = config::Hub::load(&sources, &Nothing).unwrap();
        let running = app::start(&loaded.config).await.unwrap();
        let mut house = House {
            web: running.web,
            running: Some(running),
            folder,
            tokens: BTreeMap::new(),
        };
        house.site("kibera").await;
        for role in Role::ALL {
            let site = (role == Role::Kiosk).then(|| "kibera".parse().unwrap());
            let name = role.name().to_owned();
            let Response::Secret { secret } = house.owner(Request::AddToken { name, role, site }).await else {
                panic!("a token")
            };
            house.tokens.insert(role, secret);
        }
        house
    }

    /// The database, for looking.
    pub fn database(&self) -> PathBuf {
        self.folder.0.join("data/hub.db")
    }

    /// Asks the machine as its owner, and gets what was asked for.
    pub async fn owner(&self, request: Request) -> Response {
        let desk = &self.running.as_ref().unwrap().desk;
        desk.ask(Actor::Owner, None, request).await.unwrap()
    }

    /// A new site; its join code.
    pub async fn site(&self, name: &str) -> String {
        let new = NewSite {
            name: name.parse().unwrap(),
            title: Some(format!("Kiosk {name}")),
            time_zone: None,
            valid_ms: None,
        };
        match self.owner(Request::AddSite(new)).await {
            Response::JoinCode { code, .. } => code,
            other => panic!("{other:?}"),
        }
    }

    /// Somebody who can log in.
    pub async fn user(&self, name: &str, role: Role, password: &str) {
        let request = Request::AddUser {
            name: name.to_owned(),
            role,
            password_hash: Secret(password::hash(password).unwrap()),
        };
        self.owner(request).await;
    }

    pub fn token(&self, role: Role) -> &str {
        &self.tokens[&role]
    }

    /// A request with the token of a role.
    pub async fn ask(&self, role: Role, method: &str, path: &str, body: Option<Value>) -> Answer {
        let bytes = body.map(|body| body.to_string()).unwrap_or_default();
        self.send(role, method, path, &[], bytes.as_bytes()).await
    }

    /// The same with more headers and any body.
    pub async fn send(&self, role: Role, method: &str, path: &str, more: &[(&str, &str)], body: &[u8]) -> Answer {
        let bearer = format!("Bearer {}", self.token(role));
        let mut headers = vec![("authorization", bearer.as_str())];
        headers.extend(more);
        send(self.web, method, path, &headers, body).await
    }

    pub async fn get(&self, path: &str) -> Value {
        let answer = self.ask(Role::Admin, "GET", path, None).await;
        assert_eq!(answer.status, 200, "{path}: {answer:?}");
        answer.json()
    }

    pub async fn post(&self, path: &str, body: Value) -> Answer {
        self.ask(Role::Admin, "POST", path, Some(body)).await
    }

    /// A customer at home in kibera, with this PIN; their id.
    pub async fn customer(&self, phone: &str, pin: &str) -> String {
        let body = json!({"phone": phone, "name": "Jane Wanjiru", "pin": pin, "site": "kibera"});
        let answer = self.post("/api/v1/customers", body).await;
        assert_eq!(answer.status, 201, "{answer:?}");
        answer.json()["id"].as_str().unwrap().to_owned()
    }

    /// The books, as pages read them.
    pub fn books(&self) -> Connection {
        Database::open_read_only(&self.folder.0.join("data/hub.db")).unwrap()
    }

    /// Takes the hub down in good order.
    pub async fn close(mut self) {
        self.running.take().unwrap().stop().await.unwrap();
    }
}
