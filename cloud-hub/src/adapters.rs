//! The translators between the hub and the outside. They decide nothing and never import one another.
//!
//! | module | the other side |
//! |---|---|
//! | [`mpesa`] | Safaricom's Daraja: M-PESA in Kenya |

pub mod mpesa;
