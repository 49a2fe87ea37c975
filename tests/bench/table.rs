//! Runs side by side: rounds alternate between contestants, and the ratio is taken inside each round, so that a slow
//! minute of the machine hits both.

use crate::generator::Figures;

/// The figures of one contestant, one a round.
pub struct Column {
    /// Its name.
    pub name: String,
    /// In the order of the rounds.
    pub rounds: Vec<Figures>,
}

/// The middle of some numbers; not a number when there are none.
pub fn median(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    match numbers.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => numbers[odd / 2],
        even => f64::midpoint(numbers[even / 2 - 1], numbers[even / 2]),
    }
}

impl Column {
    fn middle(&self, of: impl Fn(&Figures) -> f64) -> f64 {
        median(self.rounds.iter().map(of).collect())
    }

    /// The middle of the rounds' ratios to another contestant.
    pub fn ratio(&self, base: &Column, of: impl Fn(&Figures) -> f64) -> f64 {
        median(
            self.rounds
                .iter()
                .zip(&base.rounds)
                .map(|(own, base)| of(own) / of(base))
                .collect(),
        )
    }
}

/// A Markdown table; the first contestant is the one the others are compared with.
pub fn table(clients: usize, columns: &[Column]) -> String {
    let mut text = format!(
        "### {clients} clients\n\n| | rate /s | p50 ms | p99 ms | rate × | p50 × | p99 × | answers |\n\
         |---|---:|---:|---:|---:|---:|---:|---|\n"
    );
    let Some(base) = columns.first() else { return text };
    for column in columns {
        let reasons: std::collections::BTreeSet<&str> = column
            .rounds
            .iter()
            .flat_map(|figures| figures.reasons.keys().map(String::as_str))
            .collect();
        let reasons: Vec<&str> = reasons.into_iter().collect();
        text.push_str(&format!(
            "| {} | {:.0} | {:.2} | {:.2} | {:.2} | {:.2} | {:.2} | {} |\n",
            column.name,
            column.middle(|figures| figures.rate),
            column.middle(|figures| figures.p50_ms),
            column.middle(|figures| figures.p99_ms),
            column.ratio(base, |figures| figures.rate),
            column.ratio(base, |figures| figures.p50_ms),
            column.ratio(base, |figures| figures.p99_ms),
            reasons.join(", "),
        ));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(name: &str, rates: &[f64]) -> Column {
        let figures = |rate: &f64| Figures {
            rate: *rate,
            p50_ms: 1.0,
            p99_ms: 2.0,
            ..Figures::default()
        };
        Column {
            name: name.to_owned(),
            rounds: rates.iter().map(figures).collect(),
        }
    }

    #[test]
    fn ratios_are_taken_inside_a_round() {
        // The machine was three times as fast in the second round; the ratio of 2 does not see it.
        let (base, own) = (
            column("peer", &[100.0, 300.0, 100.0]),
            column("ours", &[200.0, 600.0, 200.0]),
        );
        let text = table(6, &[base, own]);
        assert!(
            text.contains("| peer | 100 | 1.00 | 2.00 | 1.00 | 1.00 | 1.00 |"),
            "{text}"
        );
        assert!(
            text.contains("| ours | 200 | 1.00 | 2.00 | 2.00 | 1.00 | 1.00 |"),
            "{text}"
        );
    }

    #[test]
    fn the_middle_of_an_even_number_lies_between() {
        assert_eq!(median(vec![4.0, 1.0, 3.0, 2.0]), 2.5);
        assert!(median(Vec::new()).is_nan());
    }
}
