//! `kisima-modem` as a person starts it: what is mistyped is told with the way out, before there is a port.

use std::{fs, net::TcpListener, process::Stdio, time::Duration};

use tokio::{process::Command, time::timeout};
use world::{
    modem::profile::PROFILES,
    processes::{Folder, wait_for},
    proxy::{Proxy, Weather},
    sandbox::Sandbox,
};

use crate::WITHIN;

/// How long it may take to say what is mistyped, on a busy machine.
const ENDS_WITHIN: Duration = Duration::from_secs(30);

fn kisima_modem() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kisima-modem"));
    command.stdin(Stdio::null()).kill_on_drop(true);
    command
}

/// With which status it ended, and what it said; what goes on serving is ended and has no status.
async fn run(words: &[&str]) -> (Option<i32>, String) {
    let Ok(output) = timeout(ENDS_WITHIN, kisima_modem().args(words).output()).await else {
        return (None, "it serves".to_owned());
    };
    let output = output.unwrap();
    let said = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8_lossy(&said).into_owned())
}

/// A port of this box at which nobody listens any more.
fn closed() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    format!("http://{}", listener.local_addr().unwrap())
}

#[tokio::test]
async fn what_is_mistyped_is_told_with_the_way_out() {
    let folder = Folder::new("modem-words").unwrap();
    let at = |name: &str| folder.path().join(name).display().to_string();
    let (link, taken, script) = (at("port"), at("taken"), at("script"));
    fs::write(&taken, "somebody's").unwrap();
    fs::write(&script, "signal -97\nnumber 0700000900\n").unwrap();
    let closed = closed();
    let (address, whole) = (
        "the address that kisima-sandbox prints, such as http://127.0.0.1:9100",
        "plus and country code, such as +254700000900",
    );
    let mut odd = Vec::new();
    for (words, status, expected) in [
        (
            &["--profile", "huawei"][..],
            64,
            &["e173 (profile huawei)", "e3372 (profile huawei)"][..],
        ),
        (
            &["--profile", "sim7670"],
            64,
            &["sim7670g (profile sim7670)", "sim7600,"],
        ),
        (&["--number", "abc"], 64, &["\"abc\"", whole]),
        (&["--number", "0700000900"], 64, &[whole]),
        (&["--number", ""], 64, &[whole]),
        (&["--number", "+254700000900000000"], 64, &[whole]),
        (&["--network", "foo"], 64, &["'foo'", address]),
        (&["--network", "127.0.0.1:9100"], 64, &[address]),
        (&["--network", "http://"], 64, &[address]),
        (
            &["--network", &closed],
            1,
            &["kisima-modem: no sandbox answers at ", &closed, "start kisima-sandbox"],
        ),
        (&["--script", "/no/such/script"], 1, &["--script /no/such/script: "]),
        (&["--script", &script], 1, &["script line 2: ", whole]),
    ] {
        let (ended, said) = run(&[&["--link", &link], words].concat()).await;
        let is_said = expected.iter().all(|expected| said.contains(expected));
        if ended != Some(status) || !is_said || fs::exists(&link).unwrap() {
            odd.push(format!("{words:?}: {ended:?} {said}"));
        }
    }
    for (link, expected) in [
        (
            "/no/such/folder/port",
            "there is no folder /no/such/folder; make it first",
        ),
        (&taken, "something is there that is no symlink"),
    ] {
        let (ended, said) = run(&["--link", link]).await;
        if (ended, said.as_str()) != (Some(1), &format!("kisima-modem: --link {link}: {expected}\n")) {
            odd.push(format!("{link}: {ended:?} {said}"));
        }
    }
    assert!(odd.is_empty(), "{}", odd.join("\n"));
}

/// The models and the profiles have other names; which belong together, the driver says.
#[tokio::test]
async fn the_help_says_by_which_profile_each_model_is_driven() {
    let (_, help) = run(&["--help"]).await;
    let help = help.split_whitespace().collect::<Vec<_>>().join(" ");
    let models = "generic, sim7600, sim7670g (profile sim7670), ec25, e173 (profile huawei), e3372 (profile huawei)";
    assert!(help.contains(models) && help.contains("modem.profile"), "{help}");
    for model in PROFILES {
        assert!(
            modem::profile::by_name(model.driven_by()).is_some(),
            "{}: {}",
            model.name,
            model.driven_by()
        );
    }
}

#[tokio::test]
async fn a_sandbox_that_goes_away_is_told_once_and_so_is_its_return() {
    let sandbox = Sandbox::start(tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap()).unwrap();
    let between = Proxy::start().await.unwrap();
    between.lead_to(sandbox.address());
    let folder = Folder::new("modem-away").unwrap();
    let (link, told) = (folder.path().join("port"), folder.path().join("told"));
    let mut modem = kisima_modem()
        .arg("--link")
        .arg(&link)
        .args(["--network", &between.url()])
        .stdout(Stdio::null())
        .stderr(fs::File::create(&told).unwrap())
        .spawn()
        .unwrap();
    wait_for("the port", WITHIN, async || link.exists().then_some(()))
        .await
        .unwrap();
    for (weather, end) in [
        (Weather::Cut, "texts are lost until it is back\n".to_owned()),
        (Weather::Open, format!("the sandbox at {} is back\n", between.url())),
    ] {
        between.set(weather);
        let says = async || fs::read_to_string(&told).unwrap().ends_with(&end).then_some(());
        wait_for(&end, WITHIN, says).await.unwrap();
        // It goes on asking, and says no more.
        let asked = between.connections();
        let asks = async || (weather == Weather::Open || between.connections() >= asked + 3).then_some(());
        wait_for("more of its questions", WITHIN, asks).await.unwrap();
    }
    modem.kill().await.unwrap();
    assert_eq!(fs::read_to_string(&told).unwrap().lines().count(), 2);
    sandbox.stop().await;
}
