//! The menu of a site's manager.

use super::{
    act::Act,
    desk::{Desk, Rows, Turn, choice},
    loans::whole_number,
    office::{Found, Handle, Office},
    page::{Row, Sheet},
    say::Say,
    state::{Entry, Errand, Known, List, Menu},
    water::text_typed,
    words::Word,
};
use crate::talk::gsm7;

/// The most jerrycans handed out at once.
const JERRYCANS_MAX: i64 = 999;

impl<O: Office> Desk<'_, O> {
    /// `None` for somebody who manages no site any more.
    pub fn manager_menu(&self) -> Option<Sheet> {
        self.site().map(|site| {
            let head = Say::new(Word::ManagerMenu).name("site", &site.title);
            Sheet::new(head, Word::Exit)
        })
    }

    pub fn take_manager(&mut self, input: &str) -> Result<Turn, O::Error> {
        Ok(match choice(input) {
            Some(1) => Turn::entry(Entry::Customer(Errand::Verify)),
            Some(2) => Turn::entry(Entry::Customer(Errand::Collect)),
            Some(3) => Turn::entry(Entry::Customer(Errand::Cash)),
            Some(4) => self.tell_today()?,
            Some(5) => Turn::list(List::Offline),
            Some(6) => Turn::entry(Entry::Message),
            Some(0) => Turn::End(Word::Goodbye.into()),
            _ => Turn::no_such_choice(),
        })
    }

    fn tell_today(&self) -> Result<Turn, O::Error> {
        let Some(site) = self.site() else {
            return Ok(Turn::no_such_choice());
        };
        let today = self.office.today(&site.name)?;
        let said = Say::new(Word::Today)
            .number("pours", today.pours)
            .volume("volume", today.volume)
            .money("cash", today.cash)
            .money("paid", today.paid);
        Ok(Turn::Tell(said, Menu::Manager))
    }

    pub fn offline_rows(&self) -> Result<Rows, O::Error> {
        let dispensers = match self.site() {
            Some(site) => self.office.offline_dispensers(&site.name)?,
            None => Vec::new(),
        };
        let row = |dispenser: &crate::ids::DispenserId| Row {
            say: Say::new(Word::OfflineRow).plain("dispenser", dispenser),
            shown: None,
        };
        let rows = dispensers.iter().map(row).collect();
        Ok((Word::Offline, Word::NoneOffline, rows))
    }

    pub fn manager_entry_sheet(&self, entry: &Entry) -> Option<Sheet> {
        self.site()?;
        Some(match entry {
            Entry::Jerrycans(known) => {
                let head = Say::new(Word::EnterJerrycans).name("name", &known.name);
                Sheet::new(head, Word::Back)
            }
            Entry::Cash(known) => {
                let code = self.office.tariff().currency.code();
                let head = Say::new(Word::EnterCash)
                    .name("name", &known.name)
                    .plain("currency", code);
                Sheet::new(head, Word::Back)
            }
            Entry::Message => Sheet::new(Word::EnterMessage, Word::Back),
            _ => Sheet::new(Word::EnterCustomer, Word::Back),
        })
    }

    pub fn take_manager_entry(&mut self, entry: Entry, input: &str) -> Result<Turn, O::Error> {
        let Some(site) = self.site().map(|site| site.name.clone()) else {
            return Ok(Turn::menu(Menu::Manager));
        };
        if choice(input) == Some(0) {
            return Ok(Turn::menu(Menu::Manager));
        }
        match entry {
            Entry::Customer(errand) => self.take_customer(errand, input),
            Entry::Jerrycans(Known { id: customer, name }) => Ok(match whole_number(input, JERRYCANS_MAX) {
                Some(number) => {
                    let jerrycans = u32::try_from(number).unwrap_or_default();
                    let act = Act::Collect {
                        site,
                        customer,
                        jerrycans,
                    };
                    Self::confirm(act, &name)
                }
                None => Turn::again(Word::NoteNumber),
            }),
            Entry::Cash(Known { id: customer, name }) => {
                // Where water is free, or the amount too small, it buys none.
                let buys = |amount| Some((amount, self.office.tariff().volume(amount)?));
                let bought = self.amount(input).and_then(buys);
                Ok(match bought.filter(|(_, volume)| !volume.is_zero()) {
                    Some((amount, volume)) => {
                        let act = Act::TakeCash {
                            site,
                            customer,
                            amount,
                            volume,
                        };
                        Self::confirm(act, &name)
                    }
                    None => Turn::again(Word::NoteAmount),
                })
            }
            _ => Ok(match text_typed(&gsm7::transliterated(input)) {
                Ok(text) => Self::confirm(Act::Broadcast { site, text }, ""),
                Err(note) => Turn::again(note),
            }),
        }
    }

    fn take_customer(&mut self, errand: Errand, input: &str) -> Result<Turn, O::Error> {
        let Some(site) = self.site().map(|site| site.name.clone()) else {
            return Ok(Turn::menu(Menu::Manager));
        };
        let Some(handle) = Handle::typed(input, self.session.phone.country()) else {
            return Ok(Turn::again(Word::NoteUnknown));
        };
        Ok(match self.office.find(&site, &handle)? {
            Err(denied) => Turn::Tell(self.refused(denied), Menu::Manager),
            Ok(found) => match errand {
                Errand::Verify => Turn::Tell(verified(&found), Menu::Manager),
                Errand::Collect => Turn::entry(Entry::Jerrycans(Known::from(found))),
                Errand::Cash => Turn::entry(Entry::Cash(Known::from(found))),
            },
        })
    }
}

/// What a manager is told of a subscription.
fn verified(found: &Found) -> Say {
    let water = &found.water;
    let said = |word| Say::new(word).name("name", &found.name);
    match &water.subscription {
        None => said(Word::NotSubscribed).volume("balance", water.balance),
        Some(subscription) if subscription.is_over => said(Word::SubscriptionOver)
            .day("last_day", subscription.last_day)
            .volume("balance", water.balance),
        Some(subscription) => said(Word::SubscriptionValid)
            .day("last_day", subscription.last_day)
            .number("jerrycans", water.jerrycans)
            .name("site", &subscription.site.title)
            .volume("balance", water.balance),
    }
}

impl From<Found> for Known {
    fn from(found: Found) -> Known {
        Known {
            id: found.id,
            name: found.name,
        }
    }
}
