//! Randomness from the operating system, stretched so that an input costs no system call.

use kiosk::moment::Draw;
use sha2::{Digest, Sha256};

/// Draws per seed, after which the operating system is asked again.
const DRAWS_PER_SEED: u64 = 1 << 20;

/// A stream of draws: SHA-256 over a seed and a counter.
pub struct Dice {
    seed: [u8; 32],
    drawn: u64,
}

impl Dice {
    /// Dice seeded by the operating system; fails where it has no randomness yet.
    pub fn from_system() -> Result<Dice, getrandom::Error> {
        let mut seed = [0; 32];
        getrandom::fill(&mut seed)?;
        Ok(Dice { seed, drawn: 0 })
    }

    /// The next draw.
    pub fn roll(&mut self) -> Draw {
        if self.drawn == DRAWS_PER_SEED {
            let mut fresh = [0; 32];
            if getrandom::fill(&mut fresh).is_ok() {
                self.seed = Sha256::new()
                    .chain_update(self.seed)
                    .chain_update(fresh)
                    .finalize()
                    .into();
                self.drawn = 0;
            }
        }
        self.drawn += 1;
        Draw::new(
            Sha256::new()
                .chain_update(self.seed)
                .chain_update(self.drawn.to_le_bytes())
                .finalize()
                .into(),
        )
    }
}
