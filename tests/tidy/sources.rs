//! What a source file may name.

use std::collections::BTreeSet;

use crate::{
    assert_none, places,
    tree::{File, Finding, names, rust_files},
};

/// A word that is not to stand in the program code under some paths, and why.
struct Forbidden {
    under: &'static [&'static str],
    words: &'static [&'static str],
    why: &'static str,
}

const FORBIDDEN: [Forbidden; 4] = [
    Forbidden {
        under: &["kiosk/src/", "sync/src/"],
        words: &[
            "tokio",
            "SystemTime",
            "Instant",
            "std::fs",
            "std::net",
            "std::env",
            "std::thread",
            "std::process",
        ],
        why: "rules and sync know no clock, no file, no network and no thread: take it as a value",
    },
    Forbidden {
        under: &["kiosk/src/", "sync/src/", "daemon/src/site", "cloud-hub/src/hub"],
        words: &["HashMap", "HashSet"],
        why: "its order differs from run to run: take the BTree one",
    },
    Forbidden {
        under: &["daemon/src/site", "cloud-hub/src/hub"],
        words: &["tokio", "SystemTime", "Instant", "std::net", "std::thread"],
        why: "the machine gets a moment and returns effects: that belongs to the runtime or an adapter",
    },
    Forbidden {
        under: &["modem/src/"],
        words: &["kiosk"],
        why: "the modem knows phones and text, nothing of water",
    },
];

/// A third-party crate and the only paths that may name it, tests included.
const ADDRESSES: [(&str, &[&str]); 7] = [
    ("rumqttd", &["daemon/src/adapters/dispensers"]),
    ("automerge", &["sync/src/document"]),
    ("serde_cbor", &["sync/src/"]),
    (
        "reqwest",
        &["cloud-hub/src/provider/http", "daemon/src/adapters/control", "tests/"],
    ),
    (
        "rusqlite",
        &[
            "store/",
            "daemon/src/site/store",
            "daemon/src/site/schema",
            "cloud-hub/src/hub/store",
            "cloud-hub/src/hub/schema",
            "cloud-hub/tests/",
            "tests/",
        ],
    ),
    ("rumqttc", &["tests/"]),
    ("thirtyfour", &["tests/"]),
];

/// These rules themselves: their samples name what they forbid.
const OWN: &str = "tests/tidy/";

fn forbidden_words(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in &FORBIDDEN {
        for file in files
            .iter()
            .filter(|file| rule.under.iter().any(|under| file.path.starts_with(under)))
        {
            for (line, code) in file.program_lines() {
                for word in rule.words.iter().filter(|word| names(code, word)) {
                    findings.push(Finding::new(&file.path, line, format!("`{word}`: {}", rule.why)));
                }
            }
        }
    }
    findings
}

/// Whether a line of code means the crate of that name: a path that begins with it, or its import.
fn means_crate(code: &str, name: &str) -> bool {
    code.match_indices(name).any(|(place, _)| {
        let (before, after) = (&code[..place], &code[place + name.len()..]);
        let begins = !before.ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == ':' || c == '"' || c == '.');
        begins
            && (after.starts_with("::")
                || before.trim_start().starts_with("use ") && after.starts_with([';', ' ', ',']))
    })
}

fn foreign_addresses(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (name, addresses) in ADDRESSES {
        let at_home = |file: &File| addresses.iter().any(|address| file.path.starts_with(address));
        for file in files
            .iter()
            .filter(|file| !at_home(file) && !file.path.starts_with(OWN))
        {
            let code = file
                .lines()
                .map(|(line, text)| (line, text.split("//").next().unwrap_or_default()));
            for (line, _) in code.filter(|(_, code)| means_crate(code, name)) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("`{name}` lives in {} only", addresses.join(", ")),
                ));
            }
        }
    }
    findings
}

/// The CBOR crate is to be replaced in one file some day (DESIGN section 3).
fn second_cbor_files(files: &[File]) -> Vec<Finding> {
    let users = files
        .iter()
        .filter(|file| !file.path.starts_with(OWN))
        .filter_map(|file| {
            let line = file
                .program_lines()
                .into_iter()
                .find(|(_, code)| means_crate(code, "serde_cbor"))?
                .0;
            Some((file, line))
        });
    let second = users.skip(1);
    second
        .map(|(file, line)| Finding::new(&file.path, line, "`serde_cbor` is named in more than one file"))
        .collect()
}

/// Adapters never import one another.
fn adapters_that_know_another(files: &[File]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for house in ["daemon/src/adapters/", "cloud-hub/src/adapters/"] {
        let inside = |file: &&File| file.path.starts_with(house);
        let room = |file: &File| {
            file.path[house.len()..]
                .split(['/', '.'])
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let rooms: BTreeSet<String> = files.iter().filter(inside).map(room).collect();
        for file in files.iter().filter(inside) {
            let own = room(file);
            let in_top_file = file.path == format!("{house}{own}.rs");
            for (line, code) in file.program_lines() {
                let imports = |other: &&String| {
                    let top = in_top_file && code.contains(&format!("super::{other}::"));
                    top || names(code, &format!("adapters::{other}"))
                        || code.contains(&format!("super::super::{other}::"))
                };
                for other in rooms.iter().filter(|other| **other != own).filter(imports) {
                    findings.push(Finding::new(
                        &file.path,
                        line,
                        format!("adapter {own} must not know adapter {other}"),
                    ));
                }
            }
        }
    }
    findings
}

fn module_files(files: &[File]) -> Vec<Finding> {
    let old = files.iter().filter(|file| file.path.ends_with("/mod.rs"));
    old.map(|file| Finding::new(&file.path, 1, "a module is name.rs beside name/, not mod.rs"))
        .collect()
}

#[test]
fn no_word_stands_where_it_is_forbidden() {
    assert_none("forbidden words", &forbidden_words(&rust_files()));
}

#[test]
fn a_clock_in_the_rules_is_found() {
    let sample = [
        File::new(
            "kiosk/src/a.rs",
            "// Instant\nuse std::time::Instant;\nlet instant = 1;\n",
        ),
        File::new(
            "sync/src/b.rs",
            "let x: HashMap<u8, u8>;\n#[cfg(test)]\nmod tests {\nuse std::fs;\n}\n",
        ),
        File::new("daemon/src/site/c.rs", "async fn f() { tokio::spawn(g()) }\n"),
        File::new("daemon/src/adapters/d.rs", "use tokio::net;\n"),
        File::new("modem/src/e.rs", "use kiosk::phone;\n"),
    ];
    let found = places(&forbidden_words(&sample));
    assert_eq!(
        found,
        [
            "kiosk/src/a.rs:2",
            "sync/src/b.rs:1",
            "daemon/src/site/c.rs:1",
            "modem/src/e.rs:1"
        ]
    );
}

#[test]
fn every_crate_keeps_to_its_address() {
    assert_none("addresses of crates", &foreign_addresses(&rust_files()));
}

#[test]
fn a_crate_away_from_its_address_is_found() {
    let sample = [
        File::new(
            "daemon/src/app.rs",
            "use rumqttd::Broker;\n// rumqttd::\nlet s = \"rumqttd::x\";\n",
        ),
        File::new("daemon/src/adapters/dispensers/router.rs", "use rumqttd::Broker;\n"),
        File::new(
            "sync/src/frame.rs",
            "let d = automerge::AutoCommit::new();\nlet c = serde_cbor::to_vec(&d);\n",
        ),
        File::new(
            "cloud-hub/src/hub.rs",
            "let r: rusqlite::Result<()>;\nuse rusqlite;\nmy_rusqlite::x();\n",
        ),
    ];
    let found = places(&foreign_addresses(&sample));
    assert_eq!(
        found,
        [
            "daemon/src/app.rs:1",
            "sync/src/frame.rs:1",
            "cloud-hub/src/hub.rs:1",
            "cloud-hub/src/hub.rs:2"
        ]
    );
}

#[test]
fn cbor_has_one_file() {
    assert_none("CBOR", &second_cbor_files(&rust_files()));
}

#[test]
fn a_second_file_with_cbor_is_found() {
    let sample = ["a", "b"].map(|name| {
        File::new(
            &format!("sync/src/{name}.rs"),
            "\nuse serde_cbor::Value;\nserde_cbor::x();\n",
        )
    });
    assert_eq!(places(&second_cbor_files(&sample)), ["sync/src/b.rs:2"]);
}

#[test]
fn adapters_do_not_know_one_another() {
    assert_none("adapters", &adapters_that_know_another(&rust_files()));
}

#[test]
fn an_adapter_that_knows_another_is_found() {
    let sample = [
        File::new(
            "daemon/src/adapters/web.rs",
            "use super::modem::Port;\nuse crate::adapters::web::page;\n",
        ),
        File::new(
            "daemon/src/adapters/modem/port.rs",
            "use crate::adapters::web::page;\nuse super::web::x;\n",
        ),
        File::new("daemon/src/app.rs", "use crate::adapters::{modem, web};\n"),
    ];
    let found = places(&adapters_that_know_another(&sample));
    assert_eq!(
        found,
        ["daemon/src/adapters/web.rs:1", "daemon/src/adapters/modem/port.rs:1"]
    );
}

#[test]
fn modules_are_named_after_themselves() {
    assert_none("modules", &module_files(&rust_files()));
}

#[test]
fn a_module_in_the_old_form_is_found() {
    assert_eq!(
        places(&module_files(&[File::new("kiosk/src/talk/mod.rs", "")])),
        ["kiosk/src/talk/mod.rs:1"]
    );
}
