//! A token bucket: so many in a burst, so many a second after that, and what becomes of who wants more.

use std::time::Duration;

use tokio::time::Instant;

/// Wanting more than the rate for so long is a flood: cut within the 5 s of RELIABILITY row 20. Shorter, it is a burst: of
/// a dispenser that comes back with what it kept while it was away, or that comes back again and again.
const FLOOD_AFTER: Duration = Duration::from_secs(2);

/// Counts down what may still pass. Holds one second's worth.
#[derive(Debug)]
pub struct Bucket {
    per_second: f64,
    left: f64,
    at: Instant,
    /// Since when it has been empty again and again, without having been half full in between.
    dry_since: Option<Instant>,
}

/// Whether one more may pass.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Turn {
    /// Now; it has been taken.
    Now,
    /// After so long; ask again then.
    After(Duration),
    /// More has been wanted for too long.
    Flood,
}

impl Bucket {
    /// A full bucket that refills at `per_second`.
    pub fn new(per_second: u32, now: Instant) -> Bucket {
        let per_second = f64::from(per_second);
        Bucket {
            per_second,
            left: per_second,
            at: now,
            dry_since: None,
        }
    }

    /// Takes one; false when none is left.
    pub fn take(&mut self, now: Instant) -> bool {
        if self.left < 1.0 {
            self.refill(now);
        }
        if self.left < 1.0 {
            return false;
        }
        self.left -= 1.0;
        true
    }

    /// Takes one for somebody who can be made to wait.
    pub fn turn(&mut self, now: Instant) -> Turn {
        if self.left < 1.0 {
            self.refill(now);
            if self.left * 2.0 >= self.per_second {
                self.dry_since = None;
            }
        }
        if self.left >= 1.0 {
            self.left -= 1.0;
            return Turn::Now;
        }
        let dry_since = *self.dry_since.get_or_insert(now);
        if now.saturating_duration_since(dry_since) > FLOOD_AFTER {
            return Turn::Flood;
        }
        // Rounded up to what a timer can tell apart, lest the wait ends a moment too early.
        let wait_ms = ((1.0 - self.left) / self.per_second * 1_000.0).ceil();
        Turn::After(Duration::from_secs_f64(
            (wait_ms / 1_000.0).min(FLOOD_AFTER.as_secs_f64()),
        ))
    }

    fn refill(&mut self, now: Instant) {
        let passed = now.saturating_duration_since(self.at).as_secs_f64();
        self.left = (self.left + passed * self.per_second).min(self.per_second);
        self.at = now;
    }
}

#[cfg(test)]
mod tests {
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

    /// Sends `count` one behind the other, each as soon as it may. Returns the time at the end, or `None` for a flood.
    fn send(bucket: &mut Bucket, mut now: Instant, count: u32) -> Option<Instant> {
        let mut sent = 0;
        while sent < count {
            match bucket.turn(now) {
                Turn::Now => sent += 1,
                Turn::After(wait) => now += wait,
                Turn::Flood => return None,
            }
        }
        Some(now)
    }

    #[test]
    fn what_was_kept_while_away_passes_slowly() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        let end = send(&mut bucket, start, 250).expect("no flood");
        // 100 at once, 150 at 100 a second, each wait rounded up by less than a millisecond.
        let took = end - start;
        assert!((1_500..1_700).contains(&took.as_millis()), "{took:?}");
    }

    #[test]
    fn who_comes_back_again_and_again_and_behaves_is_no_flood() {
        let start = Instant::now();
        let mut bucket = Bucket::new(10, start);
        for round in 0..100 {
            // Each time a subscription, a status, a heartbeat, an ask and a report.
            let now = start + Duration::from_secs(2) * round;
            assert!(send(&mut bucket, now, 5).is_some(), "round {round}");
        }
    }

    #[test]
    fn a_flood_ends_within_seconds_and_is_not_welcome_at_once() {
        let start = Instant::now();
        let mut bucket = Bucket::new(100, start);
        assert_eq!(send(&mut bucket, start, 1_000), None, "1,000 wanted at once");
        let cut = start + FLOOD_AFTER + Duration::from_millis(20);
        assert_eq!(send(&mut bucket, cut, 10), None, "it comes back at once");
        assert!(
            send(&mut bucket, cut + Duration::from_secs(1), 10).is_some(),
            "it has calmed down"
        );
    }
}
