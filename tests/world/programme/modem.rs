//! A site's modem: `kisima-modem` at a port of that name, with a SIM in the pretend messenger's network.

use std::{fs, io, path::Path, time::Duration};

use anyhow::Context as _;

use crate::{
    processes::{Program, wait_for},
    sandbox::texts::SHORT_CODE,
};

/// How long it may take until its port is there, on a busy machine.
const PORT_WITHIN: Duration = Duration::from_secs(30);
/// The number of the first site's SIM; those of the others follow.
const FIRST_NUMBER: u64 = 254_700_000_900;
/// Its operator's answer to who asks for the airtime; all other codes are dialled in the messenger's network.
const SCRIPT: &str = "ussd *144# \"Airtime bal: 250.00 KES\"\nussd network\n";

/// A modem and the SIM in it.
pub struct SiteModem {
    /// The program; its data is the port.
    pub program: Program,
    /// The SIM's number, country's code first.
    pub number: u64,
}

impl SiteModem {
    /// The modem of a site, at `FOLDER/SITE-modem`.
    pub(super) async fn start_new(folder: &Path, site: &str, index: usize, sandbox: &str) -> anyhow::Result<SiteModem> {
        let number = FIRST_NUMBER + index as u64;
        let port = folder.join(format!("{site}-modem"));
        let script = port.with_extension("script");
        fs::write(&script, SCRIPT).with_context(|| script.display().to_string())?;
        let (sim, script) = (format!("+{number}"), script.display().to_string());
        let words = [
            "--number",
            &sim,
            "--title",
            site,
            "--script",
            &script,
            "--network",
            sandbox,
        ];
        let program = Program::modem(&port, &words)?;
        let mut modem = SiteModem { program, number };
        modem.start().await?;
        Ok(modem)
    }

    /// Starts it, or starts it again after it ended; its port is another pty then.
    pub async fn start(&mut self) -> anyhow::Result<()> {
        let port = self.program.data().to_owned();
        // What one that was killed left leads nowhere, or to whoever has that pty by now.
        match fs::remove_file(&port) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error).context("the modem's port"),
            _ => {}
        }
        self.program.launch()?;
        let there = wait_for("the modem's port is there", PORT_WITHIN, async || {
            port.exists().then_some(())
        });
        there.await.with_context(|| self.program.log_end())
    }

    /// Where people text the SIM.
    pub fn phone(&self) -> String {
        format!("+{}", self.number)
    }

    /// Tells a gateway of it: where texts to the hub go, and that they go soon after data is away.
    pub(super) fn configure(&self, gateway: &mut Program) {
        gateway.set("modem.port", &self.program.data().display().to_string());
        gateway.set("sms.hub_number", &format!("\"{SHORT_CODE}\""));
        gateway.set("sync.thin_after", "\"1 s\"");
    }
}
