//! Where a line and an end go: one match each.

use super::{
    Machine, Phase,
    step::{DOMAINS, Step},
};
use crate::{command::End, event::Trouble};

impl Machine {
    /// A line of the answer to a step.
    pub(super) fn answered(&mut self, step: &Step, line: &str) {
        match step {
            Step::Signal => self.heard_signal(line),
            Step::Registered(domain) => self.heard_registration(*domain, line, true),
            Step::Operator => self.heard_operator(line),
            Step::Clock => self.heard_clock(line),
            Step::StoresAsked => self.heard_stores(line),
            Step::Room | Step::Store(_) => self.heard_room(line),
            Step::Part => self.heard_reference(line),
            _ => self.heard_at_start(step, line),
        }
    }

    /// The end of a step.
    pub(super) fn finished(&mut self, step: Step, end: End) {
        match &step {
            Step::Again(step, tries) => self.again((**step).clone(), *tries),
            Step::Sweep | Step::SweepSecond => self.swept(&step, &end),
            Step::Delete(slot) => self.deleted(*slot, &end),
            Step::Choose(store) => self.chosen(store, end),
            Step::Part => self.part_is_over(&end),
            Step::Word(_) | Step::HangUp => self.word_is_over(&step, &end),
            _ => self.finished_at_start(&step, &end),
        }
    }

    /// A result that nobody asked for. What is not known here is the vendor's talk.
    pub(super) fn unasked(&mut self, line: &str) {
        if let Some(domain) = DOMAINS.iter().position(|domain| line.starts_with(domain[0])) {
            return self.heard_registration(domain, line, false);
        }
        if self.profile.starts.iter().any(|start| line.starts_with(start)) {
            return self.has_restarted();
        }
        match line.split_once(':') {
            Some(("+CMTI", _)) => self.is_stored(line),
            Some(("+CDSI", _)) => self.report_is_stored(line),
            Some(("+CPIN", word)) => self.card_says(word.trim()),
            _ => {}
        }
    }

    fn card_says(&mut self, word: &str) {
        match (word, self.phase) {
            ("READY", Phase::Waiting { .. }) => self.phase = Phase::Waiting { until: self.now },
            ("NOT INSERTED" | "NOT READY" | "SIM REMOVED", Phase::Ready) => self.sim_trouble(Trouble::NoSim),
            // It was put in again, or taken for another: what it wants is asked anew.
            (word, Phase::Ready) if word != "READY" => {
                self.drop_all();
                self.look_at_sim();
            }
            _ => {}
        }
    }
}
