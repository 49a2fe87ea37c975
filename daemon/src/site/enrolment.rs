//! What makes this box a site's: the keys it got at `join` (PROTOCOL rule 1). Kept in a file outside the database,
//! so that a stolen database tells no PIN.

use kiosk::{
    ids::{BoxId, SiteName},
    pin::PinKey,
    receipt::ReceiptKey,
    units::Currency,
};
use sync::seal::{Identity, PairKey, SecretKey};

/// An enrolment.
#[derive(Clone, Debug)]
pub struct Enrolment {
    /// This box.
    pub box_id: BoxId,
    /// Its site.
    pub site: SiteName,
    /// The site's title, for people.
    pub title: String,
    /// The site's time zone, an IANA name.
    pub time_zone: String,
    /// The currency of its prices.
    pub currency: Currency,
    /// The language of its texts where a person chose none.
    pub language: String,
    /// The serial of the medium that holds the database when the box joined; zero where none can be read.
    pub medium: [u8; 8],
    /// The hub's generation at `join`.
    pub generation: u32,
    /// Where the hub is.
    pub hub_url: String,
    /// What frames are tagged with.
    pub pair_key: SecretKey,
    /// What PINs are checked with here.
    pub pin_key: SecretKey,
    /// What receipts are made with here.
    pub receipt_key: SecretKey,
    /// The seed of this box's own signing key.
    pub identity_seed: SecretKey,
    /// What the hub signs with.
    pub hub_signing_key: [u8; 32],
    /// What is sealed to.
    pub hub_sealing_key: [u8; 32],
}

/// An enrolment with its keys ready for use.
pub(super) struct Enrolled {
    /// As it was read.
    pub enrolment: Enrolment,
    /// For checking PINs.
    pub pin_key: PinKey,
    /// For receipts.
    pub receipt_key: ReceiptKey,
    /// For hashes of asks, which hold PINs.
    pub request_key: SecretKey,
    /// For frames.
    pub pair: PairKey,
    /// For heads of logs.
    pub identity: Identity,
}

impl Enrolled {
    pub(super) fn new(enrolment: Enrolment) -> Enrolled {
        Enrolled {
            pin_key: PinKey::new(*enrolment.pin_key.expose()),
            receipt_key: ReceiptKey::new(*enrolment.receipt_key.expose()),
            request_key: enrolment.pin_key.derive(&[], "requests"),
            pair: PairKey::new(&enrolment.pair_key),
            identity: Identity::from_seed(&enrolment.identity_seed),
            enrolment,
        }
    }
}
