//! Bytes of `Began`, and of the kinds of the edits, alarms and telemetry lanes.

use kiosk::{
    fact::{Alarm, Hour, Severity},
    ids::{CustomerId, Epoch},
};

use super::{CHANGE_BYTES_MAX, DocumentId, Edit, PREVIOUS_MAX, Record, RecordError, seconds, text, wall};
use crate::cbor::{self, Bytes, NumberOrText};

type BeganFields = (u16, Vec<(u64, u32)>);
type DocFields = (u16, NumberOrText);
type DocBytesFields = (u16, NumberOrText, Bytes);
type AlarmFields = (u16, u8, String, String, u64);
type HourFields = (u16, String, u64, u32, String, u64);
type AuditHeadFields = (u16, u64, Bytes);

const SEVERITIES: [Severity; 3] = [Severity::Info, Severity::Warning, Severity::Critical];

pub(super) fn encode_began(previous: &[(Epoch, u32)]) -> Vec<u8> {
    let previous = previous.iter().map(|(epoch, seq)| (epoch.0, *seq)).collect();
    cbor::encode::<BeganFields>(&(0, previous))
}

pub(super) fn decode_began(bytes: &[u8]) -> Result<Record, RecordError> {
    let (_, previous) = cbor::decode::<BeganFields>(bytes)?;
    let ordered = previous.windows(2).all(|pair| pair[0].0 < pair[1].0);
    if previous.len() > PREVIOUS_MAX || !ordered || previous.iter().any(|(_, seq)| *seq == 0) {
        return Err(RecordError::OutOfRange("the tips before it"));
    }
    let previous = previous.into_iter().map(|(epoch, seq)| (Epoch(epoch), seq)).collect();
    Ok(Record::Began { previous })
}

fn document_name(doc: &DocumentId) -> NumberOrText {
    match doc {
        DocumentId::Customer(customer) => NumberOrText::Number(customer.0),
        DocumentId::Site(site) => NumberOrText::Text(site.to_string()),
    }
}

fn document_id(name: NumberOrText) -> Result<DocumentId, RecordError> {
    match name {
        NumberOrText::Number(number) => Ok(DocumentId::Customer(CustomerId(number))),
        NumberOrText::Text(text) => match text.parse() {
            Ok(site) => Ok(DocumentId::Site(site)),
            Err(_) => Err(RecordError::OutOfRange("a document's name")),
        },
    }
}

pub(super) fn encode_edit(edit: &Edit) -> Vec<u8> {
    let name = document_name(edit.doc());
    match edit {
        Edit::Admit { .. } => cbor::encode::<DocFields>(&(1, name)),
        Edit::Dropped { .. } => cbor::encode::<DocFields>(&(2, name)),
        Edit::Change { bytes, .. } => cbor::encode::<DocBytesFields>(&(3, name, Bytes(bytes.clone()))),
        Edit::Document { sha256, .. } => cbor::encode::<DocBytesFields>(&(4, name, Bytes::from(*sha256))),
        Edit::Erased { tombstone, .. } => cbor::encode::<DocBytesFields>(&(5, name, Bytes::from(*tombstone))),
    }
}

pub(super) fn decode_edit(kind: u16, bytes: &[u8]) -> Result<Option<Edit>, RecordError> {
    let name = || cbor::decode::<DocFields>(bytes).map(|(_, name)| name);
    let with_bytes = || cbor::decode::<DocBytesFields>(bytes).map(|(_, name, bytes)| (name, bytes));
    Ok(Some(match kind {
        1 => Edit::Admit {
            doc: document_id(name()?)?,
        },
        2 => Edit::Dropped {
            doc: document_id(name()?)?,
        },
        3 => {
            let (name, change) = with_bytes()?;
            if change.0.len() > CHANGE_BYTES_MAX {
                return Err(RecordError::OutOfRange("a change"));
            }
            Edit::Change {
                doc: document_id(name)?,
                bytes: change.0,
            }
        }
        4 => {
            let (name, sha256) = with_bytes()?;
            Edit::Document {
                doc: document_id(name)?,
                sha256: sha256.array()?,
            }
        }
        5 => {
            let (name, tombstone) = with_bytes()?;
            Edit::Erased {
                doc: document_id(name)?,
                tombstone: tombstone.array()?,
            }
        }
        _ => return Ok(None),
    }))
}

pub(super) fn encode_alarm(alarm: &Alarm) -> Vec<u8> {
    let severity = SEVERITIES
        .iter()
        .position(|severity| *severity == alarm.severity)
        .unwrap_or(0) as u8;
    let fields = (
        1,
        severity,
        alarm.code.clone(),
        alarm.detail.clone(),
        seconds(alarm.time),
    );
    cbor::encode::<AlarmFields>(&fields)
}

pub(super) fn decode_alarm(kind: u16, bytes: &[u8]) -> Result<Option<Alarm>, RecordError> {
    if kind != 1 {
        return Ok(None);
    }
    let (_, severity, code, detail, time) = cbor::decode::<AlarmFields>(bytes)?;
    Ok(Some(Alarm {
        severity: *SEVERITIES
            .get(usize::from(severity))
            .ok_or(RecordError::OutOfRange("a severity"))?,
        code: text(code)?,
        detail: text(detail)?,
        time: wall(time)?,
    }))
}

pub(super) fn encode_hour(hour: &Hour) -> Vec<u8> {
    cbor::encode::<HourFields>(&(
        1,
        hour.dispenser.to_string(),
        seconds(hour.hour),
        hour.heartbeats,
        hour.firmware.clone(),
        hour.pulses_total,
    ))
}

pub(super) fn encode_audit_head(rows: u64, chain: &[u8; 32]) -> Vec<u8> {
    cbor::encode::<AuditHeadFields>(&(2, rows, Bytes::from(*chain)))
}

pub(super) fn decode_telemetry(kind: u16, bytes: &[u8]) -> Result<Option<Record>, RecordError> {
    Ok(match kind {
        1 => Some(Record::Hour(decode_hour(bytes)?)),
        2 => {
            let (_, rows, chain) = cbor::decode::<AuditHeadFields>(bytes)?;
            if rows == 0 {
                return Err(RecordError::OutOfRange("the rows of an audit"));
            }
            Some(Record::AuditHead {
                rows,
                chain: chain.array()?,
            })
        }
        _ => None,
    })
}

fn decode_hour(bytes: &[u8]) -> Result<Hour, RecordError> {
    let (_, dispenser, hour, heartbeats, firmware, pulses_total) = cbor::decode::<HourFields>(bytes)?;
    Ok(Hour {
        dispenser: dispenser.parse().map_err(|_| RecordError::OutOfRange("a dispenser"))?,
        hour: wall(hour)?,
        heartbeats,
        firmware: text(firmware)?,
        pulses_total,
    })
}
