//! `kisima-sandbox`: pretend payment providers with a control page and a phone page (CONTRACTS section 1).

use std::{fs, io, net::SocketAddr, path::PathBuf, process::ExitCode};

use anyhow::Context;
use clap::Parser;
use tokio::{
    net::TcpListener,
    signal::unix::{SignalKind, signal},
};
use world::{command_line, sandbox::Sandbox};

/// Pretend payment providers, and a network of phones, for the demo, tests and a newcomer's first hour.
///
/// It prints its control page, which says what the hub's settings are to be. Each number has a phone there,
/// /phone/254700000102: it dials, texts, and pays. kisima-modem puts a SIM into the network.
#[derive(Parser)]
#[command(version)]
struct Arguments {
    /// Where to listen; port 0 lets the system choose.
    #[arg(long, default_value = "127.0.0.1:0")]
    listen: SocketAddr,
    /// Where addresses.json goes; made when it is not there.
    #[arg(long)]
    data_dir: PathBuf,
}

fn main() -> ExitCode {
    let arguments: Arguments = match command_line::arguments() {
        Ok(arguments) => arguments,
        Err(code) => return code,
    };
    match run(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("kisima-sandbox: {error:#}");
            ExitCode::FAILURE
        }
    }
}

#[tokio::main]
async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let addresses = arguments.data_dir.join("addresses.json");
    fs::create_dir_all(&arguments.data_dir).with_context(|| format!("{}", arguments.data_dir.display()))?;
    match fs::remove_file(&addresses) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{}", addresses.display()));
        }
        _ => {}
    }
    // Before the socket, so that nobody can ask us to stop before we listen for it.
    let (mut terminate, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    let listener = TcpListener::bind(arguments.listen)
        .await
        .with_context(|| format!("cannot listen on {}", arguments.listen))?;
    let sandbox = Sandbox::start(listener)?;
    let ready = addresses.with_extension("json.new");
    let web = sandbox.address().to_string();
    fs::write(&ready, serde_json::json!({ "web": web }).to_string())
        .and_then(|()| fs::rename(&ready, &addresses))
        .with_context(|| format!("{}", addresses.display()))?;
    println!("control page: http://{web}/");
    tokio::select! {
        _ = terminate.recv() => {}
        _ = interrupt.recv() => {}
    }
    sandbox.stop().await;
    Ok(())
}
