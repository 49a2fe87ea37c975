//! What a story looks at.

use gateway::site::store::read::{self as site_read, AskedFilter, AskedShown};
use hub::hub::store::read::{self as hub_read, Customer, LoanFilter, LoanShown, Purchase};
use kiosk::ids::SiteName;
use store::journal::SqlLogs;
use sync::doubt;

use super::{Person, World};
use crate::{books::Visit, event::Node};

impl World {
    /// Whether a box sells nothing because part of its past is missing.
    pub fn is_box_in_doubt(&self, station: usize) -> bool {
        let rows = self.box_rows(station);
        rows.is_some_and(|rows| doubt::site_in_doubt(&SqlLogs::new(rows)).unwrap_or(true))
    }

    /// Whether the hub grants nothing but from new money.
    pub fn is_hub_in_doubt(&self) -> bool {
        let rows = self.hub_rows();
        rows.is_some_and(|rows| doubt::hub_in_doubt(&SqlLogs::new(rows)).unwrap_or(true))
    }

    /// Whether a program runs.
    pub fn is_on(&self, node: Node) -> bool {
        match node {
            Node::Hub => self.centre.program.machine.is_some(),
            Node::Box(station) => self.stations[station].program.machine.is_some(),
        }
    }

    /// Whether the hub shows a site as online.
    pub fn is_online(&self, station: usize) -> bool {
        let sites = self
            .hub_rows()
            .and_then(|rows| hub_read::sites(rows).ok())
            .unwrap_or_default();
        sites
            .iter()
            .any(|site| site.name == self.stations[station].name && site.online)
    }

    /// The name of a box's site.
    pub fn site(&self, station: usize) -> SiteName {
        self.stations[station].name.clone()
    }

    /// A person as the world knows them.
    pub fn person(&self, person: usize) -> &Person {
        &self.people[person]
    }

    /// A person as the hub shows them.
    pub fn customer_at_hub(&self, person: usize) -> Option<Customer> {
        hub_read::customer(self.hub_rows()?, self.people[person].id?).ok()?
    }

    /// The newest purchase of a person, as the hub shows it.
    pub fn newest_purchase(&self, person: usize) -> Option<Purchase> {
        let purchases = hub_read::purchases(self.hub_rows()?, self.people[person].id?, 1).ok()?;
        purchases.into_iter().next()
    }

    /// The loans that the hub has, the newest first.
    pub fn loans_at_hub(&self) -> Vec<LoanShown> {
        let loans = |rows| hub_read::loans(rows, &LoanFilter::default(), i64::MAX, 50);
        let page = self.hub_rows().map(loans);
        page.and_then(Result::ok).map_or_else(Vec::new, |page| page.items)
    }

    /// What was asked of the hub from a box, the newest first.
    pub fn asked_from(&self, station: usize) -> Vec<AskedShown> {
        let rows = self
            .box_rows(station)
            .map(|rows| site_read::asked(rows, &AskedFilter::default(), 50));
        rows.and_then(Result::ok).unwrap_or_default()
    }

    /// Alarms that the hub has written down, by their code.
    pub fn alarms(&self) -> Vec<String> {
        let Some(hub) = self.hub_rows() else { return Vec::new() };
        crate::check::rows(hub, "SELECT code FROM alarm ORDER BY id", [], |row| row.get(0)).unwrap_or_default()
    }

    /// What flowed for a person by all meters, in millilitres.
    pub fn drawn_ml(&self, person: usize) -> u64 {
        let visits = self.books.visits.values().filter(|visit| visit.person == person);
        visits.filter_map(|visit: &Visit| visit.flowed_ml).sum()
    }

    /// The next connection breaks after so many bytes towards the hub, or towards the box.
    pub fn cut_next_connection(&mut self, to_hub: Option<u64>, to_box: Option<u64>) {
        self.books.cut_next = [to_hub, to_box];
    }

    /// Bytes that arrived between boxes and the hub.
    pub fn bytes_sent(&self) -> u64 {
        self.books.bytes_sent
    }
}
