//! Every route with who may use it. A route that is not here is not served: the router is built from this table.

use crate::hub::operator::Role;

/// Who may use a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Everybody; what it does is guarded by itself (a join code, a webhook's secret, a password) or harmless.
    Open,
    /// Those with one of these roles.
    Roles(&'static [Role]),
}

/// What a route answers with, and so how it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// JSON, with errors of CONTRACTS section 6.
    Api,
    /// A page; who is not logged in is led to the login.
    Page,
}

/// One route.
#[derive(Clone, Copy, Debug)]
pub struct Route {
    /// `GET`, `POST`, …
    pub method: &'static str,
    /// The path, `{name}` for what varies.
    pub path: &'static str,
    /// Who may use it.
    pub access: Access,
    /// What it answers with.
    pub shape: Shape,
}

/// Whoever works with the pages.
const LOOK: Access = Access::Roles(&[Role::Admin, Role::Technician, Role::CustomerService, Role::Viewer]);
/// Whoever may do anything at all about what they see.
const WORK: Access = Access::Roles(&[Role::Admin, Role::Technician, Role::CustomerService]);
/// Customers and their money.
const SERVE: Access = Access::Roles(&[Role::Admin, Role::CustomerService]);
/// Who sees the programme's money and texts to people.
const BOOKS: Access = Access::Roles(&[Role::Admin, Role::CustomerService, Role::Viewer]);
/// Sites and dispensers.
const FLEET: Access = Access::Roles(&[Role::Admin, Role::Technician]);
/// Who may log in, and what only one person should decide.
const ADMIN: Access = Access::Roles(&[Role::Admin]);
/// A dispenser's program.
const KIOSK: Access = Access::Roles(&[Role::Kiosk]);
/// Everybody.
const OPEN: Access = Access::Open;

const fn api(method: &'static str, path: &'static str, access: Access) -> Route {
    let shape = Shape::Api;
    Route {
        method,
        path,
        access,
        shape,
    }
}

const fn page(method: &'static str, path: &'static str, access: Access) -> Route {
    let shape = Shape::Page;
    Route {
        method,
        path,
        access,
        shape,
    }
}

/// The table.
pub const TABLE: &[Route] = &[
    // Gateways, providers, machines that watch.
    api("GET", "/sync", OPEN),
    api("POST", "/join", OPEN),
    api("POST", "/payments/daraja/{secret}/stk/{token}", OPEN),
    api("POST", "/payments/daraja/stk/{token}", OPEN),
    api("POST", "/payments/mtn/{secret}", OPEN),
    api("PUT", "/payments/mtn/{secret}", OPEN),
    api("POST", "/payments/mtn", OPEN),
    api("PUT", "/payments/mtn", OPEN),
    api("POST", "/payments/airtel/{secret}", OPEN),
    api("POST", "/payments/airtel", OPEN),
    api("POST", "/payments/intasend/{secret}", OPEN),
    api("POST", "/payments/intasend", OPEN),
    api("POST", "/payments/daraja/{secret}/validation", OPEN),
    api("POST", "/payments/daraja/validation", OPEN),
    api("POST", "/payments/daraja/{secret}/confirmation", OPEN),
    api("POST", "/payments/daraja/confirmation", OPEN),
    api("POST", "/payments/daraja/{secret}/result", OPEN),
    api("POST", "/payments/daraja/result", OPEN),
    api("POST", "/payments/daraja/{secret}/timeout", OPEN),
    api("POST", "/payments/daraja/timeout", OPEN),
    api("POST", "/payments/daraja/{secret}/result/{token}", OPEN),
    api("POST", "/payments/daraja/result/{token}", OPEN),
    api("POST", "/payments/daraja/{secret}/timeout/{token}", OPEN),
    api("POST", "/payments/daraja/timeout/{token}", OPEN),
    api("POST", "/sms/inbound/{secret}", OPEN),
    api("POST", "/sms/inbound", OPEN),
    api("POST", "/sms/delivery/{secret}", OPEN),
    api("POST", "/sms/delivery", OPEN),
    api("POST", "/sms/stop/{secret}", OPEN),
    api("POST", "/sms/stop", OPEN),
    // Phones: what aggregators of USSD hand in, and what an operator sees of it.
    api("POST", "/ussd/callback/{secret}", OPEN),
    api("POST", "/ussd/callback", OPEN),
    api("POST", "/callback/{secret}", OPEN),
    api("POST", "/callback", OPEN),
    api("POST", "/ussd/events/{secret}", OPEN),
    api("POST", "/ussd/events", OPEN),
    api("POST", "/api/ussd/handler/{secret}", OPEN),
    api("POST", "/api/ussd/handler", OPEN),
    api("GET", "/api/ussd/health", OPEN),
    api("POST", "/api/ussd/test", ADMIN),
    api("GET", "/api/ussd/sessions", ADMIN),
    api("POST", "/api/ussd/sessions/clear", ADMIN),
    api("GET", "/health", OPEN),
    api("GET", "/ready", OPEN),
    api("GET", "/metrics", OPEN),
    api("GET", "/api/openapi.json", OPEN),
    page("GET", "/api/docs", OPEN),
    // Kiosks that speak to the hub.
    api("POST", "/dispense-verification", KIOSK),
    api("POST", "/dispense-report", KIOSK),
    // Programs of the operator.
    api("GET", "/kiosks", LOOK),
    api("POST", "/api/v1/customers", SERVE),
    api("GET", "/api/v1/customers", LOOK),
    api("GET", "/api/v1/customers/{id}", LOOK),
    api("PATCH", "/api/v1/customers/{id}", SERVE),
    api("POST", "/api/v1/customers/{id}/credit", SERVE),
    api("POST", "/api/v1/customers/{id}/pin", SERVE),
    api("POST", "/api/v1/customers/{id}/active", SERVE),
    api("GET", "/api/v1/customers/{id}/billing", LOOK),
    api("POST", "/api/v1/customers/{id}/billing", SERVE),
    api("POST", "/api/v1/customers/{id}/readings", SERVE),
    api("GET", "/api/v1/customers/{id}/bills", BOOKS),
    api("GET", "/api/v1/bills", BOOKS),
    api("GET", "/api/v1/bills/{id}", BOOKS),
    api("POST", "/api/v1/bills/{id}/correction", SERVE),
    api("POST", "/api/v1/bills/{id}/write-off", ADMIN),
    api("POST", "/api/v1/purchases", SERVE),
    api("GET", "/api/v1/purchases", BOOKS),
    api("GET", "/api/v1/purchases/{id}", BOOKS),
    api("POST", "/api/v1/purchases/{id}/refund", ADMIN),
    api("POST", "/api/v1/customers/{id}/withdraw", ADMIN),
    api("POST", "/api/v1/suspense/{provider}/{receipt}/return", ADMIN),
    api("GET", "/api/v1/payouts", BOOKS),
    api("GET", "/api/v1/payouts/{id}", BOOKS),
    api("POST", "/api/v1/payouts/{id}/order", ADMIN),
    api("POST", "/api/v1/payouts/release", ADMIN),
    api("GET", "/api/v1/providers", BOOKS),
    api("GET", "/api/v1/transactions", LOOK),
    api("POST", "/api/v1/sites", FLEET),
    api("GET", "/api/v1/sites", LOOK),
    api("GET", "/api/v1/alarms", LOOK),
    api("GET", "/api/v1/ledger/balance", BOOKS),
    api("GET", "/api/v1/ledger/accounts", BOOKS),
    api("GET", "/api/v1/ledger/accounts/{account}", BOOKS),
    api("GET", "/api/v1/ledger/trial", BOOKS),
    api("GET", "/api/v1/reports", BOOKS),
    api("GET", "/api/v1/suspense", BOOKS),
    api("POST", "/api/v1/suspense/{provider}/{receipt}/allocate", SERVE),
    api("GET", "/api/v1/floats", BOOKS),
    api("POST", "/api/v1/sites/{site}/floats", ADMIN),
    api("POST", "/api/v1/sites/{site}/floats/{manager}/hand-in", SERVE),
    api("POST", "/api/v1/sites/{site}/floats/{manager}/difference-paid", SERVE),
    api(
        "POST",
        "/api/v1/sites/{site}/floats/{manager}/difference-given-up",
        ADMIN,
    ),
    // What people do by phone.
    api("POST", "/api/v1/loans", SERVE),
    api("GET", "/api/v1/loans", BOOKS),
    api("GET", "/api/v1/loans/{id}", BOOKS),
    api("POST", "/api/v1/loans/{id}/approve", SERVE),
    api("POST", "/api/v1/loans/{id}/refuse", SERVE),
    api("POST", "/api/v1/loans/{id}/cancel", SERVE),
    api("POST", "/api/v1/loans/{id}/repay", SERVE),
    api("GET", "/api/ussd/queue/{phone}", BOOKS),
    api("POST", "/api/ussd/sync", SERVE),
    api("GET", "/api/v1/tickets", BOOKS),
    api("POST", "/api/v1/tickets/{number}/solve", SERVE),
    api("POST", "/api/v1/customers/{id}/allow-texts", SERVE),
    // People.
    page("GET", "/assets/{file}", OPEN),
    page("GET", "/login", OPEN),
    page("POST", "/login", OPEN),
    page("POST", "/logout", LOOK),
    page("GET", "/password", LOOK),
    page("POST", "/password", LOOK),
    page("GET", "/", LOOK),
    api("GET", "/events", LOOK),
    page("GET", "/sites", LOOK),
    page("POST", "/sites", FLEET),
    page("GET", "/sites/{name}", LOOK),
    page("POST", "/sites/{name}/code", FLEET),
    page("POST", "/sites/{name}/revoke", FLEET),
    page("POST", "/sites/{name}/managers", ADMIN),
    page("POST", "/sites/{name}/managers/pin", ADMIN),
    page("POST", "/sites/{name}/managers/remove", ADMIN),
    page("GET", "/customers", LOOK),
    page("POST", "/customers", SERVE),
    page("GET", "/customers/{id}", LOOK),
    page("POST", "/customers/{id}/credit", SERVE),
    page("POST", "/customers/{id}/purchase", SERVE),
    page("POST", "/customers/{id}/pin", SERVE),
    page("POST", "/customers/{id}/active", SERVE),
    page("POST", "/customers/{id}/profile", SERVE),
    page("POST", "/customers/{id}/billing", SERVE),
    page("POST", "/customers/{id}/reading", SERVE),
    page("GET", "/bills", BOOKS),
    page("GET", "/bills/{id}", BOOKS),
    page("POST", "/bills/{id}/correction", SERVE),
    page("POST", "/bills/{id}/write-off", ADMIN),
    page("GET", "/purchases", BOOKS),
    page("GET", "/purchases/{id}", BOOKS),
    page("POST", "/purchases/{id}/order", SERVE),
    page("POST", "/purchases/{id}/refund", ADMIN),
    page("POST", "/customers/{id}/withdraw", ADMIN),
    page("GET", "/payouts", BOOKS),
    page("GET", "/payouts/{id}", BOOKS),
    page("POST", "/payouts/{id}/order", ADMIN),
    page("POST", "/payouts/release", ADMIN),
    page("GET", "/waiting", BOOKS),
    page("POST", "/waiting/{provider}/{receipt}", SERVE),
    page("GET", "/floats", BOOKS),
    page("POST", "/floats", ADMIN),
    page("POST", "/floats/hand-in", SERVE),
    page("POST", "/floats/difference-paid", SERVE),
    page("POST", "/floats/difference-given-up", ADMIN),
    page("POST", "/floats/decide", ADMIN),
    page("GET", "/ledger", BOOKS),
    page("GET", "/ledger/{account}", BOOKS),
    page("GET", "/reports", BOOKS),
    page("GET", "/outbox", BOOKS),
    page("POST", "/outbox/release", SERVE),
    page("POST", "/outbox/allow", SERVE),
    page("GET", "/loans", BOOKS),
    page("POST", "/loans/close", SERVE),
    page("POST", "/tickets/solved", SERVE),
    page("GET", "/numbers", BOOKS),
    page("POST", "/numbers/{id}", SERVE),
    page("GET", "/alarms", LOOK),
    page("POST", "/alarms/seen", WORK),
    page("GET", "/doubt", LOOK),
    page("POST", "/doubt/end", ADMIN),
    page("GET", "/people", ADMIN),
    page("POST", "/people/users", ADMIN),
    page("POST", "/people/users/reset", ADMIN),
    page("POST", "/people/users/remove", ADMIN),
    page("POST", "/people/tokens", ADMIN),
    page("POST", "/people/tokens/revoke", ADMIN),
    // One text to many people.
    api("POST", "/api/v1/broadcasts/preview", SERVE),
    api("POST", "/api/v1/broadcasts", SERVE),
    api("GET", "/api/v1/broadcasts", BOOKS),
    api("GET", "/api/v1/broadcasts/{id}", BOOKS),
    api("POST", "/api/v1/broadcasts/{id}/pause", SERVE),
    api("POST", "/api/v1/broadcasts/{id}/resume", SERVE),
    api("POST", "/api/v1/broadcasts/{id}/cancel", SERVE),
    page("GET", "/broadcasts", BOOKS),
    page("POST", "/broadcasts/preview", SERVE),
    page("POST", "/broadcasts", SERVE),
    page("GET", "/broadcasts/{id}", BOOKS),
    page("POST", "/broadcasts/{id}/pause", SERVE),
    page("POST", "/broadcasts/{id}/resume", SERVE),
    page("POST", "/broadcasts/{id}/cancel", SERVE),
    // Managers who work by phone, and customers who have another number.
    api("GET", "/api/v1/sites/{site}/managers", LOOK),
    api("POST", "/api/v1/sites/{site}/managers", ADMIN),
    api("POST", "/api/v1/sites/{site}/managers/{id}/pin", ADMIN),
    api("POST", "/api/v1/sites/{site}/managers/{id}/remove", ADMIN),
    api("GET", "/api/v1/numbers", BOOKS),
    api("POST", "/api/v1/numbers/{id}", SERVE),
];

/// The route with this method and matched path. `HEAD` counts as `GET`.
pub fn find(method: &str, path: &str) -> Option<&'static Route> {
    let method = if method == "HEAD" { "GET" } else { method };
    TABLE.iter().find(|route| route.method == method && route.path == path)
}

impl Access {
    /// Whether somebody with this role may.
    pub fn allows(self, role: Role) -> bool {
        match self {
            Access::Open => true,
            Access::Roles(roles) => roles.contains(&role),
        }
    }
}

/// Whether a role may do what stands behind this method and path, so that a page shows no button in vain.
pub fn may(role: Role, method: &str, path: &str) -> bool {
    find(method, path).is_some_and(|route| route.access.allows(role))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_route_stands_twice_and_a_viewer_changes_nothing() {
        for (place, route) in TABLE.iter().enumerate() {
            let same = |other: &Route| other.method == route.method && other.path == route.path;
            assert_eq!(TABLE.iter().position(same), Some(place), "{}", route.path);
            let own = ["/logout", "/password"].contains(&route.path);
            if route.method != "GET" && route.access != Access::Open && !own {
                assert!(!route.access.allows(Role::Viewer), "{} {}", route.method, route.path);
            }
        }
    }

    #[test]
    fn a_kiosk_only_asks_for_water() {
        let guarded = TABLE.iter().filter(|route| route.access != Access::Open);
        let may: Vec<&str> = guarded
            .filter(|route| route.access.allows(Role::Kiosk))
            .map(|route| route.path)
            .collect();
        assert_eq!(may, ["/dispense-verification", "/dispense-report"]);
    }
}
