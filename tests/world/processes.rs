//! The real programs on loopback: started, stopped, killed at any moment, and always cleaned up by their own id.
//!
//! | item | what it does |
//! |---|---|
//! | [`Folder`] | a temporary folder that goes away with its owner |
//! | [`Program`] | one program with its data directory: starts, waits until it is ready, runs subcommands, ends |
//! | [`wait_for`] | looks until something is so, with a limit |

use std::{
    collections::BTreeMap,
    fs::{self, File},
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::atomic::{AtomicU64, Ordering},
    time::Duration,
};

use anyhow::{Context as _, bail, ensure};
use tokio::time::{MissedTickBehavior, interval, timeout};

/// The longest that a program may take to be ready, on a busy machine.
const READY_WITHIN: Duration = Duration::from_secs(30);
/// The longest that a subcommand may take.
const COMMAND_WITHIN: Duration = Duration::from_secs(40);
/// From one look to the next.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Bytes of a log that an error shows.
const LOG_SHOWN: usize = 4_000;

/// Looks again and again until `look` gives a value.
pub async fn wait_for<T>(what: &str, limit: Duration, mut look: impl AsyncFnMut() -> Option<T>) -> anyhow::Result<T> {
    let mut every = interval(LOOK_EVERY);
    every.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let looking = async {
        loop {
            every.tick().await;
            if let Some(value) = look().await {
                return value;
            }
        }
    };
    let found = timeout(limit, looking).await;
    found.map_err(|_| anyhow::anyhow!("not within {} s: {what}", limit.as_secs_f32()))
}

/// A temporary folder; it is removed when dropped.
#[derive(Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A new one, named after `name`, this process and a count.
    pub fn new(name: &str) -> anyhow::Result<Folder> {
        static COUNT: AtomicU64 = AtomicU64::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let path = std::env::temp_dir().join(format!("kisima-{name}-{}-{count}", std::process::id()));
        fs::create_dir_all(&path).with_context(|| path.display().to_string())?;
        Ok(Folder(path))
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if let Err(error) = fs::remove_dir_all(&self.0) {
            eprintln!("{}: {error}", self.0.display());
        }
    }
}

/// A program of this workspace, found beside the running one.
pub fn binary(name: &str) -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    let folder = own.parent().context("a program lies in a folder")?;
    // A test lies in target/…/deps, a program one folder above.
    let folder = match folder.file_name() {
        Some(last) if last == "deps" => folder.parent().unwrap_or(folder),
        _ => folder,
    };
    let path = folder.join(name);
    ensure!(
        path.is_file(),
        "{} is not built; cargo build --workspace makes it",
        path.display()
    );
    Ok(path)
}

/// One program over one data directory. It is killed when dropped.
#[derive(Debug)]
pub struct Program {
    name: &'static str,
    path: PathBuf,
    data: PathBuf,
    log: PathBuf,
    verb: Option<&'static str>,
    arguments: Vec<String>,
    /// What stands before the program on the command line, such as `faketime`.
    wrapper: Vec<String>,
    child: Option<Child>,
    addresses: BTreeMap<String, SocketAddr>,
}

impl Program {
    /// A gateway on ports that the system chooses. `data` is made when missing; the log lies beside it.
    pub fn gateway(data: &Path) -> anyhow::Result<Program> {
        let mut gateway = Program::daemon("kisima-gateway", data)?;
        for key in ["mqtt.listen", "mqtts.listen", "web.listen"] {
            gateway.set(key, "127.0.0.1:0");
        }
        Ok(gateway)
    }

    /// A hub on a port that the system chooses.
    pub fn hub(data: &Path) -> anyhow::Result<Program> {
        let mut hub = Program::daemon("kisima-hub", data)?;
        hub.set("web.listen", "127.0.0.1:0");
        Ok(hub)
    }

    /// The pretend providers.
    pub fn sandbox(data: &Path) -> anyhow::Result<Program> {
        let mut sandbox = Program::new("kisima-sandbox", data)?;
        let data = data.display().to_string();
        sandbox.arguments = ["--listen", "127.0.0.1:0", "--data-dir", &data]
            .map(str::to_owned)
            .into();
        Ok(sandbox)
    }

    /// A pretend modem whose port is at `port`; its script and log lie beside that. It has no data, and no addresses to
    /// wait for: see [`crate::programme::SiteModem`].
    pub fn modem(port: &Path, words: &[&str]) -> anyhow::Result<Program> {
        let mut modem = Program::new("kisima-modem", port)?;
        let port = port.display().to_string();
        modem.arguments = ["--link", &port]
            .iter()
            .chain(words)
            .map(|word| (*word).to_owned())
            .collect();
        Ok(modem)
    }

    fn new(name: &'static str, data: &Path) -> anyhow::Result<Program> {
        Ok(Program {
            name,
            path: binary(name)?,
            data: data.to_owned(),
            log: data.with_extension("log"),
            verb: None,
            arguments: Vec::new(),
            wrapper: Vec::new(),
            child: None,
            addresses: BTreeMap::new(),
        })
    }

    fn daemon(name: &'static str, data: &Path) -> anyhow::Result<Program> {
        let mut daemon = Program::new(name, data)?;
        // An empty file of its own, so that none of this machine's is read.
        let config = data.with_extension("toml");
        fs::write(&config, "").with_context(|| config.display().to_string())?;
        let (config, data) = (config.display().to_string(), data.display().to_string());
        daemon.arguments = ["--config", &config, "--data-dir", &data].map(str::to_owned).into();
        daemon.verb = Some("run");
        Ok(daemon)
    }

    /// Puts its log elsewhere than beside its data.
    pub fn log_to(&mut self, path: &Path) -> &mut Program {
        self.log = path.to_owned();
        self
    }

    /// Sets a key for the program and its subcommands.
    pub fn set(&mut self, key: &str, value: &str) -> &mut Program {
        self.arguments.extend(["--set".to_owned(), format!("{key}={value}")]);
        self
    }

    /// Runs under another program, such as `faketime`.
    pub fn wrap(&mut self, words: &[&str]) -> &mut Program {
        self.wrapper = words.iter().map(|word| (*word).to_owned()).collect();
        self
    }

    /// The data directory.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// The process, while it runs.
    pub fn id(&self) -> Option<u32> {
        self.child.as_ref().map(Child::id)
    }

    /// Everything it has printed and logged in all its runs.
    pub fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// The end of its log, for the message of an error.
    pub fn log_end(&self) -> String {
        let log = self.log();
        let start = log.ceil_char_boundary(log.len().saturating_sub(LOG_SHOWN));
        format!("{} said last:\n{}", self.name, &log[start..])
    }

    fn command(&self) -> Command {
        let mut command = match self.wrapper.split_first() {
            Some((first, rest)) => {
                let mut command = Command::new(first);
                command.args(rest).arg(&self.path);
                command
            }
            None => Command::new(&self.path),
        };
        for (name, _) in std::env::vars_os() {
            if name.to_string_lossy().starts_with("KISIMA_") {
                command.env_remove(name);
            }
        }
        command.args(&self.arguments).stdin(Stdio::null());
        command
    }

    /// Starts it and returns at once.
    pub fn launch(&mut self) -> anyhow::Result<()> {
        ensure!(self.child.is_none(), "{} runs already", self.name);
        let log = File::options().create(true).append(true).open(&self.log)?;
        let mut command = self.command();
        command.args(self.verb).stdout(log.try_clone()?).stderr(log);
        self.child = Some(command.spawn().with_context(|| self.path.display().to_string())?);
        Ok(())
    }

    /// Starts it and waits until it says at which addresses it serves.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        // The program itself removes what an earlier run left, but only once it runs.
        let file = self.data.join("addresses.json");
        if file.exists() {
            fs::remove_file(&file).with_context(|| file.display().to_string())?;
        }
        self.launch()?;
        self.ready().await
    }

    /// Waits until a launched program says at which addresses it serves.
    pub async fn ready(&mut self) -> anyhow::Result<()> {
        let file = self.data.join("addresses.json");
        let what = format!("{} is ready", self.name);
        let ready = wait_for(&what, READY_WITHIN, || {
            let ended = self.child.as_mut().map(Child::try_wait);
            let text = fs::read_to_string(&file);
            std::future::ready(match (text, ended) {
                (Ok(text), _) => Some(Ok(text)),
                (Err(_), Some(Ok(None))) => None,
                (Err(_), ended) => Some(Err(format!("{what} no more: {ended:?}"))),
            })
        });
        match ready.await {
            Ok(Ok(text)) => {
                self.addresses = serde_json::from_str(&text).with_context(|| format!("{what}: {text}"))?;
                Ok(())
            }
            Ok(Err(why)) => bail!("{why}\n{}", self.log_end()),
            Err(error) => Err(error.context(self.log_end())),
        }
    }

    /// Where it serves `mqtt`, `mqtts` or `web`.
    pub fn address(&self, name: &str) -> anyhow::Result<SocketAddr> {
        let address = self.addresses.get(name).copied();
        address.with_context(|| format!("{} has no address for {name}: {:?}", self.name, self.addresses))
    }

    /// The base of its pages and API.
    pub fn url(&self) -> anyhow::Result<String> {
        Ok(format!("http://{}", self.address("web")?))
    }

    /// `kill -9`: at once, wherever it is.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        if let Some(mut child) = self.child.take() {
            child.kill()?;
            child.wait()?;
        }
        Ok(())
    }

    /// Sends a signal by name, such as `TERM` or `STOP`.
    pub fn signal(&self, name: &str) -> anyhow::Result<()> {
        let id = self.id().with_context(|| format!("{} does not run", self.name))?;
        // The shell's own kill is on every machine.
        let status = Command::new("sh")
            .args(["-c", &format!("kill -{name} {id}")])
            .status()?;
        ensure!(status.success(), "kill -{name} {id}: {status}");
        Ok(())
    }

    /// Waits until it ends by itself.
    pub async fn ended(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        let Some(child) = &mut self.child else {
            bail!("{} does not run", self.name);
        };
        let what = format!("{} ends", self.name);
        let status = wait_for(&what, limit, || std::future::ready(child.try_wait().transpose())).await;
        let status = status.with_context(|| self.log_end())??;
        self.child = None;
        Ok(status)
    }

    /// Asks it to end and waits for that.
    pub async fn stop(&mut self, limit: Duration) -> anyhow::Result<ExitStatus> {
        self.signal("TERM")?;
        self.ended(limit).await
    }

    /// Runs a subcommand to its end.
    pub async fn run(&self, words: &[&str]) -> anyhow::Result<Output> {
        self.run_within(words, COMMAND_WITHIN).await
    }

    /// The same with a limit of its own.
    pub async fn run_within(&self, words: &[&str], limit: Duration) -> anyhow::Result<Output> {
        let mut command = tokio::process::Command::from(self.command());
        command.args(words).kill_on_drop(true);
        let output = timeout(limit, command.output()).await;
        let output = output.with_context(|| format!("{} {} did not end", self.name, words.join(" ")))?;
        Ok(output?)
    }

    /// Runs a subcommand that has to succeed; the last word of its last line.
    pub async fn last_word(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = self.run(words).await?;
        let (told, complaint) = (String::from_utf8(output.stdout)?, String::from_utf8(output.stderr)?);
        ensure!(
            output.status.success(),
            "{} {}: {} {told}{complaint}",
            self.name,
            words.join(" "),
            output.status
        );
        let word = told.lines().last().and_then(|line| line.split_whitespace().last());
        Ok(word.context("it printed nothing")?.to_owned())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        if let Err(error) = self.kill() {
            eprintln!("{}: {error}", self.name);
        }
        if std::thread::panicking() {
            eprintln!("{}", self.log_end());
        }
    }
}
