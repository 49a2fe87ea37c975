//! The program as a person or a unit file starts it: exit codes and what is said (CONTRACTS section 1).
//!
//! This test also has Cargo build `kisima-hub` itself for `cargo test`, which the tests of the wires start.

use std::process::{Command, Output};

fn hub(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisima-hub"));
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("KISIMA_") {
            command.env_remove(name);
        }
    }
    command.args(arguments).output().expect("the program runs")
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&[output.stdout.clone(), output.stderr.clone()].concat()).into_owned()
}

#[test]
fn a_command_line_that_cannot_be_understood_ends_with_64() {
    for arguments in [
        &["pour"][..],
        &["run", "--nonsense"],
        &[],
        &["backup"],
        &["site", "add"],
    ] {
        let output = hub(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", said(&output));
    }
    assert_eq!(hub(&["--help"]).status.code(), Some(0));
    assert_eq!(hub(&["--version"]).status.code(), Some(0));
}

#[test]
fn a_bad_configuration_ends_with_78_and_all_its_problems() {
    let folder = std::env::temp_dir().join(format!("kisima-hub-command-line-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("bad.toml");
    std::fs::write(&file, "[web]\nlisten = \"nowhere\"\nnonsense = 1\n").expect("a file");
    let (config, data) = (file.display().to_string(), folder.join("data").display().to_string());
    for verb in ["check", "run", "show"] {
        let set = "payments.queries_max=\"many\"";
        let arguments = ["--config", &config, "--data-dir", &data, "--set", set, verb];
        let output = hub(&arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(78), "{verb}: {said}");
        for key in ["web.listen", "web.nonsense", "payments.queries_max"] {
            assert!(said.contains(key), "{verb} does not name {key}: {said}");
        }
    }
    std::fs::write(&file, "").expect("a file");
    let output = hub(&["--config", &config, "--data-dir", &data, "check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    std::fs::remove_dir_all(&folder).expect("the folder goes away");
}
