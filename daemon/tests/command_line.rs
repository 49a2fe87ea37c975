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

/// The lines of `doctor` about one thing.
fn line(said: &str, what: &str) -> String {
    let lines = said
        .lines()
        .filter(|line| line.get(6..).is_some_and(|rest| rest.starts_with(what)));
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn doctor_says_what_is_in_the_way_and_the_way_out() {
    let folder = std::env::temp_dir().join(format!("kisima-doctor-{}", std::process::id()));
    let data = folder.join("data").display().to_string();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let listen = format!("web.listen=\"{}\"", taken.local_addr().expect("its address"));
    let free = |key: &str| format!("{key}=\"127.0.0.1:0\"");
    let doctor = || {
        gateway(&[
            "--config",
            "/dev/null",
            "--data-dir",
            &data,
            "--set",
            &listen,
            "--set",
            &free("mqtt.listen"),
            "--set",
            &free("mqtts.listen"),
            "doctor",
        ])
    };
    let none = doctor();
    assert_eq!(none.status.code(), Some(1), "{}", said(&none));
    assert!(
        line(&said(&none), "data directory").starts_with("FAIL"),
        "{}",
        said(&none)
    );
    let set = gateway(&["--config", "/dev/null", "--data-dir", &data, "token", "test"]);
    assert_eq!(set.status.code(), Some(0), "{}", said(&set));

    let found = doctor();
    let told = said(&found);
    assert_eq!(found.status.code(), Some(1), "{told}");
    for (what, word, way) in [
        ("configuration", "ok", "valid"),
        ("data directory", "ok", &data),
        ("gateway", "warn", "systemctl start"),
        ("disk", "", "free"),
        ("database", "ok", "sound"),
        ("medium", "", "serial"),
        ("certificate", "warn", "the first run"),
        ("mqtt.listen", "ok", "free"),
        ("web.listen", "FAIL", "stop what uses it"),
        ("enrolment", "FAIL", "kisima-gateway join"),
    ] {
        let line = line(&told, what);
        assert!(line.starts_with(word) && line.contains(way), "{what}: {line}\n{told}");
    }
    assert!(told.contains("2 things are in the way"), "{told}");
    std::fs::write(folder.join("data/site.db"), [0xff; 8_192]).expect("the database is spoilt");
    assert!(line(&said(&doctor()), "database").starts_with("FAIL"));
    std::fs::remove_dir_all(&folder).expect("the folder goes away");
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

#[test]
fn check_and_doctor_say_the_same_of_the_modems_files_and_never_the_pin() {
    let folder = std::env::temp_dir().join(format!("kisima-check-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let data = folder.join("data").display().to_string();
    let pin = folder.join("sim.pin");
    std::fs::write(&pin, "40719999999").expect("a file");
    let told = |verb: &str, set: &[&str]| {
        let mut arguments = vec!["--config", "/dev/null", "--data-dir", &data];
        set.iter().for_each(|set| arguments.extend(["--set", set]));
        arguments.push(verb);
        let output = gateway(&arguments);
        assert!(!said(&output).contains("4071"), "{}", said(&output));
        (output.status.code(), said(&output))
    };
    let pin_file = format!("modem.sim_pin_file={}", pin.display());
    let bad = ["modem.profile=nokia", &pin_file, "modem.power_hook=/no/such/program"];
    let (status, checked) = told("check", &bad);
    assert_eq!(status, Some(78), "{checked}");
    let (_, examined) = told("doctor", &bad);
    for key in ["modem.profile: ", "modem.sim_pin_file: ", "modem.power_hook: "] {
        let start = format!("kisima-gateway: {key}");
        let line = checked.lines().find(|line| line.starts_with(&start));
        let line = line.unwrap_or_else(|| panic!("nothing of {key}{checked}"));
        let same = line.replacen("kisima-gateway:", "FAIL  configuration:", 1);
        assert!(examined.lines().any(|line| line == same), "{same}\n{examined}");
    }
    let odd = ["sync.texts_per_day=300"];
    let (status, checked) = told("check", &odd);
    assert_eq!(status, Some(0), "{checked}");
    assert!(
        checked.contains("kisima-gateway: mind: sync.texts_per_day is 300"),
        "{checked}"
    );
    let (_, examined) = told("doctor", &odd);
    assert!(
        examined.contains("warn  configuration: sync.texts_per_day is 300"),
        "{examined}"
    );
    std::fs::remove_dir_all(&folder).expect("the folder goes away");
}
