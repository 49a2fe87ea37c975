//! How what is kept between two events is written.

use kiosk::ids::{BoxId, Epoch, Writer};

use super::{
    frame::HEAD_BYTES,
    state::{Flight, Parked, Place, State},
};
use crate::{
    cbor::{self, Bytes},
    journal::{JournalError, Logs, Stored},
};

/// The signature of a head, where a frame has one.
type Head = Option<[u8; HEAD_BYTES]>;
/// What is kept of a parked frame.
type Shelved = (Vec<Stored>, Head);

type PlaceFields = (u8, u64);
type FlightFields = (PlaceFields, u32, u32, u64, u32, bool);
type ParkedFields = (u8, PlaceFields, u32, u32);
type EndFields = (u8, u64, u32);
pub(super) type Fields = (
    (u64, u64, bool, bool, u32, u32),
    (u32, u32),
    (Option<u64>, u32, Option<u64>),
    (Option<u64>, Option<u64>, u32, Vec<PlaceFields>),
    (Option<u64>, u64, u32),
    Vec<FlightFields>,
    Vec<EndFields>,
    Vec<(u64, u32, u32)>,
    Vec<ParkedFields>,
    (Vec<PlaceFields>, Vec<PlaceFields>, bool),
    Option<u8>,
    Vec<EndFields>,
);

fn put_place((by, epoch): Place) -> PlaceFields {
    (by.number(), epoch.0)
}

fn place((by, epoch): PlaceFields) -> Option<Place> {
    Some((Writer::from_number(by)?, Epoch(epoch)))
}

fn places(fields: Vec<PlaceFields>) -> Option<Vec<Place>> {
    fields.into_iter().map(place).collect()
}

fn end((by, epoch, seq): EndFields) -> Option<(Writer, Epoch, u32)> {
    Some((Writer::from_number(by)?, Epoch(epoch), seq))
}

fn slot_name(box_id: BoxId, slot: u8) -> String {
    format!("thin {box_id} parked {slot}")
}

impl State {
    pub(super) fn fields(&self) -> Fields {
        let put_places = |places: &[Place]| places.iter().map(|place| put_place(*place)).collect();
        let put_end = |(by, epoch, seq): &(Writer, Epoch, u32)| (by.number(), epoch.0, *seq);
        let flight = |flight: &Flight| {
            let Flight {
                place,
                from,
                to,
                due_ms,
                tries,
                is_parked,
            } = *flight;
            (put_place(place), from, to, due_ms, tries, is_parked)
        };
        let parked = |parked: &Parked| (parked.slot, put_place(parked.place), parked.from, parked.to);
        (
            (
                self.own_run,
                self.box_run,
                self.is_greeted,
                self.is_by_text,
                self.peer_generation,
                self.told_generation,
            ),
            (self.number, self.seen),
            (self.hello_ms, self.hello_tries, self.hello_said_ms),
            (
                self.answer_ms,
                self.answered_ms,
                self.unanswered,
                put_places(&self.answers),
            ),
            (self.since_ms, self.looked_ms, self.looked_to),
            self.flights.iter().map(flight).collect(),
            self.tips.iter().map(put_end).collect(),
            self.runs.clone(),
            self.parked.iter().map(parked).collect(),
            (put_places(&self.declined), put_places(&self.refused), self.is_lost),
            self.goodbye,
            self.too_large.iter().map(put_end).collect(),
        )
    }

    pub(super) fn from_fields(fields: Fields) -> Option<State> {
        let (exchange, reports, hello, answer, since, flights, tips, runs, parked, barred, goodbye, too_large) = fields;
        let flight = |(at, from, to, due_ms, tries, is_parked): FlightFields| {
            Some(Flight {
                place: place(at)?,
                from,
                to,
                due_ms,
                tries,
                is_parked,
            })
        };
        let parked_of = |(slot, at, from, to): ParkedFields| {
            Some(Parked {
                slot,
                place: place(at)?,
                from,
                to,
            })
        };
        Some(State {
            own_run: exchange.0,
            box_run: exchange.1,
            is_greeted: exchange.2,
            is_by_text: exchange.3,
            peer_generation: exchange.4,
            told_generation: exchange.5,
            number: reports.0,
            seen: reports.1,
            hello_ms: hello.0,
            hello_tries: hello.1,
            hello_said_ms: hello.2,
            answer_ms: answer.0,
            answered_ms: answer.1,
            unanswered: answer.2,
            answers: places(answer.3)?,
            since_ms: since.0,
            looked_ms: since.1,
            looked_to: since.2,
            flights: flights.into_iter().map(flight).collect::<Option<_>>()?,
            tips: tips.into_iter().map(end).collect::<Option<_>>()?,
            runs,
            parked: parked.into_iter().map(parked_of).collect::<Option<_>>()?,
            declined: places(barred.0)?,
            refused: places(barred.1)?,
            is_lost: barred.2,
            goodbye,
            too_large: too_large.into_iter().map(end).collect::<Option<_>>()?,
        })
    }
}

/// Keeps the records of a parked frame; none empty the place.
pub(super) fn put_slot<L: Logs>(
    box_id: BoxId,
    slot: u8,
    (records, head): (&[Stored], Head),
    logs: &mut L,
) -> Result<(), JournalError<L::Error>> {
    let bytes = |record: &Stored| match record {
        Stored::Bytes(bytes) => Bytes(bytes.clone()),
        Stored::Blank(hash) => Bytes::from(*hash),
    };
    let fields: Vec<Bytes> = records.iter().map(bytes).collect();
    logs.put_meta(
        &slot_name(box_id, slot),
        &cbor::encode(&(fields, head.map(Bytes::from))),
    )
    .map_err(JournalError::Store)
}

/// The records of a parked frame, and its head.
pub(super) fn slot<L: Logs>(box_id: BoxId, slot: u8, logs: &L) -> Result<Shelved, JournalError<L::Error>> {
    let name = slot_name(box_id, slot);
    let bytes = logs.meta(&name).map_err(JournalError::Store)?.unwrap_or_default();
    let damaged = || JournalError::Meta(name.clone());
    let (records, head): (Vec<Bytes>, Option<Bytes>) = cbor::decode(&bytes).map_err(|_| damaged())?;
    let head = head.map(|Bytes(bytes)| bytes.try_into().map_err(|_| damaged()));
    let records = records.into_iter().map(|Bytes(bytes)| Stored::Bytes(bytes));
    Ok((records.collect(), head.transpose()?))
}
