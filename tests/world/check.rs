//! The promises, held against the world's own books after everything has healed (DESIGN section 4, PROTOCOL section 8,
//! RELIABILITY I1 to I8).
//!
//! | module | what it looks at |
//! |---|---|
//! | `replicas` | logs and states of boxes and hub: equal, and each place with one content |
//! | `records` | every spend folded again from the raw records, by other code than the product's |
//! | `promises` | what was acknowledged: receipts, credits, purchases, joins |
//! | `people` | each customer's litres, by arithmetic on what was seen |
//! | `money` | the ledger, and the provider's statement |
//! | `cash` | what managers took, and their floats |
//! | `calls` | what people did by phone |
//! | `look` | what the world itself reads of its machines' rows |

mod calls;
mod cash;
mod look;
mod money;
mod people;
mod promises;
mod records;
mod replicas;

use std::fmt::Display;

pub use look::Sale;
pub(crate) use look::rows;

use crate::town::World;

/// As many findings are kept of one kind of rule.
const FINDINGS_MAX: usize = 8;

/// What was found.
#[derive(Debug, Default)]
struct Findings {
    rule: &'static str,
    of_rule: usize,
    all: Vec<String>,
}

impl Findings {
    /// From here on another rule is looked at.
    fn rule(&mut self, rule: &'static str) {
        self.rule = rule;
        self.of_rule = 0;
    }

    fn add(&mut self, what: impl Display) {
        self.of_rule += 1;
        if self.of_rule <= FINDINGS_MAX {
            self.all.push(format!("{}: {what}", self.rule));
        }
    }

    fn unless(&mut self, holds: bool, what: impl FnOnce() -> String) {
        if !holds {
            self.add(what());
        }
    }

    /// The value, or a finding.
    fn got<T, E: Display>(&mut self, read: Result<T, E>) -> Option<T> {
        match read {
            Ok(value) => Some(value),
            Err(error) => {
                self.add(error);
                None
            }
        }
    }
}

/// Holds the machines against the books. Gives the rules that are broken, a sentence each.
pub fn check(world: &mut World) -> Vec<String> {
    let mut findings = Findings::default();
    findings.rule("seen while it ran");
    for violation in world.books.violations() {
        findings.add(violation);
    }
    replicas::check(world, &mut findings);
    records::check(world, &mut findings);
    promises::check(world, &mut findings);
    people::check(world, &mut findings);
    money::check(world, &mut findings);
    cash::check(world, &mut findings);
    calls::check(world, &mut findings);
    findings.all
}
