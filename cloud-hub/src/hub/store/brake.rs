//! When wrong PINs were typed at kiosks without a gateway.

use kiosk::{ids::SiteName, moment::Uptime, pin::DispenserTries};
use rusqlite::params;
use store::StoreError;

use super::{Store, Stored};

impl Store<'_> {
    /// The wrong PINs of a kiosk that still matter.
    pub fn kiosk_tries(&self, site: &SiteName) -> Stored<DispenserTries> {
        let times = self.one(
            "SELECT times FROM kiosk_wrong_pins WHERE site = ?1",
            [site.as_str()],
            |row| row.get::<_, Vec<u8>>(0),
        )?;
        match times.unwrap_or_default().as_chunks::<8>() {
            (times, []) => Ok(DispenserTries::restored(
                times.iter().map(|bytes| Uptime(u64::from_be_bytes(*bytes))),
            )),
            _ => Err(StoreError::Row("wrong PINs of a kiosk")),
        }
    }

    /// Writes them.
    pub fn put_kiosk_tries(&self, site: &SiteName, tries: &DispenserTries) -> Stored<()> {
        let times: Vec<u8> = tries.wrong().flat_map(|time| time.0.to_be_bytes()).collect();
        self.execute(
            "INSERT INTO kiosk_wrong_pins (site, times) VALUES (?1, ?2)
             ON CONFLICT (site) DO UPDATE SET times = excluded.times",
            params![site.as_str(), times],
        )
        .map(drop)
    }
}
