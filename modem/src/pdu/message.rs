//! The messages themselves (3GPP TS 23.040 section 9.2.2), each there and back: a driver reads DELIVER and STATUS-REPORT
//! and writes SUBMIT, a network does the opposite.

use super::{Address, Centre, Coding, Content, Part, PduError, Stamp, Validity, content, octets::Octets};
use crate::{event::Fate, hex};

/// Bits of the first octet.
const KIND: u8 = 0b11;
const NO_MORE_TO_SEND: u8 = 0x04;
const RELATIVE_VALIDITY: u8 = 0x10;
const REPORT: u8 = 0x20;
const HEADER: u8 = 0x40;

/// A message on its way to a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deliver {
    /// Who sent it.
    pub from: Address,
    /// When the service centre took it; `None` where the stamp makes no sense.
    pub stamp: Option<Stamp>,
    /// 0 to 3, see [`Coding`]; 0 is shown and not kept.
    pub class: Option<u8>,
    /// Its place in a longer text.
    pub part: Option<Part>,
    /// It asks for letters of a national table, which are read by the default one: some come out wrong.
    pub has_national_table: bool,
    /// What it says.
    pub content: Content,
}

/// A message on its way from a phone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Submit {
    /// The number that the modem replaces by its own.
    pub reference: u8,
    /// Who is to get it.
    pub to: Address,
    /// How long the network may try.
    pub validity: Option<Validity>,
    /// Whether the network shall report what becomes of it.
    pub wants_report: bool,
    /// Its place in a longer text.
    pub part: Option<Part>,
    /// What it says.
    pub content: Content,
}

/// What became of a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StatusReport {
    /// The number that `+CMGS` gave the message.
    pub reference: u8,
    /// Who was to get it, as the network writes it: perhaps in national form.
    pub to: Address,
    /// When the service centre took it.
    pub stamp: Option<Stamp>,
    /// When it was delivered, or last tried.
    pub done: Option<Stamp>,
    /// What the network says (section 9.2.3.15).
    pub status: u8,
}

impl StatusReport {
    /// What the status means. 20 to 3F is still trying; what is reserved means that the network refused.
    pub fn fate(&self) -> Fate {
        match self.status {
            0x00..=0x1f => Fate::Delivered,
            0x20..=0x3f => Fate::Trying,
            0x40..=0xff => Fate::Failed,
        }
    }
}

/// What a modem lists, by the kind that is in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// Came in.
    Deliver(Deliver),
    /// Was written here, and lies in the store.
    Submit(Submit),
    /// Says what became of one that left.
    StatusReport(StatusReport),
}

/// A message as a modem wants it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Service centre and message in upper-case hex.
    pub hex: String,
    /// Octets without the service centre: what `AT+CMGS=` and `+CMGR:` count.
    pub length: usize,
}

impl Message {
    /// Reads hex in either case. Octets behind the end are ignored, for some modems send them.
    pub fn decode(hex: &str) -> Result<(Centre, Message), PduError> {
        let octets = hex::decode(hex.trim().as_bytes()).ok_or(PduError::NotHex)?;
        let mut rest = Octets(&octets);
        let centre = Centre::decode(&mut rest)?;
        let first = rest.one("first octet")?;
        let message = match first & KIND {
            1 => Message::Submit(Submit::decode(first, &mut rest)?),
            2 => Message::StatusReport(StatusReport::decode(&mut rest)?),
            // 3 is reserved and to be taken for a DELIVER (section 9.2.3.1).
            _ => Message::Deliver(Deliver::decode(first, &mut rest)?),
        };
        Ok((centre, message))
    }

    /// Writes it behind a service centre.
    pub fn encode(&self, centre: &Centre) -> Result<Encoded, PduError> {
        let mut octets = Vec::new();
        centre.encode(&mut octets)?;
        let before = octets.len();
        match self {
            Message::Deliver(deliver) => deliver.encode(&mut octets)?,
            Message::Submit(submit) => submit.encode(&mut octets)?,
            Message::StatusReport(report) => report.encode(&mut octets)?,
        }
        Ok(Encoded {
            hex: hex::encode(&octets),
            length: octets.len() - before,
        })
    }
}

impl Deliver {
    fn decode(first: u8, from: &mut Octets<'_>) -> Result<Deliver, PduError> {
        let sender = Address::decode(from)?;
        from.one("protocol")?;
        let coding = Coding::of(from.one("coding")?);
        let stamp = Stamp::decode(from.array("stamp")?);
        let (header, content) = content::decode(from, coding, first & HEADER != 0)?;
        Ok(Deliver {
            from: sender,
            stamp,
            class: coding.class,
            part: header.part,
            has_national_table: header.has_national_table,
            content,
        })
    }

    fn encode(&self, to: &mut Vec<u8>) -> Result<(), PduError> {
        to.push(NO_MORE_TO_SEND | self.part.map_or(0, |_| HEADER));
        self.from.encode(to)?;
        to.extend([0, coding(&self.content, self.class)]);
        to.extend(self.stamp.map_or([0; 7], Stamp::encode));
        content::encode(self.part, &self.content, to)
    }
}

impl Submit {
    fn decode(first: u8, from: &mut Octets<'_>) -> Result<Submit, PduError> {
        let reference = from.one("reference")?;
        let to = Address::decode(from)?;
        from.one("protocol")?;
        let coding = Coding::of(from.one("coding")?);
        // Relative in one octet; enhanced and absolute in seven, which nobody here needs.
        let validity = match first >> 3 & 0b11 {
            0 => None,
            2 => Some(Validity(from.one("validity")?)),
            _ => from.many(7, "validity").map(|_| None)?,
        };
        let (header, content) = content::decode(from, coding, first & HEADER != 0)?;
        Ok(Submit {
            reference,
            to,
            validity,
            wants_report: first & REPORT != 0,
            part: header.part,
            content,
        })
    }

    fn encode(&self, to: &mut Vec<u8>) -> Result<(), PduError> {
        let flags = [
            (self.validity.is_some(), RELATIVE_VALIDITY),
            (self.wants_report, REPORT),
            (self.part.is_some(), HEADER),
        ];
        to.push(
            flags
                .iter()
                .filter(|(is_set, _)| *is_set)
                .fold(1, |first, (_, bit)| first | bit),
        );
        to.push(self.reference);
        self.to.encode(to)?;
        to.extend([0, coding(&self.content, None)]);
        to.extend(self.validity.map(|validity| validity.0));
        content::encode(self.part, &self.content, to)
    }
}

impl StatusReport {
    fn decode(from: &mut Octets<'_>) -> Result<StatusReport, PduError> {
        Ok(StatusReport {
            reference: from.one("reference")?,
            to: Address::decode(from)?,
            stamp: Stamp::decode(from.array("stamp")?),
            done: Stamp::decode(from.array("stamp")?),
            status: from.one("status")?,
        })
    }

    fn encode(&self, to: &mut Vec<u8>) -> Result<(), PduError> {
        to.extend([2 | NO_MORE_TO_SEND, self.reference]);
        self.to.encode(to)?;
        to.extend(self.stamp.map_or([0; 7], Stamp::encode));
        to.extend(self.done.map_or([0; 7], Stamp::encode));
        to.push(self.status);
        Ok(())
    }
}

/// The coding octet of a content; the bit for compressed where it is.
fn coding(content: &Content, class: Option<u8>) -> u8 {
    let is_compressed = matches!(content, Content::Compressed(_));
    Coding::octet(content.alphabet(), class) | if is_compressed { 0x20 } else { 0 }
}

#[cfg(test)]
mod tests;
