//! First answers as bytes: kept sealed for a day, for requests that come again with the same key.

use std::borrow::Cow;

use kiosk::{
    dispense::Reason,
    ids::{AccountId, CustomerId, LoanId},
    incoming::Why,
    loan::LoanState,
    moment::Wall,
    payment::PaymentState,
    payout::PayoutState,
    talk::broadcast,
    units::Volume,
};
use serde_json::{Value, json};

use super::{
    effect::{DispenseAnswer, DispenseCustomer, Refusal, RefusalKind, Response},
    input::{PayoutId, PurchaseId},
    money::MoneyPlace,
    operator::Role,
};

/// An answer as bytes; `None` for one that is not kept: a join, a provider's offer and a step by USSD come without a key,
/// and a preview changes nothing.
pub(super) fn encode(answer: &Result<Response, Refusal>) -> Option<Vec<u8>> {
    let value = match answer {
        Ok(response) => encode_response(response)?,
        Err(refusal) => json!({
            "is": "refusal", "kind": kind_name(refusal.kind), "code": refusal.code, "message": refusal.message,
            "field": refusal.field, "id": refusal.id,
        }),
    };
    serde_json::to_vec(&value).ok()
}

fn encode_response(response: &Response) -> Option<Value> {
    Some(match response {
        Response::Done => json!({"is": "done"}),
        Response::JoinCode { code, valid_until } => json!({"is": "code", "code": code, "until": valid_until.0}),
        Response::Joined(_) | Response::Offer(_) | Response::Ussd(_) | Response::BroadcastPlan(_) => return None,
        Response::Money(place) => encode_place(*place),
        Response::Secret { secret } => json!({"is": "secret", "secret": secret}),
        Response::Session {
            secret,
            role,
            change_password,
        } => json!({"is": "session", "secret": secret, "role": role.name(), "change": change_password}),
        Response::Customer { customer, account } => {
            json!({"is": "customer", "id": customer.0, "account": account.number()})
        }
        Response::Credited { id, balance_ml } => json!({"is": "credited", "id": id, "balance": balance_ml}),
        Response::Purchase { purchase, state } => {
            json!({"is": "purchase", "id": purchase.0, "state": state.name()})
        }
        Response::Broadcast { broadcast, state } => {
            json!({"is": "broadcast", "id": broadcast, "state": state.name()})
        }
        Response::Payout { payout, state } => json!({"is": "payout", "id": payout.0, "state": state.name()}),
        Response::Loan { loan, state } => json!({"is": "loan", "id": loan.0, "state": state.name()}),
        Response::Dispense(answer) => json!({
            "is": "dispense", "request": answer.request.as_str(), "denied": answer.denied.map(Reason::name),
            "customer": answer.customer.as_ref().map(|customer| json!({
                "name": customer.name, "account": customer.account.number(), "balance": customer.balance_ml,
                "jerrycans": customer.jerrycans_left,
            })),
        }),
        Response::Reported {
            request,
            charged,
            balance_ml,
        } => json!({
            "is": "reported", "request": request.as_str(), "charged": charged.ml(), "balance": balance_ml,
        }),
    })
}

/// Reads such bytes; `None` when no version of this program wrote them.
pub(super) fn decode(bytes: &[u8]) -> Option<Result<Response, Refusal>> {
    let value: Value = serde_json::from_slice(bytes).ok()?;
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    Some(Ok(match value["is"].as_str()? {
        "refusal" => return Some(Err(decode_refusal(&value)?)),
        "done" => Response::Done,
        "code" => Response::JoinCode {
            code: text("code")?,
            valid_until: Wall(value["until"].as_i64()?),
        },
        "secret" => Response::Secret {
            secret: text("secret")?,
        },
        "session" => Response::Session {
            secret: text("secret")?,
            role: Role::from_name(value["role"].as_str()?)?,
            change_password: value["change"].as_bool()?,
        },
        "customer" => Response::Customer {
            customer: CustomerId(value["id"].as_u64()?),
            account: account(&value["account"])?,
        },
        "credited" => Response::Credited {
            id: value["id"].as_u64()?,
            balance_ml: value["balance"].as_i64()?,
        },
        "purchase" => Response::Purchase {
            purchase: PurchaseId(value["id"].as_u64()?),
            state: PaymentState::from_name(value["state"].as_str()?)?,
        },
        "broadcast" => Response::Broadcast {
            broadcast: value["id"].as_i64()?,
            state: broadcast::State::from_name(value["state"].as_str()?)?,
        },
        "payout" => Response::Payout {
            payout: PayoutId(value["id"].as_u64()?),
            state: PayoutState::from_name(value["state"].as_str()?)?,
        },
        "loan" => Response::Loan {
            loan: LoanId(value["id"].as_u64()?),
            state: LoanState::from_name(value["state"].as_str()?)?,
        },
        "dispense" => Response::Dispense(decode_dispense(&value)?),
        "money" => Response::Money(decode_place(&value)?),
        "reported" => Response::Reported {
            request: value["request"].as_str()?.parse().ok()?,
            charged: Volume::from_ml(value["charged"].as_u64()?),
            balance_ml: value["balance"].as_i64()?,
        },
        _ => return None,
    }))
}

fn encode_place(place: MoneyPlace) -> Value {
    let (id, why) = match place {
        MoneyPlace::Purchase(purchase) => (Some(purchase.0), None),
        MoneyPlace::Wallet(customer) => (Some(customer.0), None),
        MoneyPlace::Suspense(why) => (None, Some(why.name())),
        MoneyPlace::Waits | MoneyPlace::Foreign | MoneyPlace::Returned => (None, None),
    };
    json!({"is": "money", "place": place.name(), "id": id, "why": why})
}

fn decode_place(value: &Value) -> Option<MoneyPlace> {
    Some(match value["place"].as_str()? {
        "waits" => MoneyPlace::Waits,
        "foreign" => MoneyPlace::Foreign,
        "purchase" => MoneyPlace::Purchase(PurchaseId(value["id"].as_u64()?)),
        "wallet" => MoneyPlace::Wallet(CustomerId(value["id"].as_u64()?)),
        "suspense" => MoneyPlace::Suspense(Why::from_name(value["why"].as_str()?)?),
        "returned" => MoneyPlace::Returned,
        _ => return None,
    })
}

fn decode_dispense(value: &Value) -> Option<DispenseAnswer> {
    let denied = match &value["denied"] {
        Value::String(name) => Some(Reason::from_name(name)?),
        _ => None,
    };
    let customer = match &value["customer"] {
        Value::Null => None,
        customer => Some(DispenseCustomer {
            name: customer["name"].as_str()?.to_owned(),
            account: account(&customer["account"])?,
            balance_ml: customer["balance"].as_i64()?,
            jerrycans_left: customer["jerrycans"].as_u64()?,
        }),
    };
    Some(DispenseAnswer {
        request: value["request"].as_str()?.parse().ok()?,
        denied,
        customer,
    })
}

fn decode_refusal(value: &Value) -> Option<Refusal> {
    let owned = |field: &str| value[field].as_str().map(|text| Cow::Owned(text.to_owned()));
    Some(Refusal {
        code: owned("code")?,
        message: value["message"].as_str()?.to_owned(),
        field: owned("field"),
        id: value["id"].as_u64(),
        kind: KINDS
            .into_iter()
            .find(|kind| Some(kind_name(*kind)) == value["kind"].as_str())?,
    })
}

fn account(value: &Value) -> Option<AccountId> {
    AccountId::new(u32::try_from(value.as_u64()?).ok()?)
}

const KINDS: [RefusalKind; 7] = [
    RefusalKind::Invalid,
    RefusalKind::Unauthenticated,
    RefusalKind::Forbidden,
    RefusalKind::NotFound,
    RefusalKind::Conflict,
    RefusalKind::TooMany,
    RefusalKind::Unavailable,
];

const fn kind_name(kind: RefusalKind) -> &'static str {
    match kind {
        RefusalKind::Invalid => "invalid",
        RefusalKind::Unauthenticated => "unauthenticated",
        RefusalKind::Forbidden => "forbidden",
        RefusalKind::NotFound => "not_found",
        RefusalKind::Conflict => "conflict",
        RefusalKind::TooMany => "too_many",
        RefusalKind::Unavailable => "unavailable",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kept_answer_reads_back() {
        let answers = [
            Ok(Response::Done),
            Ok(Response::JoinCode {
                code: "kibera-3-0123456789".to_owned(),
                valid_until: Wall(-5),
            }),
            Ok(Response::Secret {
                secret: "ff".to_owned(),
            }),
            Ok(Response::Session {
                secret: "00".to_owned(),
                role: Role::CustomerService,
                change_password: true,
            }),
            Ok(Response::Customer {
                customer: CustomerId(u64::MAX),
                account: AccountId::new(7).unwrap(),
            }),
            Ok(Response::Credited {
                id: u64::MAX - 1,
                balance_ml: -20_000,
            }),
            Ok(Response::Purchase {
                purchase: PurchaseId(9),
                state: PaymentState::NeedsOperator,
            }),
            Ok(Response::Dispense(DispenseAnswer {
                request: "01J".parse().unwrap(),
                denied: Some(Reason::Locked),
                customer: None,
            })),
            Ok(Response::Dispense(DispenseAnswer {
                request: "01J".parse().unwrap(),
                denied: None,
                customer: Some(DispenseCustomer {
                    name: "Jane".to_owned(),
                    account: AccountId::new(7).unwrap(),
                    balance_ml: 5,
                    jerrycans_left: 3,
                }),
            })),
            Ok(Response::Reported {
                request: "01J".parse().unwrap(),
                charged: Volume::from_ml(500),
                balance_ml: 1,
            }),
            Ok(Response::Money(MoneyPlace::Wallet(CustomerId(u64::MAX)))),
            Ok(Response::Money(MoneyPlace::Suspense(Why::NoReference))),
            Ok(Response::Money(MoneyPlace::Returned)),
            Ok(Response::Loan {
                loan: LoanId(u64::MAX),
                state: LoanState::Repaying,
            }),
            Ok(Response::Payout {
                payout: PayoutId(u64::MAX),
                state: PayoutState::NeedsOperator,
            }),
            Ok(Response::Broadcast {
                broadcast: 3,
                state: broadcast::State::Held,
            }),
            Err(Refusal::invalid("phone", "bad_phone", "no").with_id(4)),
            Err(Refusal::conflict("phone_taken", "taken")),
        ];
        for answer in answers {
            let bytes = encode(&answer).unwrap();
            assert_eq!(decode(&bytes), Some(answer));
        }
        assert_eq!(decode(b"{}"), None);
    }
}
