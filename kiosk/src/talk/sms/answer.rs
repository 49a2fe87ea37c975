//! What is said to a command that came by SMS.

use super::{Fault, Form, NotUnderstood};
use crate::{
    day::Day,
    ids::AccountId,
    talk::{
        Language,
        text::{NAME_IN_MESSAGE, RECEIPT_MAX, litres, said, sum},
    },
    units::{Money, Volume},
};
use fluent_bundle::FluentArgs;

/// An answer to a command, or what follows from one later. A bill that is open is answered with
/// [`crate::talk::Text::BillReminder`] or [`crate::talk::Text::BillOverdue`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The number is registered now.
    Registered {
        /// The customer's name.
        name: String,
        /// Their account.
        account: AccountId,
    },
    /// The number was registered before.
    RegisteredBefore {
        /// Its account.
        account: AccountId,
    },
    /// The number is not registered, and the command needs that.
    UnknownSender,
    /// A subscription is valid.
    Subscribed {
        /// The account.
        account: AccountId,
        /// Its last day.
        last_day: Day,
        /// Jerrycans that are left.
        jerrycans: u64,
    },
    /// There is no subscription.
    NotSubscribed {
        /// The account.
        account: AccountId,
    },
    /// The account is blocked.
    Inactive {
        /// The account.
        account: AccountId,
    },
    /// What there is.
    Balance {
        /// Prepaid water.
        water: Volume,
        /// Money in the wallet.
        wallet: Money,
    },
    /// What there is at the site that answers, as far as it knows.
    BalanceHere {
        /// Prepaid water.
        water: Volume,
        /// Jerrycans that are left of the subscription.
        jerrycans: u64,
    },
    /// What was drawn.
    Usage {
        /// This week.
        week: Volume,
        /// This month.
        month: Volume,
    },
    /// What was drawn at the site that answers.
    UsageHere {
        /// This week.
        week: Volume,
        /// This month.
        month: Volume,
    },
    /// Nothing is owed for water.
    NoBill,
    /// A payment prompt is on its way to the phone.
    PromptSent {
        /// What is to be paid.
        amount: Money,
    },
    /// A report was written down.
    ReportLogged {
        /// The ticket's number.
        ticket: u64,
    },
    /// What was reported is solved.
    ReportSolved {
        /// The ticket's number.
        ticket: u64,
    },
    /// A receipt of a payment.
    ReceiptPaid {
        /// The receipt.
        receipt: String,
        /// What was paid.
        amount: Money,
        /// When.
        day: Day,
    },
    /// A receipt of water drawn.
    ReceiptDrawn {
        /// The receipt.
        receipt: String,
        /// How much.
        volume: Volume,
        /// When.
        day: Day,
    },
    /// No receipt of ours.
    ReceiptUnknown {
        /// The receipt as it was read.
        receipt: String,
    },
    /// This language from now on; said in the new one.
    LanguageChanged,
    /// Nothing more that was not asked for.
    Stopped,
    /// How to write commands.
    Help,
    /// A one-time code is wrong.
    CodeWrong {
        /// Tries left.
        left: u8,
    },
    /// A one-time code is used, too old or void, or there is none.
    CodeOver,
    /// A message was not understood; the right form of its command.
    NotUnderstood(Option<Form>),
    /// A message was too long to be read.
    TooLong,
    /// A message seems to hold a PIN.
    NeverSendPin,
    /// The eleventh command of a day.
    TooMany,
    /// It cannot be done at the moment; nothing was done.
    NotNow,
    /// Nobody lends through this hub.
    NoLoans,
    /// So many loans were asked of others, or wait for their word, that no more are for now.
    TooManyLoans,
    /// The same is being paid already, or was just paid.
    BeingPaid,
    /// No provider collects money here: nothing can be paid by phone.
    NoPayments,
    /// It belongs to a site, and the sender has none yet.
    ChooseSite,
    /// What was asked for is written down at a site without a link: it is done, or refused, when the network is back.
    Queued,
    /// A message is written down at a site without a link: the office gets it when the network is back.
    Forwarded,
}

impl Answer {
    /// What is said to a message that was no command.
    pub fn to_fault(fault: &NotUnderstood) -> Answer {
        match fault.fault {
            Fault::Pin => Answer::NeverSendPin,
            Fault::TooLong => Answer::TooLong,
            Fault::Empty | Fault::Word | Fault::Missing(_) | Fault::Unclear => Answer::NotUnderstood(fault.form),
        }
    }

    /// The message in the Fluent files.
    pub(in crate::talk) fn id(&self) -> &'static str {
        match self {
            Answer::Registered { .. } => "sms-registered",
            Answer::RegisteredBefore { .. } => "sms-registered-before",
            Answer::UnknownSender => "sms-unknown-sender",
            Answer::Subscribed { .. } => "sms-subscribed",
            Answer::NotSubscribed { .. } => "sms-not-subscribed",
            Answer::Inactive { .. } => "sms-inactive",
            Answer::Balance { .. } => "sms-balance",
            Answer::BalanceHere { .. } => "sms-balance-here",
            Answer::Usage { .. } => "sms-usage",
            Answer::UsageHere { .. } => "sms-usage-here",
            Answer::NoBill => "sms-no-bill",
            Answer::PromptSent { .. } => "sms-prompt-sent",
            Answer::ReportLogged { .. } => "sms-report-logged",
            Answer::ReportSolved { .. } => "sms-report-solved",
            Answer::ReceiptPaid { .. } => "sms-receipt-paid",
            Answer::ReceiptDrawn { .. } => "sms-receipt-drawn",
            Answer::ReceiptUnknown { .. } => "sms-receipt-unknown",
            Answer::LanguageChanged => "sms-language-changed",
            Answer::Stopped => "sms-stopped",
            Answer::Help => "sms-help",
            Answer::CodeWrong { .. } => "sms-code-wrong",
            Answer::CodeOver => "sms-code-over",
            Answer::NotUnderstood(_) => "sms-not-understood",
            Answer::TooLong => "sms-too-long",
            Answer::NeverSendPin => "sms-never-send-pin",
            Answer::TooMany => "sms-too-many",
            Answer::NotNow => "sms-not-now",
            Answer::NoLoans => "sms-no-loans",
            Answer::TooManyLoans => "sms-too-many-loans",
            Answer::BeingPaid => "sms-being-paid",
            Answer::NoPayments => "sms-no-payments",
            Answer::ChooseSite => "sms-choose-site",
            Answer::Queued => "sms-queued",
            Answer::Forwarded => "sms-forwarded",
        }
    }

    /// The message's arguments, in the alphabet of an SMS.
    pub(in crate::talk) fn args(&self, language: Language) -> FluentArgs<'static> {
        let mut args = FluentArgs::with_capacity(3);
        match self {
            Answer::Registered { name, account } => {
                args.set("name", said(name, NAME_IN_MESSAGE));
                args.set("account", account.to_string());
            }
            Answer::RegisteredBefore { account } | Answer::NotSubscribed { account } | Answer::Inactive { account } => {
                args.set("account", account.to_string());
            }
            Answer::Subscribed {
                account,
                last_day,
                jerrycans,
            } => {
                args.set("account", account.to_string());
                args.set("last_day", last_day.slashed());
                args.set("jerrycans", jerrycans.to_string());
            }
            Answer::Balance { water, wallet } => {
                args.set("water", litres(*water, language));
                args.set("wallet", sum(*wallet, language));
            }
            Answer::BalanceHere { water, jerrycans } => {
                args.set("water", litres(*water, language));
                args.set("jerrycans", jerrycans.to_string());
            }
            Answer::Usage { week, month } | Answer::UsageHere { week, month } => {
                args.set("week", litres(*week, language));
                args.set("month", litres(*month, language));
            }
            Answer::PromptSent { amount } => args.set("amount", sum(*amount, language)),
            Answer::ReportLogged { ticket } | Answer::ReportSolved { ticket } => {
                args.set("ticket", ticket.to_string());
            }
            Answer::ReceiptPaid { receipt, amount, day } => {
                args.set("receipt", said(receipt, RECEIPT_MAX));
                args.set("amount", sum(*amount, language));
                args.set("day", day.slashed());
            }
            Answer::ReceiptDrawn { receipt, volume, day } => {
                args.set("receipt", said(receipt, RECEIPT_MAX));
                args.set("volume", litres(*volume, language));
                args.set("day", day.slashed());
            }
            Answer::ReceiptUnknown { receipt } => args.set("receipt", said(receipt, RECEIPT_MAX)),
            Answer::CodeWrong { left } => args.set("left", left.to_string()),
            Answer::NotUnderstood(form) => args.set("form", form.map_or("help", Form::name)),
            _ => {}
        }
        args
    }
}
