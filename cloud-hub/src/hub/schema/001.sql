-- The hub's books. Volumes are millilitres, money is minor units, times are milliseconds since 1970, ids of 64 random
-- bits are stored as signed integers with the same bits. The journal's own tables are made by `store::journal`.

-- One row. Generation and doubt themselves are kept with the journal, by `sync::doubt`.
CREATE TABLE hub (
    one               INTEGER PRIMARY KEY CHECK (one = 1),
    doubt_since_ms    INTEGER,                -- when the past was last found missing (PROTOCOL rule 17)
    side_entries      INTEGER NOT NULL,       -- entries of the side log that this database has seen
    looked_ms         INTEGER NOT NULL,       -- when it was last looked for what is over
    account_last      INTEGER NOT NULL        -- the last account number given out
) STRICT;

CREATE TABLE site (
    name              TEXT PRIMARY KEY,
    title             TEXT NOT NULL,
    time_zone         TEXT NOT NULL,
    currency          TEXT NOT NULL,
    language          TEXT NOT NULL,
    created_ms        INTEGER NOT NULL,
    last_seen_ms      INTEGER,
    online            INTEGER NOT NULL DEFAULT 0
) STRICT;

CREATE TABLE join_code (
    site              TEXT PRIMARY KEY REFERENCES site (name),
    hash              BLOB NOT NULL,
    replaces          INTEGER NOT NULL,
    valid_until_ms    INTEGER NOT NULL,
    wrong_tries       INTEGER NOT NULL
) STRICT;

CREATE TABLE enrolment (
    box               INTEGER PRIMARY KEY,
    site              TEXT NOT NULL REFERENCES site (name),
    public_key        BLOB NOT NULL,
    medium            BLOB NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('current', 'retired')),
    joined_ms         INTEGER NOT NULL,
    retired_ms        INTEGER,
    loaded_to         INTEGER                 -- customers up to this id have been sent; NULL: all have
) STRICT;
CREATE UNIQUE INDEX enrolment_current ON enrolment (site) WHERE state = 'current';

CREATE TABLE customer (
    id                INTEGER PRIMARY KEY,
    account           INTEGER UNIQUE,         -- NULL: registered at a site and merged before it got one
    phone             TEXT UNIQUE,            -- +254700000102; NULL once merged
    name              TEXT NOT NULL,
    city              TEXT NOT NULL,
    language          TEXT NOT NULL,
    site              TEXT REFERENCES site (name),
    active            INTEGER NOT NULL,
    bill_overdue      INTEGER NOT NULL,
    daily_limit_ml    INTEGER,
    sealed_pin        BLOB,
    revision          INTEGER NOT NULL,
    merged_into       INTEGER REFERENCES customer (id),
    pin_wrong         INTEGER NOT NULL DEFAULT 0,
    pin_lock_since_ms INTEGER,
    pin_lock_ms       INTEGER NOT NULL DEFAULT 0,
    created_ms        INTEGER NOT NULL,
    updated_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX customer_by_site ON customer (site, id);
CREATE INDEX customer_by_merge ON customer (merged_into) WHERE merged_into IS NOT NULL;

-- Totals of one purse of one customer; `period` is 0 for prepaid litres and the subscription's id for an allowance.
CREATE TABLE purse (
    customer          INTEGER NOT NULL REFERENCES customer (id),
    purse             INTEGER NOT NULL CHECK (purse IN (0, 1)),    -- 0 allowance, 1 prepaid
    period            INTEGER NOT NULL,
    credited_ml       INTEGER NOT NULL,
    credited_minor    INTEGER NOT NULL,
    spent_ml          INTEGER NOT NULL,       -- spends known, at sites and here
    released_minor    INTEGER NOT NULL,       -- how much of credited_minor has become sales
    PRIMARY KEY (customer, purse, period)
) STRICT;

CREATE TABLE credit (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER NOT NULL REFERENCES customer (id),
    purse             INTEGER NOT NULL,
    period            INTEGER NOT NULL,
    volume_ml         INTEGER NOT NULL,
    amount_minor      INTEGER NOT NULL,
    source            TEXT NOT NULL,          -- mpesa:RECEIPT, wallet:PURCHASE, operator:NAME
    reason            TEXT NOT NULL,
    time_ms           INTEGER NOT NULL
) STRICT;
CREATE INDEX credit_by_customer ON credit (customer, purse, period);

CREATE TABLE subscription (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER NOT NULL REFERENCES customer (id),
    site              TEXT NOT NULL,
    plan              TEXT NOT NULL,
    code              TEXT NOT NULL,
    starts_ms         INTEGER NOT NULL,
    valid_until_ms    INTEGER NOT NULL,       -- the first moment at which it is over
    state             TEXT NOT NULL CHECK (state IN ('valid', 'expired')),
    reminded          TEXT                    -- the day of the last reminder, such as 2026-12-17
) STRICT;
CREATE INDEX subscription_by_customer ON subscription (customer, valid_until_ms);
CREATE INDEX subscription_due ON subscription (valid_until_ms) WHERE state = 'valid';

-- Rights given to boxes. A row may exist before its `Granted` is known: then box and customer are NULL.
CREATE TABLE grants (
    epoch             INTEGER NOT NULL,
    number            INTEGER NOT NULL,
    box               INTEGER,
    granted_to        INTEGER,                -- as the grant says
    customer          INTEGER,                -- the same, or whoever that customer was merged into
    purse             INTEGER,
    period            INTEGER,
    volume_ml         INTEGER,
    valid_until_ms    INTEGER,
    granted_ms        INTEGER NOT NULL,
    spent_ml          INTEGER NOT NULL,
    recalled          INTEGER NOT NULL,
    closed            INTEGER NOT NULL,
    written_off_ml    INTEGER,
    PRIMARY KEY (epoch, number)
) STRICT;
CREATE INDEX grants_by_purse ON grants (customer, purse, period);
CREATE INDEX grants_by_box ON grants (box, epoch, number);

-- The last number that a run of this program gave to a grant.
CREATE TABLE run (
    epoch             INTEGER PRIMARY KEY,
    grant_last        INTEGER NOT NULL
) STRICT;

-- Spends as a site wrote them, one row a hold and way of settling (PROTOCOL rule 23). `parts` is, for each part, the
-- grant's epoch and number and the millilitres, eight bytes each, the largest byte first.
CREATE TABLE spend (
    box               INTEGER NOT NULL,
    hold_epoch        INTEGER NOT NULL,
    hold_number       INTEGER NOT NULL,
    how               INTEGER NOT NULL CHECK (how IN (0, 1)),      -- 0 report, 1 rule
    parts             BLOB NOT NULL,
    over_ml           INTEGER NOT NULL,
    PRIMARY KEY (box, hold_epoch, hold_number, how)
) STRICT;

-- Draws at the hub itself (CONTRACTS section 4): they cost their hold, then their spend.
CREATE TABLE draw (
    site              TEXT NOT NULL,
    request           TEXT NOT NULL,
    body_hash         BLOB NOT NULL,
    made_request      INTEGER NOT NULL,       -- the hub made the request's name
    customer          INTEGER,
    denied            TEXT,
    asked_ml          INTEGER NOT NULL,
    spent_ml          INTEGER,                -- NULL: not reported
    by_rule           INTEGER NOT NULL,       -- booked in full because no report came in time
    created_ms        INTEGER NOT NULL,
    PRIMARY KEY (site, request)
) STRICT;
CREATE INDEX draw_by_body ON draw (site, body_hash, created_ms);
CREATE INDEX draw_open ON draw (created_ms) WHERE spent_ml IS NULL AND denied IS NULL;

CREATE TABLE draw_part (
    site              TEXT NOT NULL,
    request           TEXT NOT NULL,
    part              INTEGER NOT NULL,
    customer          INTEGER NOT NULL,
    purse             INTEGER NOT NULL,
    period            INTEGER NOT NULL,
    cost_ml           INTEGER NOT NULL,       -- what is held, then what is spent
    PRIMARY KEY (site, request, part)
) STRICT;
CREATE INDEX draw_part_by_purse ON draw_part (customer, purse, period);

-- A purchase and its payment, field by field as `kiosk::payment::Payment` has them.
CREATE TABLE purchase (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER NOT NULL REFERENCES customer (id),
    kind              TEXT NOT NULL CHECK (kind IN ('topup', 'deposit', 'subscription')),
    volume_ml         INTEGER,
    plan              TEXT,
    site              TEXT,
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    pay               TEXT NOT NULL CHECK (pay IN ('prompt', 'wallet')),
    provider          TEXT,
    payer             INTEGER NOT NULL,
    token             TEXT NOT NULL UNIQUE,
    state             TEXT NOT NULL,
    failure           TEXT,
    reference         TEXT,
    receipt           TEXT,
    claimed           INTEGER NOT NULL,
    mismatched        INTEGER NOT NULL,
    told              INTEGER NOT NULL,
    since_ms          INTEGER NOT NULL,
    queries           INTEGER NOT NULL,
    retries           INTEGER NOT NULL,
    due_ms            INTEGER,
    asked_box         INTEGER,                -- the record of a site that asked for it, if one did
    asked_epoch       INTEGER,
    asked_seq         INTEGER,
    created_ms        INTEGER NOT NULL,
    settled_ms        INTEGER
) STRICT;
CREATE INDEX purchase_by_customer ON purchase (customer, created_ms);
CREATE INDEX purchase_due ON purchase (due_ms) WHERE due_ms IS NOT NULL;
CREATE UNIQUE INDEX purchase_reference ON purchase (provider, reference) WHERE reference IS NOT NULL;
CREATE UNIQUE INDEX purchase_receipt ON purchase (provider, receipt) WHERE receipt IS NOT NULL;
CREATE UNIQUE INDEX purchase_asked ON purchase (asked_box, asked_epoch, asked_seq) WHERE asked_box IS NOT NULL;

-- Documents that people edit on both sides, as `sync::document` saves them.
CREATE TABLE document (
    name              TEXT PRIMARY KEY,       -- customer:ID or site:NAME
    bytes             BLOB NOT NULL
) STRICT;

-- Which box holds which document, and whom it lists.
CREATE TABLE admission (
    name              TEXT NOT NULL,
    box               INTEGER NOT NULL,
    PRIMARY KEY (name, box)
) STRICT;
CREATE INDEX admission_by_box ON admission (box);

-- Changes that wait for others, or that cannot be applied (PROTOCOL rule 28).
CREATE TABLE parked_change (
    id                INTEGER PRIMARY KEY,
    name              TEXT NOT NULL,
    box               INTEGER NOT NULL,
    bytes             BLOB NOT NULL,
    refused           TEXT                    -- NULL: it waits
) STRICT;
CREATE INDEX parked_change_by_name ON parked_change (name, id);

CREATE TABLE loan_request (
    box               INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    borrower          INTEGER NOT NULL,
    sealed_lender     BLOB NOT NULL,
    amount_minor      INTEGER NOT NULL,
    repayment_minor   INTEGER NOT NULL,
    time_ms           INTEGER NOT NULL,
    PRIMARY KEY (box, epoch, seq)
) STRICT;

-- Records of kinds that this version did not know; folded after the upgrade (PROTOCOL rule 8).
CREATE TABLE unknown_record (
    box               INTEGER NOT NULL,
    writer            INTEGER NOT NULL,
    lane              INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    PRIMARY KEY (box, writer, lane, epoch, seq)
) STRICT;

-- What was said to sites about what they asked.
CREATE TABLE answered (
    box               INTEGER NOT NULL,
    epoch             INTEGER NOT NULL,
    seq               INTEGER NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('taken', 'done', 'refused')),
    PRIMARY KEY (box, epoch, seq)
) STRICT;

-- Double entry: the postings of one entry sum to zero in each currency. A debit is positive.
CREATE TABLE entry (
    id                INTEGER PRIMARY KEY,
    time_ms           INTEGER NOT NULL,
    what              TEXT NOT NULL
) STRICT;
CREATE TABLE posting (
    entry             INTEGER NOT NULL REFERENCES entry (id),
    line              INTEGER NOT NULL,
    account           TEXT NOT NULL,          -- as `kiosk::ledger::Account` prints
    currency          TEXT NOT NULL,
    minor             INTEGER NOT NULL,
    PRIMARY KEY (entry, line)
) STRICT;
CREATE TABLE balance (
    account           TEXT NOT NULL,
    currency          TEXT NOT NULL,
    minor             INTEGER NOT NULL,
    PRIMARY KEY (account, currency)
) STRICT;

-- Customer transactions, as pages and the API list them. Rows of a site carry its record.
CREATE TABLE history (
    id                INTEGER PRIMARY KEY,
    site              TEXT,
    box               INTEGER,
    epoch             INTEGER,
    seq               INTEGER,
    customer          INTEGER,
    dispenser         TEXT,
    kind              TEXT NOT NULL,
    volume_ml         INTEGER NOT NULL,
    amount_minor      INTEGER NOT NULL,
    currency          TEXT NOT NULL,
    time_ms           INTEGER NOT NULL,
    clock_trusted     INTEGER NOT NULL,
    outcome           TEXT,
    receipt           TEXT,
    grant_epoch       INTEGER,                -- the first grant that pays: names the customer once it is known
    grant_number      INTEGER
) STRICT;
CREATE UNIQUE INDEX history_record ON history (box, epoch, seq) WHERE box IS NOT NULL;
CREATE INDEX history_by_customer ON history (customer, id);
CREATE INDEX history_by_site ON history (site, id);
CREATE INDEX history_unnamed ON history (grant_epoch, grant_number) WHERE customer IS NULL AND grant_epoch IS NOT NULL;

CREATE TABLE outbox (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER,
    phone             TEXT NOT NULL,
    text              TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('queued', 'sending', 'sent', 'failed', 'unknown')),
    tries             INTEGER NOT NULL,
    due_ms            INTEGER,
    created_ms        INTEGER NOT NULL
) STRICT;
CREATE INDEX outbox_due ON outbox (due_ms) WHERE due_ms IS NOT NULL;

CREATE TABLE user (
    name              TEXT PRIMARY KEY,
    role              TEXT NOT NULL,
    password_hash     TEXT NOT NULL,
    change_password   INTEGER NOT NULL,
    wrong             INTEGER NOT NULL,
    wrong_since_ms    INTEGER NOT NULL
) STRICT;
CREATE TABLE page_session (
    hash              BLOB PRIMARY KEY,
    user              TEXT NOT NULL REFERENCES user (name) ON DELETE CASCADE,
    created_ms        INTEGER NOT NULL,
    used_ms           INTEGER NOT NULL
) STRICT;
CREATE TABLE token (
    name              TEXT PRIMARY KEY,
    hash              BLOB NOT NULL UNIQUE,
    role              TEXT NOT NULL,
    site              TEXT REFERENCES site (name),
    created_ms        INTEGER NOT NULL
) STRICT;

-- Who changed what. No names, phones or PINs; `chain` covers the row and the row before it.
CREATE TABLE audit (
    id                INTEGER PRIMARY KEY,
    time_ms           INTEGER NOT NULL,
    actor             TEXT NOT NULL,
    action            TEXT NOT NULL,
    subject           TEXT NOT NULL,
    detail            TEXT NOT NULL,
    chain             BLOB NOT NULL
) STRICT;

CREATE TABLE alarm (
    id                INTEGER PRIMARY KEY,
    site              TEXT,
    severity          TEXT NOT NULL,
    code              TEXT NOT NULL,
    detail            TEXT NOT NULL,
    time_ms           INTEGER NOT NULL
) STRICT;

-- First answers to requests that carried an `Idempotency-Key`, sealed under the master key.
CREATE TABLE idempotency (
    actor             TEXT NOT NULL,
    key               TEXT NOT NULL,
    request_hash      BLOB NOT NULL,
    answer            BLOB NOT NULL,
    created_ms        INTEGER NOT NULL,
    PRIMARY KEY (actor, key)
) STRICT;
CREATE INDEX idempotency_age ON idempotency (created_ms);

INSERT INTO hub (one, doubt_since_ms, side_entries, looked_ms, account_last) VALUES (1, NULL, 0, 0, 0);
