//! House rules as tests: what a reviewer would otherwise have to remember. A finding names file, line and rule.
//!
//! Each rule is a function from texts to findings, tried twice: on the tree, where it must find nothing, and on a bad
//! sample, where it must find exactly what is bad.
//!
//! | module | rules |
//! |---|---|
//! | [`walls`] | which crate may stand on which, by the manifests and the lock file |
//! | [`sources`] | what a file may name: clocks, SQL, the broker, other adapters |
//! | [`words`] | marks of unfinished work, paths of somebody's machine, length |
//! | [`alphabet`] | the two tables of the GSM alphabet are one |
//! | [`maps`] | README.md and ARCHITECTURE.md name what is there |

mod alphabet;
mod maps;
mod sources;
mod tree;
mod walls;
mod words;

use tree::Finding;

/// Fails with every finding on a line of its own.
fn assert_none(rule: &str, findings: &[Finding]) {
    let lines: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(
        findings.is_empty(),
        "{rule}: {} findings\n{}",
        findings.len(),
        lines.join("\n")
    );
}

/// Where a bad sample was found bad, as `path:line`.
fn places(findings: &[Finding]) -> Vec<String> {
    findings
        .iter()
        .map(|finding| format!("{}:{}", finding.path, finding.line))
        .collect()
}
