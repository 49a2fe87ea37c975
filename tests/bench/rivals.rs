//! The contestants: programs that are started for a run on ports of their own and stopped after it.

use std::{
    net::TcpListener,
    path::{Path, PathBuf},
    process::Stdio,
    time::Duration,
};

use anyhow::{Context as _, bail};
use tokio::{
    io::{AsyncBufReadExt as _, BufReader},
    net::TcpStream,
    process::{Child, Command},
    time::{Instant, sleep, timeout},
};

use crate::{
    generator::{Customer, Login, peer_customer},
    mqtt::Connection,
};

/// Until a program must be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// Customers in the peer's database.
const PEER_CUSTOMERS: usize = 1_000;

/// A contestant that is ready; its programs end with it.
pub struct Running {
    /// `HOST:PORT` of its broker.
    pub server: String,
    /// As many dispensers as were asked for.
    pub logins: Vec<Login>,
    /// As many customers who can draw.
    pub customers: Vec<Customer>,
    programs: Vec<Child>,
}

impl Running {
    /// Takes the programs that make up a contestant, the last started first.
    pub fn new(server: String, logins: Vec<Login>, customers: Vec<Customer>, programs: Vec<Child>) -> Running {
        Running {
            server,
            logins,
            customers,
            programs,
        }
    }

    /// Ends its programs and waits until they are gone.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        for program in &mut self.programs {
            program.kill().await.context("stop a contestant")?;
        }
        Ok(())
    }
}

/// Where the parts of the bench are.
#[derive(Clone, Debug)]
pub struct Parts {
    /// A directory on the disk that is to be measured; each contestant gets a new one inside.
    pub directory: PathBuf,
    /// A Python that has paho-mqtt.
    pub python: PathBuf,
    /// `tests/bench/peer.py`
    pub peer: PathBuf,
}

/// Mosquitto with the Python service.
pub async fn peer(parts: &Parts, clients: usize, batch_ms: u32) -> anyhow::Result<Running> {
    let directory = fresh_directory(&parts.directory, "peer")?;
    let (broker, port) = mosquitto(&directory).await?;
    let mut service = Command::new(&parts.python);
    service
        .arg(&parts.peer)
        .args(["--port", &port.to_string(), "--batch-ms", &batch_ms.to_string()]);
    service
        .args(["--customers", &PEER_CUSTOMERS.to_string()])
        .arg("--db")
        .arg(directory.join("peer.db"));
    let mut service = service
        .stdout(Stdio::piped())
        .kill_on_drop(true)
        .spawn()
        .context("start peer.py")?;
    let output = service.stdout.take().context("peer.py has an output")?;
    let line = timeout(READY_WITHIN, BufReader::new(output).lines().next_line())
        .await
        .context("peer.py is not ready")??;
    if line.as_deref() != Some("ready") {
        bail!("peer.py ended before it was ready");
    }
    let customers = (0..clients)
        .map(|number| peer_customer(number % PEER_CUSTOMERS))
        .collect();
    Ok(Running::new(
        format!("127.0.0.1:{port}"),
        open_logins(clients),
        customers,
        vec![service, broker],
    ))
}

/// Mosquitto with a client that answers at once and stores nothing: the bare round trip.
pub async fn echo(parts: &Parts, clients: usize) -> anyhow::Result<Running> {
    let directory = fresh_directory(&parts.directory, "echo")?;
    let (broker, port) = mosquitto(&directory).await?;
    let server = format!("127.0.0.1:{port}");
    let program = std::env::current_exe().context("the path of this program")?;
    let mut service = Command::new(program);
    service
        .args(["echo", "--server", &server])
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    let mut service = service.spawn().context("start the echo")?;
    let output = service.stdout.take().context("the echo has an output")?;
    timeout(READY_WITHIN, BufReader::new(output).lines().next_line())
        .await
        .context("the echo is not ready")??;
    let customers = (0..clients).map(peer_customer).collect();
    Ok(Running::new(
        server,
        open_logins(clients),
        customers,
        vec![service, broker],
    ))
}

/// The echo itself: answers every ask at QoS 1 with its request and a denial.
pub async fn serve_echo(server: &str) -> anyhow::Result<()> {
    let mut connection = Connection::open(server, "echo", None).await?;
    connection.subscribe("kisima/v1/+/ask").await?;
    println!("ready");
    loop {
        let message = connection.message().await?;
        let topic = format!(
            "{}/answer",
            message.topic.strip_suffix("/ask").context("a foreign topic")?
        );
        let ask: serde_json::Value = serde_json::from_slice(message.payload)?;
        let answer = serde_json::json!({ "request": ask["request"], "approved": false, "reason": "echo" }).to_string();
        connection.publish(&topic, answer.as_bytes());
        connection.flush().await?;
    }
}

async fn mosquitto(directory: &Path) -> anyhow::Result<(Child, u16)> {
    let port = free_port()?;
    let file = directory.join("mosquitto.conf");
    // Everything that would hold it back is off: limits, its log, its own copy on the disk, passwords.
    let text = format!(
        "listener {port} 127.0.0.1\nallow_anonymous true\nset_tcp_nodelay true\nmax_inflight_messages 0\n\
         max_queued_messages 0\npersistence false\nlog_type error\n"
    );
    std::fs::write(&file, text).with_context(|| format!("write {}", file.display()))?;
    let start = |program: &str| Command::new(program).arg("-c").arg(&file).kill_on_drop(true).spawn();
    // Debian puts it where only root's PATH leads.
    let child = start("mosquitto")
        .or_else(|_| start("/usr/sbin/mosquitto"))
        .context("start mosquitto")?;
    wait_for(port).await?;
    Ok((child, port))
}

/// Waits until something listens.
pub async fn wait_for(port: u16) -> anyhow::Result<()> {
    let limit = Instant::now() + READY_WITHIN;
    while TcpStream::connect(("127.0.0.1", port)).await.is_err() {
        if Instant::now() > limit {
            bail!("nothing listens on port {port}");
        }
        sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

/// A new, empty directory for one contestant.
pub fn fresh_directory(parent: &Path, name: &str) -> anyhow::Result<PathBuf> {
    let directory = parent.join(name);
    if directory.exists() {
        std::fs::remove_dir_all(&directory).with_context(|| format!("empty {}", directory.display()))?;
    }
    std::fs::create_dir_all(&directory).with_context(|| format!("make {}", directory.display()))?;
    directory
        .canonicalize()
        .with_context(|| format!("find {}", directory.display()))
}

/// A port on which nothing listens.
pub fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

/// Dispensers at a broker that asks for no password.
fn open_logins(clients: usize) -> Vec<Login> {
    (1..=clients)
        .map(|number| Login {
            id: format!("tap-{number}"),
            secret: None,
        })
        .collect()
}
