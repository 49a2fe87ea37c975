//! What each route is for, and what is asked for.

use super::Line;

/// One line for each route that programs use.
pub(super) const LINES: &[Line] = &[
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
    ("POST", "/sms/inbound/{secret}", "Africa's Talking: a text came.", ""),
    ("POST", "/sms/inbound", "The same, unsigned, where allowed.", ""),
    ("POST", "/sms/delivery/{secret}", "What became of a text.", ""),
    ("POST", "/sms/delivery", "The same, unsigned, where allowed.", ""),
    ("POST", "/sms/stop/{secret}", "Somebody wants no more texts.", ""),
    ("POST", "/sms/stop", "The same, unsigned, where allowed.", ""),
    ("POST", "/ussd/callback/{secret}", "Africa's Talking: a USSD step.", ""),
    ("POST", "/ussd/callback", "The same, unsigned, where allowed.", ""),
    ("POST", "/callback/{secret}", "Africa's Talking: a USSD step.", ""),
    ("POST", "/callback", "The same, unsigned, where allowed.", ""),
    ("POST", "/ussd/events/{secret}", "A USSD session has ended.", ""),
    ("POST", "/ussd/events", "The same, unsigned, where allowed.", ""),
    (
        "POST",
        "/api/ussd/handler/{secret}",
        "Safaricom: a step by USSD.",
        "sessionId phoneNumber text? serviceCode?",
    ),
    (
        "POST",
        "/api/ussd/handler",
        "The same, unsigned.",
        "sessionId phoneNumber text? serviceCode?",
    ),
    (
        "GET",
        "/api/ussd/health",
        "Whether USSD is served, and for how many.",
        "",
    ),
    (
        "POST",
        "/api/ussd/test",
        "A step by USSD without a network.",
        "sessionId phoneNumber text? serviceCode?",
    ),
    ("GET", "/api/ussd/sessions", "USSD sessions that wait for an input.", ""),
    ("POST", "/api/ussd/sessions/clear", "Forgets all USSD sessions.", ""),
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
        "Starts a purchase; poll it for its state. kind is topup (volume_ml, or amount_minor as money into the wallet), \
         subscription (plan) or bill. bill pays what is owed, or with amount_minor so much of it.",
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
         held_at_site: that site is not online, or somebody is drawing there. 409 in_doubt: part of the hub's past is \
         missing, and it waits for its sites. A refund ends its subscription.",
        "reason amount_minor? by?",
    ),
    (
        "POST",
        "/api/v1/customers/{id}/withdraw",
        "Pays money of the wallet out to the customer's phone. by is provider (the default) or hand. 409 equal_payout: as \
         much is on its way to this customer, however long, or went within two minutes, and id is that payout.",
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
         hand, with its receipt where there is one) or not_made (its owner has the money again). 409 receipt_reused: another \
         payout has that receipt.",
        "order note receipt?",
    ),
    (
        "POST",
        "/api/v1/payouts/release",
        "A restored hub leaves every payout to a person, for it knows none that was made after its backup. Once the \
         providers' statements since then are compared with the books, this ends it. 409 not_held: it does not.",
        "note",
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
        "Sites: link, journal, queue, state; reached_by is socket, texts or nothing, and texts what sync by SMS and USSD is at.",
        "?limit ?after",
    ),
    (
        "GET",
        "/api/v1/alarms",
        "Alarms, the newest first, those that were put away, too; seen=false lists the others. seen says since when one is.",
        "?site ?seen ?limit ?after",
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
        "The accounts of one kind (wallet, water, bill, till …) with their balances, by name. format=csv for a \
         file of all of them.",
        "?kind ?limit ?after ?format",
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
];
