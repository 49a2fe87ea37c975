//! Subcommands of whoever runs the hub: doubt, logins, tokens. What only looks reads the last commit beside the hub; what
//! changes something goes through it.

use std::io::{self, BufRead, Write};

use anyhow::{Context, bail};
use kiosk::{ids::SiteName, units::Volume};
use store::{Connection, Database, StoreError};

use super::{
    commands::{ask, asked, tell},
    control::Command,
    data_dir::DataDir,
    database_path, settings,
};
use crate::{adapters::web::password, hub::store::read};

/// Reads the last commit, whether the hub runs or not.
pub(super) fn look<T>(
    config: &config::Hub,
    look: impl FnOnce(&Connection) -> Result<T, StoreError>,
) -> anyhow::Result<T> {
    let database = database_path(config, &DataDir::new(&config.storage.data_dir));
    if !database.exists() {
        bail!("{} is not there: no hub has run here yet", database.display());
    }
    Ok(look(&Database::open_read_only(&database)?)?)
}

/// `doubt show`
pub fn show_doubt(config: &config::Hub) -> anyhow::Result<()> {
    match look(config, read::doubt)? {
        None => tell("the hub is not in doubt"),
        Some(doubt) => tell(&described(config, &doubt)),
    }
}

/// `doubt end`: shows the sum at risk and asks, unless `yes`.
pub async fn end_doubt(config: &config::Hub, yes: bool) -> anyhow::Result<()> {
    let Some(doubt) = look(config, read::doubt)? else {
        bail!("the hub is not in doubt");
    };
    tell(&described(config, &doubt))?;
    if !yes && !is_sure("end the doubt now? type yes: ")? {
        bail!("nothing was changed");
    }
    let at_risk_ml = doubt.at_risk_ml;
    ask(config, Command::DoubtEnd { at_risk_ml }).await
}

/// `site revoke`: tells what is written off.
pub async fn revoke_site(config: &config::Hub, name: String) -> anyhow::Result<()> {
    let held_ml = match name.parse::<SiteName>() {
        Ok(site) => look(config, |books| {
            let found = read::site(books, &site)?.and_then(|site| site.box_id);
            found.map_or(Ok(0), |box_id| read::held_ml(books, box_id))
        })?,
        // What the name lacks is told below.
        Err(_) => 0,
    };
    let told = asked(config, Command::SiteRevoke { name }).await?.told();
    match told {
        Ok(done) => tell(&format!(
            "customers get back {}; whoever has the box may still draw as much from it\n{done}",
            sum(config, held_ml)
        )),
        Err(why) => bail!(why),
    }
}

/// Litres, and what they are worth.
fn sum(config: &config::Hub, ml: i64) -> String {
    let volume = Volume::try_from_ml(ml).unwrap_or_default();
    let tariff = settings::machine(config, sync::seal::SecretKey::new([0; 32])).tariff;
    format!(
        "{}.{:03} litres, worth {}",
        volume.ml() / 1_000,
        volume.ml() % 1_000,
        tariff.price(volume)
    )
}

fn described(config: &config::Hub, doubt: &read::Doubt) -> String {
    let since = doubt
        .since
        .map_or_else(|| "an unknown time".to_owned(), |since| since.rfc3339());
    let unheard: Vec<&str> = doubt.unheard.iter().map(|site| site.as_str()).collect();
    let waits = match unheard.is_empty() {
        true => "no site is waited for".to_owned(),
        false => format!("not heard since: {}", unheard.join(", ")),
    };
    let at_risk = sum(config, doubt.at_risk_ml);
    format!(
        "the hub is in doubt since {since}: part of its past may be missing, so it grants only from new money\n\
         {waits}\n\
         at risk if it is ended now: at most {at_risk}: what looks free may have been given away already"
    )
}

/// Asks on standard error, so that standard output holds only what was done.
fn is_sure(question: &str) -> anyhow::Result<bool> {
    write!(io::stderr(), "{question}").context("standard error")?;
    io::stderr().flush()?;
    let mut line = String::new();
    io::stdin().lock().read_line(&mut line).context("standard input")?;
    Ok(line.trim() == "yes")
}

/// `user list`
pub fn list_users(config: &config::Hub) -> anyhow::Result<()> {
    for user in look(config, read::users)? {
        let first = if user.change_password {
            "  first password not changed yet"
        } else {
            ""
        };
        tell(&format!("{:<32}  {}{first}", user.name, user.role.name()))?;
    }
    Ok(())
}

/// `token list`
pub fn list_tokens(config: &config::Hub) -> anyhow::Result<()> {
    for token in look(config, read::tokens)? {
        let site = token.site.map_or_else(|| "-".to_owned(), |site| site.to_string());
        let (role, made) = (token.role.name(), token.created.rfc3339());
        tell(&format!("{:<32}  {role:<16}  {site:<32}  {made}", token.name))?;
    }
    Ok(())
}

/// `user add`: makes a first password, and prints it.
pub async fn add_user(config: &config::Hub, name: String, role: String) -> anyhow::Result<()> {
    let first = password::first()?;
    let command = Command::UserAdd {
        name: name.clone(),
        role,
        password_hash: password::hash(first.expose())?,
    };
    tell_first(config, command, &name, first.expose()).await
}

/// `user reset`: another first password, and prints it.
pub async fn reset_user(config: &config::Hub, name: String) -> anyhow::Result<()> {
    let first = password::first()?;
    let command = Command::UserReset {
        name: name.clone(),
        password_hash: password::hash(first.expose())?,
    };
    tell_first(config, command, &name, first.expose()).await
}

async fn tell_first(config: &config::Hub, command: Command, name: &str, first: &str) -> anyhow::Result<()> {
    match asked(config, command).await?.told() {
        Ok(_) => tell(&format!(
            "{name} must change this password at the first login:\n{first}"
        )),
        Err(why) => bail!(why),
    }
}
