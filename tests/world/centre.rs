//! The hub's machine room: its program, its files, and the side log that survives them.

use std::path::PathBuf;

use hub::hub::{
    Hub,
    settings::{Settings, TextsVia},
    side::MemorySideLog,
};
use kiosk::{moment::Draw, provider::Provider, units::Volume};
use sync::seal::SecretKey;

use crate::{clock::Clock, program::Program, town::Setting};

/// The paybill of the programme.
pub const SHORT_CODE: &str = "174379";

/// The hub.
pub struct Centre {
    pub(crate) program: Program<Hub>,
    pub(crate) path: PathBuf,
    pub(crate) settings: Settings,
    pub(crate) side: MemorySideLog,
    /// The newest backup, and when it was made.
    pub(crate) backup: Option<(PathBuf, u64)>,
}

impl Centre {
    pub(crate) fn new(path: PathBuf, draw: Draw, setting: &Setting) -> Centre {
        let mut settings = Settings::new(SecretKey::new(draw.bytes("master key")));
        settings.overdraft_cap = Volume::from_ml(setting.overdraft_cap_ml);
        settings.report_within_ms = setting.report_within_ms.cast_signed();
        if setting.texts_by_sites {
            settings.texts = false;
            settings.texts_via = TextsVia::Sites;
        }
        settings.providers = Provider::ALL.into();
        settings.counter.short_codes = vec![SHORT_CODE.to_owned()];
        settings.pulls = vec![Provider::Mpesa];
        Centre {
            program: Program::off(Clock::of_server()),
            path,
            settings,
            side: MemorySideLog::default(),
            backup: None,
        }
    }
}
