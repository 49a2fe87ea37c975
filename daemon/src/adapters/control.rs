//! Subcommands: one request on one line of JSON, one answer on the next. They come through the control socket when the
//! daemon runs; when it does not, the subcommand itself opens the machine and performs the same requests.

use std::{os::unix::fs::PermissionsExt as _, path::Path, time::Duration};

use kiosk::{
    ids::{BoxId, DispenserId, SiteName},
    units::Currency,
};
use runtime::{decide::Inbox, stop::Stop};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use sync::seal::{Identity, SecretKey};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{UnixListener, UnixStream},
};

use crate::{
    app::{
        self, Replies,
        files::{DataDir, bytes},
        medium, secrets,
    },
    site::{
        effect::{Refusal, Told},
        enrolment::Enrolment,
        input::{Command, Input, Role},
    },
};

/// The longest request taken.
const REQUEST_BYTES_MAX: u64 = 64 * 1024;
/// How long one subcommand may take, and the pause after a connection that could not be taken.
const ANSWER_WITHIN: Duration = Duration::from_secs(60);
const ACCEPT_PAUSE: Duration = Duration::from_millis(200);
/// How long the hub may take to answer a join.
const JOIN_WITHIN: Duration = Duration::from_secs(30);
/// How long it may take to say that it lives.
const HEALTH_WITHIN: Duration = Duration::from_secs(10);

/// What a subcommand asks for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Request {
    /// Tell how the site stands, as the API does.
    Standing,
    /// Make a dispenser, or a new secret for one.
    DispenserAdd {
        /// Its id.
        id: String,
    },
    /// Make a manager, or give one a new first password.
    ManagerReset {
        /// The account.
        name: String,
    },
    /// Make a token for the API.
    Token {
        /// What it is for.
        name: String,
    },
    /// Enrol this box.
    Join {
        /// The hub's address.
        url: String,
        /// The one-time code.
        code: String,
        /// Whether a box that has joined may join anew.
        replace: bool,
    },
}

/// What it is told: lines for people, a secret or a code as the last word.
#[derive(Debug, Serialize, Deserialize)]
pub enum Response {
    /// It is done.
    Ok(String),
    /// Nothing changed, and why.
    Refused(String),
}

/// Who performs requests: the running daemon's machine, or one opened for the purpose.
#[allow(async_fn_in_trait)]
pub trait Performer {
    /// Tells the machine something.
    async fn tell(&mut self, command: Command) -> Result<Told, Refusal>;
    /// The machine belongs to this enrolment from now on, unless it fails.
    async fn joined(&mut self, enrolment: Enrolment);

    /// Whether it does.
    async fn is_box(&mut self, box_id: BoxId) -> bool {
        matches!(self.tell(Command::Status).await, Ok(Told::Status(status)) if status.box_id == Some(box_id))
    }
}

/// Performs one request.
pub async fn perform(performer: &mut impl Performer, data: &DataDir, request: Request) -> Response {
    let outcome = match request {
        Request::Standing => standing(performer).await,
        Request::DispenserAdd { id } => add_dispenser(performer, &id).await,
        Request::ManagerReset { name } => reset_manager(performer, name).await,
        Request::Token { name } => make_token(performer, name).await,
        Request::Join { url, code, replace } => join(performer, data, &url, &code, replace).await,
    };
    outcome.map_or_else(Response::Refused, Response::Ok)
}

async fn standing(performer: &mut impl Performer) -> Result<String, String> {
    match performer.tell(Command::Status).await {
        Ok(Told::Status(status)) => Ok(app::standing(&status)),
        Ok(_) => Err(Refusal::Degraded.to_string()),
        Err(refusal) => Err(refusal.to_string()),
    }
}

async fn add_dispenser(performer: &mut impl Performer, id: &str) -> Result<String, String> {
    let dispenser: DispenserId = id.parse().map_err(|error| format!("{id}: {error}"))?;
    let secret = hex::encode(random::<16>()?);
    let command = Command::AddDispenser {
        dispenser,
        secret: Sha256::digest(&secret).into(),
    };
    performer.tell(command).await.map_err(|refusal| refusal.to_string())?;
    Ok(format!(
        "Dispenser {id} may connect now. Its secret is shown only once: {secret}"
    ))
}

async fn reset_manager(performer: &mut impl Performer, name: String) -> Result<String, String> {
    let (password, hash) = secrets::first_password().map_err(|error| error.to_string())?;
    let text = format!("Manager {name} may log in, and chooses a password then. The first one is {password}");
    let command = Command::ResetManager {
        name,
        role: Role::Manager,
        hash,
    };
    performer.tell(command).await.map_err(|refusal| refusal.to_string())?;
    Ok(text)
}

async fn make_token(performer: &mut impl Performer, name: String) -> Result<String, String> {
    let (token, hash) = secrets::token().map_err(|error| error.to_string())?;
    let text = format!("Whoever shows this token acts as a manager here; it is shown only once: {token}");
    let command = Command::AddToken {
        name,
        role: Role::Manager,
        hash,
    };
    performer.tell(command).await.map_err(|refusal| refusal.to_string())?;
    Ok(text)
}

/// What the hub is asked, and what it answers (`POST /join`; keys in hexadecimal).
#[derive(Serialize)]
struct JoinRequest<'a> {
    code: &'a str,
    public_key: String,
    medium: String,
    replace: bool,
}

#[derive(Deserialize)]
struct JoinAnswer {
    site: String,
    title: String,
    #[serde(rename = "box")]
    box_id: String,
    time_zone: String,
    currency: String,
    language: String,
    pair_key: String,
    pin_key: String,
    receipt_key: String,
    hub_signing_key: String,
    hub_sealing_key: String,
    generation: u32,
}

async fn join(
    performer: &mut impl Performer,
    data: &DataDir,
    url: &str,
    code: &str,
    replace: bool,
) -> Result<String, String> {
    let url = url.trim_end_matches('/');
    if !url.starts_with("http://") && !url.starts_with("https://") {
        return Err(format!("{url}: the hub's address begins with https:// or http://"));
    }
    if let Some(old) = data.enrolment().map_err(|error| error.to_string())?
        && !replace
    {
        return Err(format!(
            "this box is site {} already; --replace enrols it anew",
            old.site
        ));
    }
    let seed = SecretKey::new(random()?);
    let medium = medium::serial(data.path());
    let body = JoinRequest {
        code,
        public_key: hex::encode(Identity::from_seed(&seed).public()),
        medium: hex::encode(medium),
        replace,
    };
    let answer = ask_hub(url, &body).await?;
    let enrolment = enrolment(answer, url, seed, medium)?;
    data.write_enrolment(&enrolment).map_err(|error| error.to_string())?;
    let (site, box_id) = (enrolment.site.clone(), enrolment.box_id);
    performer.joined(enrolment).await;
    if !performer.is_box(box_id).await {
        return Err(format!(
            "this box is site {site}, but the gateway could not save that yet: start it again"
        ));
    }
    Ok(format!("This box is site {site} now."))
}

async fn ask_hub(url: &str, body: &JoinRequest<'_>) -> Result<JoinAnswer, String> {
    let client = reqwest::Client::builder()
        .timeout(JOIN_WITHIN)
        .build()
        .map_err(|error| error.to_string())?;
    let response = client
        .post(format!("{url}/join"))
        .json(body)
        .send()
        .await
        .map_err(|error| format!("the hub at {url} cannot be reached: {error}"))?;
    let status = response.status();
    let text = response
        .text()
        .await
        .map_err(|error| format!("the hub at {url} broke off: {error}"))?;
    if !status.is_success() {
        let error: Option<serde_json::Value> = serde_json::from_str(&text).ok();
        let message = error.as_ref().and_then(|body| body["error"]["message"].as_str());
        return Err(message.map_or_else(|| format!("the hub answered {status}"), str::to_owned));
    }
    serde_json::from_str(&text).map_err(|error| format!("the hub's answer cannot be read: {error}"))
}

/// Whether the hub at this address lives: its name, TCP, TLS and HTTP in one. Else why not, by the deepest cause, for the
/// ones above it only say that something failed.
pub async fn hub_health(url: &str) -> Result<(), String> {
    let client = reqwest::Client::builder().timeout(HEALTH_WITHIN).build();
    let asking = client.map_err(|error| error.to_string())?.get(format!("{url}/health"));
    match asking.send().await {
        Ok(answer) if answer.status().is_success() => Ok(()),
        Ok(answer) => Err(format!("it answers {}, as no hub does", answer.status())),
        Err(error) => {
            let mut cause: &dyn std::error::Error = &error;
            while let Some(deeper) = cause.source() {
                cause = deeper;
            }
            Err(format!("it cannot be reached ({cause})"))
        }
    }
}

fn enrolment(answer: JoinAnswer, url: &str, identity_seed: SecretKey, medium: [u8; 8]) -> Result<Enrolment, String> {
    Ok(Enrolment {
        box_id: answer.box_id.parse::<BoxId>().map_err(|error| error.to_string())?,
        site: answer.site.parse::<SiteName>().map_err(|error| error.to_string())?,
        title: answer.title,
        time_zone: answer.time_zone,
        currency: Currency::from_code(&answer.currency).ok_or("the hub named an unknown currency")?,
        language: answer.language,
        medium,
        generation: answer.generation,
        hub_url: url.to_owned(),
        pair_key: SecretKey::new(bytes("pair_key", &answer.pair_key)?),
        pin_key: SecretKey::new(bytes("pin_key", &answer.pin_key)?),
        receipt_key: SecretKey::new(bytes("receipt_key", &answer.receipt_key)?),
        identity_seed,
        hub_signing_key: bytes("hub_signing_key", &answer.hub_signing_key)?,
        hub_sealing_key: bytes("hub_sealing_key", &answer.hub_sealing_key)?,
    })
}

fn random<const N: usize>() -> Result<[u8; N], String> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|error| format!("the system gives no randomness: {error}"))?;
    Ok(bytes)
}

/// The running daemon's machine.
struct Running {
    inbox: Inbox<Input>,
    replies: Replies,
}

impl Performer for Running {
    async fn tell(&mut self, command: Command) -> Result<Told, Refusal> {
        self.replies
            .tell(&self.inbox, command)
            .await
            .unwrap_or(Err(Refusal::Degraded))
    }

    async fn joined(&mut self, enrolment: Enrolment) {
        if self.inbox.send(Input::Joined(Box::new(enrolment))).await.is_err() {
            tracing::debug!("joined while stopping: it counts from the next start");
        }
    }
}

/// Makes the control socket, for the owner alone. It stands before the program says that it is ready: a subcommand that
/// finds the lock held and no socket could reach nobody.
pub fn bind(path: &Path) -> std::io::Result<UnixListener> {
    // A socket left by a killed run is in the way; the lock says that nobody serves it.
    if let Err(error) = std::fs::remove_file(path)
        && error.kind() != std::io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(path)?;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))?;
    Ok(listener)
}

/// Serves the control socket until `stop`.
pub async fn serve(listener: UnixListener, data: DataDir, inbox: Inbox<Input>, replies: Replies, stop: Stop) {
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = stop.stopped() => break,
        };
        match accepted {
            Ok((stream, _)) => {
                let running = Running {
                    inbox: inbox.clone(),
                    replies: replies.clone(),
                };
                tokio::spawn(serve_one(stream, running, data.clone(), stop.clone()));
            }
            Err(error) => {
                tracing::warn!(%error, "control socket");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
    if let Err(error) = std::fs::remove_file(data.control()) {
        tracing::debug!(%error, "control socket");
    }
}

async fn serve_one(stream: UnixStream, mut running: Running, data: DataDir, stop: Stop) {
    let answered = tokio::select! {
        answered = tokio::time::timeout(ANSWER_WITHIN, answer(stream, &mut running, &data)) => answered,
        () = stop.stopped() => return,
    };
    if !matches!(answered, Ok(Ok(()))) {
        tracing::debug!("a subcommand went away");
    }
}

async fn answer(stream: UnixStream, performer: &mut impl Performer, data: &DataDir) -> std::io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut line = String::new();
    BufReader::new(read.take(REQUEST_BYTES_MAX))
        .read_line(&mut line)
        .await?;
    let response = match serde_json::from_str(&line) {
        Ok(request) => perform(performer, data, request).await,
        Err(error) => Response::Refused(format!("this daemon does not know the request: {error}")),
    };
    let mut bytes = serde_json::to_vec(&response).expect("texts only");
    bytes.push(b'\n');
    write.write_all(&bytes).await
}

/// Asks the running daemon; `None` when none serves the socket.
pub async fn ask(path: &std::path::Path, request: &Request) -> std::io::Result<Option<Response>> {
    let mut stream = match UnixStream::connect(path).await {
        Ok(stream) => stream,
        Err(error)
            if matches!(
                error.kind(),
                std::io::ErrorKind::NotFound | std::io::ErrorKind::ConnectionRefused
            ) =>
        {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut bytes = serde_json::to_vec(request).expect("texts only");
    bytes.push(b'\n');
    stream.write_all(&bytes).await?;
    let mut line = String::new();
    BufReader::new(stream).read_line(&mut line).await?;
    Ok(Some(serde_json::from_str(&line)?))
}
