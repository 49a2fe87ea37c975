//! What the routes of managers by phone and of other numbers are for, in the order of the table.

use super::Line;

/// One line a route.
pub const STAFF: &[Line] = &[
    (
        "GET",
        "/api/v1/sites/{site}/managers",
        "Managers of a site who work by phone, the former ones last.",
        "",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/managers",
        "Somebody manages the site by phone: first_pin is told once, and must be changed at the first call. account is the one \
         at the site's gateway whose float their cash is of; without it they take none by phone. first_pin is null where the \
         phone is a customer's, whose PIN counts. 409 manages_already; 400 no_float or no_gateway: there is no such account, or \
         no gateway where its cash is handed in.",
        "phone name language? account?",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/managers/{id}/pin",
        "Another first PIN, told once; one who is suspended works again by it. first_pin is null where the phone is a \
         customer's, whose PIN counts; 409 pin_of_customer: set that one.",
        "",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/managers/{id}/remove",
        "Somebody manages the site by phone no more.",
        "",
    ),
    (
        "GET",
        "/api/v1/numbers",
        "Customers who called from another number and gave name and PIN of their account, newest first; state is open, yes, no \
         or expired.",
        "?state ?limit ?after",
    ),
    (
        "POST",
        "/api/v1/numbers/{id}",
        "Says yes, and the account goes along to the new number, or no. decision is yes or no.",
        "decision",
    ),
];
