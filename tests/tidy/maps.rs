//! README.md and ARCHITECTURE.md name what is there, and every room of the house.

use std::collections::BTreeSet;

use crate::{
    assert_none, places,
    tree::{File, Finding, files},
};

const MAPS: [&str; 2] = ["README.md", "ARCHITECTURE.md"];

/// Endings by which a name without a folder is known for a file of this repository.
const ENDINGS: [&str; 6] = [".rs", ".toml", ".md", ".py", ".sh", ".service"];

/// The folders at the top of the tree.
fn rooms(files: &[File]) -> BTreeSet<&str> {
    files
        .iter()
        .filter_map(|file| file.path.split_once('/'))
        .map(|(room, _)| room)
        .collect()
}

/// What a map names on a line: code spans, and inside a fence the first word.
fn named(fenced: bool, line: &str) -> Vec<&str> {
    match fenced {
        true => line.split_whitespace().next().into_iter().collect(),
        false => line.split('`').skip(1).step_by(2).collect(),
    }
}

/// The names that mean a path of this repository, without a slash at the end.
fn as_path<'a>(name: &'a str, rooms: &BTreeSet<&str>) -> Option<&'a str> {
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '/');
    if name.is_empty() || name.starts_with('/') || !name.chars().all(plain) {
        return None;
    }
    let in_room = name.split_once('/').is_some_and(|(room, _)| rooms.contains(room));
    let folder = name.ends_with('/') && name.matches('/').count() == 1;
    (in_room || folder || ENDINGS.iter().any(|ending| name.ends_with(ending))).then(|| name.trim_end_matches('/'))
}

fn exists(path: &str, files: &[File]) -> bool {
    let (inside, last) = (format!("{path}/"), format!("/{path}"));
    files.iter().any(|file| {
        let name = file.path.as_str();
        name == path || name.starts_with(&inside) || name.ends_with(&last) || name.contains(&format!("/{inside}"))
    })
}

fn maps(files: &[File]) -> Vec<Finding> {
    let rooms = rooms(files);
    let mut missing = rooms.clone();
    let mut findings = Vec::new();
    let maps: Vec<&File> = files.iter().filter(|file| MAPS.contains(&file.path.as_str())).collect();
    for map in &maps {
        let mut fenced = false;
        for (line, text) in map.lines() {
            if text.trim_start().starts_with("```") {
                fenced = !fenced;
                continue;
            }
            for path in named(fenced, text).into_iter().filter_map(|name| as_path(name, &rooms)) {
                missing.remove(path.split('/').next().unwrap_or_default());
                if !exists(path, files) {
                    findings.push(Finding::new(&map.path, line, format!("{path} does not exist")));
                }
            }
        }
    }
    if let Some(map) = maps.last() {
        let rooms = missing
            .iter()
            .map(|room| Finding::new(&map.path, 1, format!("{room}/ is on no map")));
        findings.extend(rooms);
    }
    findings
}

#[test]
fn maps_name_what_is_there() {
    assert_none("maps", &maps(&files()));
}

#[test]
fn a_map_that_lies_is_found() {
    let readme = "See `kiosk/src/lib.rs`, `kiosk/src/gone.rs` and `kisima/v1/ID/ask`.\n```\nsync/   words\nmodem/  gone\n```\n`gone.toml` `lib.rs`\n";
    let sample = [
        File::new("README.md", readme),
        File::new("kiosk/src/lib.rs", ""),
        File::new("sync/src/lib.rs", ""),
        File::new("store/src/lib.rs", ""),
    ];
    let findings = maps(&sample);
    assert_eq!(
        places(&findings),
        ["README.md:1", "README.md:4", "README.md:6", "README.md:1"]
    );
    assert_eq!(findings[3].what, "store/ is on no map");
}
