//! A running program: its machine, its clock, what waits for it, and how one batch ends.

use kiosk::moment::Moment;
use runtime::machine::{Fault, Machine, run_batch};

use crate::{clock::Clock, random::Random};

/// The longest a quiet machine goes without a tick. The real programs tick every second; here a tick follows a second
/// after anything happened, then ever more rarely, for a quiet machine has nothing that a second more would change.
const TICK_GAP_MAX_MS: u64 = 256_000;
/// The first tick after something happened.
const TICK_GAP_MS: u64 = 1_000;

/// How a batch ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fate {
    /// Committed, and everything leaves.
    Good,
    /// The commit fails; the program lives.
    CommitFails,
    /// The program dies before the commit.
    DiesBefore,
    /// It dies after the commit, having said only this share of its effects, in percent.
    DiesAfter(u64),
    /// Sabotage: the commit says yes and keeps nothing.
    Forgotten,
}

/// What came of a batch.
pub(crate) struct Outcome<E> {
    /// All that was decided and committed.
    pub(crate) effects: Vec<E>,
    /// How many of them leave, the first ones.
    pub(crate) leaving: usize,
    /// The program is dead.
    pub(crate) died: bool,
    /// What went wrong inside.
    pub(crate) faults: Vec<String>,
}

/// A program and its machine.
pub(crate) struct Program<M: Machine> {
    /// `None` while it is off.
    pub(crate) machine: Option<M>,
    /// Counts runs; events of an older one mean nothing.
    pub(crate) run: u32,
    pub(crate) clock: Clock,
    pub(crate) inbox: Vec<M::Input>,
    pub(crate) is_deciding: bool,
    started_ms: u64,
    tick_gap_ms: u64,
    tick_at_ms: u64,
}

impl<M: Machine> Program<M> {
    /// One that is off.
    pub(crate) fn off(clock: Clock) -> Program<M> {
        Program {
            machine: None,
            run: 0,
            clock,
            inbox: Vec::new(),
            is_deciding: false,
            started_ms: 0,
            tick_gap_ms: TICK_GAP_MS,
            tick_at_ms: 0,
        }
    }

    /// A new run begins.
    pub(crate) fn start(&mut self, now_ms: u64, machine: M, clock: Clock) {
        self.machine = Some(machine);
        self.run += 1;
        self.clock = clock;
        self.inbox.clear();
        self.is_deciding = false;
        self.started_ms = now_ms;
        self.tick_gap_ms = TICK_GAP_MS;
        self.tick_at_ms = 0;
    }

    /// The power is gone: what was not committed never was.
    pub(crate) fn stop(&mut self) {
        self.machine = None;
        self.run += 1;
        self.inbox.clear();
        self.is_deciding = false;
    }

    /// Something happened: the next tick comes soon. Gives its time when it was not due by then.
    pub(crate) fn stir(&mut self, now_ms: u64) -> Option<u64> {
        self.tick_gap_ms = TICK_GAP_MS;
        let soon = now_ms + TICK_GAP_MS;
        let is_due = self.tick_at_ms > now_ms && self.tick_at_ms <= soon;
        (!is_due).then(|| {
            self.tick_at_ms = soon;
            soon
        })
    }

    /// Whether a tick at this time is the one that was due, and when the next one is.
    pub(crate) fn ticks(&mut self, now_ms: u64) -> Option<u64> {
        if self.tick_at_ms != now_ms {
            return None;
        }
        self.tick_gap_ms = (self.tick_gap_ms * 2).min(TICK_GAP_MAX_MS);
        self.tick_at_ms = now_ms + self.tick_gap_ms;
        Some(self.tick_at_ms)
    }

    /// Handles all that waits as one batch.
    pub(crate) fn decide(&mut self, now_ms: u64, random: &mut Random, fate: Fate) -> Outcome<M::Effect> {
        self.is_deciding = false;
        let (wall, trust) = self.clock.read(now_ms);
        let monotonic_ms = now_ms - self.started_ms;
        let inputs: Vec<_> = self.inbox.drain(..).collect();
        let stamped: Vec<(Moment, M::Input)> = inputs
            .into_iter()
            .map(|input| {
                let draw = random.draw();
                (
                    Moment {
                        wall,
                        trust,
                        monotonic_ms,
                        draw,
                    },
                    input,
                )
            })
            .collect();
        let mut faults = Vec::new();
        let Some(machine) = &mut self.machine else {
            return Outcome {
                effects: Vec::new(),
                leaving: 0,
                died: true,
                faults,
            };
        };
        let mut driven = Driven { machine, fate };
        let effects = run_batch(&mut driven, stamped, |fault| faults.push(fault.to_string()));
        let died = matches!(fate, Fate::DiesBefore | Fate::DiesAfter(_));
        let (effects, leaving) = match fate {
            Fate::DiesBefore => (Vec::new(), 0),
            Fate::DiesAfter(percent) => {
                let leaving = effects.len() * usize::try_from(percent.min(100)).unwrap_or(0) / 100;
                (effects, leaving)
            }
            _ => {
                let leaving = effects.len();
                (effects, leaving)
            }
        };
        if died {
            self.stop();
        }
        Outcome {
            effects,
            leaving,
            died,
            faults,
        }
    }
}

/// A machine whose commit goes the way its fate says.
struct Driven<'a, M> {
    machine: &'a mut M,
    fate: Fate,
}

impl<M: Machine> Machine for Driven<'_, M> {
    type Input = M::Input;
    type Effect = M::Effect;

    fn begin(&mut self) -> Result<(), Fault> {
        self.machine.begin()
    }

    fn handle(&mut self, moment: &Moment, input: M::Input) -> Result<Vec<M::Effect>, Fault> {
        self.machine.handle(moment, input)
    }

    fn commit(&mut self) -> Result<(), Fault> {
        match self.fate {
            Fate::CommitFails => Err(Fault("the disk is full, for once".to_owned())),
            Fate::Forgotten | Fate::DiesBefore => {
                self.machine.abandon();
                Ok(())
            }
            Fate::Good | Fate::DiesAfter(_) => self.machine.commit(),
        }
    }

    fn abandon(&mut self) {
        self.machine.abandon();
    }

    fn refusal(&self, input: &M::Input) -> Vec<M::Effect> {
        self.machine.refusal(input)
    }
}
