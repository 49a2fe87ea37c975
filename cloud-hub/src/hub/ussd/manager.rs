//! What the manager of a site sees of it, and does for its customers, by phone.
//!
//! Jerrycans and cash are rights that lie at the site: the hub asks them back over the link, waits some seconds for the
//! site's answer, and does here what it then may. A site that cannot be asked, or does not answer, keeps them, and the
//! manager is sent to the page at the kiosk, which needs no hub.

use kiosk::{
    day::Zone,
    dispense::{Ask, DispenserView, Reason, Situation, Verdict, decide},
    fact::{Outcome, Purse},
    float::free_minor,
    ids::{CustomerId, DispenserId, Epoch, SiteName},
    ledger::{Account, Postings, Purpose, Source},
    moment::{DAY_MS, HOUR_MS, MINUTE_MS, Wall},
    phone::Phone,
    talk::{
        Text,
        ussd::{Act, Denied, Done, Found, Handle, Site, Today},
    },
    units::{Money, Volume},
};

use crate::hub::{
    input::Actor,
    ledger::Event,
    parked::{Awaited, waiting_full},
    recall::{held_at_site, not_given_back},
    store::{
        CreditRow, CustomerRow, DeedRow, DrawRow, FloatRow, HistoryRow, ManagerRow, PurseKey, SiteManagerRow, SiteRow,
    },
    turn::{Halt, Turn},
};

/// A dispenser tells of an hour when the next one has begun; one more may be late.
const SILENT_HOURS: i64 = 2;
/// One that was silent for so long is not there any more.
const GONE_MS: i64 = 7 * DAY_MS;
/// The same for the same customer within this is taken for the repeat of a step whose answer was not seen.
const EQUAL_WITHIN_MS: i64 = 10 * MINUTE_MS;

impl Turn<'_> {
    /// The site that a manager's menu is of.
    pub fn site_of_manager(&self, manager: &SiteManagerRow) -> Result<Option<Site>, Halt> {
        let row = self.store.site(&manager.site)?;
        Ok(row.map(|SiteRow { name, title, .. }| Site { name, title }))
    }

    /// What a site sold since its midnight, as far as it is known here.
    pub fn today_at(&self, site: &SiteName) -> Result<Today, Halt> {
        let zone = self.zone_of(site)?.unwrap_or_else(Zone::utc);
        let day = zone.day(self.now());
        let (counted, paid) = self.store.counted(Some(site), (zone.begin(day), zone.end(day)))?;
        let paid = paid.iter().map(|(_, _, minor)| *minor).fold(0, i64::saturating_add);
        Ok(Today {
            pours: u32::try_from(counted.pours).unwrap_or(u32::MAX),
            volume: Volume::try_from_ml(counted.drawn_ml.max(0)).unwrap_or(Volume::MAX),
            cash: self.money(counted.cash_minor),
            paid: self.money(paid),
        })
    }

    /// Dispensers of which their site told nothing in the last hours.
    pub fn offline_at(&self, site: &SiteName) -> Result<Vec<DispenserId>, Halt> {
        let now = self.now();
        let this_hour = now.0.div_euclid(HOUR_MS) * HOUR_MS;
        let silent = Wall(this_hour - SILENT_HOURS * HOUR_MS);
        Ok(self.store.dispensers_silent(site, now.plus_ms(-GONE_MS), silent)?)
    }

    /// The customer of this site whom a manager names.
    pub fn found_at(&self, site: &SiteName, handle: &Handle) -> Result<Result<Found, Denied>, Halt> {
        let known = match handle {
            Handle::Phone(phone) => self.store.customer_by_phone(*phone)?,
            Handle::Account(account) => self.store.customer_by_account(*account)?,
            Handle::Code(code) => self.holder_of_code(site, &code.digits())?,
        };
        let Some(row) = known.filter(|row| row.account.is_some()) else {
            return Ok(Err(Denied::Unknown));
        };
        if row.site.as_ref() != Some(site) {
            return Ok(Err(Denied::NotAtThisSite));
        }
        Ok(Ok(Found {
            id: row.id,
            water: self.water_of(row.id)?,
            name: row.name,
        }))
    }

    /// Who has a monthly code: of several, for codes differ within a site alone, the one who is at home here.
    fn holder_of_code(&self, site: &SiteName, code: &str) -> Result<Option<CustomerRow>, Halt> {
        let mut holder = None;
        for customer in self.store.customers_by_code(code)? {
            let row = self.store.customer(customer)?;
            if row.as_ref().is_some_and(|row| row.site.as_ref() == Some(site)) {
                return Ok(row);
            }
            holder = holder.or(row);
        }
        Ok(holder)
    }

    /// Does something for the manager of a site; a session can be older than the right, and than the PIN.
    pub fn acted_for_manager(&mut self, by: &Actor, phone: Phone, act: &Act) -> Result<Result<Done, Denied>, Halt> {
        let (Act::Collect { site, .. } | Act::TakeCash { site, .. } | Act::Broadcast { site, .. }) = act else {
            return Ok(Err(Denied::NotAllowed));
        };
        let manager = self.store.site_manager_by_phone(phone)?;
        let manager = manager.filter(|manager| manager.site == *site && !manager.is_suspended);
        let Some(manager) = manager else {
            return Ok(Err(Denied::NotAllowed));
        };
        // Whoever lost a phone with the PIN has the account blocked, and the site with it.
        if self.store.customer_by_phone(phone)?.is_some_and(|row| !row.active) {
            return Ok(Err(Denied::Inactive));
        }
        match act {
            Act::Collect {
                customer, jerrycans, ..
            } => self.collected(by, &manager, *customer, *jerrycans),
            Act::TakeCash {
                customer,
                amount,
                volume,
                ..
            } => self.cash_taken(by, &manager, *customer, *amount, *volume),
            Act::Broadcast { text, .. } => {
                self.broadcast_by_phone(site, text, by)?;
                Ok(Ok(Done::Made))
            }
            _ => Ok(Err(Denied::NotAllowed)),
        }
    }

    /// Jerrycans of a customer's allowance are handed out: a draw at the hub, of that allowance alone, for which the
    /// customer stands before the manager in place of a PIN.
    fn collected(
        &mut self,
        by: &Actor,
        manager: &SiteManagerRow,
        customer: CustomerId,
        jerrycans: u32,
    ) -> Result<Result<Done, Denied>, Halt> {
        let row = self.known_customer(customer)?;
        let (id, site) = (row.id, &manager.site);
        if row.site.as_ref() != Some(site) {
            return Ok(Err(Denied::NotAtThisSite));
        }
        if self.store.newest_subscription(id)?.is_none() {
            return Ok(Err(Denied::NoSubscription));
        }
        let deed = DeedRow {
            manager: manager.id,
            kind: "jerrycans",
            customer: id,
            number: jerrycans.into(),
            receipt: String::new(),
            done: self.now(),
        };
        if self.store.equal_deed(&deed, EQUAL_WITHIN_MS)?.is_some() {
            let left = self.jerrycans_left(id)?;
            return Ok(Err(Denied::JustCollected { left }));
        }
        let volume_ml = i64::from(jerrycans).saturating_mul(self.settings.jerrycan.signed_ml());
        let (mut rights, mut keys) = (Vec::new(), Vec::new());
        for key in self.store.purses(id)? {
            if key.purse == Purse::Allowance
                && let Some(right) = self.right(key, keys.len())?
            {
                rights.push(right);
                keys.push(key);
            }
        }
        let situation = Situation {
            degraded: false,
            dispenser: DispenserView {
                enabled: true,
                volume_max: Volume::MAX,
            },
            customer: Some(self.standing(site, &row, rights)?),
            now: self.now(),
            trust: self.moment.trust,
        };
        let is_short = |verdict: &Verdict| {
            let short = [
                Reason::SubscriptionExpired,
                Reason::JerrycansUsed,
                Reason::InsufficientCredit,
            ];
            matches!(verdict, Verdict::Denied(reason) if short.contains(reason))
        };
        let mut verdict = decide(&Ask::Water { volume_ml }, &situation);
        if is_short(&verdict) {
            verdict = self.beyond_free(site, volume_ml, situation, &keys, id)?;
        }
        let parts = match verdict {
            Verdict::Approved { parts } => parts,
            Verdict::Denied(reason) => return Ok(Err(denied_to_manager(reason))),
        };
        let request = self.made_request()?;
        let name = self.keys.keyed_hash(request.as_str().as_bytes());
        let volume = Volume::try_from_ml(volume_ml).unwrap_or_default();
        let mut draw = DrawRow {
            site: site.clone(),
            request,
            body_hash: name,
            but_pin: name.to_vec(),
            made_request: true,
            guesses: 0,
            customer: Some(id),
            denied: None,
            asked: volume,
            spent: None,
            by_rule: false,
            created: self.now(),
        };
        self.store.put_draw(&draw)?;
        self.hold(&draw, &parts, &keys)?;
        self.settle_draw(&mut draw, volume, false, Some(Outcome::Complete))?;
        let detail = format!("{jerrycans} to customer {id}");
        self.audit(by, "jerrycans handed out", &manager.subject(), &detail)?;
        self.store.add_deed(&deed, EQUAL_WITHIN_MS)?;
        let left = self.jerrycans_left(id)?;
        // The customer hears of it: nobody else could tell that it was not they.
        let title = self.store.site(site)?.map_or_else(|| site.to_string(), |row| row.title);
        let text = Text::JerrycansCollected {
            jerrycans,
            site: title,
            left,
        };
        self.say(id, &text)?;
        Ok(Ok(Done::Collected { left }))
    }

    /// Cash for water, booked as a sale of the site is: the manager owes it, and the customer has the litres.
    fn cash_taken(
        &mut self,
        by: &Actor,
        manager: &SiteManagerRow,
        customer: CustomerId,
        amount: Money,
        volume: Volume,
    ) -> Result<Result<Done, Denied>, Halt> {
        let row = self.known_customer(customer)?;
        if row.site.as_ref() != Some(&manager.site) {
            return Ok(Err(Denied::NotAtThisSite));
        }
        // Nobody takes cash from a person who could not draw for it.
        if !row.active || row.account.is_none() || row.bill_overdue {
            return Ok(Err(Denied::CustomerInactive));
        }
        let mut deed = DeedRow {
            manager: manager.id,
            kind: "cash",
            customer: row.id,
            number: amount.minor,
            receipt: String::new(),
            done: self.now(),
        };
        if let Some(receipt) = self.store.equal_deed(&deed, EQUAL_WITHIN_MS)? {
            return Ok(Err(match receipt.parse() {
                Ok(receipt) => Denied::JustSold { receipt },
                Err(_) => Denied::PurchaseOpen,
            }));
        }
        if self.settings.tariff.volume(amount) != Some(volume) {
            return Ok(Err(Denied::PriceChanged));
        }
        self.refuse_in_doubt("the floats of managers")?;
        let holder = match &manager.login {
            Some(login) => self.store.manager_at(&manager.site, login)?,
            None => None,
        };
        // Cash is handed in at the site's gateway (`hand_in`).
        let has_box = self.store.newest_box(&manager.site)?.is_some();
        let Some(holder) = holder.filter(|_| has_box) else {
            return Ok(Err(Denied::NotAllowed));
        };
        if let Some(denied) = self.make_room(&holder, amount.minor)? {
            return Ok(Err(denied));
        }
        let credit = CreditRow {
            id: self.throw_number(),
            key: PurseKey::prepaid(row.id),
            volume_ml: volume.signed_ml(),
            amount_minor: amount.minor,
            source: format!("cash:{}", holder.id),
            reason: String::new(),
            time: self.now(),
        };
        let postings = Postings::paid(Source::Float(holder.id), row.id, Purpose::Water, amount);
        self.about(Event::Credit(credit.id), |turn| {
            turn.book("cash sale", postings)?;
            turn.add_credit(&credit)
        })?;
        let receipt = self.keys.phone_receipts().receipt(Epoch(credit.id), 0);
        self.store.add_history(&HistoryRow {
            site: Some(manager.site.clone()),
            record: None,
            customer: Some(row.id),
            dispenser: None,
            kind: "cash",
            volume_ml: volume.signed_ml(),
            amount_minor: amount.minor,
            currency: amount.currency.code(),
            time: self.now(),
            clock_trusted: self.moment.trust.is_trusted(),
            outcome: None,
            receipt: Some(receipt.to_string()),
            grant: None,
        })?;
        let detail = format!("{amount} from customer {}", row.id);
        self.audit(by, "cash taken by phone", &manager.subject(), &detail)?;
        deed.receipt = receipt.to_string();
        self.store.add_deed(&deed, EQUAL_WITHIN_MS)?;
        let balance = Volume::try_from_ml(self.balance_ml(row.id)?.max(0)).unwrap_or_default();
        let text = Text::CashPaid {
            amount,
            volume,
            balance,
            receipt,
        };
        self.say(row.id, &text)?;
        self.settle_float(holder.id)?;
        self.live_customer(row.id);
        Ok(Ok(Done::Sold { volume, receipt }))
    }

    /// Sees that so much cash fits under a manager's limit here. What open floats hold at the site is asked back and
    /// waited for; `Some` says why it cannot be.
    fn make_room(&mut self, holder: &ManagerRow, amount_minor: i64) -> Result<Option<Denied>, Halt> {
        let owed = self.owed_minor(holder.id)?;
        let short = self
            .store
            .balance(&Account::Difference(holder.id), self.settings.currency)?;
        let open = self.store.open_floats(holder.id)?;
        let open_minor = open.iter().map(FloatRow::left_minor).sum();
        let free = free_minor(holder.limit_minor, owed, short, open_minor);
        if amount_minor <= free {
            return Ok(None);
        }
        if amount_minor > free_minor(holder.limit_minor, owed, short, 0) {
            return Ok(Some(Denied::FloatUsedUp));
        }
        if self.waits_no_more {
            return Err(Halt::Kept(not_given_back()));
        }
        let is_away = |float: &FloatRow| float.box_id.is_none_or(|box_id| !self.is_linked(box_id));
        if open.iter().any(|float| float.left_minor() > 0 && is_away(float)) {
            return Err(Halt::Kept(held_at_site()));
        }
        if self.again.is_none() && self.parked.is_full() {
            return Err(Halt::Kept(waiting_full()));
        }
        self.recall_newest(&open, amount_minor - free)?;
        Err(Halt::Waits(Awaited::Float(holder.id)))
    }
}

/// Why no jerrycans are handed out, to a manager.
fn denied_to_manager(reason: Reason) -> Denied {
    match reason {
        Reason::NotAtThisSite => Denied::NotAtThisSite,
        Reason::Inactive | Reason::BillOverdue => Denied::CustomerInactive,
        Reason::DailyLimit => Denied::TooMany,
        Reason::SubscriptionExpired => Denied::SubscriptionEnded,
        Reason::JerrycansUsed | Reason::InsufficientCredit => Denied::NotEnoughWater,
        _ => Denied::NotNow,
    }
}
