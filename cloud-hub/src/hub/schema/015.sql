-- Managers of sites who work by phone: from when, and until when. One phone manages one site at a time.
CREATE TABLE site_manager (
    id                INTEGER PRIMARY KEY,
    site              TEXT NOT NULL REFERENCES site (name),
    phone             TEXT NOT NULL,          -- +254700000102
    name              TEXT NOT NULL,
    language          TEXT NOT NULL,
    login             TEXT,                   -- the account at the site's gateway whose float their cash is of
    sealed_pin        BLOB,                   -- none while a customer with this phone has one: a phone has one PIN
    must_change_pin   INTEGER NOT NULL,       -- an operator has read it
    pin_wrong         INTEGER NOT NULL DEFAULT 0,
    pin_lock_since_ms INTEGER,
    pin_lock_ms       INTEGER NOT NULL DEFAULT 0,
    since_ms          INTEGER NOT NULL,
    until_ms          INTEGER                 -- none while they are one
) STRICT;
CREATE UNIQUE INDEX site_manager_now ON site_manager (phone) WHERE until_ms IS NULL;
CREATE INDEX site_manager_by_site ON site_manager (site, since_ms);

-- The newest hour of each dispenser that its site told of.
CREATE TABLE dispenser_heard (
    site              TEXT NOT NULL REFERENCES site (name),
    dispenser         TEXT NOT NULL,
    hour_ms           INTEGER NOT NULL,       -- its beginning
    PRIMARY KEY (site, dispenser)
) STRICT;

-- Whoever has another number now and gave name and PIN of their account: an operator says yes or no.
CREATE TABLE number_request (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER NOT NULL REFERENCES customer (id),
    old_phone         TEXT NOT NULL,
    new_phone         TEXT NOT NULL,
    state             TEXT NOT NULL CHECK (state IN ('open', 'yes', 'no', 'expired')),
    asked_ms          INTEGER NOT NULL,
    decided_ms        INTEGER,
    decided_by        TEXT
) STRICT;
CREATE UNIQUE INDEX number_request_open ON number_request (customer, new_phone) WHERE state = 'open';
CREATE INDEX number_request_by_state ON number_request (state, asked_ms);

-- Wrong tries to take along the account of a number, whether or not anybody has it: apart from those at its taps and menus.
CREATE TABLE number_try (
    phone             TEXT PRIMARY KEY,
    wrong             INTEGER NOT NULL,
    lock_since_ms     INTEGER,
    lock_ms           INTEGER NOT NULL,
    tried_ms          INTEGER NOT NULL
) STRICT;

-- How often a number asked for the account of another, for a day.
CREATE TABLE number_asked (
    phone             TEXT NOT NULL,
    asked_ms          INTEGER NOT NULL
) STRICT;
CREATE INDEX number_asked_by_phone ON number_asked (phone, asked_ms);
