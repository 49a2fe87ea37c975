//! What a configuration says that no single value tells: whether the secret files can be read, and what will not work.

use config::Secret;

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
    let mut files = Vec::new();
    if let Some(mpesa) = &config.payments.mpesa {
        files.extend([
            ("payments.mpesa.passkey_file", &mpesa.passkey_file),
            ("payments.mpesa.consumer_key_file", &mpesa.consumer_key_file),
            ("payments.mpesa.consumer_secret_file", &mpesa.consumer_secret_file),
        ]);
        // Payments still settle, for the hub asks by itself; only later.
        if config.webhooks.secret.is_none() && !config.webhooks.allow_unsigned {
            found.doubtful.push(
                "webhooks.secret is not set: M-PESA's callbacks get 403, and payments settle only when the hub asks \
                 (payments.query_after); openssl rand -hex 16 makes a secret"
                    .to_owned(),
            );
        }
    }
    if let Some(texts) = &config.africastalking {
        files.push(("messaging.africastalking.api_key_file", &texts.api_key_file));
        let unsent = "messaging.africastalking is set, but this version sends no texts: they wait in the outbox";
        found.doubtful.push(unsent.to_owned());
    }
    if config.webhooks.allow_unsigned {
        let open = "webhooks.allow_unsigned is on: anybody may send callbacks; for development only";
        found.doubtful.push(open.to_owned());
    }
    for (key, path) in files {
        if let Err(error) = Secret::read(path) {
            found.wrong.push(format!("{key}: {error}"));
        }
    }
    found
}
