//! Dispensers: who is there, how they are, what they are configured with.

use std::collections::BTreeMap;

use kiosk::{
    fact::Hour,
    ids::{DispenserId, Lane},
    moment::{HOUR_MS, Moment, Wall},
};
use sync::{
    doubt::{self, Unheard},
    record::Record,
};

use super::{
    Site, SiteError,
    effect::{DispenserConfig, Effect},
    input::Heartbeat,
    store::{
        self,
        dispensers::{self, DispenserRow},
        rights,
    },
};

/// Between two heartbeats (FEATURES D17).
pub const HEARTBEAT_EVERY_MS: u64 = 120_000;
/// After this many missed heartbeats a dispenser counts as offline.
pub const HEARTBEATS_MISSED_MAX: u64 = 3;

/// After so long it does.
pub(super) const OFFLINE_MS: u64 = HEARTBEATS_MISSED_MAX * HEARTBEAT_EVERY_MS;

/// How a dispenser speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// MQTT: it keeps a connection and tells how it is.
    Mqtt,
    /// HTTP: it is heard only when it asks or reports.
    Http,
}

impl Way {
    /// Its name.
    pub const fn name(self) -> &'static str {
        match self {
            Way::Mqtt => "mqtt",
            Way::Http => "http",
        }
    }
}

/// What is known of one dispenser in this run; only its hours are kept.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Presence {
    /// Whether it has a connection.
    pub connected: bool,
    /// When anything was last heard of it, on this run's clock.
    pub heard_monotonic_ms: u64,
    /// The same by the wall clock.
    pub heard: Option<Wall>,
    /// By which way that was.
    pub way: Option<Way>,
    /// Its newest heartbeat.
    pub heartbeat: Option<Heartbeat>,
    /// The hour that is being counted, and the heartbeats in it.
    hour: Option<(Wall, u32)>,
}

/// All dispensers heard of in this run. Who is there stays true whatever is on the disk; what is decided by, the newest
/// heartbeat and the hour, goes back with what is undone.
#[derive(Debug, Default)]
pub(super) struct Fleet {
    heard: BTreeMap<DispenserId, Presence>,
    /// What the heartbeats of the open batch took the place of, the oldest first.
    replaced: Vec<Replaced>,
}

/// What a dispenser's heartbeat took the place of.
#[derive(Debug)]
struct Replaced {
    dispenser: DispenserId,
    heartbeat: Option<Heartbeat>,
    hour: Option<(Wall, u32)>,
}

impl Fleet {
    /// One dispenser's presence.
    pub(super) fn of(&self, dispenser: &DispenserId) -> Presence {
        self.heard.get(dispenser).cloned().unwrap_or_default()
    }

    /// How many heartbeats wait for the commit: the point to which [`Fleet::back_to`] goes.
    pub(super) fn mark(&self) -> usize {
        self.replaced.len()
    }

    /// The heartbeats after `mark` were not taken.
    pub(super) fn back_to(&mut self, mark: usize) {
        while self.replaced.len() > mark
            && let Some(before) = self.replaced.pop()
        {
            let presence = self.heard.entry(before.dispenser).or_default();
            (presence.heartbeat, presence.hour) = (before.heartbeat, before.hour);
        }
    }

    /// The batch is on the disk.
    pub(super) fn committed(&mut self) {
        self.replaced.clear();
    }
}

impl Presence {
    /// Heard within three heartbeats, and connected where its way has connections.
    pub fn is_online(&self, monotonic_ms: u64) -> bool {
        let silent_ms = monotonic_ms.saturating_sub(self.heard_monotonic_ms);
        (self.connected || self.way == Some(Way::Http)) && silent_ms <= OFFLINE_MS
    }
}

impl Site {
    pub(super) fn connected(&mut self, moment: &Moment, id: &DispenserId) -> Result<Vec<Effect>, SiteError> {
        let presence = self.heard(moment, id, Way::Mqtt);
        presence.connected = true;
        Ok(vec![Effect::Live])
    }

    pub(super) fn disconnected(&mut self, id: &DispenserId) -> Vec<Effect> {
        if let Some(presence) = self.fleet.heard.get_mut(id) {
            presence.connected = false;
        }
        vec![Effect::Live]
    }

    /// Heartbeats stay in memory; an hour of them becomes one record.
    pub(super) fn heartbeat(
        &mut self,
        moment: &Moment,
        id: &DispenserId,
        beat: Heartbeat,
    ) -> Result<Vec<Effect>, SiteError> {
        let hour = Wall(moment.wall.0.div_euclid(HOUR_MS) * HOUR_MS);
        let presence = self.heard(moment, id, Way::Mqtt);
        let hour_before = presence.hour;
        let ended = match presence.hour {
            Some((current, count)) if current == hour => {
                presence.hour = Some((hour, count + 1));
                None
            }
            ended => {
                presence.hour = Some((hour, 1));
                ended
            }
        };
        let (revision, pulses_total) = (beat.config_revision, beat.pulses_total);
        let before = presence.heartbeat.replace(beat);
        self.fleet.replaced.push(Replaced {
            dispenser: id.clone(),
            heartbeat: before.clone(),
            hour: hour_before,
        });
        // Every time: it may have asked by HTTP in between.
        dispensers::expect(self.connection(), id, true)?;
        let mut effects = vec![Effect::Live];
        effects.extend(self.check_meter(moment, id, (pulses_total, revision), before.is_none())?);
        if let (Some((hour, heartbeats)), Some(beat), true) = (ended, before, self.enrolled.is_some()) {
            let record = Hour {
                dispenser: id.clone(),
                hour,
                heartbeats,
                firmware: beat.firmware,
                pulses_total: beat.pulses_total.unwrap_or(0),
            };
            effects.extend(self.write(moment, Lane::Telemetry, &Record::Hour(record))?.1);
        }
        if let Some(row) = dispensers::find(self.connection(), id)?
            && revision.is_some_and(|revision| revision != row.config_revision)
        {
            effects.push(Effect::Configure(id.clone(), config(&row)));
        }
        Ok(effects)
    }

    /// At the first heartbeat of a run, a meter that is further than the books can explain is the sign that they were
    /// rolled back: the box is in doubt until the hub was heard (PROTOCOL rule 14).
    fn check_meter(
        &mut self,
        moment: &Moment,
        id: &DispenserId,
        (pulses_total, revision): (Option<u64>, Option<i64>),
        is_first: bool,
    ) -> Result<Vec<Effect>, SiteError> {
        let Some(pulses_total) = pulses_total else {
            return Ok(Vec::new());
        };
        let mut effects = Vec::new();
        if is_first
            && self.enrolled.is_some()
            && let Some(meter) = dispensers::meter(self.connection(), id)?
        {
            let row = self.dispenser(id)?;
            let most = meter
                .booked
                .plus(rights::held_at(self.connection(), id)?)
                .plus(row.volume_max);
            let pulses_max = most.ml().saturating_mul(meter.pulses_per_litre_max) / 1_000;
            if pulses_total.saturating_sub(meter.pulses_total) > pulses_max {
                // Once heard in this run, the hub has said already what is missing: nobody would end this doubt.
                if self.last_heard.is_none() {
                    let logs = &mut store::logs(self.connection());
                    doubt::site_doubt_until_heard(logs, Unheard::PulsesAhead)?;
                }
                let detail = format!("the meter of {id} is further than the books: they may have been rolled back");
                effects.extend(self.alarm(moment, "meter_ahead", &detail)?);
            }
        }
        dispensers::put_pulses(self.connection(), id, pulses_total, revision)?;
        Ok(effects)
    }

    pub(super) fn heard(&mut self, moment: &Moment, id: &DispenserId, way: Way) -> &mut Presence {
        let presence = self.fleet.heard.entry(id.clone()).or_default();
        presence.heard_monotonic_ms = moment.monotonic_ms;
        presence.heard = Some(moment.wall);
        presence.way = Some(way);
        presence
    }

    /// A dispenser that fell silent shows on the page without anybody asking.
    pub(super) fn silent_dispensers(&mut self, moment: &Moment) -> Result<Vec<Effect>, SiteError> {
        let just_silent = |presence: &&Presence| {
            let silent_ms = moment.monotonic_ms.saturating_sub(presence.heard_monotonic_ms);
            presence.connected && (OFFLINE_MS..OFFLINE_MS + 1_500).contains(&silent_ms)
        };
        Ok(self
            .fleet
            .heard
            .values()
            .find(just_silent)
            .map(|_| Effect::Live)
            .into_iter()
            .collect())
    }

    /// The secrets for the broker's front.
    pub(super) fn credentials(&self) -> Result<Effect, SiteError> {
        Ok(Effect::Credentials(dispensers::secrets(self.connection())?))
    }

    /// The retained configuration of every dispenser.
    pub(super) fn configurations(&self) -> Result<Vec<Effect>, SiteError> {
        let rows = dispensers::all(self.connection())?;
        Ok(rows
            .into_iter()
            .map(|row| Effect::Configure(row.id.clone(), config(&row)))
            .collect())
    }
}

pub(super) fn config(row: &DispenserRow) -> DispenserConfig {
    DispenserConfig {
        revision: row.config_revision,
        pulses_per_litre: row.pulses_per_litre,
        pulses_measured: row.pulses_measured,
        volume_max: row.volume_max,
        language: row.language.clone(),
        enabled: row.enabled,
    }
}
