//! What an end knows of its own missing past (PROTOCOL section 5), kept with the logs it is about.
//!
//! Sessions change these states; machines read them before they sell, grant or start an outside effect.

use std::collections::BTreeMap;

use kiosk::ids::{BoxId, Epoch, Lane, LogKey, Writer};

use crate::{
    cbor,
    frame::Hello,
    journal::{JournalError, Logs},
};

const GENERATION: &str = "generation";
const SITE_DOUBT: &str = "site doubt";
const HUB_DOUBT: &str = "hub doubt";
const ENDED_EARLY: &str = "hub doubt ended early";
const RESTORED: &str = "restored";

/// Why a gateway sells nothing until it has heard the hub (PROTOCOL rule 14).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Unheard {
    /// The database was rebuilt.
    Rebuilt,
    /// The dispensers' pulse totals are further than the books can explain.
    PulsesAhead,
}

/// A gateway's doubt: signs that only a fresh HELLO removes, and ends of its own money logs to come back.
#[derive(Default)]
struct SiteDoubt {
    rebuilt: bool,
    pulses_ahead: bool,
    wants: BTreeMap<Epoch, u32>,
}

/// rebuilt, pulses_ahead, wants
type SiteFields = (bool, bool, Vec<(u64, u32)>);

/// The end of a log as it is kept: lane, epoch, seq.
type End = (u8, u64, u32);

/// What the hub knows of one box in one generation.
#[derive(Default)]
struct Hearing {
    generation: u32,
    /// The box said HELLO under this generation, at least once.
    greeted: bool,
    /// It is heard (rule 17).
    heard: bool,
    /// Ends of hub logs that it showed and the hub lacks.
    wants: Vec<End>,
    /// Ends of its own logs that its first HELLO showed and the hub lacks.
    first: Vec<End>,
}

/// generation, greeted, heard, wants, first
type HearingFields = (u32, bool, bool, Vec<End>, Vec<End>);

/// What a HELLO changed at a gateway.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SiteHeard {
    pub(crate) raised: Option<u32>,
    pub(crate) before: bool,
    pub(crate) now: bool,
}

/// What a HELLO changed at the hub.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct HubHeard {
    pub(crate) raised: Option<u32>,
    pub(crate) heard_now: bool,
}

/// The generation this end has: a gateway the highest it heard, the hub its own (PROTOCOL rule 4). It begins at 0.
pub fn generation<L: Logs>(logs: &L) -> Result<u32, JournalError<L::Error>> {
    Ok(read::<L, (u32,)>(logs, GENERATION)?.map_or(0, |(generation,)| generation))
}

/// At a gateway: whether it may not sell (PROTOCOL rule 14).
pub fn site_in_doubt<L: Logs>(logs: &L) -> Result<bool, JournalError<L::Error>> {
    Ok(site(logs)?.is_doubt())
}

/// A gateway begins as another box, or for the first time: no past of it is missing, and its hub is at `generation`.
pub fn site_begins<L: Logs>(logs: &mut L, generation: u32) -> Result<(), JournalError<L::Error>> {
    put(logs, GENERATION, &(generation,))?;
    put_site(logs, &SiteDoubt::default())
}

/// At a gateway, at start: a sign of a missing past that only a fresh HELLO removes (PROTOCOL rule 14).
pub fn site_doubt_until_heard<L: Logs>(logs: &mut L, why: Unheard) -> Result<(), JournalError<L::Error>> {
    let mut doubt = site(logs)?;
    match why {
        Unheard::Rebuilt => doubt.rebuilt = true,
        Unheard::PulsesAhead => doubt.pulses_ahead = true,
    }
    put_site(logs, &doubt)
}

/// At the hub: whether it grants only from new money (PROTOCOL rule 17).
pub fn hub_in_doubt<L: Logs>(logs: &L) -> Result<bool, JournalError<L::Error>> {
    Ok(read::<L, (bool,)>(logs, HUB_DOUBT)?.is_some_and(|(doubt,)| doubt))
}

/// At the hub, by `restore` and at a start behind the side log: raises the generation, to `at_least` at least, and puts
/// the hub in doubt (PROTOCOL rule 15). Returns the new generation.
pub fn hub_raise<L: Logs>(logs: &mut L, at_least: u32) -> Result<u32, JournalError<L::Error>> {
    let raised = generation(logs)?.saturating_add(1).max(at_least);
    put(logs, GENERATION, &(raised,))?;
    put(logs, HUB_DOUBT, &(true,))?;
    Ok(raised)
}

/// By `restore`, in the copy that becomes the database: the next start must raise the generation (PROTOCOL rule 15).
pub fn hub_mark_restored<L: Logs>(logs: &mut L) -> Result<(), JournalError<L::Error>> {
    put(logs, RESTORED, &(true,))
}

/// At the hub: whether `restore` left its mark, which is gone after this.
pub fn hub_take_restored<L: Logs>(logs: &mut L) -> Result<bool, JournalError<L::Error>> {
    let restored = read::<L, (bool,)>(logs, RESTORED)?.is_some_and(|(restored,)| restored);
    if restored {
        put(logs, RESTORED, &(false,))?;
    }
    Ok(restored)
}

/// At the hub: whether this box was heard in the present generation (PROTOCOL rule 17). In generation 0 nothing was
/// ever missing.
pub fn hub_heard<L: Logs>(logs: &L, box_id: BoxId) -> Result<bool, JournalError<L::Error>> {
    let generation = generation(logs)?;
    Ok(generation == 0 || hearing(logs, box_id, generation)?.heard)
}

/// At the hub: ends the doubt when every one of `boxes`, the enrolments not written off, is heard (PROTOCOL rule 17).
/// True when it ended now. Call it after `Action::Heard` and after a write-off.
pub fn hub_end_if_heard<L: Logs>(logs: &mut L, boxes: &[BoxId]) -> Result<bool, JournalError<L::Error>> {
    if !hub_in_doubt(logs)? {
        return Ok(false);
    }
    for box_id in boxes {
        if !hub_heard(logs, *box_id)? {
            return Ok(false);
        }
    }
    put(logs, HUB_DOUBT, &(false,))?;
    Ok(true)
}

/// At the hub: an operator ends the doubt sooner, having seen the sum at risk (PROTOCOL rule 17). Boxes that return later
/// in this generation still give back what they hold; that raises no doubt again.
pub fn hub_end<L: Logs>(logs: &mut L) -> Result<(), JournalError<L::Error>> {
    let own = generation(logs)?;
    put(logs, ENDED_EARLY, &(own,))?;
    put(logs, HUB_DOUBT, &(false,))
}

/// Whether the hub knows that a box not heard in this generation may hold what it lacks: it is in doubt, or an operator
/// ended the doubt before all were heard.
fn hub_expects<L: Logs>(logs: &L, own: u32) -> Result<bool, JournalError<L::Error>> {
    let ended_early = read::<L, (u32,)>(logs, ENDED_EARLY)?.is_some_and(|(ended,)| ended == own);
    Ok(ended_early || hub_in_doubt(logs)?)
}

/// At the hub: whether a record of this box may start an outside effect by itself. False while the hub is restored and
/// lacks part of what the box's first HELLO of this generation showed: then it goes to an operator (PROTOCOL rule 18).
pub fn hub_effects_allowed<L: Logs>(logs: &L, box_id: BoxId) -> Result<bool, JournalError<L::Error>> {
    let generation = generation(logs)?;
    let hearing = hearing(logs, box_id, generation)?;
    Ok(generation == 0 || (hearing.greeted && hearing.first.is_empty()))
}

/// A fresh HELLO at a gateway, of its own generation or a higher one (PROTOCOL rules 14 and 16).
pub(crate) fn site_hear<L: Logs>(logs: &mut L, hello: &Hello) -> Result<SiteHeard, JournalError<L::Error>> {
    let mut doubt = site(logs)?;
    let before = doubt.is_doubt();
    let own = generation(logs)?;
    let raised = Some(hello.generation).filter(|heard| *heard > own);
    if let Some(raised) = raised {
        put(logs, GENERATION, &(raised,))?;
        doubt.wants.clear();
    }
    doubt.rebuilt = false;
    doubt.pulses_ahead = false;
    for (lane, epoch, seq) in lacking(logs, hello.box_id, Writer::Site, hello)? {
        if lane == Lane::Money.number() {
            let want = doubt.wants.entry(Epoch(epoch)).or_default();
            *want = seq.max(*want);
        }
    }
    drop_held(logs, hello.box_id, &mut doubt)?;
    put_site(logs, &doubt)?;
    let now = doubt.is_doubt();
    Ok(SiteHeard { raised, before, now })
}

/// After records came in at a gateway: true when its doubt ended.
pub(crate) fn site_check<L: Logs>(logs: &mut L, box_id: BoxId) -> Result<bool, JournalError<L::Error>> {
    let mut doubt = site(logs)?;
    if doubt.wants.is_empty() {
        return Ok(false);
    }
    drop_held(logs, box_id, &mut doubt)?;
    put_site(logs, &doubt)?;
    Ok(!doubt.is_doubt())
}

/// A fresh HELLO at the hub (PROTOCOL rules 15 and 17). A lack that a doubt already explains raises nothing, also when an
/// operator ended that doubt: it is what the box, not yet heard in this generation, is asked to give back.
///
/// A HELLO that is not wide, a text's, shows the money lane alone, which is what doubts are about. What wide ones after it
/// show of the other lanes is therefore no new sign, until one of them shows nothing that is missing.
pub(crate) fn hub_hear<L: Logs>(
    logs: &mut L,
    hello: &Hello,
    is_wide: bool,
) -> Result<HubHeard, JournalError<L::Error>> {
    let own = generation(logs)?;
    if hello.generation > own {
        let raised = hub_raise(logs, hello.generation.saturating_add(1))?;
        return Ok(HubHeard {
            raised: Some(raised),
            heard_now: false,
        });
    }
    let mut hearing = hearing(logs, hello.box_id, own)?;
    let mut wants = lacking(logs, hello.box_id, Writer::Hub, hello)?;
    let by_text = heard_by_text(hello.box_id);
    let is_by_text = is_heard_by_text(logs, hello.box_id, own)?;
    let is_other = |(lane, ..): &End| *lane != Lane::Money.number();
    let explained = hub_expects(logs, own)? && !hearing.heard || is_by_text && wants.iter().all(is_other);
    if !wants.is_empty() && !explained {
        let raised = hub_raise(logs, 0)?;
        return Ok(HubHeard {
            raised: Some(raised),
            heard_now: false,
        });
    }
    if own == 0 || hello.generation < own {
        return Ok(HubHeard::default());
    }
    // While something of the first HELLO is missing, a later one replaces it: the card may have been set back in
    // between, and then what it showed first never comes.
    hearing.first = still_lacking(logs, hello.box_id, Writer::Site, &hearing.first)?;
    if !hearing.greeted || !hearing.first.is_empty() {
        hearing.greeted = true;
        hearing.first = lacking(logs, hello.box_id, Writer::Site, hello)?;
    }
    if !is_wide {
        wants.extend(hearing.wants.iter().copied().filter(is_other));
    }
    hearing.wants = wants;
    let was_heard = hearing.heard;
    let heard_now = settle(logs, hello.box_id, &mut hearing)?;
    if !is_wide && !was_heard {
        put(logs, &by_text, &(own,))?;
    } else if is_by_text && is_wide && hearing.wants.is_empty() {
        put(logs, &by_text, &(0,))?;
    }
    Ok(HubHeard {
        raised: None,
        heard_now,
    })
}

/// At the hub: whether records of one of its own logs up to here are what a doubt waits for, or waited for from this box, so that they
/// may come without a head (PROTOCOL rule 19). A wanted end stands on older logs of its lane, which no tip names.
pub(crate) fn hub_wants<L: Logs>(logs: &L, log: &LogKey, seq: u32) -> Result<bool, JournalError<L::Error>> {
    let own = generation(logs)?;
    let hearing = hearing(logs, log.box_id, own)?;
    let wants = |(lane, epoch, end): &End| *lane == log.lane.number() && (*epoch != log.epoch.0 || seq <= *end);
    let is_expected = hub_expects(logs, own)? || is_heard_by_text(logs, log.box_id, own)?;
    Ok(is_expected && hearing.wants.iter().any(wants))
}

/// After records came in at the hub: true when the box is heard now.
pub(crate) fn hub_check<L: Logs>(logs: &mut L, box_id: BoxId) -> Result<bool, JournalError<L::Error>> {
    let own = generation(logs)?;
    if own == 0 {
        return Ok(false);
    }
    let mut hearing = hearing(logs, box_id, own)?;
    if !hearing.greeted || hearing.heard {
        return Ok(false);
    }
    settle(logs, box_id, &mut hearing)
}

/// Before records come in at the hub: what is here by now of what the box's first HELLO showed. Not after them, for
/// those that complete it are themselves of the past that was missing (PROTOCOL rule 18).
pub(crate) fn hub_check_first<L: Logs>(logs: &mut L, box_id: BoxId) -> Result<(), JournalError<L::Error>> {
    let own = generation(logs)?;
    if own == 0 {
        return Ok(());
    }
    let mut hearing = hearing(logs, box_id, own)?;
    if hearing.first.is_empty() {
        return Ok(());
    }
    hearing.first = still_lacking(logs, box_id, Writer::Site, &hearing.first)?;
    put_hearing(logs, box_id, &hearing)
}

/// Drops what is held by now of the hub's own, marks the box heard when nothing of it is left, and keeps the result.
fn settle<L: Logs>(logs: &mut L, box_id: BoxId, hearing: &mut Hearing) -> Result<bool, JournalError<L::Error>> {
    hearing.wants = still_lacking(logs, box_id, Writer::Hub, &hearing.wants)?;
    let heard_now = !hearing.heard && hearing.wants.is_empty();
    hearing.heard |= heard_now;
    put_hearing(logs, box_id, hearing)?;
    Ok(heard_now)
}

fn put_hearing<L: Logs>(logs: &mut L, box_id: BoxId, hearing: &Hearing) -> Result<(), JournalError<L::Error>> {
    let Hearing {
        generation,
        greeted,
        heard,
        wants,
        first,
    } = hearing;
    let fields: HearingFields = (*generation, *greeted, *heard, wants.clone(), first.clone());
    put(logs, &hearing_name(box_id), &fields)
}

impl SiteDoubt {
    fn is_doubt(&self) -> bool {
        self.rebuilt || self.pulses_ahead || !self.wants.is_empty()
    }
}

fn site<L: Logs>(logs: &L) -> Result<SiteDoubt, JournalError<L::Error>> {
    let Some((rebuilt, pulses_ahead, wants)) = read::<L, SiteFields>(logs, SITE_DOUBT)? else {
        return Ok(SiteDoubt::default());
    };
    let wants = wants.into_iter().map(|(epoch, seq)| (Epoch(epoch), seq)).collect();
    Ok(SiteDoubt {
        rebuilt,
        pulses_ahead,
        wants,
    })
}

fn put_site<L: Logs>(logs: &mut L, doubt: &SiteDoubt) -> Result<(), JournalError<L::Error>> {
    let wants = doubt.wants.iter().map(|(epoch, seq)| (epoch.0, *seq)).collect();
    put::<L, SiteFields>(logs, SITE_DOUBT, &(doubt.rebuilt, doubt.pulses_ahead, wants))
}

fn drop_held<L: Logs>(logs: &L, box_id: BoxId, doubt: &mut SiteDoubt) -> Result<(), JournalError<L::Error>> {
    let mut left = BTreeMap::new();
    for (epoch, seq) in &doubt.wants {
        let log = LogKey {
            box_id,
            by: Writer::Site,
            lane: Lane::Money,
            epoch: *epoch,
        };
        if mark(logs, &log)? < *seq {
            left.insert(*epoch, *seq);
        }
    }
    doubt.wants = left;
    Ok(())
}

/// The ends a HELLO shows of logs by `by` that are not held in full here.
fn lacking<L: Logs>(logs: &L, box_id: BoxId, by: Writer, hello: &Hello) -> Result<Vec<End>, JournalError<L::Error>> {
    let shown = hello.tips.iter().filter(|tip| tip.by == by);
    let ends: Vec<_> = shown.map(|tip| (tip.lane.number(), tip.epoch.0, tip.seq)).collect();
    still_lacking(logs, box_id, by, &ends)
}

fn still_lacking<L: Logs>(
    logs: &L,
    box_id: BoxId,
    by: Writer,
    ends: &[End],
) -> Result<Vec<End>, JournalError<L::Error>> {
    let mut left = Vec::new();
    for (lane, epoch, seq) in ends {
        let Some(lane_known) = Lane::from_number(*lane) else {
            continue;
        };
        let log = LogKey {
            box_id,
            by,
            lane: lane_known,
            epoch: Epoch(*epoch),
        };
        if mark(logs, &log)? < *seq {
            left.push((*lane, *epoch, *seq));
        }
    }
    Ok(left)
}

fn mark<L: Logs>(logs: &L, log: &LogKey) -> Result<u32, JournalError<L::Error>> {
    let state = logs.log(log).map_err(JournalError::Store)?;
    Ok(state.map_or(0, |state| state.mark))
}

fn hearing_name(box_id: BoxId) -> String {
    format!("heard {box_id}")
}

/// The generation in which what a box showed before it was heard came by text.
fn heard_by_text(box_id: BoxId) -> String {
    format!("heard by text {box_id}")
}

/// Whether it was, and what a socket shows of the other lanes is still to be given back.
fn is_heard_by_text<L: Logs>(logs: &L, box_id: BoxId, own: u32) -> Result<bool, JournalError<L::Error>> {
    let heard = read::<L, (u32,)>(logs, &heard_by_text(box_id))?;
    Ok(own > 0 && heard == Some((own,)))
}

/// What is known of a box in this generation; a row of an older one counts for nothing.
fn hearing<L: Logs>(logs: &L, box_id: BoxId, own: u32) -> Result<Hearing, JournalError<L::Error>> {
    let fields = read::<L, HearingFields>(logs, &hearing_name(box_id))?;
    Ok(match fields {
        Some((generation, greeted, heard, wants, first)) if generation == own => Hearing {
            generation,
            greeted,
            heard,
            wants,
            first,
        },
        _ => Hearing {
            generation: own,
            ..Hearing::default()
        },
    })
}

fn read<L: Logs, T: serde::Serialize + serde::de::DeserializeOwned>(
    logs: &L,
    name: &str,
) -> Result<Option<T>, JournalError<L::Error>> {
    match logs.meta(name).map_err(JournalError::Store)? {
        Some(bytes) => cbor::decode(&bytes)
            .map(Some)
            .map_err(|_| JournalError::Meta(name.to_owned())),
        None => Ok(None),
    }
}

fn put<L: Logs, T: serde::Serialize>(logs: &mut L, name: &str, value: &T) -> Result<(), JournalError<L::Error>> {
    logs.put_meta(name, &cbor::encode(value)).map_err(JournalError::Store)
}
