//! What the tool prints: for a person, or one JSON object a line.

use std::io::{Write as _, stdout};

use serde_json::{Value, json};
use world::dispenser::{Answer, Receipt, Refusal};

/// Where results go.
pub struct Tell {
    json: bool,
}

impl Tell {
    /// For a person, or for a program.
    pub fn new(json: bool) -> Tell {
        Tell { json }
    }

    /// An approval or a denial.
    pub fn answer(&self, answer: &Answer) -> anyhow::Result<()> {
        let mut text = match (answer.approved, answer.volume_ml) {
            (true, Some(volume_ml)) => format!("approved: {} ({volume_ml} ml)", answer.reason),
            (true, None) => format!("approved: {}", answer.reason),
            (false, _) => format!("denied: {}", answer.reason),
        };
        text.extend(
            answer
                .lines
                .iter()
                .filter(|line| !line.is_empty())
                .map(|line| format!("\n  | {line}")),
        );
        self.line(&json!({ "answer": answer }), &text)
    }

    /// A receipt.
    pub fn receipt(&self, receipt: &Receipt) -> anyhow::Result<()> {
        let balance = receipt
            .balance_ml
            .map_or(String::new(), |balance_ml| format!(", balance {balance_ml} ml"));
        let text = format!("receipt {}: {} ml{balance}", receipt.receipt, receipt.volume_ml);
        self.line(&json!({ "receipt": receipt }), &text)
    }

    /// An error message of the gateway.
    pub fn refusal(&self, refusal: &Refusal) -> anyhow::Result<()> {
        self.line(
            &json!({ "error": refusal }),
            &format!("refused: {} {}", refusal.code, refusal.detail),
        )
    }

    /// One result in both forms.
    pub fn line(&self, json: &Value, text: &str) -> anyhow::Result<()> {
        let mut out = stdout().lock();
        match self.json {
            true => writeln!(out, "{json}")?,
            false => writeln!(out, "{text}")?,
        }
        Ok(out.flush()?)
    }
}
