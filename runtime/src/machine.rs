//! What a program decides, apart from when and with whose bytes.

use kiosk::moment::Moment;

/// Why a machine could not handle an input or commit: its store failed. The input changed nothing.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct Fault(pub String);

/// A state machine over its own database.
///
/// The runtime calls `begin`, then `handle` for each input of a batch, then `commit`; effects leave only after the
/// commit. An input that faults is rolled back alone; a commit that faults rolls the whole batch back, and each
/// asker gets [`Machine::refusal`] instead of what was decided.
pub trait Machine {
    /// What can reach the machine.
    type Input: Send + 'static;
    /// What it wants done outside.
    type Effect: Send + 'static;

    /// Opens the transaction of a batch.
    fn begin(&mut self) -> Result<(), Fault>;

    /// Handles one input inside the open transaction. On `Err` the machine has undone all that this input changed.
    fn handle(&mut self, moment: &Moment, input: Self::Input) -> Result<Vec<Self::Effect>, Fault>;

    /// Makes the batch durable.
    fn commit(&mut self) -> Result<(), Fault>;

    /// Forgets the batch after a failed `begin` or `commit`.
    fn abandon(&mut self);

    /// What the asker of `input` is told when it could not be made durable; nothing for inputs that repeat by
    /// themselves. Called before `handle`.
    fn refusal(&self, input: &Self::Input) -> Vec<Self::Effect>;
}

/// Runs one batch: all inputs in one commit, each with its own moment. Returns the effects that may leave now.
///
/// This is the whole contract between a machine and whoever drives it; the simulated world calls it too.
pub fn run_batch<M: Machine>(
    machine: &mut M,
    inputs: impl IntoIterator<Item = (Moment, M::Input)>,
    mut report: impl FnMut(&Fault),
) -> Vec<M::Effect> {
    let mut answers = Vec::new();
    let mut failed = machine.begin().inspect_err(&mut report).is_err();
    for (moment, input) in inputs {
        let refusal = machine.refusal(&input);
        let decided = if failed {
            None
        } else {
            machine.handle(&moment, input).inspect_err(&mut report).ok()
        };
        answers.push((decided, refusal));
    }
    if !failed {
        failed = machine.commit().inspect_err(&mut report).is_err();
    }
    if failed {
        machine.abandon();
    }
    answers
        .into_iter()
        .flat_map(|(decided, refusal)| decided.filter(|_| !failed).unwrap_or(refusal))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use kiosk::moment::{Draw, Trust, Wall};

    /// Counts what was committed; input 0 faults, and `full` makes commits fail.
    #[derive(Default)]
    struct Counter {
        committed: Vec<u32>,
        open: Vec<u32>,
        full: bool,
    }

    impl Machine for Counter {
        type Input = u32;
        type Effect = String;

        fn begin(&mut self) -> Result<(), Fault> {
            self.open = self.committed.clone();
            Ok(())
        }

        fn handle(&mut self, _moment: &Moment, input: u32) -> Result<Vec<String>, Fault> {
            if input == 0 {
                return Err(Fault("nought".to_owned()));
            }
            self.open.push(input);
            Ok(vec![format!("counted {input}")])
        }

        fn commit(&mut self) -> Result<(), Fault> {
            if self.full {
                return Err(Fault("disk full".to_owned()));
            }
            self.committed = std::mem::take(&mut self.open);
            Ok(())
        }

        fn abandon(&mut self) {
            self.open.clear();
        }

        fn refusal(&self, input: &u32) -> Vec<String> {
            vec![format!("refused {input}")]
        }
    }

    fn moments(inputs: &[u32]) -> Vec<(Moment, u32)> {
        let moment = Moment {
            wall: Wall(0),
            trust: Trust::None,
            monotonic_ms: 0,
            draw: Draw::new([0; 32]),
        };
        inputs.iter().map(|input| (moment, *input)).collect()
    }

    #[test]
    fn a_failing_input_rolls_back_alone() {
        let mut counter = Counter::default();
        let effects = run_batch(&mut counter, moments(&[1, 0, 2]), |_| ());
        assert_eq!(effects, ["counted 1", "refused 0", "counted 2"]);
        assert_eq!(counter.committed, [1, 2]);
    }

    #[test]
    fn a_failed_commit_tells_every_asker_and_keeps_nothing() {
        let mut counter = Counter {
            full: true,
            ..Counter::default()
        };
        let mut faults = Vec::new();
        let effects = run_batch(&mut counter, moments(&[1, 0, 2]), |fault| {
            faults.push(fault.to_string())
        });
        assert_eq!(effects, ["refused 1", "refused 0", "refused 2"]);
        assert_eq!(faults, ["nought", "disk full"]);
        assert!(counter.committed.is_empty());
    }
}
