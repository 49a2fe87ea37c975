//! How the values of a session are kept: the types of the rules are not made for wires, so each is written here.

/// What is written as text and read back from it: ids, names, days.
pub(super) mod text {
    use serde::{Deserialize, Deserializer, Serializer, de::Error};
    use std::{fmt::Display, str::FromStr};

    pub fn serialize<T: Display, S: Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(value)
    }

    pub fn deserialize<'de, T, D>(deserializer: D) -> Result<T, D::Error>
    where
        T: FromStr<Err: Display>,
        D: Deserializer<'de>,
    {
        String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
    }
}

/// A phone in E.164, for its own text is masked.
pub(super) mod phone {
    use crate::phone::{Country, Phone};
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(phone: &Phone, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&phone.e164())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Phone, D::Error> {
        let written = String::deserialize(deserializer)?;
        Phone::parse(&written, Country::Kenya).map_err(D::Error::custom)
    }
}

/// Money as minor units and currency.
pub(super) mod money {
    use crate::units::{Currency, Money};
    use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error};

    pub fn serialize<S: Serializer>(money: &Money, serializer: S) -> Result<S::Ok, S::Error> {
        (money.minor, money.currency.code()).serialize(serializer)
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Money, D::Error> {
        let (minor, code) = <(i64, String)>::deserialize(deserializer)?;
        let currency = Currency::from_code(&code).ok_or_else(|| D::Error::custom("an unknown currency"))?;
        Ok(Money::new(minor, currency))
    }
}

/// A volume in millilitres.
pub(super) mod volume {
    use crate::units::Volume;
    use serde::{Deserialize, Deserializer, Serializer};

    pub fn serialize<S: Serializer>(volume: &Volume, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u64(volume.ml())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Volume, D::Error> {
        u64::deserialize(deserializer).map(Volume::from_ml)
    }
}

/// A language as its two letters.
pub(super) mod language {
    use crate::talk::Language;
    use serde::{Deserialize, Deserializer, Serializer, de::Error};

    pub fn serialize<S: Serializer>(language: &Language, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(language.code())
    }

    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Language, D::Error> {
        let code = String::deserialize(deserializer)?;
        Language::from_code(&code).ok_or_else(|| D::Error::custom("an unknown language"))
    }
}
