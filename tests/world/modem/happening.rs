//! All that can happen to a pretend modem, by a script, a test or the network behind it.

use std::time::Duration;

use super::{Modem, Out};

/// Something happens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// Somebody sends the SIM a text.
    Receive {
        /// A number, or a name.
        from: String,
        /// What.
        text: String,
    },
    /// A PDU arrives as it is.
    ReceivePdu(String),
    /// The network behind shows something in the USSD session.
    Screen {
        /// What.
        text: String,
        /// It waits for an answer.
        is_open: bool,
    },
    /// The network begins a USSD session by itself.
    Push {
        /// What it says.
        text: String,
        /// It waits for an answer.
        is_open: bool,
    },
    /// A USSD menu: what is said to a code and the answers after it.
    Menu(Vec<String>, String),
    /// The network takes so much longer for USSD.
    UssdDelay(Duration),
    /// The next USSD answer never comes.
    UssdLate,
    /// Codes that no script knows are dialled in the network behind.
    UssdFromNetwork,
    /// The SIM's own number.
    Number(String),
    /// The operator's name and number.
    Operator(String, String),
    /// Registration as `+CREG` numbers it: 0 not, 1 home, 2 searching, 3 denied, 5 roaming.
    Registration(u8),
    /// The signal in dBm; none that is known.
    Signal(Option<i16>),
    /// It is pulled out of its port.
    Remove,
    /// It is put in again.
    Plug,
    /// It starts again by itself.
    Restart,
    /// The SIM is taken out, or put in.
    Sim(bool),
    /// The SIM wants this PIN, from now on.
    Pin(String),
    /// So many places for texts.
    Places(usize),
    /// The next text, or every one, is refused with this code; none any more.
    Refuse(Option<(u16, bool)>),
    /// The next text is sent, and its result never comes.
    SilentNext,
    /// The next prompt never comes.
    NoPromptNext,
    /// The network takes so long for a text.
    SendDelay(Duration),
    /// Of a hundred texts each way, so many are lost.
    Lose(u8),
    /// Of a hundred texts each way, so many come twice.
    Double(u8),
    /// The status of delivery that is reported; no report.
    Status(Option<u8>),
    /// It answers nothing and says nothing; or it speaks again.
    Mute(bool),
    /// What its kind says all day comes so often; never.
    Chatter(Option<Duration>),
    /// A command without its AT is answered with this line, or with ERROR.
    Answer(String, String),
    /// It babbles at 115200 baud for a while.
    Garbage(Duration),
    /// It writes one line of so many bytes.
    LongLine(usize),
    /// It writes this line.
    Line(String),
}

/// Bytes a second at 115200 baud.
const BYTES_PER_SECOND: u64 = 11_520;
/// Garbage is written in pieces of so long.
const PIECE: Duration = Duration::from_millis(20);

impl Modem {
    /// Lets something happen.
    pub fn happen(&mut self, now: Duration, happening: Happening) {
        self.now = self.now.max(now);
        let faults = &mut self.texts.faults;
        match happening {
            Happening::Receive { from, text } => self.receive(&from, &text),
            Happening::ReceivePdu(hex) => self.receive_pdu(&hex),
            Happening::Screen { text, is_open } => self.network_screen(&text, is_open),
            Happening::Push { text, is_open } => self.push_ussd(&text, is_open),
            Happening::Menu(path, text) => drop(self.ussd.menus.insert(path, text)),
            Happening::UssdDelay(delay) => self.ussd.delay = delay,
            Happening::UssdLate => self.ussd.late_next = true,
            Happening::UssdFromNetwork => self.ussd.has_network = true,
            Happening::Number(number) => self.sim.number = number,
            Happening::Operator(name, code) => (self.air.operator, self.air.operator_code) = (name, code),
            Happening::Registration(state) => {
                self.air.registration = state;
                self.tell_registration();
                self.deliver_waiting();
            }
            Happening::Signal(dbm) => self.air.signal_dbm = dbm,
            Happening::Remove => self.vanish(),
            Happening::Plug if !self.is_there => self.put(self.profile.boot, Out::Boot),
            Happening::Plug => {}
            Happening::Restart => self.restart(),
            Happening::Sim(is_in) => {
                self.sim.is_in = is_in;
                self.sim.is_open = self.sim.pin.is_none();
                self.unsolicited(
                    Duration::ZERO,
                    if is_in { "+CPIN: READY" } else { "+CPIN: NOT INSERTED" },
                );
            }
            Happening::Pin(pin) => {
                self.sim.pin = Some(pin);
                self.sim.is_open = false;
            }
            Happening::Places(places) => self.texts.resize(places),
            Happening::Refuse(refuse) => faults.refuse = refuse,
            Happening::SilentNext => faults.silent_next = true,
            Happening::NoPromptNext => faults.no_prompt_next = true,
            Happening::SendDelay(delay) => faults.delay = delay,
            Happening::Lose(percent) => faults.lost = percent,
            Happening::Double(percent) => faults.doubled = percent,
            Happening::Status(status) => faults.status = status,
            Happening::Mute(is_mute) => self.is_mute = is_mute,
            Happening::Chatter(every) => {
                self.out.retain(|_, out| *out != Out::Chatter);
                self.chatter = every;
                if let Some(every) = every {
                    self.put(every, Out::Chatter);
                }
            }
            Happening::Answer(command, line) => drop(self.answers.insert(command.to_uppercase(), line)),
            Happening::Garbage(time) => self.babble(time),
            Happening::LongLine(bytes) => {
                let line = [b"\r\n".as_slice(), &vec![b'x'; bytes], b"\r\n"].concat();
                self.put(Duration::ZERO, Out::Bytes(line));
            }
            Happening::Line(line) => self.unsolicited(Duration::ZERO, &line),
        }
    }

    fn babble(&mut self, time: Duration) {
        let mut delay = Duration::ZERO;
        while delay < time {
            let piece = (0..BYTES_PER_SECOND * PIECE.as_millis() as u64 / 1_000).map(|_| self.roll(256) as u8);
            let piece = piece.collect();
            self.put(delay, Out::Bytes(piece));
            delay += PIECE;
        }
    }
}
