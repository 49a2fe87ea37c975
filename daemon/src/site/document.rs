//! Documents: profiles of customers and the settings of this site (PROTOCOL section 7).

use kiosk::{
    ids::{BoxId, CustomerId, RecordId},
    moment::Moment,
};
use sync::{
    document::{Actor, Applied, Document, Profile},
    journal::Logs as _,
    record::{DocumentId, Edit},
};

use super::{
    Site, SiteError,
    effect::Effect,
    store::{dispensers, documents, inbox, meta, people, read::JERRYCAN},
};

impl Site {
    /// Folds a record of the edits lane.
    pub(super) fn fold_edit(&mut self, moment: &Moment, id: RecordId, edit: Edit) -> Result<Vec<Effect>, SiteError> {
        match edit {
            Edit::Admit { doc } => {
                if let DocumentId::Customer(customer) = doc {
                    people::admit(self.connection(), customer, true)?;
                }
            }
            Edit::Dropped { doc } => {
                if let DocumentId::Customer(customer) = doc {
                    people::admit(self.connection(), customer, false)?;
                }
            }
            Edit::Change { doc, bytes } => return self.fold_change(moment, id, doc, &bytes),
            // The whole document comes as bulk, which no hub sends yet; its changes come one by one.
            Edit::Document { .. } => {}
            Edit::Erased { doc, .. } => self.erase(&doc)?,
        }
        Ok(Vec::new())
    }

    fn fold_change(
        &mut self,
        moment: &Moment,
        id: RecordId,
        doc: DocumentId,
        bytes: &[u8],
    ) -> Result<Vec<Effect>, SiteError> {
        let name = name(&doc);
        if documents::is_erased(self.connection(), &name)? {
            self.logs().blank(&id)?;
            return Ok(Vec::new());
        }
        documents::index(self.connection(), &name, id)?;
        let mut document = self.document(&doc)?;
        let before = document.profile();
        match document.apply(bytes) {
            Applied::New => {}
            Applied::Known => return Ok(Vec::new()),
            Applied::Waiting(_) => {
                documents::put_waiting(self.connection(), &name, bytes)?;
                return Ok(Vec::new());
            }
            Applied::Refused(why) => {
                return self.alarm(moment, "document", &format!("a change to {name} is set aside: {why}"));
            }
        }
        self.apply_waiting(&name, &mut document)?;
        documents::put(self.connection(), &name, &document.save())?;
        let effects = self.rebuild(&doc, &document)?;
        self.take_stop(moment, &before, &document.profile())?;
        Ok(effects)
    }

    /// The hub heard STOP of the number of somebody here, or that it wants texts again. A document says so of nobody else's
    /// number, for another site may have written it; and whoever takes another number ends no STOP of the one before.
    fn take_stop(&self, moment: &Moment, before: &Profile, after: &Profile) -> Result<(), SiteError> {
        let Some(own) = after.phone.as_deref() else {
            return Ok(());
        };
        let is_said = after.stopped.as_deref() == Some(own);
        let was_said = before.phone == after.phone && before.stopped.as_deref() == Some(own);
        if is_said && !was_said {
            self.stop_number(moment, own)?;
        }
        if was_said && after.stopped.is_none() {
            inbox::end_stop(self.connection(), own)?;
        }
        Ok(())
    }

    /// Changes that waited may fit now; each that fits may let another fit.
    fn apply_waiting(&self, name: &str, document: &mut Document) -> Result<(), SiteError> {
        loop {
            let mut fitted = false;
            for change in documents::waiting(self.connection(), name)? {
                if !matches!(document.apply(&change), Applied::Waiting(_)) {
                    documents::delete_waiting(self.connection(), name, &change)?;
                    fitted = true;
                }
            }
            if !fitted {
                return Ok(());
            }
        }
    }

    /// The document as it is kept, or an empty one.
    pub(super) fn document(&self, doc: &DocumentId) -> Result<Document, SiteError> {
        let box_id = self
            .enrolled
            .as_ref()
            .map_or(BoxId(0), |enrolled| enrolled.enrolment.box_id);
        let actor = Actor::site(box_id, self.pen.epoch);
        Ok(match documents::get(self.connection(), &name(doc))? {
            Some(bytes) => Document::load(doc.clone(), actor, &bytes)?,
            None => Document::new(doc.clone(), actor),
        })
    }

    /// Edits a document here: saved, rebuilt into rows, and given as the record to be written.
    pub(super) fn edit_document(
        &mut self,
        doc: &DocumentId,
        fields: &[(&str, Option<&str>)],
    ) -> Result<Option<Edit>, SiteError> {
        let mut document = self.document(doc)?;
        let Some(bytes) = document.edit(fields)? else {
            return Ok(None);
        };
        documents::put(self.connection(), &name(doc), &document.save())?;
        self.rebuild(doc, &document)?;
        Ok(Some(Edit::Change {
            doc: doc.clone(),
            bytes,
        }))
    }

    /// Brings the rows that are made from a document, saved before, up to date.
    fn rebuild(&mut self, doc: &DocumentId, document: &Document) -> Result<Vec<Effect>, SiteError> {
        match doc {
            DocumentId::Customer(customer) => self.rebuild_profile(*customer, document)?,
            DocumentId::Site(_) => return self.rebuild_settings(document),
        }
        Ok(Vec::new())
    }

    fn rebuild_profile(&self, customer: CustomerId, document: &Document) -> Result<(), SiteError> {
        let profile = document.profile();
        let (name, language) = (profile.name.unwrap_or_default(), profile.language.unwrap_or_default());
        if let Some(phone) = &profile.phone {
            inbox::is_customers(self.connection(), phone)?;
        }
        Ok(people::put_profile(
            self.connection(),
            customer,
            profile.phone.as_deref(),
            &name,
            &language,
        )?)
    }

    fn rebuild_settings(&mut self, document: &Document) -> Result<Vec<Effect>, SiteError> {
        let settings = document.settings();
        if let Some(jerrycan_ml) = settings.jerrycan_ml {
            meta::put_number(
                self.connection(),
                JERRYCAN,
                i64::try_from(jerrycan_ml).unwrap_or(i64::MAX),
            )?;
        }
        let (pulses, language) = self.dispenser_defaults()?;
        if dispensers::apply_settings(self.connection(), pulses, &language)? {
            return self.configurations();
        }
        Ok(Vec::new())
    }

    /// Pulses a litre and the display's language of a dispenser of which nobody said otherwise: what the site's document
    /// says, else the enrolment, else this box's configuration.
    pub(super) fn dispenser_defaults(&self) -> Result<(i64, String), SiteError> {
        let mut pulses = self.settings.pulses_per_litre;
        let mut language = self.settings.language.clone();
        if let Some(enrolled) = &self.enrolled {
            let enrolment = &enrolled.enrolment;
            let settings = self.document(&DocumentId::Site(enrolment.site.clone()))?.settings();
            // A meter without pulses would never stop the water.
            pulses = settings
                .pulses_per_litre
                .filter(|pulses| *pulses > 0)
                .map_or(pulses, i64::from);
            let enrolled = Some(enrolment.language.clone()).filter(|language| !language.is_empty());
            language = settings.language.or(enrolled).unwrap_or(language);
        }
        Ok((pulses, language))
    }

    fn erase(&self, doc: &DocumentId) -> Result<(), SiteError> {
        let name = name(doc);
        for record in documents::indexed(self.connection(), &name)? {
            self.logs().blank(&record)?;
        }
        documents::erase(self.connection(), &name)?;
        if let DocumentId::Customer(customer) = doc {
            people::put_profile(self.connection(), *customer, None, "", "")?;
        }
        Ok(())
    }
}

/// The name of a document in the database.
fn name(doc: &DocumentId) -> String {
    match doc {
        DocumentId::Customer(customer) => format!("customer:{customer}"),
        DocumentId::Site(site) => format!("site:{site}"),
    }
}
