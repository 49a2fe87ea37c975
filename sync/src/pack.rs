//! Records in the dense form of texts (PROTOCOL rule 11).
