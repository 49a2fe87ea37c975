//! Sites and their boxes: join codes, enrolments, write-offs, the side log, and the hub's own doubt.

use std::collections::BTreeSet;

use kiosk::{
    crockford,
    ids::{BoxId, CustomerId, SiteName},
    moment::{MINUTE_MS, Wall},
};
use sha2::{Digest, Sha256};
use store::journal::SqlLogs;
use sync::{
    doubt::{generation, hub_end, hub_raise, hub_take_restored},
    frame::Reason,
    record::DocumentId,
    session::Event,
};

use super::{
    effect::{Enrolment, Refusal, RefusalKind, Response},
    input::{Actor, JoinRequest, NewSite},
    side::{SideEntry, is_crash},
    store::{EnrolmentRow, JoinCodeRow, PurseKey, SiteRow, read},
    turn::{Halt, HubError, Turn},
};

/// Characters after the site's name in a join code: ten of five bits (RELIABILITY section 5).
const CODE_CHARACTERS: u32 = 10;
/// The wrong try that voids a code (CONTRACTS section 1).
const WRONG_TRIES_MAX: u32 = 6;
/// The longest a join code may be valid: a year.
const VALID_MS_MAX: i64 = 365 * 24 * 60 * MINUTE_MS;
/// Customers that a new box is sent, or whose purses are settled after a doubt, at a time, so that no input takes long.
const LOAD_BATCH: u32 = 200;

impl Turn<'_> {
    /// A new site, or a fresh code for one that nobody has joined.
    pub fn add_site(&mut self, by: &Actor, new: &NewSite) -> Result<Response, Halt> {
        if self.store.current_enrolment(&new.name)?.is_some() {
            let message = format!("site {} has a gateway; use `site replace`", new.name);
            return Err(Refusal::conflict("site_joined", message).into());
        }
        let known = self.store.site(&new.name)?;
        let time_zone = match (&new.time_zone, &known) {
            (Some(zone), _) => zone.clone(),
            (None, Some(known)) => known.time_zone.clone(),
            (None, None) => self.settings.time_zone.clone(),
        };
        if let Err(error) = kiosk::day::Zone::named(&time_zone) {
            return Err(Refusal::invalid("time_zone", "bad_time_zone", error.to_string()).into());
        }
        let title = new.title.clone().or_else(|| known.map(|known| known.title));
        let site = SiteRow {
            title: title.unwrap_or_else(|| new.name.to_string()),
            name: new.name.clone(),
            time_zone,
            currency: self.settings.currency,
            language: self.settings.language.clone(),
        };
        self.store.put_site(&site, self.now())?;
        self.audit(by, "site added", new.name.as_str(), "")?;
        self.new_code(&new.name, false, new.valid_ms)
    }

    /// A code with which another box takes the site over.
    pub fn replace_site(&mut self, by: &Actor, site: &SiteName, valid_ms: Option<i64>) -> Result<Response, Halt> {
        if self.store.site(site)?.is_none() {
            return Err(Refusal::not_found("site").into());
        }
        self.audit(by, "join code made", site.as_str(), "replaces")?;
        self.new_code(site, true, valid_ms)
    }

    fn new_code(&mut self, site: &SiteName, replaces: bool, valid_ms: Option<i64>) -> Result<Response, Halt> {
        let valid_ms = valid_ms.unwrap_or(self.settings.join_valid_ms);
        if !(MINUTE_MS..=VALID_MS_MAX).contains(&valid_ms) {
            return Err(Refusal::invalid("valid", "out_of_range", "a minute to a year").into());
        }
        let code = format!("{site}-{}", crockford::encode(self.throw_number(), CODE_CHARACTERS));
        let valid_until = self.now().plus_ms(valid_ms);
        self.store.put_join_code(&JoinCodeRow {
            site: site.clone(),
            hash: code_hash(site, &code),
            replaces,
            valid_until,
            wrong_tries: 0,
        })?;
        Ok(Response::JoinCode { code, valid_until })
    }

    /// A gateway trades its code for an enrolment (PROTOCOL rule 1).
    pub fn join(&mut self, asked: &JoinRequest) -> Result<Response, Halt> {
        // One sentence for a wrong name, a wrong code and a void one: nobody learns which sites there are.
        let wrong = || Refusal::new(RefusalKind::Forbidden, "bad_code", "this join code is not valid");
        let code = asked.code.0.trim();
        let site = code
            .rsplit_once('-')
            .and_then(|(site, _)| site.to_ascii_lowercase().parse::<SiteName>().ok());
        let Some(site) = site else {
            return Err(wrong().into());
        };
        let Some(mut known) = self.store.join_code(&site)? else {
            return Err(wrong().into());
        };
        if known.valid_until <= self.now() {
            return Err(wrong().into());
        }
        if known.hash != code_hash(&site, code) {
            known.wrong_tries += 1;
            if known.wrong_tries >= WRONG_TRIES_MAX {
                self.store.remove_join_code(&site)?;
                self.alarm(
                    "join_code_void",
                    format!("site {site}: six wrong join codes; the code is void"),
                )?;
            } else {
                self.store.put_join_code(&known)?;
            }
            return Err(Halt::Kept(wrong()));
        }
        if let Some(old) = self.store.current_enrolment(&site)? {
            if !known.replaces && !asked.replace {
                let message = format!("site {site} has a gateway; join with --replace to take its place");
                return Err(Refusal::conflict("site_joined", message).into());
            }
            self.write_off_box(old.box_id)?;
        }
        self.store.remove_join_code(&site)?;
        let enrolment = EnrolmentRow {
            box_id: BoxId(self.throw_number()),
            site: site.clone(),
            public_key: asked.public_key,
            medium: asked.medium,
            current: true,
        };
        self.enrol(&enrolment)?;
        self.audit(
            &Actor::Gateway,
            "site joined",
            site.as_str(),
            &enrolment.box_id.to_string(),
        )?;
        self.end_doubt_if_heard()?;
        self.enrolment_answer(&enrolment)
    }

    fn enrol(&mut self, enrolment: &EnrolmentRow) -> Result<(), HubError> {
        self.side_entry(&SideEntry::Enrolled {
            site: enrolment.site.clone(),
            box_id: enrolment.box_id,
            public_key: enrolment.public_key,
            medium: enrolment.medium,
        })?;
        self.store.add_enrolment(enrolment, self.now())?;
        self.admit_document(&DocumentId::Site(enrolment.site.clone()), enrolment.box_id)?;
        self.settle_floats(Some(&enrolment.site))?;
        self.load_box(enrolment.box_id, &enrolment.site, CustomerId(i64::MIN.cast_unsigned()))
    }

    fn enrolment_answer(&mut self, enrolment: &EnrolmentRow) -> Result<Response, Halt> {
        let (site, box_id) = (&enrolment.site, enrolment.box_id);
        let row = self.store.site(site)?.ok_or_else(|| Refusal::not_found("site"))?;
        let site_key = self.keys.site(site, box_id);
        Ok(Response::Joined(Box::new(Enrolment {
            site: site.clone(),
            title: row.title,
            box_id,
            time_zone: row.time_zone,
            currency: row.currency,
            language: row.language,
            pair_key: *self.keys.pair_secret(box_id).expose(),
            pin_key: *site_key.pin_key().expose(),
            receipt_key: *site_key.receipt_key().expose(),
            hub_signing_key: self.keys.identity.public(),
            hub_sealing_key: self.keys.sealing_public(),
            generation: generation(&SqlLogs::new(self.store.0))?,
            wall: self.now(),
        })))
    }

    /// Sends a box the next of its customers, and remembers how far it got.
    fn load_box(&mut self, box_id: BoxId, site: &SiteName, after: CustomerId) -> Result<(), HubError> {
        let batch = self.store.customers_of_site(site, after, LOAD_BATCH)?;
        for customer in &batch {
            self.serve_at(*customer, box_id)?;
        }
        let is_all = batch.len() < LOAD_BATCH as usize;
        let last = batch.last().copied().filter(|_| !is_all);
        Ok(self.store.set_loaded(box_id, last)?)
    }

    /// Goes on sending a new box its customers.
    pub fn load_boxes(&mut self) -> Result<(), HubError> {
        let Some((box_id, after)) = self.store.loading_box()? else {
            return Ok(());
        };
        match self.store.enrolment(box_id)? {
            Some(enrolment) => self.load_box(box_id, &enrolment.site, after),
            None => Ok(()),
        }
    }

    /// Refuses the site's box from now on and writes off what it holds.
    pub fn revoke_site(&mut self, by: &Actor, site: &SiteName) -> Result<Response, Halt> {
        let Some(enrolment) = self.store.current_enrolment(site)? else {
            return Err(Refusal::not_found("gateway at this site").into());
        };
        let held_ml = read::held_ml(self.store.0, enrolment.box_id)?;
        self.store.remove_join_code(site)?;
        self.write_off_box(enrolment.box_id)?;
        self.end_doubt_if_heard()?;
        let detail = format!("box {}; {held_ml} ml written off", enrolment.box_id);
        self.audit(by, "site revoked", site.as_str(), &detail)?;
        Ok(Response::Done)
    }

    /// Its open rights are fixed at the spend known, the rest is free again; what it still hands over goes to suspense
    /// (PROTOCOL rule 25).
    fn write_off_box(&mut self, box_id: BoxId) -> Result<(), HubError> {
        self.side_entry(&SideEntry::WrittenOff(box_id))?;
        for key in self.retire(box_id)? {
            self.settle_purse(key)?;
        }
        for link in self.links_of(box_id) {
            self.session_event(link, Event::Close(Reason::Retired, None))?;
        }
        Ok(())
    }

    /// Retires an enrolment and fixes its open rights at the spend known; returns the purses that have water free now.
    fn retire(&mut self, box_id: BoxId) -> Result<BTreeSet<PurseKey>, HubError> {
        self.store.retire(box_id, self.now())?;
        self.store.drop_admissions_of(box_id)?;
        let mut keys = BTreeSet::new();
        for mut row in self.store.open_grants_of_box(box_id)? {
            row.written_off = Some(row.spent);
            self.store.put_grant(&row)?;
            keys.extend(row.key());
        }
        Ok(keys)
    }

    /// An operator ends the doubt before every box is heard, having been shown the sum at risk.
    pub fn end_doubt(&mut self, by: &Actor, at_risk_ml: i64) -> Result<Response, Halt> {
        if !self.in_doubt()? {
            return Err(Refusal::conflict("not_in_doubt", "the hub is not in doubt").into());
        }
        hub_end(&mut SqlLogs::new(self.store.0))?;
        let detail = format!("before every box was heard; {at_risk_ml} ml at risk");
        self.audit(by, "doubt ended", "hub", &detail)?;
        self.doubt_ended(false)?;
        Ok(Response::Done)
    }

    /// What was held back is granted now.
    pub fn doubt_ended(&mut self, all_heard: bool) -> Result<(), HubError> {
        self.store.set_settled(Some(CustomerId(i64::MIN.cast_unsigned())))?;
        self.floats_after_doubt(all_heard)?;
        self.settle_after_doubt()
    }

    /// Goes on granting what a doubt held back, some customers at a time, so that no input takes long.
    pub fn settle_after_doubt(&mut self) -> Result<(), HubError> {
        let Some(after) = self.store.settled_to()? else {
            return Ok(());
        };
        let batch = self.store.customers_with_purses(after, LOAD_BATCH)?;
        for customer in &batch {
            self.settle_customer(*customer)?;
        }
        let is_all = batch.len() < LOAD_BATCH as usize;
        let last = batch.last().copied().filter(|_| !is_all);
        Ok(self.store.set_settled(last)?)
    }

    /// How many entries of the side log the database held when the open commit began.
    fn side_held(&mut self) -> Result<usize, HubError> {
        let held = match *self.side_held {
            Some(held) => held,
            None => self.store.hub()?.side_entries,
        };
        *self.side_held = Some(held);
        Ok(held)
    }

    /// Appends an entry to the side log and counts it; it is synced when this returns.
    pub fn side_entry(&mut self, entry: &SideEntry) -> Result<(), HubError> {
        let held = self.side_held()?;
        self.side.append(&entry.to_line_of(held))?;
        let entries = self.side.lines()?.len();
        Ok(self.store.set_side_entries(entries)?)
    }

    /// Before the first input, and after a failed one: applies what the side log has and the database lacks. One commit
    /// behind is a crash; more is a restored past, and the hub is in doubt (PROTOCOL rules 4 and 15).
    pub fn heed_side_log(&mut self) -> Result<(), HubError> {
        let lines = self.side.lines()?;
        let (held, seen) = (self.side_held()?, self.store.hub()?.side_entries);
        let (known, missing) = lines.split_at(seen.min(lines.len()));
        self.begin_audit(known)?;
        let mut entries = Vec::new();
        for line in missing {
            match SideEntry::from_line(line) {
                Some(entry) => entries.push(entry),
                None => self.alarm("side_log", format!("an entry that cannot be read: {line}"))?,
            }
        }
        let generations = entries.iter().filter_map(|entry| match entry {
            SideEntry::Generation(generation) => Some(*generation),
            _ => None,
        });
        let generation_max = generations.max().unwrap_or_default();
        let restored = hub_take_restored(&mut SqlLogs::new(self.store.0))?;
        let is_past_missing = restored || !is_crash(missing, held) || generation_max > 0;
        for entry in &entries {
            self.apply_side_entry(entry, is_past_missing)?;
        }
        self.store.set_side_entries(lines.len())?;
        if is_past_missing {
            let generation = hub_raise(&mut SqlLogs::new(self.store.0), generation_max + 1)?;
            self.generation_raised(generation)?;
            // Without a single box there is nobody to wait for.
            self.end_doubt_if_heard()?;
        }
        Ok(())
    }

    /// `is_past_missing`: more than one commit is lacking. Else its commit failed, and whoever asked was told so.
    fn apply_side_entry(&mut self, entry: &SideEntry, is_past_missing: bool) -> Result<(), HubError> {
        let now = self.now();
        match entry {
            SideEntry::Generation(_) | SideEntry::Audit(_) => {}
            SideEntry::Enrolled {
                site,
                box_id,
                public_key,
                medium,
            } => {
                if self.store.enrolment(*box_id)?.is_none() {
                    self.restore_enrolment(site, *box_id, *public_key, *medium, now)?;
                    if is_past_missing {
                        self.store.remove_join_code(site)?;
                    } else {
                        // The box never got its keys: its code stays valid, for it will ask again.
                        self.alarm_at(site, "half_joined", half_joined(site))?;
                    }
                }
            }
            SideEntry::WrittenOff(box_id) => {
                self.retire(*box_id)?;
                // What became free is granted from the next ticks on: to the box that took its place, if one did.
                self.store.set_settled(Some(CustomerId(i64::MIN.cast_unsigned())))?;
            }
        }
        Ok(())
    }

    fn restore_enrolment(
        &mut self,
        site: &SiteName,
        box_id: BoxId,
        public_key: [u8; 32],
        medium: [u8; 8],
        now: Wall,
    ) -> Result<(), HubError> {
        if self.store.site(site)?.is_none() {
            let row = SiteRow {
                name: site.clone(),
                title: site.to_string(),
                time_zone: self.settings.time_zone.clone(),
                currency: self.settings.currency,
                language: self.settings.language.clone(),
            };
            self.store.put_site(&row, now)?;
        }
        if let Some(old) = self.store.current_enrolment(site)? {
            self.store.retire(old.box_id, now)?;
        }
        let enrolment = EnrolmentRow {
            box_id,
            site: site.clone(),
            public_key,
            medium,
            current: true,
        };
        Ok(self.store.add_enrolment(&enrolment, now)?)
    }
}

/// What an operator is told of a site whose join was kept in the side log and not in the database.
fn half_joined(site: &SiteName) -> String {
    format!(
        "the hub failed while a gateway joined site {site}, and the gateway it had before is shut out; join the new one \
         again with --replace and the same code, or make another code: site replace {site}"
    )
}

/// What is kept of a code: it has 50 random bits, so a plain hash tells nothing.
fn code_hash(site: &SiteName, code: &str) -> [u8; 32] {
    let digits = code.rsplit_once('-').map_or("", |(_, digits)| digits);
    let bits = crockford::decode(digits).unwrap_or(u64::MAX);
    Sha256::new()
        .chain_update(b"kisima join code")
        .chain_update(site.as_str())
        .chain_update([0])
        .chain_update(bits.to_be_bytes())
        .finalize()
        .into()
}
