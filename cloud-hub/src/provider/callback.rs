//! What a callback claims. It is never more than a claim: the machine asks the provider before any value moves.

use std::{collections::BTreeMap, sync::Arc};

use kiosk::{payment::Report, provider::Provider};

use crate::hub::input::CallbackName;

/// The largest body that is read; a real one has about a thousand bytes.
pub const CALLBACK_BYTES_MAX: usize = 16 * 1_024;

/// Why bytes are not a callback.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallbackError {
    /// More bytes than any callback has.
    #[error("callback: more than {CALLBACK_BYTES_MAX} bytes")]
    TooLarge,
    /// Not JSON.
    #[error("callback: not JSON")]
    NotJson,
    /// A field that must be there is not.
    #[error("callback: {0} is missing")]
    Missing(&'static str),
    /// A field holds something it cannot hold.
    #[error("callback: {0} is not valid")]
    Invalid(&'static str),
    /// It does not hold what only the provider knows.
    #[error("callback: {0} is not the provider's")]
    Foreign(&'static str),
}

/// A callback that could be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Callback {
    /// How it names its payment; `None` where the address does.
    pub name: Option<CallbackName>,
    /// What it claims.
    pub report: Report,
}

/// Reads the callbacks of one provider.
pub type Reader = Arc<dyn Fn(&[u8]) -> Result<Callback, CallbackError> + Send + Sync>;

/// The readers of all providers that are configured.
#[derive(Clone, Default)]
pub struct Readers(BTreeMap<Provider, Reader>);

impl Readers {
    /// Takes one in.
    pub fn add(
        &mut self,
        provider: Provider,
        reader: impl Fn(&[u8]) -> Result<Callback, CallbackError> + Send + Sync + 'static,
    ) {
        self.0.insert(provider, Arc::new(reader));
    }

    /// Reads a callback; `None` where the provider is not configured.
    pub fn read(&self, provider: Provider, bytes: &[u8]) -> Option<Result<Callback, CallbackError>> {
        let reader = self.0.get(&provider)?;
        Some(match bytes.len() > CALLBACK_BYTES_MAX {
            true => Err(CallbackError::TooLarge),
            false => reader(bytes),
        })
    }
}
