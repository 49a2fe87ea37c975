//! How a box becomes a site, and who does not (PROTOCOL rule 1, RELIABILITY row 36).

use std::time::Duration;

use world::{
    processes::{Folder, Program},
    programme::Programme,
};

/// Wrong tries that leave a code good; the next one voids it (CONTRACTS section 1).
const WRONG_TRIES: usize = 5;

struct Scene {
    programme: Programme,
    folder: Folder,
}

impl Scene {
    async fn open() -> Scene {
        let folder = Folder::new("join").unwrap();
        let programme = Programme::open(folder.path(), false, &[]).await.unwrap();
        Scene { programme, folder }
    }

    async fn code(&self, site: &str) -> String {
        self.programme.hub.last_word(&["site", "add", site]).await.unwrap()
    }

    async fn gateway(&self, name: &str) -> Program {
        let mut gateway = Program::gateway(&self.folder.path().join(name)).unwrap();
        gateway.start().await.unwrap();
        gateway
    }

    async fn join(&self, gateway: &Program, code: &str, rest: &[&str]) -> (bool, String) {
        let url = self.programme.door.url();
        let output = gateway.run(&[&["join", &url, code], rest].concat()).await.unwrap();
        let said = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(said).unwrap())
    }
}

/// The same code with another last character.
fn wrong(code: &str, turn: usize) -> String {
    let letters: Vec<char> = "0123456789ABCDEFGHJKMNPQRSTVWXYZ".chars().collect();
    let last = code.chars().next_back().unwrap();
    let other = letters
        .iter()
        .cycle()
        .skip(turn)
        .find(|letter| !letter.eq_ignore_ascii_case(&last));
    let mut code = code.to_owned();
    code.pop();
    code.push(*other.unwrap());
    code
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_code_joins_one_box_once() {
    let scene = Scene::open().await;
    let code = scene.code("kibera-3").await;
    assert!(code.starts_with("kibera-3"), "{code}");
    let gateway = scene.gateway("first").await;
    let (joined, said) = scene.join(&gateway, &code, &[]).await;
    assert!(joined && said.contains("kibera-3"), "{said}");
    scene
        .programme
        .online("kibera-3", Duration::from_secs(5))
        .await
        .unwrap();

    let second = scene.gateway("second").await;
    let (joined, said) = scene.join(&second, &code, &[]).await;
    assert!(!joined, "a code is good once: {said}");
    let (joined, said) = scene.join(&gateway, &code, &[]).await;
    assert!(!joined && said.contains("--replace"), "a box is one site: {said}");
    scene
        .programme
        .online("kibera-3", Duration::from_secs(5))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_sixth_wrong_try_voids_a_code() {
    let scene = Scene::open().await;
    let (patient, hasty) = (scene.code("patient").await, scene.code("hasty").await);
    let gateway = scene.gateway("box").await;
    for turn in 0..WRONG_TRIES {
        assert!(!scene.join(&gateway, &wrong(&patient, turn), &[]).await.0);
        assert!(!scene.join(&gateway, &wrong(&hasty, turn), &[]).await.0);
    }
    assert!(!scene.join(&gateway, &wrong(&hasty, WRONG_TRIES), &[]).await.0);
    let (joined, said) = scene.join(&gateway, &hasty, &[]).await;
    assert!(!joined, "six wrong tries void it: {said}");
    let (joined, said) = scene.join(&gateway, &patient, &[]).await;
    assert!(joined, "five do not: {said}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_replaced_box_is_refused_and_the_new_one_sells_what_is_left() {
    let scene = Scene::open().await;
    let (mut programme, folder) = (scene.programme, scene.folder);
    let site = programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    programme.credit(&jane, 50_000).await.unwrap();
    programme.agree(site, Duration::from_secs(10)).await.unwrap();
    let mut tap = programme.sites[site].tap(0);
    tap.buy(jane.ask("old", 20_000), None, world::programme::within(15))
        .await
        .unwrap();
    programme.agree(site, Duration::from_secs(10)).await.unwrap();

    let code = programme.hub.last_word(&["site", "replace", "kibera-3"]).await.unwrap();
    let mut gateway = Program::gateway(&folder.path().join("new")).unwrap();
    gateway.start().await.unwrap();
    let output = gateway
        .run(&["join", &programme.door.url(), &code, "--replace"])
        .await
        .unwrap();
    assert!(output.status.success(), "{output:?}");
    let secret = gateway.last_word(&["dispenser", "add", "tap-1"]).await.unwrap();
    let address = tokio::sync::watch::channel(Some(gateway.address("mqtt").unwrap())).1;
    let mut new = world::tap::Tap::new("tap-1", &secret, address);
    let limit = world::programme::within(15);
    for number in 0.. {
        let sale = new
            .buy(jane.ask(&format!("new-{number}"), 20_000), None, limit)
            .await
            .unwrap();
        if let Some(receipt) = sale.receipt {
            assert_eq!(receipt.balance_ml, Some(10_000));
            break;
        }
    }
    // The retired one has heard that it is.
    let denied = async {
        for number in 0.. {
            let sale = tap
                .buy(jane.ask(&format!("late-{number}"), 10), Some(0), limit)
                .await
                .unwrap();
            if !sale.answer.approved {
                return sale.answer.reason;
            }
        }
        unreachable!("the loop has no other end")
    };
    assert_eq!(denied.await, "gateway_degraded");
}
