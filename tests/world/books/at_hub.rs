//! Water drawn at the hub itself.

use kiosk::ids::RequestId;

use super::Books;

/// One ask at the hub's own kiosk.
#[derive(Clone, Debug)]
pub(crate) struct HubDraw {
    pub(crate) person: usize,
    asked_ml: u64,
    wants_ml: u64,
    /// When it was approved.
    approved_ms: Option<u64>,
    /// When the hub booked its report.
    reported_ms: Option<u64>,
    /// The hub was restored to before it, or to before its report: only the hub knew.
    is_doubtful: bool,
}

impl HubDraw {
    /// What flowed.
    pub(crate) fn flowed_ml(&self) -> u64 {
        self.approved_ms.map_or(0, |_| self.wants_ml.min(self.asked_ml))
    }

    /// What the customer is to be charged: the least and the most.
    pub(crate) fn charge_ml(&self) -> (u64, u64) {
        match (self.approved_ms, self.is_doubtful) {
            (None, _) => (0, 0),
            (Some(_), true) => (0, self.asked_ml),
            (Some(_), false) => (self.flowed_ml(), self.flowed_ml()),
        }
    }
}

impl Books {
    /// A person asks; gives the request.
    pub(crate) fn asked_at_hub(&mut self, person: usize, volume_ml: u64, wants_ml: u64) -> RequestId {
        let request = format!("hub-{}", self.hub_draws.len() + 1);
        let draw = HubDraw {
            person,
            asked_ml: volume_ml,
            wants_ml,
            approved_ms: None,
            reported_ms: None,
            is_doubtful: false,
        };
        self.hub_draws.insert(request.clone(), draw);
        request.parse().expect("a request of letters and digits")
    }

    /// The hub approved it; gives who draws, and how much flows.
    pub(crate) fn approved_at_hub(&mut self, request: &RequestId, now_ms: u64) -> Option<(usize, u64)> {
        let draw = self.hub_draws.get_mut(request.as_str())?;
        draw.approved_ms.get_or_insert(now_ms);
        Some((draw.person, draw.flowed_ml()))
    }

    /// The hub booked a report; `None` when it does not know the ask any more.
    pub(crate) fn reported_at_hub(&mut self, request: &RequestId, charged_ml: Option<u64>, now_ms: u64) {
        let Some(draw) = self.hub_draws.get_mut(request.as_str()) else {
            return;
        };
        draw.reported_ms.get_or_insert(now_ms);
        let due = draw.flowed_ml();
        if charged_ml != Some(due) && !draw.is_doubtful {
            self.broken(format!("{request}: {charged_ml:?} charged at the hub, {due} ml flowed"));
        }
    }

    /// The hub forgets draws and reports since then: what it alone knew may be drawn again.
    pub(super) fn hub_forgets_draws(&mut self, since_ms: u64) {
        let is_since = |ms: Option<u64>| ms.is_some_and(|ms| ms >= since_ms);
        let slack = &mut self.slack_ml;
        for draw in self.hub_draws.values_mut().filter(|draw| !draw.is_doubtful) {
            if is_since(draw.approved_ms) || is_since(draw.reported_ms) {
                draw.is_doubtful = true;
                *slack.entry(draw.person).or_default() += draw.asked_ml;
            }
        }
    }
}
