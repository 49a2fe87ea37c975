//! A front on real sockets with a gateway that answers every ask with its own body and keeps all events.

use std::{
    collections::HashMap,
    net::SocketAddr,
    sync::{Arc, Mutex},
    time::Duration,
};

use gateway::adapters::dispensers::{Credentials, Event, Front, Leaf, Listener, Outbound, Settings, hash};
use kiosk::ids::DispenserId;
use rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};
use tokio::{
    net::TcpListener,
    sync::{Notify, mpsc, watch},
    task::JoinHandle,
    time::timeout,
};

/// Nothing here should take longer; only a broken front makes a test wait so long.
pub const LIMIT: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Log {
    events: Mutex<Vec<Event>>,
    grown: Notify,
}

pub struct Site {
    pub front: Front,
    pub credentials: Credentials,
    pub address: SocketAddr,
    pub tls_address: SocketAddr,
    /// The certificate that a client has to trust, as DER.
    pub certificate: CertificateDer<'static>,
    pub stop: watch::Sender<bool>,
    pub run: JoinHandle<()>,
    pub listeners: Arc<Vec<Listener>>,
    log: Arc<Log>,
}

pub fn id(text: &str) -> DispenserId {
    text.parse().unwrap()
}

/// Every dispenser's secret here is its id with `-secret` behind it.
pub fn secret(dispenser: &str) -> String {
    format!("{dispenser}-secret")
}

impl Site {
    /// With dispensers `tap-0` to `tap-79`.
    pub async fn new(settings: Settings) -> Site {
        let dispensers: HashMap<_, _> = (0..80)
            .map(|n| format!("tap-{n}"))
            .map(|name| (id(&name), hash(secret(&name).as_bytes())))
            .collect();
        let credentials = Credentials::new(dispensers);
        let (sender, mut receiver) = mpsc::channel(1024);
        let front = Front::new(settings, credentials.clone(), sender).unwrap();
        let log = Arc::new(Log::default());
        let (answering, keeping) = (front.clone(), log.clone());
        tokio::spawn(async move {
            while let Some(event) = receiver.recv().await {
                if let Event::Published {
                    dispenser,
                    leaf: Leaf::Ask,
                    payload,
                } = &event
                {
                    answering.publish(dispenser, Outbound::Answer, payload.clone(), false);
                }
                keeping.events.lock().unwrap().push(event);
                keeping.grown.notify_waiters();
            }
        });
        let (config, certificate) = tls();
        let plain = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let tls = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (address, tls_address) = (plain.local_addr().unwrap(), tls.local_addr().unwrap());
        let listeners = Arc::new(vec![Listener::plain(plain), Listener::tls(tls, config)]);
        let (stop, run) = start(&front, &listeners);
        Site {
            front,
            credentials,
            address,
            tls_address,
            certificate,
            stop,
            run,
            listeners,
            log,
        }
    }

    /// Stops the front as a supervisor would; the sockets stay.
    pub async fn stop(&mut self) {
        self.stop.send(true).unwrap();
        timeout(LIMIT, &mut self.run)
            .await
            .expect("the front stops in time")
            .unwrap();
    }

    /// Serves again on the same listeners.
    pub fn start_again(&mut self) {
        (self.stop, self.run) = start(&self.front, &self.listeners);
    }

    pub fn events(&self) -> Vec<Event> {
        self.log.events.lock().unwrap().clone()
    }

    /// Waits for an event that is, or has already been.
    pub async fn event(&self, wanted: impl Fn(&Event) -> bool) -> Event {
        self.events_until(|events| events.iter().find(|event| wanted(event)).cloned())
            .await
    }

    /// Waits until all events so far make something.
    pub async fn events_until<T>(&self, make: impl Fn(&[Event]) -> Option<T>) -> T {
        let made = timeout(LIMIT, async {
            loop {
                let grown = self.log.grown.notified();
                if let Some(made) = make(&self.log.events.lock().unwrap()) {
                    return made;
                }
                grown.await;
            }
        });
        match made.await {
            Ok(made) => made,
            Err(_) => panic!("not in time; so far: {:#?}", self.events()),
        }
    }
}

fn start(front: &Front, listeners: &Arc<Vec<Listener>>) -> (watch::Sender<bool>, JoinHandle<()>) {
    let (stop, stopped) = watch::channel(false);
    let (front, listeners) = (front.clone(), listeners.clone());
    let run = tokio::spawn(async move { front.run(&listeners, stopped).await.unwrap() });
    (stop, run)
}

fn tls() -> (Arc<rustls::ServerConfig>, CertificateDer<'static>) {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let certificate = cert.der().clone();
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate.clone()], key)
        .unwrap();
    (Arc::new(config), certificate)
}
