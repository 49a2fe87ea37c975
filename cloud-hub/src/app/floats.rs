//! `float …`: cash that managers of sites take.

use anyhow::Context;
use kiosk::units::Money;

use super::{commands::tell, operations::look, settings};
use crate::{hub::store::read, provider::decimal};

/// An amount as a person types it, in minor units of the hub's currency.
pub fn amount(config: &config::Hub, text: &str) -> anyhow::Result<i64> {
    let currency = settings::machine(config, sync::seal::SecretKey::new([0; 32])).currency;
    let read = decimal::exact(text.trim(), currency);
    let read = read.with_context(|| format!("{text:?} is no amount of {currency}: write it as 5000 or 5000.50"))?;
    Ok(read.minor)
}

/// `float list`
pub fn list(config: &config::Hub) -> anyhow::Result<()> {
    let currency = settings::machine(config, sync::seal::SecretKey::new([0; 32])).currency;
    for manager in look(config, |books| read::managers(books, None, currency))? {
        let money = |minor| Money::new(minor, currency);
        let difference = match manager.difference_minor {
            0 => String::new(),
            short if short > 0 => format!("  {} handed in too little", money(short)),
            over => format!("  {} handed in too much", money(over.saturating_neg())),
        };
        tell(&format!(
            "{}/{}  limit {}  may still take {}  to be handed in {}{difference}",
            manager.site,
            manager.login,
            money(manager.limit_minor),
            money(manager.open_minor),
            money(manager.owed_minor),
        ))?;
    }
    Ok(())
}
