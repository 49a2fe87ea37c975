//! Who may use the page and the API. Passwords are hashed and compared outside, because that takes long; what is
//! counted and allowed is decided here, on uptime, which nobody can set.

use hmac::{Hmac, KeyInit as _, Mac as _};
use kiosk::moment::{HOUR_MS, MINUTE_MS, Moment, Uptime};
use sha2::Sha256;
use store::StoreError;

use super::{
    Site, SiteError,
    effect::{Caller, Refusal, Rendered, Told},
    input::{Credential, Login, Once, Role},
    manage::Outcome,
    store::accounts::{self, AnsweredRow, ManagerRow},
};

/// Wrong passwords of one account within [`TRIES_WITHIN_MS`] (RELIABILITY section 5).
pub const TRIES_MAX: u32 = 5;
/// The time in which they are counted.
pub const TRIES_WITHIN_MS: u64 = 15 * MINUTE_MS.unsigned_abs();
/// A page that was not used for so long is over.
pub const SESSION_IDLE_MS: u64 = 30 * MINUTE_MS.unsigned_abs();
/// A page is over after so long in any case.
pub const SESSION_MS_MAX: u64 = 12 * HOUR_MS.unsigned_abs();
/// Open pages of one account; one more closes the oldest.
pub const SESSIONS_MAX: u32 = 16;
/// How long a first answer is kept (CONTRACTS section 6).
pub const ANSWER_KEPT_MS: u64 = 24 * HOUR_MS.unsigned_abs();
/// The longest key a caller may choose.
pub const KEY_CHARS_MAX: usize = 128;
/// Tries under invented names that are remembered; of more the oldest are forgotten. Those under real names are few, and
/// kept apart: whoever fills these neither locks a manager out nor gains a guess.
pub const TRIES_INVENTED_MAX: u32 = 2_000;
/// Under what tries are counted: a device that has logged in before, a name that exists, a name that does not. Nothing
/// that is typed can pass for another of these.
const OF_DEVICE: &str = "device ";
const OF_NAME: &str = "name ";
const OF_INVENTED: &str = "invented ";
/// Devices of one account that are known; one more pushes out the one that was used longest ago.
pub const DEVICES_MAX: u32 = 8;
/// That a page was used is written at most this often.
const TOUCH_EVERY_MS: u64 = MINUTE_MS.unsigned_abs();
/// The longest name of an account.
const NAME_CHARS_MAX: usize = 32;

impl Site {
    pub(super) fn reset_manager(
        &self,
        moment: &Moment,
        name: &str,
        role: Role,
        hash: String,
    ) -> Result<Outcome, SiteError> {
        if let Err(refusal) = good_name(name) {
            return Ok(Err(refusal));
        }
        let row = ManagerRow {
            role: role.name().to_owned(),
            hash,
            must_change: true,
        };
        accounts::put_manager(self.connection(), name, &row)?;
        accounts::close_sessions(self.connection(), name, None)?;
        accounts::forget_tries(self.connection(), &format!("{OF_NAME}{name}"))?;
        accounts::forget_devices(self.connection(), name)?;
        self.audit(moment, "manager_reset", name)?;
        Ok(Ok((Vec::new(), Told::Done)))
    }

    pub(super) fn add_token(
        &self,
        moment: &Moment,
        name: &str,
        role: Role,
        hash: &[u8; 32],
    ) -> Result<Outcome, SiteError> {
        if let Err(refusal) = good_name(name) {
            return Ok(Err(refusal));
        }
        accounts::put_token(self.connection(), name, hash, role.name())?;
        self.audit(moment, "token_added", name)?;
        Ok(Ok((Vec::new(), Told::Done)))
    }

    /// Counts a try before its password is compared, so that many tries side by side are no more than one after the
    /// other. A name that does not exist is counted and answered alike. A device that has logged in under this name before
    /// has tries of its own, which no stranger can use up. A first password, 60 random bits, needs no lock: nobody guesses
    /// it, and a lock would let a stranger keep its owner out for as long as it pleases. So whoever is locked out of a new
    /// phone has `manager reset` as the way in.
    pub(super) fn try_login(
        &self,
        moment: &Moment,
        name: &str,
        device: Option<&[u8; 32]>,
    ) -> Result<Outcome, SiteError> {
        let (connection, now) = (self.connection(), self.uptime(moment));
        let since = Uptime(now.0.saturating_sub(TRIES_WITHIN_MS));
        accounts::forget_old_tries(connection, since)?;
        let row = accounts::manager(connection, name)?;
        let is_known = self.is_known(name, device)?;
        let is_first = row.as_ref().is_some_and(|row| row.must_change);
        let counted = match device {
            Some(device) if is_known => of_device(device),
            _ if is_first => {
                let hash = row.map(|row| row.hash);
                return Ok(Ok((Vec::new(), Told::Login { hash, is_known })));
            }
            _ if row.is_some() => format!("{OF_NAME}{name}"),
            _ => format!("{OF_INVENTED}{name}"),
        };
        let (count, oldest) = accounts::tries(connection, &counted, since)?;
        if count >= TRIES_MAX {
            let waited_ms = now.since_ms(oldest.unwrap_or(now));
            let retry_after_s = TRIES_WITHIN_MS.saturating_sub(waited_ms).div_ceil(1_000);
            return Ok(Err(Refusal::TooManyTries { retry_after_s }));
        }
        accounts::note_try(connection, &counted, now)?;
        if row.is_none() {
            accounts::forget_oldest_invented_tries(connection, TRIES_INVENTED_MAX)?;
        }
        let hash = row.map(|row| row.hash);
        Ok(Ok((Vec::new(), Told::Login { hash, is_known })))
    }

    fn is_known(&self, name: &str, device: Option<&[u8; 32]>) -> Result<bool, SiteError> {
        Ok(match device {
            Some(device) => accounts::is_device(self.connection(), device, name)?,
            None => false,
        })
    }

    /// The password was right. A stranger's lock is not lifted by a device that is known: only what was counted for
    /// whoever got in is forgotten.
    pub(super) fn open_session(&mut self, moment: &Moment, login: &Login) -> Result<Outcome, SiteError> {
        let (name, now) = (login.name.as_str(), self.uptime(moment));
        let row = accounts::manager(self.connection(), name)?;
        let Some(row) = row.filter(|row| row.hash == login.proved) else {
            return Ok(Err(Refusal::Outdated));
        };
        if self.is_known(name, Some(&login.device))? {
            accounts::forget_tries(self.connection(), &of_device(&login.device))?;
        } else {
            accounts::forget_tries(self.connection(), &format!("{OF_NAME}{name}"))?;
        }
        let ago = |ms: u64| now.0.checked_sub(ms).map(Uptime);
        if let (Some(began), Some(used)) = (ago(SESSION_MS_MAX), ago(SESSION_IDLE_MS)) {
            accounts::close_old_sessions(self.connection(), began, used)?;
        }
        accounts::open_session(self.connection(), &login.session, name, now, SESSIONS_MAX)?;
        accounts::put_device(self.connection(), &login.device, name, now, DEVICES_MAX)?;
        name.clone_into(&mut self.actor);
        self.audit(moment, "logged_in", name)?;
        let caller = caller(name, &row.role, row.must_change)?;
        Ok(Ok((Vec::new(), Told::Caller(Some(caller)))))
    }

    pub(super) fn close_session(&self, session: &[u8; 32]) -> Result<Outcome, SiteError> {
        accounts::close_session(self.connection(), session)?;
        Ok(Ok((Vec::new(), Told::Done)))
    }

    pub(super) fn change_password(
        &mut self,
        moment: &Moment,
        name: &str,
        proved: &str,
        hash: String,
        session: &[u8; 32],
    ) -> Result<Outcome, SiteError> {
        let row = accounts::manager(self.connection(), name)?;
        let Some(row) = row.filter(|row| row.hash == proved) else {
            return Ok(Err(Refusal::Outdated));
        };
        let changed = ManagerRow {
            hash,
            must_change: false,
            ..row
        };
        accounts::put_manager(self.connection(), name, &changed)?;
        accounts::close_sessions(self.connection(), name, Some(session))?;
        accounts::forget_tries(self.connection(), &format!("{OF_NAME}{name}"))?;
        name.clone_into(&mut self.actor);
        self.audit(moment, "password_changed", name)?;
        Ok(Ok((Vec::new(), Told::Done)))
    }

    pub(super) fn who_is(&self, moment: &Moment, credential: &Credential) -> Result<Option<Caller>, SiteError> {
        let (connection, now) = (self.connection(), self.uptime(moment));
        let id = match credential {
            Credential::Token(hash) => {
                let found = accounts::token(connection, hash)?;
                return found.map(|(name, role)| caller(&name, &role, false)).transpose();
            }
            Credential::Session(id) => id,
        };
        let Some(session) = accounts::session(connection, id)? else {
            return Ok(None);
        };
        let idle_ms = now.since_ms(session.used);
        if idle_ms >= SESSION_IDLE_MS || now.since_ms(session.began) >= SESSION_MS_MAX {
            accounts::close_session(connection, id)?;
            return Ok(None);
        }
        if idle_ms >= TOUCH_EVERY_MS {
            accounts::touch_session(connection, id, now)?;
        }
        let row = accounts::manager(connection, &session.name)?;
        row.map(|row| caller(&session.name, &row.role, row.must_change))
            .transpose()
    }

    /// What was answered under this key, or that it stands for something else.
    pub(super) fn first_answer(&self, who: &str, once: &Once) -> Result<Option<Result<Rendered, Refusal>>, SiteError> {
        if once.key.is_empty() || once.key.chars().count() > KEY_CHARS_MAX {
            return Ok(Some(Err(Refusal::Field {
                field: "Idempotency-Key",
                message: format!("1 to {KEY_CHARS_MAX} letters"),
            })));
        }
        let Some(row) = accounts::answered(self.connection(), who, &once.key)? else {
            return Ok(None);
        };
        if row.content != self.once_content(once) {
            return Ok(Some(Err(Refusal::KeyReused)));
        }
        Ok(Some(Ok(Rendered {
            status: row.status,
            body: row.body,
        })))
    }

    /// Keeps an answer that stands. What time alone may mend is decided anew when it is asked again.
    pub(super) fn keep_answer(
        &self,
        moment: &Moment,
        who: &str,
        once: &Once,
        told: &Result<Told, Refusal>,
    ) -> Result<(), SiteError> {
        if matches!(
            told,
            Err(Refusal::NotJoined
                | Refusal::Degraded
                | Refusal::DiskLow
                | Refusal::Outdated
                | Refusal::Clock(_)
                | Refusal::SellsNothing
                | Refusal::CannotDraw
                | Refusal::NoFloat
                | Refusal::Float(_))
        ) {
            return Ok(());
        }
        let now = self.uptime(moment);
        if let Some(until) = now.0.checked_sub(ANSWER_KEPT_MS) {
            accounts::forget_answered(self.connection(), Uptime(until))?;
        }
        let rendered = (self.wire.told)(told);
        let row = AnsweredRow {
            content: self.once_content(once),
            status: rendered.status,
            body: rendered.body,
        };
        Ok(accounts::put_answered(self.connection(), who, &once.key, &row, now)?)
    }

    /// Under a key that is not in the database: a registration holds a PIN, and four digits fall to any plain hash.
    fn once_content(&self, once: &Once) -> Vec<u8> {
        let Some(enrolled) = &self.enrolled else {
            return self.vault.keyed(b"answered.content", &once.content)[..16].to_vec();
        };
        let key = enrolled.request_key.expose();
        let mac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes a key of any length");
        mac.chain_update(once.content).finalize().into_bytes()[..16].to_vec()
    }

    fn uptime(&self, moment: &Moment) -> Uptime {
        self.present(moment).stamp.uptime
    }
}

fn of_device(device: &[u8; 32]) -> String {
    format!("{OF_DEVICE}{}", hex::encode(device))
}

fn caller(name: &str, role: &str, must_change: bool) -> Result<Caller, SiteError> {
    Ok(Caller {
        name: name.to_owned(),
        role: Role::from_name(role).ok_or(StoreError::Row("a role"))?,
        must_change,
    })
}

fn good_name(name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '.' | '-' | '_');
    if (1..=NAME_CHARS_MAX).contains(&name.len()) && name.chars().all(allowed) {
        return Ok(());
    }
    Err(Refusal::Field {
        field: "name",
        message: format!("1 to {NAME_CHARS_MAX} of a-z, 0-9, '.', '-' and '_'"),
    })
}
