//! Pours as columns. An ordinary one, a hold and one grant and no more, takes bits in these alone: dispenser, grant,
//! time, and volume where it is not the usual one.

use kiosk::{
    fact::{How, Outcome, Poured},
    ids::{DispenserId, Epoch, GrantId, HoldId, LogKey},
    moment::Wall,
    units::Volume,
};

use super::{
    Known, Malformed,
    bits::{BitReader, BitWriter},
    column::{get_column, put_column},
};

/// The most grants that pay one pour in this form; beyond it a record is written value by value.
pub(super) const PARTS_MAX: usize = 30;
/// Volumes are counted in the largest of these that divides them all.
const UNITS_ML: [u64; 4] = [1, 10, 100, 1000];
const HOWS: [How; 2] = [How::Report, How::Rule];
/// The letters of dispensers' ids; the digits stand first, for most ids differ in them alone.
const LETTERS: &[u8; 37] = b"0123456789abcdefghijklmnopqrstuvwxyz-";

/// A difference as a number without a sign: 0, -1, 1, -2, …
const fn folded(difference: i64) -> u64 {
    ((difference << 1) ^ (difference >> 63)) as u64
}

const fn unfolded(number: u64) -> i64 {
    (number >> 1) as i64 ^ -((number & 1) as i64)
}

/// What of a pour is not as usual: no hold 1, more than the hold 2, and how many parts beyond one; one part is 0, none 1.
fn shape(pour: &Poured) -> u64 {
    let parts = match pour.parts.len() {
        1 => 0,
        0 => 1,
        more => more as u64,
    };
    u64::from(pour.hold.is_none()) | u64::from(!pour.over.is_zero()) << 1 | parts << 2
}

/// Writes pours whose count the reader knows.
pub(super) fn put(bits: &mut BitWriter, log: &LogKey, pours: &[&Poured], known: &Known) {
    if pours.is_empty() {
        return;
    }
    let column = |bits: &mut BitWriter, of: &dyn Fn(&Poured) -> u64| {
        let values: Vec<u64> = pours.iter().map(|pour| of(pour)).collect();
        put_column(bits, &values);
    };
    column(bits, &shape);
    put_holds(bits, log, pours, known);
    put_parts(bits, log, pours, known);
    let over = pours.iter().map(|pour| pour.over.ml()).filter(|over| *over > 0);
    put_column(bits, &over.collect::<Vec<_>>());
    column(bits, &|pour| u64::from(pour.how == How::Rule));
    let outcome = |pour: &Poured| Outcome::ALL.iter().position(|known| Some(*known) == pour.outcome);
    column(bits, &|pour| outcome(pour).map_or(0, |place| place as u64 + 1));
    column(bits, &|pour| u64::from(!pour.clock_trusted));
    put_dispensers(bits, pours);
    put_times(bits, pours);
}

/// Reads `count` pours.
pub(super) fn get(
    bits: &mut BitReader<'_>,
    log: &LogKey,
    count: usize,
    epoch: &mut dyn FnMut(u16) -> Option<Epoch>,
) -> Result<Vec<Poured>, Malformed> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let shapes = get_column(bits, count)?;
    let parts = |shape: &u64| match shape >> 2 {
        0 => Ok(1),
        1 => Ok(0),
        more if more <= PARTS_MAX as u64 => Ok(more as usize),
        _ => Err(Malformed),
    };
    let parts = shapes.iter().map(parts).collect::<Result<Vec<_>, _>>()?;
    let mut holds = get_holds(bits, log, shapes.iter().filter(|shape| *shape & 1 == 0).count(), epoch)?.into_iter();
    let mut paid = get_parts(bits, log, parts.iter().sum(), epoch)?.into_iter();
    let mut over = get_column(bits, shapes.iter().filter(|shape| *shape & 2 > 0).count())?.into_iter();
    let (hows, outcomes, untrusted) = (
        get_column(bits, count)?,
        get_column(bits, count)?,
        get_column(bits, count)?,
    );
    let (dispensers, times) = (get_dispensers(bits, count)?, get_times(bits, count)?);
    let mut pours = Vec::with_capacity(count);
    for (place, (shape, parts)) in shapes.into_iter().zip(parts).enumerate() {
        pours.push(Poured {
            hold: if shape & 1 == 0 { holds.next() } else { None },
            parts: paid.by_ref().take(parts).collect(),
            over: if shape & 2 > 0 {
                volume(over.next().ok_or(Malformed)?)?
            } else {
                Volume::ZERO
            },
            how: *HOWS.get(hows[place] as usize).ok_or(Malformed)?,
            outcome: match outcomes[place] {
                0 => None,
                number => Some(*Outcome::ALL.get(number as usize - 1).ok_or(Malformed)?),
            },
            dispenser: dispensers[place].clone(),
            time: times[place],
            clock_trusted: match untrusted[place] {
                0 => true,
                1 => false,
                _ => return Err(Malformed),
            },
        });
    }
    Ok(pours)
}

fn volume(ml: u64) -> Result<Volume, Malformed> {
    i64::try_from(ml).ok().and_then(Volume::try_from_ml).ok_or(Malformed)
}

/// Holds mostly follow one another, and are of the run that wrote the log.
fn put_holds(bits: &mut BitWriter, log: &LogKey, pours: &[&Poured], known: &Known) {
    let holds: Vec<HoldId> = pours.iter().filter_map(|pour| pour.hold).collect();
    let Some(first) = holds.first() else { return };
    put_epochs(bits, log, holds.iter().map(|hold| hold.epoch), known);
    bits.golomb(first.number, 8);
    let steps = holds
        .windows(2)
        .map(|pair| pair[1].number.wrapping_sub(pair[0].number).wrapping_sub(1));
    put_column(bits, &steps.map(|step| folded(step as i64)).collect::<Vec<_>>());
}

fn get_holds(
    bits: &mut BitReader<'_>,
    log: &LogKey,
    count: usize,
    epoch: &mut dyn FnMut(u16) -> Option<Epoch>,
) -> Result<Vec<HoldId>, Malformed> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let (epochs, places) = get_epochs(bits, log, count, epoch)?;
    let mut number = bits.golomb(8)?;
    let mut steps = get_column(bits, count - 1)?.into_iter();
    let mut holds = Vec::with_capacity(count);
    for place in places {
        holds.push(HoldId {
            epoch: epochs[place],
            number,
        });
        let step = unfolded(steps.next().unwrap_or_default()) as u64;
        number = number.wrapping_add(step).wrapping_add(1);
    }
    Ok(holds)
}

/// Grants by the run that made them, and within it by their small numbers.
fn put_parts(bits: &mut BitWriter, log: &LogKey, pours: &[&Poured], known: &Known) {
    let parts: Vec<(GrantId, Volume)> = pours.iter().flat_map(|pour| pour.parts.iter().copied()).collect();
    if parts.is_empty() {
        return;
    }
    let epochs = put_epochs(bits, log, parts.iter().map(|(grant, _)| grant.epoch), known);
    for epoch in epochs {
        let of = parts.iter().filter(|(grant, _)| grant.epoch == epoch);
        put_column(bits, &of.map(|(grant, _)| grant.number).collect::<Vec<_>>());
    }
    let divides = |unit: &u64| parts.iter().all(|(_, volume)| volume.ml() % unit == 0);
    let unit = UNITS_ML.iter().rposition(divides).unwrap_or_default();
    bits.put(unit as u64, 2);
    put_column(
        bits,
        &parts
            .iter()
            .map(|(_, volume)| volume.ml() / UNITS_ML[unit])
            .collect::<Vec<_>>(),
    );
}

fn get_parts(
    bits: &mut BitReader<'_>,
    log: &LogKey,
    count: usize,
    epoch: &mut dyn FnMut(u16) -> Option<Epoch>,
) -> Result<Vec<(GrantId, Volume)>, Malformed> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let (epochs, places) = get_epochs(bits, log, count, epoch)?;
    let mut numbers = Vec::new();
    for place in 0..epochs.len() {
        let of = places.iter().filter(|of| **of == place).count();
        numbers.push(get_column(bits, of)?.into_iter());
    }
    let unit = UNITS_ML[bits.get(2)? as usize];
    let volumes = get_column(bits, count)?;
    let part = |(place, ml): (usize, u64)| {
        let number = numbers[place].next().ok_or(Malformed)?;
        let volume = volume(ml.checked_mul(unit).ok_or(Malformed)?)?;
        Ok((
            GrantId {
                epoch: epochs[place],
                number,
            },
            volume,
        ))
    };
    places.into_iter().zip(volumes).map(part).collect()
}

/// The runs that things are named by, and a column that says which; the log's own is the first.
fn put_epochs(bits: &mut BitWriter, log: &LogKey, all: impl Iterator<Item = Epoch>, known: &Known) -> Vec<Epoch> {
    let all: Vec<Epoch> = all.collect();
    let mut epochs = vec![log.epoch];
    for epoch in &all {
        if !epochs.contains(epoch) {
            epochs.push(*epoch);
        }
    }
    bits.golomb(epochs.len() as u64 - 1, 0);
    for epoch in &epochs[1..] {
        match epoch.0 {
            0 => bits.put(0, 2),
            number if known.is_plain(*epoch) => {
                bits.put(1, 2);
                bits.put(number, 16);
            }
            number => {
                bits.put(2, 2);
                bits.put(number, 64);
            }
        }
    }
    let place = |epoch| epochs.iter().position(|known| known == epoch).unwrap_or_default();
    put_column(bits, &all.iter().map(|epoch| place(epoch) as u64).collect::<Vec<_>>());
    epochs
}

/// The runs, and for each of `count` things which of them.
fn get_epochs(
    bits: &mut BitReader<'_>,
    log: &LogKey,
    count: usize,
    epoch: &mut dyn FnMut(u16) -> Option<Epoch>,
) -> Result<(Vec<Epoch>, Vec<usize>), Malformed> {
    let others = bits.golomb(0)?;
    if others > count as u64 {
        return Err(Malformed);
    }
    let mut epochs = vec![log.epoch];
    for _ in 0..others {
        epochs.push(match bits.get(2)? {
            0 => Epoch(0),
            1 => epoch(bits.get(16)? as u16).ok_or(Malformed)?,
            2 => Epoch(bits.get(64)?),
            _ => return Err(Malformed),
        });
    }
    let places = get_column(bits, count)?;
    match places.iter().all(|place| *place < epochs.len() as u64) {
        true => Ok((epochs, places.into_iter().map(|place| place as usize).collect())),
        false => Err(Malformed),
    }
}

/// The ids once, what they begin with alike only once, and a column that says which.
fn put_dispensers(bits: &mut BitWriter, pours: &[&Poured]) {
    let mut ids: Vec<&str> = pours.iter().map(|pour| pour.dispenser.as_str()).collect();
    let all = ids.clone();
    ids.sort_unstable();
    ids.dedup();
    // In order, what the first and the last have in common all have.
    let last = ids[ids.len() - 1];
    let shared = ids[0].bytes().zip(last.bytes()).take_while(|(a, b)| a == b).count();
    bits.golomb(ids.len() as u64 - 1, 1);
    bits.golomb(shared as u64, 2);
    put_letters(bits, &ids[0][..shared], 6);
    let is_digits = ids
        .iter()
        .all(|id| id[shared..].bytes().all(|letter| letter.is_ascii_digit()));
    let width = if is_digits { 4 } else { 6 };
    bits.put(u64::from(is_digits), 1);
    for id in &ids {
        bits.golomb((id.len() - shared) as u64, 1);
        put_letters(bits, &id[shared..], width);
    }
    let place = |id| ids.iter().position(|known| known == id).unwrap_or_default();
    put_column(bits, &all.iter().map(|id| place(id) as u64).collect::<Vec<_>>());
}

fn put_letters(bits: &mut BitWriter, text: &str, width: u32) {
    for byte in text.bytes() {
        let place = LETTERS.iter().position(|letter| *letter == byte).unwrap_or_default();
        bits.put(place as u64, width);
    }
}

fn get_dispensers(bits: &mut BitReader<'_>, count: usize) -> Result<Vec<DispenserId>, Malformed> {
    let different = bits.golomb(1)?.saturating_add(1);
    if different > count as u64 {
        return Err(Malformed);
    }
    let shared = bits.golomb(2)?;
    let shared = get_letters(bits, shared, 6)?;
    let width = if bits.get(1)? == 1 { 4 } else { 6 };
    let mut ids: Vec<DispenserId> = Vec::new();
    for _ in 0..different {
        let length = bits.golomb(1)?;
        let id = shared.clone() + &get_letters(bits, length, width)?;
        ids.push(id.parse().map_err(|_| Malformed)?);
    }
    let places = get_column(bits, count)?;
    let id = |place: u64| usize::try_from(place).ok().and_then(|place| ids.get(place)).cloned();
    places.into_iter().map(|place| id(place).ok_or(Malformed)).collect()
}

fn get_letters(bits: &mut BitReader<'_>, length: u64, width: u32) -> Result<String, Malformed> {
    if length > bits.left() {
        return Err(Malformed);
    }
    let letter = |_| {
        LETTERS
            .get(bits.get(width)? as usize)
            .map(|letter| char::from(*letter))
            .ok_or(Malformed)
    };
    (0..length).map(letter).collect()
}

/// The first in full, then the seconds between. Where none goes back, no bit is spent on signs.
fn put_times(bits: &mut BitWriter, pours: &[&Poured]) {
    let seconds: Vec<i64> = pours.iter().map(|pour| pour.time.seconds()).collect();
    let steps: Vec<i64> = seconds.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let is_forward = steps.iter().all(|step| *step >= 0);
    bits.golomb(seconds[0] as u64, 31);
    bits.put(u64::from(is_forward), 1);
    let step = |step: &i64| if is_forward { *step as u64 } else { folded(*step) };
    put_column(bits, &steps.iter().map(step).collect::<Vec<_>>());
}

fn get_times(bits: &mut BitReader<'_>, count: usize) -> Result<Vec<Wall>, Malformed> {
    let seconds = |seconds: u64| i64::try_from(seconds).map_err(|_| Malformed);
    let mut time = seconds(bits.golomb(31)?)?;
    let is_forward = bits.get(1)? == 1;
    let mut times = vec![Wall::from_seconds(time)];
    for step in get_column(bits, count - 1)? {
        let step = if is_forward { seconds(step)? } else { unfolded(step) };
        time = time.checked_add(step).filter(|time| *time >= 0).ok_or(Malformed)?;
        times.push(Wall::from_seconds(time));
    }
    Ok(times)
}
