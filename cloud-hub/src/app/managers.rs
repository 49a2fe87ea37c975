//! `manager …`: managers of sites who work by phone.

use clap::Subcommand;

use super::{
    commands::{ask, tell},
    control::Command,
    operations::look,
};
use crate::hub::store::read;

/// `manager`
#[derive(Subcommand)]
pub enum Manager {
    /// Lets somebody manage a site by phone, and prints the first PIN, which they change at their first call; "done" where
    /// the phone is a customer's, whose PIN counts.
    Add {
        /// The site.
        site: String,
        /// Their phone.
        phone: String,
        /// As they are called.
        name: String,
        /// en, sw or fr; the hub's own when left out.
        #[arg(long)]
        language: Option<String>,
        /// The account at the site's gateway whose float their cash is of; without one they take none by phone.
        #[arg(long)]
        account: Option<String>,
    },
    /// Prints who manages which site by phone, each with a number.
    List,
    /// Prints another first PIN for a manager.
    Pin {
        /// The site.
        site: String,
        /// The manager's number, as listed.
        manager: i64,
    },
    /// Takes the site away from a manager.
    Remove {
        /// The site.
        site: String,
        /// The manager's number, as listed.
        manager: i64,
    },
}

impl Manager {
    /// Does it.
    pub async fn run(self, config: &config::Hub) -> anyhow::Result<()> {
        let command = match self {
            Manager::List => return list(config),
            Manager::Add {
                site,
                phone,
                name,
                language,
                account,
            } => Command::ManagerAdd {
                site,
                phone,
                name,
                language,
                account,
            },
            Manager::Pin { site, manager } => Command::ManagerPin { site, manager },
            Manager::Remove { site, manager } => Command::ManagerRemove { site, manager },
        };
        ask(config, command).await
    }
}

fn list(config: &config::Hub) -> anyhow::Result<()> {
    let managers = look(config, |books| read::site_managers(books, None))?;
    for manager in managers.iter().filter(|manager| manager.until.is_none()) {
        let cash = match &manager.login {
            Some(login) => format!("takes cash on the float of {login}"),
            None => "takes no cash".to_owned(),
        };
        let waits = manager.waits().map_or(String::new(), |waits| format!(", {waits}"));
        let (site, id, phone) = (&manager.site, manager.id, manager.phone.e164());
        tell(&format!(
            "{site}  {id}  {phone}  {}  {cash}, since {}{waits}",
            manager.name,
            manager.since.rfc3339()
        ))?;
    }
    Ok(())
}
