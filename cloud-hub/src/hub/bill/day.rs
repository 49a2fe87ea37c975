//! The daily jobs of bills, at each site's local time.

use kiosk::{
    daily::{Job, Notice, notice_due, run_due},
    day::{Day, Zone},
    ids::SiteName,
    talk::Text,
};

use crate::hub::{
    store::BillRow,
    turn::{HubError, Turn},
};

/// Customers or bills that are worked on at once.
const BATCH_MAX: u32 = 200;

impl Turn<'_> {
    /// What time brings to bills. Nothing while part of the past may be missing: what was drawn and paid is not all known.
    pub fn tick_bills(&mut self) -> Result<(), HubError> {
        self.finish_endings()?;
        if self.in_doubt()? {
            return Ok(());
        }
        let mut places = vec![(None, self.settings.time_zone.clone())];
        places.extend(
            self.store
                .site_zones()?
                .into_iter()
                .map(|(site, zone)| (Some(site), zone)),
        );
        for (site, zone) in places {
            let Ok(zone) = Zone::named(&zone) else { continue };
            for job in [Job::Bills, Job::BillReminders] {
                let done = self.store.bill_day(site.as_ref(), job)?;
                let Some(today) = run_due(job, done, self.moment, &zone) else {
                    continue;
                };
                let is_done = match job {
                    Job::Bills => self.issue_bills(site.as_ref(), today, &zone)?,
                    _ => self.remind_of_bills(site.as_ref(), today)?,
                };
                if is_done {
                    self.store.set_bill_day(site.as_ref(), job, today)?;
                }
            }
        }
        Ok(())
    }

    /// [`Job::Bills`]: the months that are over become bills, and who has not paid in time is denied water from now on.
    /// `site` is `None` for customers without one. True when all of them are done; else it is to be called again, and
    /// goes on where it was.
    pub fn issue_bills(&mut self, site: Option<&SiteName>, today: Day, zone: &Zone) -> Result<bool, HubError> {
        let rows = self.store.billings_to_look_at(site, today, BATCH_MAX)?;
        let is_last = rows.len() < BATCH_MAX as usize;
        for mut row in rows {
            row.looked = Some(today);
            self.store.put_billing(&row)?;
            if row.state != super::BillingState::Ended {
                self.issue_months(&mut row, today, zone)?;
            }
            self.refresh_overdue(row.customer)?;
        }
        if site.is_none() {
            for customer in self.store.denied_without_bill(BATCH_MAX)? {
                self.refresh_overdue(customer.id)?;
            }
        }
        Ok(is_last)
    }

    /// [`Job::BillReminders`]: whoever has an open bill hears of it when it is new, before it is due, and when it is
    /// overdue; only what is true today. True when all are done, as [`Turn::issue_bills`].
    pub fn remind_of_bills(&mut self, site: Option<&SiteName>, today: Day) -> Result<bool, HubError> {
        let rows = self.store.bills_to_look_at(site, today, BATCH_MAX)?;
        let is_last = rows.len() < BATCH_MAX as usize;
        for mut row in rows {
            row.looked = Some(today);
            let text = self.text_of(&row, today);
            if text.is_some() {
                row.told = Some(today);
            }
            self.store.put_bill(&row)?;
            if let Some(text) = text {
                self.say(row.bill.customer, &text)?;
            }
        }
        Ok(is_last)
    }

    fn text_of(&self, row: &BillRow, today: Day) -> Option<Text> {
        let (bill, left) = (&row.bill, row.bill.left());
        if row.told.is_none() && today <= bill.due {
            return Some(Text::BillIssued {
                month: bill.month,
                usage: bill.usage,
                amount: left,
                due: bill.due,
            });
        }
        let due = bill.due;
        let notice = notice_due(due, today, row.told, &self.settings.bill_remind_days)?;
        Some(match notice {
            Notice::DaysLeft(_) => Text::BillReminder { left, due },
            Notice::Overdue => Text::BillOverdue { left, due },
        })
    }
}
