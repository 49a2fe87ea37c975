//! Phones that pay the till or the paybill without being asked, what is told of it, and the pages an operator reads of it
//! (Daraja portal, "Customer To Business Register URL", "Customer To Business", "Pull Transaction").

use std::fmt::Write as _;

use kiosk::{
    day::Day,
    moment::{DAY_MS, Draw, HOUR_MS, Wall},
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use super::{
    Answer, BALANCE_AT_FIRST, Callback, LedgerLine, Mpesa, answer, east_africa_time,
    order::{digits, field, is_phone},
    receipt,
};

/// How far back a pull reaches (Daraja portal, "Pull Transaction").
const PULL_WINDOW_MS: i64 = 48 * HOUR_MS;

/// Where a short code wants to be asked and told.
#[derive(Clone, Debug)]
pub(super) struct Registration {
    shortcode: String,
    cancels_when_silent: bool,
    confirmation_url: String,
    validation_url: String,
}

/// A payment that is being made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DirectPayment {
    /// The phone, 2547… .
    pub phone: u64,
    /// Whole shillings.
    pub amount: i64,
    /// Who is paid.
    pub shortcode: String,
    /// What the payer types as the account; empty at a till.
    pub reference: String,
}

/// Why a phone could not pay.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DirectError {
    /// Less than a shilling.
    #[error("at least one shilling")]
    TooLittle,
    /// The phone has less.
    #[error("the phone has not that much")]
    BalanceTooLow,
    /// No such receiver.
    #[error("a short code has 5 to 7 digits")]
    ShortCode,
}

impl Mpesa {
    /// `mpesa/c2b/v2/registerurl`: once in a short code's life.
    pub(super) fn register(&mut self, body: &Value) -> Answer {
        match self.registration(body) {
            Err(refused) => refused,
            Ok(new) if self.registrations.iter().any(|old| old.shortcode == new.shortcode) => {
                answer::error(500, "500.003.1001", "Urls are already registered")
            }
            Ok(new) => {
                self.registrations.push(new);
                answer::json(
                    200,
                    &json!({"OriginatorCoversationID": "6e86-45dd-91ac-fd5d4178ab52", "ResponseCode": "0",
                            "ResponseDescription": "Success"}),
                )
            }
        }
    }

    fn registration(&self, body: &Value) -> Result<Registration, Answer> {
        const FORBIDDEN: [&str; 8] = ["mpesa", "m-pesa", "safaricom", "exe", "exec", "cmd", "sql", "query"];
        let is_address = |text: &str| {
            let lower = text.to_ascii_lowercase();
            text.starts_with("http") && !FORBIDDEN.iter().any(|word| lower.contains(word))
        };
        Ok(Registration {
            shortcode: field(body, "ShortCode", |text| digits(text, 5, 7))?,
            cancels_when_silent: field(body, "ResponseType", |text| matches!(text, "Completed" | "Cancelled"))?
                == "Cancelled",
            confirmation_url: field(body, "ConfirmationURL", is_address)?,
            validation_url: field(body, "ValidationURL", is_address)?,
        })
    }

    /// `mpesa/c2b/v2/simulate`, which only the test system has.
    pub(super) fn simulate(&mut self, now_ms: i64, draw: &Draw, body: &Value) -> Answer {
        let read = || {
            let command = field(body, "CommandID", |text| {
                matches!(text, "CustomerPayBillOnline" | "CustomerBuyGoodsOnline")
            })?;
            let number = |text: String| text.parse().unwrap_or_default();
            Ok(DirectPayment {
                shortcode: field(body, "ShortCode", |text| digits(text, 5, 7))?,
                amount: number(field(body, "Amount", |text| text.parse::<i64>().is_ok())?),
                phone: field(body, "Msisdn", is_phone)?.parse().unwrap_or_default(),
                reference: match command.as_str() {
                    "CustomerPayBillOnline" => field(body, "BillRefNumber", |text| (1..=20).contains(&text.len()))?,
                    _ => String::new(),
                },
            })
        };
        match read() {
            Err(refused) => refused,
            Ok(payment) => match self.pay(now_ms, draw, payment) {
                Err(error) => answer::error(400, "400.002.02", &error.to_string()),
                Ok(()) => answer::json(
                    200,
                    &json!({"OriginatorCoversationID": "53e3-4aa8-9fe0-8fb5e4092cdd", "ResponseCode": "0",
                            "ResponseDescription": "Accept the service request successfully."}),
                ),
            },
        }
    }

    /// The person at the phone pays a short code. Where it is set so, the receiver is asked first.
    pub fn pay(&mut self, now_ms: i64, draw: &Draw, payment: DirectPayment) -> Result<(), DirectError> {
        match () {
            () if payment.amount < 1 => return Err(DirectError::TooLittle),
            () if !digits(&payment.shortcode, 5, 7) => return Err(DirectError::ShortCode),
            () if self.balance(payment.phone) < payment.amount => return Err(DirectError::BalanceTooLow),
            () => {}
        }
        let number = self.direct.len();
        let receipt = receipt(draw, &format!("direct {number}"));
        let registered = self
            .registrations
            .iter()
            .find(|known| known.shortcode == payment.shortcode);
        match registered.filter(|_| self.behaviour_of(payment.phone).validation) {
            Some(registration) => {
                let question = Callback {
                    url: registration.validation_url.clone(),
                    shortcode: payment.shortcode.clone(),
                    body: arrival_body(&payment, &receipt, &self.shown(payment.phone, &receipt), now_ms),
                    validates: Some(number),
                };
                self.direct.push(Some((payment, receipt)));
                self.callbacks.push((now_ms, question));
            }
            None => {
                self.direct.push(None);
                self.complete(now_ms, payment, receipt);
            }
        }
        Ok(())
    }

    /// The receiver answered whether to take payment `number`; `None` when it did not in time.
    pub fn validated(&mut self, now_ms: i64, number: usize, answer: Option<&str>) {
        let Some((payment, receipt)) = self.direct.get_mut(number).and_then(Option::take) else {
            return;
        };
        let code = answer
            .and_then(|body| serde_json::from_str::<Value>(body).ok())
            .and_then(|body| body["ResultCode"].as_str().map(str::to_owned));
        let mut registered = self
            .registrations
            .iter()
            .filter(|known| known.shortcode == payment.shortcode);
        let goes_through = match code {
            Some(code) => code == "0",
            None => registered.all(|registration| !registration.cancels_when_silent),
        };
        if goes_through && self.balance(payment.phone) >= payment.amount {
            self.complete(now_ms, payment, receipt);
        }
    }

    fn complete(&mut self, now_ms: i64, payment: DirectPayment, receipt: String) {
        *self.balances.entry(payment.phone).or_insert(BALANCE_AT_FIRST) -= payment.amount;
        self.confirm(now_ms, &payment, &receipt);
        self.ledger.push(LedgerLine {
            receipt,
            checkout_request: String::new(),
            phone: payment.phone,
            amount: payment.amount,
            party_b: payment.shortcode,
            account_reference: payment.reference,
            time_ms: now_ms,
        });
    }

    /// Tells the receiver of a payment, as often and as late as callbacks are sent.
    pub(super) fn confirm(&mut self, now_ms: i64, payment: &DirectPayment, receipt: &str) {
        let behaviour = self.behaviour_of(payment.phone).clone();
        let mut registered = self.registrations.iter();
        let Some(registration) = registered.find(|known| known.shortcode == payment.shortcode) else {
            return;
        };
        let word = Callback {
            url: registration.confirmation_url.clone(),
            shortcode: payment.shortcode.clone(),
            body: arrival_body(payment, receipt, &self.shown(payment.phone, receipt), now_ms),
            validates: None,
        };
        for _ in 0..behaviour.callbacks {
            self.callbacks
                .push((now_ms + behaviour.callback_delay_ms, word.clone()));
        }
    }

    /// `pulltransactions/v1/register`, and `…/query`: what came in the last 48 hours, a page from the offset on.
    pub(super) fn pull(&self, now_ms: i64, path: &str, body: &Value) -> Answer {
        if path.ends_with("/register") {
            let read = || {
                field(body, "ShortCode", |text| digits(text, 5, 7))?;
                field(body, "RequestType", |text| text == "Pull")?;
                field(body, "NominatedNumber", is_phone)?;
                field(body, "CallBackURL", |text| text.starts_with("http"))
            };
            let done = json!({"ResponseRefID": "18633-7271215-1", "ResponseCode": "1000",
                              "ResponseDescription": "ShortCode already Registered"});
            return read().map_or_else(|refused| refused, |_| answer::json(200, &done));
        }
        let read = || {
            let shortcode = field(body, "ShortCode", |text| digits(text, 5, 7))?;
            let time =
                |name| Ok(of_east_africa(&field(body, name, |text| of_east_africa(text).is_some())?).unwrap_or(0));
            let (start_ms, end_ms) = (time("StartDate")?, time("EndDate")?);
            if end_ms < start_ms {
                return Err(answer::error(400, "400.002.02", "Bad Request - Invalid EndDate"));
            }
            let offset = field(body, "OffSetValue", |text| digits(text, 1, 9))?;
            // Both ends count, and a second has a thousand milliseconds.
            let asked = start_ms.max(now_ms - PULL_WINDOW_MS)..end_ms + 1_000;
            Ok::<_, Answer>((shortcode, offset.parse::<usize>().unwrap_or_default(), asked))
        };
        let (shortcode, offset, asked) = match read() {
            Ok(read) => read,
            Err(refused) => return refused,
        };
        let is_ours = |line: &&LedgerLine| line.party_b == shortcode || self.is_till_of(&line.party_b, &shortcode);
        let fresh = |line: &&LedgerLine| asked.contains(&line.time_ms) && is_ours(line);
        let row = |line: &LedgerLine| {
            let (kind, reference) = match line.party_b == shortcode {
                true => ("c2b-pay-bill-debit", line.account_reference.as_str()),
                false => ("c2b-buy-goods-debit", ""),
            };
            json!({"transactionId": line.receipt, "trxDate": in_some_form(line), "msisdn": self.shown(line.phone, &line.receipt),
                   "transactiontype": kind, "billreference": reference,
                   "amount": format!("{}.00", line.amount), "organizationname": "Kisima"})
        };
        let rows: Vec<Value> = self
            .ledger
            .iter()
            .filter(fresh)
            .skip(offset)
            .take(self.behaviour.pull_rows_max)
            .map(row)
            .collect();
        let code = if rows.is_empty() { "1001" } else { "1000" };
        answer::json(
            200,
            &json!({"ResponseRefID": "26178-42530161-2", "ResponseCode": code, "ResponseMessage": "Success",
                    "Response": [rows]}),
        )
    }

    /// Whether this till's store has that number: prompts for the till come from it.
    fn is_till_of(&self, till: &str, store: &str) -> bool {
        self.prompts
            .iter()
            .any(|prompt| prompt.party_b == till && prompt.shortcode == store)
    }

    /// A payer as others see it: masked in either way, which the receipt decides, or as a hash.
    fn shown(&self, phone: u64, receipt: &str) -> String {
        if self.behaviour.hashed_payers {
            let digest = Sha256::digest(phone.to_string());
            return digest.iter().map(|byte| format!("{byte:02x}")).collect();
        }
        let masked = masked(phone);
        match (receipt.bytes().last(), masked.split_once("****")) {
            (Some(last), Some((head, tail))) if last % 2 == 1 => {
                format!("{} ***** {tail}", head.get(..4).unwrap_or_default())
            }
            _ => masked,
        }
    }

    /// What came in and went out, as the organisation portal writes its statement.
    pub fn statement_csv(&self) -> String {
        let mut text = "Organization Name:,Kisima\r\n\r\nReceipt No.,Completion Time,Initiation Time,Details,\
                        Transaction Status,Paid In,Withdrawn,Balance,Other Party Info,A/C No.\r\n"
            .to_owned();
        let paid = self.ledger.iter().map(|line| {
            let reference = &line.account_reference;
            (line.time_ms, line.amount, &line.receipt, line.phone, reference.as_str())
        });
        let gone = self.payouts.iter().filter(|payout| payout.code == "0");
        let gone = gone.map(|payout| (payout.time_ms, -payout.amount, &payout.receipt, payout.phone, ""));
        let mut lines: Vec<_> = paid.chain(gone).collect();
        lines.sort_by_key(|line| line.0);
        let mut balance = 0;
        for (time_ms, amount, receipt, phone, reference) in lines {
            balance += amount;
            let (time, phone) = (spaced(time_ms), masked(phone));
            let (details, came, went) = match amount > 0 {
                true => ("Payment from", grouped(amount), String::new()),
                false => ("Payment to", String::new(), format!("-{}", grouped(-amount))),
            };
            let written = write!(
                text,
                "{receipt},{time},{time},\"{details} {phone}, Customer\",Completed,\"{came}\",\"{went}\",\"{}\",{phone},{reference}\r\n",
                grouped(balance.max(0)),
            );
            debug_assert!(written.is_ok(), "a text takes everything");
        }
        text
    }
}

/// The body of a validation and a confirmation.
fn arrival_body(payment: &DirectPayment, receipt: &str, payer: &str, now_ms: i64) -> String {
    let kind = if payment.reference.is_empty() {
        "Buy Goods"
    } else {
        "Pay Bill"
    };
    json!({
        "TransactionType": kind, "TransID": receipt, "TransTime": east_africa_time(now_ms),
        "TransAmount": format!("{}.00", payment.amount), "BusinessShortCode": payment.shortcode,
        "BillRefNumber": payment.reference, "InvoiceNumber": "", "OrgAccountBalance": "", "ThirdPartyTransID": "",
        "MSISDN": payer, "FirstName": "Jane", "MiddleName": "", "LastName": "",
    })
    .to_string()
}

/// `25470****149`
fn masked(phone: u64) -> String {
    let digits = phone.to_string();
    match (digits.get(..5), digits.get(9..)) {
        (Some(head), Some(tail)) => format!("{head}****{tail}"),
        _ => digits,
    }
}

/// When a row was paid, in one of the forms that were seen; its receipt decides.
fn in_some_form(line: &LedgerLine) -> String {
    match line.receipt.bytes().next().unwrap_or_default() % 3 {
        0 => spaced(line.time_ms),
        1 => format!("{}+03:00", spaced(line.time_ms).replace(' ', "T")),
        _ => format!("{}.000", spaced(line.time_ms)),
    }
}

/// The moment of a time of East Africa written as `2026-11-20 12:00:00`.
fn of_east_africa(text: &str) -> Option<i64> {
    let (date, time) = text.split_once(' ').filter(|_| text.len() == 19)?;
    let numbers = |text: &str, separator| {
        text.split(separator)
            .map(|part| part.parse().ok())
            .collect::<Option<Vec<i64>>>()
    };
    let (date, time) = (numbers(date, '-')?, numbers(time, ':')?);
    let ([year, month, day], [hour, minute, second]) = (date.as_slice(), time.as_slice()) else {
        return None;
    };
    let day = Day::new(
        i16::try_from(*year).ok()?,
        i8::try_from(*month).ok()?,
        i8::try_from(*day).ok()?,
    )?;
    let days = i64::from(Day::new(1970, 1, 1)?.days_until(day));
    Some(days * DAY_MS + (hour - 3) * HOUR_MS + minute * 60_000 + second * 1_000)
}

/// `2026-11-20 12:00:00` in East Africa Time.
fn spaced(time_ms: i64) -> String {
    let local = Wall(time_ms + 3 * HOUR_MS).rfc3339();
    local.get(..19).unwrap_or_default().replace('T', " ")
}

/// `1,250.00`
fn grouped(shillings: i64) -> String {
    let digits = shillings.to_string();
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text + ".00"
}

#[cfg(test)]
mod tests;
