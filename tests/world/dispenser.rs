//! A dispenser as the contract wants it (CONTRACTS section 3): what the simulated world and `kisima-dispenser` share.
//!
//! A machine without clock and socket: [`Dispenser::handle`] takes a time and an input and returns what to do. A person
//! asks, the gateway answers, water flows, the pour is reported until its receipt comes. What has flowed stays in a
//! memory that survives a power cut; an ask does not.
//!
//! ```text
//! Idle ─ Ask ─> Asking ─ approved ─> Pouring ─ Ended ─> Reporting ─ receipt ─> Done
//!                 └─ denied, error, Leave ──────────────────────────────────────┘   (and from Done to Asking again)
//! ```

mod wire;

pub use wire::{Answer, Ask, Config, Pour, Receipt, Refusal};

/// After this long without an answer or receipt the same message is sent again, in milliseconds.
pub const RETRY_MS: u64 = 5_000;
/// From one heartbeat to the next, in milliseconds.
pub const HEARTBEAT_MS: u64 = 120_000;
/// As many pours without a receipt fit into the memory; then nobody can ask.
pub const UNRECEIPTED_MAX: usize = 8;

/// What happens to a dispenser.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Input {
    /// The MQTT session stands, subscribed to [`Dispenser::subscription`].
    Connected,
    /// The MQTT session is gone.
    Disconnected,
    /// A person asks. Ignored while another is served.
    Ask(Ask),
    /// The person walks away before an answer.
    Leave,
    /// Water stopped flowing. Ignored unless pouring.
    Ended {
        /// How much flowed.
        volume_ml: u64,
        /// How long the valve was open.
        duration_ms: u64,
        /// `complete`, `stopped`, `timeout` or `fault`.
        outcome: kiosk::fact::Outcome,
    },
    /// A message of the gateway.
    Message {
        /// Its full topic.
        topic: String,
        /// Its bytes.
        payload: Vec<u8>,
    },
    /// The power fails; what flowed since the valve opened was `volume_ml`.
    PowerCut {
        /// Zero unless pouring.
        volume_ml: u64,
    },
    /// The power is back; a connection comes later.
    PowerBack,
    /// Time passed; see [`Dispenser::wake_at_ms`].
    Tick,
}

/// What a dispenser does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// Publishes at QoS 1.
    Publish {
        /// The full topic.
        topic: String,
        /// JSON, or a word for `status`.
        payload: Vec<u8>,
        /// Whether the broker keeps it.
        retain: bool,
    },
    /// Opens the valve for at most this much.
    Open {
        /// What was approved.
        volume_ml: u64,
    },
    /// Closes the valve.
    Close,
    /// Shows an answer to the person, approved or not.
    Answered(Answer),
    /// Shows a receipt, and has forgotten the pour.
    Receipted(Receipt),
    /// The gateway found fault with the ask that is shown.
    Refused(Refusal),
}

/// Where a dispenser stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Waits for a person.
    Idle,
    /// Waits for an answer.
    Asking,
    /// The valve is open.
    Pouring,
    /// Waits for the receipt of what this person took.
    Reporting,
    /// Shows how it ended.
    Done,
    /// Has no power.
    Off,
}

#[derive(Clone, Debug)]
enum Session {
    Idle,
    Asking {
        ask: Ask,
        sent_ms: Option<u64>,
    },
    Pouring {
        request: String,
        approved_ml: u64,
        opened_ms: u64,
    },
    Reporting {
        request: String,
    },
    Done,
    Off,
}

/// A pour in the memory, and when it was last reported on this connection.
#[derive(Clone, Debug)]
struct Report {
    pour: Pour,
    sent_ms: Option<u64>,
}

/// One dispenser.
#[derive(Clone, Debug)]
pub struct Dispenser {
    id: String,
    connected: bool,
    session: Session,
    memory: Vec<Report>,
    config: Config,
    started_ms: u64,
    heartbeat_ms: Option<u64>,
    pulses_total: u64,
}

impl Dispenser {
    /// A dispenser that has just been switched on, with the configuration of the factory.
    pub fn new(id: &str, now_ms: u64) -> Dispenser {
        Dispenser {
            id: id.to_owned(),
            connected: false,
            session: Session::Idle,
            memory: Vec::new(),
            config: Config::default(),
            started_ms: now_ms,
            heartbeat_ms: None,
            pulses_total: 0,
        }
    }

    /// The topic filter it subscribes to.
    pub fn subscription(&self) -> String {
        self.topic("#")
    }

    /// The full topic of the messages called `name`.
    pub fn topic(&self, name: &str) -> String {
        format!("kisima/v1/{}/{name}", self.id)
    }

    /// Where it stands.
    pub fn state(&self) -> State {
        match self.session {
            Session::Idle => State::Idle,
            Session::Asking { .. } => State::Asking,
            Session::Pouring { .. } => State::Pouring,
            Session::Reporting { .. } => State::Reporting,
            Session::Done => State::Done,
            Session::Off => State::Off,
        }
    }

    /// The configuration it last heard.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The pours without a receipt, the oldest first.
    pub fn unreceipted(&self) -> impl Iterator<Item = &Pour> {
        self.memory.iter().map(|report| &report.pour)
    }

    /// When it next has something to do by itself; `None` while it can only wait for an input.
    pub fn wake_at_ms(&self) -> Option<u64> {
        if !self.connected {
            return None;
        }
        let asking = match &self.session {
            Session::Asking { sent_ms, .. } => Some(sent_ms.map_or(0, |sent| sent + RETRY_MS)),
            _ => None,
        };
        let reports = self
            .memory
            .iter()
            .map(|report| report.sent_ms.map_or(0, |sent| sent + RETRY_MS));
        let heartbeat = self.heartbeat_ms.map_or(0, |sent| sent + HEARTBEAT_MS);
        reports.chain(asking).chain([heartbeat]).min()
    }

    /// Takes one input at a time that never runs backwards.
    pub fn handle(&mut self, now_ms: u64, input: Input) -> Vec<Output> {
        let mut outputs = Vec::new();
        if matches!(self.session, Session::Off) && input != Input::PowerBack {
            return outputs;
        }
        match input {
            Input::Connected => self.connect(&mut outputs),
            Input::Disconnected => self.connected = false,
            Input::Ask(ask) => self.ask(ask),
            Input::Leave => self.leave(),
            Input::Ended {
                volume_ml,
                duration_ms,
                outcome,
            } => {
                if let Session::Pouring { request, .. } = &self.session {
                    let request = request.clone();
                    self.remember(&request, volume_ml, duration_ms, outcome);
                    self.session = Session::Reporting { request };
                    outputs.push(Output::Close);
                }
            }
            Input::Message { topic, payload } => self.message(now_ms, &topic, &payload, &mut outputs),
            Input::PowerCut { volume_ml } => self.power_cut(now_ms, volume_ml),
            Input::PowerBack => {
                self.session = Session::Idle;
                self.started_ms = now_ms;
            }
            Input::Tick => {}
        }
        self.send_what_is_due(now_ms, &mut outputs);
        outputs
    }

    fn connect(&mut self, outputs: &mut Vec<Output>) {
        self.connected = true;
        self.heartbeat_ms = None;
        // The gateway's sessions do not outlive it: what it did not answer is told again at once.
        if let Session::Asking { sent_ms, .. } = &mut self.session {
            *sent_ms = None;
        }
        for report in &mut self.memory {
            report.sent_ms = None;
        }
        outputs.push(Output::Publish {
            topic: self.topic("status"),
            payload: b"online".to_vec(),
            retain: true,
        });
    }

    fn ask(&mut self, ask: Ask) {
        let free = matches!(self.session, Session::Idle | Session::Done | Session::Reporting { .. });
        if free && self.memory.len() < UNRECEIPTED_MAX {
            self.session = Session::Asking { ask, sent_ms: None };
        }
    }

    /// Gives back what a late approval would hold: the gateway settles an ask that is reported as nothing poured.
    fn leave(&mut self) {
        if let Session::Asking { ask, sent_ms } = &self.session {
            if sent_ms.is_some() {
                let request = ask.request.clone();
                self.remember(&request, 0, 0, kiosk::fact::Outcome::Stopped);
            }
            self.session = Session::Done;
        }
    }

    fn power_cut(&mut self, now_ms: u64, volume_ml: u64) {
        if let Session::Pouring { request, opened_ms, .. } = &self.session {
            let (request, duration_ms) = (request.clone(), now_ms.saturating_sub(*opened_ms));
            self.remember(&request, volume_ml, duration_ms, kiosk::fact::Outcome::PowerLost);
        }
        self.session = Session::Off;
        self.connected = false;
    }

    fn remember(&mut self, request: &str, volume_ml: u64, duration_ms: u64, outcome: kiosk::fact::Outcome) {
        let pulses = volume_ml.saturating_mul(self.config.pulses_per_litre) / 1_000;
        self.pulses_total += pulses;
        let pour = Pour {
            request: request.to_owned(),
            volume_ml,
            pulses,
            duration_ms,
            outcome,
        };
        self.memory.push(Report { pour, sent_ms: None });
    }

    fn message(&mut self, now_ms: u64, topic: &str, payload: &[u8], outputs: &mut Vec<Output>) {
        let prefix = self.topic("");
        match topic.strip_prefix(&prefix) {
            Some("answer") => {
                if let Some(answer) = Answer::read(payload) {
                    self.answered(now_ms, answer, outputs);
                }
            }
            Some("receipt") => {
                if let Some(receipt) = Receipt::read(payload) {
                    self.receipted(receipt, outputs);
                }
            }
            Some("config") => self.config = Config::read(payload).unwrap_or(self.config),
            Some("error") => {
                if let Some(refusal) = Refusal::read(payload)
                    && let Session::Asking { ask, .. } = &self.session
                    && refusal.request.as_ref().is_none_or(|request| *request == ask.request)
                {
                    self.session = Session::Done;
                    outputs.push(Output::Refused(refusal));
                }
            }
            _ => {}
        }
    }

    fn answered(&mut self, now_ms: u64, answer: Answer, outputs: &mut Vec<Output>) {
        match &self.session {
            Session::Asking { ask, .. } if ask.request == answer.request => {}
            // An answer to a request that is no longer shown.
            _ => return,
        }
        if answer.approved {
            let approved_ml = answer.volume_ml.unwrap_or(0);
            let request = answer.request.clone();
            self.session = Session::Pouring {
                request,
                approved_ml,
                opened_ms: now_ms,
            };
            outputs.extend([Output::Answered(answer), Output::Open { volume_ml: approved_ml }]);
        } else {
            self.session = Session::Done;
            outputs.push(Output::Answered(answer));
        }
    }

    fn receipted(&mut self, receipt: Receipt, outputs: &mut Vec<Output>) {
        let before = self.memory.len();
        self.memory.retain(|report| report.pour.request != receipt.request);
        if self.memory.len() == before {
            return;
        }
        if matches!(&self.session, Session::Reporting { request } if *request == receipt.request) {
            self.session = Session::Done;
        }
        outputs.push(Output::Receipted(receipt));
    }

    fn send_what_is_due(&mut self, now_ms: u64, outputs: &mut Vec<Output>) {
        if !self.connected {
            return;
        }
        let (ask_topic, poured_topic) = (self.topic("ask"), self.topic("poured"));
        if let Session::Asking { ask, sent_ms } = &mut self.session
            && is_due(*sent_ms, RETRY_MS, now_ms)
        {
            *sent_ms = Some(now_ms);
            outputs.push(Output::Publish {
                topic: ask_topic,
                payload: ask.payload(),
                retain: false,
            });
        }
        for report in self
            .memory
            .iter_mut()
            .filter(|report| is_due(report.sent_ms, RETRY_MS, now_ms))
        {
            report.sent_ms = Some(now_ms);
            let payload = report.pour.payload();
            outputs.push(Output::Publish {
                topic: poured_topic.clone(),
                payload,
                retain: false,
            });
        }
        if is_due(self.heartbeat_ms, HEARTBEAT_MS, now_ms) {
            self.heartbeat_ms = Some(now_ms);
            let payload = self.heartbeat(now_ms);
            outputs.push(Output::Publish {
                topic: self.topic("heartbeat"),
                payload,
                retain: false,
            });
        }
    }

    /// What a heartbeat says at this time.
    pub fn heartbeat(&self, now_ms: u64) -> Vec<u8> {
        let (state, valve) = match self.session {
            Session::Asking { .. } => ("asking", "closed"),
            Session::Pouring { .. } => ("pouring", "open"),
            Session::Reporting { .. } => ("reporting", "closed"),
            Session::Idle | Session::Done | Session::Off => ("idle", "closed"),
        };
        let uptime_s = now_ms.saturating_sub(self.started_ms) / 1_000;
        wire::heartbeat(self.config.revision, uptime_s, state, valve, self.pulses_total)
    }

    /// What was approved for the pour that is going on.
    pub fn approved_ml(&self) -> Option<u64> {
        match self.session {
            Session::Pouring { approved_ml, .. } => Some(approved_ml),
            _ => None,
        }
    }
}

fn is_due(sent_ms: Option<u64>, every_ms: u64, now_ms: u64) -> bool {
    sent_ms.is_none_or(|sent| now_ms >= sent + every_ms)
}

#[cfg(test)]
mod tests;
