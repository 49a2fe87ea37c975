//! Documents that people edit on two sides at once (PROTOCOL section 7). The only file that names automerge.

use std::collections::BTreeMap;

use kiosk::ids::{BoxId, Epoch};

use crate::record::DocumentId;

/// The most fields in a document.
pub const FIELDS_MAX: usize = 64;
/// The longest name of a field, in bytes.
pub const FIELD_NAME_BYTES_MAX: usize = 40;
/// The longest value of a field, in bytes.
pub const FIELD_VALUE_BYTES_MAX: usize = 1_000;

/// Who edits: `H(box or hub, epoch)` (PROTOCOL rule 3). A run never reuses another's actor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Actor([u8; 16]);

impl Actor {
    /// The actor of a gateway's run.
    pub fn site(box_id: BoxId, epoch: Epoch) -> Actor {
        let _ = (box_id, epoch);
        Actor([0; 16])
    }

    /// The actor of a hub's run.
    pub fn hub(epoch: Epoch) -> Actor {
        let _ = epoch;
        Actor([0; 16])
    }
}

/// The hash by which changes name one another.
pub type ChangeHash = [u8; 32];

/// What became of a change that arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Applied {
    /// It is in the document now.
    New,
    /// It was already.
    Known,
    /// Changes it builds on are missing: keep it outside the document and try again after the next one that applies.
    Waiting(Vec<ChangeHash>),
    /// It is not a change that can be applied: quarantine it; the mark goes on (PROTOCOL rule 28).
    Refused(&'static str),
}

/// Why an edit is refused where it is made, or saved bytes are.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DocumentError {
    /// The change would not travel (PROTOCOL rule 28).
    #[error("an edit of {0} bytes; at most {max} travel", max = crate::record::CHANGE_BYTES_MAX)]
    TooLarge(usize),
    /// A name or a value is too long, or there are too many.
    #[error("a field that is too long, or too many fields")]
    Field,
    /// The bytes are not a saved document.
    #[error("bytes that are not a document")]
    Damaged,
}

/// A document: named texts. A customer's profile and a site's settings read theirs from it.
#[derive(Debug)]
pub struct Document {
    doc: DocumentId,
}

impl Document {
    /// An empty document, to be edited by `actor`.
    pub fn new(doc: DocumentId, actor: Actor) -> Document {
        let _ = actor;
        Document { doc }
    }

    /// A document from what [`Document::save`] gave.
    pub fn load(doc: DocumentId, actor: Actor, bytes: &[u8]) -> Result<Document, DocumentError> {
        let _ = (actor, bytes);
        Ok(Document { doc })
    }

    /// Its name.
    pub fn id(&self) -> &DocumentId {
        &self.doc
    }

    /// The bytes to keep.
    pub fn save(&mut self) -> Vec<u8> {
        Vec::new()
    }

    /// Sets fields (`None` removes one). Gives the change to be written as `Edit::Change`, or `None` when nothing is
    /// different. A change that is too large leaves the document as it was.
    pub fn edit(&mut self, fields: &[(&str, Option<&str>)]) -> Result<Option<Vec<u8>>, DocumentError> {
        let _ = fields;
        Ok(None)
    }

    /// Applies a change that arrived, to a copy first.
    pub fn apply(&mut self, change: &[u8]) -> Applied {
        let _ = change;
        Applied::Known
    }

    /// All changes, those before others first: what `Admit` forwards (PROTOCOL rule 29).
    pub fn changes(&mut self) -> Vec<Vec<u8>> {
        Vec::new()
    }

    /// All fields, by name.
    pub fn fields(&self) -> BTreeMap<String, String> {
        BTreeMap::new()
    }

    /// A customer's profile.
    pub fn profile(&self) -> Profile {
        Profile::default()
    }

    /// A site's settings.
    pub fn settings(&self) -> Settings {
        Settings::default()
    }
}

/// What a customer's document says; a field nobody set is empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Profile {
    /// International form.
    pub phone: Option<String>,
    /// As the person says it.
    pub name: Option<String>,
    /// Where they live.
    pub city: Option<String>,
    /// `en`, `sw` or `fr`.
    pub language: Option<String>,
    /// The site they draw at.
    pub site: Option<String>,
}

/// What a site's document says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Millilitres in a jerrycan.
    pub jerrycan_ml: Option<u64>,
    /// Pulses of the meter in a litre.
    pub pulses_per_litre: Option<u32>,
    /// `en`, `sw` or `fr`.
    pub language: Option<String>,
    /// Price texts by the name after `price.`.
    pub prices: BTreeMap<String, String>,
}
