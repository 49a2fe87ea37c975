//! Who may do what: one table, and a route that is not in it is refused (RELIABILITY section 5).

use crate::site::input::Role;

/// Who may call a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// Anybody who can reach the box.
    Anyone,
    /// A dispenser with its own secret.
    Dispenser,
    /// People and programs with one of these roles.
    Roles(&'static [Role]),
}

/// Whom a route speaks to, and so how it refuses.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Programs: JSON and a status.
    Program,
    /// People: a page, or the way to the login.
    Person,
}

/// A route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Route {
    /// `GET` or `POST`.
    pub method: &'static str,
    /// As the router knows it, `{id}` for what varies.
    pub path: &'static str,
    /// Who may.
    pub access: Access,
    /// To whom it speaks.
    pub audience: Audience,
}

const SEE: Access = Access::Roles(&[Role::Viewer, Role::Manager]);
const CHANGE: Access = Access::Roles(&[Role::Manager]);

const fn program(method: &'static str, path: &'static str, access: Access) -> Route {
    Route {
        method,
        path,
        access,
        audience: Audience::Program,
    }
}

const fn person(method: &'static str, path: &'static str, access: Access) -> Route {
    Route {
        method,
        path,
        access,
        audience: Audience::Person,
    }
}

/// Every route there is.
pub const ROUTES: &[Route] = &[
    program("GET", "/health", Access::Anyone),
    program("GET", "/ready", Access::Anyone),
    program("GET", "/metrics", Access::Anyone),
    program("GET", "/api/openapi.json", Access::Anyone),
    person("GET", "/api/docs", Access::Anyone),
    program("GET", "/assets/style.css", Access::Anyone),
    program("GET", "/assets/live.js", Access::Anyone),
    program("GET", "/assets/icon.svg", Access::Anyone),
    program("POST", "/dispense-verification", Access::Dispenser),
    program("POST", "/dispense-report", Access::Dispenser),
    program("GET", "/api/v1/status", SEE),
    program("GET", "/api/v1/customers", SEE),
    program("GET", "/api/v1/customers/{id}", SEE),
    program("GET", "/api/v1/transactions", SEE),
    program("GET", "/api/v1/queue", SEE),
    program("GET", "/api/v1/journal.csv", SEE),
    program("GET", "/api/ussd/queue/{phone}", SEE),
    program("GET", "/events", SEE),
    program("POST", "/api/v1/customers", CHANGE),
    program("POST", "/api/v1/customers/{id}/clear-lock", CHANGE),
    program("POST", "/api/v1/purchases", CHANGE),
    program("POST", "/api/v1/loans", CHANGE),
    program("POST", "/api/v1/cash-sales", CHANGE),
    program("GET", "/api/v1/float", SEE),
    program("POST", "/api/v1/dispensers/{id}", CHANGE),
    program("POST", "/api/v1/clock", CHANGE),
    program("GET", "/api/v1/texts", SEE),
    program("POST", "/api/v1/airtime", CHANGE),
    program("GET", "/api/v1/broadcasts", SEE),
    program("POST", "/api/v1/broadcasts/preview", CHANGE),
    program("POST", "/api/v1/broadcasts", CHANGE),
    program("POST", "/api/v1/broadcasts/{id}/stop", CHANGE),
    person("GET", "/login", Access::Anyone),
    person("POST", "/login", Access::Anyone),
    person("POST", "/logout", SEE),
    person("GET", "/password", SEE),
    person("POST", "/password", SEE),
    person("GET", "/", SEE),
    person("GET", "/customers", SEE),
    person("GET", "/sales", SEE),
    person("GET", "/queue", SEE),
    person("GET", "/dispensers", SEE),
    person("GET", "/register", CHANGE),
    person("POST", "/register", CHANGE),
    person("POST", "/customers/clear-lock", CHANGE),
    person("POST", "/customers/buy", CHANGE),
    person("POST", "/customers/loan", CHANGE),
    person("GET", "/cash", SEE),
    person("GET", "/cash/price", CHANGE),
    person("POST", "/cash", CHANGE),
    person("POST", "/dispensers/switch", CHANGE),
    person("POST", "/dispensers/pulses", CHANGE),
    person("POST", "/clock", CHANGE),
    person("GET", "/texts", SEE),
    person("POST", "/texts/airtime", CHANGE),
    person("POST", "/texts/again", CHANGE),
    person("GET", "/broadcast", CHANGE),
    person("POST", "/broadcast/preview", CHANGE),
    person("POST", "/broadcast/change", CHANGE),
    person("POST", "/broadcast", CHANGE),
    person("POST", "/broadcast/stop", CHANGE),
];

/// The only routes open to somebody who must choose a password first.
pub const BEFORE_PASSWORD: [&str; 2] = ["/password", "/logout"];

/// The route of this method and path; `HEAD` counts as `GET`.
pub fn find(method: &str, path: &str) -> Option<&'static Route> {
    let method = if method == "HEAD" { "GET" } else { method };
    ROUTES.iter().find(|route| route.method == method && route.path == path)
}

impl Route {
    /// Whether somebody with this role may.
    pub fn allows(&self, role: Role) -> bool {
        match self.access {
            Access::Anyone => true,
            Access::Dispenser => false,
            Access::Roles(roles) => roles.contains(&role),
        }
    }

    /// Whether it changes anything.
    pub fn changes(&self) -> bool {
        self.method != "GET"
    }
}
