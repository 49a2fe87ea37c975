//! One token for all calls to a provider. At some a new token ends the one before it (Daraja portal, FAQ), so it is
//! shared, and fetched by one caller while the others wait.

use std::time::Duration;

use kiosk::payment::Failure;
use tokio::{
    sync::Mutex,
    time::{Instant, timeout},
};

use super::http::CallError;
use crate::secret::Secret;

/// The longest life of a token that we believe.
pub const LIFE_MAX: Duration = Duration::from_secs(24 * 3_600);

/// A token as a provider gives it.
#[derive(Clone, Debug)]
pub struct AccessToken {
    /// What the `Authorization: Bearer` header carries.
    pub token: Secret,
    /// How long it lives from now.
    pub life: Duration,
}

/// A token with its place among the tokens of its cell.
#[derive(Clone, Debug)]
pub struct HeldToken {
    /// What the `Authorization: Bearer` header carries.
    pub token: Secret,
    refresh_at: Instant,
    number: u64,
}

/// The place of the shared token.
#[derive(Debug)]
pub struct TokenCell {
    /// Locked while a token is fetched, so that many callers wait for one fetch.
    held: Mutex<Option<HeldToken>>,
    wait_max: Duration,
    refresh_early: Duration,
}

impl TokenCell {
    /// An empty cell. A caller waits at most `wait_max` for another's fetch; a token is replaced `refresh_early` before
    /// it ends, so that none ends on the way.
    pub fn new(wait_max: Duration, refresh_early: Duration) -> TokenCell {
        TokenCell {
            held: Mutex::new(None),
            wait_max,
            refresh_early,
        }
    }

    /// The shared token, fetched anew when it is near its end or is the one that was `refused`.
    pub async fn good(
        &self,
        refused: Option<&HeldToken>,
        fetch: impl Future<Output = Result<AccessToken, CallError>>,
    ) -> Result<HeldToken, CallError> {
        let Ok(mut held) = timeout(self.wait_max, self.held.lock()).await else {
            return Err(CallError::NotSent(Failure::Unreachable));
        };
        let number = match &*held {
            Some(token)
                if Some(token.number) != refused.map(|refused| refused.number) && Instant::now() < token.refresh_at =>
            {
                return Ok(token.clone());
            }
            Some(token) => token.number + 1,
            None => 0,
        };
        let access = fetch.await?;
        let token = HeldToken {
            token: access.token,
            refresh_at: Instant::now() + access.life.min(LIFE_MAX).saturating_sub(self.refresh_early),
            number,
        };
        *held = Some(token.clone());
        Ok(token)
    }
}
