//! One thing to say, as a command with its time and its tries.

use super::{Machine, stores};
use crate::command::{Command, Parameter, Unsendable};

/// One thing to say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Is anybody there?
    Probe,
    EchoOff,
    ErrorNumbers,
    /// A question whose answer no other command has: what came before it was late.
    Check,
    Maker,
    Model,
    Revision,
    Imei,
    Iccid,
    Pin,
    PinTries,
    PinEnter,
    Imsi,
    PduMode,
    Alphabet,
    Service,
    ServiceAsked,
    Store(&'static str),
    StoresAsked,
    NotifyAsked,
    Notify([u16; 5]),
    Ussd,
    Track(usize),
    Zone,
    Context,
    Activate,
    /// Nothing is said: the modem is set up.
    Done,

    Signal,
    Registered(usize),
    /// The form in which the operator is told: 2 its number, 0 its name.
    OperatorForm(u16),
    Operator,
    Clock,

    Sweep,
    /// The same of the second store, where the modem has one.
    SweepSecond,
    Room,
    Read(u16),
    Delete(u16),
    /// A report lies in the store for reports.
    ReadReport(u16),
    DeleteReport(u16),
    /// The store that what follows is about.
    Choose(&'static str),
    Acknowledge,

    KeepLink,
    Part,
    /// The line of a USSD command.
    Word(Command),
    HangUp,
    /// A step that had no answer, and how many tries it has left.
    Again(Box<Step>, u8),
}

/// The domains that a modem registers in: calls and texts, data up to 3G, 4G.
pub(super) const DOMAINS: [[&str; 3]; 3] = [
    ["+CREG:", "AT+CREG=2", "AT+CREG?"],
    ["+CGREG:", "AT+CGREG=2", "AT+CGREG?"],
    ["+CEREG:", "AT+CEREG=2", "AT+CEREG?"],
];

/// The operator's number, then its name.
pub(super) const OPERATOR: [Step; 4] = [
    Step::OperatorForm(2),
    Step::Operator,
    Step::OperatorForm(0),
    Step::Operator,
];

impl Machine {
    /// The command of a step; `None` where it has nothing to say.
    pub(super) fn command(&self, step: &Step) -> Result<Option<Command>, Unsendable> {
        use Parameter::{Number, Text};
        let fixed = Command::fixed;
        if self.is_lost(step) {
            return Err(Unsendable);
        }
        let command = match step {
            Step::Probe => fixed("AT", "").within(3_000).tries(3),
            Step::EchoOff => fixed("ATE0", "").within(3_000),
            Step::ErrorNumbers => fixed("AT+CMEE=1", ""),
            Step::Check => fixed("AT+CMEE?", "+CMEE:").within(3_000).tries(3),
            Step::Maker => fixed("AT+CGMI", "+CGMI:"),
            Step::Model => fixed("AT+CGMM", "+CGMM:"),
            Step::Revision => fixed("AT+CGMR", "+CGMR:"),
            Step::Imei => fixed("AT+CGSN", "+CGSN:"),
            Step::Iccid => fixed(self.profile.iccid.0, self.profile.iccid.1),
            Step::Pin => fixed("AT+CPIN?", "+CPIN:").within(15_000),
            Step::PinTries => fixed(self.profile.pin_tries.0, self.profile.pin_tries.1),
            Step::PinEnter => {
                let pin = self.settings.sim_pin.as_deref().unwrap_or_default();
                Command::set("+CPIN", &[Text(pin)])?.within(15_000).tries(1)
            }
            Step::Imsi => fixed("AT+CIMI", "+CIMI:"),
            Step::PduMode => fixed("AT+CMGF=0", ""),
            Step::Alphabet => fixed("AT+CSCS=\"GSM\"", ""),
            Step::Service => fixed("AT+CSMS=0", "+CSMS:"),
            Step::ServiceAsked => fixed("AT+CSMS?", "+CSMS:"),
            Step::Store(store) => Command {
                prefix: "+CPMS:",
                ..Command::set("+CPMS", &[Text(store), Text(store), Text(store)])?
            },
            Step::StoresAsked => fixed("AT+CPMS=?", "+CPMS:"),
            Step::NotifyAsked => fixed("AT+CNMI=?", "+CNMI:"),
            Step::Notify(values) => Command::set("+CNMI", &values.map(Number))?,
            Step::Ussd => fixed("AT+CUSD=1", ""),
            Step::Track(domain) => fixed(DOMAINS[*domain][1], ""),
            Step::Zone => fixed("AT+CTZU=1", ""),
            Step::Context => {
                let super::Data::Ecm { apn } = &self.settings.data else {
                    return Ok(None);
                };
                Command::set("+CGDCONT", &[Number(1), Text("IP"), Text(apn)])?
            }
            Step::Activate => fixed("AT+CGACT=1,1", "").within(150_000).tries(1),
            Step::Done | Step::Again(..) => return Ok(None),
            Step::Signal => fixed("AT+CSQ", "+CSQ:"),
            Step::Registered(domain) => fixed(DOMAINS[*domain][2], DOMAINS[*domain][0]),
            Step::OperatorForm(form) => Command::set("+COPS", &[Number(3), Number(*form)])?,
            Step::Operator => fixed("AT+COPS?", "+COPS:").within(30_000),
            Step::Clock => fixed(self.profile.clock.0, self.profile.clock.1),
            Step::Sweep | Step::SweepSecond => fixed("AT+CMGL=4", "+CMGL:").within(60_000),
            Step::Room => fixed("AT+CPMS?", "+CPMS:"),
            Step::Read(slot) | Step::ReadReport(slot) => Command {
                prefix: "+CMGR:",
                ..Command::set("+CMGR", &[Number(stores::index(*slot))])?
            },
            // Said once: when the first was heard and its answer lost, a second could take a text that came meanwhile.
            Step::Delete(slot) | Step::DeleteReport(slot) => {
                Command::set("+CMGD", &[Number(stores::index(*slot))])?.tries(1)
            }
            Step::Choose(store) => Command::set("+CPMS", &[Text(store)])?,
            Step::Acknowledge => fixed("AT+CNMA", "").within(1_000).tries(1),
            Step::KeepLink => fixed("AT+CMMS=1", "").tries(1),
            Step::Part => return Ok(self.sending.as_ref().and_then(|sending| sending.command())),
            Step::Word(command) => command.clone(),
            Step::HangUp => fixed("AT+CUSD=2", "").tries(1),
        };
        Ok(Some(command))
    }

    /// Whether any line that is no other result is its answer.
    pub(super) fn takes_bare_lines(step: &Step) -> bool {
        let bare = [
            Step::Maker,
            Step::Model,
            Step::Revision,
            Step::Imei,
            Step::Iccid,
            Step::Imsi,
        ];
        bare.contains(step)
    }
}
