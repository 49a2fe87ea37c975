//! Every file that a running site keeps on its card, but the key: no phone, no name (RELIABILITY row 27).

use std::{fs, path::Path, time::Duration};

use serde_json::json;
use world::{
    processes::Folder,
    programme::{Programme, within},
};

const AGREE_WITHIN: Duration = Duration::from_secs(30);
const KEY: &str = "vault.key";

/// Names of the files in a folder that hold a word.
fn holding(folder: &Path, word: &str) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        if name == KEY || !entry.file_type().unwrap().is_file() {
            continue;
        }
        let bytes = fs::read(entry.path()).unwrap();
        if bytes.windows(word.len()).any(|window| window == word.as_bytes()) {
            names.push(name);
        }
    }
    names
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_card_without_its_key_names_nobody() {
    let folder = Folder::new("sealed").unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    let site = programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    programme.credit(&jane, 100_000).await.unwrap();
    programme.agree(site, AGREE_WITHIN).await.unwrap();
    let mut tap = programme.sites[site].tap(0);
    let sale = tap.buy(jane.ask("sealed", 20_000), None, within(15)).await.unwrap();
    assert_eq!(sale.receipt.as_ref().unwrap().balance_ml, Some(80_000));
    let api = programme.sites[site].api().await.unwrap();
    let body = json!({"phone": "+254 711 222 333", "name": "Amina Otieno", "pin": "4829"});
    api.post("/api/v1/customers", &body).await.unwrap().expect(201).unwrap();
    programme.agree(site, AGREE_WITHIN).await.unwrap();

    let data = programme.sites[site].gateway.data().to_owned();
    assert!(!holding(&data, "tap-").is_empty() || !holding(&data, "kibera-3").is_empty());
    for word in [
        "700000102",
        "711222333",
        "711 222 333",
        "Jane",
        "Smith",
        "Amina",
        "Otieno",
    ] {
        assert_eq!(holding(&data, word), Vec::<String>::new(), "{word}");
    }
    programme.stop().await.unwrap();
    for word in ["700000102", "711222333", "Jane", "Smith", "Amina", "Otieno"] {
        assert_eq!(holding(&data, word), Vec::<String>::new(), "{word}, after a clean end");
    }
}
