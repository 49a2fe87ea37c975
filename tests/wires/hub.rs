//! The real hub with real gateways, dispensers and pretend M-PESA around it: from the join to the water, and through cuts.

#[cfg(test)]
#[path = "hub/bad_callbacks.rs"]
mod bad_callbacks;
#[cfg(test)]
#[path = "hub/counter.rs"]
mod counter;
#[cfg(test)]
#[path = "hub/direct.rs"]
mod direct;
#[cfg(test)]
#[path = "hub/join.rs"]
mod join;
#[cfg(test)]
#[path = "hub/kills.rs"]
mod kills;
#[cfg(test)]
#[path = "hub/life.rs"]
mod life;
#[cfg(test)]
#[path = "hub/mpesa.rs"]
mod mpesa;
#[cfg(test)]
#[path = "hub/payouts.rs"]
mod payouts;
#[cfg(test)]
#[path = "hub/providers.rs"]
mod providers;
#[cfg(test)]
#[path = "hub/purses.rs"]
mod purses;
#[cfg(test)]
#[path = "hub/sealed.rs"]
mod sealed;
#[cfg(test)]
#[path = "hub/texts.rs"]
mod texts;
#[cfg(test)]
#[path = "hub/water.rs"]
mod water;

#[cfg(test)]
use std::time::Duration;

#[cfg(test)]
use world::{
    processes::Folder,
    programme::{Customer, Programme},
};

/// How most of these stories begin: a hub and a site with one dispenser that agree, and Jane with so many millilitres. The
/// folder goes with its owner.
#[cfg(test)]
async fn one_site(folder: &str, credit_ml: i64) -> (Folder, Programme, usize, Customer) {
    let folder = Folder::new(folder).unwrap();
    let mut programme = Programme::open(folder.path(), false, &[]).await.unwrap();
    let site = programme.add_site(folder.path(), "kibera-3", 1).await.unwrap();
    let jane = programme
        .register("kibera-3", "Jane Smith", "0700000102", "4071")
        .await
        .unwrap();
    programme.credit(&jane, credit_ml).await.unwrap();
    programme.agree(site, Duration::from_secs(30)).await.unwrap();
    (folder, programme, site, jane)
}
