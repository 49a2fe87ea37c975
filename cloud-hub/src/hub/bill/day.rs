//! The daily jobs of bills, at each site's local time.

use kiosk::{
    daily::{Job, Notice, notice_due},
    day::Day,
    talk::Text,
};

use crate::hub::{
    daily::{BATCH_MAX, LocalDay},
    store::BillRow,
    turn::{HubError, Turn},
};

impl Turn<'_> {
    /// [`kiosk::daily::Job::Bills`]: the months that are over become bills, and who has not paid in time is denied water from now on.
    pub fn issue_bills(&mut self, today: &LocalDay, _: i64) -> Result<Option<i64>, HubError> {
        let (site, zone, today) = (today.site.as_ref(), &today.zone, today.day);
        let rows = self.store.billings_to_look_at(site, today, BATCH_MAX)?;
        let is_full = rows.len() >= BATCH_MAX as usize;
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
        // Each row knows its own day, so the next batch finds what is left.
        Ok(is_full.then_some(0))
    }

    /// [`kiosk::daily::Job::BillReminders`]: whoever has an open bill hears of it when it is new, before it is due, and when it is
    /// overdue; only what is true today.
    pub fn remind_of_bills(&mut self, today: &LocalDay, _: i64) -> Result<Option<i64>, HubError> {
        let day = today.day;
        let forgotten = self.told_before_doubt(Job::BillReminders, &today.zone)?;
        let rows = self.store.bills_to_look_at(today.site.as_ref(), day, BATCH_MAX)?;
        let is_full = rows.len() >= BATCH_MAX as usize;
        for mut row in rows {
            row.looked = Some(day);
            row.told = row.told.max(forgotten.filter(|told| *told >= row.bill.issued));
            let text = self.text_of(&row, day);
            if text.is_some() {
                row.told = Some(day);
            }
            self.store.put_bill(&row)?;
            if let Some(text) = text {
                match text {
                    Text::BillIssued { .. } => self.say(row.bill.customer, &text)?,
                    _ => self.say_unasked(row.bill.customer, &text)?,
                }
            }
        }
        Ok(is_full.then_some(0))
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
