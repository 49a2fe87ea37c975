//! Canonical CBOR. The only file that names the CBOR crate, so that it can be replaced here alone.
//!
//! Every value that travels or is hashed is a tuple, so its bytes are an array without field names. There is one
//! encoding of each value: [`decode`] encodes again what it read and refuses bytes that differ, which catches long
//! integers, indefinite lengths, maps in place of arrays and every other second spelling.

use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{DeserializeOwned, Error, IgnoredAny, SeqAccess, Visitor},
};

/// Bytes that are not the canonical CBOR of what was expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not the canonical CBOR of what was expected")]
pub struct Malformed;

/// The one encoding of `value`.
pub(crate) fn encode<T: Serialize>(value: &T) -> Vec<u8> {
    serde_cbor::to_vec(value).expect("tuples of numbers, texts and bytes always encode")
}

/// Reads a value from its one encoding; trailing bytes and second spellings are refused.
pub(crate) fn decode<T: Serialize + DeserializeOwned>(bytes: &[u8]) -> Result<T, Malformed> {
    let value: T = serde_cbor::from_slice(bytes).map_err(|_| Malformed)?;
    if encode(&value) == bytes {
        Ok(value)
    } else {
        Err(Malformed)
    }
}

/// The kind of a record: the first element of an array that is well-formed to its end, whatever follows in it.
pub(crate) fn kind(bytes: &[u8]) -> Result<u16, Malformed> {
    serde_cbor::from_slice::<IgnoredAny>(bytes).map_err(|_| Malformed)?;
    let rest = match bytes {
        [0x81..=0x97, rest @ ..] => rest,
        _ => return Err(Malformed),
    };
    match *rest {
        [small @ 0..=0x17, ..] => Ok(u16::from(small)),
        [0x18, byte @ 0x18..=0xff, ..] => Ok(u16::from(byte)),
        [0x19, high @ 1..=0xff, low, ..] => Ok(u16::from_be_bytes([high, low])),
        _ => Err(Malformed),
    }
}

/// A byte string; serde's own `Vec<u8>` would be an array of numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Bytes(pub Vec<u8>);

impl Bytes {
    /// The bytes as an array, when there are exactly `N`.
    pub(crate) fn array<const N: usize>(&self) -> Result<[u8; N], Malformed> {
        self.0.as_slice().try_into().map_err(|_| Malformed)
    }
}

impl<const N: usize> From<[u8; N]> for Bytes {
    fn from(bytes: [u8; N]) -> Bytes {
        Bytes(bytes.to_vec())
    }
}

impl Serialize for Bytes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        deserializer.deserialize_byte_buf(BytesVisitor)
    }
}

struct BytesVisitor;

impl Visitor<'_> for BytesVisitor {
    type Value = Bytes;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a byte string")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
        Ok(Bytes(bytes.to_vec()))
    }

    fn visit_byte_buf<E: Error>(self, bytes: Vec<u8>) -> Result<Bytes, E> {
        Ok(Bytes(bytes))
    }
}

/// A whole number or a text: the two shapes of a document's name (PROTOCOL rule 28).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum NumberOrText {
    Number(u64),
    Text(String),
}

impl Serialize for NumberOrText {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            NumberOrText::Number(number) => serializer.serialize_u64(*number),
            NumberOrText::Text(text) => serializer.serialize_str(text),
        }
    }
}

impl<'de> Deserialize<'de> for NumberOrText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<NumberOrText, D::Error> {
        deserializer.deserialize_any(NumberOrTextVisitor)
    }
}

struct NumberOrTextVisitor;

impl Visitor<'_> for NumberOrTextVisitor {
    type Value = NumberOrText;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a whole number or a text")
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Number(number))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<NumberOrText, E> {
        Ok(NumberOrText::Text(text.to_owned()))
    }
}

/// One place in a chunk: the bytes of a record, or `[hash]` where an erased record stood (PROTOCOL rule 30).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum BytesOrHash {
    Bytes(Vec<u8>),
    Hash([u8; 32]),
}

impl Serialize for BytesOrHash {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            BytesOrHash::Bytes(bytes) => serializer.serialize_bytes(bytes),
            BytesOrHash::Hash(hash) => (Bytes::from(*hash),).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for BytesOrHash {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<BytesOrHash, D::Error> {
        deserializer.deserialize_any(BytesOrHashVisitor)
    }
}

struct BytesOrHashVisitor;

impl<'de> Visitor<'de> for BytesOrHashVisitor {
    type Value = BytesOrHash;

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a record or the hash of an erased one")
    }

    fn visit_bytes<E: Error>(self, bytes: &[u8]) -> Result<BytesOrHash, E> {
        Ok(BytesOrHash::Bytes(bytes.to_vec()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<BytesOrHash, A::Error> {
        let hash: Option<Bytes> = seq.next_element()?;
        match (hash.map(|hash| hash.array::<32>()), seq.next_element::<IgnoredAny>()?) {
            (Some(Ok(hash)), None) => Ok(BytesOrHash::Hash(hash)),
            _ => Err(A::Error::custom("an erased record is one hash of 32 bytes")),
        }
    }
}
