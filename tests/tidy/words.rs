//! Marks of unfinished work, paths of somebody's machine, files that grew too long.

use std::env;

use crate::{
    assert_none, places,
    tree::{File, Finding, files, names, root},
};

/// The longest a source file may be; one that passes 400 is asking to be two (STYLE).
const LINES_MAX: usize = 450;

/// Marks of unfinished work, in two parts so that this file does not hold them.
const MARKS: [(&str, &str); 6] = [
    ("TO", "DO"),
    ("FIX", "ME"),
    ("XX", "X"),
    ("db", "g!"),
    ("unimplem", "ented!"),
    ("to", "do!"),
];

/// Homes of people, and hosts that a mirror or an offline machine replaces.
const ELSEWHERE: [(&str, &str); 7] = [
    ("/ho", "me/"),
    ("/Us", "ers/"),
    ("/ro", "ot/"),
    ("crat", "es.io"),
    ("registry.npm", "js"),
    ("py", "pi.org"),
    ("deb.deb", "ian.org"),
];

fn marks(files: &[File]) -> Vec<Finding> {
    let marks = MARKS.map(|(head, tail)| format!("{head}{tail}"));
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (line, text) in file.lines() {
            let found = marks.iter().filter(|mark| match mark.ends_with('!') {
                true => names(text, mark) && file.path.ends_with(".rs"),
                false => names(text, mark),
            });
            findings.extend(
                found.map(|mark| Finding::new(&file.path, line, format!("{mark}: do it, or say it elsewhere"))),
            );
        }
    }
    findings
}

/// `own` are paths of the machine the test runs on.
fn elsewhere(files: &[File], own: &[String]) -> Vec<Finding> {
    let mut words: Vec<String> = ELSEWHERE.iter().map(|(head, tail)| format!("{head}{tail}")).collect();
    words.extend(own.iter().filter(|path| path.len() > 5).cloned());
    let mut findings = Vec::new();
    for file in files.iter().filter(|file| file.path != "Cargo.lock") {
        for (line, text) in file.lines() {
            if let Some(word) = words.iter().find(|word| text.contains(word.as_str())) {
                findings.push(Finding::new(
                    &file.path,
                    line,
                    format!("{word} belongs to one machine or one registry"),
                ));
            }
        }
    }
    findings
}

fn too_long(files: &[File]) -> Vec<Finding> {
    let length = |file: &File| file.text.lines().count();
    let long = files
        .iter()
        .filter(|file| file.path.ends_with(".rs") && length(file) > LINES_MAX);
    long.map(|file| Finding::new(&file.path, length(file), format!("longer than {LINES_MAX} lines")))
        .collect()
}

#[test]
fn nothing_is_left_unfinished() {
    assert_none("marks", &marks(&files()));
}

#[test]
fn a_mark_is_found() {
    let text = MARKS.map(|(head, tail)| format!("x {head}{tail} y\n")).concat();
    let places = places(&marks(&[File::new("a.rs", &text), File::new("b.md", &text)]));
    assert_eq!(
        places,
        [
            "a.rs:1", "a.rs:2", "a.rs:3", "a.rs:4", "a.rs:5", "a.rs:6", "b.md:1", "b.md:2", "b.md:3"
        ]
    );
    assert!(marks(&[File::new("a.rs", "AUTODOC todo PREFIXMENU")]).is_empty());
}

#[test]
fn nothing_names_one_machine() {
    let variables = ["HOME", "CARGO_HOME", "RUSTUP_HOME"];
    let mut own: Vec<String> = variables.iter().filter_map(|name| env::var(name).ok()).collect();
    own.push(root().display().to_string());
    assert_none("paths and hosts", &elsewhere(&files(), &own));
}

#[test]
fn a_machine_is_found() {
    let text = ELSEWHERE.map(|(head, tail)| format!("x{head}{tail}y\n")).concat();
    assert_eq!(elsewhere(&[File::new("a.sh", &text)], &[]).len(), ELSEWHERE.len());
    let own = ["/srv/builds/kisima".to_owned(), "/".to_owned()];
    assert_eq!(
        places(&elsewhere(&[File::new("a.sh", "/a\ncd /srv/builds/kisima/x\n")], &own)),
        ["a.sh:2"]
    );
}

#[test]
fn no_file_is_too_long() {
    assert_none("length", &too_long(&files()));
}

#[test]
fn a_long_file_is_found() {
    let long = "x\n".repeat(LINES_MAX + 1);
    assert_eq!(
        places(&too_long(&[File::new("a.rs", &long), File::new("b.rs", &long[2..])])),
        ["a.rs:451"]
    );
}
