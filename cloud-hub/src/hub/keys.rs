//! The hub's keys, all made from its master key. None of them is in the database.

use super::store::audit::AuditSeal;
use kiosk::{
    ids::{BoxId, CustomerId, SiteName},
    phone::Phone,
    pin::{Pin, PinKey},
    receipt::ReceiptKey,
    talk::ussd::{Seal, joined::SeenKey},
};
use sync::seal::{Identity, PairKey, SecretKey, SiteKey, open_sealed, seal_to_hub, sealing_public};

/// The keys of one hub.
#[derive(Clone, Debug)]
pub(super) struct Keys {
    master: SecretKey,
    sealing: SecretKey,
    sealing_public: [u8; 32],
    /// What the hub signs its heads with.
    pub identity: Identity,
    /// What chains the audit.
    pub audit: AuditSeal,
}

impl Keys {
    /// The keys that this master key makes.
    pub fn new(master: &SecretKey) -> Keys {
        let sealing = master.derive(&[], "kisima hub sealing");
        Keys {
            sealing_public: sealing_public(&sealing),
            identity: Identity::from_seed(&master.derive(&[], "kisima hub signing")),
            audit: AuditSeal::new(master),
            master: master.clone(),
            sealing,
        }
    }

    /// The public half of the key that PINs are sealed to.
    pub fn sealing_public(&self) -> [u8; 32] {
        self.sealing_public
    }

    /// The secret that frames between this box and the hub are sealed with.
    pub fn pair_secret(&self, box_id: BoxId) -> SecretKey {
        self.master.derive(&box_id.0.to_be_bytes(), "kisima pair")
    }

    /// The frame keys of a box.
    pub fn pair(&self, box_id: BoxId) -> PairKey {
        PairKey::new(&self.pair_secret(box_id))
    }

    /// The keys of a site at a box.
    pub fn site(&self, site: &SiteName, box_id: BoxId) -> SiteKey {
        SiteKey::derive(&self.master, site, box_id)
    }

    /// What checks a PIN at one site.
    pub fn site_pin(&self, site: &SiteName, box_id: BoxId) -> PinKey {
        PinKey::new(*self.site(site, box_id).pin_key().expose())
    }

    /// What makes the receipts of one site.
    pub fn site_receipts(&self, site: &SiteName, box_id: BoxId) -> ReceiptKey {
        ReceiptKey::new(*self.site(site, box_id).receipt_key().expose())
    }

    /// A hash that only this hub can make.
    pub fn keyed_hash(&self, bytes: &[u8]) -> [u8; 32] {
        *self.master.derive(bytes, "kisima keyed hash").expose()
    }

    /// Seals bytes for the database; `random` must be fresh.
    pub fn seal(&self, random: [u8; 32], bytes: &[u8]) -> Option<Vec<u8>> {
        seal_to_hub(random, &self.sealing_public, bytes).ok()
    }

    /// Opens what was sealed here, or at a site for the hub.
    pub fn open(&self, sealed: &[u8]) -> Option<Vec<u8>> {
        open_sealed(&self.sealing, sealed).ok()
    }

    /// Opens a sealed PIN.
    pub fn open_pin(&self, sealed: &[u8]) -> Option<Pin> {
        std::str::from_utf8(&self.open(sealed)?).ok()?.parse().ok()
    }

    /// Whether `typed` is the customer's PIN, compared in constant time.
    pub fn pin_matches(&self, customer: CustomerId, kept: &Pin, typed: &Pin) -> bool {
        let key = PinKey::new(*self.master.derive(&[], "kisima hub pin").expose());
        key.is_right(&key.verifier(customer, kept), customer, typed)
    }

    /// What makes the receipts of cash that a manager took by phone: no site has a record of it.
    pub fn phone_receipts(&self) -> ReceiptKey {
        ReceiptKey::new(*self.master.derive(&[], "kisima phone receipt").expose())
    }

    /// What remembers the texts of USSD sessions.
    pub fn ussd_seen(&self) -> SeenKey {
        SeenKey::new(*self.master.derive(&[], "kisima ussd seen").expose())
    }

    /// What a USSD session keeps of the first of two entries of a new PIN.
    pub fn ussd_seal(&self, phone: Phone, pin: &Pin) -> Seal {
        let mut typed = phone.e164().into_bytes();
        typed.extend(pin.digits());
        let key = self.master.derive(&typed, "kisima ussd pin");
        let mut seal = [0; 16];
        seal.copy_from_slice(&key.expose()[..16]);
        Seal(seal)
    }
}
