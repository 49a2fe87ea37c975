//! The API described, for programs (OpenAPI 3.1) and for people. A test compares it with the table of routes.

use axum::response::{Html, IntoResponse, Response};
use maud::{DOCTYPE, html};
use serde_json::{Map, Value, json};

use super::{
    answer::{Api, Json},
    table::{Access, Route, Shape, TABLE},
};

/// Method, path, what for, fields of the body or filters.
type Line = (&'static str, &'static str, &'static str, &'static str);

/// One line for each route that programs use.
const LINES: &[Line] = &[
    (
        "GET",
        "/sync",
        "WebSocket of a gateway: one binary message is one frame.",
        "",
    ),
    (
        "POST",
        "/join",
        "A gateway trades its join code for an enrolment.",
        "code public_key medium replace?",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/stk/{token}",
        "Callback of an M-PESA prompt.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/stk/{token}",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    ("POST", "/payments/mtn/{secret}", "Callback of MTN MoMo.", ""),
    ("PUT", "/payments/mtn/{secret}", "Callback of MTN MoMo.", ""),
    (
        "POST",
        "/payments/mtn",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "PUT",
        "/payments/mtn",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    ("POST", "/payments/airtel/{secret}", "Callback of Airtel Money.", ""),
    (
        "POST",
        "/payments/airtel",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    ("POST", "/payments/intasend/{secret}", "Callback of IntaSend.", ""),
    (
        "POST",
        "/payments/intasend",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/validation",
        "M-PESA asks whether to take a direct payment.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/validation",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/confirmation",
        "A direct payment by M-PESA has come.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/confirmation",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/result",
        "What became of a payout, a reversal or a question.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/result",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/timeout",
        "No result came: its outcome is unknown.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/timeout",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/result/{token}",
        "What became of one payout or reversal, or the answer to a question about it.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/result/{token}",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/{secret}/timeout/{token}",
        "No result of it came.",
        "",
    ),
    (
        "POST",
        "/payments/daraja/timeout/{token}",
        "The same where unsigned callbacks are allowed.",
        "",
    ),
    ("GET", "/health", "The process answers.", ""),
    ("GET", "/ready", "The books can be read.", ""),
    ("GET", "/metrics", "Numbers for Prometheus.", ""),
    ("GET", "/api/openapi.json", "This description.", ""),
    (
        "POST",
        "/dispense-verification",
        "May this water be drawn? An approval holds it. Water that lies at the customer's site is asked back first, for up \
         to five seconds. 409 held_at_site: it did not come; ask again later. 429 slowed: too many wrong PINs at this \
         kiosk; ask again after ten seconds.",
        "kiosk_id user_id pin volume_ml request?",
    ),
    (
        "POST",
        "/dispense-report",
        "What flowed; settles the hold.",
        "request volume_ml outcome",
    ),
    ("GET", "/kiosks", "All kiosks with their status.", ""),
    (
        "POST",
        "/api/v1/customers",
        "Registers a customer.",
        "phone name pin? city? site? language?",
    ),
    (
        "GET",
        "/api/v1/customers",
        "Customers, or those found.",
        "?phone ?account_id ?name ?site ?limit ?after",
    ),
    ("GET", "/api/v1/customers/{id}", "One customer.", ""),
    (
        "PATCH",
        "/api/v1/customers/{id}",
        "Other particulars.",
        "name? city? language? phone? site?",
    ),
    (
        "POST",
        "/api/v1/customers/{id}/credit",
        "Gives litres, or takes them when below zero.",
        "volume_ml reason",
    ),
    ("POST", "/api/v1/customers/{id}/pin", "A new PIN.", "pin"),
    ("POST", "/api/v1/customers/{id}/active", "Blocks or unblocks.", "active"),
    (
        "GET",
        "/api/v1/customers/{id}/billing",
        "Whether a customer pays by bill, by what terms, and what may still be drawn ahead.",
        "",
    ),
    (
        "POST",
        "/api/v1/customers/{id}/billing",
        "Lets a customer pay by bill, or changes the terms; {\"tariff\":null} ends it with a last bill. With metered the \
         bill follows readings, and cap_ml is left out.",
        "tariff cap_ml? metered?",
    ),
    (
        "POST",
        "/api/v1/customers/{id}/readings",
        "A meter reading; the same again changes nothing. One below the last is refused unless it corrects that, or the \
         meter is new.",
        "meter_ml day? new_meter? corrects?",
    ),
    (
        "GET",
        "/api/v1/customers/{id}/bills",
        "All bills of a customer, the oldest month first.",
        "",
    ),
    (
        "GET",
        "/api/v1/bills",
        "Bills, the newest first; state is unpaid, open, part_paid, paid, overdue or written_off.",
        "?state ?limit ?after",
    ),
    ("GET", "/api/v1/bills/{id}", "One bill.", ""),
    (
        "POST",
        "/api/v1/bills/{id}/correction",
        "Less was used than a bill says: the difference becomes a credit.",
        "usage_ml reason",
    ),
    (
        "POST",
        "/api/v1/bills/{id}/write-off",
        "Gives up what is left of a bill.",
        "reason",
    ),
    (
        "POST",
        "/api/v1/purchases",
        "Starts a purchase; poll it for its state. kind bill pays what is owed, or with amount_minor so much of it.",
        "customer kind volume_ml|amount_minor|plan provider? phone? pay?",
    ),
    (
        "GET",
        "/api/v1/purchases",
        "The newest purchases of a customer with their state, five when limit is left out.",
        "?customer ?limit",
    ),
    ("GET", "/api/v1/purchases/{id}", "One purchase.", ""),
    (
        "POST",
        "/api/v1/purchases/{id}/refund",
        "Gives back what is left of a purchase: water that nobody drew, money that is still in the wallet. A part can be \
         named of a deposit alone. by is provider (the default), wallet, or hand: then a person pays it at the \
         provider's portal and says so at the payout. Water at a site is asked back first, for up to five seconds. 409 \
         held_at_site: that site is not online, or somebody is drawing there. A refund ends its subscription.",
        "reason amount_minor? by?",
    ),
    (
        "POST",
        "/api/v1/customers/{id}/withdraw",
        "Pays money of the wallet out to the customer's phone. by is provider (the default) or hand.",
        "amount_minor reason provider? by?",
    ),
    (
        "POST",
        "/api/v1/suspense/{provider}/{receipt}/return",
        "Sends money in suspense back to whoever paid it.",
        "reason",
    ),
    (
        "GET",
        "/api/v1/payouts",
        "Refunds, withdrawals and returns, the newest first; state names one state.",
        "?state ?customer ?limit ?after",
    ),
    ("GET", "/api/v1/payouts/{id}", "One payout.", ""),
    (
        "POST",
        "/api/v1/payouts/{id}/order",
        "What a person who has looked at the provider's statement says of it. order is ask (again), made (settled by \
         hand, with its receipt where there is one) or not_made (its owner has the money again).",
        "order note receipt?",
    ),
    (
        "GET",
        "/api/v1/providers",
        "Payment providers: whether each can be called, and since when not.",
        "",
    ),
    (
        "GET",
        "/api/v1/transactions",
        "Transactions, the newest first.",
        "?site ?customer ?limit ?after",
    ),
    (
        "POST",
        "/api/v1/sites",
        "Adds a site; its join code is shown once.",
        "name title? time_zone?",
    ),
    (
        "GET",
        "/api/v1/sites",
        "Sites: link, journal, queue, state.",
        "?limit ?after",
    ),
    (
        "GET",
        "/api/v1/ledger/balance",
        "Balances by currency and account; each total is zero. format=csv for a file.",
        "?format",
    ),
    (
        "GET",
        "/api/v1/ledger/accounts",
        "The accounts of one kind (wallet, water, bill, till …) with their balances, by name.",
        "?kind ?limit ?after",
    ),
    (
        "GET",
        "/api/v1/ledger/accounts/{account}",
        "The statement of an account in one currency, oldest first, each line with the balance after it and the event that \
         it books. from and to are days of the hub's zone, both included. format=csv for a file of all of it.",
        "?currency ?from ?to ?limit ?after ?format",
    ),
    (
        "GET",
        "/api/v1/ledger/trial",
        "The trial balance of a day of the hub's zone, today when left out: opening, debits, credits and closing of each \
         account, never over two currencies. format=csv for a file.",
        "?day ?format",
    ),
    (
        "GET",
        "/api/v1/reports",
        "What a local day came to at each site, yesterday when left out: litres, money by provider, cash, refusals, alarms, \
         and which sites were not heard since. format=csv for a file.",
        "?day ?format",
    ),
    (
        "GET",
        "/api/v1/suspense",
        "Money that is booked and in nobody's name, oldest first; place=waits or foreign lists what is only claimed.",
        "?place ?limit ?after",
    ),
    (
        "POST",
        "/api/v1/suspense/{provider}/{receipt}/allocate",
        "Says whose money in suspense is: a customer's (id, account or phone), a purchase's, or how it was returned. \
         Exactly one.",
        "customer|purchase|returned",
    ),
    (
        "GET",
        "/api/v1/floats",
        "Cash of sites: each manager's limit, what may still be taken, what is to be handed in, and any difference.",
        "?site",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/floats",
        "How much cash a manager may have and take: gives, raises, lowers, and with 0 withdraws a float.",
        "manager limit_minor",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/floats/{manager}/hand-in",
        "Cash was counted: it settles what is owed, or as much of it as was shown (owed_minor), and may be taken again.",
        "counted_minor owed_minor?",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/floats/{manager}/difference-paid",
        "What was handed in too little, or too much, was paid in cash.",
        "amount_minor",
    ),
    (
        "POST",
        "/api/v1/sites/{site}/floats/{manager}/difference-given-up",
        "The programme bears what was handed in too little, or keeps what was too much.",
        "amount_minor",
    ),
    (
        "GET",
        "/events",
        "Server-sent events: site, poured, purchase, payout, customer, alarm.",
        "",
    ),
];

/// `GET /api/openapi.json`
pub async fn json() -> Api {
    Json::ok(description())
}

fn description() -> Value {
    let mut paths: Map<String, Value> = Map::new();
    for (route, line) in described() {
        let (_, path, what, fields) = line;
        let mut operation = json!({
            "summary": what,
            "responses": { "default": { "description": "See CONTRACTS section 6 for answers and errors." } },
        });
        if let Access::Roles(roles) = route.access {
            operation["security"] = json!([{ "token": [] }]);
            operation["x-roles"] = json!(roles.iter().map(|role| role.name()).collect::<Vec<_>>());
        }
        let parameters = parameters(path, fields);
        if !parameters.is_empty() {
            operation["parameters"] = Value::Array(parameters);
        }
        if let Some(schema) = schema(fields) {
            operation["requestBody"] = json!({ "content": { "application/json": { "schema": schema } } });
        }
        let methods = paths.entry((*path).to_owned()).or_insert_with(|| json!({}));
        methods[route.method.to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": { "title": "Kisima hub", "version": "1" },
        "paths": paths,
        "components": { "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } } },
    })
}

fn parameters(path: &str, fields: &str) -> Vec<Value> {
    let in_path = path.split(['{', '}']).skip(1).step_by(2);
    let in_path =
        in_path.map(|name| json!({ "name": name, "in": "path", "required": true, "schema": { "type": "string" } }));
    let in_query = fields.split(' ').filter_map(|field| field.strip_prefix('?'));
    let in_query = in_query.map(|name| json!({ "name": name, "in": "query", "schema": { "type": "string" } }));
    in_path.chain(in_query).collect()
}

fn schema(line: &str) -> Option<Value> {
    let fields: Vec<&str> = line.split([' ', '|']).filter(|field| !field.is_empty()).collect();
    if fields.is_empty() || fields.iter().any(|field| field.starts_with('?')) {
        return None;
    }
    let mut properties = Map::new();
    for field in &fields {
        let name = field.trim_end_matches('?');
        let kind = match name {
            "volume_ml" | "amount_minor" | "cap_ml" | "meter_ml" | "usage_ml" => "integer",
            "active" | "replace" | "metered" | "new_meter" | "corrects" => "boolean",
            _ => "string",
        };
        properties.insert(name.to_owned(), json!({ "type": kind }));
    }
    // Of fields joined by a bar one is enough.
    let required: Vec<&str> = line.split(' ').filter(|field| !field.contains(['?', '|'])).collect();
    Some(json!({ "type": "object", "properties": properties, "required": required }))
}

/// The routes that programs use, each with its line.
fn described() -> Vec<(&'static Route, &'static Line)> {
    let routes = TABLE.iter().filter(|route| route.shape == Shape::Api);
    let line = |route: &Route| LINES.iter().find(|line| line.0 == route.method && line.1 == route.path);
    routes.filter_map(|route| Some((route, line(route)?))).collect()
}

/// `GET /api/docs`
pub async fn page() -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                title { "API · Kisima" }
                link rel="stylesheet" href="/assets/hub.css";
            }
            body {
                main {
                    h1 { "The hub's API" }
                    p { "Send " code { "Authorization: Bearer TOKEN" } "; " code { "kisima-hub token NAME --role ROLE" }
                        " makes a token. Errors are " code { "{\"error\":{\"code\",\"message\",\"field\"?}}" }
                        ". With an " code { "Idempotency-Key" } " a repeated POST gets the first answer again for a day. "
                        a href="/api/openapi.json" { "The same for programs." } }
                    @for (route, (method, path, what, fields)) in described() {
                        section.card {
                            h2 { code { (method) " " (path) } }
                            p { (what) }
                            @if !fields.is_empty() { p { "Fields: " code { (fields) } } }
                            @if let Access::Roles(roles) = route.access {
                                p.quiet { "Roles: " (roles.iter().map(|role| role.name()).collect::<Vec<_>>().join(", ")) }
                            }
                        }
                    }
                }
            }
        }
    };
    Html(page.into_string()).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_route_of_programs_is_described_and_nothing_else() {
        let routes: Vec<_> = TABLE
            .iter()
            .filter(|route| route.shape == Shape::Api)
            .map(|route| (route.method, route.path))
            .collect();
        let lines: Vec<_> = LINES.iter().map(|line| (line.0, line.1)).collect();
        assert_eq!(lines, routes, "in the order of the table");
        let buy = &description()["paths"]["/api/v1/purchases"]["post"];
        let required = &buy["requestBody"]["content"]["application/json"]["schema"]["required"];
        assert_eq!(*required, json!(["customer", "kind"]));
    }
}
