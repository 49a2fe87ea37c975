//! Two replicas in memory and a wire between them that forgets, repeats and cuts.
#![allow(dead_code, missing_docs, reason = "each test binary uses its part")]

use std::{
    collections::{BTreeMap, VecDeque},
    convert::Infallible,
};

use kiosk::{
    fact::{Fact, Granted, How, Outcome, Poured, Purse},
    ids::{BoxId, CustomerId, Epoch, GrantId, HoldId, Lane, LogKey, RecordId, Writer},
    moment::{Draw, Moment, Trust, Wall},
    units::Volume,
};
use kisima_sync::{
    self as sync,
    journal::{Hash, Head, LogState, Logs, Pen, Stored, chain_first, chain_next},
    record::Record,
    seal::{Identity, PairKey, SecretKey},
    session::{Action, Event, Session, Setup},
    thin,
};

pub const BOX: BoxId = BoxId(0xb0b0_0000_0000_0001);

/// A replica in memory; a clone of it is a snapshot of its disk.
#[derive(Clone, Default, Debug, PartialEq)]
pub struct Memory {
    pub logs: BTreeMap<LogKey, (LogState, Vec<Stored>)>,
    pub meta: BTreeMap<String, Vec<u8>>,
    /// How often a value of the crate's own was written.
    pub writes: u64,
}

impl Logs for Memory {
    type Error = Infallible;

    fn log(&self, log: &LogKey) -> Result<Option<LogState>, Infallible> {
        Ok(self.logs.get(log).map(|(state, _)| state.clone()))
    }

    fn logs(&self, box_id: BoxId, by: Writer, lane: Lane) -> Result<Vec<(Epoch, LogState)>, Infallible> {
        let of = self
            .logs
            .iter()
            .filter(|(log, _)| (log.box_id, log.by, log.lane) == (box_id, by, lane));
        Ok(of.map(|(log, (state, _))| (log.epoch, state.clone())).collect())
    }

    fn tips(&self, box_id: BoxId) -> Result<Vec<(LogKey, LogState)>, Infallible> {
        let of = self
            .logs
            .iter()
            .filter(|(log, (state, _))| log.box_id == box_id && state.mark > state.covered);
        Ok(of.map(|(log, (state, _))| (*log, state.clone())).collect())
    }

    fn read(&self, log: &LogKey, from: u32, bytes_max: usize) -> Result<Vec<Stored>, Infallible> {
        let mut total = 0;
        let records = self.logs.get(log).map_or(&[][..], |(_, records)| records);
        let mut read = Vec::new();
        for record in records.iter().skip(from as usize - 1) {
            total += record.len();
            if total > bytes_max && !read.is_empty() {
                break;
            }
            read.push(record.clone());
        }
        Ok(read)
    }

    fn append(&mut self, log: &LogKey, from: u32, records: &[Stored], chain: &Hash) -> Result<(), Infallible> {
        let empty = || {
            let state = LogState {
                mark: 0,
                chain: [0; 32],
                covered: 0,
                acked: 0,
                head: None,
            };
            (state, Vec::new())
        };
        let (state, held) = self.logs.entry(*log).or_insert_with(empty);
        assert_eq!(state.mark + 1, from, "only mark + 1 is appended");
        held.extend_from_slice(records);
        state.mark = held.len() as u32;
        state.chain = *chain;
        Ok(())
    }

    fn cover(&mut self, log: &LogKey, seq: u32) -> Result<(), Infallible> {
        let (state, _) = self.logs.get_mut(log).expect("only held logs are covered");
        state.covered = state.covered.max(seq);
        Ok(())
    }

    fn set_acked(&mut self, log: &LogKey, acked: u32) -> Result<(), Infallible> {
        self.logs.get_mut(log).expect("only held logs are acked").0.acked = acked;
        Ok(())
    }

    fn set_head(&mut self, log: &LogKey, head: &Head) -> Result<(), Infallible> {
        self.logs.get_mut(log).expect("only held logs have heads").0.head = Some(*head);
        Ok(())
    }

    fn blank(&mut self, record: &RecordId) -> Result<(), Infallible> {
        let (_, records) = self.logs.get_mut(&record.log).expect("only held records are blanked");
        let place = &mut records[record.seq as usize - 1];
        *place = Stored::Blank(place.hash());
        Ok(())
    }

    fn meta(&self, key: &str) -> Result<Option<Vec<u8>>, Infallible> {
        Ok(self.meta.get(key).cloned())
    }

    fn put_meta(&mut self, key: &str, value: &[u8]) -> Result<(), Infallible> {
        self.writes += 1;
        self.meta.insert(key.to_owned(), value.to_vec());
        Ok(())
    }
}

impl Memory {
    /// Log and records of everything held, without what each end keeps for itself.
    pub fn records(&self) -> BTreeMap<LogKey, Vec<Hash>> {
        let hashes = |records: &Vec<Stored>| records.iter().map(Stored::hash).collect();
        self.logs
            .iter()
            .map(|(log, (_, records))| (*log, hashes(records)))
            .collect()
    }

    pub fn mark(&self, by: Writer, lane: Lane, epoch: u64) -> u32 {
        self.logs.get(&log(by, lane, epoch)).map_or(0, |(state, _)| state.mark)
    }

    /// Every chain is the chain of its records, every `Began` names what is held, every log is acknowledged.
    pub fn assert_sound(&self, all_acked: bool) {
        for (log, (state, records)) in &self.logs {
            let mut chain = None;
            for record in records {
                chain = Some(match chain {
                    None => chain_first(log.epoch, &record.hash()),
                    Some(chain) => chain_next(&chain, &record.hash()),
                });
            }
            assert_eq!(chain, Some(state.chain), "{log:?}");
            for (epoch, seq) in sync::journal::previous_of(self, log).unwrap() {
                let before = LogKey { epoch, ..*log };
                assert!(self.logs[&before].0.mark >= seq, "{log:?} stands on {before:?}");
            }
            if all_acked {
                assert_eq!(state.acked, state.mark, "{log:?}");
            }
        }
    }
}

pub fn log(by: Writer, lane: Lane, epoch: u64) -> LogKey {
    LogKey {
        box_id: BOX,
        by,
        lane,
        epoch: Epoch(epoch),
    }
}

pub fn poured(number: u64, epoch: u64) -> Record {
    let grant = GrantId {
        epoch: Epoch(0x8f3c_55d1_0a1b_2c3d),
        number: number * 7 % 900,
    };
    Record::Fact(Fact::Poured(Poured {
        hold: Some(HoldId {
            epoch: Epoch(epoch),
            number,
        }),
        parts: vec![(grant, Volume::from_ml(20_000 - number * 131 % 700))],
        over: Volume::ZERO,
        how: How::Report,
        outcome: Some(Outcome::Complete),
        dispenser: format!("tap-{}", number % 3 + 1).parse().unwrap(),
        time: Wall::from_seconds(1_790_000_000 + number as i64 * 43),
        clock_trusted: true,
    }))
}

pub fn granted(number: u64, epoch: u64) -> Record {
    Record::Fact(Fact::Granted(Granted {
        grant: GrantId {
            epoch: Epoch(epoch),
            number,
        },
        customer: CustomerId(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)),
        purse: Purse::Prepaid,
        volume: Volume::from_ml(500_000),
        valid_until: None,
    }))
}

pub fn moment(now_ms: u64, seed: u64) -> Moment {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    bytes[8..16].copy_from_slice(&now_ms.to_le_bytes());
    Moment {
        wall: Wall::from_seconds(1_790_000_000).plus_ms(now_ms as i64),
        trust: Trust::Ntp,
        monotonic_ms: now_ms,
        draw: Draw::new(bytes),
    }
}

pub fn site_identity() -> Identity {
    Identity::from_seed(&SecretKey::new([1; 32]))
}

pub fn hub_identity() -> Identity {
    Identity::from_seed(&SecretKey::new([2; 32]))
}

pub fn pair() -> PairKey {
    PairKey::new(&SecretKey::new([3; 32]))
}

pub fn setup(side: Writer, run: u64) -> Setup {
    let (identity, peer) = match side {
        Writer::Site => (site_identity(), hub_identity()),
        Writer::Hub => (hub_identity(), site_identity()),
    };
    Setup {
        side,
        box_id: BOX,
        run: Epoch(run),
        pair: pair(),
        identity,
        peer_public: peer.public(),
        medium: [9; 8],
        linger_ms: match side {
            Writer::Site => thin::LINGER_MS,
            Writer::Hub => thin::LINGER_HUB_MS,
        },
        refuse: None,
    }
}

/// One end: its disk, its run, its connection, and what it did.
pub struct End {
    pub side: Writer,
    pub disk: Memory,
    pub run: u64,
    pub written: u64,
    pub session: Option<Session>,
    /// Frames on their way to the other end.
    pub wire: VecDeque<Vec<u8>>,
    pub seen: Vec<Action>,
}

impl End {
    pub fn new(side: Writer, run: u64) -> End {
        End {
            side,
            disk: Memory::default(),
            run,
            written: 0,
            session: None,
            wire: VecDeque::new(),
            seen: Vec::new(),
        }
    }

    pub fn pen(&self) -> Pen {
        Pen {
            by: self.side,
            epoch: Epoch(self.run),
        }
    }

    /// Writes a record into the money lane without telling the session.
    pub fn write_quietly(&mut self) {
        self.written += 1;
        let record = match self.side {
            Writer::Site => poured(self.written, self.run),
            Writer::Hub => granted(self.written, self.run),
        };
        self.pen().write(&mut self.disk, BOX, Lane::Money, &record).unwrap();
    }

    pub fn write(&mut self, moment: &Moment) {
        self.write_quietly();
        self.handle(moment, Event::Written);
    }

    pub fn handle(&mut self, moment: &Moment, event: Event<'_>) {
        let Some(session) = &mut self.session else { return };
        for action in session.handle(moment, event, &mut self.disk).unwrap() {
            match action {
                Action::Send(bytes) => {
                    assert!(bytes.len() <= sync::frame::FRAME_BYTES_MAX);
                    self.wire.push_back(bytes);
                }
                Action::Close(why) => {
                    self.seen.push(Action::Close(why));
                    self.session = None;
                }
                other => self.seen.push(other),
            }
            if self.session.is_none() {
                break;
            }
        }
    }

    pub fn saw(&self, what: impl Fn(&Action) -> bool) -> bool {
        self.seen.iter().any(what)
    }

    pub fn folded(&self) -> usize {
        self.seen
            .iter()
            .filter(|action| matches!(action, Action::Fold { .. }))
            .count()
    }
}

/// A site, a hub and a socket.
pub struct Pair {
    pub site: End,
    pub hub: End,
    pub now_ms: u64,
    pub seed: u64,
    /// Bytes of all frames delivered, by direction: to the hub, to the site.
    pub bytes: [usize; 2],
}

impl Pair {
    pub fn new(seed: u64) -> Pair {
        Pair {
            site: End::new(Writer::Site, 0xa1),
            hub: End::new(Writer::Hub, 0x41),
            now_ms: 1_000,
            seed,
            bytes: [0; 2],
        }
    }

    pub fn moment(&self) -> Moment {
        moment(self.now_ms, self.seed)
    }

    pub fn connect(&mut self) {
        self.cut();
        self.now_ms += 1;
        let moment = self.moment();
        for end in [&mut self.site, &mut self.hub] {
            end.session = Some(Session::new(setup(end.side, end.run)));
            end.handle(&moment, Event::Opened);
        }
    }

    pub fn cut(&mut self) {
        for end in [&mut self.site, &mut self.hub] {
            end.session = None;
            end.wire.clear();
        }
    }

    /// Delivers one frame; false when none was on its way.
    pub fn deliver(&mut self, to: Writer) -> bool {
        self.now_ms += 1;
        let moment = self.moment();
        let (from, end, count) = match to {
            Writer::Hub => (&mut self.site, &mut self.hub, &mut self.bytes[0]),
            Writer::Site => (&mut self.hub, &mut self.site, &mut self.bytes[1]),
        };
        let Some(frame) = from.wire.pop_front() else {
            return false;
        };
        *count += frame.len();
        end.handle(&moment, Event::Frame(&frame));
        if end.session.is_none() {
            self.cut();
        }
        true
    }

    pub fn settle(&mut self) {
        for _ in 0..100_000 {
            let moved = self.deliver(Writer::Hub) | self.deliver(Writer::Site);
            if !moved {
                return;
            }
        }
        panic!("the two ends never fall silent");
    }

    pub fn restart(&mut self, side: Writer, run: u64) {
        self.cut();
        let end = match side {
            Writer::Site => &mut self.site,
            Writer::Hub => &mut self.hub,
        };
        end.run = run;
        end.written = 0;
    }

    pub fn assert_same(&self) {
        assert_eq!(self.site.disk.records(), self.hub.disk.records());
        self.site.disk.assert_sound(true);
        self.hub.disk.assert_sound(true);
    }
}
