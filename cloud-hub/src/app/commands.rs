//! The subcommands: through the running hub where there is one, else by the lock and the machine itself.

use std::{
    fs,
    io::{self, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail};
use runtime::{clock::Clock, dice::Dice, machine::run_batch};
use store::{Database, journal::SqlLogs};
use sync::doubt::hub_mark_restored;

use super::{
    control::{self, Command, Heard},
    data_dir::{self, DataDir, DataDirError, Lock},
    database_path, open, providers,
    side_file::whole_lines,
};
use crate::hub::{
    Hub,
    effect::{Effect, Refusal, Response},
    input::{Actor, Input, ReplyId, Request},
    side::heads_noted,
    store::{MIGRATIONS, read},
};

/// `site …`, `token`: asks the machine and tells what it said.
pub async fn ask(config: &config::Hub, command: Command) -> anyhow::Result<()> {
    let heard = asked(config, command).await?;
    match heard.told() {
        Ok(text) => tell(&text),
        Err(why) => bail!(why),
    }
}

/// Prints a line.
pub(super) fn tell(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}").context("standard output")
}

/// Asks the machine: the running one, else one of our own.
pub(super) async fn asked(config: &config::Hub, command: Command) -> anyhow::Result<Heard> {
    let data_dir = DataDir::new(&config.storage.data_dir);
    data_dir.make()?;
    let lock = match data_dir.lock() {
        Ok(lock) => lock,
        Err(DataDirError::Held(_)) => {
            return control::ask(&data_dir, &command)
                .await
                .with_context(|| format!("{}", data_dir.control_socket().display()));
        }
        Err(error) => return Err(error.into()),
    };
    let mut hub = open(config, &data_dir, &lock)?.hub;
    let heard = match command.request() {
        Ok(request) => Heard::from(alone(&mut hub, request)?),
        Err(refusal) => Heard::Refused(refusal.message),
    };
    hub.database().checkpoint()?;
    Ok(heard)
}

/// One request to a machine that nobody else has. Other effects are not carried out: the next run of the hub finds
/// what is due in its database.
fn alone(hub: &mut Hub, request: Request) -> anyhow::Result<Result<Response, Refusal>> {
    let (clock, mut dice) = (Clock::of_server(), Dice::from_system()?);
    let asked = Input::Asked {
        reply: ReplyId(0),
        by: Actor::Owner,
        key: None,
        request: Box::new(request),
    };
    let moment = clock.stamp(&mut dice);
    let effects = run_batch(
        hub,
        [(moment, asked)],
        |fault| tracing::error!(%fault, "nothing was changed"),
    );
    let answer = effects.into_iter().find_map(|effect| match effect {
        Effect::Reply { answer, .. } => Some(answer),
        _ => None,
    });
    Ok(answer.unwrap_or_else(|| Err(control::unavailable())))
}

/// `backup FILE`: a copy of the last commit, while the hub goes on.
pub fn back_up(config: &config::Hub, file: &Path) -> anyhow::Result<()> {
    let data_dir = DataDir::new(&config.storage.data_dir);
    let database = database_path(config, &data_dir);
    if file.exists() {
        bail!("{} exists already; nothing was written", file.display());
    }
    let new = beside(file, "new");
    data_dir::remove(&new)?;
    // Made here, for its owner alone: it holds names and phones.
    fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&new)
        .with_context(|| new.display().to_string())?;
    let books = Database::open_read_only(&database)?;
    read::back_up(&books, &new)?;
    fs::File::open(&new)?.sync_all()?;
    fs::rename(&new, file).with_context(|| file.display().to_string())?;
    tell(&format!(
        "backed up to {}; keep the file keys/master elsewhere, without it a backup cannot be used",
        file.display()
    ))
}

/// `restore FILE`: the database becomes what it was; the next start finds what is missing and asks the sites for it.
pub fn restore(config: &config::Hub, file: &Path) -> anyhow::Result<()> {
    let data_dir = DataDir::new(&config.storage.data_dir);
    data_dir.make()?;
    let lock = data_dir.lock()?;
    let database = database_path(config, &data_dir);
    data_dir
        .master_key(true)
        .context("a restored database needs the key it was written with")?;
    let new = beside(&database, "restored");
    data_dir::remove(&new)?;
    fs::copy(file, &new).with_context(|| file.display().to_string())?;
    check_copy(&new)?;
    replace(&lock, &database, &new)?;
    tell("restored; the former database lies beside it, its name ends in .before-restore")
}

fn check_copy(new: &Path) -> anyhow::Result<()> {
    let copy = Database::open(new, store::Durability::Full, &MIGRATIONS).context("this is no backup of a hub")?;
    if !read::is_sound(copy.connection())? {
        bail!("the backup is damaged; nothing was changed");
    }
    // Without it a restore to before nothing but credits and grants would look like an ordinary start.
    hub_mark_restored(&mut SqlLogs::new(copy.connection()))?;
    copy.checkpoint()?;
    drop(copy);
    Ok(fs::File::open(new)?.sync_all()?)
}

fn replace(_lock: &Lock, database: &Path, new: &Path) -> anyhow::Result<()> {
    if database.exists() {
        // Folds the log into the file, so that the former database is one file.
        let former = Database::open(database, store::Durability::Full, &MIGRATIONS);
        match former.map(|former| former.checkpoint()) {
            Ok(Ok(())) => {}
            _ => tracing::warn!("the former database cannot be opened; it is kept as it is"),
        }
        fs::rename(database, beside(database, "before-restore"))?;
    }
    for ending in ["-wal", "-shm"] {
        let mut path = database.as_os_str().to_owned();
        path.push(ending);
        data_dir::remove(Path::new(&path))?;
        let mut path = new.as_os_str().to_owned();
        path.push(ending);
        data_dir::remove(Path::new(&path))?;
    }
    fs::rename(new, database)?;
    if let Some(directory) = database.parent() {
        fs::File::open(directory)?.sync_all()?;
    }
    Ok(())
}

fn beside(path: &Path, ending: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(".");
    name.push(ending);
    PathBuf::from(name)
}

/// `audit verify`
pub fn verify_audit(config: &config::Hub) -> anyhow::Result<()> {
    let data_dir = DataDir::new(&config.storage.data_dir);
    // Before the database, for a hub that runs adds to both.
    let side_log = data_dir.side_log();
    let lines = match fs::read_to_string(&side_log) {
        Ok(text) => whole_lines(&text),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Vec::new(),
        Err(error) => return Err(error).with_context(|| side_log.display().to_string()),
    };
    let books = Database::open_read_only(&database_path(config, &data_dir))?;
    match read::audit_verify(&books, &data_dir.master_key(true)?, &heads_noted(&lines))? {
        Ok(rows) => tell(&format!("the audit is whole: {rows} rows")),
        Err(row) => bail!("the audit is broken at row {row}: from there on rows were changed, removed or cut off"),
    }
}

/// `doctor`: what stands in the way of a hub that serves, one line each. What is only to be minded is told and does not
/// count as wrong, for such a hub runs.
pub fn doctor(config: &config::Hub) -> anyhow::Result<()> {
    let data_dir = DataDir::new(&config.storage.data_dir);
    let database = database_path(config, &data_dir);
    let mut wrong = 0;
    let mut check = |what: &str, found: Result<String, String>| {
        wrong += u32::from(found.is_err());
        match found {
            Ok(good) => tell(&format!("good   {what}: {good}")),
            Err(bad) => tell(&format!("wrong  {what}: {bad}")),
        }
    };
    check("data directory", directory(&data_dir))?;
    let runs = match data_dir.path().exists() {
        true => matches!(data_dir.lock(), Err(DataDirError::Held(_))),
        false => false,
    };
    check("hub", Ok(if runs { "runs" } else { "does not run" }.to_owned()))?;
    if database.exists() {
        let sound = Database::open_read_only(&database).and_then(|books| read::is_sound(&books));
        let sound = match sound {
            Ok(true) => Ok("sound".to_owned()),
            Ok(false) => Err("damaged; restore a backup".to_owned()),
            Err(error) => Err(error.to_string()),
        };
        check("database", sound)?;
        check(
            "master key",
            data_dir
                .master_key(true)
                .map(|_| "there".to_owned())
                .map_err(|error| error.to_string()),
        )?;
    }
    for (what, known) in providers::known(config) {
        check(what, Ok(known))?;
    }
    let found = super::check::look(config);
    if found.wrong.is_empty() && found.doubtful.is_empty() {
        check("configuration", Ok("as it should be".to_owned()))?;
    }
    for bad in found.wrong {
        check("configuration", Err(bad))?;
    }
    for doubtful in found.doubtful {
        tell(&format!("mind   configuration: {doubtful}"))?;
    }
    match wrong {
        0 => Ok(()),
        1 => bail!("one thing is wrong"),
        several => bail!("{several} things are wrong"),
    }
}

fn directory(data_dir: &DataDir) -> Result<String, String> {
    let shown = data_dir.path().display();
    match fs::metadata(data_dir.path()) {
        Ok(found) if found.is_dir() => Ok(shown.to_string()),
        Ok(_) => Err(format!("{shown} is no directory")),
        Err(error) => Err(format!("{shown}: {error}; the first run makes it")),
    }
}
