//! What the modem's settings ask for that they do not hold themselves: a profile that there is, a PIN in a file, a program
//! that can be run. The start, `check` and `doctor` all look here.

use std::{
    io,
    os::unix::fs::PermissionsExt as _,
    path::{Path, PathBuf},
};

use config::{
    Secret, SecretError,
    gateway::{Modem, ModemData},
};
use modem::{
    machine::Data,
    port::Options,
    profile::{self, Profile},
};
use rustix::fs::{Access, access};

/// The file in the data folder that remembers what the card said to its PIN: one that was refused is not tried again at
/// the next start.
const PIN_NOTE: &str = "sim-pin.note";
/// Digits of a SIM's PIN (3GPP TS 31.101 section 9.5.1).
const PIN_DIGITS: std::ops::RangeInclusive<usize> = 4..=8;
/// What of a file's mode lets everybody in.
const EVERYBODY: u32 = 0o007;

/// Why the modem cannot be used as it is configured.
#[derive(Debug, thiserror::Error)]
pub enum ModemError {
    /// No such profile.
    #[error("modem.profile: there is no profile {name:?}{}; there are auto, {}", meant(.name), names())]
    Profile {
        /// What was asked for.
        name: String,
    },
    /// The file with the PIN is not there.
    #[error(
        "modem.sim_pin_file: {} does not exist; write the SIM's PIN into it, or take the setting away where the SIM asks for \
         none",
        .0.display()
    )]
    NoPinFile(PathBuf),
    /// It cannot be read.
    #[error(
        "modem.sim_pin_file: {} cannot be read ({source}); it must be a file that the gateway's user owns, or may read",
        .path.display()
    )]
    PinFile {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// What it holds is no PIN.
    #[error("modem.sim_pin_file: {} must hold the SIM's PIN, 4 to 8 digits and nothing else", .0.display())]
    Pin(PathBuf),
    /// The program that cuts the power cannot be run.
    #[error(
        "modem.power_hook: {} {why}; a modem that hangs would stay so. It is the whole path of a program, without arguments",
        .path.display()
    )]
    PowerHook {
        /// The program.
        path: PathBuf,
        /// What is the matter with it.
        why: &'static str,
    },
}

/// The profile of a model that was named in its stead.
fn meant(name: &str) -> String {
    match profile::recognise("", name) {
        stranger if stranger.marks.is_empty() => String::new(),
        known => format!(" (that of such a modem is {})", known.name),
    }
}

fn names() -> String {
    profile::names().collect::<Vec<_>>().join(", ")
}

/// How the modem at a port is driven. A power hook that cannot be run does not keep it from being used.
pub fn options(port: PathBuf, config: &Modem, data: &Path) -> Result<Options, ModemError> {
    Ok(Options {
        port,
        baud: config.baud,
        profile: profile_of(config)?,
        sim_pin: config.sim_pin_file.as_deref().map(sim_pin).transpose()?,
        pin_note: Some(data.join(PIN_NOTE)),
        data: match config.data {
            ModemData::Ecm => Data::Ecm {
                apn: config.apn.clone().unwrap_or_default(),
            },
            ModemData::ModemManager => Data::ModemManager,
            ModemData::None => Data::None,
        },
        power_hook: config.power_hook.clone(),
    })
}

/// All that is wrong with these settings, whether or not there is a port.
pub fn faults(config: &Modem) -> Vec<ModemError> {
    let profile = profile_of(config).err();
    let pin = config.sim_pin_file.as_deref().and_then(|file| sim_pin(file).err());
    let hook = config.power_hook.as_deref().and_then(|hook| power_hook(hook).err());
    [profile, pin, hook].into_iter().flatten().collect()
}

/// What works, and had better be otherwise: as with every secret of this program, who else may read it is the owner's
/// choice.
pub fn doubt(config: &Modem) -> Option<String> {
    let path = config.sim_pin_file.as_deref()?;
    let mode = path.metadata().ok()?.permissions().mode();
    (mode & EVERYBODY != 0).then(|| {
        let path = path.display();
        format!("modem.sim_pin_file: everybody on this box may open {path}; chmod o-rwx {path}")
    })
}

/// The profile that is set; `None` lets the modem say what it is.
fn profile_of(config: &Modem) -> Result<Option<&'static Profile>, ModemError> {
    match config.profile.as_str() {
        "auto" => Ok(None),
        name => match profile::by_name(name) {
            None => Err(ModemError::Profile { name: name.to_owned() }),
            profile => Ok(profile),
        },
    }
}

/// A card is locked after three wrong PINs, so what cannot be one is never shown to it.
fn sim_pin(file: &Path) -> Result<String, ModemError> {
    let path = file.to_owned();
    let secret = match Secret::read(file) {
        Ok(secret) => secret,
        Err(SecretError::Unreadable { error, .. }) => return Err(unreadable(path, error)),
        Err(SecretError::Empty { .. } | SecretError::TooLarge { .. }) => return Err(ModemError::Pin(path)),
    };
    let pin = secret.expose();
    let is_pin = PIN_DIGITS.contains(&pin.len()) && pin.bytes().all(|byte| byte.is_ascii_digit());
    is_pin.then(|| pin.to_owned()).ok_or(ModemError::Pin(path))
}

fn unreadable(path: PathBuf, source: io::Error) -> ModemError {
    match source.kind() {
        io::ErrorKind::NotFound => ModemError::NoPinFile(path),
        // It is no text, and so no PIN.
        io::ErrorKind::InvalidData => ModemError::Pin(path),
        _ => ModemError::PinFile { path, source },
    }
}

fn power_hook(path: &Path) -> Result<(), ModemError> {
    let why = match path.metadata() {
        Err(error) if error.kind() == io::ErrorKind::NotFound => "does not exist",
        Ok(metadata) if !metadata.is_file() => "is no program",
        // The way to it may be closed as well.
        _ if access(path, Access::EXEC_OK).is_err() => "may not be run by this user (chmod +x)",
        _ => return Ok(()),
    };
    Err(ModemError::PowerHook {
        path: path.to_owned(),
        why,
    })
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    /// A folder that goes away again.
    struct Folder(PathBuf);

    impl Folder {
        fn new(name: &str) -> Folder {
            let folder = std::env::temp_dir().join(format!("kisima-modem-settings-{name}-{}", std::process::id()));
            fs::create_dir_all(&folder).unwrap();
            Folder(folder)
        }

        fn file(&self, name: &str, text: &[u8], mode: u32) -> PathBuf {
            let path = self.0.join(name);
            fs::write(&path, text).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
            path
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            fs::remove_dir_all(&self.0).unwrap();
        }
    }

    fn config(profile: &str, sim_pin_file: Option<&Path>, power_hook: Option<&Path>) -> Modem {
        Modem {
            port: Some("/dev/ttyUSB2".into()),
            baud: 115_200,
            profile: profile.to_owned(),
            data: ModemData::None,
            apn: None,
            sim_pin_file: sim_pin_file.map(Path::to_owned),
            power_hook: power_hook.map(Path::to_owned),
        }
    }

    fn told(config: &Modem) -> Vec<String> {
        faults(config).iter().map(ToString::to_string).collect()
    }

    /// What is wrong is said alike to whoever looks and to whoever starts.
    #[track_caller]
    fn refused(config: &Modem, folder: &Folder) -> String {
        let said = told(config);
        let started = options("/dev/ttyUSB2".into(), config, &folder.0).map(|_| ());
        assert_eq!(said, [started.unwrap_err().to_string()]);
        said[0].clone()
    }

    #[test]
    fn a_profile_nobody_knows_is_answered_with_those_there_are() {
        let folder = Folder::new("profile");
        let are = "there are auto, sim7600, sim7670, ec25, huawei, generic";
        for (name, expected) in [
            ("nokia", format!("there is no profile \"nokia\"; {are}")),
            (
                "SIM7670G",
                format!("there is no profile \"SIM7670G\" (that of such a modem is sim7670); {are}"),
            ),
            (
                "e173",
                format!("there is no profile \"e173\" (that of such a modem is huawei); {are}"),
            ),
        ] {
            assert_eq!(
                refused(&config(name, None, None), &folder),
                format!("modem.profile: {expected}")
            );
        }
        for name in profile::names().chain(["auto"]) {
            assert_eq!(told(&config(name, None, None)), [] as [String; 0]);
        }
    }

    #[test]
    fn a_pin_is_a_file_of_four_to_eight_digits_and_is_never_said() {
        let folder = Folder::new("pin");
        let missing = folder.0.join("missing.pin");
        let said = refused(&config("auto", Some(&missing), None), &folder);
        assert!(
            said.starts_with(&format!("modem.sim_pin_file: {} does not exist;", missing.display())),
            "{said}"
        );
        for text in [
            &b""[..],
            b"40x71",
            b"407",
            b"407140714",
            b"40 71",
            b"4071\n4071",
            b"\xff4071",
        ] {
            let file = folder.file("sim.pin", text, 0o600);
            assert_eq!(
                refused(&config("auto", Some(&file), None), &folder),
                format!(
                    "modem.sim_pin_file: {} must hold the SIM's PIN, 4 to 8 digits and nothing else",
                    file.display()
                )
            );
        }
        let said = refused(&config("auto", Some(&folder.0), None), &folder);
        assert!(
            said.contains("cannot be read") && said.contains("gateway's user"),
            "{said}"
        );
        let denied = unreadable(missing, io::ErrorKind::PermissionDenied.into()).to_string();
        assert!(
            denied.contains("missing.pin cannot be read (permission denied)"),
            "{denied}"
        );

        let file = folder.file("sim.pin", b"4071\n", 0o600);
        let good = config("auto", Some(&file), None);
        assert_eq!(told(&good), [] as [String; 0]);
        let options = options("/dev/ttyUSB2".into(), &good, &folder.0).unwrap();
        assert_eq!(options.sim_pin.as_deref(), Some("4071"));
        assert_eq!(options.pin_note, Some(folder.0.join("sim-pin.note")));
    }

    #[test]
    fn a_pin_that_everybody_may_read_is_used_and_told() {
        let folder = Folder::new("mode");
        for (mode, is_open) in [(0o600, false), (0o640, false), (0o644, true), (0o602, true)] {
            let file = folder.file("sim.pin", b"4071", mode);
            let config = config("auto", Some(&file), None);
            let way_out = format!("chmod o-rwx {}", file.display());
            assert_eq!(
                doubt(&config).map(|said| said.ends_with(&way_out) && !said.contains("4071")),
                is_open.then_some(true),
                "{mode:o}"
            );
            assert_eq!(told(&config), [] as [String; 0]);
        }
        assert_eq!(doubt(&config("auto", None, None)), None);
    }

    #[test]
    fn a_power_hook_is_a_program() {
        let folder = Folder::new("hook");
        let plain = folder.file("plain", b"#!/bin/sh\n", 0o600);
        let program = folder.file("program", b"#!/bin/sh\n", 0o700);
        let with_words = PathBuf::from(format!("{} off", program.display()));
        for (hook, why) in [
            (&folder.0.join("missing"), Some("does not exist")),
            (&with_words, Some("does not exist")),
            (&folder.0, Some("is no program")),
            (&plain, Some("may not be run by this user (chmod +x)")),
            (&program, None),
        ] {
            let config = config("auto", None, Some(hook));
            let expected = why.map(|why| {
                format!(
                    "modem.power_hook: {} {why}; a modem that hangs would stay so. It is the whole path of a program, \
                     without arguments",
                    hook.display()
                )
            });
            assert_eq!(told(&config), expected.into_iter().collect::<Vec<_>>());
            assert!(options("/dev/ttyUSB2".into(), &config, &folder.0).is_ok(), "{why:?}");
        }
    }

    /// The list that stands above `profile` in the file that is installed.
    #[test]
    fn the_settings_file_names_the_profiles_there_are() {
        let file = include_str!("../../../../config/gateway.toml");
        let (above, _) = file.split_once("\nprofile = ").unwrap();
        let (_, comment) = above.rsplit_once("quirks:").unwrap();
        let (list, _) = comment.split_once(';').unwrap();
        let list = list.replace("\n#", " ").replace(" or ", ", ");
        // What stands in parentheses explains a name.
        let listed: Vec<&str> = list
            .split(", ")
            .map(|name| name.split('(').next().unwrap_or_default().trim())
            .collect();
        assert_eq!(listed, profile::names().collect::<Vec<_>>());
    }
}
