//! Live sockets of gateways: sessions in, records folded, frames out.

use kiosk::{
    fact::Fact,
    ids::{BoxId, Epoch, LogKey, SiteName},
    units::Volume,
};
use store::journal::SqlLogs;
use sync::{
    doubt,
    frame::{self, Found, Reason, Seek, Whom},
    journal::{self, Logs as _, Stored},
    record::Record,
    session::{Action, Closed, Event, Session},
};

use super::{
    effect::{Effect, LiveEvent},
    input::LinkId,
    side::SideEntry,
    turn::{HubError, Turn},
};

/// Account numbers left out when the past may be missing: more than are given out between two backups, so that a number
/// that somebody has on a card is not given to somebody else.
const ACCOUNTS_SKIPPED: u32 = 1_000;
/// How much of a log is read at a time when what is unsigned is added up.
const UNSIGNED_READ_BYTES: usize = 65_536;

/// One socket of a gateway.
#[derive(Debug)]
pub(super) enum Link {
    /// Its first frame has not come: nobody knows whose it is.
    Unnamed,
    /// It speaks for a box.
    Speaking(Box<Speaking>),
}

/// A socket that speaks for a box.
#[derive(Debug)]
pub(super) struct Speaking {
    site: SiteName,
    box_id: BoxId,
    session: Session,
    /// The box has proved who it is: the site counts as online.
    online: bool,
    /// It was told again what texts it has not answered.
    told_again: bool,
}

impl Speaking {
    /// Whether the box is at the other end now and takes records.
    pub fn serves(&self, box_id: BoxId) -> bool {
        self.box_id == box_id && self.online && self.session.is_established()
    }
}

impl Turn<'_> {
    /// A gateway dialled. The hub speaks once it knows to whom.
    pub fn linked(&mut self, link: LinkId) -> Result<(), HubError> {
        self.links.insert(link, Link::Unnamed);
        Ok(())
    }

    /// The socket is gone.
    pub fn unlinked(&mut self, link: LinkId) -> Result<(), HubError> {
        match self.links.remove(&link) {
            Some(Link::Speaking(speaking)) if speaking.online => self.site_offline(&speaking),
            _ => Ok(()),
        }
    }

    /// One frame.
    pub fn frame(&mut self, link: LinkId, bytes: &[u8]) -> Result<(), HubError> {
        match self.links.get(&link) {
            Some(Link::Speaking(_)) => self.session_event(link, Event::Frame(bytes)),
            Some(Link::Unnamed) => self.first_frame(link, bytes),
            None => {
                self.close(link, "no such link");
                Ok(())
            }
        }
    }

    /// The first frame must be a HELLO; what it claims finds the enrolment whose key then proves it.
    fn first_frame(&mut self, link: LinkId, bytes: &[u8]) -> Result<(), HubError> {
        let named = frame::decode(bytes)
            .ok()
            .and_then(|frame| frame.hello().map(|hello| hello.box_id));
        let Some(box_id) = named else {
            self.links.remove(&link);
            self.close(link, "the first frame is no HELLO");
            return Ok(());
        };
        let Some(enrolment) = self.store.enrolment(box_id)? else {
            self.links.remove(&link);
            self.close(link, "no such box");
            return Ok(());
        };
        let setup = self.setup_of(&enrolment);
        let speaking = Speaking {
            site: enrolment.site,
            box_id,
            session: Session::new(setup),
            online: false,
            told_again: false,
        };
        self.links.insert(link, Link::Speaking(Box::new(speaking)));
        self.session_event(link, Event::Opened)?;
        self.session_event(link, Event::Frame(bytes))
    }

    /// Gives a session an event and does what comes of it.
    pub fn session_event(&mut self, link: LinkId, event: Event<'_>) -> Result<(), HubError> {
        let mut logs = SqlLogs::new(self.store.0);
        let moment = self.moment;
        let Some(Link::Speaking(speaking)) = self.links.get_mut(&link) else {
            return Ok(());
        };
        self.lost.insert(link);
        let actions = speaking.session.handle(moment, event, &mut logs);
        let box_id = speaking.box_id;
        let actions = match actions {
            Ok(actions) => actions,
            Err(error) => {
                // The input is rolled back and this link is lost with it; the others never moved.
                self.links.remove(&link);
                return Err(error.into());
            }
        };
        for action in actions {
            self.session_action(link, box_id, action)?;
        }
        Ok(())
    }

    fn session_action(&mut self, link: LinkId, box_id: BoxId, action: Action) -> Result<(), HubError> {
        match action {
            Action::Send(bytes) => self.effects.push(Effect::Send { link, bytes }),
            Action::Established { run, .. } => self.established(link, box_id, run)?,
            Action::Seek(seek) => {
                let (id, found) = self.sought(box_id, &seek)?;
                self.tell_sessions()?;
                self.session_event(link, Event::Sought(id, found))?;
            }
            Action::Close(closed) => self.session_closed(link, closed)?,
            other => self.box_action(box_id, other)?,
        }
        Ok(())
    }

    /// What came of the exchange with a box, whatever carried it.
    pub fn box_action(&mut self, box_id: BoxId, action: Action) -> Result<(), HubError> {
        match action {
            Action::Fold { id, record } => self.fold(id, record),
            Action::GenerationRaised { generation } => self.generation_raised(generation),
            Action::Heard => {
                self.name_unsigned(box_id)?;
                self.end_doubt_if_heard()
            }
            Action::Fork { at } => self.alarm(
                "fork",
                format!("box {box_id}: log {} differs at record {}", at.log.epoch, at.seq),
            ),
            Action::Refused { at, error } => {
                let why = error.map_or_else(
                    || "its signature is wrong or lacks".to_owned(),
                    |error| error.to_string(),
                );
                self.alarm(
                    "record_refused",
                    format!("box {box_id}: log {} at record {}: {why}", at.log.epoch, at.seq),
                )
            }
            Action::OtherMedium { .. } => self.alarm(
                "other_medium",
                format!("box {box_id}: its database is on another card or disk; join it again"),
            ),
            Action::Said(said) => self.text_said(box_id, &said),
            // Of one socket alone, or said to gateways.
            Action::Send(_)
            | Action::Established { .. }
            | Action::Seek(_)
            | Action::Close(_)
            | Action::Acked { .. }
            | Action::Doubt
            | Action::DoubtEnded
            | Action::Sought { .. }
            | Action::Say(_) => Ok(()),
        }
    }

    /// The box is who it says: an older socket of it gives way, and the site is online.
    fn established(&mut self, link: LinkId, box_id: BoxId, run: Epoch) -> Result<(), HubError> {
        let older: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(id, other)| **id != link && matches!(other, Link::Speaking(other) if other.box_id == box_id))
            .map(|(id, _)| *id)
            .collect();
        for older in older {
            self.session_event(older, Event::Close(Reason::TakenOver, None))?;
        }
        let Some(Link::Speaking(speaking)) = self.links.get_mut(&link) else {
            return Ok(());
        };
        let newly = !std::mem::replace(&mut speaking.online, true);
        let site = speaking.site.clone();
        self.store.set_online(&site, true, self.moment.wall)?;
        if newly {
            self.effects.push(Effect::Proven { link });
            self.live(LiveEvent::Site { site, online: true });
        }
        // What waits for this site leaves at the end of the turn, behind what the session says now.
        self.texts_queued = true;
        self.thin_gives_way(box_id, run)
    }

    /// The socket of a site that is to send texts.
    pub fn link_for_texts(&self, site: &SiteName) -> Option<(LinkId, BoxId)> {
        self.links.iter().find_map(|(link, speaking)| match speaking {
            Link::Speaking(speaking) if speaking.site == *site && speaking.online && speaking.session.takes_texts() => {
                Some((*link, speaking.box_id))
            }
            _ => None,
        })
    }

    fn session_closed(&mut self, link: LinkId, closed: Closed) -> Result<(), HubError> {
        let why = match closed {
            Closed::Here(_) => "said goodbye",
            Closed::There { .. } => "the gateway said goodbye",
            Closed::Silent => "silent for too long",
            Closed::BadFrame(_) => "a frame that cannot be read or is not sealed by the box",
            Closed::Unexpected => "a frame out of turn",
        };
        if let Some(Link::Speaking(speaking)) = self.links.remove(&link)
            && speaking.online
        {
            self.site_offline(&speaking)?;
        }
        self.close(link, why);
        Ok(())
    }

    fn site_offline(&mut self, gone: &Speaking) -> Result<(), HubError> {
        let other = self
            .links
            .values()
            .any(|link| matches!(link, Link::Speaking(other) if other.site == gone.site && other.online));
        if !other {
            self.store.set_online(&gone.site, false, self.moment.wall)?;
            self.live(LiveEvent::Site {
                site: gone.site.clone(),
                online: false,
            });
        }
        Ok(())
    }

    fn close(&mut self, link: LinkId, why: &'static str) {
        self.effects.push(Effect::Close { link, why });
    }

    /// Sessions hear that something was written about their box.
    pub fn tell_sessions(&mut self) -> Result<(), HubError> {
        // What a session does of it may write again, about another box: until nothing is left.
        while let Some(box_id) = self.written.pop_first() {
            for link in self.links_of(box_id) {
                self.session_event(link, Event::Written)?;
            }
        }
        Ok(())
    }

    /// Whether what the box has not answered is to be said again on this socket: true once.
    pub fn is_to_be_told_again(&mut self, link: LinkId) -> bool {
        match self.links.get_mut(&link) {
            Some(Link::Speaking(speaking)) => !std::mem::replace(&mut speaking.told_again, true),
            _ => false,
        }
    }

    /// The sockets that speak for a box.
    pub fn links_of(&self, box_id: BoxId) -> Vec<LinkId> {
        self.links
            .iter()
            .filter(|(_, link)| matches!(link, Link::Speaking(other) if other.box_id == box_id))
            .map(|(link, _)| *link)
            .collect()
    }

    /// Sessions whose deadline has come get a tick.
    pub fn tick_sessions(&mut self) -> Result<(), HubError> {
        let now = self.moment.monotonic_ms;
        let due: Vec<LinkId> = self
            .links
            .iter()
            .filter(|(_, link)| match link {
                Link::Speaking(speaking) => speaking.session.deadline_ms().is_some_and(|due| due <= now),
                Link::Unnamed => false,
            })
            .map(|(link, _)| *link)
            .collect();
        for link in due {
            self.session_event(link, Event::Tick)?;
        }
        Ok(())
    }

    /// Sites whose socket was lost with a transaction are offline.
    pub fn forget_lost_sites(&mut self) -> Result<(), HubError> {
        for site in self.store.online_sites()? {
            let alive = self
                .links
                .values()
                .any(|link| matches!(link, Link::Speaking(speaking) if speaking.site == site && speaking.online));
            if !alive {
                self.store.set_online(&site, false, self.moment.wall)?;
                self.live(LiveEvent::Site { site, online: false });
            }
        }
        Ok(())
    }

    /// The hub's past is missing: the generation was raised and the hub is in doubt (PROTOCOL rule 15).
    pub fn generation_raised(&mut self, generation: u32) -> Result<(), HubError> {
        self.side_entry(&SideEntry::Generation(generation))?;
        self.store.set_doubt_since(self.moment.wall)?;
        self.hold_payouts()?;
        self.forget_texts()?;
        self.hold_broadcasts()?;
        self.suspend_managers()?;
        self.store.skip_accounts(ACCOUNTS_SKIPPED)?;
        self.alarm(
            "hub_in_doubt",
            format!("the hub's past is missing; generation {generation} grants only from new money until every site is heard"),
        )?;
        let speaking: Vec<BoxId> = self
            .links
            .values()
            .filter_map(|link| match link {
                Link::Speaking(speaking) => Some(speaking.box_id),
                Link::Unnamed => None,
            })
            .collect();
        self.written.extend(speaking);
        Ok(())
    }

    /// Doubt ends when every current box is heard; what was held back is granted now.
    pub fn end_doubt_if_heard(&mut self) -> Result<(), HubError> {
        let boxes = self.store.current_boxes()?;
        if doubt::hub_end_if_heard(&mut SqlLogs::new(self.store.0), &boxes)? {
            self.audit_as("hub", "doubt ended", "hub", "every box was heard")?;
            self.doubt_ended(true)?;
        }
        Ok(())
    }

    /// Names to the operator what a box gave back without the hub's signature: it counts for nothing (PROTOCOL rule 19).
    fn name_unsigned(&mut self, box_id: BoxId) -> Result<(), HubError> {
        let logs = SqlLogs::new(self.store.0);
        for (log, first, last) in journal::given_back_unsigned(&logs, box_id)? {
            let (mut seq, mut granted) = (first, Volume::ZERO);
            while seq <= last {
                let read = logs.read(&log, seq, UNSIGNED_READ_BYTES)?;
                if read.is_empty() {
                    break;
                }
                seq += u32::try_from(read.len()).unwrap_or(u32::MAX);
                granted = granted.plus(read.iter().filter_map(|stored| granted_in(&log, stored)).sum());
            }
            self.alarm(
                "hub_record_unsigned",
                format!(
                    "box {box_id} gave back records {first} to {last} of log {} without the hub's signature; they do not \
                     count, and grant {granted}",
                    log.epoch
                ),
            )?;
        }
        Ok(())
    }

    /// A site asks for a customer it does not know (PROTOCOL section 3, SEEK): a customer without a home comes to live
    /// there; one who lives elsewhere is refused.
    fn sought(&mut self, box_id: BoxId, seek: &Seek) -> Result<(u64, Found), HubError> {
        let found = match &seek.whom {
            Whom::Phone(phone) => match kiosk::phone::Phone::parse(phone, self.settings.country) {
                Ok(phone) => self.store.customer_by_phone(phone)?,
                Err(_) => None,
            },
            Whom::Account(account) => self.store.customer_by_account(*account)?,
            Whom::Customer(customer) => self.store.customer(self.store.root(*customer)?)?,
        };
        let Some(customer) = found else {
            return Ok((seek.id, Found::Unknown));
        };
        let Some(enrolment) = self.store.enrolment(box_id)?.filter(|enrolment| enrolment.current) else {
            return Ok((seek.id, Found::Refused));
        };
        match &customer.site {
            Some(home) if *home == enrolment.site => {}
            Some(_) => return Ok((seek.id, Found::Refused)),
            None => self.move_home(customer.id, Some(&enrolment.site))?,
        }
        self.serve_at(customer.id, box_id)?;
        Ok((seek.id, Found::Found))
    }
}

/// What a record grants, if it does.
fn granted_in(log: &LogKey, stored: &Stored) -> Option<Volume> {
    let Stored::Bytes(bytes) = stored else { return None };
    match Record::decode(log.by, log.lane, bytes) {
        Ok(Record::Fact(Fact::Granted(granted))) => Some(granted.volume),
        _ => None,
    }
}
