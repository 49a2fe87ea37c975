//! The serial of the medium that holds the data directory (PROTOCOL rule 2): a card's CID, a disk's serial.

use std::{fs, os::unix::fs::MetadataExt as _, path::Path};

use sha2::{Digest as _, Sha256};

/// Where a block device tells its serial, below its folder in sysfs; a partition's is one folder up.
const SERIALS: [&str; 6] = [
    "device/cid",
    "device/serial",
    "device/wwid",
    "../device/cid",
    "../device/serial",
    "../device/wwid",
];

/// The first 8 bytes of SHA-256 over the serial; zero where none can be read.
pub fn serial(directory: &Path) -> [u8; 8] {
    let Ok(metadata) = fs::metadata(directory) else {
        return [0; 8];
    };
    let device = metadata.dev();
    // The encoding of dev_t in Linux: 12 bits of major and 20 of minor in their historical places (makedev(3)).
    let major = (device >> 8 & 0xfff) | (device >> 32 & !0xfff);
    let minor = (device & 0xff) | (device >> 12 & !0xff);
    let folder = Path::new("/sys/dev/block").join(format!("{major}:{minor}"));
    let Ok(folder) = fs::canonicalize(folder) else {
        return [0; 8];
    };
    let serial = SERIALS
        .iter()
        .find_map(|name| fs::read_to_string(folder.join(name)).ok());
    match serial.as_deref().map(str::trim) {
        Some(serial) if !serial.is_empty() => {
            let hash: [u8; 32] = Sha256::digest(serial).into();
            let mut medium = [0; 8];
            medium.copy_from_slice(&hash[..8]);
            medium
        }
        _ => [0; 8],
    }
}
