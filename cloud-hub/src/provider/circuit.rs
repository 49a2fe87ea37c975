//! A circuit: after some calls in a row that a provider did not answer, no more are made for a while. Then one may try;
//! its fate decides for the others. A customer is told at once to try later instead of waiting half a minute for nothing,
//! and a provider that struggles is not trampled.
//!
//! ```text
//! up ─ FAILURES_MAX in a row ─> down ─ TRY_AFTER ─> one call tries ─ answered ─> up
//!                                ^──────────────────────┴ not answered
//! ```

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::hub::input::Service;

/// After so many calls in a row without an answer the provider counts as down.
pub const FAILURES_MAX: u32 = 5;
/// How long nobody calls a provider that is down, before one call may try.
pub const TRY_AFTER: Duration = Duration::from_secs(30);

/// Whether a provider can be called.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// Calls go out.
    Up,
    /// None goes out, except now and then one that tries.
    Down,
}

impl State {
    /// The name in APIs and pages.
    pub const fn name(self) -> &'static str {
        match self {
            State::Up => "up",
            State::Down => "down",
        }
    }
}

/// What an operator sees of a circuit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Shown {
    /// Whose circuit it is.
    pub service: Service,
    /// Whether it can be called.
    pub state: State,
    /// Calls in a row that it did not answer.
    pub failures: u32,
    /// For how long it has been down.
    pub down_for: Option<Duration>,
}

#[derive(Debug, Default)]
struct Inner {
    failures: u32,
    /// When the next call may try, once the provider is down.
    try_at: Option<Instant>,
    is_trying: bool,
    since: Option<Instant>,
}

/// The circuit of one provider. Clones are the same circuit.
#[derive(Clone, Debug)]
pub struct Circuit {
    service: Service,
    inner: Arc<Mutex<Inner>>,
}

impl Circuit {
    /// The circuit of a provider that nobody has called yet.
    pub fn new(service: impl Into<Service>) -> Circuit {
        Circuit {
            service: service.into(),
            inner: Arc::default(),
        }
    }

    /// Whose circuit it is.
    pub fn service(&self) -> Service {
        self.service
    }

    /// Leave to make a call; `None` while the provider is down and this is not the one that tries. Owed: a word on how
    /// it went. Leave that is dropped without one, because the call was given up, counts as no answer.
    pub fn admit(&self, now: Instant) -> Option<Leave> {
        let mut inner = self.inner();
        if let Some(try_at) = inner.try_at {
            if inner.is_trying || now < try_at {
                return None;
            }
            inner.is_trying = true;
        }
        Some(Leave {
            circuit: self.clone(),
            is_judged: false,
        })
    }

    /// How it stands.
    pub fn shown(&self, now: Instant) -> Shown {
        let inner = self.inner();
        Shown {
            service: self.service,
            state: match inner.try_at {
                Some(_) => State::Down,
                None => State::Up,
            },
            failures: inner.failures,
            down_for: inner.since.map(|since| now.saturating_duration_since(since)),
        }
    }

    fn judge(&self, answered: bool, now: Instant) {
        let mut inner = self.inner();
        let was_down = inner.try_at.is_some();
        if answered {
            *inner = Inner::default();
            if was_down {
                tracing::info!(provider = %self.service, "the provider answers again");
            }
            return;
        }
        inner.failures = inner.failures.saturating_add(1);
        if inner.failures >= FAILURES_MAX {
            inner.try_at = Some(now + TRY_AFTER);
            inner.is_trying = false;
            inner.since = inner.since.or(Some(now));
            if !was_down {
                tracing::warn!(provider = %self.service, failures = inner.failures, "the provider does not answer");
            }
        }
    }

    fn inner(&self) -> MutexGuard<'_, Inner> {
        // Plain values: a panic elsewhere cannot leave them half-written.
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Leave to make one call.
#[derive(Debug)]
pub struct Leave {
    circuit: Circuit,
    is_judged: bool,
}

impl Leave {
    /// How the call went: whether the provider answered for itself.
    pub fn judge(mut self, answered: bool, now: Instant) {
        self.is_judged = true;
        self.circuit.judge(answered, now);
    }
}

impl Drop for Leave {
    fn drop(&mut self) {
        if !self.is_judged {
            self.circuit.judge(false, Instant::now());
        }
    }
}

/// The circuits of all providers that are configured.
#[derive(Clone, Debug, Default)]
pub struct Circuits(BTreeMap<Service, Circuit>);

impl Circuits {
    /// Takes one in.
    pub fn add(&mut self, circuit: Circuit) {
        self.0.insert(circuit.service(), circuit);
    }

    /// How they stand: the payment providers, then the messaging provider.
    pub fn shown(&self) -> Vec<Shown> {
        let now = Instant::now();
        self.0.values().map(|circuit| circuit.shown(now)).collect()
    }
}

#[cfg(test)]
mod tests {
    use kiosk::provider::Provider;

    use super::*;

    fn call(circuit: &Circuit, now: Instant, answered: bool) -> bool {
        match circuit.admit(now) {
            Some(leave) => {
                leave.judge(answered, now);
                true
            }
            None => false,
        }
    }

    #[test]
    fn it_opens_after_five_in_a_row_and_not_before() {
        let (circuit, now) = (Circuit::new(Provider::Mtn), Instant::now());
        for _ in 0..4 {
            assert!(call(&circuit, now, false));
        }
        assert!(call(&circuit, now, true), "one answer, and they are forgotten");
        for _ in 0..5 {
            assert_eq!(circuit.shown(now).state, State::Up);
            assert!(call(&circuit, now, false));
        }
        let shown = circuit.shown(now);
        assert_eq!(
            (shown.state, shown.failures, shown.down_for),
            (State::Down, 5, Some(Duration::ZERO))
        );
        assert!(!call(&circuit, now, true), "nothing is sent");
    }

    #[test]
    fn one_call_tries_and_decides_for_the_others() {
        let (circuit, now) = (Circuit::new(Provider::Airtel), Instant::now());
        (0..5).for_each(|_| assert!(call(&circuit, now, false)));
        let later = now + TRY_AFTER;
        let trying = circuit.admit(later).unwrap();
        assert!(circuit.admit(later).is_none(), "only one");
        trying.judge(false, later);
        assert!(!call(&circuit, later, true), "and it waits again");
        assert_eq!(circuit.shown(later).down_for, Some(TRY_AFTER), "down since the first");
        let again = later + TRY_AFTER;
        assert!(call(&circuit, again, true));
        assert!(call(&circuit, again, true));
        let shown = circuit.shown(again);
        assert_eq!((shown.state, shown.down_for), (State::Up, None));
    }

    #[test]
    fn a_try_that_is_given_up_does_not_block_for_ever() {
        let (circuit, now) = (Circuit::new(Provider::Mpesa), Instant::now());
        (0..5).for_each(|_| assert!(call(&circuit, now, false)));
        drop(circuit.admit(now + TRY_AFTER));
        assert!(circuit.admit(Instant::now() + TRY_AFTER * 2).is_some());
    }
}
