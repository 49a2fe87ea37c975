//! What can be asked of the hub about money: buying, giving back, bills, cash.

use kiosk::{
    day::Day,
    ids::{CustomerId, PurchaseId, SiteName},
    provider::Provider,
    units::Volume,
};

/// A purchase to be.
#[derive(Clone, Debug)]
pub struct NewPurchase {
    /// Who buys.
    pub customer: CustomerId,
    /// What.
    pub item: Item,
    /// How it is paid.
    pub pay: Pay,
    /// The provider; the one of the phone's network when left out.
    pub provider: Option<Provider>,
    /// The phone that gets the prompt; the customer's own when left out.
    pub phone: Option<String>,
}

/// A loan that a customer asks another for, through an operator.
#[derive(Clone, Debug)]
pub struct NewLoan {
    /// Who asks.
    pub borrower: CustomerId,
    /// The number of whoever is asked, in any accepted form.
    pub lender: String,
    /// How much: whole units of the hub's currency, in minor units.
    pub amount_minor: i64,
    /// What is paid back each period, likewise.
    pub repayment_minor: i64,
}

/// A refund to be.
#[derive(Clone, Debug)]
pub struct NewRefund {
    /// Of what.
    pub purchase: PurchaseId,
    /// How much; all that is left when left out. Only of a deposit a part can be asked for.
    pub amount_minor: Option<i64>,
    /// How it goes out.
    pub pay_by: PayBy,
    /// Why, for the audit.
    pub reason: String,
}

/// Money out of a wallet, to be paid to its owner's phone.
#[derive(Clone, Debug)]
pub struct NewWithdrawal {
    /// Whose.
    pub customer: CustomerId,
    /// How much: whole units of the hub's currency, in minor units.
    pub amount_minor: i64,
    /// The provider; the one of the phone's network when left out.
    pub provider: Option<Provider>,
    /// How it goes out.
    pub pay_by: PayBy,
    /// Why, for the audit.
    pub reason: String,
}

/// How money goes out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PayBy {
    /// The provider is told to.
    #[default]
    Provider,
    /// Into the wallet.
    Wallet,
    /// A person does it at the provider's portal, and says afterwards that it was done.
    Hand,
}

impl PayBy {
    /// The word in the API.
    pub const fn name(self) -> &'static str {
        match self {
            PayBy::Provider => "provider",
            PayBy::Wallet => "wallet",
            PayBy::Hand => "hand",
        }
    }

    /// The way with this word.
    pub fn from_name(name: &str) -> Option<PayBy> {
        let all = [PayBy::Provider, PayBy::Wallet, PayBy::Hand];
        all.into_iter().find(|by| by.name() == name)
    }
}

/// What becomes of money in suspense.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Allocation {
    /// Into the wallet of a customer.
    Wallet(CustomerId),
    /// It pays an open purchase of the same amount.
    Purchase(PurchaseId),
    /// Somebody gave it back to the payer, at the provider's own portal.
    Returned {
        /// How, for the audit.
        reason: String,
    },
}

/// Cash that was counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CashCount {
    /// Where the manager sells.
    pub site: SiteName,
    /// The manager's account there.
    pub manager: String,
    /// What was counted, in minor units, nothing or more.
    pub counted_minor: i64,
    /// What the one who counted was shown as owed; all that is owed when left out.
    pub owed_minor: Option<i64>,
}

/// How a difference is settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// In cash.
    Paid,
    /// The house bears it, or keeps it.
    GivenUp,
}

/// What can be bought at the hub.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// Prepaid litres.
    Litres(Volume),
    /// Money into the wallet, in minor units.
    Deposit(i64),
    /// A subscription to the home site, by the plan's name.
    Plan(String),
    /// The open bills: so many minor units of them, or all that is owed.
    Bill(Option<i64>),
}

/// How a customer pays by bill.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewBilling {
    /// The name of a tariff of the configuration.
    pub tariff: String,
    /// How much may be drawn ahead of paying; nothing where a meter counts.
    pub cap: Volume,
    /// Billed by readings of the household's own meter, and not by what dispensers gave.
    pub metered: bool,
}

/// What somebody read off a customer's meter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewReading {
    /// What it shows.
    pub meter: Volume,
    /// The local day; today when left out.
    pub day: Option<Day>,
    /// The first reading of a meter that took the place of another.
    pub new_meter: bool,
    /// It stands in place of the last reading, which was wrong.
    pub corrects: bool,
}

/// How a purchase is paid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pay {
    /// A prompt on the phone.
    Prompt,
    /// From the wallet.
    Wallet,
}
