//! The place of the modem driver: SMS, USSD and sync when there is no data. Nothing of it is built yet; the gateway does
//! without, and the hub keeps its texts in the outbox.
