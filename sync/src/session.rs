//! One connection's state machine, the same for either side (PROTOCOL sections 4 and 5).
//!
//! The owner calls [`Session::handle`] inside its transaction, folds what comes back in the same transaction, and lets
//! [`Action::Send`] leave after the commit: so an ACK never runs ahead of the disk. **If that transaction does not
//! commit, the session is dropped and the socket closed**: what it believes it sent was never sent.

mod flow;
pub(crate) mod greet;
mod line;
pub(crate) mod take;

use std::collections::BTreeSet;

use kiosk::{
    ids::{BoxId, Epoch, LogKey, RecordId, Writer},
    moment::{Moment, Wall},
};

use self::{
    flow::Flow,
    line::{Due, Line},
};
use crate::{
    doubt,
    frame::{self, Found, Frame, FrameError, Hello, PROTOCOL_SAY, Reason, Said, Say, Seek},
    journal::{JournalError, Logs},
    record::{Record, RecordError},
    seal::{Identity, PairKey},
};

/// Who talks to whom, and with which keys.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Which end this is.
    pub side: Writer,
    /// The enrolment this connection is about.
    pub box_id: BoxId,
    /// This run's epoch, the same as its pen's.
    pub run: Epoch,
    /// The pair's frame keys.
    pub pair: PairKey,
    /// This end's own signing key: the box's, or the hub's.
    pub identity: Identity,
    /// The other end's public signing key.
    pub peer_public: [u8; 32],
    /// At a gateway: the hash of its medium's serial. At the hub: that of the enrolment's medium, which the box's must
    /// equal (PROTOCOL rule 2); all zero where no serial could be read, then any is taken.
    pub medium: [u8; 8],
    /// By text: how long ordinary records wait for others that share their text, in milliseconds. Usual are
    /// [`crate::thin::LINGER_MS`] at a gateway and [`crate::thin::LINGER_HUB_MS`] at the hub.
    pub linger_ms: u64,
    /// At the hub: why this box is not served, such as [`Reason::Retired`]; it is told so under a seal.
    pub refuse: Option<Reason>,
}

/// What happens to a connection.
#[derive(Clone, Debug)]
pub enum Event<'a> {
    /// It is open: HELLO goes out.
    Opened,
    /// A whole frame came.
    Frame(&'a [u8]),
    /// Time went by; call at least at [`Session::deadline_ms`].
    Tick,
    /// There are new records of this box in the database, whoever wrote them, or the generation was raised.
    Written,
    /// At a gateway: ask the hub for a customer. Answered by [`Action::Sought`], or by nothing when the link breaks.
    Seek(Seek),
    /// At the hub: answer such a question. It leaves behind the records written so far.
    Sought(u64, Found),
    /// At the hub: have the site send a text. Nothing happens where [`Session::takes_texts`] is false; what becomes of one
    /// that was lost on the way nobody tells, so say it again on the next socket.
    Say(Say),
    /// At a gateway: tell the hub where such a text stands.
    Said(Said),
    /// Say goodbye and close.
    Close(Reason, Option<u32>),
}

/// What is to be done. Sends leave after the commit, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Give these bytes to the carrier.
    Send(Vec<u8>),
    /// A record is held now that was not before: fold it in this transaction (PROTOCOL rule 8).
    Fold {
        /// Its place.
        id: RecordId,
        /// What stands there. Keep the place of a [`Record::Unknown`]: it is folded after the upgrade.
        record: Record,
    },
    /// The peer is who it says, now and on this socket: its HELLO is fresh. At the hub: close the older connection of
    /// this box with [`Reason::TakenOver`].
    Established {
        /// The peer's run.
        run: Epoch,
        /// The peer's clock, when it trusts it.
        wall: Option<Wall>,
    },
    /// The other end is known to hold this log up to here; after a HELLO that may be less than before. Already kept in
    /// the log's `acked`.
    Acked {
        /// Which log.
        log: LogKey,
        /// Up to where.
        mark: u32,
    },
    /// At a gateway: part of this box's past is missing; sell nothing (PROTOCOL rule 14).
    Doubt,
    /// At a gateway: all of it is back.
    DoubtEnded,
    /// At a gateway: the hub's generation rose and is adopted.
    /// At the hub: the hub's past is missing; the generation is raised, the hub is in doubt. Sync the side log before
    /// this commits, and give [`Event::Written`] to every other session.
    GenerationRaised {
        /// The generation from now on.
        generation: u32,
    },
    /// At the hub: this box is heard (PROTOCOL rule 17). See `doubt::hub_end_if_heard`, and name to the operator what it
    /// gave back without the hub's signature ([`crate::journal::given_back_unsigned`]).
    Heard,
    /// A log is not what its writer would have written: it is refused until the next HELLO; raise an alarm.
    Fork {
        /// The first place that differs.
        at: RecordId,
    },
    /// A record or a head that no honest peer sends: the log is refused until the next HELLO; raise an alarm.
    Refused {
        /// Where.
        at: RecordId,
        /// What is wrong; `None` when it is the head's signature, or its lack.
        error: Option<RecordError>,
    },
    /// At the hub: the box's database moved to another medium; it was told so (PROTOCOL rule 2). Raise an alarm.
    OtherMedium {
        /// The medium it named.
        medium: [u8; 8],
    },
    /// At the hub: a site asks for a customer. Answer with [`Event::Sought`].
    Seek(Seek),
    /// At a gateway: the answer. The records that say so were folded before.
    Sought {
        /// The question's id.
        id: u64,
        /// What came of it.
        found: Found,
    },
    /// At a gateway: the hub has a text sent. Keep its id on disk before [`Event::Said`] says that it is taken.
    Say(Say),
    /// At the hub: where such a text stands.
    Said(Said),
    /// Close the carrier and drop this session.
    Close(Closed),
}

/// Why a connection is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Closed {
    /// This end said goodbye.
    Here(Reason),
    /// The peer said goodbye under its seal: believe it. [`Reason::Retired`] stops selling (PROTOCOL rule 25).
    There {
        /// Why.
        reason: Reason,
        /// When to dial again, in seconds.
        retry_after_s: Option<u32>,
    },
    /// Nothing was heard for 60 s after a PING.
    Silent,
    /// A frame could not be read, or its seal is wrong.
    BadFrame(FrameError),
    /// A frame that does not belong in this state.
    Unexpected,
}

/// The state of one connection.
#[derive(Debug)]
pub struct Session {
    setup: Setup,
    line: Line,
    /// The peer's first HELLO, until a frame sealed with both nonces shows that it is no replay (PROTOCOL rule 10).
    unproven: Option<Hello>,
    established: bool,
    flow: Flow,
    /// Logs that are refused until the next HELLO.
    refused: BTreeSet<LogKey>,
    /// A gap was answered by HELLO; once is enough until something fits again.
    gap_told: bool,
    peer_run: Option<u64>,
    /// The highest version that the peer speaks.
    peer_protocol: u16,
    out: Vec<Action>,
}

impl Session {
    /// A connection before [`Event::Opened`].
    pub fn new(setup: Setup) -> Session {
        Session {
            setup,
            line: Line::default(),
            unproven: None,
            established: false,
            flow: Flow::default(),
            refused: BTreeSet::new(),
            gap_told: false,
            peer_run: None,
            peer_protocol: 0,
            out: Vec::new(),
        }
    }

    /// The enrolment it is about.
    pub fn box_id(&self) -> BoxId {
        self.setup.box_id
    }

    /// Whether the peer's HELLO is believed and records flow.
    pub fn is_established(&self) -> bool {
        self.established && !self.line.is_over()
    }

    /// Whether the peer is there and knows SAY and SAID.
    pub fn takes_texts(&self) -> bool {
        self.is_established() && self.peer_protocol >= PROTOCOL_SAY
    }

    /// When [`Event::Tick`] has something to do, in the milliseconds of `Moment::monotonic_ms`.
    pub fn deadline_ms(&self) -> Option<u64> {
        if self.line.is_over() {
            return None;
        }
        let head = self.flow.head_due_ms().filter(|_| self.established);
        [Some(self.line.deadline_ms(self.flow.is_waiting())), head]
            .into_iter()
            .flatten()
            .min()
    }

    /// Handles one event inside the owner's transaction. After [`Action::Close`] nothing happens any more.
    pub fn handle<L: Logs>(
        &mut self,
        moment: &Moment,
        event: Event<'_>,
        logs: &mut L,
    ) -> Result<Vec<Action>, JournalError<L::Error>> {
        if self.line.is_over() {
            return Ok(Vec::new());
        }
        match event {
            Event::Opened => {
                self.line.open(moment, self.setup.box_id);
                self.hello(moment, logs)?;
            }
            Event::Frame(bytes) => self.frame(moment, bytes, logs)?,
            Event::Tick => self.tick(moment, logs)?,
            Event::Written => self.written(moment, logs)?,
            Event::Seek(seek) if self.established => self.send(&Frame::Seek(seek)),
            Event::Say(say) if self.takes_texts() => self.send(&Frame::Say(say)),
            Event::Said(said) if self.takes_texts() => self.send(&Frame::Said(said)),
            Event::Seek(_) | Event::Say(_) | Event::Said(_) => {}
            Event::Sought(id, found) => {
                self.flow.sought.push_back((id, found));
                self.written(moment, logs)?;
            }
            Event::Close(reason, retry_after_s) => self.goodbye(reason, retry_after_s),
        }
        Ok(std::mem::take(&mut self.out))
    }

    fn tick<L: Logs>(&mut self, moment: &Moment, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        match self.line.tick(moment.monotonic_ms, self.flow.is_waiting()) {
            Due::Nothing => {}
            Due::Ping(number) => self.send(&Frame::Ping(number)),
            Due::Silent => {
                self.close(Closed::Silent);
                return Ok(());
            }
        }
        if self.established {
            self.send_due_heads(moment, logs)?;
        }
        Ok(())
    }

    fn written<L: Logs>(&mut self, moment: &Moment, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        if self.established && doubt::generation(logs)? > self.line.generation {
            self.hello(moment, logs)?;
        }
        self.refresh(logs)?;
        self.pump(moment, logs)
    }

    fn goodbye(&mut self, reason: Reason, retry_after_s: Option<u32>) {
        if self.line.may_speak() {
            self.send(&Frame::Goodbye(reason, retry_after_s));
        }
        self.close(Closed::Here(reason));
    }

    fn close(&mut self, why: Closed) {
        self.line.end();
        self.out.push(Action::Close(why));
    }

    /// Seals and sends a frame that is no chunk. Only a question about an absurdly long phone does not fit.
    fn send(&mut self, frame: &Frame) {
        let seal = self.line.seal_out(&self.setup);
        match frame::encode(frame, &self.setup.pair, &seal) {
            Ok(bytes) => {
                self.line.sent();
                self.out.push(Action::Send(bytes));
            }
            Err(error) => self.close(Closed::BadFrame(error)),
        }
    }
}
