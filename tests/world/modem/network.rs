//! The sandbox as the network behind a pretend modem: what the SIM sends arrives at the sandbox's phones and at the hub
//! behind its short code, what they send to the SIM's number comes in at the modem, and codes that no script knows are
//! dialled there.

use std::time::Duration;

use anyhow::{Context as _, anyhow, ensure};
use serde_json::{Value, json};

use super::{Told, happening::Happening, port::Port};
use crate::{
    caller::{Caller, Screen},
    http::Api,
    sandbox::texts::NAME,
};

/// How often the sandbox is asked for what came.
const ASKED_EVERY: Duration = Duration::from_millis(300);

/// A SIM in the sandbox's network.
pub struct Network {
    sandbox: Api,
    address: String,
    is_away: bool,
    number: u64,
    after: u64,
    caller: Caller,
}

impl Network {
    /// The network of the sandbox at `address` (`http://…`), for the SIM of this number. What came before is not told
    /// again; phone pages show the SIM under `title`. The error names the address and the way out where no sandbox answers.
    pub async fn join(address: &str, number: &str, title: &str) -> anyhow::Result<Network> {
        let address = address.trim_end_matches('/');
        let sandbox = Api::new(address)?;
        let digits = number.trim_start_matches('+');
        let number: u64 = digits
            .parse()
            .with_context(|| format!("{number} is no number of a SIM"))?;
        let caller = Caller::new(sandbox.clone(), number);
        let mut network = Network {
            sandbox,
            address: address.to_owned(),
            is_away: false,
            number,
            after: 0,
            caller,
        };
        network.put_in(title).await.map_err(|error| {
            let why = error.root_cause();
            anyhow!(
                "no sandbox answers at {address} ({why}); start kisima-sandbox, and give the address that it prints"
            )
        })?;
        Ok(network)
    }

    async fn put_in(&mut self, title: &str) -> anyhow::Result<()> {
        let path = format!("/control/{NAME}/sims/{}", self.number);
        let answer = self.sandbox.post(&path, &json!({ "title": title })).await?;
        // Another server's page would tell nothing.
        ensure!(answer.status == 200, "status {}", answer.status);
        self.came().await?;
        Ok(())
    }

    /// Carries between modem and sandbox until the modem has ended. A sandbox that is away loses what is sent meanwhile,
    /// as a network would; that it is away, and that it is back, is told by `say`.
    pub async fn serve(mut self, port: &mut Port, say: impl Fn(String)) {
        let happenings = port.happenings();
        let mut asked = tokio::time::interval(ASKED_EVERY);
        loop {
            let done = tokio::select! {
                told = port.told() => match told {
                    Some(told) => self.tell(told).await,
                    None => return,
                },
                _ = asked.tick() => {
                    let came = self.came().await;
                    self.notice(came.as_ref().err(), &say);
                    came
                }
            };
            match done {
                Ok(come) => {
                    for happening in come {
                        if happenings.send(happening).is_err() {
                            return;
                        }
                    }
                }
                Err(error) => tracing::warn!(%error, "modem: the sandbox did not answer"),
            }
        }
    }

    /// Tells once that the sandbox went away, and once that it came back.
    fn notice(&mut self, error: Option<&anyhow::Error>, say: &impl Fn(String)) {
        let address = &self.address;
        match error {
            Some(error) if !self.is_away => {
                let why = error.root_cause();
                say(format!(
                    "the sandbox at {address} is away ({why}); texts are lost until it is back"
                ));
            }
            None if self.is_away => say(format!("the sandbox at {address} is back")),
            _ => {}
        }
        self.is_away = error.is_some();
    }

    async fn tell(&mut self, told: Told) -> anyhow::Result<Vec<Happening>> {
        let shown = |screen: Screen| {
            vec![Happening::Screen {
                text: screen.text,
                is_open: screen.goes_on,
            }]
        };
        match told {
            Told::Text { to, text } => {
                let path = format!("/control/{NAME}/phones/{}/text", self.number);
                self.sandbox
                    .post(&path, &json!({ "to": to, "text": text }))
                    .await?
                    .expect(200)?;
                Ok(Vec::new())
            }
            Told::Dial(code) => self.caller.dial(&code).await.map(shown),
            Told::Type(input) => self.caller.type_in(&input).await.map(shown),
            Told::HangUp => self.caller.hang_up().await.map(|()| Vec::new()),
        }
    }

    /// What came to the SIM since the last time.
    async fn came(&mut self) -> anyhow::Result<Vec<Happening>> {
        let path = format!("/control/{NAME}/phones/{}/texts?after={}", self.number, self.after);
        let page = self.sandbox.get(&path).await?.expect(200)?;
        self.after = page["next"].as_u64().context("where to go on")?;
        let text = |item: &Value| {
            let from = item["sender"]
                .as_str()
                .filter(|sender| !sender.is_empty())
                .unwrap_or("KISIMA");
            Some(Happening::Receive {
                from: from.to_owned(),
                text: item["text"].as_str()?.to_owned(),
            })
        };
        Ok(page["items"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(text)
            .collect())
    }
}
