//! `kisima-demo`: a whole programme on this machine, and a running account of it (CONTRACTS section 2).
//!
//! The real hub, two real gateways with six simulated dispensers and a pretend modem each, and four pretend payment providers. With `DEMO_SECONDS` it stops
//! by itself and exits 0 only if both sides agree and nothing acknowledged was lost; without, it runs until ctrl-c.

mod people;
mod phone;
mod story;

use std::{
    env, fs,
    fs::File,
    path::{Path, PathBuf},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::{Context as _, bail};
use clap::Parser;
use kiosk::provider::Provider;
use serde_json::{Value, json};
use tokio::{
    signal::unix::{SignalKind, signal},
    time::{Instant, sleep_until},
};
use world::programme::{Programme, SERVICE_CODES, SiteModem, in_shillings};

use people::People;
use story::{Story, say};

/// The sites, and how many dispensers each has.
const SITES: [&str; 2] = ["kibera-1", "kibera-2"];
const DISPENSERS: usize = 6;
/// What a gateway is told besides where its modem is: sales are texted at once rather than together, and a day's texts are
/// enough for a demo that runs for hours.
const TEXTING: [(&str, &str); 4] = [
    ("sync.thin_linger", "\"2 s\""),
    ("sync.texts_per_day", "1000"),
    ("sms.parts_per_day", "2000"),
    ("sms.commands_per_day", "1000"),
];
/// How long before the end no new story begins, and how long the last one may take.
const LAST_STORY: Duration = Duration::from_secs(15);
/// How long both sides may take to agree at the end.
const AGREE_WITHIN: Duration = Duration::from_secs(30);
/// The phone of whoever watches. Its prompts wait for a PIN on its page.
const NEWCOMER: u64 = 254_712_345_678;
/// Exit status for a command line that cannot be understood.
const EXIT_USAGE: u8 = 64;

/// A whole programme of kiosks on this machine. DEMO_SECONDS=60 makes it stop by itself.
#[derive(Parser)]
#[command(version, name = "kisima-demo")]
struct Options {
    /// Where its data goes; emptied at the start. Without it: demo, in Cargo's target folder.
    #[arg(long)]
    folder: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> ExitCode {
    let options = match Options::try_parse() {
        Ok(options) => options,
        Err(error) => {
            // Asking for help is no misuse; a failure to print can be told nowhere.
            error.print().ok();
            return if error.use_stderr() {
                ExitCode::from(EXIT_USAGE)
            } else {
                ExitCode::SUCCESS
            };
        }
    };
    match run(options).await {
        Ok(code) => code,
        Err(error) => {
            eprintln!("kisima-demo: {error:#}");
            ExitCode::FAILURE
        }
    }
}

async fn run(options: Options) -> anyhow::Result<ExitCode> {
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let seconds = seconds()?;
    let folder = options.folder.map_or_else(own_folder, Ok)?;
    let _lock = empty(&folder)?;
    let played = tokio::select! {
        // Ctrl-c reaches the other programs too: what they then lack is no failure.
        biased;
        _ = terminate.recv() => None,
        _ = interrupt.recv() => None,
        played = play(&folder, seconds) => Some(played?),
    };
    // What was started ended with the play: whoever is interrupted in the midst of it takes its programs along.
    match played {
        Some(true) => Ok(ExitCode::SUCCESS),
        Some(false) => Ok(ExitCode::FAILURE),
        None => {
            say("Stopped. Everything that was started has ended.");
            Ok(ExitCode::SUCCESS)
        }
    }
}

/// `DEMO_SECONDS`, when set.
fn seconds() -> anyhow::Result<Option<u64>> {
    match env::var("DEMO_SECONDS") {
        Ok(text) if !text.is_empty() => {
            let seconds = text
                .parse()
                .with_context(|| format!("DEMO_SECONDS={text} is no number"))?;
            Ok(Some(seconds))
        }
        _ => Ok(None),
    }
}

fn own_folder() -> anyhow::Result<PathBuf> {
    let program = env::current_exe()?;
    let target = program
        .ancestors()
        .nth(2)
        .context("a program lies in target/debug or the like")?;
    Ok(target.join("demo"))
}

/// Empties the folder, unless another demo uses it. Only what a demo leaves there is removed.
fn empty(folder: &Path) -> anyhow::Result<File> {
    fs::create_dir_all(folder).with_context(|| folder.display().to_string())?;
    let lock = File::create(folder.join("lock"))?;
    if lock.try_lock().is_err() {
        bail!("{}: another demo runs there", folder.display());
    }
    let modems = SITES.map(|name| format!("{name}-modem"));
    let names = SITES.into_iter().chain(["hub", "sandbox"]);
    for name in names.chain(modems.iter().map(String::as_str)) {
        let path = folder.join(name);
        // A modem's port is no folder; the next one at its place removes it.
        if path.is_dir() {
            fs::remove_dir_all(&path).with_context(|| path.display().to_string())?;
        }
        let log = path.with_extension("log");
        if log.exists() {
            fs::remove_file(&log).with_context(|| log.display().to_string())?;
        }
    }
    Ok(lock)
}

/// Opens the programme, tells stories until time is up, and judges. Returns whether all is well.
async fn play(folder: &Path, seconds: Option<u64>) -> anyhow::Result<bool> {
    let started = Instant::now();
    let end = seconds.map(|seconds| started + Duration::from_secs(seconds));
    let titles = Provider::ALL.map(Provider::title).join(", ");
    say(&format!(
        "Starting pretend {titles} and Africa's Talking, the hub, and two sites with six dispensers and a modem each."
    ));
    let mut programme = Programme::texting(folder, &Provider::ALL, &in_shillings(&Provider::ALL)).await?;
    for provider in Provider::ALL {
        programme.behave(provider, json!({})).await?;
    }
    for name in SITES {
        programme.add_texting_site(folder, name, DISPENSERS, &TEXTING).await?;
    }
    addresses(&programme, folder).await?;
    let people = Arc::new(People::default());
    let mut crowd = people::crowd(&programme, &people).await?;
    let mut story = Story::new(people.clone());
    let mut told = 0;
    while end.is_none_or(|end| told == 0 || Instant::now() + LAST_STORY < end) {
        story.tell(&programme, told % SITES.len()).await?;
        told += 1;
        let pause = Instant::now() + Duration::from_secs(3);
        sleep_until(end.map_or(pause, |end| pause.min(end))).await;
    }
    say("Time is up: the dispensers finish what they are at, and the books are compared.");
    people.close();
    while let Some(ended) = crowd.join_next().await {
        ended??;
    }
    say(&format!("Litres paid in the stories: {}.", story.paid()));
    story.finish()?;
    for index in 0..SITES.len() {
        programme.agree(index, AGREE_WITHIN).await?;
    }
    let books = people.books();
    let findings = books.audit(&programme).await?;
    let texts = count_texts(&programme).await?;
    programme.stop().await?;
    let litres = books.volume_ml() / 1_000;
    say(&format!(
        "{} stories, {} sales of {litres} litres in all, {} of them with a link cut; {} s.",
        told,
        books.poured.len(),
        people.offline(),
        started.elapsed().as_secs()
    ));
    say(&texts);
    if findings.is_empty() {
        say("Both sides agree, and nothing that was acknowledged is lost.");
    } else {
        say(&format!("The books do not agree:\n{}", findings.join("\n")));
    }
    Ok(findings.is_empty())
}

/// How many texts came to people, and how many of them the sites sent by themselves.
async fn count_texts(programme: &Programme) -> anyhow::Result<String> {
    let sims: Vec<&SiteModem> = programme.sites.iter().filter_map(|site| site.modem.as_ref()).collect();
    let texts = programme.texts().await?;
    let is_sims = |text: &Value| sims.iter().any(|sim| text["phone"] == sim.number);
    let came = texts
        .iter()
        .filter(|text| text["from_phone"] == false && !is_sims(text));
    let (by_sites, by_hub): (Vec<_>, Vec<_>) =
        came.partition(|text| sims.iter().any(|sim| text["sender"] == sim.phone()));
    Ok(format!(
        "{} texts came to people's phones by the hub, and {} by the SIMs of the sites.",
        by_hub.len(),
        by_sites.len()
    ))
}

/// Where to look with a browser.
async fn addresses(programme: &Programme, folder: &Path) -> anyhow::Result<()> {
    let password = programme
        .hub
        .last_word(&["user", "add", "demo", "--role", "admin"])
        .await?;
    println!();
    println!(
        "  the hub       {}/   name demo, first password {password}",
        programme.hub.url()?
    );
    for site in &programme.sites {
        let password = site.gateway.last_word(&["manager", "reset", "demo"]).await?;
        println!(
            "  {}      {}/   name demo, first password {password}",
            site.name,
            site.gateway.url()?
        );
        if let Some(modem) = &site.modem {
            println!("                its SIM is {}", modem.phone());
        }
    }
    if let Some(sandbox) = &programme.sandbox {
        let url = sandbox.url()?;
        let own = format!("/control/{}/phones/{NEWCOMER}", Provider::Mpesa);
        let by_hand = json!({ "auto": false });
        programme.sandbox()?.post(&own, &by_hand).await?.expect(200)?;
        println!(
            "  a phone       {url}/phone/{NEWCOMER}   dial {} and walk the menus, or text a site's SIM",
            SERVICE_CODES[0].0
        );
        println!("  providers     {url}/   pretend: their control page and the customers' phones");
    }
    println!("  logs, data    {}", folder.display());
    println!();
    Ok(())
}
