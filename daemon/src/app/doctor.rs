//! `doctor`: what stands in the way of a gateway that sells, one line each, for whoever installs it (CONTRACTS section 1).
//! Works with a running daemon and without one; it changes nothing.

mod modem;

use std::{
    net::{SocketAddr, TcpListener},
    path::Path,
    process::Command as Process,
    time::Duration,
};

use ::store::Database;
use config::gateway::Gateway;
use rustls::pki_types::{CertificateDer, pem::PemObject as _};
use tokio::net::TcpStream;

use super::{
    check,
    files::{DataDir, FilesError},
    medium,
};
use crate::{
    adapters::control::{self, Request, Response},
    site::store::{self, read},
};

/// A disk with less free than this fills within weeks.
const FREE_KIB_WARN: u64 = 1_024 * 1_024;
/// With less than this a commit may fail today.
const FREE_KIB_MIN: u64 = 64 * 1_024;
/// How long a port of this box may take to answer.
const PORT_WITHIN: Duration = Duration::from_secs(2);

/// How one thing is: well, worth a look, or in the way. Each says what it is and the way out.
enum Found {
    Ok(String),
    Warn(String),
    Fail(String),
}

use Found::{Fail, Ok as Good, Warn};

/// Looks at everything and tells each by `tell`. Gives how many things are in the way.
pub async fn examine(config: &Gateway, tell: &mut impl FnMut(String)) -> u32 {
    let mut wrong = 0;
    let mut say = |what: &str, found: Found| {
        let (word, text) = match found {
            Good(text) => ("ok  ", text),
            Warn(text) => ("warn", text),
            Fail(text) => {
                wrong += 1;
                ("FAIL", text)
            }
        };
        tell(format!("{word}  {what}: {text}"));
    };
    configuration(config, &mut say);
    let path = &config.storage.data_dir;
    let data = match path.is_dir().then(|| DataDir::open(path)) {
        Some(Ok(data)) => data,
        Some(Err(error)) => {
            say(
                "data directory",
                Fail(format!("{error}; run this as the owner, or with sudo")),
            );
            return wrong;
        }
        None => {
            let text = format!("{} does not exist; `kisima-gateway run` makes it", path.display());
            say("data directory", Fail(text));
            return wrong;
        }
    };
    let runs = running(&data).await;
    let (runs, told) = match runs {
        Ok(standing) => (standing, None),
        Err(found) => (None, Some(found)),
    };
    say("data directory", Good(path.display().to_string()));
    match (told, &runs) {
        (Some(found), _) => say("gateway", found),
        (None, Some(_)) => say("gateway", Good("runs".to_owned())),
        (None, None) => say(
            "gateway",
            Warn("does not run; start it with systemctl start kisima-gateway, or kisima-gateway run".to_owned()),
        ),
    }
    say("disk", disk(path));
    say("database", database(&data));
    say("medium", serial(&data));
    say("certificate", certificate(&data));
    for (key, address) in [
        ("mqtt.listen", config.mqtt.listen),
        ("mqtts.listen", config.mqtts_listen),
        ("web.listen", config.web_listen),
    ] {
        say(key, port(&data, key, address, runs.is_some()).await);
    }
    for (what, found) in modem::examine(config, &modem::System(Path::new("/")), runs.is_some()) {
        say(what, found);
    }
    enrolled(config, &data, &mut say).await;
    for (what, found) in runs.iter().flat_map(standing) {
        say(what, found);
    }
    wrong
}

/// What `check` says.
fn configuration(config: &Gateway, say: &mut impl FnMut(&str, Found)) {
    let found = check::look(config);
    if found.wrong.is_empty() {
        say("configuration", Good("valid".to_owned()));
    }
    for wrong in found.wrong {
        say("configuration", Fail(wrong));
    }
    for doubtful in found.doubtful {
        say("configuration", Warn(doubtful));
    }
}

/// What the running daemon says of itself; `None` where none runs.
async fn running(data: &DataDir) -> Result<Option<serde_json::Value>, Found> {
    match control::ask(&data.control(), &Request::Standing).await {
        Ok(Some(Response::Ok(text))) => serde_json::from_str(&text).map(Some).map_err(|error| {
            Fail(format!(
                "its answer cannot be read ({error}); is another version running? restart it"
            ))
        }),
        Ok(Some(Response::Refused(why))) => Err(Fail(format!("runs, and says: {why}"))),
        Ok(None) => match data.lock() {
            Ok(_) => Ok(None),
            Err(FilesError::Locked(_)) => Err(Fail(
                "holds the data directory and does not answer; restart it, and look into its log".to_owned(),
            )),
            Err(error) => Err(Fail(format!("{error}; run this as the owner, or with sudo"))),
        },
        Err(error) => Err(Fail(format!("its control socket fails: {error}; restart it"))),
    }
}

fn disk(path: &Path) -> Found {
    // POSIX df -P: the second line, the fourth column, in units of 1024 bytes with -k.
    let output = Process::new("df").arg("-Pk").arg(path).output();
    let free = output.ok().and_then(|output| {
        let text = String::from_utf8(output.stdout).ok()?;
        text.lines().nth(1)?.split_whitespace().nth(3)?.parse::<u64>().ok()
    });
    match free {
        None => Warn("cannot tell how much is free; look with df -h".to_owned()),
        Some(free) if free < FREE_KIB_MIN => Fail(format!(
            "{} MB free: sales cannot be saved when it is full; free some space",
            free / 1_024
        )),
        Some(free) if free < FREE_KIB_WARN => Warn(format!("{} MB free; free some space soon", free / 1_024)),
        Some(free) => Good(format!("{} MB free", free / 1_024)),
    }
}

fn database(data: &DataDir) -> Found {
    if !data.database().exists() {
        return Warn("none yet; the first run makes it".to_owned());
    }
    let found = Database::open_read_only(&data.database()).and_then(|connection| {
        let is_sound = read::is_sound(&connection)?;
        Ok((is_sound, is_sound && store::is_rewrite_due(&connection)?))
    });
    match found {
        Ok((true, false)) => Good("sound".to_owned()),
        Ok((true, true)) => Warn(
            "sound, but its free pages may still hold phones and names in the clear; free as much space as it takes, \
             and restart the gateway: one of its next ten starts writes it anew"
                .to_owned(),
        ),
        Ok((false, _)) => Fail("damaged; replace the card or disk, then join again with --replace".to_owned()),
        Err(error) => Fail(format!(
            "{error}; replace the card or disk, then join again with --replace"
        )),
    }
}

fn serial(data: &DataDir) -> Found {
    let here = medium::serial(data.path());
    let bound = data
        .enrolment()
        .ok()
        .flatten()
        .map_or([0; 8], |enrolment| enrolment.medium);
    if bound != [0; 8] && bound != here {
        return Fail(
            "this is not the card or disk that joined, and a copy sells nothing; join again with --replace".to_owned(),
        );
    }
    if here == [0; 8] {
        return Warn(
            "has no serial: a copied card would not be noticed; a card or disk of its own is better".to_owned(),
        );
    }
    Good("has a serial".to_owned())
}

fn certificate(data: &DataDir) -> Found {
    let read = |name| data.read(name).ok().flatten();
    match (read("tls-cert.pem"), read("tls-key.pem")) {
        (None, None) => Warn("none yet; the first run makes it".to_owned()),
        (Some(chain), Some(_)) if CertificateDer::from_pem_slice(&chain).is_ok() => Good(format!(
            "there; dispensers trust {}",
            data.path().join("ca.pem").display()
        )),
        _ => {
            let path = data.path().display();
            Fail(format!(
                "{path}/tls-cert.pem or tls-key.pem cannot be read; remove both, start again, and give ca.pem to the dispensers"
            ))
        }
    }
}

/// Whether a port answers while the daemon runs, and is free while it does not.
async fn port(data: &DataDir, key: &str, address: SocketAddr, runs: bool) -> Found {
    if !runs {
        return match TcpListener::bind(address) {
            Ok(_) => Good(format!("{address} is free")),
            Err(error) => Fail(format!(
                "{address} cannot be had ({error}); stop what uses it, or set {key}"
            )),
        };
    }
    let served = served(data, key).unwrap_or(address);
    let reached = if served.ip().is_unspecified() {
        SocketAddr::new(
            if served.is_ipv4() {
                [127, 0, 0, 1].into()
            } else {
                [0, 0, 0, 0, 0, 0, 0, 1].into()
            },
            served.port(),
        )
    } else {
        served
    };
    match tokio::time::timeout(PORT_WITHIN, TcpStream::connect(reached)).await {
        Ok(Ok(_)) => Good(format!("{served} answers")),
        _ => Fail(format!(
            "{served} does not answer; restart the gateway, and look into its log"
        )),
    }
}

/// The address that is served for this key, which may have been chosen by the system.
fn served(data: &DataDir, key: &str) -> Option<SocketAddr> {
    let bytes = data.read("addresses.json").ok()??;
    let addresses: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    addresses[key.split('.').next()?].as_str()?.parse().ok()
}

async fn enrolled(config: &Gateway, data: &DataDir, say: &mut impl FnMut(&str, Found)) {
    let enrolment = match data.enrolment() {
        Ok(Some(enrolment)) => enrolment,
        Ok(None) => {
            let text = "not yet; at the hub run kisima-hub site add NAME, here kisima-gateway join HUB_URL CODE";
            return say("enrolment", Fail(text.to_owned()));
        }
        Err(error) => return say("enrolment", Fail(error.to_string())),
    };
    say(
        "enrolment",
        Good(format!("site {}, box {}", enrolment.site, enrolment.box_id)),
    );
    let named = config.hub_url.as_ref().map(|url| url.as_str().to_owned());
    say("hub", hub(&named.unwrap_or(enrolment.hub_url)).await);
}

async fn hub(url: &str) -> Found {
    let url = url.trim_end_matches('/');
    let away = "; water is sold all the same, and the hub hears of it later";
    match control::hub_health(url).await {
        Ok(()) => Good(format!("{url} answers")),
        Err(why) => Warn(format!(
            "{url}: {why}; look at the cable, the SIM and the address{away}"
        )),
    }
}

/// What the machine knows of itself.
fn standing(told: &serde_json::Value) -> Vec<(&'static str, Found)> {
    let number = |value: &serde_json::Value| value.as_u64().unwrap_or(0);
    let clock = match told["clock"]["trusted"].as_bool() {
        Some(true) => Good(format!(
            "{}, by {}",
            text(&told["clock"]["time"]),
            text(&told["clock"]["trust"])
        )),
        _ => Warn("nobody has confirmed it; set it on the page, or wait for the hub".to_owned()),
    };
    let link = match text(&told["link"]) {
        "up" => Good("up".to_owned()),
        _ => Warn("down; water is sold all the same".to_owned()),
    };
    let sells = match told["degraded"].as_bool() {
        _ if told["site"].is_null() => {
            Fail("nothing yet: it knows no customer, and no price, before it has joined its hub".to_owned())
        }
        Some(false) => Good("yes".to_owned()),
        _ => Fail("not now: it waits for the hub to give back its records; bring the link up".to_owned()),
    };
    let waiting: u64 = told["queue"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(_, count)| number(count))
        .sum();
    let queue = match (waiting, text(&told["link"])) {
        (0, _) => Good("the hub has everything".to_owned()),
        (_, "up") => Good(format!("{waiting} records are on their way")),
        // Texts carry money alone, so of them nobody expects the rest.
        _ if number(&told["queue"]["money"]) == 0 => Warn(format!(
            "the hub has every sale; {waiting} other records wait for the link"
        )),
        _ => Warn(format!("{waiting} records wait for the link; nothing is lost")),
    };
    let dispensers = told["dispensers"].as_array().cloned().unwrap_or_default();
    let away: Vec<&str> = dispensers
        .iter()
        .filter(|dispenser| dispenser["enabled"] == true && dispenser["online"] == false)
        .map(|dispenser| text(&dispenser["id"]))
        .collect();
    let dispensers = match (dispensers.len(), away.as_slice()) {
        (0, _) => Warn("none yet; kisima-gateway dispenser add ID".to_owned()),
        (count, []) => Good(format!("{count}, all heard")),
        (count, away) => Warn(format!(
            "{} of {count} not heard of late: {}; look at their power and Wi-Fi",
            away.len(),
            away.join(", ")
        )),
    };
    let mut found = vec![
        ("clock", clock),
        ("sells", sells),
        ("link", link),
        ("queue", queue),
        ("dispensers", dispensers),
    ];
    found.extend(modem::standing(told));
    found
}

fn text(value: &serde_json::Value) -> &str {
    value.as_str().unwrap_or("?")
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_box_sells_nothing_before_it_has_joined() {
        for (told, words) in [
            (json!({ "site": null, "degraded": false }), "FAIL nothing yet"),
            (json!({ "site": "kibera-3", "degraded": true }), "FAIL not now"),
            (json!({ "site": "kibera-3", "degraded": false }), "ok yes"),
        ] {
            let said = match standing(&told).into_iter().find(|(what, _)| *what == "sells") {
                Some((_, Good(said))) => format!("ok {said}"),
                Some((_, Fail(said))) => format!("FAIL {said}"),
                _ => panic!("{told}"),
            };
            assert!(said.starts_with(words), "{said}");
        }
    }

    #[test]
    fn what_texts_do_not_carry_is_told_apart_from_sales() {
        for (money, words) in [
            (3, "5 records wait for the link"),
            (0, "the hub has every sale; 2 other records"),
        ] {
            let told = json!({ "link": "down", "queue": { "money": money, "edits": 0, "alarms": 0, "telemetry": 2 } });
            let found = standing(&told).into_iter().find(|(what, _)| *what == "queue");
            let Some((_, Warn(said))) = found else {
                panic!("the link is down")
            };
            assert!(said.starts_with(words), "{said}");
        }
    }
}
