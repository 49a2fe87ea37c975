//! Texts that came to the site's own SIM: each is written down, in one commit with what it causes, before its places in the
//! modem are freed. Twin of the hub's `inbox`.

use kiosk::{
    moment::{HOUR_MS, Moment, Uptime},
    phone::Phone,
    talk::without_secrets,
};

use sync::thin::looks_like_frame;

use super::{
    Site, SiteError,
    delivery::{self, KEPT_MS},
    effect::Effect,
    sim::{Received, SimOrder},
    store::{
        inbox::{self, Fingerprint, Kept},
        outbox,
    },
};

/// Texts that are kept.
pub const KEPT_MAX: u32 = 5_000;
/// The longest text that is kept, in characters: ten parts.
const TEXT_MAX: usize = 1_530;
/// For so long a text without a stamp of the network is the same one told again; later it is another one in the same words.
const SAME_MS: u64 = HOUR_MS.unsigned_abs();

impl Site {
    /// A text came. One that is told again changes nothing, but its places are freed once more.
    pub(super) fn text_received(&mut self, moment: &Moment, text: &Received) -> Result<Vec<Effect>, SiteError> {
        let mut effects = self.text_taken(moment, text)?;
        if !text.slots.is_empty() {
            effects.push(Effect::Sim(SimOrder::Forget(text.slots.clone())));
        }
        Ok(effects)
    }

    fn text_taken(&mut self, moment: &Moment, text: &Received) -> Result<Vec<Effect>, SiteError> {
        // Sync repeats itself and a repeat changes nothing: it leaves no row.
        if let Ok(words) = &text.body
            && looks_like_frame(words)
        {
            return self.sync_heard(moment, words);
        }
        let bytes = match &text.body {
            Ok(words) => words.as_bytes(),
            Err(data) => data,
        };
        let fingerprint = Fingerprint {
            from: &text.from,
            stamp_ms: text.stamp_ms,
            body: bytes,
        };
        let uptime = self.present(moment).stamp.uptime;
        let since = match text.stamp_ms {
            Some(_) => Uptime(0),
            None => Uptime(uptime.0.saturating_sub(SAME_MS)),
        };
        if inbox::has(self.connection(), fingerprint, since)? {
            return Ok(Vec::new());
        }
        let (kind, effects) = match (&text.body, self.answerable(&text.from)) {
            (Ok(words), Some(phone)) if !text.is_incomplete => self.command_came(moment, phone, words)?,
            (Ok(_), _) => (Some("ignored"), Vec::new()),
            (Err(_), _) => (Some("data"), Vec::new()),
        };
        let Some(kind) = kind else {
            return Ok(effects);
        };
        let words = text.body.as_ref().ok().filter(|_| kind != "over");
        let words = words.map(|words| without_secrets(words).chars().take(TEXT_MAX).collect::<String>());
        let kept = Kept {
            words: words.as_deref(),
            kind,
        };
        inbox::insert(self.connection(), fingerprint, kept, uptime, moment.wall)?;
        Ok(effects)
    }

    /// Whoever may be answered: a mobile number of a person. Short codes and names of senders take no answer, and to
    /// answer the hub, or a number that is our own, would be to talk to ourselves.
    fn answerable(&self, from: &str) -> Option<Phone> {
        let phone = Phone::parse(from, self.country()).ok()?;
        let hub = self.settings.sim.as_ref().and_then(|sim| sim.hub_number.as_deref());
        let is_hub = hub.is_some_and(|hub| Phone::parse(hub, self.country()) == Ok(phone));
        (!is_hub).then_some(phone)
    }

    /// Forgets what is old, of both ways.
    pub(super) fn forget_texts(&self, moment: &Moment) -> Result<(), SiteError> {
        let uptime = self.present(moment).stamp.uptime;
        let before = Uptime(uptime.0.saturating_sub(KEPT_MS));
        inbox::forget(self.connection(), before, KEPT_MAX)?;
        outbox::forget(self.connection(), before, delivery::KEPT_MAX)?;
        let yesterday = self.zone.day(moment.wall).plus_days(-1);
        Ok(inbox::forget_counts(self.connection(), &yesterday.to_string())?)
    }
}
