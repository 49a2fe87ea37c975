//! Documents that people edit on two sides at once (PROTOCOL section 7). The only file that names automerge.
//!
//! A document is a flat map of texts: one per customer, one per site. Changes travel as automerge change chunks in our own
//! records; automerge's sync protocol and its whole-document chunks are never read from the wire.

mod guard;

use std::{
    collections::BTreeMap,
    panic::{AssertUnwindSafe, catch_unwind},
};

use automerge::{
    ActorId, AutoCommit, Change, ROOT, ReadDoc as _, transaction::CommitOptions, transaction::Transactable as _,
};
use kiosk::ids::{BoxId, Epoch};
use sha2::{Digest as _, Sha256};

use crate::record::{CHANGE_BYTES_MAX, DocumentId};

/// The most fields one edit sets.
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
        Actor::hashed(b"site", box_id.0, epoch)
    }

    /// The actor of a hub's run.
    pub fn hub(epoch: Epoch) -> Actor {
        Actor::hashed(b"hub", 0, epoch)
    }

    fn hashed(end: &[u8], box_id: u64, epoch: Epoch) -> Actor {
        let hash = Sha256::new()
            .chain_update(b"kisima actor")
            .chain_update(end)
            .chain_update(box_id.to_be_bytes())
            .chain_update(epoch.0.to_be_bytes())
            .finalize();
        let mut actor = [0; 16];
        actor.copy_from_slice(&hash[..16]);
        Actor(actor)
    }

    fn id(self) -> ActorId {
        ActorId::from(self.0)
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
    #[error("an edit of {0} bytes; at most {CHANGE_BYTES_MAX} travel")]
    TooLarge(usize),
    /// A name or a value is too long, or there are too many.
    #[error("a field that is too long, or too many fields")]
    Field,
    /// The bytes are not a saved document, or the document cannot take an edit.
    #[error("bytes that are not a document")]
    Damaged,
}

/// A document: named texts. A customer's profile and a site's settings read theirs from it.
#[derive(Debug)]
pub struct Document {
    id: DocumentId,
    doc: AutoCommit,
}

impl Document {
    /// An empty document, to be edited by `actor`.
    pub fn new(id: DocumentId, actor: Actor) -> Document {
        let doc = AutoCommit::new().with_actor(actor.id());
        Document { id, doc }
    }

    /// A document from what [`Document::save`] gave. Only for bytes of this replica's own disk.
    pub fn load(id: DocumentId, actor: Actor, bytes: &[u8]) -> Result<Document, DocumentError> {
        let loaded = catch_unwind(|| AutoCommit::load(bytes));
        let doc = loaded
            .map_err(|_| DocumentError::Damaged)?
            .map_err(|_| DocumentError::Damaged)?;
        let doc = doc.with_actor(actor.id());
        Ok(Document { id, doc })
    }

    /// Its name.
    pub fn id(&self) -> &DocumentId {
        &self.id
    }

    /// The bytes to keep.
    pub fn save(&mut self) -> Vec<u8> {
        self.doc.save()
    }

    /// Sets fields (`None` removes one). Gives the change to be written as `Edit::Change`, or `None` when nothing is
    /// different. A change that is too large leaves the document as it was.
    pub fn edit(&mut self, fields: &[(&str, Option<&str>)]) -> Result<Option<Vec<u8>>, DocumentError> {
        let fits = |(name, value): &(&str, Option<&str>)| {
            (1..=FIELD_NAME_BYTES_MAX).contains(&name.len())
                && value.is_none_or(|value| value.len() <= FIELD_VALUE_BYTES_MAX)
        };
        if fields.len() > FIELDS_MAX || !fields.iter().all(fits) {
            return Err(DocumentError::Field);
        }
        let mut edited = self.doc.clone();
        let mut different = false;
        for (name, value) in fields {
            let now = field(&edited, name);
            match value {
                Some(value) if now.as_deref() != Some(*value) => {
                    edited.put(ROOT, *name, *value).map_err(|_| DocumentError::Damaged)?;
                    different = true;
                }
                None if now.is_some() => {
                    edited.delete(ROOT, *name).map_err(|_| DocumentError::Damaged)?;
                    different = true;
                }
                _ => {}
            }
        }
        if !different {
            return Ok(None);
        }
        // The time of a change is nobody's business, and a fixed one makes the bytes repeatable.
        edited.commit_with(CommitOptions::default().with_time(0));
        let change = edited.get_last_local_change().ok_or(DocumentError::Damaged)?;
        let bytes = change.raw_bytes().to_vec();
        if bytes.len() > CHANGE_BYTES_MAX {
            return Err(DocumentError::TooLarge(bytes.len()));
        }
        self.doc = edited;
        Ok(Some(bytes))
    }

    /// Applies a change that arrived, to a copy first: what fails or panics leaves the document as it was.
    pub fn apply(&mut self, change: &[u8]) -> Applied {
        if !guard::is_safe(change) {
            return Applied::Refused("not a change of a sane shape");
        }
        let copy = self.doc.clone();
        // The copy is dropped by a panic, and nothing else is touched.
        let outcome = catch_unwind(AssertUnwindSafe(move || apply_to_copy(copy, change)));
        match outcome {
            Ok(Ok(copy)) => {
                self.doc = copy;
                Applied::New
            }
            Ok(Err(verdict)) => verdict,
            Err(_) => Applied::Refused("a change that cannot be applied"),
        }
    }

    /// All changes, those before others first: what `Admit` forwards (PROTOCOL rule 29).
    pub fn changes(&mut self) -> Vec<Vec<u8>> {
        let changes = self.doc.get_changes(&[]);
        changes.iter().map(|change| change.raw_bytes().to_vec()).collect()
    }

    /// All fields, by name. What is not a text is not ours and left out.
    pub fn fields(&self) -> BTreeMap<String, String> {
        let names = self.doc.keys(ROOT);
        names
            .filter_map(|name| field(&self.doc, &name).map(|value| (name, value)))
            .collect()
    }

    /// A customer's profile.
    pub fn profile(&self) -> Profile {
        let field = |name| field(&self.doc, name);
        Profile {
            phone: field("phone"),
            name: field("name"),
            city: field("city"),
            language: field("language"),
            site: field("site"),
            stopped: field("stopped"),
        }
    }

    /// A site's settings. A number that is none counts as not set.
    pub fn settings(&self) -> Settings {
        let field = |name| field(&self.doc, name);
        let prices = self.fields().into_iter().filter_map(|(name, text)| {
            let name = name.strip_prefix("price.")?;
            Some((name.to_owned(), text))
        });
        Settings {
            jerrycan_ml: field("jerrycan_ml").and_then(|number| number.parse().ok()),
            pulses_per_litre: field("pulses_per_litre").and_then(|number| number.parse().ok()),
            language: field("language"),
            prices: prices.collect(),
        }
    }
}

fn field(doc: &AutoCommit, name: &str) -> Option<String> {
    let (value, _) = doc.get(ROOT, name).ok()??;
    value.as_str().map(str::to_owned)
}

/// The document with the change, or why not.
fn apply_to_copy(mut copy: AutoCommit, bytes: &[u8]) -> Result<AutoCommit, Applied> {
    let change = Change::from_bytes(bytes.to_vec()).map_err(|_| Applied::Refused("a change that cannot be read"))?;
    let hash = change.hash();
    if copy.get_change_by_hash(&hash).is_some() {
        return Err(Applied::Known);
    }
    let absent = |dependency: &&automerge::ChangeHash| copy.get_change_by_hash(dependency).is_none();
    let missing: Vec<ChangeHash> = change.deps().iter().filter(absent).map(|hash| hash.0).collect();
    if !missing.is_empty() {
        return Err(Applied::Waiting(missing));
    }
    let applied = copy.apply_changes([change]);
    // Automerge queues what it cannot place and says Ok: only what is found again was applied.
    if applied.is_err() || copy.get_change_by_hash(&hash).is_none() {
        return Err(Applied::Refused("a change that contradicts the document"));
    }
    // What was applied must also come back from the disk.
    let saved = copy.save();
    match AutoCommit::load(&saved) {
        Ok(_) => Ok(copy),
        Err(_) => Err(Applied::Refused("a change that spoils the document")),
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
    /// The number that wants no texts to many people, as it said; STOP is a number's, and stays with it.
    pub stopped: Option<String>,
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
