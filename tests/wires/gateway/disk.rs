//! The disk fills up: nothing is acknowledged that is not kept, and sales go on once there is room (RELIABILITY row 5).

use std::{collections::BTreeMap, fs, path::Path, process::Command};

use serde_json::{Value, json};
use world::{
    http::Api,
    mqtt::{Client, LIMIT},
    processes::{Folder, Program, wait_for},
};

use crate::{
    desk::Desk,
    site::{STOP_WITHIN, json as read},
};

/// A small file system that goes away with its owner. `None`, and a word why, where it cannot be made.
struct SmallDisk(Folder);

impl SmallDisk {
    fn mount(size: &str) -> Option<SmallDisk> {
        let folder = Folder::new("small-disk").unwrap();
        let options = format!("size={size}");
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", &options, "kisima-test"])
            .arg(folder.path())
            .output();
        match mounted {
            Ok(output) if output.status.success() => Some(SmallDisk(folder)),
            other => {
                println!("skipped: only root may mount a small disk here: {other:?}");
                None
            }
        }
    }

    fn path(&self) -> &Path {
        self.0.path()
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let unmounted = Command::new("umount").arg(self.path()).status();
        if !unmounted.is_ok_and(|status| status.success()) {
            eprintln!("{} stays mounted", self.path().display());
        }
    }
}

/// Room that is left for some pours.
const LEFT_BYTES: u64 = 512 << 10;

fn poured(request: &str) -> String {
    json!({"request": request, "volume_ml": 500, "pulses": 225, "duration_ms": 12_000, "outcome": "complete"})
        .to_string()
}

fn ask(request: &str) -> String {
    json!({"request": request, "user": "0700000102", "pin": "4071", "volume_ml": 500}).to_string()
}

/// Reports pours until no receipt comes any more; the request that got none.
async fn pour_until_full(tap: &mut Client, name: &str, receipts: &mut BTreeMap<String, Vec<u8>>) -> String {
    for number in 0..20_000 {
        let request = format!("{name}-{number}");
        tap.say("poured", poured(&request)).await.unwrap();
        // The ask right behind it is answered whether the disk is full or not, and after the receipt if there is one.
        tap.tell("ask", ask(&format!("{request}-a")), "answer").await.unwrap();
        let Some(receipt) = tap.heard_now("receipt") else {
            return request;
        };
        assert_eq!(read(&receipt.payload)["request"], request);
        receipts.insert(request, receipt.payload);
    }
    panic!("the disk never filled up");
}

#[tokio::test]
async fn a_full_disk_acknowledges_nothing_and_room_heals_it() {
    let Some(disk) = SmallDisk::mount("4m") else { return };
    let mut gateway = Program::gateway(&disk.path().join("gateway")).unwrap();
    // Its log has a disk of its own.
    let logs = Folder::new("full").unwrap();
    gateway.log_to(&logs.path().join("gateway.log"));
    gateway.set("mqtt.messages_per_second_max", "100000");
    gateway.start().await.unwrap();
    let desk = Desk::open().await;
    gateway.last_word(&["join", desk.url(), "kibera-3-CODE"]).await.unwrap();
    let secret = gateway.last_word(&["dispenser", "add", "tap-1"]).await.unwrap();
    let mut tap = Client::connect(gateway.address("mqtt").unwrap(), "tap-1", &secret, "")
        .await
        .unwrap();
    let mut receipts = BTreeMap::new();

    let filler = disk.path().join("filler");
    fill(&filler, LEFT_BYTES);
    let refused = pour_until_full(&mut tap, "full", &mut receipts).await;
    // A smaller record may still find its place; then nothing does.
    fill(&filler, 0);
    let mut asked = 0;
    let mut degraded = 0;
    while degraded < 5 {
        asked += 1;
        assert!(asked < 1_000, "the disk is never full");
        let answer = tap.tell("ask", ask(&format!("later-{asked}")), "answer").await.unwrap();
        degraded = if read(&answer)["reason"] == "gateway_degraded" {
            degraded + 1
        } else {
            0
        };
    }
    assert!(
        receipts.len() > 5,
        "{} receipts before the disk was full",
        receipts.len()
    );
    fs::remove_file(&filler).unwrap();
    // Not final: the same pour again is taken now, and so is the same ask.
    let receipt = tap.tell("poured", poured(&refused), "receipt").await.unwrap();
    receipts.insert(refused, receipt);
    let answer = tap.tell("ask", ask(&format!("later-{asked}")), "answer").await.unwrap();
    assert_eq!(read(&answer)["reason"], "unknown_customer");

    // Full again, and killed while it is.
    fill(&filler, LEFT_BYTES);
    let refused = pour_until_full(&mut tap, "again", &mut receipts).await;
    gateway.kill().unwrap();
    fs::remove_file(&filler).unwrap();
    gateway.start().await.unwrap();
    let mut tap = Client::connect(gateway.address("mqtt").unwrap(), "tap-1", &secret, "")
        .await
        .unwrap();
    for (request, receipt) in &receipts {
        let again = tap.tell("poured", poured(request), "receipt").await.unwrap();
        assert_eq!(&again, receipt, "{request}");
    }
    let receipt = tap.tell("poured", poured(&refused), "receipt").await.unwrap();
    let number = |receipt: &[u8]| read(receipt)["receipt"].as_str().unwrap().to_owned();
    assert!(
        receipts.values().all(|other| number(other) != number(&receipt)),
        "a number given twice"
    );
    gateway.stop(STOP_WITHIN).await.unwrap();
    wait_for("the disk is free", STOP_WITHIN, || {
        std::future::ready(gateway.id().is_none().then_some(()))
    })
    .await
    .unwrap();
}

/// What a loan that is asked for gets.
async fn loan(api: &Api, borrower: &str) -> (u16, Value) {
    let body = json!({"borrower": borrower, "lender": "0700000103", "amount_minor": 50_000, "repayment_minor": 5_000});
    let answer = api.post("/api/v1/loans", &body).await.unwrap();
    (answer.status, answer.body)
}

#[tokio::test]
async fn the_ballast_is_given_up_for_water_while_loans_wait() {
    let Some(disk) = SmallDisk::mount("112m") else { return };
    let mut gateway = Program::gateway(&disk.path().join("gateway")).unwrap();
    let logs = Folder::new("ballast").unwrap();
    gateway.log_to(&logs.path().join("gateway.log"));
    gateway.set("mqtt.messages_per_second_max", "100000");
    gateway.start().await.unwrap();
    let desk = Desk::open().await;
    gateway.last_word(&["join", desk.url(), "kibera-3-CODE"]).await.unwrap();
    let secret = gateway.last_word(&["dispenser", "add", "tap-1"]).await.unwrap();
    let token = gateway.last_word(&["token", "disk"]).await.unwrap();
    let api = Api::new(&gateway.url().unwrap()).unwrap().with_token(&token);
    let mut tap = Client::connect(gateway.address("mqtt").unwrap(), "tap-1", &secret, "")
        .await
        .unwrap();
    let ballast = disk.path().join("gateway").join("ballast");
    let is_whole = || fs::metadata(&ballast).is_ok_and(|file| file.len() == 16 << 20);
    wait_for("the ballast", LIMIT, async || is_whole().then_some(()))
        .await
        .unwrap();
    let person = json!({"phone": "0700000102", "name": "Jane", "pin": "4071"});
    let person = api
        .post("/api/v1/customers", &person)
        .await
        .unwrap()
        .expect(201)
        .unwrap();
    let borrower = person["id"].as_str().unwrap();
    assert_eq!(loan(&api, borrower).await.0, 202);

    let filler = disk.path().join("filler");
    fill(&filler, 6 << 20);
    let low = async |wanted: bool| {
        let status = api.get("/api/v1/status").await.ok()?.body;
        (status["disk"]["low"] == wanted && ballast.exists() != wanted).then_some(())
    };
    wait_for("the ballast is given up", LIMIT, async || low(true).await)
        .await
        .unwrap();
    let (status, refused) = loan(&api, borrower).await;
    assert_eq!((status, &refused["error"]["code"]), (507, &json!("disk_low")));
    tap.tell("poured", poured("in-its-place"), "receipt").await.unwrap();
    let answer = tap.tell("ask", ask("in-its-place-a"), "answer").await.unwrap();
    assert_ne!(read(&answer)["reason"], "gateway_degraded");

    fill(&filler, 0);
    let mut asked = 0;
    wait_for("nothing can be written", LIMIT, async || {
        asked += 1;
        let answer = tap.tell("ask", ask(&format!("full-{asked}")), "answer").await.ok()?;
        (read(&answer)["reason"] == "gateway_degraded").then_some(())
    })
    .await
    .unwrap();
    fs::remove_file(&filler).unwrap();
    // RELIABILITY row 5.
    let answer = tap.tell("ask", ask(&format!("full-{asked}")), "answer").await.unwrap();
    assert_ne!(read(&answer)["reason"], "gateway_degraded");
    wait_for("the ballast is back", LIMIT, async || low(false).await)
        .await
        .unwrap();
    assert_eq!(loan(&api, borrower).await.0, 202);
    gateway.stop(STOP_WITHIN).await.unwrap();
}

/// Takes what room there is, but for so much.
fn fill(path: &Path, leave: u64) {
    use std::io::Write as _;
    let mut file = fs::File::options().create(true).append(true).open(path).unwrap();
    let piece = [0; 4_096];
    while file.write_all(&piece).is_ok() {}
    let taken = file.metadata().unwrap().len();
    file.set_len(taken.saturating_sub(leave)).unwrap();
}
