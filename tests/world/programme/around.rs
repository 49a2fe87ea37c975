//! What the hub and the pretend providers around it are told of one another.

use std::path::Path;

use anyhow::Context as _;
use kiosk::provider::Provider;
use serde_json::{Map, Value, json};

use super::{SERVICE_CODES, WEBHOOK_SECRET};
use crate::{processes::Program, sandbox::texts};

/// What a person enters in the messenger's portal.
pub(super) fn messengers_portal(door: &str) -> Value {
    let address = |path: &str| format!("{door}/{path}/{WEBHOOK_SECRET}");
    let codes = SERVICE_CODES.map(|(code, _, what)| (code.to_owned(), json!(what)));
    json!({
        "delivery_url": address("sms/delivery"),
        "inbound_url": address("sms/inbound"),
        "stop_url": address("sms/stop"),
        "ussd_url": address("ussd/callback"),
        "ussd_events_url": address("ussd/events"),
        "ussd_codes": codes.into_iter().collect::<Map<_, _>>(),
    })
}

/// Tells the hub of the pretend messenger.
pub(super) fn configure_texts(hub: &mut Program, folder: &Path, sandbox: &str) -> anyhow::Result<()> {
    let file = folder.join("africastalking-api_key");
    std::fs::write(&file, "pretend-api_key").with_context(|| file.display().to_string())?;
    let key = |name: &str| format!("messaging.africastalking.{name}");
    hub.set(&key("base_url"), &format!("{sandbox}/{}", texts::NAME));
    hub.set(&key("username"), "sandbox");
    hub.set(&key("sender"), "KISIMA");
    hub.set(&key("api_key_file"), &file.display().to_string());
    for (code, service, _) in SERVICE_CODES {
        hub.set(&format!("ussd.codes.\"{code}\""), service.name());
    }
    Ok(())
}

/// Tells the hub of a pretend provider. Secrets are files that say `pretend-NAME`.
pub(super) fn configure(
    hub: &mut Program,
    folder: &Path,
    provider: Provider,
    sandbox: &str,
    callback: &str,
) -> anyhow::Result<()> {
    let key = |name: &str| format!("payments.{provider}.{name}");
    let (secrets, own): (&[&str], &[(&str, &str)]) = match provider {
        Provider::Mpesa => (
            &["passkey", "consumer_key", "consumer_secret", "initiator_credential"],
            &[("shortcode", "\"174379\""), ("initiator_name", "kisima")],
        ),
        Provider::Mtn => (
            &[
                "subscription_key",
                "api_user",
                "api_key",
                "disbursement_subscription_key",
                "disbursement_api_user",
                "disbursement_api_key",
            ],
            &[("target_environment", "mtnuganda")],
        ),
        Provider::Airtel => (
            &["client_id", "client_secret", "callback_key", "disbursement_pin"],
            &[("country", "UG")],
        ),
        Provider::Intasend => (
            &["publishable_key", "secret_token", "challenge"],
            &[("payouts", "true")],
        ),
    };
    hub.set(&key("base_url"), &format!("{sandbox}/{provider}"));
    hub.set(&key("callback_url"), callback);
    for (name, value) in own {
        hub.set(&key(name), value);
    }
    for name in secrets {
        let file = folder.join(format!("{provider}-{name}"));
        std::fs::write(&file, format!("pretend-{name}")).with_context(|| file.display().to_string())?;
        hub.set(&key(&format!("{name}_file")), &file.display().to_string());
    }
    Ok(())
}
