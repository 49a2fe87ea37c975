//! Bodies of frames: CBOR arrays in the order of PROTOCOL's table.

use std::collections::BTreeMap;

use kiosk::{
    ids::{AccountId, BoxId, CustomerId, Epoch, Lane, Writer},
    moment::Wall,
    units::Volume,
};

use super::{
    Ack, Chunk, Found, Frame, FrameError, Hello, MARKS_MAX, Marks, Reason, SAY_TEXT_BYTES_MAX, Said, SaidState, Say,
    Seek, TIPS_MAX, Tip, Whom,
};
use crate::{
    cbor::{self, Bytes, BytesOrHash, NumberOrText},
    journal::Stored,
};

type TipFields = (u8, u8, u64, u32, Bytes);
type HelloFields = (
    (u16, u16),
    BTreeMap<u8, u16>,
    u64,
    u64,
    Option<u64>,
    u32,
    Vec<TipFields>,
    Bytes,
    Bytes,
    Option<u64>,
);
type ChunkFields = (u8, u8, u64, u32, Vec<BytesOrHash>, Option<Bytes>);
type AckFields = (u8, u8, u64, u32, Vec<(u32, u32)>);
type AskFields = (u8, u8);
type MarksFields = (u8, u8, Vec<(u64, u32)>, bool);
type GoodbyeFields = (u8, Option<u32>);
type SeekFields = (u64, u8, NumberOrText, u64);
type SoughtFields = (u64, u8);
/// id, phone, text, until
type SayFields = (u64, String, String, u64);
/// id, state, reason
type SaidFields = (u64, u8, Option<String>);

/// The most runs of parked records an ACK names.
const HELD_MAX: usize = 4;
/// The longest phone number in a SEEK or a SAY.
const PHONE_BYTES_MAX: usize = 20;
/// The longest reason in a SAID.
const REASON_BYTES_MAX: usize = 256;

const REASONS: [Reason; 6] = [
    Reason::Version,
    Reason::Busy,
    Reason::Retired,
    Reason::OtherMedium,
    Reason::UnknownBox,
    Reason::TakenOver,
];
const FOUND: [Found; 3] = [Found::Found, Found::Unknown, Found::Refused];
const SAID: [SaidState; 6] = [
    SaidState::Taken,
    SaidState::Sent,
    SaidState::Delivered,
    SaidState::Failed,
    SaidState::Unknown,
    SaidState::Refused,
];

/// The kind's number and the body.
pub(super) fn encode(frame: &Frame) -> (u8, Vec<u8>) {
    match frame {
        Frame::Hello(hello) => (1, encode_hello(hello)),
        Frame::Chunk(chunk) => (2, encode_chunk(chunk)),
        Frame::Ack(ack) => {
            let Ack {
                by,
                lane,
                epoch,
                mark,
                held,
            } = ack;
            let fields = (by.number(), lane.number(), epoch.0, *mark, held.clone());
            (3, cbor::encode::<AckFields>(&fields))
        }
        Frame::Ask(by, lane) => (4, cbor::encode::<AskFields>(&(by.number(), lane.number()))),
        Frame::Marks(page) => {
            let marks = page.marks.iter().map(|(epoch, mark)| (epoch.0, *mark)).collect();
            (
                5,
                cbor::encode::<MarksFields>(&(page.by.number(), page.lane.number(), marks, page.more)),
            )
        }
        Frame::Ping(n) => (6, cbor::encode(&(*n,))),
        Frame::Pong(n) => (7, cbor::encode(&(*n,))),
        Frame::Goodbye(reason, retry_after_s) => (
            10,
            cbor::encode::<GoodbyeFields>(&(index(&REASONS, reason), *retry_after_s)),
        ),
        Frame::Seek(seek) => {
            let (how, whom) = match &seek.whom {
                Whom::Phone(phone) => (0, NumberOrText::Text(phone.clone())),
                Whom::Account(account) => (1, NumberOrText::Number(u64::from(account.number()))),
                Whom::Customer(customer) => (2, NumberOrText::Number(customer.0)),
            };
            (11, cbor::encode::<SeekFields>(&(seek.id, how, whom, seek.volume.ml())))
        }
        Frame::Sought(id, found) => (12, cbor::encode::<SoughtFields>(&(*id, index(&FOUND, found)))),
        Frame::Say(say) => {
            let until = say.until.0.max(0) as u64;
            (
                13,
                cbor::encode::<SayFields>(&(say.id, say.phone.clone(), say.text.clone(), until)),
            )
        }
        Frame::Said(said) => {
            let state = index(&SAID, &said.state);
            (14, cbor::encode::<SaidFields>(&(said.id, state, said.reason.clone())))
        }
    }
}

pub(super) fn decode(kind: u8, body: &[u8]) -> Result<Frame, FrameError> {
    Ok(match kind {
        1 => Frame::Hello(decode_hello(cbor::decode(body)?)?),
        2 => Frame::Chunk(decode_chunk(cbor::decode(body)?)?),
        3 => {
            let (by, lane, epoch, mark, held): AckFields = cbor::decode(body)?;
            if held.len() > HELD_MAX {
                return Err(FrameError::Limit);
            }
            Frame::Ack(Ack {
                by: writer(by)?,
                lane: lane_of(lane)?,
                epoch: Epoch(epoch),
                mark,
                held,
            })
        }
        4 => {
            let (by, lane): AskFields = cbor::decode(body)?;
            Frame::Ask(writer(by)?, lane_of(lane)?)
        }
        5 => {
            let (by, lane, marks, more): MarksFields = cbor::decode(body)?;
            if marks.len() > MARKS_MAX {
                return Err(FrameError::Limit);
            }
            Frame::Marks(Marks {
                by: writer(by)?,
                lane: lane_of(lane)?,
                marks: marks.into_iter().map(|(epoch, mark)| (Epoch(epoch), mark)).collect(),
                more,
            })
        }
        6 => Frame::Ping(cbor::decode::<(u32,)>(body)?.0),
        7 => Frame::Pong(cbor::decode::<(u32,)>(body)?.0),
        10 => {
            let (reason, retry_after_s): GoodbyeFields = cbor::decode(body)?;
            Frame::Goodbye(value(&REASONS, reason)?, retry_after_s)
        }
        11 => Frame::Seek(decode_seek(cbor::decode(body)?)?),
        12 => {
            let (id, found): SoughtFields = cbor::decode(body)?;
            Frame::Sought(id, value(&FOUND, found)?)
        }
        13 => Frame::Say(decode_say(cbor::decode(body)?)?),
        14 => {
            let (id, state, reason): SaidFields = cbor::decode(body)?;
            if reason.as_ref().is_some_and(|reason| reason.len() > REASON_BYTES_MAX) {
                return Err(FrameError::Limit);
            }
            let state = value(&SAID, state)?;
            Frame::Said(Said { id, state, reason })
        }
        _ => return Err(FrameError::Unknown),
    })
}

fn index<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter()
        .position(|known| known == value)
        .map_or(u8::MAX, |index| index as u8)
}

fn value<T: Copy>(all: &[T], index: u8) -> Result<T, FrameError> {
    all.get(usize::from(index)).copied().ok_or(FrameError::Body)
}

fn writer(number: u8) -> Result<Writer, FrameError> {
    Writer::from_number(number).ok_or(FrameError::Body)
}

fn lane_of(number: u8) -> Result<Lane, FrameError> {
    Lane::from_number(number).ok_or(FrameError::Body)
}

fn encode_hello(hello: &Hello) -> Vec<u8> {
    let tip = |tip: &Tip| {
        (
            tip.by.number(),
            tip.lane.number(),
            tip.epoch.0,
            tip.seq,
            Bytes::from(tip.chain),
        )
    };
    cbor::encode::<HelloFields>(&(
        hello.protocol,
        hello.schema.clone(),
        hello.box_id.0,
        hello.run,
        hello.echo,
        hello.generation,
        hello.tips.iter().map(tip).collect(),
        Bytes::from(hello.nonce),
        Bytes::from(hello.medium),
        hello.wall.map(|wall| wall.0.max(0) as u64),
    ))
}

fn decode_hello(
    (protocol, schema, box_id, run, echo, generation, tips, nonce, medium, wall): HelloFields,
) -> Result<Hello, FrameError> {
    if tips.len() > TIPS_MAX {
        return Err(FrameError::Limit);
    }
    let tip = |(by, lane, epoch, seq, chain): TipFields| {
        Ok(Tip {
            by: writer(by)?,
            lane: lane_of(lane)?,
            epoch: Epoch(epoch),
            seq,
            chain: chain.array()?,
        })
    };
    let wall = wall.map(|ms| i64::try_from(ms).map(Wall)).transpose();
    Ok(Hello {
        protocol,
        schema,
        box_id: BoxId(box_id),
        run,
        echo,
        generation,
        tips: tips.into_iter().map(tip).collect::<Result<_, FrameError>>()?,
        nonce: nonce.array()?,
        medium: medium.array()?,
        wall: wall.map_err(|_| FrameError::Body)?,
    })
}

fn encode_chunk(chunk: &Chunk) -> Vec<u8> {
    let record = |record: &Stored| match record {
        Stored::Bytes(bytes) => BytesOrHash::Bytes(bytes.clone()),
        Stored::Blank(hash) => BytesOrHash::Hash(*hash),
    };
    cbor::encode::<ChunkFields>(&(
        chunk.by.number(),
        chunk.lane.number(),
        chunk.epoch.0,
        chunk.from,
        chunk.records.iter().map(record).collect(),
        chunk.head.map(Bytes::from),
    ))
}

fn decode_chunk((by, lane, epoch, from, records, head): ChunkFields) -> Result<Chunk, FrameError> {
    let record = |record| match record {
        BytesOrHash::Bytes(bytes) => Stored::Bytes(bytes),
        BytesOrHash::Hash(hash) => Stored::Blank(hash),
    };
    Ok(Chunk {
        by: writer(by)?,
        lane: lane_of(lane)?,
        epoch: Epoch(epoch),
        from,
        records: records.into_iter().map(record).collect(),
        head: head.map(|head| head.array()).transpose()?,
    })
}

fn decode_seek((id, how, whom, ml): SeekFields) -> Result<Seek, FrameError> {
    let whom = match (how, whom) {
        (0, NumberOrText::Text(phone)) if phone.len() <= PHONE_BYTES_MAX => Whom::Phone(phone),
        (1, NumberOrText::Number(number)) => {
            let number = u32::try_from(number).map_err(|_| FrameError::Body)?;
            Whom::Account(AccountId::new(number).ok_or(FrameError::Body)?)
        }
        (2, NumberOrText::Number(number)) => Whom::Customer(CustomerId(number)),
        _ => return Err(FrameError::Body),
    };
    let volume = i64::try_from(ml).ok().and_then(Volume::try_from_ml);
    Ok(Seek {
        id,
        whom,
        volume: volume.ok_or(FrameError::Body)?,
    })
}

fn decode_say((id, phone, text, until): SayFields) -> Result<Say, FrameError> {
    if phone.len() > PHONE_BYTES_MAX || text.len() > SAY_TEXT_BYTES_MAX {
        return Err(FrameError::Limit);
    }
    let until = Wall(i64::try_from(until).map_err(|_| FrameError::Body)?);
    Ok(Say { id, phone, text, until })
}
