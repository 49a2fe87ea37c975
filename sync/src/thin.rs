//! Sync by texts: SMS and USSD, when there is no data (PROTOCOL rules 10 to 16 and "Thin carriers" of section 4).
//!
//! The same marks over the same logs as [`crate::session`], for the money lane alone. A text is one frame. What an end
//! knows of the exchange is a value among the logs' own, one per box, so it survives `kill -9` and nobody keeps anything
//! in memory: [`handle`] reads it, changes it and writes it in the owner's transaction, and what is to be said leaves
//! after the commit.
//!
//! | file | what it holds |
//! |---|---|
//! | `frame` | a text's bytes: header, payload, tag |
//! | `state` | what is kept between two events |
//! | `kept` | how it is written |
//! | `verify` | whose a text is, and what it says |
//! | `hear` | what follows from it |
//! | `park` | what came before its turn |
//! | `due` | what there is to say, and when |
//! | `speak` | saying it |

mod due;
mod frame;
mod hear;
mod kept;
mod park;
mod speak;
mod state;
mod verify;

use kiosk::{
    ids::{BoxId, Epoch, Lane, RecordId, Writer},
    moment::{Moment, Wall},
};

pub use self::frame::{Claim, claim, looks_like_frame};
use self::state::State;
use crate::{
    doubt,
    frame::Reason,
    journal::{JournalError, Logs},
    seal::Carrier,
    session::{Action, Setup},
};

/// Characters of one SMS (GSM 03.38, 7 bits each).
pub const TEXT_CHARS_MAX: usize = 160;
/// Characters of an SMS in four parts, 153 each (3GPP TS 23.040, 9.2.3.24.1): only for a record that needs it.
pub const LONG_TEXT_CHARS_MAX: usize = 4 * 153;
/// Texts sent and not acknowledged (PROTOCOL rule 12).
pub const WINDOW: usize = 16;
/// Frames parked beyond a gap; then the farthest is dropped (PROTOCOL section 4).
pub const PARKED_MAX: usize = 32;
/// How long a text may be unacknowledged before it is sent again; it doubles (PROTOCOL section 4).
pub const AGAIN_MS_MIN: u64 = 600_000;
/// Where that doubling ends.
pub const AGAIN_MS_MAX: u64 = 6 * 3_600_000;
/// HELLO upon a text that may be an old one, repeated by anybody, is not said more often.
pub const SELDOM_MS: u64 = 3_600_000;
/// How long a receiver collects before it answers.
pub const ANSWER_MS: u64 = 60_000;
/// So many texts are answered at once.
pub const ANSWER_TEXTS: u32 = 8;
/// How long a box collects ordinary sales for a text that is not full, where nobody set otherwise (`Setup::linger_ms`).
pub const LINGER_MS: u64 = 3_600_000;
/// How long it does at most where something else is among them, for somebody waits for it: a request, a closed grant.
pub const LINGER_URGENT_MS: u64 = 300_000;
/// How long the hub collects.
pub const LINGER_HUB_MS: u64 = 20_000;

/// What happens to the exchange with one box.
#[derive(Clone, Copy, Debug)]
pub enum Event<'a> {
    /// A text came for which [`looks_like_frame`] is true. It is never answered by this event: see [`deadline_ms`].
    Text {
        /// What it came over; its seal says so too.
        carrier: Carrier,
        /// The whole text, parts joined.
        text: &'a str,
    },
    /// Say what is due. On [`Carrier::Ussd`] everything there is to say is due, for the other end is on the line.
    Tick {
        /// What the texts leave by: they are sealed for it.
        carrier: Carrier,
        /// The budget: so many single SMS leave at most, the parts of a long one counted each.
        texts_max: u32,
    },
    /// A socket of this box was established (`session::Action::Established`): forget what is in flight. At a gateway no
    /// HELLO by text is needed in this run then; at the hub nothing is texted until the box does.
    WideHeard {
        /// The peer's run, as the socket's HELLO named it.
        peer_run: Epoch,
    },
}

/// A text to be sent after the commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Text {
    /// What it says: `=` and base64.
    pub text: String,
    /// How many SMS it costs, 1 to 4; on USSD always 1.
    pub parts: u32,
}

/// What came of an event.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Outcome {
    /// The text is a frame of this box's other end. Else it is not for this box, or cannot be read yet; nothing changed.
    pub verified: bool,
    /// It brought records, or is the HELLO of a run not seen before: no replay does. Only then may the hub take over the
    /// number it came from. To a site the hub's answers to what it said itself, HELLO and ACK, are news too.
    pub is_news: bool,
    /// What is to be sent, in order.
    pub texts: Vec<Text>,
    /// What is to be done, as for a socket; never `Send`, `Close`, `Established`, `Seek` or `Sought`.
    pub actions: Vec<Action>,
    /// The other end said goodbye under its seal. [`Reason::Retired`] stops selling (PROTOCOL rule 25).
    pub goodbye: Option<Reason>,
    /// The peer's clock when it wrote a fresh HELLO, if it trusted it. It is later now by as long as the text took.
    pub wall: Option<Wall>,
}

/// What waits on this end for the other, of the logs it writes itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Waiting {
    /// Money records that the other end is not known to hold.
    pub records: u64,
    /// A record that fits no text: its log waits for a wide carrier.
    pub too_large: Option<RecordId>,
}

/// Handles one event inside the owner's transaction. Fold what comes back in it, and let the texts leave after its commit.
///
/// `setup` is as for a socket. Texts that are no frames of this box change nothing and are no error; an error is the
/// storage's. Whoever has several enrolments that [`Claim::may_be`] names tries each until one says `verified`.
pub fn handle<L: Logs>(
    setup: &Setup,
    moment: &Moment,
    event: Event<'_>,
    logs: &mut L,
) -> Result<Outcome, JournalError<L::Error>> {
    let mut state = State::load(setup, moment, logs)?;
    let outcome = match event {
        Event::Text { carrier, text } => hear::text(setup, moment, (carrier, text), &mut state, logs)?,
        Event::Tick { carrier, texts_max } => speak::tick(setup, moment, carrier, texts_max, &mut state, logs)?,
        Event::WideHeard { peer_run } => {
            state.unpark_all(setup.box_id, logs)?;
            let box_run = match setup.side {
                Writer::Site => setup.run,
                Writer::Hub => peer_run,
            };
            state.hear_wide(box_run, doubt::generation(logs)?);
            Outcome::default()
        }
    };
    // A text of nobody must not cost a write.
    if outcome.verified || !matches!(event, Event::Text { .. }) {
        state.save(setup.box_id, logs)?;
    }
    Ok(outcome)
}

/// When [`Event::Tick`] has something to do, in the milliseconds of `Moment::monotonic_ms`; at once when that is not
/// later than now. `None`: nothing until the next event or record. Ask after each event and after records were written.
/// Without budget left a tick says nothing and the deadline stays: tick again when there is some.
pub fn deadline_ms<L: Logs>(setup: &Setup, moment: &Moment, logs: &L) -> Result<Option<u64>, JournalError<L::Error>> {
    let state = State::load(setup, moment, logs)?;
    due::deadline_ms(setup, moment, &state, logs)
}

/// What waits here, for a page to show.
pub fn waiting<L: Logs>(side: Writer, box_id: BoxId, logs: &L) -> Result<Waiting, JournalError<L::Error>> {
    let mut waiting = Waiting::default();
    for (_, state) in logs.logs(box_id, side, Lane::Money).map_err(JournalError::Store)? {
        waiting.records += u64::from(state.mark - state.acked.min(state.mark));
    }
    let too_large = State::peek(box_id, logs)?.and_then(|state| state.too_large.first().copied());
    waiting.too_large = too_large.map(|(by, epoch, seq)| RecordId {
        log: state::log_at(box_id, (by, epoch)),
        seq,
    });
    Ok(waiting)
}

/// One event that came in, half-way through.
struct Hearing<'a, L> {
    setup: &'a Setup,
    now_ms: u64,
    /// The generation under which the frame is sealed.
    generation: u32,
    state: &'a mut State,
    logs: &'a mut L,
    outcome: Outcome,
}
