-- Customers who draw ahead of paying, or have a meter of their own. The row stays when that ends, for its bills do.
CREATE TABLE billing (
    customer          INTEGER PRIMARY KEY REFERENCES customer (id),
    state             TEXT NOT NULL CHECK (state IN ('open', 'ending', 'ended')),
    tariff            TEXT NOT NULL,          -- its name in the configuration
    metered           INTEGER NOT NULL,       -- by readings of a meter, and not by what is dispensed
    cap_ml            INTEGER NOT NULL,       -- how much may be drawn ahead
    began             TEXT NOT NULL,          -- the first month, such as 2026-11
    billed            TEXT,                   -- the last month that became a bill, or came to nothing
    metered_to_ml     INTEGER NOT NULL,       -- how much of the meter's total has been billed
    credit_minor      INTEGER NOT NULL,       -- what bills had charged too much and none has taken off yet
    looked            TEXT,                   -- the last day on which its bills were made
    ending_looked_ms  INTEGER NOT NULL DEFAULT 0 -- when it was last looked whether it can end
) STRICT;
CREATE INDEX billing_ending ON billing (ending_looked_ms, customer) WHERE state = 'ending';

-- A bill never changes what it says; what became of it stands beside it.
CREATE TABLE bill (
    id                INTEGER PRIMARY KEY,
    customer          INTEGER NOT NULL REFERENCES customer (id),
    month             TEXT NOT NULL,
    usage_ml          INTEGER NOT NULL,
    tariff            TEXT NOT NULL,          -- the blocks it was made by: ml:minor of a cubic metre, … , -:minor
    currency          TEXT NOT NULL,
    credit_minor      INTEGER NOT NULL,
    amount_minor      INTEGER NOT NULL,
    issued            TEXT NOT NULL,
    due               TEXT NOT NULL,
    zone              TEXT NOT NULL,          -- in which those days are days
    metered           INTEGER NOT NULL,
    counted_ml        INTEGER NOT NULL,       -- the usage after corrections
    paid_minor        INTEGER NOT NULL,
    written_off       INTEGER NOT NULL,
    told              TEXT,                   -- the last day on which the customer heard of it
    looked            TEXT                    -- the last day on which it was looked whether they are to hear of it
) STRICT;
CREATE INDEX bill_by_customer ON bill (customer, month, id);
CREATE INDEX bill_open ON bill (customer) WHERE written_off = 0 AND paid_minor < amount_minor;
CREATE INDEX bill_unpaid ON bill (id) WHERE written_off = 0 AND paid_minor < amount_minor;

-- What was read off meters, in the order in which it was entered.
CREATE TABLE reading (
    customer          INTEGER NOT NULL REFERENCES customer (id),
    number            INTEGER NOT NULL,
    day               TEXT NOT NULL,
    meter_ml          INTEGER NOT NULL,       -- what the meter showed
    new_meter         INTEGER NOT NULL,       -- the first of another meter
    total_ml          INTEGER NOT NULL,       -- through all meters since the first reading
    PRIMARY KEY (customer, number)
) STRICT;

-- A payment of bills is a deposit that the open bills take from first.
ALTER TABLE purchase ADD COLUMN for_bills INTEGER NOT NULL DEFAULT 0;
