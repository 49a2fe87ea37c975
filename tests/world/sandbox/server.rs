//! The socket and the clock around the pretend providers.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use axum::{
    Router,
    body::Bytes,
    extract::{Path, RawQuery, State},
    http::{HeaderMap, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::any,
};
use kiosk::{moment::Draw, provider::Provider};
use tokio::{
    net::TcpListener,
    sync::{Notify, watch},
    task::{JoinHandle, JoinSet},
};

use super::{
    control,
    deliveries::{Delivery, deliver},
    mpesa::{Answer, Mpesa, Request},
    pages,
    texts::{self, Texts},
    wallets::{self, Wallets},
};

/// How long a silent answer keeps its connection open.
const SILENCE_MAX: Duration = Duration::from_secs(120);
/// How long the hub may take to answer a callback.
const CALLBACK_WITHIN: Duration = Duration::from_secs(8);
/// How long the pump waits when nothing is due.
const IDLE: Duration = Duration::from_secs(3_600);

/// Why the sandbox does not run.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// The socket.
    #[error("sandbox: {0}")]
    Socket(#[from] std::io::Error),
    /// The client that delivers callbacks.
    #[error("sandbox: the HTTP client cannot be set up: {0}")]
    Client(#[from] reqwest::Error),
}

/// What the handlers share.
pub(super) struct Shared {
    mpesa: Mutex<Mpesa>,
    wallets: Mutex<Vec<Wallets>>,
    texts: Mutex<Texts>,
    deliveries: Mutex<Vec<Delivery>>,
    draws: AtomicU64,
    changed: Notify,
    stop: watch::Receiver<bool>,
    pub(super) http: reqwest::Client,
}

impl Shared {
    /// Lets `act` change the provider, then has the pump look again at what is due.
    pub(super) fn change<T>(&self, act: impl FnOnce(&mut Mpesa, i64, &Draw) -> T) -> T {
        let answer = act(&mut self.mpesa(), now_ms(), &self.draw());
        self.changed.notify_one();
        answer
    }

    pub(super) fn mpesa(&self) -> MutexGuard<'_, Mpesa> {
        self.mpesa.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`Shared::change`], for one of the others; `None` for a name that none of them has.
    pub(super) fn change_wallets<T>(&self, name: &str, act: impl FnOnce(&mut Wallets, i64, &Draw) -> T) -> Option<T> {
        let (now_ms, draw) = (now_ms(), self.draw());
        let mut all = self.wallets();
        let found = all.iter_mut().find(|wallets| wallets.provider().name() == name);
        let answer = found.map(|wallets| act(wallets, now_ms, &draw));
        drop(all);
        self.changed.notify_one();
        answer
    }

    /// As [`Shared::change`], for the messenger.
    pub(super) fn change_texts<T>(&self, act: impl FnOnce(&mut Texts, i64, &Draw) -> T) -> T {
        let answer = act(&mut self.texts(), now_ms(), &self.draw());
        self.changed.notify_one();
        answer
    }

    pub(super) fn texts(&self) -> MutexGuard<'_, Texts> {
        self.texts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn wallets(&self) -> MutexGuard<'_, Vec<Wallets>> {
        self.wallets.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn deliveries(&self) -> MutexGuard<'_, Vec<Delivery>> {
        self.deliveries.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Dice that fall alike in every run: their number is all that goes in.
    fn draw(&self) -> Draw {
        let number = self.draws.fetch_add(1, Ordering::Relaxed);
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&number.to_le_bytes());
        Draw::new(bytes)
    }
}

/// A running sandbox; it ends with [`Sandbox::stop`], or when it is dropped.
pub struct Sandbox {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: watch::Sender<bool>,
    tasks: Vec<JoinHandle<()>>,
}

impl Sandbox {
    /// Serves on `listener`.
    pub fn start(listener: TcpListener) -> Result<Sandbox, SandboxError> {
        if rustls::crypto::ring::default_provider().install_default().is_err() {
            tracing::trace!("a TLS provider is installed already");
        }
        let address = listener.local_addr()?;
        let (stop, stopped) = watch::channel(false);
        let http = reqwest::Client::builder()
            .timeout(CALLBACK_WITHIN)
            .no_proxy()
            .retry(reqwest::retry::never())
            .redirect(reqwest::redirect::Policy::none())
            .build()?;
        let shared = Arc::new(Shared {
            mpesa: Mutex::default(),
            wallets: Mutex::new(
                [Provider::Mtn, Provider::Airtel, Provider::Intasend]
                    .map(Wallets::new)
                    .into(),
            ),
            texts: Mutex::default(),
            deliveries: Mutex::default(),
            draws: AtomicU64::new(0),
            changed: Notify::new(),
            stop: stopped.clone(),
            http,
        });
        let app = Router::new()
            .route("/mpesa/{*path}", any(daraja))
            .route("/africastalking/{*path}", any(messenger))
            .route("/{provider}/{*path}", any(others))
            .merge(control::routes())
            .merge(pages::routes())
            .with_state(Arc::clone(&shared));
        let serve = async move {
            let served = axum::serve(listener, app).with_graceful_shutdown(until(stopped)).await;
            if let Err(error) = served {
                tracing::error!(%error, "sandbox: the server ended");
            }
        };
        let tasks = vec![tokio::spawn(serve), tokio::spawn(pump(Arc::clone(&shared)))];
        Ok(Sandbox {
            address,
            shared,
            stop,
            tasks,
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base address of the pretend Daraja.
    pub fn mpesa_url(&self) -> String {
        format!("http://{}/mpesa", self.address)
    }

    /// The base address of any of the pretend providers.
    pub fn url(&self, provider: Provider) -> String {
        format!("http://{}/{provider}", self.address)
    }

    /// Looks at the pretend MTN, Airtel or IntaSend, or changes it, from within the process.
    ///
    /// # Panics
    /// For M-PESA, which is reached by [`Sandbox::with_mpesa`].
    pub fn with_wallets<T>(&self, provider: Provider, act: impl FnOnce(&mut Wallets) -> T) -> T {
        let done = self
            .shared
            .change_wallets(provider.name(), |wallets, _, _| act(wallets));
        done.expect("M-PESA has a room of its own")
    }

    /// The base address of the pretend Africa's Talking.
    pub fn texts_url(&self) -> String {
        format!("http://{}/{}", self.address, texts::NAME)
    }

    /// Looks at the pretend Africa's Talking, or changes it, from within the process.
    pub fn with_texts<T>(&self, act: impl FnOnce(&mut Texts) -> T) -> T {
        self.shared.change_texts(|texts, _, _| act(texts))
    }

    /// The person at this phone writes to the hub.
    pub fn write_text(&self, phone: u64, text: &str) {
        self.shared
            .change_texts(|texts, now_ms, _| texts.write(now_ms, phone, text));
    }

    /// Looks at the pretend Daraja, or changes it, from within the process.
    pub fn with_mpesa<T>(&self, act: impl FnOnce(&mut Mpesa) -> T) -> T {
        self.shared.change(|mpesa, _, _| act(mpesa))
    }

    /// The person at the phone says no to this prompt.
    pub fn cancel(&self, checkout_request: &str) -> bool {
        self.shared
            .change(|mpesa, now_ms, draw| mpesa.cancel(now_ms, draw, checkout_request))
    }

    /// The person at the phone enters a PIN.
    pub fn approve(&self, checkout_request: &str, pin: &str) -> bool {
        self.shared
            .change(|mpesa, now_ms, draw| mpesa.approve(now_ms, draw, checkout_request, pin))
    }

    /// The callbacks that were sent, the oldest first.
    pub fn deliveries(&self) -> Vec<Delivery> {
        self.shared.deliveries().clone()
    }

    /// Ends it and waits until it has ended.
    pub async fn stop(self) {
        self.stop.send_replace(true);
        for task in self.tasks {
            if let Err(error) = task.await {
                tracing::error!(%error, "sandbox: a task broke");
            }
        }
    }
}

/// Ends when the sandbox does, or when its owner has dropped it.
async fn until(mut stopped: watch::Receiver<bool>) {
    if stopped.wait_for(|stopped| *stopped).await.is_err() {
        tracing::debug!("sandbox: dropped");
    }
}

async fn daraja(
    State(shared): State<Arc<Shared>>,
    method: Method,
    Path(path): Path<String>,
    RawQuery(query): RawQuery,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let authorization = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let request = Request {
        method: method.to_string(),
        path: match query {
            Some(query) => format!("{path}?{query}"),
            None => path,
        },
        authorization: authorization.map(str::to_owned),
        body: body.to_vec(),
    };
    let answer = shared.change(|mpesa, now_ms, draw| mpesa.handle(now_ms, draw, &request));
    sent(&shared, answer).await
}

fn plain_request(method: &Method, path: String, headers: &HeaderMap, body: &Bytes) -> wallets::Request {
    let text = |(name, value): (&header::HeaderName, &header::HeaderValue)| {
        Some((name.as_str().to_owned(), value.to_str().ok()?.to_owned()))
    };
    wallets::Request {
        method: method.to_string(),
        path,
        headers: headers.iter().filter_map(text).collect::<BTreeMap<_, _>>(),
        body: body.to_vec(),
    }
}

async fn messenger(
    State(shared): State<Arc<Shared>>,
    method: Method,
    Path(path): Path<String>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = plain_request(&method, path, &headers, &body);
    let (slow_ms, answer) = shared.change_texts(|texts, now_ms, draw| texts.handle(now_ms, draw, &request));
    tokio::time::sleep(Duration::from_millis(u64::try_from(slow_ms).unwrap_or(0))).await;
    sent(&shared, answer).await
}

/// MTN, Airtel and IntaSend.
async fn others(
    State(shared): State<Arc<Shared>>,
    method: Method,
    Path((provider, path)): Path<(String, String)>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let request = plain_request(&method, path, &headers, &body);
    let answer = shared.change_wallets(&provider, |wallets, now_ms, draw| {
        wallets.handle(now_ms, draw, &request)
    });
    let Some((slow_ms, answer)) = answer else {
        return StatusCode::NOT_FOUND.into_response();
    };
    tokio::time::sleep(Duration::from_millis(u64::try_from(slow_ms).unwrap_or(0))).await;
    sent(&shared, answer).await
}

async fn sent(shared: &Shared, answer: Answer) -> Response {
    match answer {
        Answer::Response(response) => {
            let status = StatusCode::from_u16(response.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
            (status, [(header::CONTENT_TYPE, response.content_type)], response.body).into_response()
        }
        Answer::Silence => {
            // Either way nobody is listening for this answer any more.
            let ended = tokio::time::timeout(SILENCE_MAX, until(shared.stop.clone()))
                .await
                .is_ok();
            tracing::debug!(ended, "sandbox: an unanswered request is let go");
            StatusCode::GATEWAY_TIMEOUT.into_response()
        }
    }
}

/// Lets time pass for the providers and sends what they have to say.
async fn pump(shared: Arc<Shared>) {
    let mut deliveries = JoinSet::new();
    let stopped = until(shared.stop.clone());
    tokio::pin!(stopped);
    loop {
        let mut due_ms = {
            let draw = shared.draw();
            let mut mpesa = shared.mpesa();
            for callback in mpesa.tick(now_ms(), &draw) {
                deliveries.spawn(deliver(Arc::clone(&shared), Provider::Mpesa.name(), callback.into()));
            }
            mpesa.due_ms()
        };
        for wallets in shared.wallets().iter_mut() {
            for callback in wallets.tick(now_ms()) {
                deliveries.spawn(deliver(Arc::clone(&shared), wallets.provider().name(), callback.into()));
            }
            due_ms = due_ms.into_iter().chain(wallets.due_ms()).min();
        }
        {
            let mut texts = shared.texts();
            for callback in texts.tick(now_ms()) {
                deliveries.spawn(deliver(Arc::clone(&shared), texts::NAME, callback.into()));
            }
            due_ms = due_ms.into_iter().chain(texts.due_ms()).min();
        }
        let wait = due_ms.map_or(IDLE, |due_ms| {
            Duration::from_millis(u64::try_from(due_ms - now_ms()).unwrap_or(0))
        });
        tokio::select! {
            () = &mut stopped => return,
            () = tokio::time::sleep(wait) => {}
            () = shared.changed.notified() => {}
            Some(Err(error)) = deliveries.join_next() => tracing::error!(%error, "sandbox: a delivery broke"),
        }
    }
}

/// Milliseconds since 1970.
pub(super) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
