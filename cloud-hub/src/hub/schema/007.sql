-- What is done once on a local day, at each site and for the hub itself (site ''): the last day on which it was begun, and
-- how far it has come. It is written in the transaction that does the work.
CREATE TABLE daily (
    job               TEXT NOT NULL,
    site              TEXT NOT NULL,
    day               TEXT NOT NULL,          -- such as 2026-12-17
    after             INTEGER,                -- the last row that was worked on; NULL: done
    PRIMARY KEY (job, site)
) STRICT;
CREATE INDEX daily_open ON daily (job) WHERE after IS NOT NULL;

-- A subscription ends at its moment, and its customer is told in the morning. Those that are over have been told.
ALTER TABLE subscription ADD COLUMN end_told INTEGER NOT NULL DEFAULT 0;
UPDATE subscription SET end_told = 1 WHERE state = 'expired';
CREATE INDEX subscription_untold ON subscription (site, valid_until_ms) WHERE end_told = 0;

-- What an entry books, such as purchase:00c5…, so that one finds the way from a posting to what happened; NULL in what was
-- booked before this step. What can happen once to one event is booked once.
ALTER TABLE entry ADD COLUMN event TEXT;
CREATE INDEX entry_by_event ON entry (event) WHERE event IS NOT NULL;
CREATE UNIQUE INDEX entry_once ON entry (event, what)
    WHERE event IS NOT NULL AND what IN ('payment', 'deposit', 'water given', 'payment in suspense', 'money in suspense');
CREATE INDEX entry_by_time ON entry (time_ms);
CREATE INDEX posting_by_account ON posting (account, currency, entry, minor);
