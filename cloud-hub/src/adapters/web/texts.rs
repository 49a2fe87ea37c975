//! What the messaging provider posts by itself (CONTRACTS section 5): texts that came, what became of those that were
//! sent, and who wants no more. None is signed: the secret of the path is all there is, and where the operator says so
//! the caller's address. So nothing of value hangs on a word that comes here.
//!
//! The bodies are read by functions that the program hands in, for adapters do not know one another.

use axum::{
    extract::{Path, Request, State},
    http::StatusCode,
    routing::{MethodRouter, post},
};
use kiosk::phone::Phone;
use serde_json::json;

use super::{
    App,
    answer::{Api, Json},
    body, hooks,
};
use crate::hub::{
    effect::{Refusal, RefusalKind},
    input::{IncomingText, Service, TextReport},
};

/// Reads the provider's bodies; an error says why bytes are none.
#[derive(Clone, Copy)]
pub struct Reader {
    /// A text that came.
    pub received: fn(&[u8]) -> Result<IncomingText, String>,
    /// What became of a text.
    pub reported: fn(&[u8]) -> Result<TextReport, String>,
    /// Who wants no more texts.
    pub stopped: fn(&[u8]) -> Result<Phone, String>,
}

/// What the provider has to say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Word {
    Received,
    Reported,
    Stopped,
}

impl Word {
    const ALL: [(&'static str, Word); 3] = [
        ("inbound", Word::Received),
        ("delivery", Word::Reported),
        ("stop", Word::Stopped),
    ];
}

/// The handler of a row of the table.
pub(super) fn handler(method: &str, path: &str) -> Option<MethodRouter<App>> {
    let rest = path.strip_prefix("/sms/").filter(|_| method == "POST")?;
    let (signed, name) = match rest.strip_suffix("/{secret}") {
        Some(name) => (true, name),
        None => (false, rest),
    };
    let (name, word) = Word::ALL.into_iter().find(|(known, _)| *known == name)?;
    Some(match signed {
        true => post(
            move |State(app): State<App>, Path(secret): Path<String>, request: Request| async move {
                let request = hooks::signed(&app, Service::Texts, &secret, request).await?;
                take(&app, name, word, request).await
            },
        ),
        false => post(move |State(app): State<App>, request: Request| async move {
            let request = hooks::unsigned(&app, Service::Texts, request).await?;
            take(&app, name, word, request).await
        }),
    })
}

async fn take(app: &App, name: &str, word: Word, request: Request) -> Api {
    let Some(from) = &app.parts.settings.texts_from else {
        return refuse(app, name, Refusal::not_found("messaging provider")).await;
    };
    if !hooks::is_from(app, from, &request) {
        return Err(hooks::stranger(app, Service::Texts, request).await?.into());
    }
    let bytes = match body::read(request, &()).await {
        Ok(bytes) => bytes,
        Err(refusal) => return refuse(app, name, refusal).await,
    };
    let (reader, desk) = (&app.parts.text_words, &app.parts.desk);
    let taken = match word {
        Word::Received => match (reader.received)(&bytes) {
            Ok(text) => Ok(desk.receive_text(text).await),
            Err(why) => Err(why),
        },
        Word::Reported => match (reader.reported)(&bytes) {
            Ok(report) => Ok(desk.report_text(report).await),
            Err(why) => Err(why),
        },
        Word::Stopped => match (reader.stopped)(&bytes) {
            Ok(phone) => Ok(desk.stop_texts(phone).await),
            Err(why) => Err(why),
        },
    };
    match taken {
        // The provider forgets it once we say 200, so that is said after the commit.
        Ok(done) => {
            done?;
            Ok(Json(StatusCode::OK, json!({})))
        }
        Err(why) => refuse(app, name, Refusal::new(RefusalKind::Invalid, "bad_callback", why)).await,
    }
}

/// Refuses a body, once that is written down.
async fn refuse(app: &App, name: &str, refusal: Refusal) -> Api {
    let why = format!("{name}: {}", refusal.message);
    app.parts.desk.call_back_badly(Service::Texts, why).await?;
    Err(refusal.into())
}
