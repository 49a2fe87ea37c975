//! Bytes of the facts of the money lane.

use kiosk::{
    fact::{
        Answered, AnsweredState, Fact, Forwarded, Granted, How, Listed, LoanAsked, Outcome, Poured, PurchaseAsked,
        PurchaseItem, Purse, Redeemed, Registered, Subscribed,
    },
    ids::{AccountId, BoxId, CustomerId, Epoch, GrantId, HoldId, Lane, LogKey, RecordId, Writer},
};

use super::{RecordError, cash, sealed, seconds, text, volume, wall};
use crate::cbor::{self, Bytes, NumberOrText};

/// epoch, number, customer, purse, volume_ml, valid_until
type GrantedFields = (u16, u64, u64, u64, u8, u64, Option<u64>);
/// as granted, and when
type RedeemedFields = (u16, u64, u64, u64, u8, u64, Option<u64>, u64);
pub(super) type GrantIdFields = (u16, u64, u64);
/// hold, parts of (epoch, number, volume_ml), over_ml, how, outcome, dispenser, time, clock_trusted
type PouredFields = (
    u16,
    Option<(u64, u64)>,
    Vec<(u64, u64, u64)>,
    u64,
    u8,
    Option<u8>,
    String,
    u64,
    bool,
);
/// customer, generation, revision, account, active, bill_overdue, daily_limit_ml, pin
type ListedFields = (u16, u64, u32, u64, u32, bool, bool, Option<u64>, Option<Bytes>);
/// customer, code, valid_until
type SubscribedFields = (u16, u64, String, u64);
/// from, into
type MergedFields = (u16, u64, u64);
/// box, by, lane, epoch, seq, state
type AnsweredFields = (u16, u64, u8, u8, u64, u32, u8);
/// customer, sealed_pin, time
type RegisteredFields = (u16, u64, Bytes, u64);
/// customer, item, its amount or name, time
type PurchaseFields = (u16, u64, u8, NumberOrText, u64);
/// borrower, sealed_lender, amount_minor, repayment_minor, time
type LoanFields = (u16, u64, Bytes, u64, u64, u64);
/// sealed, time
type ForwardedFields = (u16, Bytes, u64);

const PURSES: [Purse; 2] = [Purse::Allowance, Purse::Prepaid];
const HOWS: [How; 2] = [How::Report, How::Rule];
const STATES: [AnsweredState; 3] = [AnsweredState::Taken, AnsweredState::Done, AnsweredState::Refused];

/// The end that writes facts of this kind.
pub(super) fn writer(fact: &Fact) -> Writer {
    match fact {
        Fact::Listed(_)
        | Fact::Subscribed(_)
        | Fact::Granted(_)
        | Fact::Recalled { .. }
        | Fact::Merged { .. }
        | Fact::Answered(_)
        | Fact::FloatGranted(_)
        | Fact::HandedIn(_) => Writer::Hub,
        Fact::Poured(_)
        | Fact::Closed { .. }
        | Fact::Redeemed(_)
        | Fact::Registered(_)
        | Fact::PurchaseAsked(_)
        | Fact::LoanAsked(_)
        | Fact::FloatSold(_)
        | Fact::Forwarded(_) => Writer::Site,
    }
}

pub(super) fn encode(fact: &Fact) -> Vec<u8> {
    match fact {
        Fact::Granted(granted) => cbor::encode::<GrantedFields>(&granted_fields(1, granted)),
        Fact::Recalled { grant } => cbor::encode::<GrantIdFields>(&(2, grant.epoch.0, grant.number)),
        Fact::Poured(poured) => encode_poured(poured),
        Fact::Closed { grant } => cbor::encode::<GrantIdFields>(&(4, grant.epoch.0, grant.number)),
        Fact::Redeemed(redeemed) => {
            let (kind, epoch, number, customer, purse, ml, until) = granted_fields(5, &redeemed.granted);
            let time = seconds(redeemed.time);
            cbor::encode::<RedeemedFields>(&(kind, epoch, number, customer, purse, ml, until, time))
        }
        Fact::Listed(listed) => encode_listed(listed),
        Fact::Subscribed(subscribed) => {
            let until = seconds(subscribed.valid_until);
            cbor::encode::<SubscribedFields>(&(7, subscribed.customer.0, subscribed.code.clone(), until))
        }
        Fact::Merged { from, into } => cbor::encode::<MergedFields>(&(8, from.0, into.0)),
        Fact::Answered(answered) => encode_answered(answered),
        Fact::Registered(registered) => cbor::encode::<RegisteredFields>(&(
            10,
            registered.customer.0,
            Bytes(registered.sealed_pin.clone()),
            seconds(registered.time),
        )),
        Fact::PurchaseAsked(asked) => {
            let (item, what) = purchase_item(&asked.item);
            cbor::encode::<PurchaseFields>(&(11, asked.customer.0, item, what, seconds(asked.time)))
        }
        Fact::LoanAsked(asked) => cbor::encode::<LoanFields>(&(
            12,
            asked.borrower.0,
            Bytes(asked.sealed_lender.clone()),
            unsigned(asked.amount_minor),
            unsigned(asked.repayment_minor),
            seconds(asked.time),
        )),
        Fact::FloatGranted(granted) => cash::encode_granted(granted),
        Fact::FloatSold(sold) => cash::encode_sold(sold),
        Fact::HandedIn(handed_in) => cash::encode_handed_in(handed_in),
        Fact::Forwarded(text) => cbor::encode::<ForwardedFields>(&(16, Bytes(text.sealed.clone()), seconds(text.time))),
    }
}

/// Reads a fact; `None` when the kind is not known.
pub(super) fn decode(kind: u16, bytes: &[u8]) -> Result<Option<Fact>, RecordError> {
    Ok(Some(match kind {
        1 => Fact::Granted(granted(cbor::decode(bytes)?)?),
        2 => Fact::Recalled {
            grant: grant_id(cbor::decode(bytes)?),
        },
        3 => Fact::Poured(decode_poured(cbor::decode(bytes)?)?),
        4 => Fact::Closed {
            grant: grant_id(cbor::decode(bytes)?),
        },
        5 => {
            let (kind, epoch, number, customer, purse, ml, until, time): RedeemedFields = cbor::decode(bytes)?;
            Fact::Redeemed(Redeemed {
                granted: granted((kind, epoch, number, customer, purse, ml, until))?,
                time: wall(time)?,
            })
        }
        6 => Fact::Listed(decode_listed(cbor::decode(bytes)?)?),
        7 => {
            let (_, customer, code, until): SubscribedFields = cbor::decode(bytes)?;
            Fact::Subscribed(Subscribed {
                customer: CustomerId(customer),
                code: text(code)?,
                valid_until: wall(until)?,
            })
        }
        8 => {
            let (_, from, into): MergedFields = cbor::decode(bytes)?;
            Fact::Merged {
                from: CustomerId(from),
                into: CustomerId(into),
            }
        }
        9 => Fact::Answered(decode_answered(cbor::decode(bytes)?)?),
        10 => {
            let (_, customer, sealed_pin, time): RegisteredFields = cbor::decode(bytes)?;
            Fact::Registered(Registered {
                customer: CustomerId(customer),
                sealed_pin: sealed(sealed_pin)?,
                time: wall(time)?,
            })
        }
        11 => Fact::PurchaseAsked(decode_purchase(cbor::decode(bytes)?)?),
        12 => {
            let (_, borrower, sealed_lender, amount, repayment, time): LoanFields = cbor::decode(bytes)?;
            Fact::LoanAsked(LoanAsked {
                borrower: CustomerId(borrower),
                sealed_lender: sealed(sealed_lender)?,
                amount_minor: signed(amount)?,
                repayment_minor: signed(repayment)?,
                time: wall(time)?,
            })
        }
        13 => Fact::FloatGranted(cash::decode_granted(bytes)?),
        14 => Fact::FloatSold(cash::decode_sold(bytes)?),
        15 => Fact::HandedIn(cash::decode_handed_in(bytes)?),
        16 => {
            let (_, text, time): ForwardedFields = cbor::decode(bytes)?;
            Fact::Forwarded(Forwarded {
                sealed: sealed(text)?,
                time: wall(time)?,
            })
        }
        _ => return Ok(None),
    }))
}

/// An amount on the wire. Money is never negative there: a negative amount becomes one that [`signed`] refuses.
pub(super) fn unsigned(minor: i64) -> u64 {
    u64::try_from(minor).unwrap_or(u64::MAX)
}

pub(super) fn signed(minor: u64) -> Result<i64, RecordError> {
    i64::try_from(minor).map_err(|_| RecordError::OutOfRange("an amount"))
}

/// The index of `value` in `all`, its number on the wire.
fn number<T: PartialEq>(all: &[T], value: &T) -> u8 {
    all.iter()
        .position(|known| known == value)
        .map_or(u8::MAX, |index| index as u8)
}

fn value<T: Copy>(all: &[T], number: u8, name: &'static str) -> Result<T, RecordError> {
    all.get(usize::from(number))
        .copied()
        .ok_or(RecordError::OutOfRange(name))
}

pub(super) fn grant_id((_, epoch, number): GrantIdFields) -> GrantId {
    GrantId {
        epoch: Epoch(epoch),
        number,
    }
}

fn granted_fields(kind: u16, granted: &Granted) -> GrantedFields {
    (
        kind,
        granted.grant.epoch.0,
        granted.grant.number,
        granted.customer.0,
        number(&PURSES, &granted.purse),
        granted.volume.ml(),
        granted.valid_until.map(seconds),
    )
}

fn granted((kind, epoch, number, customer, purse, ml, until): GrantedFields) -> Result<Granted, RecordError> {
    Ok(Granted {
        grant: grant_id((kind, epoch, number)),
        customer: CustomerId(customer),
        purse: value(&PURSES, purse, "a purse")?,
        volume: volume(ml)?,
        valid_until: until.map(wall).transpose()?,
    })
}

fn encode_poured(poured: &Poured) -> Vec<u8> {
    let part = |(grant, volume): &(GrantId, kiosk::units::Volume)| (grant.epoch.0, grant.number, volume.ml());
    cbor::encode::<PouredFields>(&(
        3,
        poured.hold.map(|hold| (hold.epoch.0, hold.number)),
        poured.parts.iter().map(part).collect(),
        poured.over.ml(),
        number(&HOWS, &poured.how),
        poured.outcome.map(|outcome| number(&Outcome::ALL, &outcome)),
        poured.dispenser.to_string(),
        seconds(poured.time),
        poured.clock_trusted,
    ))
}

fn decode_poured(
    (_, hold, parts, over, how, outcome, dispenser, time, clock_trusted): PouredFields,
) -> Result<Poured, RecordError> {
    let part = |(epoch, number, ml)| Ok((grant_id((0, epoch, number)), volume(ml)?));
    let hold = hold.map(|(epoch, number)| HoldId {
        epoch: Epoch(epoch),
        number,
    });
    if hold.is_none() && !parts.is_empty() {
        return Err(RecordError::OutOfRange("parts of a pour without a hold"));
    }
    Ok(Poured {
        hold,
        parts: parts.into_iter().map(part).collect::<Result<_, RecordError>>()?,
        over: volume(over)?,
        how: value(&HOWS, how, "a how")?,
        outcome: outcome
            .map(|outcome| value(&Outcome::ALL, outcome, "an outcome"))
            .transpose()?,
        dispenser: dispenser.parse().map_err(|_| RecordError::OutOfRange("a dispenser"))?,
        time: wall(time)?,
        clock_trusted,
    })
}

fn encode_listed(listed: &Listed) -> Vec<u8> {
    cbor::encode::<ListedFields>(&(
        6,
        listed.customer.0,
        listed.generation,
        listed.revision,
        listed.account.number(),
        listed.active,
        listed.bill_overdue,
        listed.daily_limit.map(|limit| limit.ml()),
        listed.pin.map(Bytes::from),
    ))
}

fn decode_listed(
    (_, customer, generation, revision, account, active, bill_overdue, daily_limit, pin): ListedFields,
) -> Result<Listed, RecordError> {
    Ok(Listed {
        customer: CustomerId(customer),
        generation,
        revision,
        account: AccountId::new(account).ok_or(RecordError::OutOfRange("an account"))?,
        active,
        bill_overdue,
        daily_limit: daily_limit.map(volume).transpose()?,
        pin: pin.map(|pin| pin.array()).transpose()?,
    })
}

fn encode_answered(answered: &Answered) -> Vec<u8> {
    let RecordId { log, seq } = answered.to;
    cbor::encode::<AnsweredFields>(&(
        9,
        log.box_id.0,
        log.by.number(),
        log.lane.number(),
        log.epoch.0,
        seq,
        number(&STATES, &answered.state),
    ))
}

fn decode_answered((_, box_id, by, lane, epoch, seq, state): AnsweredFields) -> Result<Answered, RecordError> {
    let log = LogKey {
        box_id: BoxId(box_id),
        by: Writer::from_number(by).ok_or(RecordError::OutOfRange("a writer"))?,
        lane: Lane::from_number(lane).ok_or(RecordError::OutOfRange("a lane"))?,
        epoch: Epoch(epoch),
    };
    Ok(Answered {
        to: RecordId { log, seq },
        state: value(&STATES, state, "a state")?,
    })
}

fn purchase_item(item: &PurchaseItem) -> (u8, NumberOrText) {
    match item {
        PurchaseItem::Litres(volume) => (0, NumberOrText::Number(volume.ml())),
        PurchaseItem::Deposit(minor) => (1, NumberOrText::Number(unsigned(*minor))),
        PurchaseItem::Plan(name) => (2, NumberOrText::Text(name.clone())),
        PurchaseItem::Bill => (3, NumberOrText::Number(0)),
    }
}

fn decode_purchase((_, customer, item, what, time): PurchaseFields) -> Result<PurchaseAsked, RecordError> {
    let item = match (item, what) {
        (0, NumberOrText::Number(ml)) => PurchaseItem::Litres(volume(ml)?),
        (1, NumberOrText::Number(minor)) => PurchaseItem::Deposit(signed(minor)?),
        (2, NumberOrText::Text(name)) => PurchaseItem::Plan(text(name)?),
        (3, NumberOrText::Number(0)) => PurchaseItem::Bill,
        _ => return Err(RecordError::OutOfRange("a purchase")),
    };
    Ok(PurchaseAsked {
        customer: CustomerId(customer),
        item,
        time: wall(time)?,
    })
}
