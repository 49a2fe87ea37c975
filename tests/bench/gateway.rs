//! Our own side: a gateway with its data directory on the same disk, started from the command line like any other.

use std::{path::Path, process::Stdio, time::Duration};

use anyhow::{Context as _, bail};
use tokio::{
    process::Command,
    time::{Instant, sleep},
};

use world::processes::binary;

use crate::{
    generator::Login,
    prepare::Prepared,
    rivals::{Parts, Running, fresh_directory},
};

/// Until it must be ready.
const READY_WITHIN: Duration = Duration::from_secs(30);

/// A gateway with so many dispensers. It knows no customer unless there is a prepared site; that is copied, so that
/// every run begins alike.
pub async fn gateway(parts: &Parts, clients: usize, prepared: Option<&Prepared>) -> anyhow::Result<Running> {
    let program = binary("kisima-gateway")?;
    let directory = fresh_directory(&parts.directory, "gateway")?;
    let customers = match prepared {
        Some(prepared) => {
            copy(&prepared.site(), &directory)?;
            prepared.customers.clone()
        }
        None => (0..clients).map(crate::generator::peer_customer).collect(),
    };
    if customers.len() < clients {
        bail!(
            "{clients} clients need as many customers, and there are {}",
            customers.len()
        );
    }
    let mut logins = Vec::new();
    for number in 1..=clients {
        let id = format!("bench-{number}");
        let output = Command::new(&program)
            .args(["dispenser", "add", &id, "--data-dir"])
            .arg(&directory)
            .output()
            .await?;
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        // A command that prints a secret prints it as the last word of its last line (CONTRACTS section 1).
        match text.split_whitespace().next_back() {
            Some(secret) if output.status.success() => logins.push(Login {
                id,
                secret: Some(secret.to_owned()),
            }),
            _ => bail!("dispenser add {id}: {}", String::from_utf8_lossy(&output.stderr)),
        }
    }
    let mut run = Command::new(&program);
    run.arg("run").arg("--data-dir").arg(&directory);
    for setting in [
        "mqtt.listen=127.0.0.1:0".to_owned(),
        "mqtts.listen=127.0.0.1:0".to_owned(),
        "web.listen=127.0.0.1:0".to_owned(),
        format!("mqtt.connections_max={}", clients + 8),
        "mqtt.messages_per_second_max=1000000".to_owned(),
        "log.level=warn".to_owned(),
    ] {
        run.args(["--set", &setting]);
    }
    let child = run
        .stdin(Stdio::null())
        .kill_on_drop(true)
        .spawn()
        .context("start kisima-gateway")?;
    let server = address(&directory).await?;
    Ok(Running::new(server, logins, customers, vec![child]))
}

/// Waits for `addresses.json`, which is there once the gateway is ready.
async fn address(directory: &Path) -> anyhow::Result<String> {
    let file = directory.join("addresses.json");
    let limit = Instant::now() + READY_WITHIN;
    loop {
        if let Ok(text) = std::fs::read_to_string(&file) {
            let addresses: serde_json::Value = serde_json::from_str(&text).context("addresses.json")?;
            return Ok(addresses["mqtt"]
                .as_str()
                .context("addresses.json lacks mqtt")?
                .to_owned());
        }
        if Instant::now() > limit {
            bail!("kisima-gateway is not ready");
        }
        sleep(Duration::from_millis(20)).await;
    }
}

/// Copies a directory with all that is in it, except what belongs to a running program.
pub fn copy(from: &Path, to: &Path) -> anyhow::Result<()> {
    for entry in std::fs::read_dir(from).with_context(|| format!("read {}", from.display()))? {
        let entry = entry?;
        let (kind, target) = (entry.file_type()?, to.join(entry.file_name()));
        if kind.is_dir() {
            std::fs::create_dir_all(&target).with_context(|| format!("make {}", target.display()))?;
            copy(&entry.path(), &target)?;
        } else if kind.is_file() && entry.file_name() != "lock" && entry.file_name() != "addresses.json" {
            std::fs::copy(entry.path(), &target).with_context(|| format!("copy {}", entry.path().display()))?;
        }
    }
    Ok(())
}
