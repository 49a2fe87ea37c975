//! A token bucket: so many in a burst, so many a second after that.

use tokio::time::Instant;

/// Counts down what may still pass. Holds one second's worth.
#[derive(Debug)]
pub struct Bucket {
    per_second: f64,
    left: f64,
    at: Instant,
}

impl Bucket {
    /// A full bucket that refills at `per_second`.
    pub fn new(per_second: u32, now: Instant) -> Bucket {
        let per_second = f64::from(per_second);
        Bucket {
            per_second,
            left: per_second,
            at: now,
        }
    }

    /// Takes one; false when none is left.
    pub fn take(&mut self, now: Instant) -> bool {
        if self.left < 1.0 {
            let passed = now.saturating_duration_since(self.at).as_secs_f64();
            self.left = (self.left + passed * self.per_second).min(self.per_second);
            self.at = now;
        }
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_second_in_a_burst_then_the_rate() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, start);
        assert!((0..10).all(|_| bucket.take(start)));
        assert!(!bucket.take(start));
        assert!(bucket.take(start + Duration::from_millis(101)));
        assert!(!bucket.take(start + Duration::from_millis(102)));
        let late = start + Duration::from_secs(60);
        assert_eq!((0..100).filter(|_| bucket.take(late)).count(), 10);
    }
}
