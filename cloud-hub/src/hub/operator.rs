//! People and programs that ask: what they may, their logins and tokens, and the audit of what they did.

use kiosk::{
    ids::SiteName,
    moment::{HOUR_MS, MINUTE_MS, Wall},
};
use sha2::{Digest, Sha256};

use super::{
    effect::{Refusal, RefusalKind, Response},
    input::{Actor, Allocation, Request, Settling},
    side::{NotedHead, SideEntry, heads_noted},
    store::{UserRow, read::LIMIT_MAX},
    turn::{Halt, HubError, Turn},
};

/// Wrong passwords per account and device within [`LOGIN_WINDOW_MS`] (RELIABILITY section 5).
const LOGIN_WRONG_MAX: u32 = 5;
/// The stretch of time in which wrong passwords are counted.
const LOGIN_WINDOW_MS: i64 = 15 * MINUTE_MS;
/// Browsers of one person that are known; one more pushes out the one that was used longest ago.
const DEVICES_MAX: u32 = 8;
/// The longest name of an API token.
const TOKEN_NAME_CHARS_MAX: usize = 64;
/// A page session ends after so long without use (RELIABILITY section 5).
pub const SESSION_IDLE_MS: i64 = 30 * MINUTE_MS;
/// A page session ends after so long in any case (RELIABILITY section 5).
pub const SESSION_MS_MAX: i64 = 12 * HOUR_MS;

/// The roles of the hub (CONTRACTS section 6).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Everything.
    Admin,
    /// Sites and dispensers.
    Technician,
    /// Customers and their money.
    CustomerService,
    /// Looks, changes nothing.
    Viewer,
    /// A dispenser's program: asks for water at its own site.
    Kiosk,
}

impl Role {
    /// All roles.
    pub const ALL: [Role; 5] = [
        Role::Admin,
        Role::Technician,
        Role::CustomerService,
        Role::Viewer,
        Role::Kiosk,
    ];

    /// The word in subcommands, the database and the API.
    pub const fn name(self) -> &'static str {
        match self {
            Role::Admin => "admin",
            Role::Technician => "technician",
            Role::CustomerService => "customer_service",
            Role::Viewer => "viewer",
            Role::Kiosk => "kiosk",
        }
    }

    /// Reads that word.
    pub fn from_name(name: &str) -> Option<Role> {
        Role::ALL.into_iter().find(|role| role.name() == name)
    }
}

impl Actor {
    /// The name in the audit.
    pub fn name(&self) -> String {
        match self {
            Actor::User { name, .. } => format!("user {name}"),
            Actor::Token { name, .. } => format!("token {name}"),
            Actor::Owner => "owner".to_owned(),
            Actor::Gateway => "gateway".to_owned(),
            // Whom it is about stands beside it; a number never does.
            Actor::Ussd => "ussd".to_owned(),
            Actor::Sms => "sms".to_owned(),
        }
    }

    /// Whether it is one whom nothing is kept from.
    pub fn is_admin(&self) -> bool {
        match self {
            Actor::Owner => true,
            Actor::User { role, .. } | Actor::Token { role, .. } => *role == Role::Admin,
            Actor::Gateway | Actor::Ussd | Actor::Sms => false,
        }
    }

    /// Whether this actor may ask for this. What is not listed is denied (CONTRACTS section 6).
    pub fn may(&self, request: &Request) -> bool {
        match self {
            // Whoever has the machine's own account is not stopped by a table.
            Actor::Owner => true,
            Actor::Gateway => matches!(request, Request::Join(_)),
            Actor::Ussd => matches!(request, Request::Ussd(_) | Request::EndUssd { .. } | Request::ClearUssd),
            // What a text says is done where it is received, and asked for nowhere else.
            Actor::Sms => false,
            Actor::User { role, name } => role_may(*role, request) || own_login(name, request),
            Actor::Token {
                role: Role::Kiosk,
                site,
                ..
            } => match request {
                Request::VerifyDispense(ask) => site.as_ref() == Some(&ask.site),
                Request::ReportDispense { site: asked, .. } => site.as_ref() == Some(asked),
                _ => false,
            },
            Actor::Token { role, .. } => role_may(*role, request),
        }
    }
}

/// Everybody may end their own session and choose their own password.
fn own_login(name: &str, request: &Request) -> bool {
    match request {
        Request::Logout { .. } | Request::UseSession { .. } => true,
        Request::SetPassword { name: whose, .. } => whose == name,
        _ => false,
    }
}

fn role_may(role: Role, request: &Request) -> bool {
    match role {
        Role::Admin => !matches!(
            request,
            Request::Join(_) | Request::Login { .. } | Request::ProvePassword { .. }
        ),
        Role::Technician => matches!(
            request,
            Request::AddSite(_) | Request::ReplaceSite { .. } | Request::RevokeSite { .. } | Request::SeeAlarms { .. }
        ),
        // Money leaves the house on an admin's word alone: refunds, withdrawals, returns and what is said of them.
        Role::CustomerService => matches!(
            request,
            Request::CreateCustomer(_)
                | Request::UpdateCustomer { .. }
                | Request::SetPin { .. }
                | Request::SetActive { .. }
                | Request::SetDailyLimit { .. }
                | Request::Credit { .. }
                | Request::CreatePurchase(_)
                | Request::OrderPayment { .. }
                | Request::RefuseLoan { .. }
                | Request::ReleaseTexts
                | Request::CreateLoan(_)
                | Request::ApproveLoan { .. }
                | Request::DeclineLoan { .. }
                | Request::CancelLoan { .. }
                | Request::RepayLoan { .. }
                | Request::SyncLoans { .. }
                | Request::SolveTicket { .. }
                | Request::AllowTexts { .. }
                | Request::PreviewBroadcast(_)
                | Request::StartBroadcast(_)
                | Request::OrderBroadcast { .. }
                | Request::DecideNumber { .. }
                | Request::SeeAlarms { .. }
                | Request::SetBilling { .. }
                | Request::EnterReading { .. }
                | Request::CorrectBill { .. }
                | Request::HandIn(_)
                | Request::SettleDifference {
                    how: Settling::Paid,
                    ..
                }
                | Request::AllocateMoney {
                    to: Allocation::Wallet(_) | Allocation::Purchase(_),
                    ..
                }
        ),
        Role::Viewer | Role::Kiosk => false,
    }
}

impl Turn<'_> {
    /// Writes down who changed what. `detail` never holds a name, a phone or a PIN.
    pub fn audit(&mut self, by: &Actor, action: &str, subject: &str, detail: &str) -> Result<(), HubError> {
        self.audit_as(&by.name(), action, subject, detail)
    }

    /// The same for what nobody asked for: a provider, a site, the hub itself.
    pub fn audit_as(&mut self, actor: &str, action: &str, subject: &str, detail: &str) -> Result<(), HubError> {
        Ok(self
            .store
            .add_audit(&self.keys.audit, self.now(), [actor, action, subject, detail])?)
    }

    /// Somebody has looked at these alarms: the front page shows them no more. One that nobody was shown stays there.
    pub fn see_alarms(&mut self, by: &Actor, alarms: &[i64]) -> Result<Response, Halt> {
        if alarms.len() > LIMIT_MAX as usize {
            let message = format!("at most {LIMIT_MAX} alarms are put away at once");
            return Err(Refusal::invalid("alarms", "too_many", message).into());
        }
        let mut seen = Vec::new();
        for alarm in alarms {
            if self.store.see_alarm(*alarm, self.now())? {
                seen.push(alarm.to_string());
            }
        }
        if !seen.is_empty() {
            self.audit(by, "alarms seen", &seen.join(" "), "")?;
        }
        Ok(Response::Done)
    }

    /// Seals an audit that was never sealed: once, for `known`, what the database has seen of the side log, names no head of
    /// it. Whoever empties the audit later does not get it begun again.
    pub fn begin_audit(&mut self, known: &[String]) -> Result<(), HubError> {
        if self.store.audit_head()?.is_begun() || !heads_noted(known).is_empty() {
            return Ok(());
        }
        Ok(self.store.begin_audit(&self.keys.audit, self.now())?)
    }

    /// Puts the audit's head into the side log when the audit has grown, as it stood when the open commit began: what this
    /// commit adds may come to nothing.
    pub fn note_audit(&mut self) -> Result<(), HubError> {
        let lines = self.side.lines()?;
        let rows = self.audit_held.rows;
        let Ok(chain) = self.audit_held.chain.as_slice().try_into() else {
            return Ok(());
        };
        match heads_noted(&lines).last() {
            Some(noted) if noted.rows >= rows => Ok(()),
            _ => self.side_entry(&SideEntry::Audit(NotedHead { rows, chain })),
        }
    }

    /// A person who may log in.
    pub fn add_user(&mut self, by: &Actor, name: &str, role: Role, hash: &str) -> Result<Response, Halt> {
        let is_login = name.parse::<SiteName>().is_ok();
        if !is_login {
            return Err(Refusal::invalid("name", "bad_name", "1 to 32 of a-z, 0-9 and '-'").into());
        }
        if role == Role::Kiosk {
            return Err(Refusal::invalid("role", "bad_role", "kiosk is a role of tokens").into());
        }
        if !self.store.add_user(name, role, hash)? {
            return Err(Refusal::conflict("user_exists", format!("there is a user {name}")).into());
        }
        self.audit(by, "user added", name, role.name())?;
        Ok(Response::Done)
    }

    /// A new password. Chosen by oneself it stands; set by somebody else it must be changed at the next login.
    pub fn set_password(&mut self, by: &Actor, name: &str, hash: &str) -> Result<Response, Halt> {
        let own = matches!(by, Actor::User { name: own, .. } if own == name);
        if !self.store.set_password(name, hash, !own)? {
            return Err(Refusal::not_found("user").into());
        }
        self.store.remove_sessions_of(name)?;
        if !own {
            self.store.forget_devices(name)?;
        }
        self.audit(by, "password set", name, "")?;
        Ok(Response::Done)
    }

    /// Takes a login away.
    pub fn remove_user(&mut self, by: &Actor, name: &str) -> Result<Response, Halt> {
        if matches!(by, Actor::User { name: own, .. } if own == name) {
            let message = "nobody removes their own login; another admin can";
            return Err(Refusal::conflict("own_login", message).into());
        }
        if !self.store.remove_user(name)? {
            return Err(Refusal::not_found("user").into());
        }
        self.audit(by, "user removed", name, "")?;
        Ok(Response::Done)
    }

    /// An API token; it is shown once.
    pub fn add_token(&mut self, by: &Actor, name: &str, role: Role, site: Option<&SiteName>) -> Result<Response, Halt> {
        match site {
            None if role == Role::Kiosk => {
                return Err(Refusal::invalid("site", "missing", "a kiosk's token names its site").into());
            }
            // Nothing would hold it to that site.
            Some(_) if role != Role::Kiosk => {
                let message = format!(
                    "only a kiosk's token is bound to a site; leave it out for {}",
                    role.name()
                );
                return Err(Refusal::invalid("site", "not_bound", message).into());
            }
            Some(site) if self.store.site(site)?.is_none() => {
                return Err(Refusal::invalid("site", "unknown_site", format!("there is no site {site}")).into());
            }
            _ => {}
        }
        let is_name = (1..=TOKEN_NAME_CHARS_MAX).contains(&name.chars().count());
        if !is_name || name.trim() != name || name.chars().any(char::is_control) {
            let message = format!("1 to {TOKEN_NAME_CHARS_MAX} characters, without control characters or outer spaces");
            return Err(Refusal::invalid("name", "bad_name", message).into());
        }
        let secret = hex::encode(self.throw());
        self.store
            .put_token(name, secret_hash(&secret), role, site, self.now())?;
        self.audit(by, "token added", name, role.name())?;
        Ok(Response::Secret { secret })
    }

    /// Voids an API token.
    pub fn revoke_token(&mut self, by: &Actor, name: &str) -> Result<Response, Halt> {
        if !self.store.remove_token(name)? {
            return Err(Refusal::not_found("token").into());
        }
        self.audit(by, "token revoked", name, "")?;
        Ok(Response::Done)
    }

    /// A login was tried. Right, it opens a session, and the browser is known from now on.
    pub fn login(&mut self, name: &str, device: [u8; 32], right: bool) -> Result<Response, Halt> {
        let (user, now) = (self.proved(name, device, right)?, self.now());
        self.store.put_device(device, name, now, DEVICES_MAX)?;
        let secret = hex::encode(self.throw());
        self.store.add_session(secret_hash(&secret), name, now)?;
        self.audit_as(&format!("user {name}"), "logged in", name, "")?;
        Ok(Response::Session {
            secret,
            role: user.role,
            change_password: user.change_password,
        })
    }

    /// Somebody who is logged in typed their password once more.
    pub fn prove_password(&mut self, name: &str, device: [u8; 32], right: bool) -> Result<Response, Halt> {
        self.proved(name, device, right)?;
        Ok(Response::Done)
    }

    /// Five wrong passwords in a quarter of an hour shut the account for the rest of it, for strangers and for each
    /// browser that has logged in before apart: whoever types another's name shuts out nobody but strangers. A right
    /// one forgets what was counted for whoever typed it, and not what others did.
    fn proved(&mut self, name: &str, device: [u8; 32], right: bool) -> Result<UserRow, Halt> {
        let wrong = || Refusal::new(RefusalKind::Unauthenticated, "bad_login", "login or password is wrong");
        let Some(user) = self.store.user(name)? else {
            return Err(wrong().into());
        };
        let (known, now) = (self.store.device(device, name)?, self.now());
        let tries = known.unwrap_or(user.wrong);
        if tries.is_shut(now) {
            return Err(too_many_logins().into());
        }
        let after = if right {
            WrongPasswords { count: 0, since: now }
        } else {
            tries.one_more(now)
        };
        match known {
            Some(_) => self.store.set_device_wrong(device, name, after)?,
            None => self.store.set_wrong(name, after)?,
        }
        if right {
            return Ok(user);
        }
        self.audit_as("nobody", "wrong password", name, "")?;
        Err(Halt::Kept(wrong()))
    }
}

/// The code of [`too_many_logins`].
pub const TOO_MANY_LOGINS: &str = "too_many_logins";

/// The refusal of any password while an account is shut.
pub fn too_many_logins() -> Refusal {
    let message = "too many wrong passwords; try again in a quarter of an hour";
    Refusal::new(RefusalKind::TooMany, TOO_MANY_LOGINS, message)
}

/// Wrong passwords, and when the first of them was typed.
#[derive(Clone, Copy, Debug)]
pub(super) struct WrongPasswords {
    /// How many.
    pub count: u32,
    /// Since when.
    pub since: Wall,
}

impl WrongPasswords {
    /// Whether no password is taken now.
    pub fn is_shut(self, now: Wall) -> bool {
        self.is_counted(now) && self.count >= LOGIN_WRONG_MAX
    }

    /// With one more.
    fn one_more(self, now: Wall) -> WrongPasswords {
        match self.is_counted(now) && self.count > 0 {
            true => WrongPasswords {
                count: self.count + 1,
                ..self
            },
            false => WrongPasswords { count: 1, since: now },
        }
    }

    /// Those of a clock that was ahead count no more, else they would last until that time has come.
    fn is_counted(self, now: Wall) -> bool {
        (0..=LOGIN_WINDOW_MS).contains(&(now.0 - self.since.0))
    }
}

/// What is kept of a token or a session: it has 256 random bits, so a plain hash tells nothing.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
