//! Orders to move money, questions about them, and what is set up once: all on the client's one token.

use kiosk::{moment::Wall, payment::Msisdn};
use serde::Serialize;

use super::{CallError, MpesaClient, log_denial};
use crate::adapters::mpesa::wire::{
    Reply,
    c2b::{self, RegisterBody, Registered},
    orders::{self, Initiator, OrderAnswer, OrderFault},
    payout::{self, PayoutOrder},
    pull::{self, Pulled},
    reversal::{self, ReversalOrder},
    status::{self, StatusQuestion},
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
            Err(CallError::Lost) => OrderAnswer::NoAnswer,
        }
    }

    async fn told<T>(
        &self,
        name: &'static str,
        path: &str,
        body: &impl Serialize,
        parse: impl Fn(&[u8]) -> Reply<T>,
    ) -> Result<T, NoAnswer> {
        let Ok(answer) = self.call(path, body).await else {
            return Err(NoAnswer::Lost);
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
