//! Orders to move money, questions about them, and what is set up once: all on the client's one token.

use kiosk::{moment::Wall, payment::Msisdn};
use serde::Serialize;

use super::{CallError, MpesaClient, log_denial};
use crate::{
    adapters::mpesa::wire::{
        Reply,
        c2b::{self, RegisterBody, Registered},
        orders::{self, Initiator, OrderAnswer, OrderFault},
        payout::{self, PayoutOrder},
        pull::{self, Pulled},
        reversal::{self, ReversalOrder},
        status::{self, StatusQuestion},
    },
    provider::http::LIST_BYTES_MAX,
};

/// A call that brought no answer of its own.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoAnswer {
    /// Daraja says no.
    #[error("mpesa: {code}: {message}")]
    Denied {
        /// `errorCode` or `ResponseCode`.
        code: String,
        /// For people.
        message: String,
    },
    /// More than is read.
    #[error("mpesa: an answer of more than {LIST_BYTES_MAX} bytes")]
    TooLarge,
    /// No answer, or none that can be read.
    #[error("mpesa: no answer; try again")]
    Lost,
}

impl MpesaClient {
    /// Registers where Daraja asks and tells about direct payments. Once is enough; a second time changes nothing.
    pub async fn register(&self, body: &RegisterBody) -> Result<Registered, NoAnswer> {
        self.told("registration", c2b::REGISTER_PATH, body, c2b::parse_register)
            .await
    }

    /// Pays out. After [`OrderAnswer::NoAnswer`] the same order may be sent again: its name pays once.
    pub async fn pay_out(&self, initiator: &Initiator, order: &PayoutOrder) -> Result<OrderAnswer, OrderFault> {
        let body = payout::payout_body(initiator, order)?;
        Ok(self.order("payout", payout::PAYOUT_PATH, &body).await)
    }

    /// Gives a payment back. After [`OrderAnswer::NoAnswer`] its status is asked first.
    pub async fn reverse(&self, initiator: &Initiator, order: &ReversalOrder) -> Result<OrderAnswer, OrderFault> {
        let body = reversal::reversal_body(initiator, order)?;
        Ok(self.order("reversal", reversal::REVERSAL_PATH, &body).await)
    }

    /// Asks what became of a transaction; the answer comes to the result address.
    pub async fn ask_status(
        &self,
        initiator: &Initiator,
        question: &StatusQuestion,
    ) -> Result<OrderAnswer, OrderFault> {
        let body = status::status_body(initiator, question)?;
        Ok(self.order("status", status::STATUS_PATH, &body).await)
    }

    /// Registers a short code for [`MpesaClient::pull`].
    pub async fn register_pull(&self, nominated: Msisdn, callback_url: &str) -> Result<(), NoAnswer> {
        let body = pull::pull_register_body(&self.settings.shortcode, nominated, callback_url);
        self.told(
            "pull registration",
            pull::PULL_REGISTER_PATH,
            &body,
            pull::parse_pull_registered,
        )
        .await
    }

    /// One page of the payments made between two moments of the last 48 hours, after the first `offset` of them.
    pub async fn pull(&self, since: Wall, until: Wall, offset: u32) -> Result<Pulled, NoAnswer> {
        let short_code = &self.settings.shortcode;
        let body = pull::pull_body(short_code, since, until, offset);
        let parse = |answer: &[u8]| pull::parse_pull(short_code, answer);
        self.told("pull", pull::PULL_PATH, &body, parse).await
    }

    async fn order(&self, name: &'static str, path: &str, body: &impl Serialize) -> OrderAnswer {
        match self.call(path, body).await {
            Ok(answer) => {
                let reply = orders::parse_accepted(&answer.body);
                log_denial(name, &reply);
                orders::order_answer(reply)
            }
            Err(CallError::NotSent(failure)) => OrderAnswer::Refused(failure),
            Err(CallError::Lost | CallError::TooLarge) => OrderAnswer::NoAnswer,
        }
    }

    async fn told<T>(
        &self,
        name: &'static str,
        path: &str,
        body: &impl Serialize,
        parse: impl Fn(&[u8]) -> Reply<T>,
    ) -> Result<T, NoAnswer> {
        let answer = match self.call_for(path, body, LIST_BYTES_MAX).await {
            Ok(answer) => answer,
            Err(CallError::TooLarge) => return Err(NoAnswer::TooLarge),
            Err(CallError::NotSent(_) | CallError::Lost) => return Err(NoAnswer::Lost),
        };
        let reply = parse(&answer.body);
        log_denial(name, &reply);
        match reply {
            Reply::Done(done) => Ok(done),
            Reply::Denied { code, message } => Err(NoAnswer::Denied { code, message }),
            Reply::Unreadable => Err(NoAnswer::Lost),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    };

    use axum::{
        Json, Router,
        extract::State,
        routing::{get, post},
    };
    use serde_json::{Value, json};
    use tokio::time::Instant;

    use super::*;
    use crate::{
        adapters::mpesa::{Mpesa, MpesaSettings},
        hub::pull::PullQuestion,
        provider::{
            circuit::{FAILURES_MAX, State as Way},
            pump::Collect,
        },
        secret::Secret,
    };

    /// A list of so many payments, 170 bytes each.
    async fn list(State(rows): State<Arc<AtomicUsize>>) -> Json<Value> {
        let row = json!({
            "transactionId": "RKTQDM7W6S", "trxDate": "2026-11-20 12:00:00", "msisdn": "25470****149",
            "transactiontype": "c2b-pay-bill-debit", "billreference": "AQP000001", "amount": "300.00",
        });
        let rows = vec![row; rows.load(Ordering::SeqCst)];
        Json(json!({"ResponseCode": "1000", "Response": [rows]}))
    }

    async fn collector(rows: &Arc<AtomicUsize>) -> Mpesa {
        let token = || async { Json(json!({"access_token": "abc", "expires_in": "3599"})) };
        let router = Router::new()
            .route("/oauth/v1/generate", get(token))
            .route("/pulltransactions/v1/query", post(list))
            .with_state(Arc::clone(rows));
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base_url = format!("http://{}", listener.local_addr().unwrap());
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let client = MpesaClient::new(MpesaSettings {
            base_url,
            shortcode: "600984".to_owned(),
            till: None,
            passkey: Secret::new("passkey"),
            consumer_key: Secret::new("key"),
            consumer_secret: Secret::new("secret"),
        });
        Mpesa {
            client: client.unwrap(),
            callback_base: "https://hub.example".to_owned(),
            webhook_secret: None,
            outgoing: None,
        }
    }

    #[tokio::test]
    async fn a_long_list_is_read_and_one_that_is_too_long_is_no_outage() {
        let rows = Arc::new(AtomicUsize::new(5_000));
        let mpesa = collector(&rows).await;
        let question = PullQuestion {
            provider: kiosk::provider::Provider::Mpesa,
            since: Wall(0),
            until: Wall(1_000),
            offset: 0,
            goal: Wall(1_000),
            unreadable: 0,
        };
        let page = mpesa.pull(&question).await.expect("a page");
        assert_eq!((page.rows, page.unreadable, page.is_cut), (5_000, 0, false));
        // More than 4 MiB.
        rows.store(30_000, Ordering::SeqCst);
        for _ in 0..=FAILURES_MAX {
            let page = mpesa.pull(&question).await.expect("a word");
            assert_eq!((page.rows, page.is_cut), (0, true));
        }
        assert_eq!(mpesa.client.circuit().shown(Instant::now()).state, Way::Up);
    }
}
