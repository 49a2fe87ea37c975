//! What a customer has, drew, owes and bought, as menus show it. Days are those of the customer's site.

use kiosk::{
    bill::BillState,
    day::{Day, Month, Zone},
    ids::{CustomerId, SiteName},
    talk::ussd::{Order, OrderKind, Owed, Site, Subscription, Usage, Water},
    units::Volume,
};

use crate::hub::{
    store::{PurchaseKind, PurchaseRow, SiteRow, SubscriptionRow},
    turn::{Halt, HubError, Turn},
};

/// Orders that are shown (FEATURES X15).
const ORDERS_SHOWN: u32 = 5;
const DAYS_PER_WEEK: i32 = 7;

fn site(row: SiteRow) -> Site {
    Site {
        name: row.name,
        title: row.title,
    }
}

fn volume(ml: i64) -> Volume {
    Volume::try_from_ml(ml.max(0)).unwrap_or(Volume::MAX)
}

impl Turn<'_> {
    /// The sites where water can be drawn, a customer's own first, then by title. One without a gateway has no tap that
    /// knows anybody.
    pub fn sites_for(&self, customer: CustomerId) -> Result<Vec<Site>, Halt> {
        let home = self.store.customer(customer)?.and_then(|row| row.site);
        let mut sites = Vec::new();
        for row in self.store.sites()? {
            if self.has_gateway(&row.name)? {
                sites.push(site(row));
            }
        }
        sites.sort_by_key(|site| Some(&site.name) != home.as_ref());
        Ok(sites)
    }

    /// Whether a site has a gateway now.
    pub fn has_gateway(&self, site: &SiteName) -> Result<bool, HubError> {
        Ok(self.store.current_enrolment(site)?.is_some())
    }

    /// What a customer has.
    pub fn water_of(&self, customer: CustomerId) -> Result<Water, Halt> {
        let newest = self.store.newest_subscription(customer)?;
        Ok(Water {
            balance: volume(self.balance_ml(customer)?),
            jerrycans: self.jerrycans_left(customer)?,
            subscription: match newest {
                Some(row) => self.subscription_shown(row)?,
                None => None,
            },
        })
    }

    fn subscription_shown(&self, row: SubscriptionRow) -> Result<Option<Subscription>, HubError> {
        // What is left of it is drawn at home, also after a move.
        let home = self.store.customer(row.customer)?.and_then(|customer| customer.site);
        let at = home.filter(|_| !row.expired).unwrap_or(row.site);
        let (Some(at), Ok(code)) = (self.store.site(&at)?, row.code.parse()) else {
            return Ok(None);
        };
        let zone = self.zone_of(&at.name)?.unwrap_or_else(Zone::utc);
        Ok(Some(Subscription {
            site: site(at),
            code,
            last_day: zone.last_day(row.valid_until),
            is_over: row.expired,
        }))
    }

    /// What a customer drew, as far as it is known here.
    pub fn usage_of(&self, customer: CustomerId) -> Result<Usage, Halt> {
        let (zone, today) = self.zone_and_today(customer)?;
        let drawn = |from: Day, to: Day| {
            let (from, to) = (zone.begin(from), zone.begin(to).plus_ms(-1));
            Ok::<_, Halt>(volume(self.store.drawn_between_ml(customer, from, to)?))
        };
        let (week, next_week) = (today.monday(), today.monday().plus_days(DAYS_PER_WEEK));
        let first = Month::of(today).map_or(today, Month::first_day);
        let first_before = Month::of(first.plus_days(-1)).map_or(first, Month::first_day);
        Ok(Usage {
            week: drawn(week, next_week)?,
            week_before: drawn(week.plus_days(-DAYS_PER_WEEK), week)?,
            month: drawn(first, today.plus_days(1))?,
            month_before: drawn(first_before, first)?,
        })
    }

    /// What a customer owes.
    pub fn owed_by(&self, customer: CustomerId) -> Result<Option<Owed>, Halt> {
        let open = self.store.open_bills(customer)?;
        let Some(oldest) = open.first() else {
            return Ok(None);
        };
        let state = oldest.bill.state(self.now(), self.moment.trust, &oldest.zone);
        Ok(Some(Owed {
            left: self.owed(customer)?,
            due: oldest.bill.due,
            is_overdue: state == BillState::Overdue,
        }))
    }

    /// What a customer bought last.
    pub fn orders_of(&self, customer: CustomerId) -> Result<Vec<Order>, Halt> {
        let (zone, _) = self.zone_and_today(customer)?;
        let order = |row: PurchaseRow| Order {
            day: zone.day(row.created),
            kind: match row.kind {
                PurchaseKind::Topup(volume) => OrderKind::Litres(volume),
                PurchaseKind::Deposit => OrderKind::Deposit,
                PurchaseKind::Bill => OrderKind::Bill,
                PurchaseKind::Subscription { .. } => OrderKind::Subscription,
            },
            amount: row.payment.amount,
            state: row.payment.state,
        };
        let newest = self.store.newest_purchases(customer, ORDERS_SHOWN)?;
        Ok(newest.into_iter().map(order).collect())
    }
}
