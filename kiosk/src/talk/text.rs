//! Everything the system says, typed. A machine returns one of these; an adapter renders it with [`super::Talk`].

use super::{Language, gsm7};
use crate::{
    day::Day,
    dispense::Reason,
    receipt::Receipt,
    subscription::MonthlyCode,
    units::{Money, Volume},
};
use fluent_bundle::FluentArgs;

/// Characters of a name that fit on a screen after a greeting.
const NAME_ON_SCREEN: usize = 12;
/// Characters of a name in a message.
const NAME_IN_MESSAGE: usize = 20;
/// Characters of a provider's receipt that are told: M-PESA's `MpesaReceiptNumber` has 10; one that is longer is cut.
const RECEIPT_MAX: usize = 20;
/// The most jerrycans a screen counts.
const JERRYCANS_MAX: u64 = 99_999;

/// Four lines on a dispenser's display (CONTRACTS section 3, `lines`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Screen {
    /// Water is approved.
    Approved {
        /// The customer's name; the first word of it is shown.
        name: String,
        /// What may be drawn now.
        volume: Volume,
        /// Prepaid litres.
        balance: Volume,
        /// Whole jerrycans left in the allowance.
        jerrycans: u64,
    },
    /// Water is denied.
    Denied(Reason),
    /// Water is denied by a lock whose end is known.
    Locked {
        /// Milliseconds until the next try is taken, shown as minutes, rounded up.
        for_ms: u64,
    },
    /// A pour is recorded.
    Receipt {
        /// What flowed.
        volume: Volume,
        /// Prepaid litres left.
        balance: Volume,
        /// Whole jerrycans left in the allowance.
        jerrycans: u64,
        /// The receipt.
        receipt: Receipt,
    },
}

/// A message of one SMS about a payment or a subscription (FEATURES A24 to A43).
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
}

impl Screen {
    /// The message in the Fluent files; `None` for a denial, whose lines depend on nothing but its reason.
    pub(super) fn id(&self) -> Option<&'static str> {
        match self {
            Screen::Approved { .. } => Some("screen-approved"),
            Screen::Denied(_) => None,
            Screen::Locked { .. } => Some("screen-locked"),
            Screen::Receipt { .. } => Some("screen-receipt"),
        }
    }

    /// The message's arguments, each cut to what its line has room for.
    pub(super) fn args(&self, language: Language) -> FluentArgs<'static> {
        let mut args = FluentArgs::with_capacity(4);
        match self {
            Screen::Approved {
                name,
                volume,
                balance,
                jerrycans,
            } => {
                let first = name.split_whitespace().next().unwrap_or_default();
                args.set("name", cut(&gsm7::ascii(first), NAME_ON_SCREEN));
                args.set("volume", litres(*volume, language));
                args.set("balance", litres(*balance, language));
                args.set("jerrycans", (*jerrycans).min(JERRYCANS_MAX).to_string());
            }
            Screen::Denied(_) => {}
            Screen::Locked { for_ms } => args.set("minutes", for_ms.div_ceil(60_000).min(99_999).to_string()),
            Screen::Receipt {
                volume,
                balance,
                jerrycans,
                receipt,
            } => {
                args.set("volume", litres(*volume, language));
                args.set("balance", litres(*balance, language));
                args.set("jerrycans", (*jerrycans).min(JERRYCANS_MAX).to_string());
                args.set("receipt", receipt.to_string());
            }
        }
        args
    }
}

/// The message of a denial in the Fluent files.
pub(super) fn denial_id(reason: Reason) -> String {
    format!("denied-{}", reason.name())
}

impl Text {
    /// The message in the Fluent files.
    pub(super) fn id(&self) -> &'static str {
        match self {
            Text::TopUpPaid { .. } => "topup-paid",
            Text::DepositPaid { .. } => "deposit-paid",
            Text::BillPaid { .. } => "bill-paid",
            Text::SubscriptionPaid { .. } => "subscription-paid",
            Text::PaymentRetry { .. } => "payment-retry",
            Text::PaymentCancelled { .. } => "payment-cancelled",
            Text::PaymentExpired { .. } => "payment-expired",
            Text::SubscriptionReminder { .. } => "subscription-reminder",
            Text::SubscriptionEnded { .. } => "subscription-ended",
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
            Text::BillPaid { amount, receipt } => {
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
            Text::PaymentRetry { amount } | Text::PaymentCancelled { amount } | Text::PaymentExpired { amount } => {
                args.set("amount", sum(*amount, language));
            }
            Text::SubscriptionReminder { name, last_day } | Text::SubscriptionEnded { name, last_day } => {
                args.set("name", said(name, NAME_IN_MESSAGE));
                args.set("last_day", last_day.slashed());
            }
        }
        args
    }
}

/// Litres with up to three decimals, none beyond 10,000 litres, where a display has no room and nobody cares.
fn litres(volume: Volume, language: Language) -> String {
    let (whole, ml) = (volume.ml() / 1_000, volume.ml() % 1_000);
    if ml == 0 || whole >= 10_000 {
        return whole.to_string();
    }
    let decimals = format!("{ml:03}");
    format!("{whole}{}{}", language.decimal_mark(), decimals.trim_end_matches('0'))
}

/// Money as people say it: no decimals where there is nothing after the mark.
fn sum(amount: Money, language: Language) -> String {
    let text = amount.to_string();
    match text.split_once('.') {
        None => text,
        Some((whole, "00")) => whole.to_owned(),
        Some((whole, rest)) => format!("{whole}{}{rest}", language.decimal_mark()),
    }
}

/// What came from outside, in the alphabet of an SMS and no longer than its place.
fn said(text: &str, characters_max: usize) -> String {
    cut(&gsm7::transliterated(text), characters_max)
}

fn cut(text: &str, characters_max: usize) -> String {
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
