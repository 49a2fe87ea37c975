-- USSD sessions, one row each: what a step needs of the steps before it. None holds a PIN or a text as it was sent.
CREATE TABLE ussd_session (
    aggregator        TEXT NOT NULL,          -- who carries it; each names its sessions by itself
    id                TEXT NOT NULL,
    phone             TEXT NOT NULL,          -- +254700000102
    service           TEXT NOT NULL,          -- water, loans, services or household
    session           TEXT NOT NULL,          -- where it stands, in JSON
    seen              TEXT NOT NULL,          -- a keyed digest of the text that was answered last, in JSON
    screen            TEXT NOT NULL,          -- what was answered to it
    is_live           INTEGER NOT NULL,       -- an input is waited for
    is_taken_up       INTEGER NOT NULL,       -- a later session went on from here, or need not
    steps             INTEGER NOT NULL,
    created_ms        INTEGER NOT NULL,
    active_ms         INTEGER NOT NULL,       -- its last step
    PRIMARY KEY (aggregator, id)
) STRICT;
CREATE INDEX ussd_session_by_phone ON ussd_session (phone, created_ms);
CREATE INDEX ussd_session_by_time ON ussd_session (created_ms);

-- Purchases of a subscription elsewhere: its customer's home goes there with the payment.
CREATE TABLE purchase_moves_home (
    purchase          INTEGER PRIMARY KEY REFERENCES purchase (id)
) STRICT;
CREATE INDEX history_by_customer_time ON history (customer, time_ms, kind, volume_ml);
