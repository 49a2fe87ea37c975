//! People and programs that ask: what they may, their logins and tokens, and the audit of what they did.

use kiosk::{
    ids::SiteName,
    moment::{HOUR_MS, MINUTE_MS},
};
use sha2::{Digest, Sha256};

use super::{
    effect::{Refusal, RefusalKind, Response},
    input::{Actor, Allocation, Request},
    turn::{Halt, HubError, Turn},
};

/// Wrong passwords per account within [`LOGIN_WINDOW_MS`] (RELIABILITY section 5).
const LOGIN_WRONG_MAX: u32 = 5;
/// The stretch of time in which wrong passwords are counted.
const LOGIN_WINDOW_MS: i64 = 15 * MINUTE_MS;
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
        }
    }

    /// Whether this actor may ask for this. What is not listed is denied (CONTRACTS section 6).
    pub fn may(&self, request: &Request) -> bool {
        match self {
            // Whoever has the machine's own account is not stopped by a table.
            Actor::Owner => true,
            Actor::Gateway => matches!(request, Request::Join(_)),
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
        Role::Admin => !matches!(request, Request::Join(_) | Request::Login { .. }),
        Role::Technician => matches!(
            request,
            Request::AddSite(_) | Request::ReplaceSite { .. } | Request::RevokeSite { .. }
        ),
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

    /// A login was tried: five wrong passwords in a quarter of an hour shut the account for the rest of it.
    pub fn login(&mut self, name: &str, right: bool) -> Result<Response, Halt> {
        let wrong = || Refusal::new(RefusalKind::Unauthenticated, "bad_login", "login or password is wrong");
        let Some(user) = self.store.user(name)? else {
            return Err(wrong().into());
        };
        let now = self.now();
        let window_over = now.0 - user.wrong_since.0 > LOGIN_WINDOW_MS;
        let tries = if window_over { 0 } else { user.wrong };
        if tries >= LOGIN_WRONG_MAX {
            let message = "too many wrong passwords; try again in a quarter of an hour";
            return Err(Refusal::new(RefusalKind::TooMany, "too_many_logins", message).into());
        }
        if !right {
            let since = if tries == 0 { now } else { user.wrong_since };
            self.store.set_wrong(name, tries + 1, since)?;
            self.audit_as("nobody", "wrong password", name, "")?;
            return Err(Halt::Kept(wrong()));
        }
        self.store.set_wrong(name, 0, now)?;
        let secret = hex::encode(self.throw());
        self.store.add_session(secret_hash(&secret), name, now)?;
        self.audit_as(&format!("user {name}"), "logged in", name, "")?;
        Ok(Response::Session {
            secret,
            role: user.role,
            change_password: user.change_password,
        })
    }
}

/// What is kept of a token or a session: it has 256 random bits, so a plain hash tells nothing.
pub fn secret_hash(secret: &str) -> [u8; 32] {
    Sha256::digest(secret.as_bytes()).into()
}
