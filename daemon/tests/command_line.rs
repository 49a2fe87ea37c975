//! The program as a person or a unit file starts it: exit codes and what is said (CONTRACTS section 1).
//!
//! This test also has Cargo build `kisima-gateway` itself for `cargo test`, which the tests of the wires start.

use std::process::{Command, Output};

fn gateway(arguments: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisima-gateway"));
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
        &["join"],
        &["dispenser", "add"],
    ] {
        let output = gateway(arguments);
        assert_eq!(output.status.code(), Some(64), "{arguments:?}: {}", said(&output));
    }
    assert_eq!(gateway(&["--help"]).status.code(), Some(0));
    assert_eq!(gateway(&["--version"]).status.code(), Some(0));
}

#[test]
fn a_bad_configuration_ends_with_78_and_all_its_problems() {
    let folder = std::env::temp_dir().join(format!("kisima-command-line-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let file = folder.join("bad.toml");
    std::fs::write(&file, "[mqtt]\nlisten = \"nowhere\"\nnonsense = 1\n").expect("a file");
    let (config, data) = (file.display().to_string(), folder.join("data").display().to_string());
    for verb in ["check", "run", "show"] {
        let set = "mqtt.messages_per_second_max=\"many\"";
        let arguments = ["--config", &config, "--data-dir", &data, "--set", set, verb];
        let output = gateway(&arguments);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(78), "{verb}: {said}");
        for key in ["mqtt.listen", "mqtt.nonsense", "mqtt.messages_per_second_max"] {
            assert!(said.contains(key), "{verb} does not name {key}: {said}");
        }
    }
    std::fs::write(&file, "").expect("a file");
    let output = gateway(&["--config", &config, "--data-dir", &data, "check"]);
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    std::fs::remove_dir_all(&folder).expect("the folder goes away");
}
