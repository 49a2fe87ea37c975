//! People, as they are entered and changed.

use kiosk::ids::SiteName;

use super::request::Secret;

/// A customer to be.
#[derive(Clone, Debug)]
pub struct NewCustomer {
    /// In any accepted form.
    pub phone: String,
    /// As they are called.
    pub name: String,
    /// Four digits; none yet when left out.
    pub pin: Option<Secret>,
    /// Where they live.
    pub city: Option<String>,
    /// The home site.
    pub site: Option<SiteName>,
    /// `en`, `sw` or `fr`; the country's first when left out.
    pub language: Option<String>,
}

/// What may change of a customer; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct CustomerChange {
    /// Another name.
    pub name: Option<String>,
    /// Another city.
    pub city: Option<String>,
    /// Another language.
    pub language: Option<String>,
    /// Another phone.
    pub phone: Option<String>,
    /// Another home site: rights there are recalled and granted at the new one.
    pub site: Option<SiteName>,
}

/// A manager by phone to be.
#[derive(Clone, Debug)]
pub struct NewManager {
    /// Which site.
    pub site: SiteName,
    /// In any accepted form.
    pub phone: String,
    /// As they are called.
    pub name: String,
    /// `en`, `sw` or `fr`; the country's first when left out.
    pub language: Option<String>,
    /// The account at the site's gateway whose float their cash is of; without one they take none by phone.
    pub login: Option<String>,
}
