//! What goes over the socket: a subcommand as a request of the machine, and what it heard.

use kiosk::{
    ids::SiteName,
    moment::Wall,
    provider::Provider,
    units::{Currency, Money, Volume},
};
use serde::{Deserialize, Serialize};

use crate::hub::{
    effect::{Refusal, Response},
    input::{Allocation, CashCount, NewManager, NewReading, NewSite, Request, Secret},
    money::{Arrival, MoneyPlace},
    operator::Role,
};

/// What a subcommand asks the machine for.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "snake_case")]
pub enum Command {
    /// `site add`
    SiteAdd {
        /// Its name.
        name: String,
        /// What people call it.
        title: Option<String>,
        /// How long the code is valid.
        valid_ms: Option<i64>,
    },
    /// `site replace`
    SiteReplace {
        /// Its name.
        name: String,
        /// How long the code is valid.
        valid_ms: Option<i64>,
    },
    /// `site revoke`
    SiteRevoke {
        /// Its name.
        name: String,
    },
    /// `user add`
    UserAdd {
        /// The login.
        name: String,
        /// What they may do.
        role: String,
        /// The hash of the first password.
        password_hash: String,
    },
    /// `user reset`
    UserReset {
        /// The login.
        name: String,
        /// The hash of the next first password.
        password_hash: String,
    },
    /// `user remove`
    UserRemove {
        /// The login.
        name: String,
    },
    /// `token revoke`
    TokenRevoke {
        /// Its name.
        name: String,
    },
    /// `float give`, `float take`
    FloatSet {
        /// The site.
        site: String,
        /// The manager's account there.
        manager: String,
        /// Minor units.
        limit_minor: i64,
    },
    /// `float hand-in`
    HandIn {
        /// The site.
        site: String,
        /// The manager's account there.
        manager: String,
        /// Minor units.
        counted_minor: i64,
    },
    /// `manager add`
    ManagerAdd {
        /// The site.
        site: String,
        /// Their phone.
        phone: String,
        /// As they are called.
        name: String,
        /// `en`, `sw` or `fr`.
        language: Option<String>,
        /// The account whose float their cash is of.
        account: Option<String>,
    },
    /// `manager pin`
    ManagerPin {
        /// The site.
        site: String,
        /// Their number.
        manager: i64,
    },
    /// `manager remove`
    ManagerRemove {
        /// The site.
        site: String,
        /// Their number.
        manager: i64,
    },
    /// `doubt end`
    DoubtEnd {
        /// The sum at risk that was shown, in millilitres.
        at_risk_ml: i64,
    },
    /// `reconcile --book`: one line of a statement.
    BookLine(Box<BookedLine>),
    /// `readings --book`: one line of a list.
    Reading {
        /// Whose meter.
        customer: String,
        /// The local day.
        day: String,
        /// What it shows.
        meter_ml: u64,
        /// The first reading of another meter.
        new_meter: bool,
    },
    /// `suspense allocate`: exactly one of the last three.
    Allocate {
        /// Who holds the money.
        provider: String,
        /// Its receipt.
        receipt: String,
        /// Into the wallet of this customer.
        customer: Option<String>,
        /// It pays this purchase.
        purchase: Option<String>,
        /// How it was given back.
        returned: Option<String>,
    },
    /// `token`
    Token {
        /// Its name.
        name: String,
        /// What it may do.
        role: String,
        /// The site it is bound to.
        site: Option<String>,
    },
}

/// A line of a statement on its way to the machine.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct BookedLine {
    /// Whose statement.
    pub provider: String,
    /// The receipt.
    pub receipt: String,
    /// Minor units.
    pub amount_minor: i64,
    /// ISO 4217.
    pub currency: String,
    /// The payer as the statement shows them.
    pub payer: Option<String>,
    /// What the payer typed.
    pub reference: Option<String>,
    /// Who was paid.
    pub short_code: String,
    /// Milliseconds since 1970.
    pub time_ms: i64,
}

impl BookedLine {
    fn arrival(self) -> Option<Arrival> {
        Some(Arrival {
            provider: Provider::from_name(&self.provider)?,
            receipt: self.receipt.parse().ok()?,
            amount: Money::new(self.amount_minor, Currency::from_code(&self.currency)?),
            payer: self.payer,
            reference: self.reference,
            short_code: self.short_code,
            at_till: false,
            time: Wall(self.time_ms),
        })
    }
}

fn allocation(
    customer: Option<String>,
    purchase: Option<String>,
    returned: Option<String>,
) -> Result<Allocation, Refusal> {
    let bad = |field, what: &str| Refusal::invalid(field, "bad_field", what.to_owned());
    match (customer, purchase, returned) {
        (Some(customer), None, None) => {
            let customer = customer
                .parse()
                .map_err(|_| bad("customer", "this is no customer's id"))?;
            Ok(Allocation::Wallet(customer))
        }
        (None, Some(purchase), None) => {
            let bad = |_| {
                bad(
                    "purchase",
                    "the number of a purchase has 16 digits and letters; its page shows it",
                )
            };
            Ok(Allocation::Purchase(purchase.parse().map_err(bad)?))
        }
        (None, None, Some(reason)) => Ok(Allocation::Returned { reason }),
        _ => Err(bad(
            "customer",
            "say whose it is by exactly one of --customer, --purchase and --returned",
        )),
    }
}

/// What a subcommand hears.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Heard {
    /// It was done.
    Done,
    /// A join code.
    JoinCode {
        /// The code.
        code: String,
        /// Until when it is valid, in milliseconds since 1970.
        valid_until_ms: i64,
    },
    /// A token.
    Secret(String),
    /// Where money stands.
    Money(String),
    /// It was not done.
    Refused(String),
}

impl Command {
    /// As the machine wants it.
    pub fn request(self) -> Result<Request, Refusal> {
        Ok(match self {
            Command::SiteAdd { name, title, valid_ms } => Request::AddSite(NewSite {
                name: site(&name)?,
                title,
                time_zone: None,
                valid_ms,
            }),
            Command::SiteReplace { name, valid_ms } => Request::ReplaceSite {
                site: site(&name)?,
                valid_ms,
            },
            Command::Allocate {
                provider,
                receipt,
                customer,
                purchase,
                returned,
            } => Request::AllocateMoney {
                provider: Provider::from_name(&provider).ok_or_else(|| {
                    let message = format!("there is no provider {provider}; it is mpesa, mtn, airtel or intasend");
                    Refusal::invalid("provider", "bad_field", message)
                })?,
                receipt: receipt
                    .parse()
                    .map_err(|_| Refusal::invalid("receipt", "bad_field", format!("{receipt} is no receipt")))?,
                to: allocation(customer, purchase, returned)?,
            },
            Command::SiteRevoke { name } => Request::RevokeSite { site: site(&name)? },
            Command::UserAdd {
                name,
                role,
                password_hash,
            } => Request::AddUser {
                name,
                role: self::role(&role)?,
                password_hash: Secret(password_hash),
            },
            Command::UserReset { name, password_hash } => Request::SetPassword {
                name,
                password_hash: Secret(password_hash),
            },
            Command::UserRemove { name } => Request::RemoveUser { name },
            Command::TokenRevoke { name } => Request::RevokeToken { name },
            Command::FloatSet {
                site,
                manager,
                limit_minor,
            } => Request::SetFloat {
                site: self::site(&site)?,
                manager,
                limit_minor,
            },
            Command::HandIn {
                site,
                manager,
                counted_minor,
            } => Request::HandIn(CashCount {
                site: self::site(&site)?,
                manager,
                counted_minor,
                owed_minor: None,
            }),
            Command::ManagerAdd {
                site,
                phone,
                name,
                language,
                account,
            } => Request::AddManager(NewManager {
                site: self::site(&site)?,
                phone,
                name,
                language,
                login: account,
            }),
            Command::ManagerPin { site, manager } => Request::ResetManagerPin {
                site: self::site(&site)?,
                manager,
            },
            Command::ManagerRemove { site, manager } => Request::RemoveManager {
                site: self::site(&site)?,
                manager,
            },
            Command::DoubtEnd { at_risk_ml } => Request::EndDoubt { at_risk_ml },
            Command::BookLine(line) => {
                let odd = || Refusal::invalid("line", "bad_field", "this line cannot be booked");
                Request::BookLine(line.arrival().ok_or_else(odd)?)
            }
            Command::Reading {
                customer,
                day,
                meter_ml,
                new_meter,
            } => Request::EnterReading {
                customer: customer.parse().map_err(|_| Refusal::not_found("customer"))?,
                reading: NewReading {
                    meter: Volume::from_ml(meter_ml),
                    day: Some(day.parse().map_err(|error: kiosk::day::DayError| {
                        Refusal::invalid("day", "bad_field", error.to_string())
                    })?),
                    new_meter,
                    corrects: false,
                },
            },
            Command::Token { name, role, site } => Request::AddToken {
                name,
                role: self::role(&role)?,
                site: site.map(|name| self::site(&name)).transpose()?,
            },
        })
    }
}

/// Where money stands, in words.
fn stands(place: MoneyPlace) -> String {
    match place {
        MoneyPlace::Waits => "kept; booked when the hub is no longer in doubt".to_owned(),
        MoneyPlace::Foreign => "kept, not booked: not paid to a number, or in the currency, of this hub".to_owned(),
        MoneyPlace::Purchase(purchase) => format!("it is the money of purchase {purchase}"),
        MoneyPlace::Wallet(customer) => format!("in the wallet of customer {customer}"),
        MoneyPlace::Suspense(_) => "in suspense: say whose it is on the page \"Money that waits\"".to_owned(),
        MoneyPlace::Returned => "given back before".to_owned(),
    }
}

fn site(name: &str) -> Result<SiteName, Refusal> {
    name.parse()
        .map_err(|error: kiosk::ids::IdError| Refusal::invalid("name", "bad_name", error.to_string()))
}

fn role(name: &str) -> Result<Role, Refusal> {
    Role::from_name(name).ok_or_else(|| {
        let names = Role::ALL.map(Role::name).join(", ");
        Refusal::invalid("role", "bad_role", format!("the role must be one of {names}"))
    })
}

impl From<Result<Response, Refusal>> for Heard {
    fn from(answer: Result<Response, Refusal>) -> Heard {
        match answer {
            Ok(Response::JoinCode { code, valid_until }) => Heard::JoinCode {
                code,
                valid_until_ms: valid_until.0,
            },
            Ok(Response::Secret { secret }) => Heard::Secret(secret),
            Ok(Response::Money(place)) => Heard::Money(stands(place)),
            Ok(_) => Heard::Done,
            Err(refusal) => Heard::Refused(refusal.message),
        }
    }
}

impl Heard {
    /// What the subcommand prints: a secret or a code is the last word of the last line.
    pub fn told(&self) -> Result<String, String> {
        match self {
            Heard::Done => Ok("done".to_owned()),
            Heard::JoinCode { code, valid_until_ms } => Ok(format!(
                "works once, until {}; at the gateway: kisima-gateway join HUB_URL {code}\n{code}",
                Wall(*valid_until_ms).rfc3339()
            )),
            Heard::Secret(text) | Heard::Money(text) => Ok(text.clone()),
            Heard::Refused(why) => Err(why.clone()),
        }
    }
}
