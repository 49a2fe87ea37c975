//! A call as a provider's client makes it: through the circuit, with the shared token, repeated once when the token is
//! turned away.

use std::time::Duration;

use kiosk::payment::Failure;
use tokio::time::Instant;

use super::{
    circuit::Circuit,
    http::{Answer, CallError, ClientError, Http, Request},
    token::{AccessToken, HeldToken, TokenCell},
};
use crate::{hub::input::Service, secret::Secret};

/// How a provider's tokens are asked for and refused. Each adapter's wire says so.
pub trait Door: Send + Sync {
    /// How long before its end a token is replaced.
    const REFRESH_EARLY: Duration;

    /// The request for a token.
    fn token_request(&self) -> Request;

    /// The token in its answer, or why there is none: the product call itself has not been sent.
    fn read_token(&self, answer: &Answer) -> Result<AccessToken, Failure>;

    /// Whether an answer says that the token is not (or no longer) good: with 401, where a provider has no word of its own.
    fn is_token_refused(&self, answer: &Answer) -> bool {
        answer.status == 401
    }
}

/// The way to one provider, for one business.
#[derive(Debug)]
pub struct Line {
    http: Http,
    circuit: Circuit,
    is_down: fn(&Answer) -> bool,
}

impl Line {
    /// A way that waits `answer_within` for each answer; `is_down` tells an answer that the provider did not give for
    /// itself: a gateway's page, an internal error.
    pub fn new(
        service: impl Into<Service>,
        answer_within: Duration,
        is_down: fn(&Answer) -> bool,
    ) -> Result<Line, ClientError> {
        Ok(Line {
            http: Http::new(answer_within)?,
            circuit: Circuit::new(service),
            is_down,
        })
    }

    /// Its circuit, for operators.
    pub fn circuit(&self) -> &Circuit {
        &self.circuit
    }

    /// One call that needs no token.
    pub async fn call(&self, request: Request) -> Result<Answer, CallError> {
        self.admitted(self.http.send(request)).await
    }

    /// One call with a token of `cell`, repeated once with a fresh one when the answer is that the token is not good:
    /// such a call was turned away at the door, so the repeat cannot make a second prompt.
    pub async fn call_with_token(
        &self,
        door: &impl Door,
        cell: &TokenCell,
        request: impl Fn(&Secret) -> Request,
    ) -> Result<Answer, CallError> {
        self.admitted(async {
            let held = self.token(door, cell, None).await?;
            let answer = self.http.send(request(&held.token)).await?;
            if !door.is_token_refused(&answer) {
                return Ok(answer);
            }
            tracing::info!(provider = %self.circuit.service(), "token turned away, taking a new one");
            let held = self.token(door, cell, Some(&held)).await?;
            self.http.send(request(&held.token)).await
        })
        .await
    }

    async fn token(
        &self,
        door: &impl Door,
        cell: &TokenCell,
        refused: Option<&HeldToken>,
    ) -> Result<HeldToken, CallError> {
        let fetch = async {
            // Whatever goes wrong here, the product call itself has not been sent.
            match self.http.send(door.token_request()).await {
                Ok(answer) => door.read_token(&answer).map_err(CallError::NotSent),
                Err(_) => Err(CallError::NotSent(Failure::Unreachable)),
            }
        };
        cell.good(refused, fetch).await
    }

    async fn admitted(&self, call: impl Future<Output = Result<Answer, CallError>>) -> Result<Answer, CallError> {
        let Some(leave) = self.circuit.admit(Instant::now()) else {
            return Err(CallError::NotSent(Failure::Unreachable));
        };
        let outcome = call.await;
        let answered = match &outcome {
            Ok(answer) => !(self.is_down)(answer),
            Err(CallError::NotSent(failure)) => *failure != Failure::Unreachable,
            Err(CallError::TooLarge) => true,
            Err(CallError::Lost) => false,
        };
        leave.judge(answered, Instant::now());
        outcome
    }
}
