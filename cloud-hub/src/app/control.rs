//! The socket through which subcommands ask a running hub: one line of JSON there, one line back. It lies in the data
//! directory with mode 0600, so whoever can open it is the owner.

mod command;

use std::{io, os::unix::fs::PermissionsExt, path::Path, sync::Arc, time::Duration};

use runtime::stop::Stop;
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    sync::Semaphore,
    task::JoinSet,
    time::timeout,
};

pub use command::{BookedLine, Command, Heard};

use super::data_dir::{self, DataDir, DataDirError};
use crate::{
    desk::Desk,
    hub::{
        effect::{Refusal, RefusalKind, Response},
        input::Actor,
    },
};

/// The longest line.
const LINE_BYTES_MAX: u64 = 16 * 1_024;
/// How long one exchange may take.
const WITHIN: Duration = Duration::from_secs(30);
/// How many subcommands may ask at once.
const ASKERS_MAX: usize = 8;

/// Serves the socket until the end.
pub fn serve(data_dir: &DataDir, desk: Desk, stop: Stop, adapters: &mut JoinSet<()>) -> Result<(), DataDirError> {
    let path = data_dir.control_socket();
    // The lock is ours, so a socket that lies there is of a program that is gone.
    data_dir::remove(&path)?;
    let listener = bind(&path).map_err(|error| DataDirError::Io(path, error))?;
    let room = Arc::new(Semaphore::new(ASKERS_MAX));
    adapters.spawn(async move {
        let mut under_way = JoinSet::new();
        loop {
            let accepted = tokio::select! {
                accepted = listener.accept() => accepted,
                () = stop.stopped() => break,
            };
            let (stream, _) = match accepted {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "control socket");
                    continue;
                }
            };
            let (desk, room) = (desk.clone(), Arc::clone(&room));
            under_way.spawn(async move {
                let Ok(_permit) = room.acquire().await else { return };
                match timeout(WITHIN, answer(stream, &desk)).await {
                    Ok(Ok(())) => {}
                    Ok(Err(error)) => tracing::debug!(%error, "control socket"),
                    Err(_) => tracing::debug!("a subcommand took too long"),
                }
            });
            while under_way.try_join_next().is_some() {}
        }
        while under_way.join_next().await.is_some() {}
    });
    Ok(())
}

/// Binds under another name first, so that the socket is never there with wider rights.
fn bind(path: &Path) -> io::Result<UnixListener> {
    let new = path.with_extension("new");
    if let Err(error) = std::fs::remove_file(&new)
        && error.kind() != io::ErrorKind::NotFound
    {
        return Err(error);
    }
    let listener = UnixListener::bind(&new)?;
    std::fs::set_permissions(&new, std::fs::Permissions::from_mode(0o600))?;
    std::fs::rename(&new, path)?;
    Ok(listener)
}

async fn answer(stream: UnixStream, desk: &Desk) -> io::Result<()> {
    let (reader, mut writer) = stream.into_split();
    let mut line = String::new();
    BufReader::new(reader.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
    let heard = match serde_json::from_str::<Command>(&line) {
        Ok(command) => Heard::from(asked(desk, command).await),
        Err(error) => Heard::Refused(format!("the running hub is of another version: {error}")),
    };
    writer
        .write_all(format!("{}\n", serde_json::to_string(&heard)?).as_bytes())
        .await?;
    writer.shutdown().await
}

async fn asked(desk: &Desk, command: Command) -> Result<Response, Refusal> {
    desk.ask(Actor::Owner, None, command.request()?).await
}

/// Asks the hub that runs on this data directory.
pub async fn ask(data_dir: &DataDir, command: &Command) -> io::Result<Heard> {
    let exchange = async {
        let (reader, mut writer) = UnixStream::connect(data_dir.control_socket()).await?.into_split();
        let line = serde_json::to_string(command)?;
        writer.write_all(format!("{line}\n").as_bytes()).await?;
        let mut line = String::new();
        BufReader::new(reader.take(LINE_BYTES_MAX)).read_line(&mut line).await?;
        Ok(serde_json::from_str(&line)?)
    };
    match timeout(WITHIN, exchange).await {
        Ok(heard) => heard,
        Err(_) => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            "the running hub does not answer",
        )),
    }
}

/// A refusal as a subcommand of the machine's own process meets it.
pub fn unavailable() -> Refusal {
    Refusal::new(
        RefusalKind::Unavailable,
        "unavailable",
        "nothing was changed: the database failed",
    )
}
