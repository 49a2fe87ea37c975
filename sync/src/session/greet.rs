//! HELLO: sending it, believing it, and what follows from it (PROTOCOL sections 4 and 5).

use kiosk::{
    ids::{Epoch, Writer},
    moment::Moment,
};

use super::{Action, Closed, Session, Setup};
use crate::{
    doubt,
    frame::{self, Frame, Hello, PROTOCOL, Reason, TIPS_MAX, Tip},
    journal::{JournalError, Logs},
};

/// The record schema of each lane that this version knows.
const SCHEMA: [(u8, u16); 4] = [(0, 1), (1, 1), (2, 1), (3, 1)];

impl Session {
    /// Sends HELLO under the generation of this moment.
    pub(super) fn hello<L: Logs>(&mut self, moment: &Moment, logs: &mut L) -> Result<(), JournalError<L::Error>> {
        self.line.generation = doubt::generation(logs)?;
        let held = logs.tips(self.setup.box_id).map_err(JournalError::Store)?;
        let mut tips: Vec<Tip> = held
            .into_iter()
            .map(|(log, state)| Tip {
                by: log.by,
                lane: log.lane,
                epoch: log.epoch,
                seq: state.mark,
                chain: state.chain.first_chunk().copied().unwrap_or_default(),
            })
            .collect();
        // Beyond the limit the least urgent lanes stay unsaid until the next run's `Began` has covered its tips.
        tips.sort_by_key(|tip| (tip.lane, tip.by, tip.epoch));
        tips.truncate(TIPS_MAX);
        let hello = Hello {
            protocol: PROTOCOL,
            schema: SCHEMA.into_iter().collect(),
            box_id: self.setup.box_id,
            run: self.setup.run.0,
            echo: self.peer_run,
            generation: self.line.generation,
            tips,
            nonce: self.line.nonce,
            medium: match self.setup.side {
                Writer::Site => self.setup.medium,
                Writer::Hub => [0; 8],
            },
            wall: Some(moment.wall).filter(|_| moment.trust.is_trusted()),
        };
        self.send(&Frame::Hello(hello));
        Ok(())
    }

    /// The peer's first frame must be its HELLO, sealed without a session. Nothing of it counts yet but the nonce.
    pub(super) fn first_frame(&mut self, moment: &Moment, bytes: &[u8]) {
        let hello = match self.read_first(bytes) {
            Ok(hello) => hello,
            Err(why) => return self.close(why),
        };
        self.line.heard(moment.monotonic_ms);
        self.line.join(&self.setup, &hello.nonce);
        self.line.peer_generation = hello.generation;
        if hello.protocol.0 > PROTOCOL.1 || hello.protocol.1 < PROTOCOL.0 {
            return self.goodbye(Reason::Version, None);
        }
        let ping = self.line.next_ping();
        self.send(&Frame::Ping(ping));
        self.unproven = Some(hello);
    }

    fn read_first(&self, bytes: &[u8]) -> Result<Hello, Closed> {
        let unverified = frame::decode(bytes).map_err(Closed::BadFrame)?;
        let generation = unverified.hello().ok_or(Closed::Unexpected)?.generation;
        let seal = self.line.seal_in(&self.setup, Some(generation));
        match unverified.verify(bytes, &self.setup.pair, &seal) {
            Ok(Frame::Hello(hello)) if hello.box_id == self.setup.box_id => Ok(hello),
            Ok(_) => Err(Closed::Unexpected),
            Err(error) => Err(Closed::BadFrame(error)),
        }
    }

    /// A frame sealed with both nonces came: the HELLO before it was no replay.
    pub(super) fn believe<L: Logs>(
        &mut self,
        moment: &Moment,
        hello: &Hello,
        logs: &mut L,
    ) -> Result<(), JournalError<L::Error>> {
        if let Some(reason) = self.setup.refuse {
            self.goodbye(reason, None);
            return Ok(());
        }
        let enrolled = self.setup.medium;
        if self.setup.side == Writer::Hub && enrolled != [0; 8] && hello.medium != enrolled {
            self.out.push(Action::OtherMedium { medium: hello.medium });
            self.goodbye(Reason::OtherMedium, None);
            return Ok(());
        }
        self.peer_run = Some(hello.run);
        self.peer_protocol = hello.protocol.1;
        self.established = true;
        self.out.push(Action::Established {
            run: Epoch(hello.run),
            wall: hello.wall,
        });
        self.greet(moment, hello, logs)
    }

    /// A fresh HELLO: doubts first, then `acked` becomes what its tips imply (PROTOCOL section 4, Greeting).
    pub(super) fn greet<L: Logs>(
        &mut self,
        moment: &Moment,
        hello: &Hello,
        logs: &mut L,
    ) -> Result<(), JournalError<L::Error>> {
        self.line.peer_generation = hello.generation;
        self.refused.clear();
        self.gap_told = false;
        let raised = match self.setup.side {
            // A hub behind the generation this box has heard is restored and does not know it: this end's HELLO tells
            // it, and until it has raised its own, nothing it says counts (rule 16).
            Writer::Site if self.is_peer_behind(logs)? => {
                self.flow.stop();
                return Ok(());
            }
            _ => hear(&self.setup, hello, true, logs, &mut self.out)?,
        };
        self.out
            .extend(raised.map(|generation| Action::GenerationRaised { generation }));
        if doubt::generation(logs)? > self.line.generation {
            self.hello(moment, logs)?;
        }
        self.start_flow(hello, logs)?;
        self.pump(moment, logs)
    }

    /// At a gateway: whether the hub speaks under a lower generation than was heard before (PROTOCOL rule 16).
    pub(super) fn is_peer_behind<L: Logs>(&self, logs: &L) -> Result<bool, JournalError<L::Error>> {
        Ok(self.setup.side == Writer::Site && self.line.peer_generation < doubt::generation(logs)?)
    }
}

/// What a fresh HELLO tells of a missing past, here or there (PROTOCOL rules 14 to 17). The generation, where it rose. One
/// that is not wide, a text's, shows the money lane alone.
pub(crate) fn hear<L: Logs>(
    setup: &Setup,
    hello: &Hello,
    is_wide: bool,
    logs: &mut L,
    out: &mut Vec<Action>,
) -> Result<Option<u32>, JournalError<L::Error>> {
    Ok(match setup.side {
        Writer::Site => {
            let heard = doubt::site_hear(logs, hello)?;
            match (heard.before, heard.now) {
                (false, true) => out.push(Action::Doubt),
                (true, false) => out.push(Action::DoubtEnded),
                _ => {}
            }
            heard.raised
        }
        Writer::Hub => {
            let heard = doubt::hub_hear(logs, hello, is_wide)?;
            if heard.heard_now {
                out.push(Action::Heard);
            }
            heard.raised
        }
    })
}
