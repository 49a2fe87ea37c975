//! Which crate may stand on which. The compiler holds these walls once the manifests are right; this reads manifests.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use serde_json::Value;

use crate::{
    assert_none, places,
    tree::{File, Finding, files, root},
};

/// The crates of this house, and the ones of it each may use, in any kind of dependency.
const HOUSE: [(&str, &[&str]); 9] = [
    ("kisima-kiosk", &[]),
    ("kisima-sync", &["kisima-kiosk"]),
    ("kisima-store", &["kisima-kiosk", "kisima-sync"]),
    ("kisima-modem", &[]),
    ("kisima-runtime", &["kisima-kiosk"]),
    ("kisima-config", &["kisima-kiosk"]),
    (
        "kisima-gateway",
        &[
            "kisima-kiosk",
            "kisima-sync",
            "kisima-store",
            "kisima-modem",
            "kisima-runtime",
            "kisima-config",
        ],
    ),
    (
        "kisima-hub",
        &[
            "kisima-kiosk",
            "kisima-sync",
            "kisima-store",
            "kisima-runtime",
            "kisima-config",
        ],
    ),
    (
        "kisima-tests",
        &[
            "kisima-kiosk",
            "kisima-sync",
            "kisima-store",
            "kisima-modem",
            "kisima-runtime",
            "kisima-config",
            "kisima-gateway",
            "kisima-hub",
        ],
    ),
];

/// What must not come in by any door, however many crates it passes through.
const NEVER: [(&str, &[&str]); 3] = [
    ("kisima-kiosk", &["tokio", "rusqlite", "libsqlite3-sys"]),
    ("kisima-sync", &["tokio", "rusqlite", "libsqlite3-sys"]),
    ("kisima-modem", &["kisima-kiosk", "rusqlite", "libsqlite3-sys"]),
];

/// Checks what `cargo metadata --no-deps` says against [`HOUSE`].
fn house(metadata: &Value) -> Vec<Finding> {
    let mut findings = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        let name = package["name"].as_str().unwrap_or_default();
        let Some((_, allowed)) = HOUSE.iter().find(|(known, _)| *known == name) else {
            findings.push(Finding::new(
                "Cargo.toml",
                1,
                format!("{name} has no place in tests/tidy/walls.rs"),
            ));
            continue;
        };
        for dependency in package["dependencies"].as_array().into_iter().flatten() {
            let other = dependency["name"].as_str().unwrap_or_default();
            if other.starts_with("kisima-") && !allowed.contains(&other) {
                let path = package["manifest_path"].as_str().unwrap_or_default();
                findings.push(Finding::new(path, 1, format!("{name} must not stand on {other}")));
            }
        }
    }
    findings
}

/// Checks the lock file's graph against [`NEVER`]; dev-dependencies count.
fn never(lock: &File) -> Vec<Finding> {
    let parsed: toml::Table = lock.text.parse().expect("Cargo.lock is TOML");
    let mut graph: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for package in parsed["package"].as_array().into_iter().flatten() {
        let dependencies = package
            .get("dependencies")
            .and_then(toml::Value::as_array)
            .into_iter()
            .flatten();
        // "name" or "name version": versions of one name are taken together.
        let names = dependencies.filter_map(|entry| entry.as_str()?.split(' ').next());
        graph
            .entry(package["name"].as_str().unwrap_or_default())
            .or_default()
            .extend(names);
    }
    let mut findings = Vec::new();
    for (name, forbidden) in NEVER {
        let mut reached = BTreeMap::from([(name, name)]);
        let mut open = vec![name];
        while let Some(from) = open.pop() {
            for to in graph.get(from).into_iter().flatten() {
                if !reached.contains_key(to) {
                    reached.insert(to, from);
                    open.push(to);
                }
            }
        }
        for bad in forbidden.iter().filter(|bad| reached.contains_key(*bad)) {
            let line = lock
                .lines()
                .find(|(_, line)| *line == format!("name = \"{bad}\""))
                .map_or(1, |(line, _)| line);
            findings.push(Finding::new(
                &lock.path,
                line,
                format!("{name} reaches {bad} through {}", reached[bad]),
            ));
        }
    }
    findings
}

/// Every member inherits the workspace's lints, and takes every version from the workspace.
fn manifest(file: &File) -> Vec<Finding> {
    let parsed: toml::Table = file.text.parse().expect("a manifest is TOML");
    let mut findings = Vec::new();
    let inherits = parsed
        .get("lints")
        .and_then(|lints| lints.get("workspace"))
        .and_then(toml::Value::as_bool);
    if inherits != Some(true) {
        findings.push(Finding::new(&file.path, 1, "lacks [lints] workspace = true"));
    }
    for section in ["dependencies", "dev-dependencies", "build-dependencies"] {
        for (name, value) in parsed
            .get(section)
            .and_then(toml::Value::as_table)
            .into_iter()
            .flatten()
        {
            if value.get("workspace").and_then(toml::Value::as_bool) != Some(true) {
                let line = file
                    .lines()
                    .find(|(_, line)| line.starts_with(name.as_str()))
                    .map_or(1, |(line, _)| line);
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("{name}: its version belongs into /Cargo.toml"),
                ));
            }
        }
    }
    findings
}

#[test]
fn crates_stand_only_on_those_below_them() {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let output = Command::new(cargo)
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo metadata prints JSON");
    assert_eq!(
        metadata["packages"].as_array().map_or(0, Vec::len),
        HOUSE.len(),
        "a crate of HOUSE is gone"
    );
    assert_none("walls between crates", &house(&metadata));
}

#[test]
fn a_hole_in_a_wall_is_found() {
    let metadata = serde_json::json!({"packages": [
        {"name": "kisima-hub", "manifest_path": "cloud-hub/Cargo.toml",
         "dependencies": [{"name": "kisima-sync"}, {"name": "serde"}, {"name": "kisima-gateway"}]},
        {"name": "kisima-modem", "manifest_path": "modem/Cargo.toml", "dependencies": [{"name": "kisima-kiosk"}]},
        {"name": "kisima-new", "manifest_path": "new/Cargo.toml", "dependencies": []},
    ]});
    assert_eq!(
        places(&house(&metadata)),
        ["cloud-hub/Cargo.toml:1", "modem/Cargo.toml:1", "Cargo.toml:1"]
    );
}

#[test]
fn rules_and_sync_reach_no_runtime_and_no_database() {
    let lock = files()
        .into_iter()
        .find(|file| file.path == "Cargo.lock")
        .expect("the lock file is committed");
    assert_none("what must not come in", &never(&lock));
}

#[test]
fn what_comes_in_by_a_back_door_is_found() {
    let text = "[[package]]\nname = \"kisima-sync\"\ndependencies = [\"helper 1.0.0\"]\n[[package]]\nname = \"helper\"\n\
                dependencies = [\"tokio\"]\n[[package]]\nname = \"tokio\"\n";
    let findings = never(&File::new("Cargo.lock", text));
    assert_eq!(places(&findings), ["Cargo.lock:8"]);
    assert_eq!(findings[0].what, "kisima-sync reaches tokio through helper");
}

#[test]
fn members_inherit_lints_and_versions() {
    let manifests = files().into_iter().filter(|file| file.path.ends_with("/Cargo.toml"));
    let findings: Vec<Finding> = manifests.flat_map(|file| manifest(&file)).collect();
    assert_none("manifests", &findings);
}

#[test]
fn a_manifest_of_its_own_mind_is_found() {
    let text =
        "[package]\nname = \"x\"\n[dependencies]\nserde = \"1\"\ntoml.workspace = true\nhex = { version = \"0.4\" }\n";
    assert_eq!(
        places(&manifest(&File::new("x/Cargo.toml", text))),
        ["x/Cargo.toml:1", "x/Cargo.toml:6", "x/Cargo.toml:4"]
    );
    let good = "[lints]\nworkspace = true\n[dependencies]\nserde = { workspace = true }\n";
    assert!(manifest(&File::new("x/Cargo.toml", good)).is_empty());
}
