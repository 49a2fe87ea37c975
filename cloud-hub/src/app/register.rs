//! `mpesa register`: tells Safaricom where direct payments are to be announced, and that payments will be asked for.

use anyhow::{Context, bail};

use super::{commands::tell, settings};
use crate::{
    adapters::mpesa::{
        client::MpesaClient,
        wire::c2b::{Registered, WhenSilent, register_body, word_url},
    },
    secret::Secret,
};

/// Registers both; done again it changes nothing.
pub async fn run(config: &config::Hub, cancel_when_silent: bool) -> anyhow::Result<()> {
    let Some(own) = &config.payments.mpesa else {
        bail!("payments.mpesa is not configured");
    };
    let secret = config.webhooks.secret.as_ref();
    let secret = secret.map(|secret| Secret::new(secret.expose()));
    if secret.is_none() && !config.webhooks.allow_unsigned {
        bail!(
            "webhooks.secret is not set, so the hub would refuse what Safaricom tells it; openssl rand -hex 16 makes one"
        );
    }
    let mpesa = settings::mpesa(own)?;
    let when_silent = match cancel_when_silent {
        true => WhenSilent::Cancelled,
        false => WhenSilent::Completed,
    };
    let base = own.callback_url.as_str();
    let body = register_body(&mpesa, base, secret.as_ref(), when_silent)?;
    let told_at = word_url(base, secret.as_ref(), "confirmation")?;
    let client = MpesaClient::new(mpesa)?;
    match client.register(&body).await.context("direct payments")? {
        Registered::Now => tell("registered: Safaricom asks and tells this hub about direct payments")?,
        Registered::BeforeOrFailed { message } => tell(&format!(
            "already registered, or Safaricom failed: {message:?}. If already, the addresses of the first time hold and only \
             Safaricom's people change them; else try again"
        ))?,
    }
    match own.pull_phone {
        None => tell("payments.mpesa.pull_phone is not set: direct payments are proven by statements alone"),
        Some(phone) => {
            client
                .register_pull(phone, &told_at)
                .await
                .context("asking for payments")?;
            tell("registered: this hub may ask which payments came")
        }
    }
}
