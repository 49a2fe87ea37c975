//! The program as an operator and a service manager meet it.

use std::{
    path::Path,
    process::{Child, Command, Output, Stdio},
};

use serde_json::Value;

use crate::{
    house::Folder,
    http::{eventually, send},
};

pub fn program(folder: &Folder, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisima-hub"));
    let empty = folder.0.join("hub.toml");
    std::fs::write(&empty, "").unwrap();
    command
        .args([
            "--config".as_ref(),
            empty.as_os_str(),
            "--data-dir".as_ref(),
            folder.0.join("data").as_os_str(),
        ])
        .args(["--set", "web.listen=127.0.0.1:0"])
        .args(arguments);
    command
}

pub async fn run(folder: &Folder, arguments: &[&str]) -> Output {
    let mut command = program(folder, arguments);
    tokio::task::spawn_blocking(move || command.output().unwrap())
        .await
        .unwrap()
}

pub fn last_word(output: &Output) -> String {
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    text.lines()
        .next_back()
        .and_then(|line| line.split(' ').next_back())
        .unwrap()
        .to_owned()
}

/// A hub that is ended with its test, whatever happens.
pub struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if self.0.try_wait().unwrap().is_none() {
            self.0.kill().unwrap();
            self.0.wait().unwrap();
        }
    }
}

pub async fn start(folder: &Folder) -> (Running, std::net::SocketAddr) {
    let addresses = folder.0.join("data/addresses.json");
    let child = Running(program(folder, &["run"]).stderr(Stdio::null()).spawn().unwrap());
    let web = eventually("addresses.json is there", || async {
        let text = std::fs::read(&addresses).ok()?;
        let web = serde_json::from_slice::<Value>(&text).ok()?["web"].as_str()?.to_owned();
        (web != "left over").then(|| web.parse().unwrap())
    })
    .await;
    (child, web)
}

pub async fn stop(mut running: Running) {
    let id = running.0.id().to_string();
    assert!(Command::new("kill").args(["-TERM", &id]).status().unwrap().success());
    let status = eventually("the program ends", || {
        let status = running.0.try_wait().unwrap();
        async move { status }
    })
    .await;
    assert_eq!(status.code(), Some(0));
}

fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

#[tokio::test]
async fn it_starts_answers_subcommands_and_stops() {
    let folder = Folder::new();
    let data = folder.0.join("data");
    std::fs::create_dir_all(&data).unwrap();
    std::fs::write(data.join("addresses.json"), r#"{"web":"left over"}"#).unwrap();
    let (running, web) = start(&folder).await;
    assert_eq!(mode(&data.join("control.sock")), 0o600);
    assert_eq!(mode(&data.join("keys/master")), 0o600);
    let second = run(&folder, &["run"]).await;
    assert_eq!(second.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&second.stderr).contains("runs already"));
    let code = last_word(
        &run(
            &folder,
            &["site", "add", "kibera", "--title", "Kibera", "--valid", "1 h"],
        )
        .await,
    );
    assert!(code.starts_with("kibera-") && code.len() == 17, "{code}");
    let token = last_word(&run(&folder, &["token", "checks", "--role", "viewer"]).await);
    let bearer = format!("Bearer {token}");
    let sites = send(web, "GET", "/api/v1/sites", &[("authorization", &bearer)], b"").await;
    assert_eq!(sites.json()["items"][0]["title"], "Kibera");
    let password = last_word(&run(&folder, &["user", "add", "maria", "--role", "admin"]).await);
    let origin = format!("http://{web}");
    let form = format!("name=maria&password={password}");
    let login = send(web, "POST", "/login", &[("origin", &origin)], form.as_bytes()).await;
    assert_eq!(login.header("location"), Some("/password"));
    let bad_role = run(&folder, &["token", "checks", "--role", "king"]).await;
    assert_eq!(bad_role.status.code(), Some(1));
    stop(running).await;
    assert!(!data.join("addresses.json").exists() && !data.join("control.sock").exists());
    assert!(!data.join("hub.db-wal").exists(), "the log is folded into the file");
}

#[tokio::test]
async fn the_doctor_minds_what_is_doubtful_and_does_not_call_it_wrong() {
    let folder = Folder::new();
    run(&folder, &["site", "add", "kibera"]).await;
    let doctor = run(&folder, &["--set", "webhooks.allow_unsigned=true", "doctor"]).await;
    let told = String::from_utf8(doctor.stdout.clone()).unwrap();
    assert!(
        told.contains("mind   configuration: webhooks.allow_unsigned is on"),
        "{told}"
    );
    assert!(doctor.status.success(), "{doctor:?}");
}

#[tokio::test]
async fn the_doctor_tells_by_which_way_texts_leave() {
    let folder = Folder::new();
    run(&folder, &["site", "add", "kibera"]).await;
    for (settings, words) in [
        (&[][..], "sms.via: provider: no text leaves"),
        (
            &["sms.via=sites"],
            "sms.via: sites: texts leave by the SIM of their customer's home site (every site",
        ),
        (&["sms.via=sites", "sms.sites=[\"kibera\"]"], "home site (kibera)"),
    ] {
        let mut words_of: Vec<&str> = settings.iter().flat_map(|setting| ["--set", setting]).collect();
        words_of.push("doctor");
        let doctor = run(&folder, &words_of).await;
        let told = String::from_utf8_lossy(&doctor.stdout);
        assert!(told.contains(words), "{words}: {told}");
    }
}

#[tokio::test]
async fn subcommands_work_on_a_hub_that_does_not_run() {
    let folder = Folder::new();
    let code = last_word(&run(&folder, &["site", "add", "kibera"]).await);
    assert!(code.starts_with("kibera-"), "{code}");
    assert!(run(&folder, &["audit", "verify"]).await.status.success());
    assert!(run(&folder, &["doctor"]).await.status.success());
    let backup = folder.0.join("backup.db");
    let file = backup.to_str().unwrap();
    assert!(run(&folder, &["backup", file]).await.status.success());
    assert_eq!(mode(&backup), 0o600);
    assert_eq!(
        run(&folder, &["backup", file]).await.status.code(),
        Some(1),
        "nothing is overwritten"
    );
    last_word(&run(&folder, &["site", "add", "mathare"]).await);
    assert!(run(&folder, &["restore", file]).await.status.success());
    // No box shows what is missing here, and the side log is as long as before.
    last_word(&run(&folder, &["token", "first", "--role", "viewer"]).await);
    let side = std::fs::read_to_string(folder.0.join("data/side.log")).unwrap();
    assert_eq!(side, "generation 1 @0\n", "a restore raises the generation, once");
    let (running, web) = start(&folder).await;
    let token = last_word(&run(&folder, &["token", "checks", "--role", "viewer"]).await);
    let bearer = format!("Bearer {token}");
    let sites = send(web, "GET", "/api/v1/sites", &[("authorization", &bearer)], b"").await;
    assert_eq!(sites.json()["items"].as_array().unwrap().len(), 1);
    assert_eq!(
        run(&folder, &["restore", file]).await.status.code(),
        Some(1),
        "not while it runs"
    );
    stop(running).await;
    std::fs::remove_file(folder.0.join("data/keys/master")).unwrap();
    let keyless = run(&folder, &["run"]).await;
    assert_eq!(keyless.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&keyless.stderr).contains("put it back"));
}

#[tokio::test]
async fn what_cannot_be_used_is_told_by_the_exit_code() {
    let folder = Folder::new();
    for (arguments, code) in [
        (vec!["check"], 0),
        (vec!["show"], 0),
        (vec!["--set", "web.lisen=1", "check"], 78),
        (vec!["--set", "storage.url=postgres://hub@db/hub", "run"], 78),
        (vec!["--set", "web.listen=nowhere", "run"], 78),
        (vec!["frobnicate"], 64),
        (vec!["reconcile"], 64),
        (vec!["site", "add"], 64),
        (vec!["--help"], 0),
    ] {
        let output = run(&folder, &arguments).await;
        assert_eq!(output.status.code(), Some(code), "{arguments:?}: {output:?}");
    }
}
