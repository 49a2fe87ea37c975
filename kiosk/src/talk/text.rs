//! Every message, typed. A machine returns one of these; an adapter renders it with [`super::Talk`].

use super::{
    AlarmText, Language, NumberText, gsm7,
    sms::{Answer, LoanText},
};
use crate::{
    day::{Day, Month},
    otp::OneTimeCode,
    receipt::Receipt,
    subscription::MonthlyCode,
    units::{Money, Volume},
};
use fluent_bundle::FluentArgs;

/// Characters of a name in a message.
pub(super) const NAME_IN_MESSAGE: usize = 20;
/// Characters of a provider's receipt that are told: M-PESA's `MpesaReceiptNumber` has 10; one that is longer is cut.
pub(super) const RECEIPT_MAX: usize = 20;

/// A message of one SMS about money, a bill or a subscription (FEATURES A24 to A43, X16).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Text {
    /// Litres were bought.
    TopUpPaid {
        /// What was paid.
        amount: Money,
        /// What was bought.
        volume: Volume,
        /// Prepaid litres now.
        balance: Volume,
        /// The provider's receipt.
        receipt: String,
    },
    /// Money went into the wallet.
    DepositPaid {
        /// What was paid.
        amount: Money,
        /// What the wallet has now.
        wallet: Money,
        /// The provider's receipt.
        receipt: String,
    },
    /// A bill was paid.
    BillPaid {
        /// What was paid.
        amount: Money,
        /// The provider's receipt.
        receipt: String,
    },
    /// A bill was paid in part.
    BillPartPaid {
        /// What was paid.
        amount: Money,
        /// What is still to be paid.
        left: Money,
        /// The last day to pay it in time.
        due: Day,
        /// The provider's receipt.
        receipt: String,
    },
    /// A bill was made.
    BillIssued {
        /// The month of the usage.
        month: Month,
        /// How much was drawn.
        usage: Volume,
        /// What is owed.
        amount: Money,
        /// The last day to pay it in time.
        due: Day,
    },
    /// A bill is due soon.
    BillReminder {
        /// What is still to be paid.
        left: Money,
        /// The last day to pay it in time.
        due: Day,
    },
    /// A bill was not paid in time.
    BillOverdue {
        /// What is still to be paid.
        left: Money,
        /// The last day on which it could be paid in time.
        due: Day,
    },
    /// A refund is on its way.
    RefundStarted {
        /// What comes back.
        amount: Money,
    },
    /// A refund has been paid out.
    RefundMade {
        /// What came back.
        amount: Money,
        /// The provider's receipt.
        receipt: String,
    },
    /// A refund could not be paid out, and the customer has everything as before.
    RefundFailed {
        /// What was to come back.
        amount: Money,
    },
    /// A manager took cash for water.
    CashPaid {
        /// What was paid.
        amount: Money,
        /// What was bought.
        volume: Volume,
        /// Prepaid litres now.
        balance: Volume,
        /// Our own receipt.
        receipt: Receipt,
    },
    /// A manager handed out jerrycans of the customer's allowance.
    JerrycansCollected {
        /// How many.
        jerrycans: u32,
        /// What people call the site.
        site: String,
        /// How many are left.
        left: u64,
    },
    /// What was asked for at a site without a link came to the hub too late to be paid for.
    PurchaseLapsed {
        /// The day it was asked for.
        asked: Day,
    },
    /// What was asked for at a site without a link cannot be bought at the hub.
    PurchaseRefused {
        /// The day it was asked for.
        asked: Day,
    },
    /// What was asked for at a site without a link is being paid already, or was just paid.
    PurchaseOpen {
        /// What the one that counts costs.
        amount: Money,
    },
    /// A subscription was bought or renewed.
    SubscriptionPaid {
        /// What was paid.
        amount: Money,
        /// The last day it is valid.
        last_day: Day,
        /// Jerrycans of its period.
        jerrycans: u32,
        /// The monthly code.
        code: MonthlyCode,
        /// The provider's receipt.
        receipt: String,
    },
    /// A payment failed or could not be confirmed: try again.
    PaymentRetry {
        /// What was to be paid.
        amount: Money,
    },
    /// The payer said no.
    PaymentCancelled {
        /// What was to be paid.
        amount: Money,
    },
    /// The payer did not answer in time.
    PaymentExpired {
        /// What was to be paid.
        amount: Money,
    },
    /// A subscription ends soon.
    SubscriptionReminder {
        /// The customer's name.
        name: String,
        /// Its last day.
        last_day: Day,
    },
    /// A subscription has ended.
    SubscriptionEnded {
        /// The customer's name.
        name: String,
        /// Its last day.
        last_day: Day,
    },
    /// Behind a text to many people: how to get no more of them.
    StopHint,
    /// Somebody takes their account along to another number.
    Number(NumberText),
    /// To whoever looks after a site: something there needs a person.
    Alarm {
        /// What people call the site.
        site: String,
        /// What is wrong.
        alarm: AlarmText,
    },
    // By SMS.
    /// A code for a forgotten PIN.
    PinCode {
        /// It.
        code: OneTimeCode,
    },
    /// The PIN was changed: whoever did not do that learns it.
    PinChanged,
    /// A subscription was ended by its owner.
    Unsubscribed,
    /// An answer to a command.
    Answer(Answer),
    /// A loan between people.
    Loan(LoanText),
}

impl Text {
    /// The message in the Fluent files.
    pub(super) fn id(&self) -> &'static str {
        match self {
            Text::TopUpPaid { .. } => "topup-paid",
            Text::DepositPaid { .. } => "deposit-paid",
            Text::BillPaid { .. } => "bill-paid",
            Text::BillPartPaid { .. } => "bill-part-paid",
            Text::BillIssued { .. } => "bill-issued",
            Text::BillReminder { .. } => "bill-reminder",
            Text::BillOverdue { .. } => "bill-overdue",
            Text::RefundStarted { .. } => "refund-started",
            Text::RefundMade { .. } => "refund-made",
            Text::RefundFailed { .. } => "refund-failed",
            Text::CashPaid { .. } => "cash-paid",
            Text::JerrycansCollected { .. } => "jerrycans-collected",
            Text::PurchaseLapsed { .. } => "purchase-lapsed",
            Text::PurchaseRefused { .. } => "purchase-refused",
            Text::PurchaseOpen { .. } => "purchase-open",
            Text::SubscriptionPaid { .. } => "subscription-paid",
            Text::PaymentRetry { .. } => "payment-retry",
            Text::PaymentCancelled { .. } => "payment-cancelled",
            Text::PaymentExpired { .. } => "payment-expired",
            Text::SubscriptionReminder { .. } => "subscription-reminder",
            Text::SubscriptionEnded { .. } => "subscription-ended",
            Text::PinCode { .. } => "pin-code",
            Text::PinChanged => "pin-changed",
            Text::Unsubscribed => "unsubscribed",
            Text::StopHint => "stop-hint",
            Text::Number(number) => number.id(),
            Text::Alarm { alarm, .. } => alarm.id(),
            Text::Answer(answer) => answer.id(),
            Text::Loan(loan) => loan.id(),
        }
    }

    /// The message's arguments, in the alphabet of an SMS.
    pub(super) fn args(&self, language: Language) -> FluentArgs<'static> {
        let mut args = FluentArgs::with_capacity(5);
        match self {
            Text::TopUpPaid {
                amount,
                volume,
                balance,
                receipt,
            } => {
                args.set("amount", sum(*amount, language));
                args.set("volume", litres(*volume, language));
                args.set("balance", litres(*balance, language));
                args.set("receipt", said(receipt, RECEIPT_MAX));
            }
            Text::DepositPaid {
                amount,
                wallet,
                receipt,
            } => {
                args.set("amount", sum(*amount, language));
                args.set("wallet", sum(*wallet, language));
                args.set("receipt", said(receipt, RECEIPT_MAX));
            }
            Text::BillPartPaid { .. }
            | Text::BillIssued { .. }
            | Text::BillReminder { .. }
            | Text::BillOverdue { .. } => self.set_bill(&mut args, language),
            Text::CashPaid {
                amount,
                volume,
                balance,
                receipt,
            } => {
                args.set("amount", sum(*amount, language));
                args.set("volume", litres(*volume, language));
                args.set("balance", litres(*balance, language));
                args.set("receipt", receipt.to_string());
            }
            Text::JerrycansCollected { jerrycans, site, left } => {
                args.set("jerrycans", jerrycans.to_string());
                args.set("site", said(site, NAME_IN_MESSAGE));
                args.set("left", left.to_string());
            }
            Text::PurchaseLapsed { asked } | Text::PurchaseRefused { asked } => args.set("asked", asked.slashed()),
            Text::BillPaid { amount, receipt } | Text::RefundMade { amount, receipt } => {
                args.set("amount", sum(*amount, language));
                args.set("receipt", said(receipt, RECEIPT_MAX));
            }
            Text::SubscriptionPaid {
                amount,
                last_day,
                jerrycans,
                code,
                receipt,
            } => {
                args.set("amount", sum(*amount, language));
                args.set("last_day", last_day.slashed());
                args.set("jerrycans", jerrycans.to_string());
                args.set("code", code.to_string());
                args.set("receipt", said(receipt, RECEIPT_MAX));
            }
            Text::PaymentRetry { amount }
            | Text::PaymentCancelled { amount }
            | Text::PaymentExpired { amount }
            | Text::PurchaseOpen { amount }
            | Text::RefundStarted { amount }
            | Text::RefundFailed { amount } => {
                args.set("amount", sum(*amount, language));
            }
            Text::SubscriptionReminder { name, last_day } | Text::SubscriptionEnded { name, last_day } => {
                args.set("name", said(name, NAME_IN_MESSAGE));
                args.set("last_day", last_day.slashed());
            }
            Text::PinCode { code } => args.set("code", code.digits()),
            Text::PinChanged | Text::Unsubscribed => {}
            Text::StopHint => {}
            Text::Number(_) => {}
            Text::Alarm { site, alarm } => return alarm.args(site, language),
            Text::Answer(answer) => return answer.args(language),
            Text::Loan(loan) => return loan.args(language),
        }
        args
    }

    /// The arguments of what is said of a bill that is not paid in full.
    fn set_bill(&self, args: &mut FluentArgs<'static>, language: Language) {
        match self {
            Text::BillPartPaid {
                amount,
                left,
                due,
                receipt,
            } => {
                args.set("amount", sum(*amount, language));
                args.set("left", sum(*left, language));
                args.set("due", due.slashed());
                args.set("receipt", said(receipt, RECEIPT_MAX));
            }
            Text::BillIssued {
                month,
                usage,
                amount,
                due,
            } => {
                args.set("month", month.slashed());
                args.set("volume", litres(*usage, language));
                args.set("amount", sum(*amount, language));
                args.set("due", due.slashed());
            }
            Text::BillReminder { left, due } | Text::BillOverdue { left, due } => {
                args.set("left", sum(*left, language));
                args.set("due", due.slashed());
            }
            _ => {}
        }
    }
}

/// Litres with up to three decimals, none beyond 10,000 litres, where a display has no room and nobody cares.
pub(super) fn litres(volume: Volume, language: Language) -> String {
    let (whole, ml) = (volume.ml() / 1_000, volume.ml() % 1_000);
    if ml == 0 || whole >= 10_000 {
        return whole.to_string();
    }
    let decimals = format!("{ml:03}");
    format!("{whole}{}{}", language.decimal_mark(), decimals.trim_end_matches('0'))
}

/// Money as people say it: no decimals where there is nothing after the mark.
pub(super) fn sum(amount: Money, language: Language) -> String {
    let text = amount.to_string();
    match text.split_once('.') {
        None => text,
        Some((whole, "00")) => whole.to_owned(),
        Some((whole, rest)) => format!("{whole}{}{rest}", language.decimal_mark()),
    }
}

/// What came from outside, in the alphabet of an SMS and no longer than its place.
pub(super) fn said(text: &str, characters_max: usize) -> String {
    cut(&gsm7::transliterated(text), characters_max)
}

pub(super) fn cut(text: &str, characters_max: usize) -> String {
    text.trim().chars().take(characters_max).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::units::Currency;

    #[test]
    fn litres_read_as_people_write_them() {
        for (ml, english, french) in [
            (20_000, "20", "20"),
            (500, "0.5", "0,5"),
            (179_500, "179.5", "179,5"),
            (1, "0.001", "0,001"),
            (0, "0", "0"),
            (9_999_999, "9999.999", "9999,999"),
            (10_000_001, "10000", "10000"),
            (u64::MAX, "1000000000", "1000000000"),
        ] {
            let volume = Volume::from_ml(ml);
            assert_eq!(litres(volume, Language::English), english);
            assert_eq!(litres(volume, Language::French), french);
        }
    }

    #[test]
    fn sums_read_as_people_say_them() {
        for (amount, english, french) in [
            (Money::new(30_000, Currency::Kes), "KES 300", "KES 300"),
            (Money::new(30_050, Currency::Kes), "KES 300.50", "KES 300,50"),
            (Money::new(1_200, Currency::Rwf), "RWF 1200", "RWF 1200"),
        ] {
            assert_eq!(sum(amount, Language::English), english);
            assert_eq!(sum(amount, Language::French), french);
        }
    }
}
