//! A fuzzer that needs nothing but time: it damages good inputs and gives them to whatever reads what others wrote. The
//! same seed gives the same inputs.
//!
//! | item | what it is |
//! |---|---|
//! | [`TARGETS`] | what is tried, each with good inputs to start from |
//! | [`fuzz`] | tries one for as long as it is told to |

mod front;
mod targets;
mod thin;

use std::panic::{AssertUnwindSafe, catch_unwind};

pub use targets::TARGETS;

use crate::random::Random;

/// The longest input.
const BYTES_MAX: usize = 8_192;

/// Damages in one input at most.
const DAMAGES_MAX: u64 = 8;

/// Bytes that are the edge of something.
const EDGES: [u8; 16] = [
    0x00, 0x01, 0x0a, 0x0d, 0x1a, 0x1b, 0x22, 0x2c, 0x3a, 0x40, 0x7f, 0x80, 0x9f, 0xc8, 0xf0, 0xff,
];

/// Something that reads what others wrote.
pub struct Target {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is.
    pub about: &'static str,
    /// Good inputs.
    pub corpus: fn() -> Vec<Vec<u8>>,
    /// Reads one; it may refuse it, and must not panic.
    pub read: fn(&[u8]),
}

/// An input that made a target panic.
#[derive(Debug)]
pub struct Found {
    /// The input.
    pub input: Vec<u8>,
    /// What the panic said.
    pub said: String,
}

/// Gives damaged inputs to a target, for as long as `goes_on` says so of the number of inputs; how many there were, or
/// the first that broke it. Good inputs come first, as they are.
pub fn fuzz(target: &Target, seed: u64, mut goes_on: impl FnMut(u64) -> bool) -> Result<u64, Found> {
    let corpus = (target.corpus)();
    let mut random = Random::new(seed);
    for input in &corpus {
        read(target, input)?;
    }
    let mut count = 0;
    while goes_on(count) {
        let mut input = chosen(&mut random, &corpus);
        for _ in 0..=random.below(DAMAGES_MAX) {
            damage(&mut random, &mut input, &corpus);
        }
        input.truncate(BYTES_MAX);
        read(target, &input)?;
        count += 1;
    }
    Ok(count)
}

/// Gives one input to a target.
pub fn read(target: &Target, input: &[u8]) -> Result<(), Found> {
    catch_unwind(AssertUnwindSafe(|| (target.read)(input))).map_err(|panic| {
        let said = panic.downcast_ref::<String>().cloned();
        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|said| (*said).to_owned()));
        Found {
            input: input.to_vec(),
            said: said.unwrap_or_default(),
        }
    })
}

fn chosen(random: &mut Random, corpus: &[Vec<u8>]) -> Vec<u8> {
    let place = random.below(corpus.len() as u64) as usize;
    corpus[place].clone()
}

fn damage(random: &mut Random, input: &mut Vec<u8>, corpus: &[Vec<u8>]) {
    let place = |random: &mut Random, input: &[u8]| random.below(input.len().max(1) as u64) as usize;
    let (from, to) = (place(random, input), place(random, input));
    let (from, to) = (from.min(to), from.max(to).min(input.len()));
    match random.below(8) {
        _ if input.is_empty() => input.push(random.below(256) as u8),
        0 => input[from] ^= 1 << random.below(8),
        1 => input[from] = random.below(256) as u8,
        2 => input[from] = EDGES[random.below(EDGES.len() as u64) as usize],
        3 => drop(input.drain(from..to)),
        4 => {
            let again = input[from..to].to_vec();
            input.splice(to..to, again);
        }
        5 => input.insert(from, EDGES[random.below(EDGES.len() as u64) as usize]),
        6 => input.truncate(to),
        // The end of another one.
        _ => {
            let other = chosen(random, corpus);
            let cut = place(random, &other);
            input.truncate(from);
            input.extend(&other[cut.min(other.len())..]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Damaged inputs of each target in a run of the tests.
    const INPUTS: u64 = 3_000;

    #[test]
    fn nothing_that_reads_what_others_wrote_panics() {
        for target in &TARGETS {
            let seed = 1;
            match fuzz(target, seed, |count| count < INPUTS) {
                Ok(count) => assert_eq!(count, INPUTS),
                Err(found) => panic!("{} with seed {seed}: {:02x?}: {}", target.name, found.input, found.said),
            }
        }
    }

    #[test]
    fn a_target_that_breaks_is_found() {
        let target = Target {
            name: "broken",
            about: "fears a byte",
            corpus: || vec![b"good".to_vec(), b"better".to_vec()],
            read: |input| assert!(!input.contains(&0xff), "that byte"),
        };
        let found = fuzz(&target, 1, |count| count < 10_000).expect_err("it breaks");
        assert!(found.input.contains(&0xff) && found.said == "that byte", "{found:?}");
        // The same seed finds the same input.
        let again = fuzz(&target, 1, |count| count < 10_000).expect_err("it breaks");
        assert_eq!(found.input, again.input);
    }
}
