//! `kisima-modem`: a pretend modem on a pty (CONTRACTS section 1).

use std::{
    fs,
    path::PathBuf,
    process::ExitCode,
    time::{SystemTime, UNIX_EPOCH},
};

use anyhow::{Context, bail};
use clap::Parser;
use config::WebAddress;
use tokio::signal::unix::{SignalKind, signal};
use world::command_line;
use world::modem::{
    Modem, Told,
    happening::Happening,
    network::Network,
    port::Port,
    profile::{PROFILES, Profile},
    script,
};

/// A pretend modem on a pty, for the demo, tests and gammu.
///
/// It answers AT commands, keeps texts on a pretend SIM, sends and receives them, knows USSD menus, and breaks as a
/// script tells it. What the SIM sends is printed, or goes to a sandbox (--network), which is then the network: its
/// phones get the SIM's texts and can text the SIM's number.
#[derive(Parser)]
#[command(version, after_long_help = SCRIPT)]
struct Arguments {
    /// Where the port shall be: a symlink to the pty, made anew when the modem was away.
    #[arg(long)]
    link: PathBuf,
    #[arg(long, value_name = "MODEL", default_value = "generic", value_parser = model, help = models_help())]
    profile: &'static Profile,
    /// What happens to it; see the end of --help for the language.
    #[arg(long)]
    script: Option<PathBuf>,
    /// The SIM's number, with plus and country code; a script may say another.
    #[arg(long, default_value = "+254700000900", value_parser = number)]
    number: String,
    /// The sandbox that is the network: the address that kisima-sandbox prints, such as http://127.0.0.1:9100; for USSD too
    /// where the script says "ussd network"
    #[arg(long, value_name = "ADDRESS", value_parser = address)]
    network: Option<WebAddress>,
    /// Under which name the sandbox's phone pages show the SIM.
    #[arg(long, default_value = "SIM of a site")]
    title: String,
}

/// The model of that name.
fn model(name: &str) -> Result<&'static Profile, String> {
    Profile::named(name).ok_or_else(|| format!("there are {}", models()))
}

/// All models, each with the profile by which a gateway drives it, where that has another name.
fn models() -> String {
    let named = PROFILES.map(|model| match model.driven_by() {
        same if same == model.name => same.to_owned(),
        driver => format!("{} (profile {driver})", model.name),
    });
    named.join(", ")
}

fn models_help() -> String {
    format!(
        "Which model it is: {}. A gateway's modem.profile names one of its profiles, and several models may share one",
        models()
    )
}

/// The number of a SIM, as a script may say it too.
fn number(text: &str) -> Result<String, String> {
    script::sim_number(text).map(str::to_owned)
}

fn address(text: &str) -> Result<WebAddress, &'static str> {
    text.parse()
        .map_err(|_| "it must be the address that kisima-sandbox prints, such as http://127.0.0.1:9100")
}

/// The language of scripts, for `--help`.
const SCRIPT: &str = r#"A script has a line for each thing that happens, at once or at a time:
  number +254700000900                    operator "Safaricom" 63902
  signal -97 | signal unknown             registration home|roaming|searching|denied|none
  pin 1234                                sim out | sim in
  places 5                                room for texts on the SIM
  at 5s receive +254700000101 "BALANCE"   5 s after the beginning
  after 2s receive MPESA "You have ..."   2 s after the line before
  receive-pdu 0791...                     a PDU as it is
  ussd *144# "Bal: Ksh 25.00"             what a code says; with answers below it, a menu:
  ussd *100# "1. Bundles"
  ussd *100# 1 "You have 50 MB"
  ussd network                            codes not listed are dialled at --network
  ussd delay 3s | ussd late               slow; the next answer never comes
  push "Hi" | push open "Hi"              the network begins a USSD session
  lose 10% | double 5%                    texts, each way
  cms 38 next | cms 38 always | cms off   texts are refused
  silent next | no-prompt next            the result of a text, or its prompt, never comes
  send delay 5s                           what the network takes for a text
  report delivered|failed|trying|none     what becomes of texts
  remove | plug | restart                 out of its port, into it, off and on
  mute | speak                            hears and says nothing; and again
  chatter 5s | chatter off                what its kind says all day
  garbage 60s | long-line 1000000         noise; one line of so many bytes
  line "^BOOT:1"                          it writes this
  answer "+CSQ" "+CSQ: 9,99"              another answer to a command; ERROR for an error
Times are 500ms, 5s, 2m. # begins a remark."#;

fn main() -> ExitCode {
    let arguments: Arguments = match command_line::arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kisima-modem: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let script = match &arguments.script {
        Some(path) => {
            let text = fs::read_to_string(path).with_context(|| format!("--script {}", path.display()))?;
            script::parse(&text).with_context(|| path.display().to_string())?
        }
        None => Vec::new(),
    };
    let number = script.iter().find_map(|(_, happening)| match happening {
        Happening::Number(number) => Some(number.clone()),
        _ => None,
    });
    let number = number.unwrap_or_else(|| arguments.number.clone());
    let shown = arguments.link.display();
    let folder = arguments.link.parent().filter(|folder| !folder.as_os_str().is_empty());
    if let Some(missing) = folder.filter(|folder| !folder.is_dir()) {
        bail!(
            "--link {shown}: there is no folder {}; make it first",
            missing.display()
        );
    }
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let network = match &arguments.network {
        Some(address) => Some(Network::join(address.as_str(), &number, &arguments.title).await?),
        None => None,
    };
    let since = SystemTime::now().duration_since(UNIX_EPOCH)?;
    let modem = Modem::new(arguments.profile, &number, i64::try_from(since.as_millis())?);
    let mut port = Port::start(modem, &arguments.link, script).with_context(|| format!("--link {shown}"))?;
    println!("{} of {number} at {shown}", arguments.profile.name);
    let serve = async {
        match network {
            Some(network) => network.serve(&mut port, |line| eprintln!("kisima-modem: {line}")).await,
            None => print(&mut port).await,
        }
    };
    tokio::select! {
        () = serve => bail!("the port broke"),
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

/// Without a network, what is told to it is printed.
async fn print(port: &mut Port) {
    while let Some(told) = port.told().await {
        match told {
            Told::Text { to, text } => println!("text to {to}: {text}"),
            Told::Dial(code) => println!("dialled: {code}"),
            Told::Type(_) => println!("typed in the session"),
            Told::HangUp => println!("hung up"),
        }
    }
}
