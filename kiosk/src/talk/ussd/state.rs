//! Where a session stands, with what was gathered on the way there.

use super::{
    Service,
    act::{Act, Purchase},
    office::{Seal, Site},
    stored,
};
use crate::{
    ids::{CustomerId, LoanId, SiteName},
    phone::Phone,
    units::Money,
};
use serde::{Deserialize, Serialize};

/// Where a session stands: the screen that it shows and what that screen's input means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum State {
    /// It is over.
    Ended,
    /// A person who is both chooses: customer or manager.
    Role,
    /// An earlier session was cut at this state: go on there?
    GoOn(Box<State>),
    /// A menu.
    Menu(Menu),
    /// A list.
    List(List),
    /// One loan.
    Loan(#[serde(with = "stored::text")] LoanId),
    /// One loan that waits for the caller's yes.
    Approval(#[serde(with = "stored::text")] LoanId),
    /// What is owed.
    Bill,
    /// How to pay for this.
    Pay {
        what: Purchase,
        #[serde(with = "stored::money")]
        price: Money,
    },
    /// Something is typed.
    Entry(Entry),
    /// What the caller entered about themselves: is it right?
    Review,
    /// What is about to be done: yes or no?
    Confirm {
        act: Act,
        /// The name of who it is done for, when that is not the caller.
        whom: String,
    },
    /// The PIN, right before this is done.
    Pin(Act),
    /// What came of something, as it was said; `0` leads back.
    Notice { text: String, back: Menu },
}

/// A menu.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Menu {
    Loans,
    Water,
    Buy,
    Mine,
    Help,
    Account,
    Language,
    PinForgotten,
    Services,
    Household,
    Manager,
}

/// A list, of which something is chosen or which is only read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum List {
    MyLoans,
    ToApprove,
    Movements,
    Orders,
    SitesToSubscribe,
    SitesToMoveTo,
    SitesToSettle,
    Plans(#[serde(with = "stored::text")] SiteName),
    Offline,
}

/// Something that is typed, with what was typed before it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Entry {
    Lender,
    LoanAmount {
        #[serde(with = "stored::phone")]
        lender: Phone,
    },
    LoanRepayment {
        #[serde(with = "stored::phone")]
        lender: Phone,
        #[serde(with = "stored::money")]
        amount: Money,
    },
    RepayAmount {
        #[serde(with = "stored::text")]
        loan: LoanId,
    },
    Name,
    City {
        name: String,
    },
    OldPin,
    NewPin(NewPin),
    PinAgain {
        new: NewPin,
        seal: Seal,
    },
    PinCode,
    OldPhone,
    OldName {
        #[serde(with = "stored::phone")]
        phone: Phone,
    },
    OldPhonePin {
        #[serde(with = "stored::phone")]
        phone: Phone,
        name: String,
    },
    Litres,
    Deposit,
    BillAmount,
    Report,
    Customer(Errand),
    Jerrycans(Known),
    Cash(Known),
    Message,
}

/// What a new PIN is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum NewPin {
    /// An account that begins.
    Registration { name: String, city: String },
    /// Another one, after the old one or a code was right.
    Change,
}

/// What a manager wants of a customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Errand {
    Verify,
    Collect,
    Cash,
}

/// A customer whom a manager found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Known {
    #[serde(with = "stored::text")]
    pub id: CustomerId,
    pub name: String,
}

/// One row of a list as it was shown, so that a choice means what was read even when the list has changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Shown {
    Loan(#[serde(with = "stored::text")] LoanId),
    Site(#[serde(with = "stored::text")] SiteName),
    Plan(String),
}

impl From<&Site> for Shown {
    fn from(site: &Site) -> Shown {
        Shown::Site(site.name.clone())
    }
}

impl State {
    /// Its name in session lists: for loans those of FEATURES C32 to C39. It tells nothing of what was typed.
    pub fn name(&self, service: Service) -> &'static str {
        match self {
            State::Ended => "ENDED",
            State::Role => "ROLE_MENU",
            State::GoOn(_) => "GO_ON",
            State::Menu(menu) | State::Notice { back: menu, .. } => menu.name(service),
            State::List(list) => list.name(service),
            State::Loan(_) => "VIEW_LOANS_MENU",
            State::Approval(_) => "APPROVAL_CONFIRM",
            State::Bill => "BILL",
            State::Pay { .. } => "PAYMENT_MENU",
            State::Entry(entry) => entry.name(),
            State::Review => "REGISTER_REVIEW",
            State::Confirm { act, .. } => match act {
                Act::RequestLoan { .. } => "REQUEST_LOAN_CONFIRM",
                _ => "CONFIRM",
            },
            State::Pin(Act::ApproveLoan { .. }) => "APPROVAL_PIN",
            State::Pin(_) => "PIN",
        }
    }

    /// Whether only a site's manager gets here.
    pub fn is_of_manager(&self) -> bool {
        match self {
            State::GoOn(state) => state.is_of_manager(),
            State::Role => true,
            State::Menu(menu) | State::Notice { back: menu, .. } => *menu == Menu::Manager,
            State::List(list) => *list == List::Offline,
            State::Entry(entry) => matches!(
                entry,
                Entry::Customer(_) | Entry::Jerrycans(_) | Entry::Cash(_) | Entry::Message
            ),
            State::Confirm { act, .. } | State::Pin(act) => {
                matches!(act, Act::Collect { .. } | Act::TakeCash { .. } | Act::Broadcast { .. })
            }
            _ => false,
        }
    }

    /// Whether what was just typed is asked for once more.
    pub fn asks_again(&self) -> bool {
        matches!(self, State::Entry(Entry::PinAgain { .. }))
    }

    /// Where somebody who was cut off here goes on, if they want to: where they see again what it is about. A new PIN is
    /// not chosen in a later session, for the old PIN or the code that allowed it was typed in this one.
    pub fn resumed(self) -> Option<State> {
        match self {
            State::GoOn(state) => state.resumed(),
            State::Entry(Entry::PinAgain {
                new: new @ NewPin::Registration { .. },
                ..
            }) => Some(State::Entry(Entry::NewPin(new))),
            State::Entry(Entry::PinAgain { .. } | Entry::NewPin(NewPin::Change) | Entry::OldPin | Entry::PinCode) => {
                None
            }
            State::Pin(Act::Buy { what, price, .. }) => Some(State::Pay { what, price }),
            State::Pin(Act::ApproveLoan { loan }) => Some(State::Approval(loan)),
            State::Entry(_) | State::Pay { .. } | State::Confirm { .. } => Some(self),
            // What came of something that a manager did: nothing else shows it to them.
            State::Notice {
                back: Menu::Manager, ..
            } => Some(self),
            // Of what else waits for a PIN, the screen that said whom it is about is not kept.
            _ => None,
        }
    }
}

impl Menu {
    fn name(self, service: Service) -> &'static str {
        if self == service.home() {
            return "MAIN_MENU";
        }
        match self {
            Menu::Loans => "LOANS_MENU",
            Menu::Water => "WATER_MENU",
            Menu::Buy => "BUY_MENU",
            Menu::Mine => "MY_WATER_MENU",
            Menu::Help => "HELP_MENU",
            Menu::Account => "ACCOUNT_MENU",
            Menu::Language => "LANGUAGE_MENU",
            Menu::PinForgotten => "PIN_FORGOTTEN_MENU",
            Menu::Services => "SERVICES_MENU",
            Menu::Household => "HOUSEHOLD_MENU",
            Menu::Manager => "MANAGER_MENU",
        }
    }
}

impl List {
    fn name(&self, service: Service) -> &'static str {
        match self {
            List::MyLoans => "VIEW_LOANS_MENU",
            List::ToApprove => "APPROVAL_MENU",
            // Shown by the menu itself (FEATURES C32).
            List::Movements => Menu::Loans.name(service),
            List::Orders => "ORDERS",
            List::SitesToSubscribe => "SUBSCRIBE_SITE",
            List::SitesToMoveTo => "MOVE_WATER_SITE",
            List::SitesToSettle => "HOME_SITE",
            List::Plans(_) => "SUBSCRIBE_PLAN",
            List::Offline => "OFFLINE_DISPENSERS",
        }
    }
}

impl Entry {
    fn name(&self) -> &'static str {
        match self {
            Entry::Lender => "REQUEST_LOAN_PHONE",
            Entry::LoanAmount { .. } => "REQUEST_LOAN_AMOUNT",
            Entry::LoanRepayment { .. } => "REQUEST_LOAN_REPAYMENT",
            Entry::RepayAmount { .. } => "REPAY_LOAN_AMOUNT",
            Entry::Name => "REGISTER_NAME",
            Entry::City { .. } => "REGISTER_CITY",
            Entry::OldPin => "OLD_PIN",
            Entry::NewPin(NewPin::Registration { .. }) => "REGISTER_PIN",
            Entry::NewPin(NewPin::Change) => "NEW_PIN",
            Entry::PinAgain { .. } => "PIN_AGAIN",
            Entry::PinCode => "PIN_CODE",
            Entry::OldPhone => "OLD_PHONE",
            Entry::OldName { .. } => "OLD_PHONE_NAME",
            Entry::OldPhonePin { .. } => "OLD_PHONE_PIN",
            Entry::Litres => "BUY_LITRES",
            Entry::Deposit => "DEPOSIT",
            Entry::BillAmount => "BILL_AMOUNT",
            Entry::Report => "REPORT",
            Entry::Customer(_) => "FIND_CUSTOMER",
            Entry::Jerrycans(_) => "COLLECT_JERRYCANS",
            Entry::Cash(_) => "TAKE_CASH",
            Entry::Message => "BROADCAST",
        }
    }
}
