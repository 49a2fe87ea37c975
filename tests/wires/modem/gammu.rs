//! gammu, which has met more modems than anybody, uses the program as one of them: where it stumbles, the pretence is
//! wrong.

use std::{
    fs,
    path::PathBuf,
    process::{Child, Command, Output, Stdio},
};

use world::processes::{Folder, wait_for};

use crate::WITHIN;

/// The program with a script, and gammu's settings for its port.
struct Bench {
    folder: Folder,
    modem: Child,
    said: PathBuf,
}

impl Bench {
    async fn new(profile: &str, script: &str) -> Bench {
        let folder = Folder::new("gammu").expect("a folder");
        let at = |name: &str| folder.path().join(name);
        fs::write(at("script"), script).expect("a script");
        let link = at("ttyModem");
        let settings = format!("[gammu]\ndevice = {}\nconnection = at115200\n", link.display());
        fs::write(at("gammurc"), settings).expect("settings");
        let said = at("said");
        let modem = Command::new(env!("CARGO_BIN_EXE_kisima-modem"))
            .args(["--profile", profile, "--link"])
            .arg(&link)
            .arg("--script")
            .arg(at("script"))
            .stdin(Stdio::null())
            .stdout(fs::File::create(&said).expect("a file"))
            .spawn()
            .expect("kisima-modem starts");
        let bench = Bench { folder, modem, said };
        wait_for("the port", WITHIN, async || link.exists().then_some(()))
            .await
            .expect("kisima-modem opens its port");
        bench
    }

    fn gammu(&self, words: &[&str]) -> Output {
        let mut gammu = Command::new("gammu");
        gammu.arg("-c").arg(self.folder.path().join("gammurc")).args(words);
        gammu
            .stdin(Stdio::null())
            .env("LANG", "C.UTF-8")
            .output()
            .expect("gammu is installed: make setup")
    }

    /// What it prints, when it succeeds.
    fn told(&self, words: &[&str]) -> String {
        let output = self.gammu(words);
        let (told, complaint) = (
            String::from_utf8_lossy(&output.stdout),
            String::from_utf8_lossy(&output.stderr),
        );
        assert!(
            output.status.success(),
            "gammu {words:?}: {}\n{told}\n{complaint}",
            output.status
        );
        told.into_owned()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if let Err(error) = self.modem.kill().and_then(|()| self.modem.wait()) {
            eprintln!("kisima-modem: {error}");
        }
    }
}

#[tokio::test]
async fn gammu_knows_what_it_is() {
    for (profile, manufacturer) in [
        ("generic", "Kisima"),
        ("sim7600", "SIMCOM"),
        ("ec25", "Quectel"),
        ("e173", "Huawei"),
    ] {
        let bench = Bench::new(profile, "").await;
        let told = bench.told(&["identify"]);
        let lines = told.to_lowercase();
        assert!(lines.contains(&manufacturer.to_lowercase()), "{profile}: {told}");
        assert!(
            told.contains("860000000000007") && told.contains("63902"),
            "{profile}: {told}"
        );
    }
}

#[tokio::test]
async fn gammu_reads_what_came() {
    let long = "Umelipa KSh 300 kwa Kisima. ".repeat(12);
    let script = format!(
        "receive +254700000101 \"BALANCE\"\nreceive MPESA \"{long}\"\nreceive +254700000102 \"Zoë {{ok}} €5 ሰላም\"\n"
    );
    for profile in ["sim7600", "e173"] {
        let bench = Bench::new(profile, &script).await;
        let told = bench.told(&["geteachsms"]);
        for expected in ["BALANCE", "MPESA", long.trim(), "Zoë {ok} €5 ሰላም", "+254700000102"] {
            assert!(told.contains(expected), "{profile}: no {expected} in\n{told}");
        }
        bench.told(&["deletesms", "1", "1"]);
        assert!(!bench.told(&["geteachsms"]).contains("BALANCE"), "{profile}");
    }
}

#[tokio::test]
async fn gammu_sends_texts() {
    for profile in ["ec25", "e3372"] {
        let bench = Bench::new(profile, "").await;
        let long = "Maji safi kila siku. ".repeat(10);
        for text in ["STATUS", &long] {
            bench.told(&[
                "sendsms",
                "TEXT",
                "+254700000101",
                "-autolen",
                "500",
                "-report",
                "-text",
                text,
            ]);
            let expected = format!("text to +254700000101: {}", text.trim_end());
            let said = || {
                fs::read_to_string(&bench.said)
                    .is_ok_and(|said| said.contains(&expected))
                    .then_some(())
            };
            let found = wait_for("the text in the network", WITHIN, async || said()).await;
            found.unwrap_or_else(|error| panic!("{profile}: {error}: {:?}", fs::read_to_string(&bench.said)));
        }
    }
}

#[tokio::test]
async fn gammu_dials() {
    let bench = Bench::new("generic", "ussd *144# \"Bal: Ksh 25.00\"\n").await;
    let told = bench.told(&["getussd", "*144#"]);
    assert!(told.contains("Bal: Ksh 25.00"), "{told}");
}
