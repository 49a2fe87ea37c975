//! Documents that people edit on both sides, as far as the hub forwards and reads them (PROTOCOL section 7).

use kiosk::{
    ids::{BoxId, CustomerId},
    phone::{Country, Phone},
};
use sync::{
    document::{Actor, Applied, Document},
    record::{DocumentId, Edit},
};

use super::{
    customer::document_name,
    effect::Refusal,
    turn::{Halt, HubError, Turn},
};

impl Turn<'_> {
    fn document(&self, doc: &DocumentId) -> Result<Document, HubError> {
        let actor = Actor::hub(self.run);
        match self.store.document(&document_name(doc))? {
            Some(bytes) => Document::load(doc.clone(), actor, &bytes)
                .map_err(|error| HubError::Journal(format!("document {}: {error}", document_name(doc)))),
            None => Ok(Document::new(doc.clone(), actor)),
        }
    }

    /// Sets fields of a document and forwards the change to every box that holds it.
    pub fn edit_document(&mut self, doc: &DocumentId, fields: &[(&str, Option<&str>)]) -> Result<(), Halt> {
        let mut document = self.document(doc)?;
        let change = document
            .edit(fields)
            .map_err(|error| Refusal::invalid("name", "bad_text", error.to_string()))?;
        let Some(bytes) = change else { return Ok(()) };
        self.store.put_document(&document_name(doc), &document.save())?;
        Ok(self.forward(doc, None, &bytes)?)
    }

    /// A change goes to every box that holds the document, but to the one it came from.
    fn forward(&mut self, doc: &DocumentId, from: Option<BoxId>, bytes: &[u8]) -> Result<(), HubError> {
        for box_id in self.store.admitted_boxes(&document_name(doc))? {
            if Some(box_id) != from {
                self.write_edit(
                    box_id,
                    Edit::Change {
                        doc: doc.clone(),
                        bytes: bytes.to_vec(),
                    },
                )?;
            }
        }
        Ok(())
    }

    /// A box holds this document from now on: it gets all of it, once.
    pub fn admit_document(&mut self, doc: &DocumentId, box_id: BoxId) -> Result<(), HubError> {
        if !self.store.admit(&document_name(doc), box_id)? {
            return Ok(());
        }
        self.write_edit(box_id, Edit::Admit { doc: doc.clone() })?;
        for bytes in self.document(doc)?.changes() {
            self.write_edit(
                box_id,
                Edit::Change {
                    doc: doc.clone(),
                    bytes,
                },
            )?;
        }
        Ok(())
    }

    /// A box need not hold this document any more.
    pub fn drop_document(&mut self, doc: &DocumentId, box_id: BoxId) -> Result<(), HubError> {
        if self.store.drop_admission(&document_name(doc), box_id)? {
            self.write_edit(box_id, Edit::Dropped { doc: doc.clone() })?;
        }
        Ok(())
    }

    /// A record of the edits lane that a box sent, or that the hub wrote and got back.
    pub fn fold_edit(&mut self, box_id: BoxId, edit: Edit) -> Result<(), HubError> {
        match edit {
            Edit::Admit { doc } => self.store.admit(&document_name(&doc), box_id).map(drop)?,
            Edit::Dropped { doc } => self.store.drop_admission(&document_name(&doc), box_id).map(drop)?,
            Edit::Change { doc, bytes } => self.fold_change(box_id, &doc, &bytes)?,
            // Written by no version of this hub so far; the journal keeps them.
            Edit::Document { .. } | Edit::Erased { .. } => {}
        }
        Ok(())
    }

    fn fold_change(&mut self, box_id: BoxId, doc: &DocumentId, bytes: &[u8]) -> Result<(), HubError> {
        let name = document_name(doc);
        let is_new = self.store.document(&name)?.is_none();
        let mut document = self.document(doc)?;
        let stopped = document.profile().stopped;
        match document.apply(bytes) {
            Applied::Known => return Ok(()),
            Applied::Waiting(_) => return Ok(self.store.park_change(&name, box_id, bytes, None)?),
            Applied::Refused(why) => {
                self.store.park_change(&name, box_id, bytes, Some(why))?;
                return self.alarm("change_refused", format!("document {name}: {why}"));
            }
            Applied::New => {}
        }
        self.store.put_document(&name, &document.save())?;
        if is_new {
            // The box made the document itself. One that is known comes from a box that was admitted, or from one that was
            // since dropped and had not heard: its change counts, and it is not let in again.
            self.store.admit(&name, box_id)?;
        }
        self.forward(doc, Some(box_id), bytes)?;
        self.apply_waiting(doc, &mut document)?;
        match doc {
            DocumentId::Customer(customer) => {
                let profile = document.profile();
                let phone = profile
                    .phone
                    .and_then(|phone| Phone::parse(&phone, Country::Kenya).ok());
                self.take_profile(*customer, phone, profile.name, profile.city, profile.language)?;
                self.take_stop(*customer, stopped, profile.stopped)
            }
            DocumentId::Site(_) => Ok(()),
        }
    }

    /// A site heard STOP of a customer's number, or that they want texts again. It says so of nobody else's number; of whoever
    /// was registered there a second time, the number is with the older registration by now.
    fn take_stop(
        &mut self,
        customer: CustomerId,
        before: Option<String>,
        after: Option<String>,
    ) -> Result<(), HubError> {
        if before == after {
            return Ok(());
        }
        let holder = self.store.customer(self.store.root(customer)?)?;
        let Some((holder, own)) = holder.and_then(|row| Some((row.id, row.phone?))) else {
            return Ok(());
        };
        let is_own = |phone: Option<String>| phone.is_some_and(|phone| phone == own.e164());
        let action = match (before, after) {
            (_, after @ Some(_)) if is_own(after.clone()) && self.store.stop_texts(own, self.now())? => {
                self.store.set_stop_told(own, holder == customer)?;
                "texts stopped"
            }
            (before, None) if is_own(before.clone()) && self.store.end_told_stop(own)? => "texts allowed",
            _ => return Ok(()),
        };
        self.audit_as("site", action, &customer.to_string(), "")
    }

    /// Writes STOPs, to whomever they were said, into the documents of those who have the numbers: their sites text them
    /// nothing that goes to everybody.
    pub fn tell_stops(&mut self, limit: u32) -> Result<(), HubError> {
        for phone in self.store.stops_untold(limit)? {
            self.store.set_stop_told(phone, true)?;
            let Some(row) = self.store.customer_by_phone(phone)? else {
                continue;
            };
            let doc = DocumentId::Customer(row.id);
            // Whoever began by USSD has none yet: all of it is written at once.
            if self.store.document(&document_name(&doc))?.is_none() {
                continue;
            }
            // Written anew it outlives that a site, which has not heard of it, ends the one before.
            match self.edit_document(&doc, &[("stopped", None), ("stopped", Some(&phone.e164()))]) {
                Ok(()) | Err(Halt::Refused(_) | Halt::Kept(_) | Halt::Waits(_)) => {}
                Err(Halt::Broken(error)) => return Err(error),
            }
        }
        Ok(())
    }

    /// Changes that waited for the one that has just come.
    fn apply_waiting(&mut self, doc: &DocumentId, document: &mut Document) -> Result<(), HubError> {
        let name = document_name(doc);
        let mut again = true;
        while again {
            again = false;
            for (row, box_id, bytes) in self.store.waiting_changes(&name)? {
                match document.apply(&bytes) {
                    Applied::Waiting(_) => continue,
                    Applied::New => {
                        again = true;
                        self.forward(doc, Some(box_id), &bytes)?;
                    }
                    Applied::Known => {}
                    Applied::Refused(why) => self.store.park_change(&name, box_id, &bytes, Some(why))?,
                }
                self.store.remove_parked(row)?;
            }
        }
        Ok(self.store.put_document(&name, &document.save())?)
    }
}
