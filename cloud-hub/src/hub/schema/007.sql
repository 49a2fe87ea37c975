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
