//! What a configuration says that no single value tells: whether the secret files can be read, and what will not work.

use std::path::PathBuf;

use config::{Secret, hub::Payments};

use super::settings;

/// What was found out.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The hub cannot do what it is configured for: status 78.
    pub wrong: Vec<String>,
    /// It runs, and somebody should know.
    pub doubtful: Vec<String>,
}

/// Reads the secret files and compares settings with one another.
pub fn look(config: &config::Hub) -> Found {
    let mut found = Found::default();
    let mut files = provider_files(&config.payments);
    let own = config.site.currency;
    for (provider, collected) in settings::collects(&config.payments) {
        if collected != own && settings::providers(&config.payments).contains(&provider) {
            found.doubtful.push(format!(
                "payments.{provider} takes {collected}, and site.currency is {own}: no purchase can be paid by it"
            ));
        }
    }
    // Payments still settle, for the hub asks by itself; only later.
    let called_back = !settings::providers(&config.payments).is_empty();
    if called_back && config.webhooks.secret.is_none() && !config.webhooks.allow_unsigned {
        found.doubtful.push(
            "webhooks.secret is not set: callbacks of payment providers get 403, and payments settle only when the \
             hub asks (payments.query_after); openssl rand -hex 16 makes a secret"
                .to_owned(),
        );
    }
    if let Some(texts) = &config.africastalking {
        files.push(("messaging.africastalking.api_key_file", &texts.api_key_file));
        if config.webhooks.secret.is_none() && !config.webhooks.allow_unsigned {
            found.doubtful.push(
                "webhooks.secret is not set: texts to the hub and reports of delivery get 403; openssl rand -hex 16 makes \
                 a secret"
                    .to_owned(),
            );
        }
    }
    if config.webhooks.allow_unsigned {
        let open = "webhooks.allow_unsigned is on: anybody may send callbacks; for development only";
        found.doubtful.push(open.to_owned());
    }
    if config.ussd.test {
        let open = "ussd.test is on: anybody may call the menus in anybody's name; for development only";
        found.doubtful.push(open.to_owned());
    }
    for (key, path) in files {
        if let Err(error) = Secret::read(path) {
            found.wrong.push(format!("{key}: {error}"));
        }
    }
    found
}

/// The secret files of the payment providers, each by its key.
fn provider_files(payments: &Payments) -> Vec<(&'static str, &PathBuf)> {
    let mut files = Vec::new();
    if let Some(mpesa) = &payments.mpesa {
        files.extend([
            ("payments.mpesa.passkey_file", &mpesa.passkey_file),
            ("payments.mpesa.consumer_key_file", &mpesa.consumer_key_file),
            ("payments.mpesa.consumer_secret_file", &mpesa.consumer_secret_file),
        ]);
    }
    if let Some(mtn) = &payments.mtn {
        files.extend([
            ("payments.mtn.subscription_key_file", &mtn.subscription_key_file),
            ("payments.mtn.api_user_file", &mtn.api_user_file),
            ("payments.mtn.api_key_file", &mtn.api_key_file),
        ]);
    }
    if let Some(airtel) = &payments.airtel {
        files.extend([
            ("payments.airtel.client_id_file", &airtel.client_id_file),
            ("payments.airtel.client_secret_file", &airtel.client_secret_file),
        ]);
        let callback_key = airtel.callback_key_file.iter();
        files.extend(callback_key.map(|file| ("payments.airtel.callback_key_file", file)));
    }
    if let Some(intasend) = &payments.intasend {
        files.extend([
            ("payments.intasend.publishable_key_file", &intasend.publishable_key_file),
            ("payments.intasend.secret_token_file", &intasend.secret_token_file),
            ("payments.intasend.challenge_file", &intasend.challenge_file),
        ]);
    }
    files
}
